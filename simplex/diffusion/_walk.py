"""The walk of a sampler: its checked times, its coefficients, and calls of the network."""

from collections.abc import Callable, Sequence

from torch import Tensor

from simplex.diffusion._rows import require_number, require_same_shape, rows_of_times, span
from simplex.diffusion._schedule import Schedule


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
