"""What a network predicts, ε, x₀, v or the score, and the linear maps between them."""

from typing import Literal

import torch
from torch import Tensor

from simplex.diffusion._rows import combine, per_row, require_same_shape
from simplex.diffusion._schedule import Schedule, Times


Target = Literal["eps", "x0", "v", "score"]
TARGETS: tuple[Target, ...] = ("eps", "x0", "v", "score")


def convert(
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
        >>> v = convert(eps, x, 500, linear_schedule(), "eps", "v")
        >>> convert(v, x, 500, linear_schedule(), "v", "eps").abs().max().item() < 1e-6
        True
    """
    require_same_shape("prediction", prediction, x)
    alpha, sigma = schedule.coefficients(t)
    if target not in TARGETS:
        raise ValueError(f"target must be one of {', '.join(TARGETS)}, got {target!r}.")
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
    require_finite(f"{target} from {source}", on_x, on_p)
    return combine((per_row(on_x, x), x), (per_row(on_p, x), prediction))


Form = tuple[Tensor, Tensor]  # the coefficients of x_t and of the prediction


def linear_forms(source: Target, alpha: Tensor, sigma: Tensor) -> tuple[Form, Form]:
    """x₀ and ε as linear forms in x_t and the prediction; infinite where they are undefined."""
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
        case _:
            raise ValueError(f"prediction must be one of {', '.join(TARGETS)}, got {source!r}.")


def require_finite(what: str, *coefficients: Tensor) -> None:
    """Refuse a linear form that divides by a vanishing α or σ."""
    if not all(bool(c.isfinite().all()) for c in coefficients):
        raise ValueError(
            f"{what} must be defined at every time, got one where α = 0 or σ = 0. "
            "Predict 'v', which is defined at both ends, or leave that time out."
        )
