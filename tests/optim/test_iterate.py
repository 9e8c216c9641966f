"""The inner iterations: the paper's loop, back-propagation, spectral filters, step sizes."""

from collections.abc import Sequence
from itertools import pairwise, product

import pytest
import torch
from torch import Tensor

from optim import Iterate, LocoProp
from optim.curvature import gram, safe_step, spectral_filter
from optim.inner import SGD, Adagrad, Adam, Momentum, Nesterov, RMSProp
from optim.problem import LocalProblem
from optim.solvers import decayed
from optim.transfers import TRANSFERS
from tests.optim.problems import BOUNDED_SLOPE, MATCHING, SEEDS, random_problem, same


GAMMA, PROX = 0.7, 0.05
SHAPES = [(40, 6), (6, 40), (9, 9)]
every_seed = pytest.mark.parametrize("seed", SEEDS)


@every_seed
def test_one_descent_step_is_backpropagation(seed: int) -> None:
    """W₁ − W₀ = −η γ G, whatever f; torch's SGD with lr = η gb, through the whole loss."""
    problem, eta, gb = random_problem(seed), 0.3, 0.2
    R = problem.rows
    weights = problem.weights.clone().requires_grad_()
    (problem.grad_output * (problem.design @ weights)).sum().backward()
    same(problem.gradient, weights.grad)
    torch.optim.SGD([weights], lr=eta * gb).step()
    moved = weights.detach() - problem.weights
    for f in MATCHING:
        per_row = problem.local(f, gamma=gb)
        same(Iterate(SGD(), eta, steps=1).solve(per_row), moved, f.name)
        summed = problem.local(f, gamma=gb * R, prox=PROX * R, reduction="sum")
        same(Iterate(SGD(), eta / R, steps=1).solve(summed), moved, f.name)


def test_units_of_the_iterations() -> None:
    """Twelve steps in both unit systems: γ = gb R, λ_sum = R λ, η_sum = η / R."""
    problem = random_problem(0)
    R = problem.rows
    for f in MATCHING:
        per_row = Iterate(SGD(), 0.1, steps=12).solve(problem.local(f, gamma=0.2))
        local = problem.local(f, gamma=0.2 * R, prox=PROX * R, reduction="sum")
        same(Iterate(SGD(), 0.1 / R, steps=12).solve(local), per_row, f.name)


def test_iterations_are_the_papers_with_explicit_targets() -> None:
    """Ten RMSProp steps on Zᵀ(f(ZW) − Y*), twice, with slots that persist."""
    problem, rule = random_problem(0), RMSProp(momentum=0.9)
    solver = Iterate(rule, 1e-3, steps=10)
    for f in MATCHING:
        local = problem.local(f, gamma=10.0, prox=0.0, reduction="sum")
        kept: dict = {}
        expected_kept = rule.slots(problem.weights)
        for _ in range(2):
            ours = solver.solve(local, kept)
            expected = torch.zeros_like(problem.weights)
            for j in range(10):
                slope = problem.paper_gradient(expected, f, 10.0)
                rule.step_(expected, slope, expected_kept, 1e-3 * max(1 - j / 10, 0.25))
            same(ours, expected, f.name)
        same(kept["inner"], expected_kept, f.name)


def test_decay_of_the_recipe() -> None:
    assert decayed(2.0, 10) == pytest.approx(
        [2.0, 1.8, 1.6, 1.4, 1.2, 1.0, 0.8, 0.6, 0.5, 0.5], rel=1e-15
    )
    assert decayed(0.3, 4, floor=1.0) == [0.3] * 4


def test_transposed_gradients_are_read_as_they_lie() -> None:
    """p.grad.T of a Linear layer is not contiguous."""
    problem, solver = random_problem(0), Iterate(RMSProp(), 0.1, steps=5, floor=1.0)
    upright, turned = (
        solver.solve(LocalProblem(problem.design, problem.pre, G, TRANSFERS["tanh"], gamma=GAMMA))
        for G in (problem.gradient, problem.gradient.mT.contiguous().mT)
    )
    assert turned.is_contiguous()
    same(turned, upright)


