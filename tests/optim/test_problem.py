"""The local problem: the paper's form of the loss, the displacement form, gradient and units."""

from itertools import product

import pytest
import torch
from torch import Tensor

from optim.problem import LocalGradient, LocalProblem, bregman, local_targets, matching_loss
from optim.solvers import Exact
from optim.transfers import IDENTITY, TRANSFERS
from tests.optim.problems import MATCHING, SEEDS, random_problem, same


GAMMA, PROX = 0.7, 0.05
pairs = pytest.mark.parametrize("seed", SEEDS)


def two(seed: int) -> tuple[Tensor, Tensor]:
    return random_problem(seed).pre, random_problem(seed + 10).pre


# -- Divergences and losses ------------------------------------------------------------------------


@pairs
def test_bregman_is_a_divergence_under_its_quadratic(seed: int) -> None:
    a, b = two(seed)
    for f in MATCHING:
        divergence = bregman(a, b, f)
        assert bool((divergence >= -1e-12).all()), f.name
        assert torch.equal(bregman(a, a, f), torch.zeros_like(a[:, 0])), f.name
        bound = f.lipschitz / 2 * (a - b).square().sum(-1)
        assert bool((divergence <= bound + 1e-12).all()), f.name


@pairs
def test_matching_loss_is_bregman_to_the_target(seed: int) -> None:
    """F(a) − y*·a − [F(a*) − y*·a*] = D_F(a, a*) for y* = f(a*)."""
    a, a_star = two(seed)
    for f in MATCHING:
        target = f.f(a_star)
        excess = matching_loss(a, target, f) - matching_loss(a_star, target, f)
        same(excess, bregman(a, a_star, f), f.name)


@pairs
def test_gradient_of_the_loss_is_a_difference_of_post_activations(seed: int) -> None:
    a, b = two(seed)
    for f in MATCHING:
        at, target = a.clone().requires_grad_(), f.f(b)
        (slope,) = torch.autograd.grad(matching_loss(at, target, f).sum(), at)
        same(slope, f.f(a) - target, f.name)


def test_squared_loss_is_the_matching_loss_of_identity() -> None:
    a, y = random_problem(0).pre, random_problem(1).pre
    squares = ((a - y).square() - y.square()).sum(-1) / 2
    same(matching_loss(a, y, IDENTITY), squares)


def test_softmax_matching_loss_is_soft_cross_entropy() -> None:
    a, b = random_problem(0).pre, random_problem(1).pre
    labels = torch.softmax(b, -1)
    expected = torch.nn.functional.cross_entropy(a, labels, reduction="none")
    same(matching_loss(a, labels, TRANSFERS["softmax"]), expected)


@pytest.mark.parametrize("head", ["sigmoid", "softmax"])
@pairs
def test_full_step_of_a_head_targets_the_labels(head: str, seed: int) -> None:
    """gb = 1, mean cross-entropy: Y* equals the labels; gb = 0.01 goes 1% of the way."""
    pre = random_problem(seed).pre.requires_grad_()
    draw = torch.rand(pre.shape, dtype=pre.dtype, generator=torch.Generator().manual_seed(seed))
    functional = torch.nn.functional
    if head == "sigmoid":
        labels = draw.round()
        loss = functional.binary_cross_entropy_with_logits(pre, labels, reduction="sum") / len(pre)
    else:
        labels = functional.one_hot(draw.argmax(-1), pre.shape[-1]).to(pre)
        loss = functional.cross_entropy(pre, labels)
    (g,) = torch.autograd.grad(loss, pre)
    f, pre = TRANSFERS[head], pre.detach()
    same(local_targets(pre, g, 1.0 * len(pre), f), labels)
    part = local_targets(pre, g, 0.01 * len(pre), f)
    same(part, f.f(pre) + 0.01 * (labels - f.f(pre)))


def test_unbounded_below_outside_the_range() -> None:
    """tanh never reaches 1.2: the loss falls for ever, by 0.2 per unit; −log 2 at the far end."""
    far = torch.tensor([[25.0], [50.0], [75.0]], dtype=torch.float64)
    values = matching_loss(far, torch.full_like(far, 1.2), TRANSFERS["tanh"])
    expected = torch.tensor([-5.7, -10.7, -15.7]).double()
    torch.testing.assert_close(values, expected, rtol=0, atol=0.01)
    inside = matching_loss(far, torch.full_like(far, 0.9), TRANSFERS["tanh"])
    assert bool((inside.diff() > 0).all())


# -- The objective in the displacement -------------------------------------------------------------


