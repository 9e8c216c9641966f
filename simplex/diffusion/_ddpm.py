"""The ancestral samplers of a chain: DDPM and DDIM."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import require_real
from simplex.diffusion._calls import Arguments, calling
from simplex.diffusion._checks import require_defined, require_steps, require_walk
from simplex.diffusion._gaussian import (
    Noise,
    Variance,
    is_learned,
    noise_of,
    reverse_variance,
    step_coefficients,
)
from simplex.diffusion._grids import counted_times
from simplex.diffusion._kinds import Target, target_of
from simplex.diffusion._parameterization import linear_forms
from simplex.diffusion._rows import Model
from simplex.diffusion._schedule import Schedule
from simplex.diffusion._trajectory import Callback
from simplex.diffusion._walk import Grid, Steps, walk, walk_times


def ddpm(
    model: Callable[[Tensor, Tensor], Any],
    x: Tensor,
    schedule: Schedule,
    times: Grid,
    *,
    prediction: Target | None = None,
    variance: Variance = "small",
    noise: Noise | None = None,
    model_kwargs: Arguments | None = None,
    callback: Callback | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""Walk from noise to data, each step a draw from a Gaussian.

    .. math::
        x_s = c_0 \hat x_0 + c_1 x_t + \sqrt{Σ} \, z

    with c₀, c₁ of :func:`posterior`, and no noise in a step to the data. The steps may be of any
    length: the coefficients are those of the step from t to s.

    Args:
        model: any callable; it gets x and one time per row of x, (rows,). The prediction may be
            the field ``sample`` of its answer, as of a UNet of diffusers; if that was trained with
            timesteps from 0 it is ``from_zero(unet)``. With a learned variance it returns a pair,
            the prediction and v, both of the shape of x.
        x: noise to start from, x at ``times[0]``; ``noise.sample(like)`` at the end of a chain.
        schedule: gives α and σ.
        times: a number of steps S, for :func:`spaced_times` or :func:`log_snr_times`; or all times,
            falling strictly, the end included: (S + 1,), or (S + 1, rows) to give each row its own.
        prediction: what the model predicts: ``"eps"``, ``"x0"``, ``"v"`` or ``"score"``; by default
            what the network says or learned, see :func:`simple_loss`, and ε if it is not known.
        variance: Σ: ``"small"``, β̃, exact for data at one point; ``"large"``, β, exact for
            standard normal data; ``"learned"``, exp(v ln β + (1 - v) ln β̃); or a function of the
            times t that returns Var[x_0 | x_t] per component, averaged over x_t, which makes the
            variance β̃ + c₀² Var[x_0 | x_t] optimal (Analytic-DPM).
        noise: the law of z; by default that which the schedule carries, see
            :meth:`Schedule.with_noise`, or white. It must be the one of training.
        model_kwargs: further keyword arguments of the model: labels, an encoded text, ….
        callback: told each :class:`WalkState`, the start included; what it returns, unless
            ``None``, the walk goes on with. A :class:`Trajectory` keeps the states.
        generator: source of randomness; ``None`` for torch's global one.

    Returns:
        x at the last time. No gradients are kept, and nothing is clipped.

    Raises:
        ValueError: times that do not fall, or a prediction that says nothing of x_0 at one of them.

    Paper:
        J. Ho, A. Jain, P. Abbeel, "Denoising diffusion probabilistic models", 2020, algorithm 2;
        F. Bao et al., "Analytic-DPM", 2022, theorem 1; A. Nichol, P. Dhariwal, "Improved denoising
        diffusion probabilistic models", 2021, equation 15.

    Example:
        >>> from simplex.diffusion import linear_schedule, spaced_times
        >>> schedule = linear_schedule(100)
        >>> times = spaced_times(schedule, 100)
        >>> ddpm(lambda x, t: torch.zeros_like(x), torch.ones(4, 2), schedule, times).shape
        torch.Size([4, 2])
    """
    model = calling("model", model, model_kwargs)
    require_walk(model, x, schedule, generator)
    law = noise_of(schedule, noise)
    target = target_of(model, prediction)
    grid = walk_times(schedule, times)
    steps = ddpm_steps(schedule, grid[:-1], grid[1:], target, variance)
    return walk(model, x, schedule, grid, steps, law, generator, callback)


