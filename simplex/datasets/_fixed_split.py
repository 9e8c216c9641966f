"""The items of the parts that a data set is cut into by its own masks."""

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from simplex.complexes import shown


if TYPE_CHECKING:
    from simplex.data import SimplicialData, SimplicialDataset


class Parts(NamedTuple):
    """The items to train on, to choose by and to test on; ids, ascending."""

    train: Tensor
    validation: Tensor
    test: Tensor


def fixed_split(dataset: "SimplicialDataset") -> Parts:
    """The published split of a data set of many complexes, from the masks that its items have.

    Args:
        dataset: such as :func:`aqsol` or :func:`graph_universe` load, with ``train_mask``,
            ``val_mask`` and ``test_mask``, true or false for all rows of an item.

    Returns:
        ``(train, validation, test)``, the ids of items; also as attributes of these names.

    Raises:
        ValueError: there are no masks, or the rows of an item are in different parts, as where
            the masks of one complex cut its vertices: those are read by
            ``simplex.train.mask_splits``.

    Example:
        >>> dataset = aqsol()  # doctest: +SKIP
        >>> [len(part) for part in fixed_split(dataset)]  # doctest: +SKIP
        [7866, 983, 984]
    """
    from simplex.data import SimplicialDataset

    if not isinstance(dataset, SimplicialDataset):
        raise TypeError(f"dataset must be a SimplicialDataset, got {shown(dataset)}.")
    names = [f"{part}_mask" for part in ("train", "val", "test")]
    batch = dataset.only(*names).to_batch()
    return Parts(*(_items(batch, name) for name in names))


def _items(batch: "SimplicialData", name: str) -> Tensor:
    """The items all rows of which are marked."""
    mask = batch.to_dict().get(name)
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool or mask.ndim != 1:
        got = "none" if mask is None else shown(mask)
        raise ValueError(
            f"dataset must have a boolean {name} (rows,), got {got}. Draw splits by "
            "simplex.train.random_splits."
        )
    start = batch._slice_dict[name]
    before = torch.nn.functional.pad(mask.cumsum(0), (1, 0))
    marked, sizes = before[start].diff(), start.diff()
    if bool(((marked > 0) & (marked < sizes)).any()):
        item = int(((marked > 0) & (marked < sizes)).nonzero()[0])
        raise ValueError(
            f"{name} must be the same for all rows of an item, got {int(marked[item])} of "
            f"{int(sizes[item])} rows of item {item}. Masks of vertices are read by "
            "simplex.train.mask_splits."
        )
    return (marked > 0).nonzero()[:, 0]
