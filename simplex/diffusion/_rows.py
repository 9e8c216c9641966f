"""Coefficients that belong to the rows of a tensor, and linear combinations with them."""

import math
from collections.abc import Callable

import torch
from torch import Tensor


# From x and one time per row of x to a tensor like x.
Model = Callable[[Tensor, Tensor], Tensor]
Coefficient = float | Tensor


def per_row(value: Tensor, like: Tensor, what: str = "times") -> Coefficient:
    """One number as a float; else the numbers, to multiply ``like`` along its leading dimensions.

    Floats cost nothing and lose nothing: kernels multiply by them in full precision.
    """
    return float(value) if value.dim() == 0 else aligned(value, like, what=what)


def aligned(
    value: Tensor, like: Tensor, dtype: torch.dtype | None = None, *, what: str = "times"
) -> Tensor:
    """One number, or numbers that broadcast along the leading dimensions of ``like``."""
    shape = tuple(value.shape) + (1,) * (like.dim() - value.dim() if value.dim() else 0)
    fits = len(shape) in (0, like.dim()) and all(
        a in (1, b) for a, b in zip(shape, like.shape, strict=False)
    )
    if not fits:
        raise ValueError(
            f"{what} must be one number or match the leading dimensions of {tuple(like.shape)}, "
            f"got shape {tuple(value.shape)}."
        )
    return value.reshape(shape).to(like.device, dtype or like.dtype)  # (rows, …, 1, …, 1)


def unrolled(values: Tensor, like: Tensor) -> list[Coefficient]:
    """One coefficient per step: floats where all rows share the times."""
    return values.tolist() if values.dim() == 1 else [per_row(value, like) for value in values]


def combine(*terms: tuple[Coefficient, Tensor]) -> Tensor:
    """Σ cᵢ xᵢ in the dtype of the first, in one pass over memory per term.

    A first coefficient of 1 costs none.
    """
    (first, x), (c, term), *rest = terms
    if isinstance(first, float) and first == 1:
        total = torch.add(x, term, alpha=c) if isinstance(c, float) else x.addcmul(term, c)
        total = total.to(x.dtype)  # not that of a network whose last layer runs in float32
    else:
        total, rest = x * first, [(c, term), *rest]
    for c, term in rest:
        total = total.add_(term, alpha=c) if isinstance(c, float) else total.addcmul_(term, c)
    return total


def vanishes(c: Coefficient) -> bool:
    """Whether a term can be left out: its coefficient is 0 for all rows."""
    return isinstance(c, float) and c == 0


def row_mean(x: Tensor) -> Tensor:
    """The mean over all dimensions but the first."""
    return x.flatten(1).mean(1) if x.dim() > 1 else x


def row_sum(x: Tensor) -> Tensor:
    """The sum over all dimensions but the first."""
    return x.flatten(1).sum(1) if x.dim() > 1 else x


def row_size(x: Tensor) -> int:
    """How many components a row has."""
    return math.prod(x.shape[1:])


def rows_of_times(t: Tensor, x: Tensor) -> Tensor:
    """The times that a network gets: one per row of x, also where all rows share it."""
    return t.reshape(()).expand(x.shape[:1]) if t.shape in ((), (1,)) else t


def inputs_at(grid: Tensor, x: Tensor) -> list[Tensor]:
    """What a network beside x gets as time at each point of a grid of real numbers."""
    return [rows_of_times(t, x) for t in grid.to(x.device, x.dtype).unbind()]
