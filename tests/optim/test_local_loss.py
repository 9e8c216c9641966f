"""The paper's form of the local loss, the displacement form, and their units."""

import pytest
import torch
from torch import Tensor

from optim import (
    IDENTITY,
    TRANSFERS,
    Transfer,
    backtrack,
    bregman,
    local_objective,
    local_targets,
    matching_loss,
    solve_exact,
)
from tests.optim.problems import every_bounded_transfer, every_transfer, random_problem, seeds


close = {"rtol": 1e-10, "atol": 1e-10}


@every_transfer
@seeds
def test_bregman_is_a_divergence(transfer: Transfer, seed: int) -> None:
    a = random_problem(seed).pre
    b = random_problem(seed + 10).pre
    assert bool((bregman(a, b, transfer) >= -1e-12).all())
    torch.testing.assert_close(bregman(a, a, transfer), torch.zeros_like(a[:, 0]), rtol=0, atol=0)


@every_bounded_transfer
@seeds
def test_bregman_lies_under_its_quadratic(transfer: Transfer, seed: int) -> None:
    a = random_problem(seed).pre
    b = random_problem(seed + 10).pre
    bound = transfer.lipschitz / 2 * (a - b).square().sum(-1)
    assert bool((bregman(a, b, transfer) <= bound + 1e-12).all())


@every_transfer
@seeds
def test_matching_loss_is_bregman_to_the_target(transfer: Transfer, seed: int) -> None:
    """F(a) − y*·a − [F(a*) − y*·a*] = D_F(a, a*) for y* = f(a*)."""
    a, a_star = random_problem(seed).pre, random_problem(seed + 10).pre
    target = transfer.f(a_star)
    excess = matching_loss(a, target, transfer) - matching_loss(a_star, target, transfer)
    torch.testing.assert_close(excess, bregman(a, a_star, transfer), **close)


@every_transfer
@seeds
def test_gradient_is_a_difference_of_post_activations(transfer: Transfer, seed: int) -> None:
    a = random_problem(seed).pre.requires_grad_()
    target = transfer.f(random_problem(seed + 10).pre)
    (slope,) = torch.autograd.grad(matching_loss(a, target, transfer).sum(), a)
    torch.testing.assert_close(slope, transfer.f(a.detach()) - target, **close)


def test_squared_loss_is_the_matching_loss_of_identity() -> None:
    a, y = random_problem(0).pre, random_problem(1).pre
    squares = ((a - y).square() - y.square()).sum(-1) / 2
    torch.testing.assert_close(matching_loss(a, y, IDENTITY), squares, **close)


def test_softmax_matching_loss_is_soft_cross_entropy() -> None:
    a, b = random_problem(0).pre, random_problem(1).pre
    labels = torch.softmax(b, -1)
    expected = torch.nn.functional.cross_entropy(a, labels, reduction="none")
    torch.testing.assert_close(matching_loss(a, labels, TRANSFERS["softmax"]), expected, **close)


@every_transfer
@seeds
@pytest.mark.parametrize("scale", [1.0, None], ids=["summed", "per row"])
def test_displacement_form_is_the_papers(
    transfer: Transfer, seed: int, scale: float | None
) -> None:
    """J(D) = s [Σ_r F(a_r) − y*_r·a_r] + λ/2‖D‖² up to a constant, for both unit systems."""
    problem, prox, step = random_problem(seed), 0.3, 0.7
    R = problem.rows
    s, targets_step = (1.0, step) if scale else (1 / R, step * R)
    target = local_targets(problem.pre, problem.grad_output, targets_step, transfer)

    def paper(displacement: Tensor) -> Tensor:
        pre = problem.design @ (problem.weights + displacement)
        fit = s * matching_loss(pre, target, transfer).sum()
        return fit + prox / 2 * displacement.square().sum()

    def ours(displacement: Tensor) -> Tensor:
        return local_objective(
            displacement,
            problem.design,
            problem.pre,
            problem.gradient,
            transfer,
            step=step,
            prox=prox,
            scale=scale,
        )

    zero = torch.zeros_like(problem.weights)
    move = random_problem(seed + 10).weights.requires_grad_()
    torch.testing.assert_close(ours(zero), torch.zeros((), dtype=zero.dtype), rtol=0, atol=0)
    torch.testing.assert_close(ours(move), paper(move) - paper(zero), **close)
    slopes = [torch.autograd.grad(form(move), move)[0] for form in (ours, paper)]
    torch.testing.assert_close(*slopes, **close)


