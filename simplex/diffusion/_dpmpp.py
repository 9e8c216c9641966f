"""DPM-Solver++: second-order steps that remember one prediction, without and with noise."""

import torch
from torch import Tensor

from simplex.diffusion._gaussian import WHITE, Noise
from simplex.diffusion._parameterisation import Target, linear_forms, require_finite
from simplex.diffusion._schedule import Schedule
from simplex.diffusion._walk import (
    Coefficient,
    Grid,
    Model,
    combine,
    evaluate,
    model_inputs,
    unrolled,
    vanishes,
    walk_times,
)


def dpmpp_2m(
    model: Model,
    x: Tensor,
    schedule: Schedule,
    times: Grid,
    *,
    prediction: Target = "eps",
) -> Tensor:
    r"""Walk from noise to data with the multistep solver DPM-Solver++(2M).

    .. math::
        x_s = \frac{σ_s}{σ_t} x_t - α_s (e^{-h} - 1) D \qquad
        D = m_0 + \frac{m_0 - m_1}{2 r} \qquad
        h = λ_s - λ_t, \; r = h_{prev} / h, \; λ = \ln(α / σ)

    with m₀ and m₁ the predictions of x₀ at this step and the one before.

    Args:
        model: any callable; it gets x and one time per row of x, (rows,).
        x: noise to start from, x at ``times[0]``.
        schedule: gives α and σ; its signal must not vanish at ``times[0]``.
        times: falling strictly, the end included: (S + 1,), or (S + 1, rows) to give each row its
            own times.
        prediction: what the model predicts: ``"eps"``, ``"x0"``, ``"v"`` or ``"score"``.

    Returns:
        x at the last time. No gradients are kept, and nothing is clipped.

    Raises:
        ValueError: times outside the schedule or not falling, a prediction of another shape, or
            one that is NaN (with the step).

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
    grid = walk_times(schedule, times)
    on_x, on_m0, on_m1 = multistep_coefficients(schedule, grid, noisy=False)
    return _walk(model, x, schedule, grid, prediction, on_x, on_m0, on_m1, None, WHITE, None)


def dpmpp_sde_2m(
    model: Model,
    x: Tensor,
    schedule: Schedule,
    times: Grid,
    *,
    prediction: Target = "eps",
    noise: Noise = WHITE,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""Walk from noise to data with the multistep solver SDE-DPM-Solver++(2M).

    .. math::
        x_s = \frac{σ_s}{σ_t} e^{-h} x_t + α_s (1 - e^{-2h}) D + σ_s \sqrt{1 - e^{-2h}} \, z

    with h and D as in :func:`dpmpp_2m`.

    Args:
        model: any callable; it gets x and one time per row of x, (rows,).
        x: noise to start from, x at ``times[0]``.
        schedule: gives α and σ.
        times: falling strictly, the end included: (S + 1,), or (S + 1, rows) to give each row its
            own times.
        prediction: what the model predicts: ``"eps"``, ``"x0"``, ``"v"`` or ``"score"``.
        noise: the law of z: that of the chain, if it was trained with another one than white.
        generator: source of randomness; ``None`` for torch's global one.

    Returns:
        x at the last time. No gradients are kept, and nothing is clipped.

    Raises:
        ValueError: as in :func:`dpmpp_2m`.

    Laws:
        With D = m₀ everywhere it is :func:`ddpm` with the small variance.

    Paper:
        C. Lu et al., "DPM-Solver++", 2022, appendix A, equation 20.

    Example:
        >>> from simplex.diffusion import linear_schedule, spaced_times
        >>> schedule = linear_schedule(1000)
        >>> times = spaced_times(schedule, 10)
        >>> dpmpp_sde_2m(lambda x, t: x, torch.ones(4, 2), schedule, times, prediction="x0").shape
        torch.Size([4, 2])
    """
    grid = walk_times(schedule, times)
    on_x, on_m0, on_m1 = multistep_coefficients(schedule, grid, noisy=True)
    _, sigma = schedule.coefficients(grid[1:])
    spread = sigma * (1 - decay(schedule, grid).square()).clamp(min=0).sqrt()
    return _walk(model, x, schedule, grid, prediction, on_x, on_m0, on_m1, spread, noise, generator)


def decay(schedule: Schedule, grid: Tensor) -> Tensor:
    """e^{-h} of every step, 0 in a step to the data: (σ_s / α_s) / (σ_t / α_t)."""
    alpha, sigma = schedule.coefficients(grid)
    return (sigma[1:] * alpha[:-1]) / (alpha[1:] * sigma[:-1])


def multistep_coefficients(
    schedule: Schedule, grid: Tensor, *, noisy: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """x_s = a x_t + b m₀ + c m₁ (+ noise): the coefficients of every step, shaped as the steps."""
    alpha, sigma = schedule.coefficients(grid)
    shrink = decay(schedule, grid)
    keep = shrink.square() if noisy else shrink
    weight = alpha[1:] * (1 - keep)
    h = -shrink.log()
    memory = torch.zeros_like(h)  # 1 / 2r; 0 in the first step and where h is infinite
    memory[1:] = torch.where(h[1:].isfinite(), h[1:] / (2 * h[:-1]), 0.0)
    on_x = sigma[1:] / sigma[:-1] * (shrink if noisy else 1)
    return on_x, weight * (1 + memory), -weight * memory


def _walk(
    model: Model,
    x: Tensor,
    schedule: Schedule,
    grid: Tensor,
    prediction: Target,
    on_x: Tensor,
    on_m0: Tensor,
    on_m1: Tensor,
    spread: Tensor | None,
    noise: Noise,
    generator: torch.Generator | None,
) -> Tensor:
    (x0_x, x0_p), _ = linear_forms(prediction, *schedule.coefficients(grid[:-1]))
    require_finite(f"a prediction of {prediction}", x0_x, x0_p)
    none: list[Coefficient] = [0.0] * len(on_x)
    steps = zip(
        model_inputs(schedule, grid[:-1], x),
        unrolled(x0_x, x),
        unrolled(x0_p, x),
        unrolled(on_x, x),
        unrolled(on_m0, x),
        unrolled(on_m1, x),
        none if spread is None else unrolled(spread, x),
        strict=True,
    )
    previous = None
    with torch.no_grad():
        for i, (t, p, q, a, b, c, d) in enumerate(steps):
            output = evaluate(model, x, t, i)
            current = output if prediction == "x0" else combine((p, x), (q, output))
            terms = [(a, x), (b, current)]
            if previous is not None and not vanishes(c):
                terms.append((c, previous))
            if not vanishes(d):
                terms.append((d, noise.sample(x, generator)))
            x, previous = combine(*terms), current
    return x
