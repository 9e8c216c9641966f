"""What a network predicts, ε, x₀, v or the score, and the linear maps between them."""

import torch
from torch import Tensor

from simplex.complexes import require_word
from simplex.diffusion._calls import answer_of, like_data
from simplex.diffusion._checks import (
    require_callable,
    require_defined,
    require_floats,
    require_same_shape,
    require_schedule,
)
from simplex.diffusion._kinds import (
    DENOISED,
    TARGETS,
    VELOCITY,
    Target,
    require_kind,
    saying,
    target_of,
)
from simplex.diffusion._rows import Model, aligned, combine, per_row
from simplex.diffusion._schedule import Schedule, Times


def convert_prediction(
    prediction: Tensor, x: Tensor, t: Times, schedule: Schedule, source: Target, target: Target
) -> Tensor:
    r"""Turn a prediction of one kind into another.

    .. math::
        x_t = α_t x_0 + σ_t ε \qquad v = α_t ε - σ_t x_0 \qquad
        \text{score} = -ε / σ_t

    hence x₀ = α_t x_t - σ_t v and ε = α_t v + σ_t x_t. With coloured noise N(0, K) the score is
    K ∇ log q(x_t), which is what -ε / σ_t estimates.

    Args:
        prediction: of the shape of ``x``.
        x: the noisy data x_t.
        t: one time, or times aligned with the leading dimensions of ``x``.
        schedule: gives α_t and σ_t.
        source: what ``prediction`` is: ``"eps"``, ``"x0"``, ``"v"`` or ``"score"``.
        target: what is wanted.

    Raises:
        ValueError: an unknown kind, shapes that differ, or a conversion that divides by zero: ε
            and score say nothing of x₀ where α_t = 0; x₀ says nothing of ε where σ_t = 0.

    Laws:
        Converting there and back is the identity wherever 0 < α_t < 1.

    Paper:
        T. Salimans, J. Ho, "Progressive distillation for fast sampling of diffusion models", 2022,
        appendix D.

    Example:
        >>> from simplex.diffusion import linear_schedule
        >>> x, eps = torch.ones(2, 3), torch.zeros(2, 3)
        >>> v = convert_prediction(eps, x, 500, linear_schedule(), "eps", "v")
        >>> convert_prediction(v, x, 500, linear_schedule(), "v", "eps").abs().max().item() < 1e-6
        True
    """
    require_floats("x", x)
    require_same_shape("prediction", prediction, x)
    require_schedule(schedule)
    alpha, sigma = schedule.coefficients(t)
    require_word("prediction", source, TARGETS)
    require_word("target", target, TARGETS)
    if source == target:
        return prediction
    (x0_x, x0_p), (eps_x, eps_p) = linear_forms(source, alpha, sigma)
    match target:
        case "x0":
            on_x, on_p = x0_x, x0_p
        case "eps":
            on_x, on_p = eps_x, eps_p
        case "v":
            on_x, on_p = alpha * eps_x - sigma * x0_x, alpha * eps_p - sigma * x0_p
        case "score":
            on_x, on_p = -eps_x / sigma, -eps_p / sigma
    require_defined(f"{target} from {source}", on_x, on_p)
    return combine((per_row(on_x, x), x), (per_row(on_p, x), prediction))


Form = tuple[Tensor, Tensor]  # the coefficients of x_t and of the prediction


def linear_forms(source: Target, alpha: Tensor, sigma: Tensor) -> tuple[Form, Form]:
    """x₀ and ε as linear forms in x_t and the prediction; infinite where they are undefined."""
    require_word("prediction", source, TARGETS)
    zero, one = torch.zeros_like(alpha), torch.ones_like(alpha)
    match source:
        case "eps":
            return (1 / alpha, -sigma / alpha), (zero, one)
        case "x0":
            return (zero, one), (1 / sigma, -alpha / sigma)
        case "v":
            return (alpha, -sigma), (sigma, alpha)
        case "score":
            return (1 / alpha, sigma.square() / alpha), (zero, -sigma)


def noise_levels(schedule: Schedule, t: Times) -> Tensor:
    r"""The noise levels of a chain, in the scale where the data keep theirs.

    .. math::
        x_t / α_t = x_0 + \frac{σ_t}{α_t} ε

    Args:
        schedule: gives α and σ.
        t: times, of any shape.

    Returns:
        σ_t / α_t, float64, of the shape of the times: what :func:`heun_edm` walks down.

    Example:
        >>> from simplex.diffusion import linear_schedule
        >>> noise_levels(linear_schedule(1000), [1000, 0]).tolist()
        [157.4..., 0.0]
    """
    require_schedule(schedule)
    alpha, sigma = schedule.coefficients(t)
    return sigma / alpha


