"""What training refuses: arguments of another kind; while it runs, a loss that is no number."""

import os
from typing import Any

import torch

from simplex.complexes import shown


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


def require_defined(metric: str, score: float) -> None:
    """Raise ``ValueError`` where a metric is not a number."""
    if score != score:
        raise ValueError(
            f"metrics must be defined on every part that is scored, got no value of {metric}. It "
            "needs both answers among the rows of a label, and two numbers for r2: draw other "
            "splits, or choose another metric first."
        )
