"""The solvers against each other, against stationarity, and against an independent K-FAC."""

import warnings
from dataclasses import replace
from itertools import pairwise, product
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from optim import Exact, Iterate, Majorise, transfer
from optim.curvature import factorize, gram, safe_step, spectral_filter
from optim.inner import SGD, RMSProp
from optim.problem import LocalProblem
from optim.solvers import decayed, packed, unpacked
from optim.transfers import IDENTITY, TRANSFERS
from tests.optim.problems import BOUNDED_SLOPE, SEEDS, Problem, random_problem, same


GAMMA, PROX = 0.7, 0.05
SHAPES = {"tall": (40, 6), "wide": (6, 40), "square": (9, 9)}
every_seed = pytest.mark.parametrize("seed", SEEDS)


def formula(problem: Problem, *, gamma: float = GAMMA, prox: float = PROX) -> Tensor:
    """−γ (C/R + λI)⁻¹ G, by a general solver."""
    C, n = problem.design.mT @ problem.design, problem.design.shape[-1]
    matrix = C / problem.rows + prox * torch.eye(n, dtype=C.dtype)
    return -gamma * torch.linalg.solve(matrix, problem.gradient)


# -- The exact step --------------------------------------------------------------------------------


@every_seed
def test_exact_is_the_formula_in_every_way(seed: int) -> None:
    """Own choice (Woodbury where wide), or a factor given."""
    for shape, (rows, inputs) in SHAPES.items():
        problem = random_problem(seed, rows=rows, inputs=inputs, outputs=30)
        expected = formula(problem)
        factor = factorize(gram(problem.design), prox=PROX)
        for given in (None, factor):
            same(Exact().solve(problem.local(factor=given)), expected, shape)
        first = Problem(problem.design, problem.weights[:, :1], problem.grad_output[:, :1])
        same(Exact().solve(first.local(factor=factor)), expected[:, :1], shape)


def test_exact_in_sum_units_is_woodburys_with_output_gradients() -> None:
    """−γ (C + λI)⁻¹ G = −γ Zᵀ (Z Zᵀ + λI)⁻¹ g with γ = gb R, λ_sum = R λ."""
    for shape, (rows, inputs) in SHAPES.items():
        problem = random_problem(0, rows=rows, inputs=inputs)
        R, Z = problem.rows, problem.design
        inner = torch.linalg.solve(Z @ Z.mT + R * PROX * torch.eye(R).double(), problem.grad_output)
        expected = -GAMMA * R * Z.mT @ inner
        same(Exact().solve(problem.local()), expected, shape)
        summed = problem.local(gamma=GAMMA * R, prox=PROX * R, reduction="sum")
        same(Exact().solve(summed), expected, shape)


@every_seed
def test_exact_is_stationary_and_an_implicit_step(seed: int) -> None:
    """∇J = 0, and W* = W₀ − (Zᵀ(ZW* − A*)) / λ_sum: the residual is taken at the new weights."""
    for shape, (rows, inputs) in SHAPES.items():
        problem = random_problem(seed, rows=rows, inputs=inputs)
        step = Exact().solve(problem.local())
        slope = problem.local().local_gradient(step)
        same(slope, torch.zeros_like(slope), shape)
        R = problem.rows
        same(step, -problem.paper_gradient(step, IDENTITY, GAMMA * R) / (R * PROX), shape)


@every_seed
def test_exact_is_the_limit_of_the_iterations(seed: int) -> None:
    problem = random_problem(seed)
    eta = float(safe_step(gram(problem.design), prox=PROX))
    limit = Iterate(SGD(), eta, steps=2000, floor=1.0).solve(problem.local())
    same(limit, Exact().solve(problem.local()))


@pytest.mark.parametrize("outputs", [3, 400], ids=["few columns", "many columns"])
@pytest.mark.parametrize("inputs", [128, 129, 300])
def test_large_problems_go_in_blocks(inputs: int, outputs: int) -> None:
    problem = random_problem(0, 2, rows=2 * inputs, inputs=inputs, outputs=outputs)
    matrix = gram(problem.design) + PROX * torch.eye(inputs).double()
    expected = -GAMMA * torch.linalg.solve(matrix, problem.gradient)
    same(Exact().solve(problem.local()), expected)
    alone = Problem(problem.design[1], problem.weights[1], problem.grad_output[1])
    same(Exact().solve(alone.local()), expected[1])


