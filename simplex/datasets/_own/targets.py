"""Columns of text as targets: classes by their names, labels, or numbers."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from simplex.datasets._own.columns import are_numbers, as_numbers, is_missing


_MOST_CLASSES = 20  # whole numbers with more values than these are numbers
_FEW_ROWS = 10  # with fewer rows, a class of one row may be what is meant


class Targets(NamedTuple):
    """What is to be predicted.

    Attributes:
        values: (rows,) int64 classes with -1, (rows, L) labels or (rows,) or (rows, T) numbers
            with NaN, where one is missing.
        known: (rows,) which rows have one.
        kind: ``"classes"``, ``"labels"`` or ``"numbers"``.
        classes: their names, ``None`` for other kinds.
    """

    values: Tensor
    known: Tensor
    kind: str
    classes: list[str] | None


def read_target(
    names: Sequence[str], columns: Sequence[Sequence[str]], kind: str | None
) -> Targets:
    """The targets in one or several columns.

    Words are classes, and so are 0 and 1 alone; several columns of 0 and 1 are labels; numbers with
    fractions, or of more than twenty values, are numbers.

    Raises:
        ValueError: words where numbers must be, nothing at all, or whole numbers of which it is
            not clear whether they are classes.
    """
    if all(is_missing(value) for column in columns for value in column):
        raise ValueError(
            f"target must be a column with values, got {', '.join(names)}, which is empty."
        )
    if kind is None:
        kind = kind_of(names, columns)
    if kind == "classes":
        if len(columns) > 1:
            raise ValueError(
                f"target must be one column for classes, got {', '.join(names)}. Columns of 0 and "
                "1 are labels: kind='labels'."
            )
        return _classes(columns[0])
    for name, column in zip(names, columns, strict=True):
        if not are_numbers(column):
            wrong = next(v for v in column if not is_missing(v) and not are_numbers([v]))
            raise ValueError(
                f"target must hold numbers for {kind}, got {wrong!r} in {name!r}. Words are "
                "classes: kind='classes'."
            )
    values = torch.stack([as_numbers(column) for column in columns], 1).float()
    known = ~values.isnan().all(1)
    one = kind == "numbers" and len(columns) == 1
    return Targets(values[:, 0] if one else values, known, kind, None)


def kind_of(names: Sequence[str], columns: Sequence[Sequence[str]]) -> str:
    """What columns of text are, see :func:`read_target`."""
    numeric = all(map(are_numbers, columns))
    present = {float(v) for column in columns if numeric for v in column if not is_missing(v)}
    if len(columns) > 1:
        return "labels" if numeric and present <= {0.0, 1.0} else "numbers"
    if not numeric or present == {0.0, 1.0}:
        return "classes"
    whole = all(value == int(value) for value in present)
    if whole and len(present) <= _MOST_CLASSES:
        raise ValueError(
            f"kind must be said for the target {names[0]!r}, got whole numbers of {len(present)} "
            "values, which may be classes or numbers. Choose kind='classes' or kind='numbers'."
        )
    return "numbers"


def _classes(column: Sequence[str]) -> Targets:
    present = {value for value in column if not is_missing(value)}
    names = sorted(present, key=float) if are_numbers(column) else sorted(present)
    if len(names) < 2:
        raise ValueError(f"target must hold at least two classes, got {names[0]!r} alone.")
    require_shared(len(names), sum(not is_missing(value) for value in column))
    ids = {name: i for i, name in enumerate(names)}
    values = torch.tensor([ids.get(value, -1) for value in column])
    return Targets(values, values >= 0, "classes", names)


def require_shared(classes: int, rows: int) -> None:
    """Raise ``ValueError`` where nearly every row has a class of its own, as names have."""
    if rows >= _FEW_ROWS and 2 * classes > rows:
        raise ValueError(
            f"target must have classes that several rows share, got {classes} of them in {rows} "
            "rows. Take another target, or group its values."
        )
