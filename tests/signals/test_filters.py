"""Filters: held to eigenvectors, to each other, and to symmetry."""

import numpy as np
import pytest
import torch

from simplex import SimplicialComplex
from simplex.operators import eigenpairs, hodge_decomposition
from simplex.signals import (
    PolynomialResponse,
    RationalResponse,
    chebyshev_response,
    fit_hodge_filter,
    frequency_bounds,
    hodge_filter,
    least_squares_response,
)
from tests.cases import over
from tests.operators.oracles import tolerance
from tests.signals.oracles import ALL, FEW, dense_filter, halves, signal
from tests.tables import random_orientation


RESPONSES = {
    "smooth": (lambda at: torch.exp(-at), lambda at: 1 / (1 + at), 0.5),
    "numbers": (0.0, 2.0, -1.0),
    "rational": (
        RationalResponse((1.0, 0.5), (1.0, 0.3, 0.2)),
        RationalResponse((0.0,), (2.0,)),
        1.0,
    ),
    "polynomial": (
        PolynomialResponse((0.3, -0.2, 0.1), 40.0),
        PolynomialResponse((1.0,), 40.0),
        1.0,
    ),
}


def constant(value):
    return value if callable(value) else lambda at: torch.full_like(at, value)


@over("name, k", FEW)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_filter_is_that_of_the_eigenvectors(name, k, dtype):
    K = ALL[name]
    x = signal(K, k, dtype=dtype)
    for gradient, curl, harmonic in RESPONSES.values():
        found = hodge_filter(K, x, k, gradient=gradient, curl=curl, harmonic=harmonic)
        matrix = dense_filter(K, k, constant(gradient), constant(curl), harmonic)
        assert found.dtype == dtype
        expected = torch.from_numpy(matrix @ x.double().numpy())
        close = {"atol": 1e-8, "rtol": 1e-8} if dtype == torch.float64 else tolerance(dtype)
        torch.testing.assert_close(found.double(), expected, **close)


@over("name", ["random", "union", "projective plane"])
def test_bounds_are_bounds_and_filters_turn_with_the_orientation(name):
    K = ALL[name]
    for k in range(K.dim + 1):
        for half, bound in zip(halves(K, k), frequency_bounds(K, k), strict=True):
            assert np.linalg.eigvalsh(half).max(initial=0) <= bound + 1e-9
    signs = random_orientation(K, 5)
    x, options = signal(K, 1), {"gradient": lambda at: 1 / (1 + at), "curl": 0.3, "harmonic": 2.0}
    turned = hodge_filter(K.reorient(signs), signs[1][:, None] * x, 1, **options)
    torch.testing.assert_close(turned, signs[1][:, None] * hodge_filter(K, x, 1, **options))


def test_parts_as_numbers_are_the_decomposition_and_gradients_flow():
    K = ALL["random"]
    x = signal(K, 1).requires_grad_()
    parts = hodge_decomposition(K, x, 1)
    for i, name in enumerate(("gradient", "curl", "harmonic")):
        only = {"gradient": 0.0, "curl": 0.0, "harmonic": 0.0, name: 1.0}
        torch.testing.assert_close(hodge_filter(K, x, **only), parts[i], atol=1e-9, rtol=0)
    y = signal(K, 1, seed=1)
    options = {"gradient": lambda at: torch.exp(-at), "curl": 0.0}
    (slope,) = torch.autograd.grad((hodge_filter(K, x, **options) * y).sum(), x)
    torch.testing.assert_close(slope, hodge_filter(K, y, **options))  # symmetric
    wide = x.detach()[None].expand(3, -1, -1)
    torch.testing.assert_close(hodge_filter(K, wide, **options)[2], hodge_filter(K, x, **options))


