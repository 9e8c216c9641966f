"""The Hodge decomposition against dense pseudo-inverses, and harmonic bases."""

import numpy as np
import pytest
import torch
from scipy.sparse.linalg import splu

from simplex import SimplicialComplex
from simplex.operators import (
    betti_numbers,
    boundary_matrix,
    coboundary_matrix,
    harmonic_basis,
    hodge_decomposition,
    hodge_laplacian,
)
from tests.cases import over
from tests.operators.oracles import ALL, CASES, bouquet, dense_boundary, dense_laplacian
from tests.tables import random_orientation


def cochain(K, k, dtype=torch.float64, channels=3):
    generator = torch.Generator().manual_seed(k)
    shape = (K.num_simplices(k), channels)
    return torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype)


def image_projection(matrix):
    return matrix @ np.linalg.pinv(matrix)


def grid_with_holes(size, holes):
    """A triangulated square grid with unit squares cut out: long, and slow for plain steps."""
    cells = []
    for i in range(size):
        for j in range(size):
            a, b = i * (size + 1) + j, (i + 1) * (size + 1) + j
            if (i, j) not in holes:
                cells += [(a, a + 1, b + 1), (a, b, b + 1)]
    return SimplicialComplex.from_simplices(cells)


@over("name, k", CASES)
def test_decomposition_is_the_dense_projection(name, k, dtype):
    K = ALL[name]
    x = cochain(K, k, dtype)
    before = x.clone()
    gradient, curl, harmonic = hodge_decomposition(K, x, k)
    assert torch.equal(x, before)
    assert gradient.dtype == curl.dtype == harmonic.dtype == dtype
    near = 1e-5 if dtype == torch.float32 else 1e-10
    assert torch.allclose(gradient + curl + harmonic, x, atol=near, rtol=0)
    y = x.double().numpy()
    expected_gradient = image_projection(dense_boundary(K, k).T) @ y
    expected_curl = image_projection(dense_boundary(K, k + 1)) @ y
    expected = (expected_gradient, expected_curl, y - expected_gradient - expected_curl)
    for part, dense in zip((gradient, curl, harmonic), expected, strict=True):
        assert np.allclose(part.numpy(), dense, atol=near, rtol=0)
    assert np.allclose(dense_laplacian(K, k) @ harmonic.numpy(), 0, atol=10 * near)
    for a, b in ((gradient, curl), (gradient, harmonic), (curl, harmonic)):
        assert np.allclose((a * b).sum(0).numpy(), 0, atol=30 * near)


def test_reorienting_turns_the_parts():
    K = ALL["random 2"]
    signs = random_orientation(K, 5)
    x = cochain(K, 1)
    turned = hodge_decomposition(K.reorient(signs), signs[1][:, None] * x)
    for part, expected in zip(turned, hodge_decomposition(K, x), strict=True):
        assert torch.allclose(part, signs[1][:, None] * expected, atol=1e-10)


def test_one_dimensional_cochain_keeps_its_shape():
    K = ALL["house"]
    x = cochain(K, 1, channels=1)
    for flat, full in zip(hodge_decomposition(K, x[:, 0]), hodge_decomposition(K, x), strict=True):
        assert flat.shape == (6,)
        assert torch.equal(flat, full[:, 0])


def test_scales_of_channels_do_not_mix():
    K = ALL["random 2"]
    x = cochain(K, 1)
    scales = torch.tensor([1e-8, 1.0, 1e8], dtype=torch.float64)
    for part, unit in zip(
        hodge_decomposition(K, x * scales), hodge_decomposition(K, x), strict=True
    ):
        assert torch.allclose(part / scales, unit, atol=1e-9)
    zero = hodge_decomposition(K, torch.zeros(K.num_simplices(1), 2))
    assert not any(part.any() for part in zero)
    assert hodge_decomposition(K, x[:, :0])[0].shape == (len(x), 0)


@pytest.fixture
def factorizations(monkeypatch):
    """The shapes of the normal matrices that are factorised."""
    shapes = []

    def counted(matrix, **options):
        shapes.append(matrix.shape)
        return splu(matrix, **options)

    monkeypatch.setattr("scipy.sparse.linalg.splu", counted)
    return shapes


def test_mesh_is_factorised_and_right(factorizations):
    K = grid_with_holes(60, {(10, 10), (30, 40), (50, 20)})
    x = cochain(K, 1)
    gradient, curl, harmonic = hodge_decomposition(K, x)
    assert factorizations
    assert torch.allclose(gradient + curl + harmonic, x, atol=1e-10)
    divergence = boundary_matrix(K, 1, dtype=x.dtype)
    circulation = coboundary_matrix(K, 1, dtype=x.dtype)
    for zero in (
        divergence @ harmonic,
        divergence @ curl,
        circulation @ harmonic,
        circulation @ gradient,
    ):
        assert float(zero.abs().max()) < 1e-9


