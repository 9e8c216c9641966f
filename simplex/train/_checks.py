"""What training refuses: arguments of another kind; while it runs, a loss that is no number."""

import os
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import integer_tensor, shown


MOST_EPOCHS = 10**12  # no machine will live to see them


def require_kind(name: str, value: object, kind: type, remedy: str = "") -> None:
    """An object of one of our classes."""
    if not isinstance(value, kind):
        after = f" {remedy}" if remedy else ""
        raise TypeError(f"{name} must be {kind.__name__}, got {shown(value)}.{after}")


def require_callable(name: str, value: object, how: str) -> None:
    """What will be called; ``how`` says with what."""
    if not callable(value):
        raise TypeError(f"{name} must be called as {how}, got {shown(value)}.")


def require_path(name: str, value: object) -> None:
    """What names a file or a folder."""
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"{name} must be a string or a path, got {shown(value)}.")


def listed(name: str, values: Any, kind: type) -> list[Any]:
    """At least one object, all of them of one class."""
    if not isinstance(values, (list, tuple)) or not values:
        raise ValueError(
            f"{name} must be a list of at least one {kind.__name__}, got {shown(values)}."
        )
    for place, value in enumerate(values):
        require_kind(f"{name}[{place}]", value, kind)
    return list(values)


def listed_folds(folds: Any, count: int) -> list[tuple[Tensor, Tensor]]:
    """Pairs of ids, neither of them empty, below ``count``."""
    pairs = list(folds) if isinstance(folds, (list, tuple)) else []
    if not pairs or not all(isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in pairs):
        raise ValueError(
            f"folds must be a list of pairs (train, test) of ids, got {shown(folds)}. Draw them "
            "with simplex.datasets.stratified_folds."
        )
    return [(_ids(train, count), _ids(test, count)) for train, test in pairs]


def _ids(ids: Any, count: int) -> Tensor:
    numbers = integer_tensor("the ids of a fold", ids)
    if numbers.ndim != 1 or numbers.is_meta or not len(numbers):
        raise ValueError(f"the ids of a fold must be a list of at least one, got {shown(ids)}.")
    if int(numbers.min()) < 0 or int(numbers.max()) >= count:
        raise IndexError(f"the ids of a fold must be 0 … {count - 1}, got others.")
    return numbers


def require_device(device: Any) -> torch.device:
    """A device by its name or itself."""
    try:
        return torch.device(device)
    except (RuntimeError, TypeError, ValueError) as error:
        raise ValueError(
            f"device must be one of torch, such as 'cpu' or 'cuda:0', got {shown(device)}."
        ) from error


def require_finite_loss(loss: float, lr: float) -> None:
    """Raise ``ValueError`` where a loss is infinite or not a number."""
    if not loss < float("inf"):
        raise ValueError(f"lr must keep the loss finite, got lr={lr} and loss {loss}.")