def ddpm_steps(
    schedule: Schedule, t: Tensor, s: Tensor, prediction: Target, variance: Variance
) -> Steps:
    """x_s = c₀ x̂₀ + c₁ x_t + √Σ z, with x̂₀ as a linear form in x_t and the prediction."""
    (x0_x, x0_p), _ = linear_forms(prediction, *schedule.coefficients(t))
    c0, c1, small, large = step_coefficients(schedule, t, s)
    on_x, on_p = c0 * x0_x + c1, c0 * x0_p
    require_defined(f"a prediction of {prediction}", on_x, on_p)
    noisy = small > 0  # no noise in a step to the data
    if is_learned(variance):
        # Rows that have arrived get no noise; their variance only has to be a number.
        return Steps(on_x, on_p, noisy.double(), learned=(small.where(noisy, large), large))
    spread = reverse_variance(schedule, t, s, variance).sqrt()
    return Steps(on_x, on_p, spread.where(noisy, 0.0))


def ddim(
    model: Model,
    x: Tensor,
    schedule: Schedule,
    times: Grid,
    *,
    prediction: Target | None = None,
    eta: float = 0.0,
    noise: Noise | None = None,
    model_kwargs: Arguments | None = None,
    callback: Callback | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""Walk from noise to data in steps of any length.

    .. math::
        x_s = α_s \hat x_0 + \sqrt{σ_s^2 - \tilde σ^2} \, \hat ε + \tilde σ z \qquad
        \tilde σ^2 = η^2 \, \frac{σ_s^2}{σ_t^2} \left(1 - \frac{\bar α_t}{\bar α_s}\right)

    Args:
        model: gets x (rows, …) and one time per row, (rows,).
        x: (rows, …) noise to start from, x at ``times[0]``.
        schedule: gives α and σ.
        times: as in :func:`ddpm`; if η = 0 also rising: an inverted walk.
        prediction: what the model predicts: ``"eps"``, ``"x0"``, ``"v"`` or ``"score"``; by default
            what the network says or learned, see :func:`simple_loss`, and ε if it is not known.
        eta: η ≥ 0; 0 adds no noise, 1 is :func:`ddpm` with the small variance.
        noise: the law of z, as in :func:`ddpm`.
        model_kwargs: as there.
        callback: as there.
        generator: source of randomness; ``None`` for torch's global one.

    Returns:
        x at the last time.

    Raises:
        ValueError: as in :func:`ddpm`, or η > 0 that leaves no variance.

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
    model = calling("model", model, model_kwargs)
    require_walk(model, x, schedule, generator)
    law = noise_of(schedule, noise)
    eta = require_real("eta", eta, 0)
    target = target_of(model, prediction)
    counted = counted_times(schedule, times)
    grid = schedule.times(times if counted is None else counted)
    require_steps(grid)
    if eta > 0 or not (grid[1:] > grid[:-1]).all():
        grid = walk_times(schedule, grid)
    steps = ddim_steps(schedule, grid[:-1], grid[1:], target, eta)
    return walk(model, x, schedule, grid, steps, law, generator, callback)


def ddim_steps(schedule: Schedule, t: Tensor, s: Tensor, prediction: Target, eta: float) -> Steps:
    """x_s = α_s x̂₀ + √(σ_s² - σ̃²) ε̂ + σ̃ z, with x̂₀ and ε̂ linear in x_t and the prediction."""
    (x0_x, x0_p), (eps_x, eps_p) = linear_forms(prediction, *schedule.coefficients(t))
    alpha, sigma = schedule.coefficients(s)
    variance = torch.zeros_like(sigma)
    if eta > 0:
        variance = eta * eta * step_coefficients(schedule, t, s)[2]
        if (variance > sigma.square() * (1 + 1e-12)).any():
            raise ValueError(f"eta must leave η² β̃ ≤ σ_s² at every step, got {eta}.")
    direction = (sigma.square() - variance).clamp(min=0).sqrt()
    # Where s is the data the direction has no length, and ε need not be defined.
    on_x = alpha * x0_x + torch.where(direction > 0, direction * eps_x, 0.0)
    on_p = alpha * x0_p + torch.where(direction > 0, direction * eps_p, 0.0)
    require_defined(f"a prediction of {prediction}", on_x, on_p)
    return Steps(on_x, on_p, variance.sqrt() if eta > 0 else None)