def test_accumulated_gram_and_gradient_are_those_of_the_full_batch() -> None:
    """S needs (G, C) alone: G adds, C/R averages by rows."""
    problem = random_problem(0, rows=20)
    parts = [slice(0, 7), slice(7, 11), slice(11, 20)]
    G = sum(problem.design[p].mT @ problem.grad_output[p] for p in parts)
    C = sum((p.stop - p.start) / 20 * gram(problem.design[p]) for p in parts)
    some = LocalProblem(
        problem.design[:7], problem.pre[:7], G, gamma=GAMMA, factor=factorize(C, prox=PROX)
    )
    same(Exact().solve(some), formula(problem))


def test_single_precision_steps_are_close() -> None:
    for rows in (3, 30):
        problem = random_problem(0, rows=rows, inputs=12)
        single = Problem(problem.design.float(), problem.weights.float(), problem.grad_output)
        local = LocalProblem(
            single.design, single.pre, problem.gradient.float(), gamma=GAMMA, prox=PROX
        )
        step = Exact().solve(local).double()
        torch.testing.assert_close(step, formula(problem), rtol=1e-4, atol=1e-5)


def test_exact_is_for_the_identity() -> None:
    with pytest.raises(ValueError, match=r"must be the identity for Exact\(\), got 'tanh'"):
        Exact().solve(random_problem(0).local(TRANSFERS["tanh"]))


# -- Majorise-minimise -----------------------------------------------------------------------------


@pytest.mark.parametrize("gamma", [GAMMA, 3.0, 30.0])
@every_seed
def test_majorise_is_monotone_even_with_targets_out_of_range(seed: int, gamma: float) -> None:
    problem = random_problem(seed)
    for f in BOUNDED_SLOPE:
        local = problem.local(f, gamma=gamma)
        counts = range(1, 30) if gamma == GAMMA else (1, 2, 3, 5, 10, 100)
        values = [float(local.objective(Majorise(steps=T).solve(local))) for T in counts]
        steps = pairwise([0.0, *values])
        assert all(b <= a + 1e-14 + 1e-12 * abs(a) for a, b in steps), f.name


@every_seed
def test_majorise_ends_at_the_minimum(seed: int) -> None:
    """There ∇J = 0, and W* = W₀ − Zᵀ(f(ZW*) − Y*) / λ_sum."""
    problem = random_problem(seed)
    R = problem.rows
    for f in BOUNDED_SLOPE:
        local = problem.local(f)
        limit = Majorise(steps=3000).solve(local)
        slope = local.local_gradient(limit)
        same(slope, torch.zeros_like(slope), f.name)
        same(limit, -problem.paper_gradient(limit, f, GAMMA * R) / (R * PROX), f.name)


def test_majorise_is_below_safe_descent_after_ten_steps() -> None:
    problem = random_problem(0)
    for name in ("tanh", "sigmoid", "relu", "leaky_relu"):
        local, bound = problem.local(TRANSFERS[name]), TRANSFERS[name].lipschitz
        eta = float(safe_step(gram(problem.design), lipschitz=bound, prox=PROX))
        plain = Iterate(SGD(), eta, steps=10, floor=1.0).solve(local)
        majorised = Majorise(steps=10).solve(local)
        assert local.objective(majorised) < local.objective(plain) < 0, name


def test_majorise_of_identity_is_exact() -> None:
    problem = random_problem(0)
    for steps in (1, 4):
        same(Majorise(steps).solve(problem.local()), formula(problem), steps)


def test_first_majorised_step_is_exact_with_scaled_gram() -> None:
    problem = random_problem(0)
    for f in BOUNDED_SLOPE:
        C = f.lipschitz * gram(problem.design)
        factor = factorize(C, prox=PROX)
        exact = Exact().solve(problem.local(factor=factor))
        same(Majorise(1).solve(problem.local(f)), exact, f.name)
        factor = factorize(gram(problem.design), prox=PROX, lipschitz=f.lipschitz)
        same(factor @ factor.mT, C + PROX * torch.eye(len(C)).double(), f.name)


