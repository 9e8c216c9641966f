"""The discrete chains that have a name: how β rises, or ᾱ falls."""

import math

import torch
from torch import Tensor

from simplex.complexes import require_real
from simplex.diffusion._checks import require_count
from simplex.diffusion._schedule import DiscreteSchedule


def linear_schedule(
    num_steps: int = 1000, beta_start: float | None = None, beta_end: float | None = None
) -> DiscreteSchedule:
    r"""β rises linearly, in steps of equal size.

    .. math::
        β_t = β_1 + \tfrac{t - 1}{T - 1} (β_T - β_1)

    Args:
        num_steps: T.
        beta_start: β_1; by default 1e-4 · 1000 / T.
        beta_end: β_T; by default 0.02 · 1000 / T, which exceeds 1 below 20 steps.

    Raises:
        ValueError: a β outside (0, 1], or T below 1.

    Paper:
        J. Ho, A. Jain, P. Abbeel, "Denoising diffusion probabilistic models", 2020, section 4.

    Example:
        >>> print(f"{linear_schedule(1000).alpha_bar(500).item():.7f}")
        0.0785872
    """
    start, end = _ends(num_steps, beta_start, beta_end)
    return DiscreteSchedule.from_betas(torch.linspace(start, end, num_steps, dtype=torch.float64))


def scaled_linear_schedule(
    num_steps: int = 1000, beta_start: float | None = None, beta_end: float | None = None
) -> DiscreteSchedule:
    r"""The square root of β rises linearly, as in latent diffusion.

    .. math::
        \sqrt{β_t} = \sqrt{β_1} + \tfrac{t - 1}{T - 1} (\sqrt{β_T} - \sqrt{β_1})

    Errors are those of :func:`linear_schedule`.

    Args:
        num_steps: T.
        beta_start: β_1; by default 1e-4 · 1000 / T.
        beta_end: β_T; by default 0.02 · 1000 / T, which exceeds 1 below 20 steps.

    Example:
        >>> [round(beta, 6) for beta in scaled_linear_schedule(3, 0.01, 0.25).betas.tolist()]
        [0.01, 0.09, 0.25]
    """
    start, end = _ends(num_steps, beta_start, beta_end)
    roots = torch.linspace(math.sqrt(start), math.sqrt(end), num_steps, dtype=torch.float64)
    return DiscreteSchedule.from_betas(roots.square())


def cosine_schedule(
    num_steps: int = 1000, offset: float = 0.008, max_beta: float = 0.999
) -> DiscreteSchedule:
    r"""ᾱ falls like a squared cosine: little noise at both ends.

    .. math::
        \bar α_t = \frac{f(t)}{f(0)} \qquad
        f(t) = \cos^2\left( \frac{t / T + s}{1 + s} \frac π 2 \right) \qquad
        β_t ≤ β_{\max}

    Args:
        num_steps: T.
        offset: s.
        max_beta: bound on β, which keeps ᾱ_T positive.

    Raises:
        ValueError: T below 1, or a bound outside (0, 1].

    Paper:
        A. Nichol, P. Dhariwal, "Improved denoising diffusion probabilistic models", 2021,
        equation 17.

    Example:
        >>> print(f"{cosine_schedule(1000).alpha_bar(500).item():.7f}")
        0.4938436
    """
    offset = require_real("offset", offset, 0)
    curve = ((_shares(num_steps) + offset) / (1 + offset) * math.pi / 2).cos().square()
    return _of_curve(curve, max_beta)


def sigmoid_schedule(
    num_steps: int = 1000,
    start: float = -3.0,
    end: float = 3.0,
    temperature: float = 1.0,
    max_beta: float = 0.999,
) -> DiscreteSchedule:
    r"""ᾱ falls like a logistic curve, rescaled to go from 1 to 0.

    .. math::
        \bar α_t = \frac{S(e) - S(a + (e - a) \, t / T)}{S(e) - S(a)} \qquad
        S(u) = \text{sigmoid}(u / τ) \qquad β_t ≤ β_{\max}

    Args:
        num_steps: T.
        start: a.
        end: e.
        temperature: τ; larger is closer to a straight line.
        max_beta: bound on β, which keeps ᾱ_T positive.

    Raises:
        ValueError: T below 1, e ≤ a, or τ ≤ 0.

    Paper:
        A. Jabri, D. Fleet, T. Chen, "Scalable adaptive computation for iterative generation", 2022.

    Example:
        >>> print(f"{sigmoid_schedule(1000).alpha_bar(500).item():.6f}")
        0.500000
    """
    start, end = require_real("start", start), require_real("end", end)
    temperature = require_real("temperature", temperature)
    if not (end > start and temperature > 0):
        raise ValueError(
            "start must be below end and temperature positive, got "
            f"{start}, {end} and {temperature}."
        )
    curve = torch.sigmoid((start + (end - start) * _shares(num_steps)) / temperature)
    return _of_curve((curve[-1] - curve) / (curve[-1] - curve[0]), max_beta)


def _shares(num_steps: int) -> Tensor:
    """(T + 1,) t / T for all times t."""
    require_count("num_steps", num_steps, 1)
    return torch.arange(num_steps + 1, dtype=torch.float64) / num_steps


def _of_curve(curve: Tensor, max_beta: float) -> DiscreteSchedule:
    """The chain with ᾱ along a curve, (T + 1,), up to its first value and the bound on β."""
    max_beta = require_real("max_beta", max_beta, 0, 1)
    betas = 1 - curve[1:] / curve[:-1]
    return DiscreteSchedule.from_betas(betas.clamp(max=max_beta))


def _ends(num_steps: int, beta_start: float | None, beta_end: float | None) -> tuple[float, float]:
    """β_1 and β_T, each in (0, 1]; the defaults keep the end of the chain the same for all T."""
    require_count("num_steps", num_steps, 1)
    start = 0.1 / num_steps if beta_start is None else require_real("beta_start", beta_start)
    end = 20 / num_steps if beta_end is None else require_real("beta_end", beta_end)
    if not (0 < start <= 1 and 0 < end <= 1):
        raise ValueError(
            f"beta_start and beta_end must be in (0, 1], got {start} and {end}. The defaults "
            "0.1 / T and 20 / T need T ≥ 20: give both, or take cosine_schedule."
        )
    return start, end
