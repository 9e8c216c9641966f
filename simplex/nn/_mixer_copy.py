"""Named weights into the views of a network: all of them, or none and a list of what hinders."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor


LISTED = 6  # names of each kind in a message; a foreign file has hundreds


def copy_weights(
    source: Mapping[str, object], target: Mapping[str, Tensor], head: str, read: bool
) -> None:
    """Copy the values into the views of the same names, or list what hinders it.

    Args:
        source: values by name.
        target: views of the parameters by name.
        head: how the names of the head start.
        read: whether the head is copied too.

    Raises:
        ValueError: names are missing or foreign, or values are no floating-point tensors or of
            another shape; nothing is copied then.

    Example:
        >>> view = torch.zeros(2)
        >>> copy_weights({"head.bias": torch.ones(2)}, {"head.bias": view}, "head.", read=True)
        >>> view.tolist()
        [1.0, 1.0]
    """
    if not read:
        source = {name: x for name, x in source.items() if not name.startswith(head)}
        target = {name: x for name, x in target.items() if not name.startswith(head)}
    missing = [name for name in target if name not in source]
    foreign = [name for name in source if name not in target]
    values = {name: _floating(source[name]) for name in target if name in source}
    kinds = [f"{name} {_kind(source[name])}" for name, x in values.items() if x is None]
    shapes = [
        f"{name} {tuple(x.shape)} for {tuple(target[name].shape)}"
        for name, x in values.items()
        if x is not None and x.shape != target[name].shape
    ]
    complaints = {
        "missing": missing,
        "foreign": foreign,
        "not of floating point": kinds,
        "of another shape": shapes,
    }
    if any(complaints.values()):
        found = "; ".join(f"{word}: {_some(names)}" for word, names in complaints.items() if names)
        hints = _hints(source, missing, foreign, shapes, head if read else "")
        raise ValueError(
            f"weights must have the names and shapes of the network, got {found}.{hints}"
        )
    for name, view in target.items():
        value = values[name]
        assert value is not None
        view.copy_(value)


def _floating(value: object) -> Tensor | None:
    """The value if it is a dense tensor of floating-point numbers, with memory."""
    if not isinstance(value, Tensor) or not value.is_floating_point():
        return None
    return value if value.layout == torch.strided and not value.is_meta else None


def _kind(value: object) -> str:
    """The type of a value in words.

    >>> _kind(torch.ones(1, dtype=torch.int8)), _kind(np.ones(1)), _kind([1.0])
    ('(torch.int8)', '(array of float64)', '(list)')
    """
    if isinstance(value, Tensor):
        place = " without memory" if value.is_meta else ""
        sparse = "" if value.layout == torch.strided else f", {value.layout}"
        return f"({value.dtype}{sparse}{place})"
    if isinstance(value, np.ndarray):
        return f"(array of {value.dtype})"
    return f"({type(value).__name__})"


def _some(names: Sequence[str]) -> str:
    """The first names, and how many more there are.

    >>> _some([f"b{i}" for i in range(9)])
    'b0, b1, b2, b3, b4, b5 … and 3 more'
    """
    rest = f" … and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + rest


def _hints(
    source: Mapping[str, object],
    missing: Sequence[str],
    foreign: Sequence[str],
    shapes: Sequence[str],
    head: str,
) -> str:
    """What to do: where weights lie deeper or all names have a prefix, the rest follows from it."""
    for name in foreign:
        if isinstance(source[name], Mapping):
            return f" The weights seem to lie under {name!r}: pass what is there."
    for name in foreign if missing else ():
        prefix = name.removesuffix(missing[0])
        if prefix != name:
            return f" The names seem to have the prefix {prefix!r}: remove it from each."
    hints = ""
    if head and any(name.startswith(head) for name in (*missing, *foreign, *shapes)):
        hints += " head=False leaves the head aside."
    if any("mlp_tokens" in name or "token_mixing" in name for name in shapes):
        hints += " For another image size see expand_resolution."
    return hints