def test_majorise_takes_so_many_steps() -> None:
    """Each is D ← D − (L_f C/R + λ I)⁻¹ ∇J(D), from D = 0."""
    problem = random_problem(0)
    for f in BOUNDED_SLOPE:
        local = problem.local(f)
        C = f.lipschitz * gram(problem.design)
        majoriser = C + PROX * torch.eye(len(C)).double()
        D = torch.zeros_like(local.gradient)
        for steps in range(1, 5):
            D = D - torch.linalg.solve(majoriser, local.local_gradient(D))
            same(Majorise(steps).solve(local), D, f"{f.name}, {steps} steps")


@pytest.mark.parametrize("steps", [1, 6])
def test_majorise_on_few_rows_is_the_same(steps: int) -> None:
    """Woodbury's identity, taken by itself where rows are few, against the factor given."""
    problem = random_problem(0, rows=4, inputs=40)
    for name in ("tanh", "sigmoid", "softmax"):
        f = TRANSFERS[name]
        factor = factorize(gram(problem.design), prox=PROX, lipschitz=f.lipschitz)
        by_gram = Majorise(steps).solve(problem.local(f, factor=factor))
        same(Majorise(steps).solve(problem.local(f)), by_gram, name)


def test_majorise_in_sum_units_is_the_same() -> None:
    """γ = gb R, λ_sum = R λ, and a majoriser R times as steep."""
    problem = random_problem(0)
    R = problem.rows
    for f in BOUNDED_SLOPE:
        summed = problem.local(f, gamma=GAMMA * R, prox=PROX * R, reduction="sum")
        same(Majorise(4).solve(summed), Majorise(4).solve(problem.local(f)), f.name)


def test_majorise_needs_a_slope_bound() -> None:
    for f in (TRANSFERS["relu2"], transfer(torch.exp)):
        with pytest.raises(ValueError, match=r"bounded slope for Majorise\(\)"):
            Majorise(2).solve(random_problem(0).local(f))


# -- All solvers -----------------------------------------------------------------------------------


def test_grouped_problems_are_solved_one_by_one() -> None:
    """Leading dimensions (2, 3), a prox per problem: the same as six calls."""

    def steps(local: LocalProblem) -> list[Tensor]:
        C, lrs = gram(local.design), decayed(0.05, 6)
        squared = replace(local, transfer=IDENTITY)
        kept = replace(squared, factor=factorize(C, prox=local.prox))
        return [
            Exact().solve(squared),
            Exact().solve(kept),
            Majorise(4).solve(local),
            Iterate(RMSProp(), 0.05, steps=6).solve(local),
            spectral_filter(C, local.gradient, gamma=GAMMA, prox=local.prox, lrs=lrs),
        ]

    for rows, name in product((4, 40), ("identity", "tanh", "softmax")):
        f, problem = TRANSFERS[name], random_problem(0, 2, 3, rows=rows, inputs=9)
        prox = 0.05 + torch.rand(2, 3).double()
        together = steps(problem.local(f, prox=prox))
        for at in product(range(2), range(3)):
            alone = Problem(problem.design[at], problem.weights[at], problem.grad_output[at])
            ours = steps(alone.local(f, prox=float(prox[at])))
            for one, all_ in zip(ours, together, strict=True):
                same(all_[at], one, (name, rows, at))


def test_arguments_are_left_alone() -> None:
    problem, tanh = random_problem(0), TRANSFERS["tanh"]
    factor = factorize(gram(problem.design), prox=PROX)
    C = gram(problem.design)
    arguments = [problem.design, problem.pre, problem.gradient, factor, C]
    before = [each.clone() for each in arguments]
    Z, A, G, L, _ = arguments
    for f in (IDENTITY, tanh):
        local = LocalProblem(Z, A, G, f, prox=PROX)
        kept = LocalProblem(Z, A, G, f, prox=PROX, factor=L)
        Majorise().solve(local)
        Majorise().solve(kept)
        Iterate(RMSProp(), 0.1, steps=9).solve(local)
        local.backtrack(100 * G)
    for given in (None, L):
        Exact().solve(LocalProblem(Z, A, G, prox=PROX, factor=given))
    spectral_filter(C, G, gamma=GAMMA, lrs=[0.1])
    torch.testing.assert_close(arguments, before, rtol=0, atol=0)


