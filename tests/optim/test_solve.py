"""The solvers against each other, against stationarity, and against an independent K-FAC."""

import warnings
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from optim import (
    IDENTITY,
    SGD,
    TRANSFERS,
    RMSProp,
    Transfer,
    decayed,
    factorise,
    gram,
    local_objective,
    mean_square,
    safe_step,
    solve_exact,
    solve_iter,
    solve_mm,
    spectral_filter,
    transfer,
)
from optim._problem import LocalGradient
from tests.optim.problems import (
    Problem,
    every_bounded_transfer,
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


# -- The exact step --------------------------------------------------------------------------------


@wide
@seeds
def test_exact_is_the_formula_in_every_way(rows: int, inputs: int, seed: int) -> None:
    """Own choice (Woodbury where wide), Gram given, factor given."""
    problem = random_problem(seed, rows=rows, inputs=inputs, outputs=30)
    expected = formula(problem)
    design, gradient, C = problem.design, problem.gradient, gram(problem.design)
    factor = factorise(C, prox=PROX)
    for given in ({}, {"gram": C}, {"factor": factor}):
        step = solve_exact(design, gradient, step=STEP, prox=PROX, **given)
        torch.testing.assert_close(step, expected, **close)
    few = solve_exact(design, gradient[:, :1], step=STEP, prox=PROX, factor=factor)
    torch.testing.assert_close(few, expected[:, :1], **close)


def test_exact_in_sum_units_is_woodburys_with_output_gradients() -> None:
    """−γ (C + λI)⁻¹ G = −γ Zᵀ (Z Zᵀ + λI)⁻¹ g with γ = gb R, λ_sum = R λ."""
    problem = random_problem(0, rows=6, inputs=40)
    R, Z = problem.rows, problem.design
    rows = torch.linalg.solve(Z @ Z.mT + R * PROX * torch.eye(R).double(), problem.grad_output)
    expected = -STEP * R * Z.mT @ rows
    step = solve_exact(Z, problem.gradient, step=STEP, prox=PROX)
    torch.testing.assert_close(step, expected, **close)


@wide
@seeds
def test_exact_is_stationary_and_an_implicit_step(rows: int, inputs: int, seed: int) -> None:
    """∇J = 0, and W* = W₀ − (Zᵀ(ZW* − A*)) / λ_sum: the residual is taken at the new weights."""
    problem = random_problem(seed, rows=rows, inputs=inputs)
    step = solve_exact(problem.design, problem.gradient, step=STEP, prox=PROX)
    rest = (problem.design, problem.pre, problem.gradient, IDENTITY)
    slope = LocalGradient(*rest, step=STEP, prox=PROX)(step)
    torch.testing.assert_close(slope, torch.zeros_like(slope), **close)
    R = problem.rows
    implicit = -problem.paper_gradient(step, IDENTITY, STEP * R) / (R * PROX)
    torch.testing.assert_close(step, implicit, **close)


@every_bounded_transfer
def test_fixed_point_of_the_matching_problem(transfer: Transfer) -> None:
    """The limit of majorise-minimise solves W* = W₀ − Zᵀ(f(ZW*) − Y*) / λ_sum."""
    problem = random_problem(1)
    rest = (problem.design, problem.pre, problem.gradient, transfer)
    step = solve_mm(*rest, step=STEP, prox=PROX, num_steps=3000)
    R = problem.rows
    implicit = -problem.paper_gradient(step, transfer, STEP * R) / (R * PROX)
    torch.testing.assert_close(step, implicit, **close)


@seeds
def test_exact_is_the_limit_of_the_iterations(seed: int) -> None:
    problem = random_problem(seed)
    eta = float(safe_step(gram(problem.design), prox=PROX))
    rest = (problem.design, problem.pre, problem.gradient, IDENTITY)
    limit = solve_iter(*rest, step=STEP, lrs=[eta] * 2000, rule=SGD(), prox=PROX)
    exact = solve_exact(problem.design, problem.gradient, step=STEP, prox=PROX)
    torch.testing.assert_close(limit, exact, **close)


@pytest.mark.parametrize("outputs", [3, 400], ids=["few columns", "many columns"])
@pytest.mark.parametrize("inputs", [128, 129, 300])
def test_large_problems_go_in_blocks(inputs: int, outputs: int) -> None:
    problem = random_problem(0, 2, rows=2 * inputs, inputs=inputs, outputs=outputs)
    matrix = gram(problem.design) + PROX * torch.eye(inputs).double()
    expected = -STEP * torch.linalg.solve(matrix, problem.gradient)
    step = solve_exact(problem.design, problem.gradient, step=STEP, prox=PROX)
    torch.testing.assert_close(step, expected, **close)
    alone = solve_exact(problem.design[1], problem.gradient[1], step=STEP, prox=PROX)
    torch.testing.assert_close(alone, expected[1], **close)


def test_accumulated_gram_and_gradient_are_those_of_the_full_batch() -> None:
    """S needs (G, C) alone: G adds, C/R averages by rows."""
    problem = random_problem(0, rows=20)
    parts = [slice(0, 7), slice(7, 11), slice(11, 20)]
    G = sum(problem.design[p].mT @ problem.grad_output[p] for p in parts)
    C = sum((p.stop - p.start) / 20 * gram(problem.design[p]) for p in parts)
    step = solve_exact(problem.design[:7], G, step=STEP, prox=PROX, gram=C)
    torch.testing.assert_close(step, formula(problem), **close)


# -- Majorise-minimise -----------------------------------------------------------------------------


@every_bounded_transfer
@seeds
def test_mm_is_monotone_and_ends_at_the_minimum(transfer: Transfer, seed: int) -> None:
    problem = random_problem(seed)
    rest = (problem.design, problem.pre, problem.gradient, transfer)
    values = [
        float(objective(solve_mm(*rest, step=STEP, prox=PROX, num_steps=T), problem, transfer))
        for T in range(1, 30)
    ]
    assert all(b <= a + 1e-14 for a, b in pairwise([0.0, *values]))
    limit = solve_mm(*rest, step=STEP, prox=PROX, num_steps=3000)
    slope = LocalGradient(*rest, step=STEP, prox=PROX)(limit)
    torch.testing.assert_close(slope, torch.zeros_like(slope), **close)


@every_bounded_transfer
@pytest.mark.parametrize("step", [3.0, 30.0])
def test_mm_is_monotone_with_targets_out_of_range(transfer: Transfer, step: float) -> None:
    problem = random_problem(2)
    rest = (problem.design, problem.pre, problem.gradient, transfer)
    values = [0.0]
    for T in (1, 2, 3, 5, 10, 100):
        displacement = solve_mm(*rest, step=step, prox=PROX, num_steps=T)
        values.append(float(local_objective(displacement, *rest, step=step, prox=PROX)))
    assert all(b <= a + 1e-12 * abs(a) for a, b in pairwise(values))


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "relu", "leaky_relu"])
def test_mm_is_below_safe_descent_after_ten_steps(name: str) -> None:
    f, problem = TRANSFERS[name], random_problem(0)
    rest = (problem.design, problem.pre, problem.gradient, f)
    eta = float(safe_step(gram(problem.design), lipschitz=f.lipschitz, prox=PROX))
    plain = solve_iter(*rest, step=STEP, lrs=[eta] * 10, rule=SGD(), prox=PROX)
    mm = solve_mm(*rest, step=STEP, prox=PROX, num_steps=10)
    assert objective(mm, problem, f) < objective(plain, problem, f) < 0


