"""Flows as differential equations: integrators, and the exact likelihood they give."""

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

import torch
from torch import Tensor

from simplex.complexes import require_int, require_memory
from simplex.diffusion._calls import Arguments, answer_of, calling
from simplex.diffusion._checks import (
    require_callable,
    require_floats,
    require_generator,
    require_numbers,
    require_schedule,
    require_several,
    require_steps,
)
from simplex.diffusion._continuous import ContinuousSchedule
from simplex.diffusion._grids import unit_times
from simplex.diffusion._kinds import VELOCITY, Target, require_kind, saying, target_of
from simplex.diffusion._parameterization import convert_prediction
from simplex.diffusion._rows import (
    Model,
    combine,
    inputs_at,
    per_row,
    row_size,
    row_sum,
    rows_of_times,
    unrolled,
)
from simplex.diffusion._trajectory import Callback, require_callback, told
from simplex.diffusion._walk import Grid, checked


Probes = Callable[[], Iterable[Tensor]]  # (rows, components) each


def euler_flow(
    velocity: Model,
    x: Tensor,
    times: Grid,
    *,
    model_kwargs: Arguments | None = None,
    callback: Callback | None = None,
) -> Tensor:
    r"""Follow a velocity with Euler's method.

    .. math::
        x_{i+1} = x_i + (t_{i+1} - t_i) \, u(x_i, t_i)

    Args:
        velocity: u(x, t); it gets one time per row of x, (rows,).
        x: the state at ``times[0]``: noise, for a flow-matching model.
        times: a number of steps from 0 (noise) to 1 (data), of equal length; or strictly monotone
            times, (S + 1,) or (S + 1, rows), rising to sample a flow-matching model, falling to
            invert it.
        model_kwargs: further keyword arguments of the velocity.
        callback: as in :func:`ddpm`.

    Returns:
        The state at the last time.

    Example:
        >>> euler_flow(lambda x, t: x, torch.ones(1, 1), [0.0, 0.5, 1.0]).item()
        2.25
    """
    velocity = calling("velocity", velocity, model_kwargs)
    _require_flow(velocity, x)
    require_callback(callback)
    grid = _monotone(unit_times(times))
    h, inputs = unrolled(grid.diff(dim=0), x), inputs_at(grid, x)
    with torch.no_grad():
        x = told(callback, 0, inputs[0], x)
        for i, t in enumerate(inputs[:-1]):
            x = combine((1.0, x), (h[i], checked(velocity(x, t), x, t, i)))
            x = told(callback, i + 1, inputs[i + 1], x)
    return x


def heun_flow(
    velocity: Model,
    x: Tensor,
    times: Grid,
    *,
    model_kwargs: Arguments | None = None,
    callback: Callback | None = None,
) -> Tensor:
    r"""Follow a velocity with Heun's method, of order 2, in two evaluations a step.

    .. math::
        x' &= x_i + h \, u(x_i, t_i) \\
        x_{i+1} &= x_i + \tfrac h 2 \left( u(x_i, t_i) + u(x', t_{i+1}) \right)

    Args:
        velocity: u(x, t), of the shape of x (rows, …), with one time per row, (rows,).
        x: the state at ``times[0]``, (rows, …): noise, for a flow-matching model.
        times: a number of steps, or the times; see :func:`euler_flow`.
        model_kwargs: as there.
        callback: as there.

    Returns:
        The state at the last time.

    Example:
        >>> heun_flow(lambda x, t: x, torch.ones(1, 1), [0.0, 1.0]).item()
        2.5
    """
    velocity = calling("velocity", velocity, model_kwargs)
    _require_flow(velocity, x)
    require_callback(callback)
    grid = _monotone(unit_times(times))
    h, half = unrolled(grid.diff(dim=0), x), unrolled(grid.diff(dim=0) / 2, x)
    inputs = inputs_at(grid, x)
    with torch.no_grad():
        x = told(callback, 0, inputs[0], x)
        for i, t in enumerate(inputs[:-1]):
            here = checked(velocity(x, t), x, t, i)
            ahead = combine((1.0, x), (h[i], here))
            there = checked(velocity(ahead, inputs[i + 1]), x, inputs[i + 1], i)
            x = combine((1.0, x), (half[i], here), (half[i], there))
            x = told(callback, i + 1, inputs[i + 1], x)
    return x


def probability_flow(
    model: Model, schedule: ContinuousSchedule, prediction: Target | None = None
) -> Model:
    r"""The velocity of the equation whose solutions have the marginals of the chain.

    .. math::
        \frac{dx}{dt} = -\tfrac 1 2 β(t) (x + ∇ \log q_t(x))
        = -\tfrac 1 2 λ'(t) \, α_t σ_t \, v

    with λ the log-SNR and v the prediction of v, which is finite at both ends.

    Args:
        model: gets x (rows, …) and one time per row, (rows,).
        schedule: continuous; it gives λ and its derivative.
        prediction: what the model predicts: ``"eps"``, ``"x0"``, ``"v"`` or ``"score"``; by default
            as in :func:`ddim`.

    Returns:
        u(x, t), for :func:`heun_flow` from time 1 to 0, or :func:`log_likelihood` from 0 to 1. Stay
        away from a time 0 where the log-SNR is infinite: end at 1e-5, say.

    Paper:
        Y. Song et al., "Score-based generative modeling through stochastic differential
        equations", 2021, equation 13.

    Example:
        >>> from simplex.diffusion import linear_log_snr_schedule
        >>> flow = probability_flow(lambda x, t: 0 * x, linear_log_snr_schedule(), "v")
        >>> flow(torch.ones(2, 3), torch.full((2,), 0.5)).abs().max().item()
        0.0
    """
    require_callable("model", model)
    require_schedule(schedule)
    target = target_of(model, prediction)

    def velocity(x: Tensor, t: Tensor) -> Tensor:
        alpha, sigma = schedule.coefficients(t)
        v = convert_prediction(answer_of(model(x, t)), x, t, schedule, target, "v")
        return v * per_row(-schedule.log_snr_rate(t) * alpha * sigma / 2, x)

    return saying(velocity, VELOCITY)