def test_posing_damps_relative_to_the_curvature_in_the_solvers_units() -> None:
    """λ = prox · L_f · mean(diag(C/R)); L_f = 1 for Iterate, R times as much in sums."""
    problem = random_problem(0)
    scale = float(gram(problem.design).diagonal().mean())
    R = problem.rows
    for name, f in TRANSFERS.items():
        start = LocalProblem(problem.design, problem.pre, problem.gradient, f)
        table: list[tuple[Any, float, str]] = [
            (Iterate(), 0.3 * scale, "mean"),
            (Iterate(reduction="sum"), 0.3 * scale * R, "sum"),
        ]
        if f in BOUNDED_SLOPE:
            table += [(Majorise(), 0.3 * scale * f.lipschitz, "mean")]
        for solver, expected, reduction in table:
            posed = solver.pose(start, 0.3, {})
            assert float(posed.prox) == pytest.approx(expected, rel=1e-12), (name, solver)
            assert posed.reduction == reduction, (name, solver)


def test_a_factor_serves_so_many_steps_and_is_then_made_anew() -> None:
    problems = [random_problem(seed).local(TRANSFERS["tanh"], prox=0.0) for seed in range(7)]
    for every, solver in product((2, 3), (Exact, Majorise)):
        state: dict[str, Any] = {}
        for step, problem in enumerate(problems):
            posed = solver(gram_every=every).pose(problem, 0.3, state)
            C = gram(problems[step - step % every].design)
            expected = factorize(C, prox=0.3 * float(C.diagonal().mean()))
            same(posed.factor, expected, (solver, every, step))


def test_a_solver_is_plain_data_and_back() -> None:
    for solver in (Exact(0.5, 3), Majorise(7, 0.25), Iterate(SGD(), 0.5, 4, 0.1, "sum", True)):
        saved = packed(solver)
        assert all(isinstance(value, str | bool | int | float) for value in saved.values())
        assert unpacked(saved, solver) == solver
    with pytest.raises(ValueError, match=r"must be the saved inner rule SGD, got Nesterov"):
        unpacked(packed(Iterate(SGD())), Majorise())
    for foreign in ("mm", None, {"name": "Newton"}):
        with pytest.raises(ValueError, match="must name one of Exact, Majorise, Iterate"):
            unpacked(foreign, Exact())  # type: ignore[arg-type]


# -- An independent implementation -----------------------------------------------------------------


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_exact_is_forward_only_kfac_of_curvlinops(reduction: str) -> None:
    """The forward-only K-FAC inverse with damping (λ, 0) on G, bias jointly: D = −γ K⁻¹ G.

    Its gradient factor is the identity and its input factor is C/R, for either loss reduction.
    """
    pytest.importorskip("curvlinops")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from curvlinops import FisherType, KFACInverseLinearOperator, KFACLinearOperator

    net = nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3)).double()
    x, y = torch.randn(7, 5).double(), torch.randn(7, 3).double()
    loss, parameters = nn.MSELoss(reduction=reduction), list(net.parameters())
    gradients = torch.autograd.grad(loss(net(x), y), parameters)
    kfac = KFACLinearOperator(
        net,
        loss,
        parameters,
        [(x, y)],
        fisher_type=FisherType.FORWARD_ONLY,
        separate_weight_and_bias=False,
        check_deterministic=False,
    )
    damping = 0.125  # exact in single precision, in which it is kept there
    preconditioned = KFACInverseLinearOperator(kfac, damping=(damping, 0.0)) @ list(gradients)
    with torch.no_grad():
        inputs = [x, torch.tanh(net[0](x))]
    for layer, rows in enumerate(inputs):
        pair = slice(2 * layer, 2 * layer + 2)
        design = torch.cat([rows, torch.ones(7, 1).double()], 1)
        G, expected = (
            torch.cat([weight.mT, bias[None]])
            for weight, bias in (gradients[pair], preconditioned[pair])
        )
        local = LocalProblem(design, rows, G, gamma=GAMMA, prox=damping)
        same(Exact().solve(local), -GAMMA * expected)