@pytest.mark.parametrize("num_steps", [1, 4])
def test_mm_of_identity_is_exact(num_steps: int) -> None:
    problem = random_problem(0)
    rest = (problem.design, problem.pre, problem.gradient)
    mm = solve_mm(*rest, IDENTITY, step=STEP, prox=PROX, num_steps=num_steps)
    torch.testing.assert_close(mm, formula(problem), **close)


@every_bounded_transfer
def test_first_mm_step_is_exact_with_scaled_gram(transfer: Transfer) -> None:
    problem = random_problem(0)
    mm = solve_mm(
        problem.design, problem.pre, problem.gradient, transfer, step=STEP, prox=PROX, num_steps=1
    )
    C = transfer.lipschitz * gram(problem.design)
    exact = solve_exact(problem.design, problem.gradient, step=STEP, prox=PROX, gram=C)
    torch.testing.assert_close(mm, exact, **close)
    factor = factorise(gram(problem.design), prox=PROX, lipschitz=transfer.lipschitz)
    torch.testing.assert_close(factor @ factor.mT, C + PROX * torch.eye(len(C)).double(), **close)


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "softmax"])
@pytest.mark.parametrize("num_steps", [1, 6])
def test_mm_on_few_rows_is_the_same(name: str, num_steps: int) -> None:
    """Woodbury's identity, taken by itself where rows are few, against the Gram matrix given."""
    problem, f = random_problem(0, rows=4, inputs=40), TRANSFERS[name]
    rest = (problem.design, problem.pre, problem.gradient, f)
    by_rows = solve_mm(*rest, step=STEP, prox=PROX, num_steps=num_steps)
    by_gram = solve_mm(*rest, step=STEP, prox=PROX, num_steps=num_steps, gram=gram(problem.design))
    torch.testing.assert_close(by_rows, by_gram, **close)


