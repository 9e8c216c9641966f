"""DPM-Solver++: second-order steps that remember one prediction, without and with noise."""

import torch
from torch import Tensor

from simplex.diffusion._calls import Arguments, calling
from simplex.diffusion._checks import require_defined, require_walk
from simplex.diffusion._gaussian import Noise, noise_of
from simplex.diffusion._kinds import Target, target_of
from simplex.diffusion._parameterization import linear_forms
from simplex.diffusion._rows import Model
from simplex.diffusion._schedule import Schedule
from simplex.diffusion._trajectory import Callback
from simplex.diffusion._walk import Grid, Steps, walk, walk_times


def dpmpp_2m(
    model: Model,
    x: Tensor,
    schedule: Schedule,
    times: Grid,
    *,
    prediction: Target | None = None,
    model_kwargs: Arguments | None = None,
    callback: Callback | None = None,
) -> Tensor:
    r"""Walk from noise to data with the multistep solver DPM-Solver++(2M).

    .. math::
        x_s = \frac{σ_s}{σ_t} x_t - α_s (e^{-h} - 1) D \qquad
        D = m_0 + \frac{m_0 - m_1}{2 r} \qquad
        h = λ_s - λ_t, \; r = h_{prev} / h, \; λ = \ln(α / σ)

    with m₀ and m₁ the predictions of x₀ at this step and the one before.

    Args:
        model: gets x (rows, …) and one time per row, (rows,).
        x: (rows, …) noise to start from, x at ``times[0]``.
        schedule: gives α and σ; the signal must not vanish at ``times[0]``.
        times: a number of steps, or the times, as in :func:`ddpm`.
        prediction: what the model predicts: ``"eps"``, ``"x0"``, ``"v"`` or ``"score"``; by default
            what the network says or learned, see :func:`simple_loss`, and ε if it is not known.
        model_kwargs: as in :func:`ddpm`.
        callback: as there.

    Returns:
        x at the last time.

    Raises:
        ValueError: as in :func:`ddpm`.

    Laws:
        Of order 2 in the step in λ. With one step it is :func:`ddim`.

    Departures from the paper: (1) D = m₀ in the first step, and in a step to the data (σ_s = 0, h
    infinite); nothing else lowers the order.

    Paper:
        C. Lu et al., "DPM-Solver++", 2022, algorithm 2.

    Example:
        >>> from simplex.diffusion import linear_schedule, spaced_times
        >>> schedule = linear_schedule(1000)
        >>> times = spaced_times(schedule, 10)
        >>> dpmpp_2m(lambda x, t: x / 2, torch.ones(4, 2), schedule, times, prediction="x0").shape
        torch.Size([4, 2])
    """
    model = calling("model", model, model_kwargs)
    require_walk(model, x, schedule, None)
    grid = walk_times(schedule, times)
    steps = multistep(schedule, grid, target_of(model, prediction), noisy=False)
    return walk(model, x, schedule, grid, steps, noise_of(schedule, None), None, callback)


def dpmpp_2m_sde(
    model: Model,
    x: Tensor,
    schedule: Schedule,
    times: Grid,
    *,
    prediction: Target | None = None,
    noise: Noise | None = None,
    model_kwargs: Arguments | None = None,
    callback: Callback | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""Walk from noise to data with the multistep solver SDE-DPM-Solver++(2M).

    .. math::
        x_s = \frac{σ_s}{σ_t} e^{-h} x_t + α_s (1 - e^{-2h}) D + σ_s \sqrt{1 - e^{-2h}} \, z

    with h and D as in :func:`dpmpp_2m`.

    Args:
        model: gets x (rows, …) and one time per row, (rows,).
        x: (rows, …) noise to start from, x at ``times[0]``.
        schedule: gives α and σ; the signal must not vanish at ``times[0]``.
        times: a number of steps, or the times, as in :func:`ddpm`.
        prediction: what the model predicts: ``"eps"``, ``"x0"``, ``"v"`` or ``"score"``; by default
            what the network says or learned, see :func:`simple_loss`, and ε if it is not known.
        noise: the law of z, as in :func:`ddpm`.
        model_kwargs: as there.
        callback: as there.
        generator: source of randomness; ``None`` for torch's global one.

    Returns:
        x at the last time.

    Laws:
        With D = m₀ everywhere it is :func:`ddpm` with the small variance.

    Paper:
        C. Lu et al., "DPM-Solver++", 2022, appendix A, equation 20.

    Example:
        >>> from simplex.diffusion import linear_schedule, spaced_times
        >>> schedule = linear_schedule(1000)
        >>> times = spaced_times(schedule, 10)
        >>> dpmpp_2m_sde(lambda x, t: x, torch.ones(4, 2), schedule, times, prediction="x0").shape
        torch.Size([4, 2])
    """
    model = calling("model", model, model_kwargs)
    require_walk(model, x, schedule, generator)
    law = noise_of(schedule, noise)
    grid = walk_times(schedule, times)
    steps = multistep(schedule, grid, target_of(model, prediction), noisy=True)
    return walk(model, x, schedule, grid, steps, law, generator, callback)


def multistep(schedule: Schedule, grid: Tensor, prediction: Target, *, noisy: bool) -> Steps:
    """x_s = (σ_s / σ_t) q x_t + α_s (1 - p) (m₀ + (m₀ - m₁) / 2r) + σ_s √(1 - p) z.

    Without noise p = e^{-h} and q = 1; with noise p = e^{-2h} and q = e^{-h}.
    """
    alpha, sigma = schedule.coefficients(grid)
    clean, _ = linear_forms(prediction, alpha[:-1], sigma[:-1])
    require_defined(f"a prediction of {prediction}", *clean)
    decay = (sigma[1:] * alpha[:-1]) / (alpha[1:] * sigma[:-1])  # e^{-h}, 0 in a step to the data
    h = -decay.log()
    p, q = (decay.square(), decay) if noisy else (decay, torch.ones_like(decay))
    half = torch.zeros_like(h)  # 1 / 2r; 0 in the first step and where h is infinite
    half[1:] = torch.where(h[1:].isfinite(), h[1:] / (2 * h[:-1]), 0.0)
    weight = alpha[1:] * (1 - p)
    return Steps(
        on_x=sigma[1:] / sigma[:-1] * q,
        on_m=weight * (1 + half),
        on_last=-weight * half,
        spread=sigma[1:] * (1 - p).clamp(min=0).sqrt() if noisy else None,
        clean=None if prediction == "x0" else clean,
    )
