"""The Gaussian chain: forward sampling, the posterior of a step, and the variances in use."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from simplex.diffusion._checks import (
    require_floats,
    require_like_times,
    require_numbers,
    require_same_shape,
    require_schedule,
)
from simplex.diffusion._noise import (
    WHITE as WHITE,
    Noise as Noise,
    WhiteNoise as WhiteNoise,
    noise_of as noise_of,
)
from simplex.diffusion._rows import combine, per_row
from simplex.diffusion._schedule import Schedule, Times


Variance = Literal["small", "large", "learned"] | Callable[[Tensor], Tensor]


def q_sample(x0: Tensor, t: Times, schedule: Schedule, eps: Tensor) -> Tensor:
    r"""Noise the data: a draw of q(x_t | x_0), given the noise.

    .. math::
        x_t = α_t \, x_0 + σ_t \, ε

    Args:
        x0: data of any shape.
        t: one time, or times aligned with the leading dimensions of the data.
        schedule: gives α_t and σ_t.
        eps: noise of the shape of the data, for example ``WhiteNoise().sample(x0)``.

    Returns:
        x_t, of the shape of the data.

    Paper:
        J. Ho, A. Jain, P. Abbeel, "Denoising diffusion probabilistic models", 2020, equation 4.

    Example:
        >>> from simplex.diffusion import linear_schedule
        >>> q_sample(torch.ones(2, 3), [0, 1000], linear_schedule(), torch.zeros(2, 3))[:, 0]
        tensor([1.0000, 0.0064])
    """
    require_floats("x0", x0)
    require_same_shape("eps", eps, x0)
    require_schedule(schedule)
    alpha, sigma = schedule.coefficients(t)
    return combine((per_row(alpha, x0), x0), (per_row(sigma, x0), eps))


def posterior(
    x0: Tensor, x: Tensor, t: Times, s: Times, schedule: Schedule
) -> tuple[Tensor, Tensor]:
    r"""The law of x_s given x_t and x_0, for any s < t.

    .. math::
        q(x_s \mid x_t, x_0) &= N(c_0 x_0 + c_1 x_t, \tilde β I) \qquad
        β = 1 - \bar α_t / \bar α_s \\
        c_0 &= \frac{α_s β}{σ_t^2} \qquad c_1 = \frac{α_t}{α_s} \frac{σ_s^2}{σ_t^2} \qquad
        \tilde β = \frac{σ_s^2}{σ_t^2} β

    Args:
        x0: the data.
        x: x_t, of the same shape.
        t: the later time, or times aligned with the leading dimensions.
        s: the earlier time or times.
        schedule: gives α and σ.

    Returns:
        The mean, of the shape of the data, and the variance, float64, of the shape of the times.

    Laws:
        It is the normalised product of q(x_t | x_s) and q(x_s | x_0).

    Paper:
        J. Ho, A. Jain, P. Abbeel, "Denoising diffusion probabilistic models", 2020, equations 6-7,
        which have s = t - 1.

    Example:
        >>> from simplex.diffusion import linear_schedule
        >>> mean, variance = posterior(torch.ones(2), torch.zeros(2), 1, 0, linear_schedule())
        >>> mean.tolist(), variance.item()
        ([1.0, 1.0], 0.0)
    """
    require_floats("x0", x0)
    require_same_shape("x", x, x0)
    require_schedule(schedule)
    c0, c1, small, _ = step_coefficients(schedule, t, s)
    return combine((per_row(c0, x), x0), (per_row(c1, x), x)), small


def step_coefficients(
    schedule: Schedule, t: Times, s: Times
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """(c₀, c₁, β̃, β) of the step from t down to s, float64, of the shape of the times."""
    alpha_t, sigma_t = schedule.coefficients(t)
    alpha_s, sigma_s = schedule.coefficients(s)
    require_like_times(sigma_t, sigma_s)
    if not (sigma_t > sigma_s).all():
        raise ValueError("s must be before t: a step goes from more noise to less.")
    ratio, share = alpha_t / alpha_s, (sigma_s / sigma_t).square()
    # 1 - ᾱ_t/ᾱ_s, in a form that keeps its digits where both ᾱ are close to 1.
    beta = (sigma_t.square() - sigma_s.square()) / alpha_s.square()
    return alpha_s * beta / sigma_t.square(), ratio * share, share * beta, beta


def is_learned(variance: object) -> bool:
    """Whether the network says the variance; what is neither a word nor a function is refused."""
    if not callable(variance) and not isinstance(variance, str):
        raise TypeError(
            "variance must be 'small', 'large', 'learned' or a function of the times, got "
            f"{type(variance).__name__}."
        )
    return variance == "learned"


def reverse_variance(schedule: Schedule, t: Times, s: Times, variance: Variance) -> Tensor:
    """The variance of p(x_s | x_t), float64, of the shape of the times, where no network says it.

    β̃, β, or the optimum β̃ + c₀² Var[x_0 | x_t] of Analytic-DPM; see :func:`ddpm`.
    """
    c0, _, small, large = step_coefficients(schedule, t, s)
    if callable(variance):
        data = require_numbers("variance", variance(schedule.times(t)), torch.float64)
        return small + c0.square() * data
    if not isinstance(variance, str) or variance not in ("small", "large"):
        raise ValueError(
            f"variance must be 'small', 'large' or a function of the times here, got {variance!r}."
        )
    return small if variance == "small" else large


def learned_variance(v: Tensor, small: Tensor, large: Tensor) -> Tensor:
    """exp(v ln β + (1 - v) ln β̃): between two variances by v, of the shape of the data."""
    if not (small > 0).all():
        raise ValueError(
            "small must be positive, got 0: the last step has no posterior variance. "
            "Take that of the step before."
        )
    low, high = per_row(small.log(), v), per_row(large.log(), v)
    return (low + v * (high - low)).exp()