def test_small_complex_is_not_factorised(factorizations):
    hodge_decomposition(ALL["torus"], cochain(ALL["torus"], 1))
    assert not factorizations


def test_slow_complex_with_hubs_is_not_factorised(factorizations, monkeypatch):
    """A factorisation fills in where many triangles share an edge; plain steps go on instead."""
    monkeypatch.setattr("simplex.operators._least_squares._PROBE_STEPS", 1)
    book = SimplicialComplex.from_simplices([(0, 1, page) for page in range(2, 60)])
    x = cochain(book, 1)
    curl = hodge_decomposition(book, x)[1]
    assert all(shape[1] != 58 for shape in factorizations)
    expected = image_projection(dense_boundary(book, 2)) @ x.numpy()
    assert np.allclose(curl.numpy(), expected, atol=1e-10)


def test_no_convergence_is_an_error(monkeypatch):
    monkeypatch.setattr("simplex.operators._least_squares._MOST_STEPS", 1)
    with pytest.raises(RuntimeError, match="least-squares solver must reach"):
        hodge_decomposition(ALL["torus"], cochain(ALL["torus"], 1))


def test_gradients_flow_through_the_decomposition():
    K = ALL["house"]
    x = cochain(K, 1, channels=2).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: hodge_decomposition(K, x), x)


@over("name, k", CASES)
def test_harmonic_basis_spans_the_kernel(name, k, dtype):
    K = ALL[name]
    basis = harmonic_basis(K, k, dtype=dtype)
    assert basis.dtype == dtype
    assert basis.shape == (K.num_simplices(k), [*betti_numbers(K), 0][k])
    near = 1e-5 if dtype == torch.float32 else 1e-10
    gram = basis.T @ basis
    assert torch.allclose(gram, torch.eye(len(gram), dtype=dtype), atol=near)
    assert np.allclose(dense_laplacian(K, k) @ basis.double().numpy(), 0, atol=near)
    assert torch.equal(basis, harmonic_basis(K, k, dtype=dtype))


@over("num_circles", [5, 40])
def test_harmonic_basis_of_a_bouquet(num_circles):
    """A zero eigenvalue of high multiplicity."""
    K = bouquet(num_circles)
    basis = harmonic_basis(K, 1, dtype=torch.float64)
    assert basis.shape == (3 * num_circles, num_circles)
    assert torch.allclose(basis.T @ basis, torch.eye(num_circles).double(), atol=1e-12)
    circles = (basis @ basis.T).reshape(3 * num_circles, -1)
    assert float(circles.trace()) == pytest.approx(num_circles)
    assert np.allclose(dense_boundary(K, 1) @ basis.numpy(), 0, atol=1e-12)


def test_harmonic_basis_of_a_mesh_with_holes():
    K = grid_with_holes(40, {(8 * i + 3, 8 * j + 3) for i in range(4) for j in range(4)})
    basis = harmonic_basis(K, 1, dtype=torch.float64)
    assert basis.shape == (K.num_simplices(1), 16)
    laplacian = hodge_laplacian(K, 1, dtype=torch.float64)
    assert float((laplacian @ basis).abs().max()) < 1e-11


def test_missing_harmonic_vectors_are_an_error(monkeypatch):
    monkeypatch.setattr("simplex.operators._hodge.betti_numbers", lambda K: (1, 3, 1))
    with pytest.raises(RuntimeError, match="must have dimension β_1 = 3, got fewer"):
        harmonic_basis(ALL["torus"], 1)


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (torch.ones(5), ValueError, r"x must be of shape \(…, 6, channels\) or \(6,\).*got \(5,\)"),
        (torch.ones(6, 1, 1), ValueError, r"x must be of shape .* got \(6, 1, 1\)"),
        (torch.tensor(1.0), ValueError, r"x must be of shape .* got \(\)"),
        (torch.ones(6).long(), TypeError, "x must be a tensor of real floats, got torch.int64"),
        (torch.ones(6) * 1j, TypeError, "x must be a tensor of real floats, got torch.complex64"),
        ([True] * 6, TypeError, "x must be real numbers, got torch.bool"),
        ({0: 1.0}, TypeError, "x must be a tensor, an array or a list of numbers, got dict"),
        (torch.ones(6) * float("nan"), ValueError, "x must be finite"),
        (torch.ones(6, device="meta"), ValueError, "on the complex's device cpu, got meta"),
    ],
)
def test_bad_cochains(x, error, message):
    with pytest.raises(error, match=message):
        hodge_decomposition(ALL["house"], x)


@pytest.mark.parametrize("k", [-1, 3])
def test_degree_beyond_the_dimension_is_an_error(k):
    with pytest.raises(ValueError, match=rf"k must be in 0 … 2 .*got {k}"):
        hodge_decomposition(ALL["house"], torch.ones(6), k)
    with pytest.raises(ValueError, match=rf"k must be in 0 … 2 .*got {k}"):
        harmonic_basis(ALL["house"], k)
