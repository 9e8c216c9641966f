"""Which rows a model is trained on, chosen by and tested on: drawn, given by masks, or in folds."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import integer_tensor, require_int, require_memory, require_real, shown
from simplex.data import SimplicialData, SimplicialDataset


_DATA_SEED = 42  # of TopoBench, for all of its random splits
_MOST_ROWS = 2**53
_PERMUTATIONS = 10  # drawn one after the other; the seed of a split says which one


@dataclass(frozen=True, eq=False)
class Split:
    """One division into rows to train on, to choose by and to test on.

    The ids are those of the items of a data set; where it is one complex whose simplices are the
    examples, those of its rows.

    Args:
        train: int64 ids, at least one.
        validation: int64 ids, none where the protocol holds out some of ``train`` itself.
        test: int64 ids, at least one.

    Raises:
        ValueError: an empty part, an id that comes twice, or parts that overlap.

    Example:
        >>> split = Split(torch.tensor([0, 1]), torch.tensor([2]), torch.tensor([3]))
        >>> len(split.train), len(split.validation), len(split.test)
        (2, 1, 1)
    """

    train: Tensor
    validation: Tensor
    test: Tensor

    def __post_init__(self) -> None:
        for name in ("train", "validation", "test"):
            given = getattr(self, name)
            empty = isinstance(given, Tensor) and not given.numel()  # of any dtype
            ids = integer_tensor(name, torch.empty(0, dtype=torch.int64) if empty else given)
            if ids.ndim != 1 or ids.is_meta:
                raise ValueError(f"{name} must be a list of ids, got shape {tuple(ids.shape)}.")
            if not len(ids) and name != "validation":
                raise ValueError(f"{name} must hold at least one id, got none. {_NOT_EMPTY}")
            if len(ids) and int(ids.min()) < 0:
                raise IndexError(f"{name} must hold ids from 0, got {int(ids.min())}.")
            if len(torch.unique(ids)) < len(ids):
                raise ValueError(f"{name} must hold every id once, got some twice.")
            object.__setattr__(self, name, ids)
        for one, other in combinations(("train", "validation", "test"), 2):
            common = torch.isin(getattr(self, one), getattr(self, other)).sum()
            if common:
                raise ValueError(
                    f"{one} and {other} must not overlap, got {int(common)} ids in both. Take them "
                    f"out of {one}, or what is measured is no longer unseen."
                )

    @property
    def parts(self) -> tuple[Tensor, Tensor, Tensor]:
        """Train, validation and test."""
        return self.train, self.validation, self.test


_NOT_EMPTY = "Draw splits with random_splits, or choose other masks."


def random_splits(
    count: int,
    seeds: Sequence[int] = (0, 3, 5, 7, 9),
    fractions: Sequence[float] = (0.5, 0.25, 0.25),
) -> list[Split]:
    """The random splits of TopoBench: for each seed one of its ten permutations, cut in three.

    The permutations come from numpy's ``RandomState(42)``, one after the other, so they depend on
    ``count`` alone; the first two parts have the rounded down sizes, the third one has the rest.

    Args:
        count: number of items, or of rows of the one complex.
        seeds: which permutations, 0 … 9; the default is that of the published tables.
        fractions: of the training, the validation and the test part; their sum is 1.

    Raises:
        ValueError: a part would be empty, a seed is not 0 … 9, or the fractions are none.

    Paper:
        Telyatnikov et al. 2024 (TopoBench).

    Example:
        >>> [len(part) for part in random_splits(188)[0].parts]
        [94, 47, 47]
    """
    count = require_int("count", count, 1, _MOST_ROWS)
    if not isinstance(seeds, (list, tuple, range)) or not seeds:
        raise ValueError(f"seeds must be a list of at least one, got {shown(seeds)}.")
    seeds = [require_int("seeds", seed, 0, _PERMUTATIONS - 1) for seed in seeds]
    if not isinstance(fractions, (list, tuple)) or len(fractions) != 3:
        raise ValueError(f"fractions must be three numbers, got {shown(fractions)}.")
    first, second, third = (require_real("fractions", each, 0, 1) for each in fractions)
    if abs(first + second + third - 1) > 1e-9:
        raise ValueError(f"fractions must add up to 1, got {tuple(fractions)}.")
    what = f"{max(seeds) + 1} permutations of {count} rows"
    require_memory(8 * count * (max(seeds) + 1), torch.device("cpu"), what, "Take fewer rows.")
    sizes = [int(count * first), int(count * second)]
    sizes.append(count - sum(sizes))
    random = np.random.RandomState(_DATA_SEED)
    drawn = [torch.from_numpy(random.permutation(count)) for _ in range(max(seeds) + 1)]
    return [Split(*torch.split(drawn[seed].to(torch.int64), sizes)) for seed in seeds]


def mask_splits(data: SimplicialData | SimplicialDataset, level: int = 0) -> list[Split]:
    """The splits that the masks of one complex hold, in the manner of PyG.

    Args:
        data: with boolean ``train_mask``, ``test_mask`` and perhaps ``val_mask``, (rows,) or
            (rows, S) with one column per split; for k-simplices, k ≥ 1, ``train_mask_k`` …. In a
            data set of many items they have one row per item, or one for each of its simplices,
            which agree.
        level: the dimension of the simplices that the masks are of.

    Returns:
        One :class:`Split` per column, of ascending ids of rows, or of the items of a data set of
        many; masks without columns are in all of them.

    Raises:
        ValueError: no masks, masks that are not boolean or of another length, overlapping or
            empty ones.

    Example:
        >>> from simplex import SimplicialComplex
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> masks = torch.eye(3, dtype=torch.bool)
        >>> data = SimplicialData.from_complex(K, train_mask=masks[0], test_mask=masks[2])
        >>> mask_splits(data)[0].test.tolist()
        [2]
    """
    level = require_int("level", level, least=0)
    if isinstance(data, SimplicialDataset):
        if len(data) != 1:
            return _item_splits(data, level)
        data = data[0]
    if not isinstance(data, SimplicialData):
        raise TypeError(f"data must be SimplicialData, got {shown(data)}.")
    ending = f"_{level}" if level else ""
    names = [f"{part}_mask{ending}" for part in ("train", "val", "test")]
    if level > data.max_dim:
        raise ValueError(
            f"level must be at most the dimension of the complex, {data.max_dim}, got {level}."
        )
    rows = int(data.num_simplices[:, level].sum())
    return _splits(names, [_mask(data, name, rows) for name in names])


def _item_splits(dataset: SimplicialDataset, level: int) -> list[Split]:
    """The splits of the items whose masks say the same in all their rows."""
    ending = f"_{level}" if level else ""
    names = [f"{part}_mask{ending}" for part in ("train", "val", "test")]
    batch, count = dataset.only(*names).to_batch(), len(dataset)
    rows = next((len(batch[name]) for name in names if name in batch), 0)
    if not rows:
        _mask(batch, names[0], count)  # says that there are none
    sizes = batch.num_simplices[:, level]
    if rows == count:
        sizes = torch.ones_like(sizes)
    first = sizes.cumsum(0) - sizes
    if rows != int(sizes.sum()) or int(sizes.min()) == 0:
        raise ValueError(
            f"{names[0]} must have a row for each of the {count} items or for each of their "
            f"simplices of dimension {level}, got {rows} rows. Or draw splits of the items with "
            "random_splits."
        )
    masks = []
    for name in names:
        mask = _mask(batch, name, rows)
        if not torch.equal(mask, mask[first].repeat_interleave(sizes, 0)):
            raise ValueError(
                f"{name} must say the same for all simplices of an item, as items are split, got "
                "items in two parts."
            )
        masks.append(mask[first])
    return _splits(names, masks)


def _splits(names: Sequence[str], masks: Sequence[Tensor]) -> list[Split]:
    """One split per column of masks that neither overlap nor are empty."""
    rows = len(masks[0])
    counts = {mask.shape[1] for mask in masks if mask.shape[1] > 1} or {1}
    if len(counts) > 1:
        raise ValueError(
            f"{', '.join(names)} must have the same number of columns, got {sorted(counts)}."
        )
    masks = [mask.expand(rows, max(counts)) for mask in masks]
    for column in range(max(counts)):
        place = f" in column {column}" if max(counts) > 1 else ""
        for name, mask in zip(names, masks, strict=True):
            if not mask[:, column].any() and not name.startswith("val"):
                raise ValueError(
                    f"{name} must mark at least one row, got an empty mask{place}. {_NOT_EMPTY}"
                )
        for (one, a), (other, b) in combinations(zip(names, masks, strict=True), 2):
            common = int((a[:, column] & b[:, column]).sum())
            if common:
                raise ValueError(
                    f"{one} and {other} must not overlap, got {common} rows in both{place}. Clear "
                    f"them in one of the masks, such as {one} &= ~{other}."
                )
    return [Split(*(mask[:, s].nonzero()[:, 0] for mask in masks)) for s in range(max(counts))]


def fold_splits(folds: Sequence[tuple[Tensor, Tensor]]) -> list[Split]:
    """Folds as splits without a validation part: the protocol holds one out of ``train``.

    Args:
        folds: pairs of ids, to train on and to be tested on, such as those of the literature from
            ``simplex.datasets.tu_folds``.

    Raises:
        ValueError: no folds, or an empty or overlapping part.

    Example:
        >>> from simplex.datasets import stratified_folds
        >>> folds = stratified_folds(torch.tensor([0, 0, 1, 1]), 2)
        >>> [len(part) for part in fold_splits(folds)[0].parts]
        [2, 0, 2]
    """
    return listed_splits(folds)


def listed_splits(given: Any) -> list[Split]:
    """Splits as they are, and pairs (train, test) as splits without a validation part."""
    each = list(given) if isinstance(given, (list, tuple)) else []
    if not each or not all(
        isinstance(one, Split) or (isinstance(one, (list, tuple)) and len(one) == 2) for one in each
    ):
        raise ValueError(
            f"splits must be a list of Split or of pairs (train, test) of ids, got {shown(given)}. "
            "Draw them with simplex.train.random_splits or simplex.datasets.stratified_folds."
        )
    none = torch.empty(0, dtype=torch.int64)
    return [one if isinstance(one, Split) else Split(one[0], none, one[1]) for one in each]


def _mask(data: SimplicialData, name: str, rows: int) -> Tensor:
    """The mask as columns, (rows, S); no rows where a mask for validation is absent."""
    if name not in data and name.startswith("val"):
        return torch.zeros(rows, 1, dtype=torch.bool)
    if name not in data:
        raise ValueError(
            f"data must have {name}, got none. Set it, or draw splits: "
            f"random_splits({rows}), --protocol topobench."
        )
    mask = data[name]
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
        got = mask.dtype if isinstance(mask, Tensor) else type(mask).__name__
        raise TypeError(
            f"{name} must be boolean, got {got}. Convert it with .bool(); ids make a Split."
        )
    if mask.ndim not in (1, 2) or len(mask) != rows or not mask[:1].numel():
        raise ValueError(
            f"{name} must have {rows} rows, (rows,) or (rows, splits), got {tuple(mask.shape)}."
        )
    return mask.cpu().view(rows, -1)
