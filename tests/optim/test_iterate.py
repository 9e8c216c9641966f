"""The local gradient and its iterations: the paper's loop, back-propagation, spectral filters."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from optim import (
    IDENTITY,
    SGD,
    TRANSFERS,
    RMSProp,
    Transfer,
    decayed,
    gram,
    local_objective,
    safe_step,
    solve_iter,
    spectral_filter,
)
from optim._problem import LocalGradient
from tests.optim.problems import (
    Problem,
    every_bounded_transfer,
    every_transfer,
    random_problem,
    seeds,
)


close = {"rtol": 1e-10, "atol": 1e-10}
STEP, PROX = 0.7, 0.05
wide = pytest.mark.parametrize(
    ("rows", "inputs"), [(40, 6), (6, 40), (9, 9)], ids=["tall", "wide", "square"]
)


def formula(problem: Problem, *, step: float = STEP, prox: float = PROX) -> Tensor:
    """−γ (C/R + λI)⁻¹ G, by a general solver."""
    C, n = problem.design.mT @ problem.design, problem.design.shape[-1]
    matrix = C / problem.rows + prox * torch.eye(n, dtype=C.dtype)
    return -step * torch.linalg.solve(matrix, problem.gradient)


def objective(displacement: Tensor, problem: Problem, transfer: Transfer) -> Tensor:
    rest = (problem.design, problem.pre, problem.gradient, transfer)
    return local_objective(displacement, *rest, step=STEP, prox=PROX)


# -- The gradient ----------------------------------------------------------------------------------


@every_transfer
@seeds
@pytest.mark.parametrize("scale", [None, 1.0], ids=["per row", "summed"])
@pytest.mark.parametrize("prox", [0.0, 0.3])
def test_gradient_is_that_of_the_objective(
    transfer: Transfer, seed: int, scale: float | None, prox: float
) -> None:
    problem, move = random_problem(seed), random_problem(seed + 10).weights.requires_grad_()
    rest = (problem.design, problem.pre, problem.gradient, transfer)
    value = local_objective(move, *rest, step=STEP, prox=prox, scale=scale)
    (expected,) = torch.autograd.grad(value, move)
    slope = LocalGradient(*rest, step=STEP, prox=prox, scale=scale)(move.detach())
    torch.testing.assert_close(slope, expected, **close)


@every_transfer
@seeds
def test_gradient_is_the_papers(transfer: Transfer, seed: int) -> None:
    """Zᵀ(f(ZW) − Y*), with targets formed from the output gradient."""
    problem, move = random_problem(seed), random_problem(seed + 10).weights
    rest = (problem.design, problem.pre, problem.gradient, transfer)
    slope = LocalGradient(*rest, step=10.0, scale=1.0)(move)
    torch.testing.assert_close(slope, problem.paper_gradient(move, transfer, 10.0), **close)


@pytest.mark.parametrize("calls", [1, 100], ids=["rows", "Gram"])
@pytest.mark.parametrize("scale", [None, 1.0])
def test_gradient_of_identity_from_rows_or_gram(calls: int, scale: float | None) -> None:
    problem, move = random_problem(0, rows=9, inputs=8), random_problem(1, inputs=8).weights
    rest = (problem.design, problem.pre, problem.gradient, IDENTITY)
    slope = LocalGradient(*rest, step=STEP, prox=PROX, scale=scale, calls=calls)
    assert (slope.gram is not None) == (calls == 100)
    s = 1 / problem.rows if scale is None else scale
    expected = s * problem.design.mT @ problem.design @ move
    expected = expected + STEP * problem.gradient + PROX * move
    torch.testing.assert_close(slope(move), expected, **close)


# -- One step is back-propagation ------------------------------------------------------------------


@every_transfer
@seeds
def test_one_descent_step_is_backpropagation(transfer: Transfer, seed: int) -> None:
    """W₁ − W₀ = −η γ G, whatever f; torch's SGD with lr = η gb, through the whole loss."""
    problem, eta, gb = random_problem(seed), 0.3, 0.2
    weights = problem.weights.clone().requires_grad_()
    loss = (problem.grad_output * (problem.design @ weights)).sum()
    loss.backward()
    torch.testing.assert_close(problem.gradient, weights.grad, **close)
    torch.optim.SGD([weights], lr=eta * gb).step()
    rest = (problem.design, problem.pre, problem.gradient, transfer)
    per_row = solve_iter(*rest, step=gb, lrs=[eta], rule=SGD(), prox=PROX)
    torch.testing.assert_close(problem.weights + per_row, weights.detach(), **close)
    R = problem.rows
    summed = solve_iter(*rest, step=gb * R, lrs=[eta / R], rule=SGD(), prox=PROX * R, scale=1.0)
    torch.testing.assert_close(problem.weights + summed, weights.detach(), **close)


@every_transfer
def test_units_of_the_iterations(transfer: Transfer) -> None:
    """Twelve steps in both unit systems: γ = gb R, λ_sum = R λ, η_sum = η / R."""
    problem = random_problem(0)
    R, rest = problem.rows, (problem.design, problem.pre, problem.gradient, transfer)
    per_row = solve_iter(*rest, step=0.2, lrs=decayed(0.1, 12), rule=SGD(), prox=PROX)
    summed = solve_iter(
        *rest, step=0.2 * R, lrs=decayed(0.1 / R, 12), rule=SGD(), prox=PROX * R, scale=1.0
    )
    torch.testing.assert_close(per_row, summed, **close)


