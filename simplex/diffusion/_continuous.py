"""Schedules in continuous time, given by the logarithm of the signal-to-noise ratio."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from simplex.complexes import require_real
from simplex.diffusion._checks import (
    require_callable,
    require_count,
    require_numbers,
    require_same_shape,
    require_times_within,
)
from simplex.diffusion._schedule import DiscreteSchedule, Schedule, Times


@dataclass(frozen=True, eq=False)
class ContinuousSchedule(Schedule):
    r"""A chain in continuous time t ∈ [0, 1], given by its log-SNR λ.

    .. math::
        α_t^2 = \text{sigmoid}(λ(t)) \qquad σ_t^2 = \text{sigmoid}(-λ(t))

    Args:
        log_snr_function: λ, a decreasing differentiable function of float64 tensors; it may be
            +∞ at 0 and -∞ at 1.
        time_function: its inverse, t(λ); where it is not given, :meth:`time_at` bisects.

    Raises:
        ValueError: a function that rises somewhere on a grid of 257 times, or is NaN there.

    Paper:
        D. Kingma et al., "Variational diffusion models", 2021, section 3.1.

    Example:
        >>> schedule = ContinuousSchedule(lambda t: 10 - 20 * t)
        >>> schedule.log_snr([0.25, 0.5]).tolist()
        [5.0, 0.0]
    """

    log_snr_function: Callable[[Tensor], Tensor]
    time_function: Callable[[Tensor], Tensor] | None = None

    def __post_init__(self) -> None:
        require_callable("log_snr_function", self.log_snr_function)
        if self.time_function is not None:
            require_callable("time_function", self.time_function)
        grid = torch.linspace(0, 1, 257, dtype=torch.float64)
        value = self.log_snr_function(grid)
        require_same_shape("what log_snr_function returns", value, grid)
        rising = ~(value[1:] < value[:-1])
        if rising.any():
            i = int(rising.nonzero()[0])
            raise ValueError(
                f"log_snr_function must fall on [0, 1], got {value[i].item()} at "
                f"{grid[i].item()} and {value[i + 1].item()} at {grid[i + 1].item()}."
            )

    @property
    def end(self) -> float:
        """1, the last time."""
        return 1.0

    def times(self, t: Times) -> Tensor:
        """The times as float64, checked to lie in [0, 1]."""
        times = require_numbers("times", t, torch.float64)
        require_times_within(times, 0.0, 1.0, " Time 0 is the data, 1 is the end of the chain.")
        return times

    def model_times(self, t: Tensor, like: Tensor) -> Tensor:
        """The times in the dtype and on the device of ``like``."""
        return t.to(like.device, like.dtype)

    def coefficients(self, t: Times) -> tuple[Tensor, Tensor]:
        """(α_t, σ_t), float64, each of the shape of ``t``."""
        log_snr = self.log_snr(t)
        return log_snr.sigmoid().sqrt(), (-log_snr).sigmoid().sqrt()

    def log_snr(self, t: Times) -> Tensor:
        """λ(t), float64, of the shape of ``t``."""
        return self.log_snr_function(self.times(t))

    def log_snr_rate(self, t: Times) -> Tensor:
        """dλ/dt, by differentiating the function."""
        with torch.enable_grad():
            times = self.times(t).detach().requires_grad_()
            (rate,) = torch.autograd.grad(self.log_snr_function(times).sum(), times)
        return rate

    def time_at(self, log_snr: Tensor | float) -> Tensor:
        """The time with the given log-SNR; 0 or 1 if outside."""
        wanted = require_numbers("log_snr", log_snr, torch.float64)
        if self.time_function is not None:
            return self.time_function(wanted).clamp(0, 1)
        low, high = torch.zeros_like(wanted), torch.ones_like(wanted)
        for _ in range(54):
            middle = (low + high) / 2
            too_clean = self.log_snr_function(middle) > wanted
            low = torch.where(too_clean, middle, low)
            high = torch.where(too_clean, high, middle)
        return (low + high) / 2

    def discrete(self, num_steps: int) -> DiscreteSchedule:
        """The chain at the times 0, 1/T, …, 1, with time 0 taken as the data.

        Example:
            >>> vp_sde_schedule().discrete(1000).num_steps
            1000
        """
        require_count("num_steps", num_steps, 1)
        grid = torch.arange(1, num_steps + 1, dtype=torch.float64) / num_steps
        return DiscreteSchedule(
            torch.cat([torch.ones(1, dtype=torch.float64), self.alpha_bar(grid)])
        )


def linear_log_snr_schedule(maximum: float = 10.0, minimum: float = -10.0) -> ContinuousSchedule:
    r"""The log-SNR falls linearly.

    .. math::
        λ(t) = λ_{\max} + t \, (λ_{\min} - λ_{\max})

    Args:
        maximum: λ at time 0.
        minimum: λ at time 1.

    Example:
        >>> linear_log_snr_schedule(8.0, -8.0).log_snr(0.25).item()
        4.0
    """
    _require_range(maximum, minimum)
    return ContinuousSchedule(
        lambda t: maximum + t * (minimum - maximum),
        lambda log_snr: (maximum - log_snr) / (maximum - minimum),
    )


def cosine_log_snr_schedule(maximum: float = 20.0, minimum: float = -20.0) -> ContinuousSchedule:
    r"""The cosine schedule, cut to a range of log-SNR.

    .. math::
        λ(t) = -2 \ln \tan(a + t \, (b - a)) \qquad
        a = \arctan e^{-λ_{\max} / 2}, \; b = \arctan e^{-λ_{\min} / 2}

    Args:
        maximum: λ at time 0.
        minimum: λ at time 1.

    Paper:
        J. Ho, T. Salimans, "Classifier-free diffusion guidance", 2022, section 2.

    Example:
        >>> abs(cosine_log_snr_schedule().log_snr(0.5).item()) < 1e-12
        True
    """
    _require_range(maximum, minimum)
    start, end = math.atan(math.exp(-maximum / 2)), math.atan(math.exp(-minimum / 2))
    return ContinuousSchedule(
        lambda t: -2 * (start + t * (end - start)).tan().log(),
        lambda log_snr: ((-log_snr / 2).exp().atan() - start) / (end - start),
    )


def _require_range(maximum: object, minimum: object) -> None:
    require_real("maximum", maximum, -700, 700)
    require_real("minimum", minimum, -700, 700)


def vp_sde_schedule(beta_min: float = 0.1, beta_max: float = 20.0) -> ContinuousSchedule:
    r"""The limit of the linear schedule for many steps.

    .. math::
        dx = -\tfrac 1 2 β(t) \, x \, dt + \sqrt{β(t)} \, dW \qquad
        \bar α_t = e^{-B(t)}, \; B(t) = β_{\min} t + \tfrac 1 2 (β_{\max} - β_{\min}) t^2

    Args:
        beta_min: β(0) > 0.
        beta_max: β(1) > 0.

    Raises:
        ValueError: a β that is not positive.

    Paper:
        Y. Song et al., 2021, as for :func:`probability_flow`, equation 33.

    Example:
        >>> print(f"{vp_sde_schedule().alpha_bar(1.0).item():.4e}")
        4.3186e-05
    """
    beta_min, beta_max = require_real("beta_min", beta_min), require_real("beta_max", beta_max)
    if not (beta_min > 0 and beta_max > 0):
        raise ValueError(f"beta_min and beta_max must be positive, got {beta_min}, {beta_max}.")

    def log_snr(t: Tensor) -> Tensor:
        return -torch.expm1(beta_min * t + (beta_max - beta_min) / 2 * t.square()).log()

    def time(log_snr: Tensor) -> Tensor:
        total = torch.nn.functional.softplus(-log_snr)  # B, the root of a quadratic in t
        return 2 * total / (beta_min + (beta_min**2 + 2 * (beta_max - beta_min) * total).sqrt())

    return ContinuousSchedule(log_snr, time)
