"""The local problem of a simplicial layer: joint over its operators, blind to labels and signs."""

from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor

from optim import Exact, Iterate, Majorise
from optim.curvature import gram
from optim.inner import SGD
from optim.problem import LocalProblem
from optim.transfers import IDENTITY, TRANSFERS, Transfer
from simplex import SimplicialComplex
from simplex.operators import down_laplacian, up_laplacian
from simplex.testing import random_complex
from tests.optim.problems import SEEDS, same


CHANNELS, OUTPUTS = 3, 2
NUMBERS = {"gamma": 0.5, "prox": 0.05}
seeds = pytest.mark.parametrize("seed", SEEDS)


@dataclass(frozen=True)
class Flow:
    """Edge flows X with targets, the layer Y = f(X W₀ + L↓ X W₁ + L↑ X W₂), a squared loss."""

    complex: SimplicialComplex
    cochains: Tensor
    target: Tensor
    weights: Tensor

    @property
    def design(self) -> Tensor:
        X = self.cochains
        down, up = (
            operator(self.complex, 1).to(X.dtype) for operator in (down_laplacian, up_laplacian)
        )
        return torch.cat([X, down @ X, up @ X], 1)

    def problem(self, transfer: Transfer) -> LocalProblem:
        """Z, A₀ and G, the gradient of the loss by autograd."""
        weights = self.weights.clone().requires_grad_()
        loss = (transfer.f(self.design @ weights) - self.target).square().mean()
        (gradient,) = torch.autograd.grad(loss, weights)
        return LocalProblem(self.design, self.design @ self.weights, gradient, transfer, **NUMBERS)

    def steps(self, transfer: Transfer) -> list[Tensor]:
        """One step of every solver."""
        problem = self.problem(transfer)
        free = replace(problem, prox=0.0)
        return [
            Exact().solve(replace(problem, transfer=IDENTITY)),
            Majorise(4).solve(problem),
            Iterate(SGD(), 0.01, steps=5, floor=1.0).solve(free),
        ]


def random_flow(seed: int) -> Flow:
    K = random_complex(seed, num_vertices=12, num_simplices=14)
    generator = torch.Generator().manual_seed(seed)

    def normal(*size: int) -> Tensor:
        return torch.randn(*size, generator=generator, dtype=torch.float64)

    edges = K.num_simplices(1)
    return Flow(K, normal(edges, CHANNELS), normal(edges, OUTPUTS), normal(3 * CHANNELS, OUTPUTS))


def reoriented(flow: Flow, seed: int) -> Flow:
    """The same flows in another orientation of every simplex."""
    generator = torch.Generator().manual_seed(seed)
    signs = [
        1 - 2 * torch.randint(0, 2, (flow.complex.num_simplices(k),), generator=generator)
        for k in range(flow.complex.dim + 1)
    ]
    signs[0] = torch.ones_like(signs[0])
    flip = signs[1].to(flow.cochains)[:, None]
    K = flow.complex.reorient(signs)
    return Flow(K, flip * flow.cochains, flip * flow.target, flow.weights)


@seeds
def test_odd_transfers_make_steps_blind_to_orientation(seed: int) -> None:
    flow = random_flow(seed)
    other = reoriented(flow, seed + 100)
    assert not torch.equal(flow.cochains, other.cochains)
    for name in ("identity", "tanh", "softsign", "atan"):
        steps = (each.steps(TRANSFERS[name]) for each in (flow, other))
        for here, there in zip(*steps, strict=True):
            same(here, there, name)


def test_sigmoid_steps_depend_on_orientation() -> None:
    """f(−a) is not −f(a): already the gradient differs."""
    flow = random_flow(0)
    steps = (each.steps(TRANSFERS["sigmoid"]) for each in (flow, reoriented(flow, 100)))
    for here, there in zip(*steps, strict=True):
        assert float((here - there).abs().max()) > 1e-3


@seeds
def test_steps_are_blind_to_labels(seed: int) -> None:
    """Another numbering of the cells reorders the rows of Z and A₀, and moves nothing."""
    flow = random_flow(seed)
    for name in ("tanh", "sigmoid", "relu"):
        problem = flow.problem(TRANSFERS[name])
        order = torch.randperm(len(flow.design), generator=torch.Generator().manual_seed(seed))
        other = replace(problem, design=problem.design[order], pre=problem.start[order])
        same(Majorise(5).solve(problem), Majorise(5).solve(other), name)


@seeds
def test_joint_problem_beats_one_problem_per_operator(seed: int) -> None:
    """Solving each operator's block by itself forgets that their outputs are added."""
    problem = random_flow(seed).problem(IDENTITY)
    parts = [
        replace(problem, design=problem.design[:, block], gradient=problem.gradient[block])
        for block in torch.arange(3 * CHANNELS).split(CHANNELS)
    ]
    alone = torch.cat([Exact().solve(part) for part in parts])
    values = [float(problem.objective(D)) for D in (Exact().solve(problem), alone)]
    assert values[0] < min(0.0, values[1]) - 1e-6


@seeds
def test_lower_and_upper_blocks_do_not_couple(seed: int) -> None:
    """∂∂ = 0: (L↓X)ᵀ L↑X = 0, while the identity couples with both."""
    flow = random_flow(seed)
    one, down, up = (slice(i * CHANNELS, (i + 1) * CHANNELS) for i in range(3))
    C = gram(flow.design)
    same(C[down, up], torch.zeros_like(C[down, up]))
    assert float(C[one, down].abs().max()) > 0.1


@seeds
def test_gradient_of_a_bias_before_aggregation(seed: int) -> None:
    """y = L(XW + 1bᵀ): the bias column of Z is L1, and Zᵀg is the stacked gradient."""
    flow = random_flow(seed)
    L, X = up_laplacian(flow.complex, 1).to(torch.float64), flow.cochains
    weight = flow.weights[:CHANNELS].clone().requires_grad_()
    bias = torch.zeros(OUTPUTS, dtype=torch.float64, requires_grad=True)
    pre = L @ (X @ weight + bias)
    loss = (torch.tanh(pre) - flow.target).square().mean()
    g, *stacked = torch.autograd.grad(loss, [pre, weight, bias])
    Z = torch.cat([L @ X, L @ torch.ones(len(X), 1, dtype=X.dtype)], 1)
    same(Z.mT @ g, torch.cat([stacked[0], stacked[1][None]]))
