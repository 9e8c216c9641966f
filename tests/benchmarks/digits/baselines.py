"""Densities fitted to digits without a network: Gaussian, PCA and a mixture, kernels at the data.

All are densities of images to whose grey levels uniform noise was added (bins of width 1, pixels
0…17), so minus their log-density in bits bounds the bits of the grey levels from above.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn.mixture import GaussianMixture
from torch import Tensor


LEVELS = 17
Sampler = Callable[[int, torch.Generator], Tensor]
Density = Callable[[Tensor], Tensor]
Fitted = tuple[Sampler, Density]


def dequantized(x: Tensor, generator: torch.Generator) -> Tensor:
    """Images of [-1, 1] as (rows, 64) numbers in [0, 17], float64, noise inside each bin."""
    levels = ((x + 1) * 8).round().flatten(1).double()
    return levels + torch.rand(levels.shape, generator=generator, dtype=torch.float64)


def images_of(levels: Tensor) -> Tensor:
    """(rows, 64) numbers of [0, 17], back to images of the 17 levels in [-1, 1]."""
    return (levels.floor().clamp(0, LEVELS - 1) / 8 - 1).float().view(-1, 1, 8, 8)


def quantised(x: Tensor) -> Tensor:
    """Images rounded to the 17 levels of the data."""
    return ((x + 1) * 8).round().clamp(0, LEVELS - 1) / 8 - 1


def mixture(y: Tensor, *, directions: int, components: int, seed: int = 0) -> Fitted:
    """Full covariances in the first principal directions, one variance in all others.

    Samples have no noise in the other directions: they look better so.
    """
    mean = y.mean(0)
    values, vectors = torch.linalg.eigh(torch.cov(y.T))
    vectors, rest = vectors.flip(1), values.flip(0)[directions:]
    spread = float(rest.mean()) if len(rest) else 1.0
    inside, outside = vectors[:, :directions], vectors[:, directions:]
    model = GaussianMixture(components, reg_covar=0.05, random_state=seed, max_iter=60)
    model.fit(((y - mean) @ inside).numpy())
    factors = torch.from_numpy(np.linalg.cholesky(model.covariances_))

    def sample(count: int, generator: torch.Generator) -> Tensor:
        weights = torch.from_numpy(model.weights_)
        chosen = torch.multinomial(weights, count, replacement=True, generator=generator)
        z = torch.randn(count, directions, generator=generator, dtype=torch.float64)
        codes = torch.from_numpy(model.means_)[chosen] + (factors[chosen] @ z[..., None])[..., 0]
        return images_of(codes @ inside.T + mean)

    def log_density(points: Tensor) -> Tensor:
        centered = points - mean
        codes = torch.from_numpy(model.score_samples((centered @ inside).numpy()))
        left = (centered @ outside).square() / spread + math.log(2 * math.pi * spread)
        return codes - left.sum(1) / 2

    return sample, log_density


def kernels(y: Tensor, *, bandwidth: float) -> Fitted:
    """A round Gaussian at every image of the training set."""

    def sample(count: int, generator: torch.Generator) -> Tensor:
        chosen = torch.randint(len(y), (count,), generator=generator)
        z = torch.randn(count, y.shape[1], generator=generator, dtype=torch.float64)
        return images_of(y[chosen] + bandwidth * z)

    def log_density(points: Tensor) -> Tensor:
        exponents = -torch.cdist(points, y).square() / (2 * bandwidth**2)
        constant = y.shape[1] * math.log(2 * math.pi * bandwidth**2) / 2 + math.log(len(y))
        return exponents.logsumexp(1) - constant

    return sample, log_density


def histograms(y: Tensor, *, components: int, rounds: int = 50) -> Density:
    """A mixture whose pixels are independent histograms over the 17 levels, by EM.

    The histograms of all images together, as strong as 17 images, are the prior of each.
    """
    seen = _level_table(y)
    prior = seen.mean(0).view(-1, LEVELS) * 0.9 + 0.1 / LEVELS
    centres = seen[torch.randperm(len(y), generator=torch.Generator().manual_seed(0))[:components]]
    share = (seen @ centres.T / 2).softmax(1)
    for _ in range(rounds):
        weights = share.mean(0)
        counts = (share.T @ seen).view(components, -1, LEVELS) + LEVELS * prior
        table = (counts / counts.sum(-1, keepdim=True)).log().flatten(1)
        share = (weights.log() + seen @ table.T).softmax(1)

    def log_density(points: Tensor) -> Tensor:
        return (weights.log() + _level_table(points) @ table.T).logsumexp(1)

    return log_density


def _level_table(y: Tensor) -> Tensor:
    levels = y.floor().long()
    return torch.nn.functional.one_hot(levels, LEVELS).double().flatten(1)


Setting = dict[str, float]
MIXTURES: list[Setting] = [
    {"directions": d, "components": k} for d in (16, 24, 32, 48) for k in (1, 5, 10, 20, 40)
]
CLASS_MIXTURES: list[Setting] = [
    {"directions": d, "components": k} for d in (12, 20, 28, 40) for k in (1, 2, 4)
]
BANDWIDTHS: list[Setting] = [{"bandwidth": h} for h in (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0)]
HISTOGRAMS: list[Setting] = [{"components": k} for k in (1, 5, 10, 20, 40, 80)]


def chosen(
    fit: Callable[..., Any], y: Tensor, grid: list[Setting], score: Callable[[Any, Tensor], float]
) -> Setting:
    """The setting with the highest score on the last quarter of the training images."""
    rest, held_out = y.tensor_split([3 * len(y) // 4])
    return max(grid, key=lambda setting: score(fit(rest, **setting), held_out))


def likelihood(fitted: Fitted, y: Tensor) -> float:
    """The mean log-density: what a density is chosen by."""
    return float(fitted[1](y).mean())


def bits(density: Density, y: Tensor) -> float:
    """Mean bits per pixel: bins have width 1."""
    return float(-density(y).mean()) / (y.shape[1] * math.log(2))
