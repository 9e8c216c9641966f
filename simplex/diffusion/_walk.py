"""Coefficients that belong to the rows of a tensor, and linear combinations with them."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from simplex.diffusion._schedule import Schedule


Coefficient = float | Tensor


def per_row(value: Tensor, like: Tensor) -> Coefficient:
    """One number as a float; else the numbers, to multiply ``like`` along its leading dimensions.

    Floats cost nothing and lose nothing: kernels multiply by them in full precision.
    """
    return float(value) if value.dim() == 0 else aligned(value, like)


def aligned(value: Tensor, like: Tensor, dtype: torch.dtype | None = None) -> Tensor:
    """One number, or numbers that broadcast along the leading dimensions of ``like``."""
    shape = tuple(value.shape) + (1,) * (like.dim() - value.dim() if value.dim() else 0)
    fits = len(shape) in (0, like.dim()) and all(
        a in (1, b) for a, b in zip(shape, like.shape, strict=False)
    )
    if not fits:
        raise ValueError(
            f"times must be one number or match the leading dimensions of {tuple(like.shape)}, "
            f"got shape {tuple(value.shape)}."
        )
    return value.reshape(shape).to(like.device, dtype or like.dtype)


def unrolled(values: Tensor, like: Tensor) -> list[Coefficient]:
    """One coefficient per step: floats where all rows share the times."""
    return values.tolist() if values.dim() == 1 else [per_row(value, like) for value in values]


def combine(*terms: tuple[Coefficient, Tensor]) -> Tensor:
    """Σ cᵢ xᵢ in one pass over memory per term; a first coefficient of 1 costs none."""
    (first, x), (c, term), *rest = terms
    if isinstance(first, float) and first == 1:
        total = torch.add(x, term, alpha=c) if isinstance(c, float) else x.addcmul(term, c)
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


def require_same_shape(what: str, got: Tensor, x: Tensor) -> None:
    """Refuse a tensor that would only fit the data by broadcasting."""
    given: object = got
    if not isinstance(given, Tensor):
        raise TypeError(f"{what} must be a tensor, got {type(given).__name__}.")
    if got.shape != x.shape:
        raise ValueError(
            f"{what} must have the shape of the data, {tuple(x.shape)}, got {tuple(got.shape)}."
        )


def rows_of_times(t: Tensor, x: Tensor) -> Tensor:
    """The times that a network gets: one per row of x, also where all rows share it."""
    return t.reshape(()).expand(x.shape[:1]) if t.shape in ((), (1,)) else t


def require_number(
    what: str, values: Tensor, where: Callable[[], str], x: Tensor | None = None
) -> None:
    """Refuse NaN and infinities, and say where; the sum is finite in all sound cases.

    Where x, which the network was asked about, is not finite itself, the network is not blamed.
    """
    total = float(values.detach().sum())
    if math.isfinite(total) or bool(values.isfinite().all()):
        return
    if x is not None and not x.isfinite().all():
        raise ValueError(
            f"x must be finite, got NaN or infinite values {where()}, before the network was "
            f"asked. In {x.dtype} a step can overflow: sample in float32, or predict 'v'."
        )
    bad = int((~values.isfinite()).sum())
    raise ValueError(
        f"{what} must be finite, got {bad} of {values.numel()} values NaN or infinite {where()}. "
        "Under mixed precision, run the last layers in float32."
    )


def span(t: Tensor) -> str:
    """The least and the largest of some times, for messages."""
    low, high = t.min().item(), t.max().item()
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


Model = Callable[[Tensor, Tensor], Tensor]


Grid = Sequence[int] | Sequence[float] | Tensor


def walk_times(schedule: Schedule, times: Grid) -> Tensor:
    """The times of a walk, (S + 1,) or (S + 1, rows), checked to fall strictly.

    Strictly: a time that occurs twice would be a step of length 0, which divides by it.
    """
    grid = schedule.times(times)
    require_steps(grid)
    if not (grid[1:] < grid[:-1]).all():
        raise ValueError(
            f"times must fall strictly, from noise to data, got {_short(grid)}. "
            "spaced_times gives such times."
        )
    return grid


def require_steps(grid: Tensor) -> None:
    """Refuse a grid without a step."""
    if grid.dim() == 0 or len(grid) < 2:
        raise ValueError(
            f"times must be at least 2, where a walk starts and ends, got {grid.tolist()}."
        )


def model_inputs(schedule: Schedule, grid: Tensor, x: Tensor) -> list[Tensor]:
    """What the network gets as time before each step: one number per row of x."""
    return [rows_of_times(t, x) for t in schedule.model_times(grid, x).unbind()]


def evaluate(model: Model, x: Tensor, t: Tensor, step: int) -> Tensor:
    """The prediction of the network, checked for its shape and for NaN."""
    return checked(model(x, t), x, t, step)


def checked(prediction: Tensor, x: Tensor, t: Tensor, step: int) -> Tensor:
    """A prediction of the shape of x without NaN; the error names the step."""
    require_same_shape("the prediction of the network", prediction, x)
    what = "the prediction of the network"
    require_number(what, prediction, lambda: f"at step {step}, time {span(t)}", x)
    return prediction


def _short(grid: Tensor) -> str:
    values = grid.tolist()
    return (
        f"{values}" if len(values) <= 8 else f"{values[:4]}…{values[-2:]}".replace("]…[", ", …, ")
    )