@over("degree", [0, 1, 5, 40])
def test_designs_on_a_line(degree):
    def smooth(at):
        return 1 / (1 + at)

    at = torch.linspace(0, 6, 200, dtype=torch.float64)
    exact = np.polynomial.chebyshev.Chebyshev.interpolate(
        lambda t: 1 / (1 + t), 60, domain=[0, 6]
    ).coef[: degree + 1]
    cut = np.polynomial.chebyshev.Chebyshev(exact, domain=[0, 6])(at.numpy())
    found = chebyshev_response(smooth, 6.0, degree, damping="none")(at)
    np.testing.assert_allclose(found.numpy(), cut, atol=1e-9)
    fitted = least_squares_response(at, smooth(at), 6.0, degree)(at)
    basis = np.polynomial.chebyshev.chebvander(at.numpy() / 3 - 1, degree)
    best = basis @ np.linalg.lstsq(basis, smooth(at).numpy(), rcond=None)[0]
    np.testing.assert_allclose(fitted.numpy(), best, atol=1e-8)
    step = chebyshev_response(lambda t: (t < 3).to(t), 6.0, degree)(at)
    assert float(step.min()) >= -1e-9  # Jackson keeps the range
    assert float(step.max()) <= 1 + 1e-9


def test_a_low_pass_keeps_low_eigenvectors_and_drops_high_ones():
    K = ALL["random"]
    n = K.num_simplices(1)
    pairs = eigenpairs(K, 1, n, part="gradient", dtype=torch.float64)
    kept = pairs.values.isfinite() & (pairs.vectors.norm(dim=0) > 0.5)
    values, vectors = pairs.values[kept], pairs.vectors[:, kept]
    middle = float(values[len(values) // 2 - 1 : len(values) // 2 + 1].mean())
    bound = frequency_bounds(K)[0]
    low = chebyshev_response(lambda at: (at < middle).to(at), bound, 400)
    passed = hodge_filter(K, vectors, gradient=low)
    factors = (passed * vectors).sum(0)
    far = (values - middle).abs() > 0.1 * bound
    assert bool(far.any())
    expected = (values < middle).double()
    torch.testing.assert_close(factors[far], expected[far], atol=0.01, rtol=0)


@over("name, k", [("random", 0), ("random", 1), ("union", 1), ("projective plane, turned", 2)])
def test_a_filter_is_found_again_from_what_it_does(name, k):
    K = ALL[name]
    x = signal(K, k, channels=4)
    bounds = frequency_bounds(K, k)
    gradient = PolynomialResponse((0.5, 0.2, -0.1), max(bounds[0], 1.0))
    curl = PolynomialResponse((1.0, -0.3, 0.2), max(bounds[1], 1.0))
    y = hodge_filter(K, x, k, gradient=gradient, curl=curl, harmonic=0.7)
    fitted = fit_hodge_filter(K, x, y, k, degree=2)
    other = signal(K, k, channels=3, seed=9)
    torch.testing.assert_close(
        hodge_filter(K, other, k, **fitted._asdict()),
        hodge_filter(K, other, k, gradient=gradient, curl=curl, harmonic=0.7),
        atol=1e-7,
        rtol=1e-7,
    )


WRONG = [
    ({"gradient": lambda at: at[:1]}, "one value per frequency"),
    ({"gradient": lambda at: at / 0 * 0}, "finite at every frequency"),
    ({"curl": lambda at: (at < 1).to(at)}, "chebyshev_response"),
    ({"gradient": PolynomialResponse((1.0,), 0.5)}, "bound is at least"),
    ({"harmonic": float("nan")}, "harmonic must be"),
]


@over("options, message", WRONG)
def test_wrong_responses_are_refused(options, message):
    K = ALL["random"]
    with pytest.raises(ValueError, match=message):
        hodge_filter(K, signal(K, 1), **options)


@over(
    "make, message",
    [
        (lambda: RationalResponse((1.0,), (0.0, 1.0)), "denominator must begin"),
        (lambda: RationalResponse((1.0,), (1.0, -1.0)), "denominator must begin"),
        (lambda: RationalResponse((), (1.0,)), "numerator must be"),
        (lambda: PolynomialResponse((), 1.0), "coefficients must be"),
        (lambda: PolynomialResponse((1.0,), 0.0), "bound must be"),
        (lambda: least_squares_response(torch.ones(2), torch.ones(3), 2.0, 1), "of one shape"),
        (lambda: least_squares_response(torch.ones(2) * 9, torch.ones(2), 2.0, 1), "in \\[0"),
        (lambda: hodge_filter(SimplicialComplex.from_simplices([(0, 1)]), torch.ones(3)), "shape"),
    ],
)
def test_wrong_designs_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
