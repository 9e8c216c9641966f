"""Laws on the plane that a Gaussian cannot fit, of mean 0 and variance 1 per coordinate."""

import math

import torch
from torch import Tensor

from simplex.complexes import require_generator, require_int, require_memory
from simplex.datasets._checks import require_floating, require_noise


def two_moons(
    n: int,
    *,
    noise: float = 0.05,
    generator: torch.Generator | None = None,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    r"""Two half circles, each around an end of the other, blurred.

    .. math::
        (\cos θ, \sin θ) \text{ or } (1 - \cos θ, \tfrac 1 2 - \sin θ), \quad θ ∼ U(0, π),
        \quad \text{plus } N(0, s^2 I)

    then shifted and scaled, per coordinate, to mean 0 and variance 1: of the law, not of the draw.

    Args:
        n: number of points.
        noise: s, in units of the radius of the circles.
        generator: source of randomness, on the CPU; ``None`` for torch's global one.
        dtype: of the result.

    Returns:
        (n, 2).

    Raises:
        ValueError: n or the noise below 0.

    Example:
        >>> two_moons(100, generator=torch.Generator().manual_seed(0)).shape
        torch.Size([100, 2])
    """
    noise = _require(n, noise, generator, dtype)
    angle = torch.rand(n, dtype=torch.float64, generator=generator) * math.pi
    arc = torch.stack([angle.cos(), angle.sin()], dim=1)
    other = torch.tensor([1.0, 0.5], dtype=torch.float64) - arc
    coins = torch.randint(2, (n, 1), generator=generator).bool()
    points = torch.where(coins, arc, other)
    # Means of the arcs are ±(1/2, 2/π - 1/4) from the middle.
    variance = (1 / 2 + 1 / 4, 1 / 2 - 4 / math.pi**2 + (2 / math.pi - 1 / 4) ** 2)
    return _standardized(points, noise, (1 / 2, 1 / 4), variance, generator, dtype)


def eight_gaussians(
    n: int,
    *,
    noise: float = 0.1,
    generator: torch.Generator | None = None,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    r"""Eight equal Gaussians with means on a circle, 45° apart.

    .. math::
        r \left( (\cos \tfrac{k π}{4}, \sin \tfrac{k π}{4}) + s \, ε \right), \qquad
        r = (\tfrac 1 2 + s^2)^{-1/2}

    with k uniform in 0…7; r makes the variance 1. Result and errors as for :func:`two_moons`.

    Args:
        n: number of points.
        noise: s, in units of the radius.
        generator: source of randomness, on the CPU; ``None`` for torch's global one.
        dtype: of the result.

    Example:
        >>> points = eight_gaussians(100, noise=0.0, generator=torch.Generator().manual_seed(0))
        >>> len(points.round(decimals=3).unique(dim=0))
        8
    """
    noise = _require(n, noise, generator, dtype)
    angle = torch.randint(8, (n,), generator=generator).double() * (math.pi / 4)
    centers = torch.stack([angle.cos(), angle.sin()], dim=1)
    return _standardized(centers, noise, (0.0, 0.0), (1 / 2, 1 / 2), generator, dtype)


def swiss_roll(
    n: int,
    *,
    noise: float = 0.5,
    generator: torch.Generator | None = None,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    r"""A spiral of one and a half turns, blurred.

    .. math::
        (t \cos t, t \sin t), \quad t ∼ U(\tfrac 3 2 π, \tfrac 9 2 π), \quad
        \text{plus } N(0, s^2 I)

    then shifted and scaled, per coordinate, to mean 0 and variance 1: of the law, not of the draw.
    Result and errors as for :func:`two_moons`.

    Args:
        n: number of points.
        noise: s; neighbouring turns are 2π apart.
        generator: source of randomness, on the CPU; ``None`` for torch's global one.
        dtype: of the result.

    Example:
        >>> swiss_roll(100, generator=torch.Generator().manual_seed(0)).shape
        torch.Size([100, 2])
    """
    noise = _require(n, noise, generator, dtype)
    start, end = 1.5 * math.pi, 4.5 * math.pi
    t = start + (end - start) * torch.rand(n, dtype=torch.float64, generator=generator)
    points = t[:, None] * torch.stack([t.cos(), t.sin()], dim=1)
    mean = (2.0, 2 / (3 * math.pi))  # ∫ t cos t and ∫ t sin t over 3π
    square = (start**2 + start * end + end**2) / 6  # half of E t²
    variance = (square - 1 / 4 - mean[0] ** 2, square + 1 / 4 - mean[1] ** 2)
    return _standardized(points, noise, mean, variance, generator, dtype)


def checkerboard(
    n: int, *, generator: torch.Generator | None = None, dtype: torch.dtype = torch.float32
) -> Tensor:
    r"""The uniform law on the dark squares of a board of 4 × 4.

    .. math::
        ⌊x⌋ + ⌊y⌋ \text{ even}, \qquad (x, y) ∈ [-2, 2]^2

    times √3/2, which makes the variance 1; the entropy is ln 6. Result as for :func:`two_moons`.

    Args:
        n: number of points; none of them is blurred.
        generator: source of randomness, on the CPU; ``None`` for torch's global one.
        dtype: of the result.

    Example:
        >>> points = checkerboard(100, generator=torch.Generator().manual_seed(0)) / 0.75**0.5
        >>> bool((points.floor().sum(1) % 2 == 0).all())
        True
    """
    _require(n, 0.0, generator, dtype)
    x = torch.rand(n, dtype=torch.float64, generator=generator) * 4 - 2
    square = torch.randint(2, (n,), generator=generator) * 2 - 2 + x.floor() % 2
    y = square + torch.rand(n, dtype=torch.float64, generator=generator)
    points = torch.stack([x, y], dim=1)
    return _standardized(points, 0.0, (0.0, 0.0), (4 / 3, 4 / 3), generator, dtype)


def _require(n: int, noise: float, generator: torch.Generator | None, dtype: torch.dtype) -> float:
    require_int("n", n, least=0)
    require_generator(generator)
    require_floating(dtype)
    require_memory(n * 2 * 8 * 6, torch.device("cpu"), f"the {n} points", "Draw fewer at once.")
    return require_noise("noise", noise)


def _standardized(
    points: Tensor,
    noise: float,
    mean: tuple[float, float],
    variance: tuple[float, float],
    generator: torch.Generator | None,
    dtype: torch.dtype,
) -> Tensor:
    """Blur float64 points and map them by the moments of their law to mean 0 and variance 1."""
    blurred = points + noise * torch.randn(points.shape, dtype=points.dtype, generator=generator)
    scale = (points.new_tensor(variance) + noise**2).sqrt()
    return ((blurred - points.new_tensor(mean)) / scale).to(dtype)