@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pairs
def test_displacement_form_is_the_papers(seed: int, reduction: str) -> None:
    """J(D) = s [Σ_r F(a_r) − y*_r·a_r] + λ/2‖D‖² up to a constant, for both unit systems."""
    problem, prox, gamma = random_problem(seed), 0.3, 0.7
    R = problem.rows
    s, targets_gamma = (1.0, gamma) if reduction == "sum" else (1 / R, gamma * R)
    zero = torch.zeros_like(problem.weights)
    for f in MATCHING:
        target = local_targets(problem.pre, problem.grad_output, targets_gamma, f)

        def paper(displacement: Tensor, f=f, target=target) -> Tensor:
            pre = problem.design @ (problem.weights + displacement)
            fit = s * matching_loss(pre, target, f).sum()
            return fit + prox / 2 * displacement.square().sum()

        ours = problem.local(f, gamma=gamma, prox=prox, reduction=reduction).objective
        move = random_problem(seed + 10).weights.requires_grad_()
        assert float(ours(zero)) == 0.0, f.name
        same(ours(move), paper(move) - paper(zero), f.name)
        slopes = [torch.autograd.grad(form(move), move)[0] for form in (ours, paper)]
        same(*slopes, f.name)


def test_units_of_the_table() -> None:
    """R J per row = J summed, with γ_sum = gb R and λ_sum = R λ."""
    problem, gb, lam = random_problem(0), 0.2, 0.3
    R, move = problem.rows, random_problem(7).weights
    for f in MATCHING:
        per_row = problem.local(f, gamma=gb, prox=lam).objective(move)
        summed = problem.local(f, gamma=gb * R, prox=lam * R, reduction="sum").objective(move)
        same(R * per_row, summed, f.name)


def test_grouped_objectives_are_those_of_the_groups() -> None:
    problem, move = random_problem(0, 2, 3), random_problem(5, 2, 3).weights
    prox = torch.rand(2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    tanh = TRANSFERS["tanh"]
    together = problem.local(tanh, gamma=0.5, prox=prox).objective(move)
    for at in product(range(2), range(3)):
        parts = (problem.design[at], problem.pre[at], problem.gradient[at])
        alone = LocalProblem(*parts, tanh, gamma=0.5, prox=float(prox[at]))
        same(together[at], alone.objective(move[at]), at)


def test_pre_activations_are_made_once_and_only_if_they_are_read() -> None:
    problem, calls = random_problem(0), []

    def pre() -> Tensor:
        calls.append(None)
        return problem.pre

    lazy = LocalProblem(problem.design, pre, problem.gradient, gamma=0.7, prox=0.05)
    same(Exact().solve(lazy), Exact().solve(problem.local()))
    assert not calls
    for _ in range(2):
        same(lazy.objective(problem.weights), problem.local().objective(problem.weights))
    assert len(calls) == 1


# -- Its gradient ----------------------------------------------------------------------------------


@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pairs
def test_gradient_is_that_of_the_objective_and_the_papers(seed: int, reduction: str) -> None:
    """The paper's is Zᵀ(f(ZW) − Y*), with targets formed from the output gradient."""
    problem = random_problem(seed)
    R = 1 if reduction == "sum" else problem.rows
    for f, prox in product(MATCHING, (0.0, 0.3)):
        move = random_problem(seed + 10).weights.requires_grad_()
        local = problem.local(f, prox=prox, reduction=reduction)
        (expected,) = torch.autograd.grad(local.objective(move), move)
        move = move.detach()
        slope = local.local_gradient(move)
        same(slope, expected, (f.name, prox))
        paper = problem.paper_gradient(move, f, GAMMA * R) / R + prox * move
        same(slope, paper, (f.name, prox))


@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("calls", [1, 100], ids=["by rows", "by Gram matrix"])
def test_gradient_of_identity_either_way(reduction: str, calls: int) -> None:
    problem, move = random_problem(0, rows=9, inputs=8), random_problem(1, inputs=8).weights
    slope = LocalGradient(problem.local(reduction=reduction), calls=calls)
    assert (slope.gram is not None) == (calls == 100)
    s = 1.0 if reduction == "sum" else 1 / problem.rows
    expected = s * problem.design.mT @ problem.design @ move
    same(slope(move), expected + GAMMA * problem.gradient + PROX * move)


# -- Backtracking ----------------------------------------------------------------------------------


@pairs
def test_backtracking_ends_where_the_objective_has_not_risen(seed: int) -> None:
    """Two problems: one overshoots a hundred times, one is already good and stays."""
    problem = random_problem(seed, 2)
    good = Exact().solve(problem.local(gamma=0.1, prox=5.0))
    proposal = good * torch.tensor([[[400.0]], [[1.0]]])
    for f in MATCHING:
        local = problem.local(f, gamma=0.1, prox=5.0)
        before = local.objective(proposal)
        assert float(before[0]) > 0 > float(before[1]), f.name
        accepted = local.backtrack(proposal)
        assert bool((local.objective(accepted) < 0).all()), f.name
        assert torch.equal(accepted[1], proposal[1]), f.name
        shrunk = (accepted[0] / proposal[0]).log2()
        same(shrunk, shrunk.round(), f.name)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_backtracking_rejects_what_is_not_finite_or_rises(bad: float) -> None:
    problem = random_problem(0, 2)
    proposal = problem.gradient.clone()  # uphill
    proposal[1, 0, 0] = bad
    accepted = problem.local(TRANSFERS["tanh"], gamma=1.0, prox=0.1).backtrack(proposal)
    assert torch.equal(accepted, torch.zeros_like(accepted))