def test_mm_needs_a_slope_bound() -> None:
    problem = random_problem(0)
    for f in (TRANSFERS["relu2"], transfer(torch.exp)):
        with pytest.raises(ValueError, match="bounded slope for solver 'mm'"):
            solve_mm(
                problem.design, problem.pre, problem.gradient, f, step=STEP, prox=PROX, num_steps=2
            )


# -- Gram matrices and factors ---------------------------------------------------------------------


@pytest.mark.parametrize("problems", [(), (2,), (2, 3)], ids=str)
@pytest.mark.parametrize("columns", [1, 5, 256, 300, 600])
def test_gram_in_blocks_is_the_product(
    problems: tuple[int, ...], columns: int, dtype: torch.dtype
) -> None:
    design = torch.randn(*problems, 9, columns, dtype=dtype)
    expected = design.mT @ design / 9
    C = gram(design)
    torch.testing.assert_close(C, expected)
    mean = expected.diagonal(dim1=-2, dim2=-1).mean(-1)
    torch.testing.assert_close(mean_square(design), mean)


def test_no_rows_do_not_divide_by_zero() -> None:
    empty = torch.zeros(0, 3)
    torch.testing.assert_close(gram(empty), torch.zeros(3, 3))
    torch.testing.assert_close(mean_square(empty), torch.tensor(0.0))


@pytest.mark.parametrize("rows", [4, 40])
@pytest.mark.parametrize("transfer", [IDENTITY, TRANSFERS["tanh"], TRANSFERS["softmax"]])
def test_grouped_problems_are_solved_one_by_one(rows: int, transfer: Transfer) -> None:
    """Leading dimensions (2, 3), a prox per problem: the same as six calls."""
    problem = random_problem(0, 2, 3, rows=rows, inputs=9)
    prox = 0.05 + torch.rand(2, 3).double()
    lrs = decayed(0.05, 6)
    rest = (problem.design, problem.pre, problem.gradient)
    C = gram(problem.design)
    together = [
        solve_exact(problem.design, problem.gradient, step=STEP, prox=prox),
        solve_exact(problem.design, problem.gradient, step=STEP, prox=prox, gram=C),
        solve_mm(*rest, transfer, step=STEP, prox=prox, num_steps=4),
        solve_iter(*rest, transfer, step=STEP, prox=prox, lrs=lrs, rule=RMSProp()),
        spectral_filter(C, problem.gradient, step=STEP, prox=prox, lrs=lrs),
    ]
    for i, j in torch.cartesian_prod(torch.arange(2), torch.arange(3)).tolist():
        Z, A, G = (each[i, j] for each in rest)
        p = float(prox[i, j])
        alone = [
            solve_exact(Z, G, step=STEP, prox=p),
            solve_exact(Z, G, step=STEP, prox=p, gram=C[i, j]),
            solve_mm(Z, A, G, transfer, step=STEP, prox=p, num_steps=4),
            solve_iter(Z, A, G, transfer, step=STEP, prox=p, lrs=lrs, rule=RMSProp()),
            spectral_filter(C[i, j], G, step=STEP, prox=p, lrs=lrs),
        ]
        for one, all_ in zip(alone, together, strict=True):
            torch.testing.assert_close(all_[i, j], one, **close)


