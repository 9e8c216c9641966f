"""Widths of cochains: one for all dimensions, one each, or not known yet."""

from collections.abc import Sequence

from torch import nn


def widths_of(in_channels: int | Sequence[int], max_dim: int) -> list[int]:
    """One width for each dimension 0 … max_dim, checked.

    Args:
        in_channels: a common width; or -1 for one to be taken from the first input; or one positive
            width per dimension.
        max_dim: the top dimension.

    Raises:
        ValueError: another number of widths, or one that is not positive.

    Example:
        >>> widths_of(8, 2), widths_of((1, 2, 3), 2)
        ([8, 8, 8], [1, 2, 3])
    """
    if isinstance(max_dim, bool) or not isinstance(max_dim, int) or max_dim < 0:
        raise ValueError(f"max_dim must be a non-negative integer, got {max_dim!r}.")
    if isinstance(in_channels, int):
        if in_channels < 1 and in_channels != -1:
            raise ValueError(f"in_channels must be positive or -1, got {in_channels}.")
        return [in_channels] * (max_dim + 1)
    widths = list(in_channels)
    if len(widths) != max_dim + 1 or min(widths) < 1:
        raise ValueError(
            f"in_channels must be one positive width for each dimension 0 … {max_dim}, got "
            f"{widths}. For one common width that is not known yet, pass -1."
        )
    return widths


def linear(in_channels: int, out_channels: int, bias: bool = True) -> nn.Linear:
    """A dense map; with ``in_channels`` -1 one that takes its width from its first input."""
    if in_channels == -1:
        return nn.LazyLinear(out_channels, bias=bias)
    return nn.Linear(in_channels, out_channels, bias=bias)
