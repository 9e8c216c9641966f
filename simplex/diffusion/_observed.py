"""Data of which some entries are known: the denoiser that knows them too."""

from collections.abc import Callable

import torch
from torch import Tensor

from simplex.complexes import require_int, require_real
from simplex.diffusion._calls import like_data
from simplex.diffusion._checks import (
    require_callable,
    require_finite_numbers,
    require_floats,
    require_schedule,
)
from simplex.diffusion._kinds import Target, carry_kind, saying, target_of
from simplex.diffusion._noise import Noise, WhiteNoise, noise_of
from simplex.diffusion._parameterization import convert_prediction
from simplex.diffusion._rows import Model, aligned
from simplex.diffusion._schedule import Schedule


def observed(
    model: Model,
    schedule: Schedule,
    values: Tensor,
    mask: Tensor,
    *,
    prediction: Target | None = None,
    std: float = 0.0,
    noise: Noise | None = None,
    num_iterations: int = 30,
) -> Model:
    r"""A model of data of which some entries y are known, from one of all data.

    .. math::
        \hat x &= E[x_0 \mid x_t] \qquad
        C = \text{Cov}[x_0 \mid x_t] = \frac{σ_t^2}{α_t} K (∂ \hat x / ∂ x_t)^\top \\
        E[x_0 \mid x_t, y] &≈ \hat x + C H^\top (H C H^\top + s^2 I)^{-1} (y - H \hat x)

    with H picking the entries that are known, s the deviation of their errors, and K the covariance
    of the noise. In every sampler it draws from the law of the data given the entries: what is
    missing is imputed, many times where many draws are asked for.

    Args:
        model: gets x (rows, …) and one time per row, (rows,); differentiable in x.
        schedule: gives α and σ; the signal must not vanish at the times in use.
        values: y, floats that broadcast to the shape of the data; what is not known does not count.
        mask: bools, where y is known; they broadcast likewise.
        prediction: what the model predicts, as in :func:`ddpm`.
        std: s ≥ 0.
        noise: the noise of the chain, as in :func:`ddpm`: white or a :class:`HodgeNoise`.
        num_iterations: most steps of conjugate gradients.

    Returns:
        A model that predicts x₀, for the samplers of a chain.

    Raises:
        TypeError: a mask that holds no bools.
        ValueError: values that are not finite where they are known, or do not fit the data.

    Laws:
        Exact for normal data and their exact denoiser: samples are normal with the conditional mean
        and covariance. For other data the law given x_t is taken to be normal.

    Cost:
        A gradient of the network for each iteration.

    Paper:
        B. Boys et al., "Tweedie moment projected diffusions for inverse problems", TMLR 2024.

    Example:
        >>> from simplex.diffusion import ddim, linear_schedule
        >>> schedule, known = linear_schedule(1000), torch.tensor([True, False])
        >>> def model(x, t):  # exact for standard normal data
        ...     return schedule.coefficients(t)[0].to(x.dtype)[:, None] * x
        >>> told = observed(model, schedule, torch.tensor([3.0, 0.0]), known, prediction="x0")
        >>> ddim(told, torch.ones(4, 2), schedule, 10)[0].round()
        tensor([3., 1.])
    """
    require_callable("model", model)
    require_schedule(schedule)
    require_floats("values", values)
    given: object = mask
    if not isinstance(given, Tensor) or given.dtype != torch.bool:
        got = given.dtype if isinstance(given, Tensor) else type(given).__name__
        raise TypeError(f"mask must be a tensor of bools, where values are known, got {got}.")
    try:
        known, mask = torch.broadcast_tensors(values, mask)  # type: ignore[no-untyped-call]
    except RuntimeError as error:
        raise ValueError(
            f"values and mask must have one shape, got {tuple(values.shape)} and "
            f"{tuple(mask.shape)}."
        ) from error
    require_finite_numbers("values where they are known", known[mask])
    require_int("num_iterations", num_iterations, 1)
    s = require_real("std", std, 0)
    law, kind = noise_of(schedule, noise), target_of(model, prediction)
    if not isinstance(law, WhiteNoise) and not callable(getattr(law, "power", None)):
        raise TypeError(
            f"noise must be white or a HodgeNoise, whose covariance can be applied, got {law!r}."
        )

    def color(x: Tensor) -> Tensor:
        power: Callable[[Tensor, float], Tensor] | None = getattr(law, "power", None)
        return x if power is None else power(x, 1.0)

    def told(x: Tensor, t: Tensor) -> Tensor:
        times = schedule.times(t)
        alpha, sigma = schedule.coefficients(times)
        scale = aligned(sigma.square() / alpha, x)
        where = _fitting("mask", mask, x)
        y = _fitting("values", known, x).to(x)
        with torch.enable_grad():
            at = x.detach().requires_grad_()
            answer = like_data("the prediction of the network", model(at, t), at)
            clean = convert_prediction(answer, at, times, schedule, kind, "x0")
            if not clean.requires_grad:
                clean = clean + 0 * at  # nothing is learned of x_0 from x_t

            def covariance(v: Tensor) -> Tensor:
                (back,) = torch.autograd.grad(clean, at, v, retain_graph=True)
                return scale * color(back)

            def system(v: Tensor) -> Tensor:
                return torch.where(where, covariance(v) + s * s * v, 0.0)

            missing = torch.where(where, y - clean.detach(), 0.0)
            weights = _solved(system, missing, num_iterations)
            return clean.detach() + covariance(weights)

    carry_kind(model, told)
    return saying(told, "x0")


def _solved(system: Callable[[Tensor], Tensor], right: Tensor, most: int) -> Tensor:
    """The solution of a positive system by conjugate gradients, from 0.

    The matrix of a learned network is neither quite symmetric nor quite positive, and in time the
    iterates leave: they stop where the residual grows, and the one with the least is the answer.
    """
    x, r = torch.zeros_like(right), right
    p, square = r, float(r.double().square().sum())
    goal = square * (100 * torch.finfo(right.dtype).eps) ** 2
    best, least = x, square
    for _ in range(most):
        if square <= goal or square == 0:
            break
        image = system(p)
        curvature = float((p.double() * image.double()).sum())
        if curvature <= 0:
            break
        step = square / curvature
        x, r = x + step * p, r - step * image
        following = float(r.double().square().sum())
        if following < least:
            best, least = x, following
        if not following <= 4 * least:
            break
        p, square = r + following / square * p, following
    return best


def _fitting(what: str, given: Tensor, x: Tensor) -> Tensor:
    try:
        return given.to(x.device).expand(x.shape)
    except RuntimeError as error:
        raise ValueError(
            f"{what} must broadcast to the shape of the data, {tuple(x.shape)}, got "
            f"{tuple(given.shape)}."
        ) from error
