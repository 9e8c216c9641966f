"""The ancestral samplers of a discrete chain: DDPM and DDIM."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from simplex.diffusion._gaussian import (
    WHITE,
    Noise,
    Variance,
    learned_variance,
    reverse_variance,
    step_coefficients,
)
from simplex.diffusion._parameterisation import Target, linear_forms, require_finite
from simplex.diffusion._schedule import Schedule
from simplex.diffusion._walk import (
    Grid,
    Model,
    checked,
    combine,
    evaluate,
    model_inputs,
    per_row,
    require_steps,
    unrolled,
    vanishes,
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


def ddim(
    model: Model,
    x: Tensor,
    schedule: Schedule,
    times: Grid,
    *,
    prediction: Target = "eps",
    eta: float = 0.0,
    noise: Noise = WHITE,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""Walk from noise to data in steps of any length.

    .. math::
        x_s = α_s \hat x_0 + \sqrt{σ_s^2 - \tilde σ^2} \, \hat ε + \tilde σ z \qquad
        \tilde σ^2 = η^2 \, \frac{σ_s^2}{σ_t^2} \left(1 - \frac{\bar α_t}{\bar α_s}\right)

    Args:
        model: any callable; it gets x and one time per row of x, (rows,).
        x: noise to start from, x at ``times[0]``; ``noise.sample(like)`` at the end of a chain.
        schedule: gives α and σ.
        times: falling strictly, the end included: (S + 1,), or (S + 1, rows) to give each row its
            own times. With η = 0 they may also rise: the walk is then inverted.
        prediction: what the model predicts: ``"eps"``, ``"x0"``, ``"v"`` or ``"score"``.
        eta: η ≥ 0; 0 adds no noise, 1 is DDPM with the small variance.
        noise: the law of z: that of the chain, if it was trained with another one than white.
        generator: source of randomness; ``None`` for torch's global one.

    Returns:
        x at the last time. No gradients are kept, and nothing is clipped.

    Raises:
        ValueError: times outside the schedule or not monotone, a prediction of another shape, a
            prediction that is NaN (with the step), or η > 0 that leaves no variance.

    Laws:
        η = 1 equals :func:`ddpm`, for any times. Rising times invert falling ones, to first order.

    Paper:
        J. Song, C. Meng, S. Ermon, "Denoising diffusion implicit models", 2021, equations 12, 16.

    Example:
        >>> from simplex.diffusion import linear_schedule, spaced_times
        >>> schedule = linear_schedule(1000)
        >>> def model(x, t):  # exact for standard normal data
        ...     return schedule.coefficients(t)[1].to(x.dtype)[:, None] * x
        >>> ddim(model, torch.ones(4, 2), schedule, spaced_times(schedule, 10)).shape
        torch.Size([4, 2])
    """
    if not eta >= 0:
        raise ValueError(f"eta must be at least 0, got {eta}.")
    grid = schedule.times(times)
    require_steps(grid)
    if eta > 0 or not (grid[1:] > grid[:-1]).all():
        grid = walk_times(schedule, grid)
    on_x, on_p, spread = ddim_coefficients(schedule, grid[:-1], grid[1:], prediction, eta)
    inputs = model_inputs(schedule, grid[:-1], x)
    steps = zip(inputs, unrolled(on_x, x), unrolled(on_p, x), unrolled(spread, x), strict=True)
    with torch.no_grad():
        for i, (t, a, b, c) in enumerate(steps):
            terms = [(a, x), (b, evaluate(model, x, t, i))]
            if eta > 0 and not vanishes(c):
                terms.append((c, noise.sample(x, generator)))
            x = combine(*terms)
    return x


def ddim_coefficients(
    schedule: Schedule, t: Tensor, s: Tensor, prediction: Target, eta: float
) -> tuple[Tensor, Tensor, Tensor]:
    """x_s = a x_t + b prediction + c z: the three coefficients, of the shape of the times."""
    alpha, sigma = schedule.coefficients(t)
    alpha_s, sigma_s = schedule.coefficients(s)
    (x0_x, x0_p), (eps_x, eps_p) = linear_forms(prediction, alpha, sigma)
    variance = torch.zeros_like(sigma_s)
    if eta > 0:
        variance = eta**2 * step_coefficients(schedule, t, s)[2]
        if (variance > sigma_s.square() * (1 + 1e-12)).any():
            raise ValueError(f"eta must leave η² β̃ ≤ σ_s² at every step, got {eta}.")
    direction = (sigma_s.square() - variance).clamp(min=0).sqrt()
    # Where s is the data the direction has no length, and ε need not be defined.
    on_x = alpha_s * x0_x + torch.where(direction > 0, direction * eps_x, 0.0)
    on_p = alpha_s * x0_p + torch.where(direction > 0, direction * eps_p, 0.0)
    require_finite(f"a prediction of {prediction}", on_x, on_p)
    return on_x, on_p, variance.sqrt()
