"""Random local problems, with their output gradients, for the laws of the solvers."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from optim.problem import LocalProblem
from optim.transfers import IDENTITY, TRANSFERS, Transfer


MATCHING = list(TRANSFERS.values())
BOUNDED_SLOPE = [each for each in MATCHING if each.lipschitz < float("inf")]
SEEDS = (0, 1)


def same(actual: Any, expected: Any, case: object = "", *, tight: float = 1e-10) -> None:
    """Equal to the tolerance, relative and absolute; a message names the case."""
    torch.testing.assert_close(
        actual, expected, rtol=tight, atol=tight, msg=lambda text: f"{case}: {text}"
    )


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

    def local(self, transfer: Transfer = IDENTITY, **numbers: Any) -> LocalProblem:
        """The problem as the package poses it, with γ = 0.7 and λ = 0.05 unless given."""
        numbers = {"gamma": 0.7, "prox": 0.05, **numbers}
        return LocalProblem(self.design, self.pre, self.gradient, transfer, **numbers)

    def paper_gradient(self, displacement: Tensor, transfer: Transfer, gamma: float) -> Tensor:
        """Zᵀ(f(ZW) − Y*) with explicit targets, summed over rows."""
        target = transfer.f(self.pre) - gamma * self.grad_output
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
