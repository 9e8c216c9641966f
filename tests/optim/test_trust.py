"""Steps in a trust region of function space: their bound, their units, their radius."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from optim import LocoProp, Trust
from optim.problem import LocalProblem


def rms(rows: Tensor) -> Tensor:
    """Of each column over the rows."""
    return rows.square().mean(-2).sqrt()


def bare(momentum: float = 0.0, prox: float = 1e-9, state: Any = None, **changes: Any) -> Any:
    """The displacement of a problem of 12 rows, and the problem."""
    generator = torch.Generator().manual_seed(3)
    Z, G = (torch.randn(*s, generator=generator).double() for s in ((2, 12, 4), (2, 4, 3)))
    values = {"design": Z, "pre": Z @ G, "gradient": G, "gamma": 0.3, **changes}
    problem = LocalProblem(**values)
    solver, state = Trust(momentum), {} if state is None else state
    return solver.solve(solver.pose(problem, prox, state), state), problem


@pytest.mark.parametrize("prox", [1e-9, 0.1, 10.0])
def test_no_unit_moves_further_than_the_radius(prox: float) -> None:
    """rms(Z D_j) ≤ γ rms(Z): reached by every unit without damping, whatever its gradient."""
    scales = torch.tensor([0.3, 1.0, 9.0], dtype=torch.float64)
    displacement, problem = bare(prox=prox, gradient=bare()[1].gradient * scales)
    moved = rms(problem.design @ displacement)
    bound = 0.3 * problem.design.square().mean((-2, -1)).sqrt()[:, None]
    assert bool((moved <= bound * (1 + 1e-12)).all())
    if prox == 1e-9:
        assert_close(moved, bound.expand_as(moved), rtol=1e-6, atol=0)


def test_means_of_bounded_steps_are_bounded() -> None:
    """On the same rows, whatever gradients come, the running mean stays within the radius too."""
    generator, state, _, problem = torch.Generator().manual_seed(0), {}, *bare()
    bound = 0.3 * problem.design.square().mean((-2, -1)).sqrt()[:, None]
    for step in range(30):
        gradient = torch.randn(2, 4, 3, generator=generator).double() * 10 ** (step % 5)
        displacement, _ = bare(0.9, state=state, gradient=gradient)
        assert bool((rms(problem.design @ displacement) <= bound * (1 + 1e-12)).all())
    first, _ = bare(0.9)
    assert_close(first, 0.1 * bare()[0])  # the mean begins at zero


@pytest.mark.parametrize("factor", [1e-6, 1e5])
def test_the_size_of_loss_and_inputs_cancels(factor: float) -> None:
    plain, problem = bare(prox=0.1)
    assert_close(bare(prox=0.1, gradient=factor * problem.gradient)[0], plain)
    design = factor * problem.design
    scaled, _ = bare(prox=0.1, design=design, gradient=factor * problem.gradient)
    assert_close(design @ scaled, factor * (problem.design @ plain))


def test_far_damped_steps_go_down_the_gradient_of_each_unit() -> None:
    displacement, problem = bare(prox=1e9)
    parallel = nn.functional.cosine_similarity(displacement, problem.gradient, dim=-2)
    assert_close(parallel, -torch.ones_like(parallel), rtol=0, atol=1e-8)


def test_units_without_a_gradient_stand_still() -> None:
    _, problem = bare()
    gradient = problem.gradient.clone()
    gradient[0, :, 1] = 0
    gradient[0, :, 2] *= 1e-9  # rounding beside the first
    gradient[1] = 0
    displacement, _ = bare(gradient=gradient)
    assert not displacement[1].any()
    assert not displacement[0, :, 1].any()
    assert float(displacement[0, :, 2].norm()) < 1e-6 * float(displacement[0, :, 0].norm())


@pytest.mark.parametrize("after", [1.0, 0.0, -0.4, -1.0, -4.0])
def test_the_radius_follows_the_gain(after: float) -> None:
    """Slopes of constant ratio: the gain is (1 + ratio) / 2, ρ goes by exp 0.3 (gain - 0.3)."""
    state: dict[str, Any] = {}
    displacement, problem = bare(state=state)
    state["radius"].fill_(0.5)
    state["slope"].div_(0.3)  # a running mean that has been so for long
    slope = (problem.gradient * displacement).sum((-2, -1))
    state["slope_after"].copy_(after * slope)
    bare(state=state, gradient=after * problem.gradient)
    gain = min(max((1 + after) / 2 - 0.3, -1.0), 1.0)
    expected = torch.full((2,), 0.5).double() * torch.tensor(0.3 * gain).double().exp()
    assert_close(state["radius"], expected, rtol=1e-6, atol=0)


def test_a_diverging_run_is_caught() -> None:
    """A steep deep net at five times the default rate: the radius shrinks, and the loss falls."""
    torch.manual_seed(0)
    x = torch.randn(200, 6)
    model = nn.Sequential(
        nn.Linear(6, 20), nn.ReLU(), nn.Linear(20, 20), nn.ReLU(), nn.Linear(20, 2)
    )
    losses, opt = [], LocoProp(model, lr=1.0)
    for _ in range(60):
        opt.zero_grad()
        loss = 100 * (model(x) - x[:, :2].sin()).square().mean()
        loss.backward()
        opt.step()
        losses.append(float(loss.detach()))
    radii = [float(opt.state[group["params"][0]]["radius"]) for group in opt.param_groups]
    assert min(radii) < 0.5
    assert losses[-1] < losses[0] / 5


def test_frozen_weights_begin_anew() -> None:
    state: dict[str, Any] = {}
    bare(0.9, state=state)
    _, problem = bare()
    less = {"design": problem.design[..., :3], "gradient": problem.gradient[..., :3, :]}
    assert_close(bare(0.9, state=state, **less)[0], bare(0.9, **less)[0])


def test_rows_of_a_table_move_relative_to_it() -> None:
    """An embedding tied to nothing: its rows go down their gradients, as far as told on average."""
    torch.manual_seed(0)
    table = nn.Embedding(9, 4).double()
    ids = torch.arange(6).repeat(3)
    before = table.weight.detach().clone()
    opt = LocoProp(table, solver=Trust(momentum=0.0), lr=0.3, prox=1e-9)
    (1e5 * table(ids).pow(3).mean()).backward()
    opt.step()
    moved = table.weight.detach() - before
    assert_close(moved[ids].square().mean().sqrt(), 0.3 * before.square().mean().sqrt())
    assert not moved[6:].any()
    assert table.weight.grad is not None
    assert_close(
        nn.functional.cosine_similarity(moved, table.weight.grad)[:6], -torch.ones(6).double()
    )
