"""Gaussian data, for which everything is known: the exact network, and noise to trace variances."""

from collections.abc import Callable

import torch
from torch import Tensor

from simplex.diffusion import HodgeNoise, Schedule


def exact_network(
    schedule: Schedule, variance: float | Tensor, target: str = "eps"
) -> Callable[[Tensor, Tensor], Tensor]:
    """The network that minimises every loss for independent data N(0, variance)."""

    def model(x: Tensor, t: Tensor) -> Tensor:
        alpha, sigma = (c.reshape(-1, *[1] * (x.dim() - 1)) for c in schedule.coefficients(t))
        total = alpha**2 * variance + sigma**2
        factor = {
            "eps": sigma / total,
            "x0": alpha * variance / total,
            "v": alpha * sigma * (1 - variance) / total,
            "score": -1 / total,
        }[target]
        return (factor * x.double()).to(x.dtype)

    return model


def posterior_variance(schedule: Schedule, variance: float) -> Callable[[Tensor], Tensor]:
    """Var[x_0 | x_t] of data N(0, variance), as a function of t."""

    def of(t: Tensor) -> Tensor:
        alpha, sigma = schedule.coefficients(t)
        return variance * sigma**2 / (alpha**2 * variance + sigma**2)

    return of


def normal_log_density(x: Tensor, std: float = 1.0) -> Tensor:
    """The log-density of N(0, std²) at each row of independent numbers."""
    return torch.distributions.Normal(x.new_zeros(()), std).log_prob(x).flatten(1).sum(1)


class OfRows:
    """A noise of cochains, on rows of samples (rows, n_k) of one channel."""

    def __init__(self, noise: HodgeNoise) -> None:
        self.noise = noise

    def sample(self, like: Tensor, generator: torch.Generator | None = None) -> Tensor:
        return self.noise.sample(like[..., None], generator=generator)[..., 0]

    def color(self, x: Tensor) -> Tensor:
        return self.noise.color(x[..., None])[..., 0]

    def whiten(self, x: Tensor) -> Tensor:
        return self.noise.whiten(x[..., None])[..., 0]


class Impulses:
    """In row j the j-th draw is 1 and all others 0: outputs of a linear walk add up in squares."""

    def __init__(self) -> None:
        self.draws = 0

    def sample(self, like: Tensor, generator: torch.Generator | None = None) -> Tensor:
        self.draws += 1
        noise = torch.zeros_like(like)
        noise[self.draws] = 1
        return noise

    def whiten(self, x: Tensor) -> Tensor:
        return x


def output_variance(walk: Callable[[Tensor, Impulses], Tensor], draws: int) -> float:
    """The exact variance of what a linear sampler returns when started from N(0, 1)."""
    start = torch.zeros(draws + 1, 1, dtype=torch.float64)
    start[0] = 1
    return walk(start, Impulses()).square().sum().item()