@every_transfer
def test_units_of_the_table(transfer: Transfer) -> None:
    """R J per row = J summed, with γ_sum = gb R and λ_sum = R λ."""
    problem, gb, lam = random_problem(0), 0.2, 0.3
    R, move = problem.rows, random_problem(7).weights
    arguments = (move, problem.design, problem.pre, problem.gradient, transfer)
    per_row = local_objective(*arguments, step=gb, prox=lam)
    summed = local_objective(*arguments, step=gb * R, prox=lam * R, scale=1.0)
    torch.testing.assert_close(R * per_row, summed, **close)


@pytest.mark.parametrize("head", ["sigmoid", "softmax"])
@seeds
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
    torch.testing.assert_close(local_targets(pre, g, 1.0 * len(pre), f), labels, **close)
    part = local_targets(pre, g, 0.01 * len(pre), f)
    torch.testing.assert_close(part, f.f(pre) + 0.01 * (labels - f.f(pre)), **close)


def test_unbounded_below_outside_the_range() -> None:
    """tanh never reaches 1.2: the loss falls for ever, by 0.2 per unit; −log 2 at the far end."""
    far = torch.tensor([[25.0], [50.0], [75.0]], dtype=torch.float64)
    values = matching_loss(far, torch.full_like(far, 1.2), TRANSFERS["tanh"])
    torch.testing.assert_close(
        values, torch.tensor([-5.7, -10.7, -15.7]).double(), rtol=0, atol=0.01
    )
    inside = matching_loss(far, torch.full_like(far, 0.9), TRANSFERS["tanh"])
    assert bool((inside.diff() > 0).all())


def test_grouped_objectives_are_those_of_the_groups() -> None:
    problem, move = random_problem(0, 2, 3), random_problem(5, 2, 3).weights
    prox = torch.rand(2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    tanh = TRANSFERS["tanh"]
    together = local_objective(
        move, problem.design, problem.pre, problem.gradient, tanh, step=0.5, prox=prox
    )
    for i, j in torch.cartesian_prod(torch.arange(2), torch.arange(3)).tolist():
        alone = local_objective(
            move[i, j],
            problem.design[i, j],
            problem.pre[i, j],
            problem.gradient[i, j],
            tanh,
            step=0.5,
            prox=float(prox[i, j]),
        )
        torch.testing.assert_close(together[i, j], alone, **close)


@every_transfer
@seeds
def test_backtracking_ends_where_the_objective_has_not_risen(transfer: Transfer, seed: int) -> None:
    """Two problems: one overshoots a hundred times, one is already good and stays."""
    problem = random_problem(seed, 2)
    good = solve_exact(problem.design, problem.gradient, step=0.1, prox=5.0)
    proposal = good * torch.tensor([[[400.0]], [[1.0]]])
    rest = (problem.design, problem.pre, problem.gradient, transfer)
    before = local_objective(proposal, *rest, step=0.1, prox=5.0)
    assert float(before[0]) > 0 > float(before[1])
    accepted = backtrack(proposal, *rest, step=0.1, prox=5.0)
    assert bool((local_objective(accepted, *rest, step=0.1, prox=5.0) < 0).all())
    torch.testing.assert_close(accepted[1], proposal[1], rtol=0, atol=0)
    shrunk = (accepted[0] / proposal[0]).log2()
    torch.testing.assert_close(shrunk, shrunk.round(), **close)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_backtracking_rejects_what_is_not_finite_or_rises(bad: float) -> None:
    problem = random_problem(0, 2)
    proposal = problem.gradient.clone()  # uphill
    proposal[1, 0, 0] = bad
    rest = (problem.design, problem.pre, problem.gradient, TRANSFERS["tanh"])
    accepted = backtrack(proposal, *rest, step=1.0, prox=0.1)
    torch.testing.assert_close(accepted, torch.zeros_like(accepted), rtol=0, atol=0)