# -- The spectral filter ---------------------------------------------------------------------------


@pytest.mark.parametrize("floor", [1.0, 0.25], ids=["constant", "decaying"])
@pytest.mark.parametrize("prox", [0.0, PROX])
def test_iterations_are_the_spectral_filter(floor: float, prox: float) -> None:
    for (rows, inputs), steps in product(SHAPES, (1, 2, 10)):
        case = (rows, inputs, steps)
        problem = random_problem(0, rows=rows, inputs=inputs)
        C = gram(problem.design)
        eta = 1.5 * float(safe_step(C, prox=prox))
        lrs = decayed(eta, steps, floor)
        iterated = Iterate(SGD(), eta, steps, floor).solve(problem.local(prox=prox))
        filtered = spectral_filter(C, problem.gradient, gamma=GAMMA, lrs=lrs, prox=prox)
        same(iterated, filtered, case)
        if prox:
            same(filtered, _closed_form(C, problem.gradient, lrs, prox), case)


def _closed_form(C: Tensor, G: Tensor, lrs: Sequence[float], prox: float) -> Tensor:
    s, V = torch.linalg.eigh(C)
    remaining = torch.stack([1 - lr * (s + prox) for lr in lrs]).prod(0)
    return -GAMMA * V @ torch.diag((1 - remaining) / (s + prox)) @ V.mT @ G


def test_filter_without_prox_tends_to_the_pseudoinverse() -> None:
    """φ(s) → 1/s where s > 0; G has no part in the kernel of C. Wide: C is singular."""
    problem = random_problem(0, rows=4, inputs=7)
    C = gram(problem.design)
    limit = spectral_filter(C, problem.gradient, gamma=GAMMA, lrs=[float(safe_step(C))] * 5000)
    same(limit, -GAMMA * torch.linalg.pinv(C, hermitian=True) @ problem.gradient, tight=1e-8)


# -- Step sizes ------------------------------------------------------------------------------------


@every_seed
def test_descent_with_the_safe_step_never_rises(seed: int) -> None:
    problem = random_problem(seed)
    for f in BOUNDED_SLOPE:
        eta = float(safe_step(gram(problem.design), lipschitz=f.lipschitz, prox=PROX))
        local = problem.local(f)
        values = [
            float(local.objective(Iterate(SGD(), eta, T, floor=1.0).solve(local)))
            for T in range(1, 20)
        ]
        assert all(b < a for a, b in pairwise([0.0, *values])), f.name


@every_seed
@pytest.mark.parametrize("inputs", [2, 30])
def test_safe_step_is_the_inverse_of_the_largest_eigenvalue(seed: int, inputs: int) -> None:
    C = gram(random_problem(seed, 2, rows=50, inputs=inputs).design)
    expected = 1 / (0.25 * torch.linalg.eigvalsh(C)[..., -1] + 0.1)
    torch.testing.assert_close(safe_step(C, lipschitz=0.25, prox=0.1), expected, rtol=0.02, atol=0)


def test_safe_step_of_nothing_is_finite() -> None:
    assert bool(torch.isfinite(safe_step(torch.zeros(3, 3))))


@pytest.mark.parametrize("rule", [Adam(), SGD(), RMSProp(), Nesterov(), Adagrad(), Momentum()])
def test_step_sizes_beyond_the_type_are_as_infinite_ones(rule) -> None:
    model = torch.nn.Linear(2, 1)
    before = [parameter.clone() for parameter in model.parameters()]
    for lr in (3e38, 1e300):
        for nonfinite in ("raise", "skip"):
            opt = LocoProp(model, solver=Iterate(rule, lr=lr), lr=1e30, nonfinite=nonfinite)
            model(torch.full((3, 2), 1e5)).square().mean().backward()
            if nonfinite == "skip":
                opt.step()
            else:
                with pytest.raises(ValueError, match="new weights must be finite"):
                    opt.step()
            opt.zero_grad()
            assert all(map(torch.equal, before, model.parameters()))