def test_arguments_are_left_alone() -> None:
    problem, tanh = random_problem(0), TRANSFERS["tanh"]
    arguments = [problem.design, problem.pre, problem.gradient, gram(problem.design)]
    before = [each.clone() for each in arguments]
    Z, A, G, C = arguments
    solve_exact(Z, G, step=STEP, prox=PROX, gram=C)
    solve_mm(Z, A, G, tanh, step=STEP, prox=PROX, gram=C)
    for f in (tanh, IDENTITY):
        solve_iter(Z, A, G, f, step=STEP, lrs=decayed(0.1, 9), rule=RMSProp(), prox=PROX)
    spectral_filter(C, G, step=STEP, lrs=[0.1])
    torch.testing.assert_close(arguments, before, rtol=0, atol=0)


def test_jitter_saves_a_singular_gram(dtype: torch.dtype) -> None:
    """Two equal columns, no damping: rounding decides; the step still solves on the range."""
    column = torch.arange(1.0, 6.0, dtype=dtype)[:, None]
    C = gram(torch.cat([column, column], 1))
    C[0, 1] = C[1, 0] = C[0, 1] * (1 + 4 * torch.finfo(dtype).eps)
    _, info = torch.linalg.cholesky_ex(C)
    assert int(info) > 0
    factor = factorise(C, prox=0.0)
    torch.testing.assert_close(factor @ factor.mT, C)


def test_jitter_touches_only_the_problem_that_needs_it() -> None:
    good = torch.eye(2, dtype=torch.float64)
    bad = torch.tensor([[1.0, 1.0], [1.0, 1.0 - 1e-16]], dtype=torch.float64) - 1e-15
    bad[0, 1] = bad[1, 0] = 1.0
    factors = factorise(torch.stack([good, bad]), prox=0.0)
    torch.testing.assert_close(factors[0], good, rtol=0, atol=0)
    torch.testing.assert_close(factors[1] @ factors[1].mT, bad, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("prox", [0.5, torch.tensor(0.5)])
def test_indefinite_gram_is_a_clear_error(prox: float | Tensor) -> None:
    C = torch.diag(torch.tensor([1.0, -2.0]))
    with pytest.raises(ValueError, match=r"definite, .*side 2 with prox=0.5: .*Raise prox"):
        factorise(C, prox=prox)


def test_gram_that_is_not_finite_is_a_clear_error() -> None:
    design = torch.tensor([[1.0, float("nan")], [0.0, 1.0]])
    with pytest.raises(ValueError, match="entries that are not finite"):
        solve_exact(design, torch.ones(2, 1), step=1.0, prox=1.0)


@pytest.mark.parametrize("rows", [3, 30])
def test_single_precision_steps_are_close(rows: int) -> None:
    problem = random_problem(0, rows=rows, inputs=12)
    expected = formula(problem)
    step = solve_exact(problem.design.float(), problem.gradient.float(), step=STEP, prox=PROX)
    torch.testing.assert_close(step.double(), expected, rtol=1e-4, atol=1e-5)


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
        step = solve_exact(design, G, step=STEP, prox=damping)
        torch.testing.assert_close(step, -STEP * expected, **close)
