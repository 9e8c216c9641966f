"""Random local problems, with their output gradients, for the laws of the solvers."""

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from optim import TRANSFERS, Transfer


MATCHING = list(TRANSFERS.values())
BOUNDED_SLOPE = [each for each in MATCHING if each.lipschitz < float("inf")]
every_transfer = pytest.mark.parametrize("transfer", MATCHING, ids=lambda each: each.name)
every_bounded_transfer = pytest.mark.parametrize(
    "transfer", BOUNDED_SLOPE, ids=lambda each: each.name
)
seeds = pytest.mark.parametrize("seed", [0, 1])


@dataclass(frozen=True)
class Problem:
    """Inputs Z (R, n) with a bias column, weights W₀ (n, d), output gradients g (R, d)."""

    design: Tensor
    weights: Tensor
    grad_output: Tensor

    @property
    def rows(self) -> int:
        return self.design.shape[-2]

    @property
    def pre(self) -> Tensor:
        return self.design @ self.weights

    @property
    def gradient(self) -> Tensor:
        return self.design.mT @ self.grad_output

    def paper_gradient(self, displacement: Tensor, transfer: Transfer, step: float) -> Tensor:
        """Zᵀ(f(ZW) − Y*) with explicit targets, summed over rows."""
        target = transfer.f(self.pre) - step * self.grad_output
        post = transfer.f(self.design @ (self.weights + displacement))
        return self.design.mT @ (post - target)


def random_problem(
    seed: int,
    *problems: int,
    rows: int = 12,
    inputs: int = 5,
    outputs: int = 3,
    dtype: torch.dtype = torch.float64,
) -> Problem:
    generator = torch.Generator().manual_seed(seed)

    def normal(*size: int) -> Tensor:
        return torch.randn(*problems, *size, generator=generator, dtype=dtype)

    design = torch.cat([normal(rows, inputs - 1), torch.ones(*problems, rows, 1, dtype=dtype)], -1)
    return Problem(design, normal(inputs, outputs), normal(rows, outputs) / rows)