@every_transfer
def test_iterations_are_the_papers_with_explicit_targets(transfer: Transfer) -> None:
    """Ten RMSProp steps on Zᵀ(f(ZW) − Y*), twice, with slots that persist."""
    problem, rule = random_problem(0), RMSProp(momentum=0.9)
    rest = (problem.design, problem.pre, problem.gradient, transfer)
    kept, expected_kept = rule.slots(problem.weights), rule.slots(problem.weights)
    for _ in range(2):
        ours = solve_iter(*rest, step=10.0, lrs=decayed(1e-3, 10), rule=rule, slots=kept, scale=1.0)
        expected = torch.zeros_like(problem.weights)
        for j in range(10):
            slope = problem.paper_gradient(expected, transfer, 10.0)
            rule.step_(expected, slope, expected_kept, 1e-3 * max(1 - j / 10, 0.25))
        torch.testing.assert_close(ours, expected, **close)
    torch.testing.assert_close(kept, expected_kept, **close)


def test_decay_of_the_recipe() -> None:
    assert decayed(2.0, 10) == pytest.approx(
        [2.0, 1.8, 1.6, 1.4, 1.2, 1.0, 0.8, 0.6, 0.5, 0.5], rel=1e-15
    )
    assert decayed(0.3, 4, floor=1.0) == [0.3] * 4


def test_transposed_gradients_are_read_as_they_lie() -> None:
    """p.grad.T of a Linear layer is not contiguous."""
    problem, tanh = random_problem(0), TRANSFERS["tanh"]
    upright, turned = (
        solve_iter(
            problem.design, problem.pre, gradient, tanh, step=STEP, lrs=[0.1] * 5, rule=RMSProp()
        )
        for gradient in (problem.gradient, problem.gradient.mT.contiguous().mT)
    )
    assert turned.is_contiguous()
    torch.testing.assert_close(turned, upright, **close)


# -- The spectral filter ---------------------------------------------------------------------------


@pytest.mark.parametrize("floor", [1.0, 0.25], ids=["constant", "decaying"])
@pytest.mark.parametrize("prox", [0.0, PROX])
@pytest.mark.parametrize("num_steps", [1, 2, 10])
@wide
def test_iterations_are_the_spectral_filter(
    floor: float, prox: float, num_steps: int, rows: int, inputs: int
) -> None:
    problem = random_problem(0, rows=rows, inputs=inputs)
    C = gram(problem.design)
    lrs = decayed(1.5 * float(safe_step(C, prox=prox)), num_steps, floor)
    rest = (problem.design, problem.pre, problem.gradient, IDENTITY)
    steps = solve_iter(*rest, step=STEP, lrs=lrs, rule=SGD(), prox=prox)
    filtered = spectral_filter(C, problem.gradient, step=STEP, lrs=lrs, prox=prox)
    torch.testing.assert_close(steps, filtered, **close)
    if prox:
        closed = _closed_form(C, problem.gradient, lrs, prox)
        torch.testing.assert_close(filtered, closed, **close)


def _closed_form(C: Tensor, G: Tensor, lrs: Sequence[float], prox: float) -> Tensor:
    s, V = torch.linalg.eigh(C)
    remaining = torch.stack([1 - lr * (s + prox) for lr in lrs]).prod(0)
    return -STEP * V @ torch.diag((1 - remaining) / (s + prox)) @ V.mT @ G


def test_filter_without_prox_tends_to_the_pseudoinverse() -> None:
    """φ(s) → 1/s where s > 0; G has no part in the kernel of C. Wide: C is singular."""
    problem = random_problem(0, rows=4, inputs=7)
    C = gram(problem.design)
    lrs = [float(safe_step(C))] * 5000
    limit = spectral_filter(C, problem.gradient, step=STEP, lrs=lrs)
    expected = -STEP * torch.linalg.pinv(C, hermitian=True) @ problem.gradient
    torch.testing.assert_close(limit, expected, rtol=1e-8, atol=1e-8)


# -- Step sizes ------------------------------------------------------------------------------------


@every_bounded_transfer
@seeds
def test_descent_with_the_safe_step_never_rises(transfer: Transfer, seed: int) -> None:
    problem = random_problem(seed)
    eta = float(safe_step(gram(problem.design), lipschitz=transfer.lipschitz, prox=PROX))
    rest = (problem.design, problem.pre, problem.gradient, transfer)
    values = [
        float(
            objective(
                solve_iter(*rest, step=STEP, lrs=[eta] * T, rule=SGD(), prox=PROX),
                problem,
                transfer,
            )
        )
        for T in range(1, 20)
    ]
    assert all(b < a for a, b in pairwise([0.0, *values]))


@seeds
@pytest.mark.parametrize("inputs", [2, 30])
def test_safe_step_is_the_inverse_of_the_largest_eigenvalue(seed: int, inputs: int) -> None:
    C = gram(random_problem(seed, 2, rows=50, inputs=inputs).design)
    expected = 1 / (0.25 * torch.linalg.eigvalsh(C)[..., -1] + 0.1)
    torch.testing.assert_close(safe_step(C, lipschitz=0.25, prox=0.1), expected, rtol=0.02, atol=0)


def test_safe_step_of_nothing_is_finite() -> None:
    assert bool(torch.isfinite(safe_step(torch.zeros(3, 3))))
