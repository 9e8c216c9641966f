"""DDPM: ancestral sampling, with every choice of the variance."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from simplex.diffusion._gaussian import (
    Variance,
    learned_variance,
    reverse_variance,
    step_coefficients,
)
from simplex.diffusion._noise import WHITE, Noise
from simplex.diffusion._parameterisation import Target, linear_forms, require_finite
from simplex.diffusion._rows import combine, per_row, unrolled, vanishes
from simplex.diffusion._schedule import Schedule
from simplex.diffusion._walk import (
    Grid,
    checked,
    evaluate,
    model_inputs,
    walk_times,
)


PairModel = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


def ddpm(
    model: Callable[[Tensor, Tensor], Any],
    x: Tensor,
    schedule: Schedule,
    times: Grid,
    *,
    prediction: Target = "eps",
    variance: Variance = "small",
    noise: Noise = WHITE,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""Walk from noise to data, each step a draw from a Gaussian.

    .. math::
        x_s = c_0 \hat x_0 + c_1 x_t + \sqrt{Σ} \, z

    with c₀, c₁ of :func:`posterior`, and no noise in a step to the data. The steps may be of any
    length: the coefficients are those of the step from t to s.

    Args:
        model: any callable; it gets x and one time per row of x, (rows,). With a learned variance
            it returns a pair, the prediction and v, both of the shape of x.
        x: noise to start from, x at ``times[0]``.
        schedule: gives α and σ.
        times: falling strictly, the end included: (S + 1,), or (S + 1, rows) to give each row its
            own times.
        prediction: what the model predicts: ``"eps"``, ``"x0"``, ``"v"`` or ``"score"``.
        variance: ``"small"``, ``"large"``, ``"learned"``, or Var[x_0 | x_t] as a function of the
            times, which is optimal; see :func:`reverse_variance` and :func:`learned_variance`.
        noise: the law of z: that of the chain, if it was trained with another one than white.
        generator: source of randomness; ``None`` for torch's global one.

    Returns:
        x at the last time. No gradients are kept, and nothing is clipped.

    Raises:
        ValueError: times outside the schedule or not falling, a prediction of another shape, or
            one that is NaN (with the step).

    Paper:
        J. Ho, A. Jain, P. Abbeel, "Denoising diffusion probabilistic models", 2020, algorithm 2.

    Example:
        >>> from simplex.diffusion import linear_schedule, spaced_times
        >>> schedule = linear_schedule(100)
        >>> times = spaced_times(schedule, 100)
        >>> ddpm(lambda x, t: torch.zeros_like(x), torch.ones(4, 2), schedule, times).shape
        torch.Size([4, 2])
    """
    grid = walk_times(schedule, times)
    if variance == "learned":
        return _with_learned_variance(model, x, schedule, grid, prediction, noise, generator)
    on_x, on_p, spread = ddpm_coefficients(schedule, grid[:-1], grid[1:], prediction, variance)
    inputs = model_inputs(schedule, grid[:-1], x)
    steps = zip(inputs, unrolled(on_x, x), unrolled(on_p, x), unrolled(spread, x), strict=True)
    with torch.no_grad():
        for i, (t, a, b, c) in enumerate(steps):
            terms = [(a, x), (b, evaluate(model, x, t, i))]
            if not vanishes(c):
                terms.append((c, noise.sample(x, generator)))
            x = combine(*terms)
    return x


def ddpm_coefficients(
    schedule: Schedule, t: Tensor, s: Tensor, prediction: Target, variance: Variance
) -> tuple[Tensor, Tensor, Tensor]:
    """x_s = a x_t + b prediction + c z: the three coefficients, of the shape of the times."""
    on_x, on_p = mean_coefficients(schedule, t, s, prediction)
    spread = reverse_variance(schedule, t, s, variance).sqrt()
    return on_x, on_p, torch.where(schedule.coefficients(s)[1] > 0, spread, 0.0)


def mean_coefficients(
    schedule: Schedule, t: Tensor, s: Tensor, prediction: Target
) -> tuple[Tensor, Tensor]:
    """The mean of p(x_s | x_t) as a linear form in x_t and the prediction."""
    alpha, sigma = schedule.coefficients(t)
    (x0_x, x0_p), _ = linear_forms(prediction, alpha, sigma)
    c0, c1, _, _ = step_coefficients(schedule, t, s)
    on_x, on_p = c0 * x0_x + c1, c0 * x0_p
    require_finite(f"a prediction of {prediction}", on_x, on_p)
    return on_x, on_p


def _with_learned_variance(
    model: PairModel,
    x: Tensor,
    schedule: Schedule,
    grid: Tensor,
    prediction: Target,
    noise: Noise,
    generator: torch.Generator | None,
) -> Tensor:
    """The same walk with a variance per component of x."""
    on_x, on_p = mean_coefficients(schedule, grid[:-1], grid[1:], prediction)
    _, _, small, large = step_coefficients(schedule, grid[:-1], grid[1:])
    inputs = model_inputs(schedule, grid[:-1], x)
    steps = zip(inputs, unrolled(on_x, x), unrolled(on_p, x), small, large, small > 0, strict=True)
    with torch.no_grad():
        for i, (t, a, b, low, high, noisy) in enumerate(steps):
            predicted, v = model(x, t)
            x = combine((a, x), (b, checked(predicted, x, t, i)))
            if noisy.any():
                # Rows that have arrived get no noise; their variance only has to be a number.
                spread = learned_variance(checked(v, x, t, i), low.where(noisy, high), high).sqrt()
                z = noise.sample(x, generator)
                x = x.addcmul_(spread * per_row(noisy.double(), x), z)
    return x
