"""The walk from noise to data that ddpm, ddim and dpmpp share: one prediction a step."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from simplex.diffusion._calls import answer_of
from simplex.diffusion._checks import (
    pair_of,
    require_finite,
    require_same_shape,
    require_steps,
)
from simplex.diffusion._gaussian import Noise, learned_variance
from simplex.diffusion._grids import counted_times
from simplex.diffusion._kinds import require_learned_noise
from simplex.diffusion._noise import require_noise_for
from simplex.diffusion._rows import Coefficient, combine, rows_of_times, unrolled, vanishes
from simplex.diffusion._schedule import Schedule
from simplex.diffusion._trajectory import Callback, require_callback, told


Grid = int | Sequence[int] | Sequence[float] | Tensor


class Steps(NamedTuple):
    r"""The coefficients of all steps of a walk, float64, each of the shape of their times.

    .. math::
        x_s = a \, x_t + b \, m + c \, m_{prev} + d \, z

    with fresh noise z, and m what the network says or, where ``clean`` is given, x₀ after it:
    m = p x_t + q · output.
    """

    on_x: Tensor
    on_m: Tensor
    spread: Tensor | None = None  # d; None where no noise is drawn
    on_last: Tensor | None = None  # c; None where nothing is remembered
    clean: tuple[Tensor, Tensor] | None = None  # p and q
    learned: tuple[Tensor, Tensor] | None = None  # the variances that the network chooses between


def walk(
    model: Callable[[Tensor, Tensor], Any],
    x: Tensor,
    schedule: Schedule,
    grid: Tensor,
    steps: Steps,
    noise: Noise,
    generator: torch.Generator | None,
    callback: Callback | None = None,
) -> Tensor:
    """Take all steps of a grid, x at its first time given, and return x at its last."""
    nothing = torch.zeros(len(grid) - 1)
    columns = (steps.on_x, steps.on_m, steps.on_last, steps.spread, *(steps.clean or ()))
    a, b, c, d, *pq = (unrolled(nothing if each is None else each, x) for each in columns)
    last = None
    require_callback(callback)
    require_learned_noise(model, noise)
    require_noise_for(x, noise)
    inputs = model_inputs(schedule, grid, x)
    with torch.no_grad():
        x = told(callback, 0, inputs[0], x)
        for i, t in enumerate(inputs[:-1]):
            output = model(x, t)
            m, v = pair_of(output) if steps.learned else (output, None)
            m = checked(m, x, t, i)
            if pq:
                m = combine((pq[0][i], x), (pq[1][i], m))
            terms: list[tuple[Coefficient, Tensor]] = [(a[i], x), (b[i], m)]
            if last is not None and not vanishes(c[i]):
                terms.append((c[i], last))
            if not vanishes(d[i]):
                spread = d[i]
                if steps.learned:
                    low, high = (each[i] for each in steps.learned)
                    spread = spread * learned_variance(checked(v, x, t, i), low, high).sqrt()
                terms.append((spread, noise.sample(x, generator=generator)))
            x, last = told(callback, i + 1, inputs[i + 1], combine(*terms)), m
    return x


def walk_times(schedule: Schedule, times: Grid) -> Tensor:
    """The times of a walk, (S + 1,) or (S + 1, rows), checked to fall strictly; S gives S steps.

    Strictly: a time that occurs twice would be a step of length 0, which divides by it.
    """
    counted = counted_times(schedule, times)
    grid = schedule.times(times if counted is None else counted)
    require_steps(grid)
    if not (grid[1:] < grid[:-1]).all():
        shown = f"{grid.tolist()}"
        if len(grid) > 8:
            shown = f"{grid[:4].tolist()}…{grid[-2:].tolist()}".replace("]…[", ", …, ")
        raise ValueError(
            f"times must fall strictly, from noise to data, got {shown}. "
            "spaced_times gives such times."
        )
    return grid


def model_inputs(schedule: Schedule, grid: Tensor, x: Tensor) -> list[Tensor]:
    """What the network gets as time before each step: one number per row of x."""
    return [rows_of_times(t, x) for t in schedule.model_times(grid, x).unbind()]


def checked(prediction: Any, x: Tensor, t: Tensor, step: int) -> Tensor:
    """A prediction of the shape of x without NaN; the error names the step."""
    what = "the prediction of the network"
    found: Tensor = answer_of(prediction)
    require_same_shape(what, found, x)
    require_finite(what, found, lambda: f"at step {step}, time {_span(t)}", x)
    return found


def _span(t: Tensor) -> str:
    low, high = t.min().item(), t.max().item()
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"