def denoiser_from_chain(
    model: Model, schedule: Schedule, prediction: Target | None = None
) -> Model:
    r"""D(y, σ) from a network of a chain.

    .. math::
        D(y; σ) = \hat x_0(α_t \, y, t) \qquad \text{where } σ_t / α_t = σ

    Args:
        model: gets x (rows, …) and one time per row, (rows,).
        schedule: of a discrete chain the nearest time is taken; :func:`noise_levels` are exact.
        prediction: what the model predicts: ``"eps"``, ``"x0"``, ``"v"`` or ``"score"``; by default
            as in :func:`ddim`.

    Returns:
        A denoiser, for :func:`heun_edm`, :func:`flow_from_denoiser` and :func:`flow_of_levels`.

    Example:
        >>> from simplex.diffusion import linear_schedule
        >>> D = denoiser_from_chain(lambda x, t: x, linear_schedule(1000), "x0")
        >>> D(torch.ones(2, 3), torch.tensor([0.01, 157.0]))[:, 0]
        tensor([0.9999, 0.0064])
    """
    require_callable("model", model)
    require_schedule(schedule)
    kind = target_of(model, prediction)

    def denoise(y: Tensor, sigma: Tensor) -> Tensor:
        t = schedule.time_at(-2 * sigma.double().log())
        x = y * aligned(schedule.coefficients(t)[0], y)
        times = schedule.model_times(t, x)
        return convert_prediction(answer_of(model(x, times)), x, t, schedule, kind, "x0")

    return saying(denoise, DENOISED)


def chain_from_denoiser(denoise: Model, schedule: Schedule) -> Model:
    r"""A network of a chain that predicts x₀, from D(y, σ).

    .. math::
        \hat x_0(x, t) = D(x / α_t; σ_t / α_t)

    Args:
        denoise: D(y, σ), of the shape of y (rows, …), with one σ per row, (rows,).
        schedule: gives α and σ; the signal must not vanish at the times in use.

    Returns:
        A model for ``prediction="x0"``.

    Example:
        >>> from simplex.diffusion import linear_schedule
        >>> model = chain_from_denoiser(lambda y, sigma: 0 * y, linear_schedule(1000))
        >>> model(torch.ones(2, 3), torch.tensor([5, 10])).abs().max().item()
        0.0
    """
    require_callable("denoise", denoise)
    require_kind(denoise, DENOISED)
    require_schedule(schedule)

    def model(x: Tensor, t: Tensor) -> Tensor:
        alpha, sigma = schedule.coefficients(t)
        answer = denoise(x / aligned(alpha, x), (sigma / alpha).to(x.device, x.dtype))
        return like_data("the denoised data", answer, x)

    return saying(model, "x0")


def denoiser_from_flow(velocity: Model) -> Model:
    r"""D(y, σ) from the velocity of a flow along the straight path.

    .. math::
        D(y; σ) = x + (1 - t) \, u(x, t) \qquad t = \frac{1}{1 + σ}, \; x = t \, y

    Args:
        velocity: u(x, t) with time 0 for noise and 1 for data; one time per row of x, (rows,).

    Returns:
        A denoiser, for :func:`heun_edm` and :func:`chain_from_denoiser`.

    Example:
        >>> D = denoiser_from_flow(lambda x, t: 0 * x)
        >>> D(torch.ones(1, 1), torch.tensor([1.0])).item()
        0.5
    """
    require_callable("velocity", velocity)
    require_kind(velocity, VELOCITY)

    def denoise(y: Tensor, sigma: Tensor) -> Tensor:
        t = 1 / (1 + sigma)
        x = y * aligned(t, y)
        u = like_data("the velocity", velocity(x, t), x)
        return x + u * aligned(1 - t, y)

    return saying(denoise, DENOISED)


def flow_from_denoiser(denoise: Model) -> Model:
    r"""The velocity of the flow along the straight path, from D(y, σ).

    .. math::
        u(x, t) = \frac{D(x / t; (1 - t) / t) - x}{1 - t} \qquad 0 < t < 1

    Args:
        denoise: D(y, σ), of the shape of y (rows, …), with one σ per row, (rows,).

    Returns:
        A velocity for :func:`euler_flow` and :func:`heun_flow`, inside the open interval: at time 0
        the level is infinite, at time 1 nothing is left to denoise.

    Example:
        >>> u = flow_from_denoiser(lambda y, sigma: 0 * y)
        >>> u(torch.ones(1, 1), torch.tensor([0.5])).item()
        -2.0
    """
    require_callable("denoise", denoise)
    require_kind(denoise, DENOISED)

    def velocity(x: Tensor, t: Tensor) -> Tensor:
        time = aligned(t, x)
        clean = like_data("the denoised data", denoise(x / time, (1 - t) / t), x)
        return (clean - x) / (1 - time)

    return saying(velocity, VELOCITY)


def flow_of_levels(denoise: Model) -> Model:
    r"""The velocity over noise levels, from D(y, σ): the equation that EDM integrates.

    .. math::
        \frac{dy}{dσ} = \frac{y - D(y; σ)}{σ}

    Args:
        denoise: D(y, σ), of the shape of y (rows, …), with one σ per row, (rows,).

    Returns:
        A velocity whose time is σ, for :func:`log_likelihood` with levels that rise.

    Example:
        >>> u = flow_of_levels(lambda y, sigma: 0 * y)
        >>> u(torch.ones(1, 1), torch.tensor([2.0])).item()
        0.5
    """
    require_callable("denoise", denoise)
    require_kind(denoise, DENOISED)

    def velocity(y: Tensor, sigma: Tensor) -> Tensor:
        clean = like_data("the denoised data", denoise(y, sigma), y)
        return (y - clean) / aligned(sigma, y)

    return saying(velocity, VELOCITY)
