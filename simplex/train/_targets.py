"""The targets of a data set: which kind they are of, their rows, and what is wrong with them."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor

from simplex.data import SimplicialData, cochain_keys


if TYPE_CHECKING:
    from simplex.train._task import Task

Kind = Literal["classes", "labels", "numbers"]


def count_rows(batch: SimplicialData, level: int | None, candidates: bool) -> int:
    """How many rows are to be predicted."""
    if candidates:
        if "candidates" not in batch:
            raise ValueError(
                "data must have candidates (m, k+1) for a task of candidates, got none. Draw them, "
                "or leave candidates=False."
            )
        return len(batch.candidates)
    sizes: Tensor = batch.num_simplices
    if level is None:
        return len(sizes)
    if level >= sizes.shape[1] or not len(sizes):
        raise ValueError(
            f"level must be at most the dimension of the complex, {sizes.shape[1] - 1}, got "
            f"{level}. Lift with a larger max_dim, or predict at a lower level."
        )
    return int(sizes[:, level].sum())


def read_targets(
    batch: SimplicialData,
    name: str,
    kind: Kind,
    width: int,
    level: int | None,
    candidates: bool,
) -> Tensor:
    """As :meth:`simplex.train.Task.rows`."""
    values = _stored(batch, name)
    rows = count_rows(batch, level, candidates)
    if kind == "classes" and values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if kind != "classes" and values.ndim == 1:
        values = values.view(-1, width) if len(values) == rows * width else values[:, None]
    shape = (rows,) if kind == "classes" else (rows, width)
    if tuple(values.shape) != shape:
        raise ValueError(
            f"{name} must have one target for each of the {rows} {_of(level, candidates)}, shape "
            f"{shape}, got {tuple(values.shape)}. {_MISSING}"
        )
    if kind == "classes":
        return _whole(values, name)
    values = values if values.is_floating_point() else values.to(torch.get_default_dtype())
    return values.masked_fill(values == -1, torch.nan) if kind == "labels" else values


_MISSING = (
    "Where a target is missing, mark it by NaN (a number or a label), or leave its row out of the "
    "splits."
)


def _of(level: int | None, candidates: bool) -> str:
    if candidates:
        return "candidates"
    return "complexes" if level is None else f"simplices of dimension {level}"


def _stored(batch: SimplicialData, name: str) -> Tensor:
    if name not in batch:
        levels = [key for key in map(str, batch.keys()) if re.fullmatch(r"y(_\d+)?", key)]
        rest = " Every item must have it."
        if levels:
            at = ", ".join(
                f"{key} (level={key[2:]})" if key != "y" else "y" for key in sorted(levels)
            )
            rest += f" There is {at}."
        raise ValueError(f"target must be a field of the data, got {name!r}, which is none.{rest}")
    values = batch[name]
    if not isinstance(values, Tensor) or values.is_complex() or values.ndim not in (1, 2):
        got = f"shape {tuple(values.shape)}" if isinstance(values, Tensor) else type(values)
        raise ValueError(f"{name} must be a real tensor, (rows,) or (rows, targets), got {got}.")
    return values


def require_finite_features(batch: SimplicialData) -> None:
    """A NaN among the features would be in all that the network says of the whole batch."""
    for key in cochain_keys(batch.max_dim):
        values = batch.to_dict().get(key)
        if not isinstance(values, Tensor) or not values.is_floating_point():
            continue
        values = values.values() if values.layout == torch.sparse_csr else values
        values = values.coalesce().values() if values.layout == torch.sparse_coo else values
        if not bool(values.isfinite().all()):
            raise ValueError(
                f"{key} must be finite, got NaN or infinite features. Fill them in, and mark the "
                f"rows by a column of their own: mask = {key}.isfinite(), "
                f"{key} = torch.cat([{key}.nan_to_num(0, 0, 0), (~mask).float()], 1)."
            )


def inferred(
    batch: SimplicialData,
    items: int,
    name: str,
    level: int | None,
    kind: Kind | None,
    candidates: bool,
) -> tuple[int | None, Kind, int]:
    """The level, the kind and the number of outputs that the targets show."""
    count_rows(batch, level, candidates)  # a level that there is not is the first thing to say
    values = _stored(batch, name)
    one = level is None and not candidates and items == 1 and len(values) != 1
    if one and len(values) == int(batch.num_simplices[:, 0].sum()):
        level = 0
    rows = count_rows(batch, level, candidates)
    if values.ndim == 1 and rows and len(values) > rows and len(values) % rows == 0:
        values = values.view(rows, -1)  # PyG has joined the targets of the items
    width = values.shape[1] if values.ndim == 2 else 1
    if kind is None:
        kind = _kind(values, width)
    if kind != "classes":
        return level, kind, width
    if width > 1:
        raise ValueError(
            f"{name} must be (rows,) for classes, got {tuple(values.shape)}. Several yes-or-no "
            "labels are of kind='labels'; one-hot rows become classes by argmax(1)."
        )
    whole = _whole(values.reshape(-1), name)
    top = int(whole.max()) if len(whole) else 0
    return level, kind, max(top + 1, 2)


def _kind(values: Tensor, width: int) -> Kind:
    if values.is_floating_point():
        known = values[~values.isnan()]
        marked = (known == 0) | (known == 1) | (known == -1)
        return "labels" if len(known) and bool(marked.all()) else "numbers"
    if width > 1 and bool(((values >= -1) & (values <= 1)).all()):
        return "labels"
    return "numbers" if width > 1 else "classes"


def _whole(values: Tensor, name: str) -> Tensor:
    """Classes as int64."""
    if values.is_floating_point():
        if bool(values.isnan().any()):
            raise ValueError(
                f"{name} must be a class for each row, got NaN for some. Mark rows without a class "
                "by -1 and leave them out of the splits."
            )
        if bool((values != values.round()).any()):
            raise ValueError(
                f"{name} must be whole numbers for classes, got others. For real targets take "
                "kind='numbers'."
            )
    return values.to(torch.int64)


def require_targets(
    task: "Task", targets: Tensor, parts: Sequence[tuple[str, Tensor]] | None = None
) -> None:
    """Targets of the kind, in the rows that are used.

    Args:
        task: the kind and the number of classes.
        targets: of all rows, as from ``Task.rows``.
        parts: names of parts and their rows; ``None`` for all rows, where -1 marks a class that is
            not known.
    """
    if task.kind == "classes":
        _require_classes(task, targets, parts)
        return
    for part, ids in parts or [("the data", torch.arange(len(targets)))]:
        used = targets[ids]
        known = used[~used.isnan()]
        if not bool(known.isfinite().all()):
            raise ValueError(f"{task.target} must be finite numbers, got infinite ones in {part}.")
        if task.kind == "labels" and bool(((known != 0) & (known != 1)).any()):
            raise ValueError(
                f"{task.target} must be 0 or 1 for labels, NaN or -1 where one is missing, got "
                f"other values in {part}."
            )
        none = used.isnan().all(0).nonzero()[:, 0].tolist()
        if len(used) and none:
            raise ValueError(
                f"{task.target} must hold some targets in {part}, got only missing ones in column "
                f"{none[0]}. Leave the column out, or draw other splits."
            )


def _require_classes(
    task: "Task", targets: Tensor, parts: Sequence[tuple[str, Tensor]] | None
) -> None:
    name, count = task.target, task.num_outputs
    used = targets[torch.cat([ids for _, ids in parts])] if parts else targets
    found = torch.unique(used)
    present = found[found >= 0] if parts is None else found
    if len(present) and (int(present[0]) < 0 or int(present[-1]) >= count):
        unknown = int(present[0]) == -1 and int(present[-1]) < count
        raise ValueError(
            f"{name} must hold the classes 0 … {count - 1}, got {_some(present.tolist())}. "
            f"{_UNKNOWN if unknown else _REMAP.format(name)}"
        )
    if parts is None:
        if len(present) == 1 and len(targets) > 1:
            raise ValueError(
                f"{name} must hold at least two classes, got {present.tolist()} alone. For numbers "
                "take kind='numbers'."
            )
        absent = sorted(set(range(count)) - set(present.tolist()))
        if (absent and len(present) > 1) or (len(found) and int(found[0]) < -1):
            raise ValueError(
                f"{name} must hold the classes 0 … C-1, got {_some(found.tolist())}. "
                f"{_REMAP.format(name)}"
            )
        return
    ranked = [name for name in task.metrics if name in ("auroc", "average_precision")]
    everywhere = set(present.tolist())
    for part, ids in parts:
        own = set(torch.unique(targets[ids]).tolist())
        if ranked and len(own) < 2:
            raise ValueError(
                f"{part} must hold at least two classes for {ranked[0]}, got class {own}. Draw "
                "stratified splits (simplex.datasets.stratified_folds), or measure the accuracy."
            )
        # A class of one row, as Texas has, is in one part alone, whatever the splits.
        missing = sorted(c for c in everywhere - own if int((targets == c).sum()) > 1)
        if missing and part.endswith("train"):
            raise ValueError(
                f"{part} must hold every class, got no row of class {missing[0]}. Draw stratified "
                "splits (simplex.datasets.stratified_folds), or leave the class out."
            )


_UNKNOWN = "-1 marks a class that is not known: leave these rows out of the splits."
_REMAP = (
    "Number them anew where the data are built: {0} = torch.unique({0}, return_inverse=True)[1]."
)


def _some(values: list[Any]) -> str:
    return str(values) if len(values) <= 6 else f"{str(values[:5])[:-1]}, …]"
