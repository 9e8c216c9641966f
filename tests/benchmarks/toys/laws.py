"""The laws of the toys with their exact densities, and the distances of samples from them."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from simplex.datasets import eight_gaussians, swiss_roll, two_moons
from simplex.diffusion import GaussianMixture
from tests.benchmarks.sample_metrics import mmd2, neighbor_ratio, wasserstein


BANDWIDTH = 0.3  # of the kernel, in standard deviations of the data
ROUNDS = 100
ASSIGNED = 1000  # points of each sample for W₂


@dataclass(frozen=True)
class Toy:
    """A law to draw from, and its density.

    Args:
        draw: as in simplex.datasets.
        law: the density; an integral over a curve as a mixture of many equal Gaussians.
    """

    draw: Callable[..., Tensor]
    law: GaussianMixture


def _mixture(nodes: Tensor, noise: float) -> GaussianMixture:
    """Equal Gaussians around nodes, mapped to mean 0 and variance 1."""
    variance = nodes.var(0, correction=0) + noise**2
    covariance = torch.diag(noise**2 / variance).expand(len(nodes), 2, 2)
    return GaussianMixture((nodes - nodes.mean(0)) / variance.sqrt(), covariance)


def _middles(count: int, start: float, end: float) -> Tensor:
    return start + (torch.arange(count, dtype=torch.float64) + 0.5) * (end - start) / count


def _turned(angle: Tensor) -> Tensor:
    return torch.stack([angle.cos(), angle.sin()], dim=1)


def toys() -> dict[str, Toy]:
    """The toys of simplex.datasets, with their default noise."""
    arc = _turned(_middles(300, 0, math.pi))
    moons = torch.cat([arc, torch.tensor([1.0, 0.5], dtype=torch.float64) - arc])
    circle = _turned(torch.arange(8, dtype=torch.float64) * math.pi / 4)
    t = _middles(1000, 1.5 * math.pi, 4.5 * math.pi)
    return {
        "moons": Toy(two_moons, _mixture(moons, 0.05)),
        "gaussians": Toy(eight_gaussians, _mixture(circle, 0.1)),
        "roll": Toy(swiss_roll, _mixture(t[:, None] * _turned(t), 0.5)),
    }


def mmd2_interval(x: Tensor, y: Tensor, *, seed: int = 0) -> tuple[float, float]:
    """The 95 % interval of MMD² under resampling of both samples.

    Pairs of copies of one point are left out as the diagonal is: kept, each would add its
    k(x, x) = 1 and shift the interval upwards by about 2 / n.
    """
    generator = torch.Generator().manual_seed(seed)

    def counts(n: int) -> Tensor:
        picks = torch.randint(n, (ROUNDS, n), generator=generator)
        ones = torch.ones(ROUNDS, n, dtype=torch.float64)
        return torch.zeros(ROUNDS, n, dtype=torch.float64).scatter_add_(1, picks, ones)

    def kernel(a: Tensor, b: Tensor) -> Tensor:
        return torch.exp(-torch.cdist(a, b).square() / (2 * BANDWIDTH**2))

    def inside(c: Tensor, points: Tensor) -> Tensor:
        copies = c.square().sum(1)
        pairs = ((c @ kernel(points, points)) * c).sum(1) - copies
        return pairs / (c.sum(1).square() - copies)

    x, y = x.double(), y.double()
    a, b = counts(len(x)), counts(len(y))
    across = ((a @ kernel(x, y)) * b).sum(1) / (len(x) * len(y))
    values = inside(a, x) + inside(b, y) - 2 * across
    low, high = torch.quantile(values, torch.tensor([0.025, 0.975], dtype=torch.float64))
    return float(low), float(high)


def distances(samples: Tensor, train: Tensor, held: Tensor) -> dict[str, float]:
    """From held-out data, and from the training data."""
    low, high = mmd2_interval(samples, held)
    return {
        "w2": wasserstein(samples[:ASSIGNED], held[:ASSIGNED]),
        "mmd2": mmd2(samples, held, BANDWIDTH),
        "mmd2_low": low,
        "mmd2_high": high,
        "neighbour": neighbor_ratio(samples, train, held),
    }