def normal_log_prob(x: Tensor, std: float = 1.0) -> Tensor:
    """The log-density of N(0, std² I) at each row."""
    constant = math.log(2 * math.pi * std**2)
    return -row_sum((x / std).square() + constant) / 2


def log_likelihood(
    velocity: Model,
    x: Tensor,
    times: Grid,
    *,
    log_prior: Callable[[Tensor], Tensor] = normal_log_prob,
    num_probes: int | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""The log-density of data under a flow, by the change of variables along it.

    .. math::
        \log p(x_0) = \log p_{prior}(x_S) + ∫ \text{div} \, u(x(t), t) \, dt

    integrated with the classical Runge-Kutta method, of order 4, from data to noise.

    Args:
        velocity: u(x, t), differentiable in x, that treats the rows of x independently; see
            :func:`probability_flow` and :func:`flow_of_levels`, or a flow-matching model.
        x: (rows, …) data, the state at ``times[0]``.
        times: strictly monotone, from data to noise: from 1 down to 0 for a flow-matching model,
            from 1e-5 to 1 for :func:`probability_flow`, levels upwards for
            :func:`flow_of_levels`. Half steps are evaluated too.
        log_prior: log-density of the noise at the last time, per row; by default that of N(0, I).
        num_probes: None for the exact divergence, one backward pass per component of a row; a
            number for Hutchinson's estimate with that many random signs, which is unbiased. The
            same signs serve the whole path.
        generator: source of the probes.

    Returns:
        (rows,) natural logarithms of densities.

    Paper:
        Y. Song et al., 2021, as for :func:`probability_flow`, equation 39.

    Example:
        >>> log_likelihood(lambda x, t: 0 * x, torch.zeros(2, 1), [0.0, 1.0]).tolist()
        [-0.918..., -0.918...]
    """
    _require_flow(velocity, x)
    require_callable("log_prior", log_prior)
    require_generator(generator)
    grid = _monotone(times)
    x = x.detach()
    probes, count = _probes(x, num_probes, generator)
    total = torch.zeros(x.shape[:1], dtype=x.dtype, device=x.device)
    for i, (start, end) in enumerate(pairwise(grid.unbind())):
        middle, step = (start + end) / 2, end - start
        h, half, sixth = (per_row(step * share, x) for share in (1.0, 0.5, 1 / 6))
        k1, d1 = _with_divergence(velocity, x, start, probes, count, i)
        k2, d2 = _with_divergence(velocity, combine((1.0, x), (half, k1)), middle, probes, count, i)
        k3, d3 = _with_divergence(velocity, combine((1.0, x), (half, k2)), middle, probes, count, i)
        k4, d4 = _with_divergence(velocity, combine((1.0, x), (h, k3)), end, probes, count, i)
        x = combine((1.0, x), (sixth, k1 + 2 * (k2 + k3) + k4))
        total = combine((1.0, total), (per_row(step / 6, total), d1 + 2 * (d2 + d3) + d4))
    return log_prior(x) + total


def _probes(x: Tensor, count: int | None, generator: torch.Generator | None) -> tuple[Probes, int]:
    """Vectors v, one per row in each, and N: Σ v vᵀ / N is 1, exactly or in expectation."""
    if count is None:
        return lambda: _components(x), 1
    require_int("num_probes", count, 1)
    size = 8 * count * x.numel()
    require_memory(size, x.device, f"{count} probes", "Lower num_probes, or take fewer rows.")
    draws = torch.randint(2, (count, *x.shape), generator=generator, device=x.device)
    signs = (2 * draws - 1).to(x.dtype).reshape(count, len(x), row_size(x))
    return lambda: signs, count


def _components(x: Tensor) -> Iterator[Tensor]:
    """The unit vectors, the same for every row: one at a time, as all of them would be a square."""
    for component in range(row_size(x)):
        unit = x.new_zeros(len(x), row_size(x))
        unit[:, component] = 1
        yield unit


def _with_divergence(
    velocity: Model, x: Tensor, t: Tensor, probes: Probes, count: int, step: int
) -> tuple[Tensor, Tensor]:
    """u(x, t), and its divergence per row: the trace of the Jacobian, exact or estimated."""
    time = rows_of_times(t.to(x.device, x.dtype), x)
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        u = checked(velocity(x, time), x, time, step)
        flat = u.reshape(len(x), row_size(x))  # (rows, components)
        divergence = torch.zeros(len(x), dtype=x.dtype, device=x.device)
        if flat.requires_grad:  # a constant velocity has divergence 0
            for probe in probes():
                (product,) = torch.autograd.grad(flat, x, probe, retain_graph=True)
                divergence += row_sum(product.reshape(flat.shape) * probe)
    return u.detach(), divergence / count


def _require_flow(velocity: Model, x: Tensor) -> None:
    require_callable("velocity", velocity)
    require_kind(velocity, VELOCITY)
    require_floats("x", x)


def _monotone(times: object) -> Tensor:
    require_several(times)
    grid = require_numbers("times", times, torch.float64)
    require_steps(grid)
    steps = grid.diff(dim=0)
    if not ((steps > 0).all() or (steps < 0).all()):
        raise ValueError(f"times must rise or fall strictly, got {grid.tolist()}.")
    return grid
