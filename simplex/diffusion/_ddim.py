"""DDIM: the deterministic sampler, its inversion, and everything up to DDPM."""

import torch
from torch import Tensor

from simplex.diffusion._gaussian import step_coefficients
from simplex.diffusion._noise import WHITE, Noise
from simplex.diffusion._parameterisation import Target, linear_forms, require_finite
from simplex.diffusion._rows import combine, unrolled, vanishes
from simplex.diffusion._schedule import Schedule
from simplex.diffusion._walk import (
    Grid,
    Model,
    evaluate,
    model_inputs,
    require_steps,
    walk_times,
)


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
