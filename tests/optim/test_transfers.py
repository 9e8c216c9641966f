"""Transfer functions: F′ = f, derivatives, slope bounds, and what a name or module means."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from optim import Transfer, transfer
from optim.transfers import (
    IDENTITY,
    LSTM_GATES,
    NOT_MONOTONE,
    TRANSFERS,
    elu,
    leaky_relu,
    softplus,
)
from tests.optim.problems import MATCHING, same


TABLE = [*MATCHING, leaky_relu(0.3), leaky_relu(1.7), elu(0.5), elu(2.0), softplus(3.0)]


WITH_GATES = [*TABLE, LSTM_GATES]  # of rows of four: one of each gate


def rows(scale: float = 3.0) -> Tensor:
    generator = torch.Generator().manual_seed(3)
    return scale * torch.randn(200, 4, generator=generator, dtype=torch.float64)


def test_gradient_of_potential_is_transfer() -> None:
    for f in WITH_GATES:
        pre = rows().requires_grad_()
        (slope,) = torch.autograd.grad(f.potential(pre).sum(), pre)
        same(slope, f.f(pre.detach()), f.name)


def test_derivative_is_that_of_autograd() -> None:
    pre, direction = rows(), rows(1.0).flip(0)
    for f in WITH_GATES:
        _, expected = torch.func.jvp(f.f, (pre,), (direction,))
        ours = f.derivative(pre, direction)
        torch.testing.assert_close(ours, expected, rtol=1e-10, atol=1e-12, msg=f.name)


def test_monotone_and_no_steeper_than_its_constant() -> None:
    a, b = rows(), rows().flip(0)
    for f in WITH_GATES:
        rise = ((f.f(a) - f.f(b)) * (a - b)).sum(-1)
        assert bool((rise >= 0).all()), f.name
        change = torch.linalg.vector_norm(f.f(a) - f.f(b), dim=-1)
        bound = f.lipschitz * torch.linalg.vector_norm(a - b, dim=-1) + 1e-12
        assert bool((change <= bound).all()), f.name


SHARPEST = {"softmax": ([0.0, 0.0], [1.0, -1.0])}


def test_slope_constant_is_attained() -> None:
    candidates = [([a, a], [1.0, 0.0]) for a in (-1e-12, 0.0, 1e-12, 50.0)]
    for f in TABLE:
        if f.lipschitz == math.inf:
            continue
        steepest = 0.0
        for at, along in [*candidates, *([SHARPEST[f.name]] if f.name in SHARPEST else [])]:
            pre = torch.tensor([at], dtype=torch.float64)
            direction = torch.tensor([along], dtype=torch.float64)
            image = f.derivative(pre, direction)
            steepest = max(steepest, float(image.norm() / direction.norm()))
        assert steepest == pytest.approx(f.lipschitz, rel=1e-9), f.name


def test_potentials_against_integrals() -> None:
    """F(b) − F(a) is the integral of f, by the trapezoid rule on a fine grid."""
    grid = torch.linspace(-3, 2, 200_001, dtype=torch.float64)[:, None]
    for f in TABLE:
        if f.name == "softmax":
            continue
        integral = torch.trapezoid(f.f(grid)[:, 0], grid[:, 0])
        rise = f.potential(grid[-1:]) - f.potential(grid[:1])
        assert float(rise) == pytest.approx(float(integral), abs=1e-8), f.name


def test_softplus_potential_is_a_dilogarithm() -> None:
    F = TRANSFERS["softplus"].potential
    at = torch.tensor([[0.0], [1.0], [-1.0]], dtype=torch.float64)
    # −Li₂(−1) = π²/12; the inversion formula joins the values at ±1
    assert float(F(at)[0]) == pytest.approx(math.pi**2 / 12, abs=1e-14)
    assert float(F(at)[1] + F(-at)[1]) == pytest.approx(math.pi**2 / 6 + 0.5, abs=1e-14)
    series = sum((-1) ** (k + 1) * math.exp(-k) / k**2 for k in range(1, 60))
    assert float(F(at)[2]) == pytest.approx(series, abs=1e-14)


def test_extreme_inputs_stay_finite(dtype: torch.dtype) -> None:
    far = torch.tensor([[1e4, -1e4]], dtype=dtype)
    for f in TABLE:
        assert bool(torch.isfinite(f.f(far)).all()), f.name
        assert bool(torch.isfinite(f.potential(far)).all()), f.name
        assert f.f(far).dtype == f.potential(far).dtype == dtype, f.name


MEANINGS: list[tuple[object, str]] = [
    ("tanh", "tanh"),
    (torch.tanh, "tanh"),
    (functional.tanh, "tanh"),
    (functional.relu, "relu"),
    (torch.relu, "relu"),
    (torch.sigmoid, "sigmoid"),
    (functional.sigmoid, "sigmoid"),
    (torch.atan, "atan"),
    (functional.softsign, "softsign"),
    (functional.elu, "elu"),
    (functional.leaky_relu, "leaky_relu(0.01)"),
    (functional.softplus, "softplus"),
    (nn.Tanh(), "tanh"),
    (nn.Sigmoid(), "sigmoid"),
    (nn.ReLU(inplace=True), "relu"),
    (nn.Identity(), "identity"),
    (nn.LeakyReLU(0.2), "leaky_relu(0.2)"),
    (nn.ELU(2.0), "elu(2)"),
    (nn.Softmax(dim=-1), "softmax"),
    (nn.Softplus(), "softplus"),
    (nn.Softplus(beta=2.0), "softplus(2)"),
    (nn.Softsign(), "softsign"),
    (IDENTITY, "identity"),
]


def test_meaning_of_names_functions_and_modules() -> None:
    pre = rows()
    for meaning, name in MEANINGS:
        found = transfer(meaning)
        assert found.name == name, meaning
        expected = _torch_twin(meaning, name)(pre)
        torch.testing.assert_close(found.f(pre), expected, msg=str(meaning))


def _torch_twin(meaning: object, name: str) -> Callable[[Tensor], Tensor]:
    if not isinstance(meaning, str | Transfer):
        return meaning
    return {"tanh": torch.tanh, "identity": lambda a: a}[name]


def test_bare_callable_steps_without_potential() -> None:
    def cube(pre: Tensor) -> Tensor:
        return pre**3

    found = transfer(cube)
    pre = rows()
    assert found.name == "cube"
    assert found.lipschitz == math.inf
    torch.testing.assert_close(
        found.derivative(pre, torch.ones_like(pre)), 3 * pre**2, rtol=1e-12, atol=0
    )
    with pytest.raises(ValueError, match="must carry a potential"):
        found.potential(pre)


def test_functions_that_are_not_monotone_are_refused() -> None:
    for name in sorted(NOT_MONOTONE):
        with pytest.raises(ValueError, match=rf"must be monotone, got '{name}'.*variant='S'"):
            transfer(name)
    functions = [functional.gelu, functional.silu, functional.mish, functional.hardswish]
    for function in [*functions, torch.sin, torch.cos]:
        with pytest.raises(ValueError, match=rf"must be monotone, got '{function.__name__}'"):
            transfer(function)
    for module in (nn.GELU(), nn.SiLU(), nn.Mish(), nn.Hardswish()):
        with pytest.raises(ValueError, match=r"`transfer` must be monotone"):
            transfer(module)


@pytest.mark.parametrize("make", [leaky_relu, elu, softplus])
def test_negative_slopes_are_refused(make: Callable[[float], Transfer]) -> None:
    with pytest.raises(ValueError, match=r"must be (at least 0|positive)"):
        make(-0.1)


def test_unknown_name_lists_the_known() -> None:
    with pytest.raises(ValueError, match=r"must be one of identity, tanh, .*got 'tan'"):
        transfer("tan")
