"""Laplacians: definition, symmetry, kernel, cancellation, weights, normalisations."""

import networkx as nx
import numpy as np
import pytest
import torch

from simplex import SimplicialComplex
from simplex.operators import (
    betti_numbers,
    down_laplacian,
    hodge_laplacian,
    normalized_laplacian,
    normalizing_weights,
    up_laplacian,
)
from tests.cases import over
from tests.operators.oracles import ALL, CASES, dense_boundary, dense_laplacian, tolerance
from tests.operators.test_boundary import assert_row_major
from tests.tables import random_complex, random_orientation


def random_weights(K, seed, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return {
        k: torch.rand(K.num_simplices(k), generator=generator, dtype=dtype) + 0.5
        for k in range(max(K.dim, 0) + 2)
    }


@over("signed", [True, False])
@over("name, k", CASES)
def test_laplacians_are_the_definition(name, k, signed, dtype):
    K = ALL[name]
    down, up = dense_boundary(K, k), dense_boundary(K, k + 1)
    down, up = (down, up) if signed else (abs(down), abs(up))
    for of, expected in (
        (hodge_laplacian, down.T @ down + up @ up.T),
        (down_laplacian, down.T @ down),
        (up_laplacian, up @ up.T),
    ):
        laplacian = of(K, k, signed=signed, dtype=dtype)
        assert_row_major(laplacian)
        assert laplacian.dtype == dtype
        assert np.array_equal(laplacian.to_dense().numpy(), expected)


def test_unsigned_is_not_the_absolute_value_of_a_sum():
    """On the filled triangle down and up cancel off the diagonal; unsigned they add to 2."""
    K = ALL["filled triangle"]
    assert torch.equal(hodge_laplacian(K, 1).to_dense(), 3 * torch.eye(3))
    assert hodge_laplacian(K, 1)._nnz() == 3
    unsigned = hodge_laplacian(K, 1, signed=False).to_dense()
    assert torch.equal(unsigned, torch.eye(3) + 2 * torch.ones(3, 3))


@over("name, k", CASES)
def test_kernel_has_the_dimension_of_the_homology(name, k, dtype):
    K = ALL[name]
    for weights in (None, random_weights(K, k)):
        laplacian = hodge_laplacian(K, k, weights=weights, dtype=dtype).to_dense()
        assert torch.equal(laplacian, laplacian.T)
        values = torch.linalg.eigvalsh(laplacian)
        near = 1e-4 if dtype == torch.float32 else 1e-10
        assert bool((values > -near).all())
        assert int((values < near).sum()) == ([*betti_numbers(K), 0][k])


@over("name, k", CASES)
def test_weights_are_the_formula(name, k):
    K = ALL[name]
    weights = random_weights(K, 11 + k)
    W = {j: np.diag(weight.numpy()) for j, weight in weights.items()} | {-1: np.zeros((0, 0))}
    down, up = dense_boundary(K, k), dense_boundary(K, k + 1)
    root, inverse = np.sqrt(W[k]), np.linalg.inv(np.sqrt(W[k]))
    lower = root @ down.T @ np.linalg.inv(W[k - 1]) @ down @ root
    upper = inverse @ up @ W[k + 1] @ up.T @ inverse
    options = {"weights": weights, "dtype": torch.float64}
    for of, expected in (
        (hodge_laplacian, lower + upper),
        (down_laplacian, lower),
        (up_laplacian, upper),
    ):
        assert np.allclose(of(K, k, **options).to_dense().numpy(), expected, atol=1e-12)
    only = {k: weights[k]}
    partial = root @ down.T @ down @ root + inverse @ up @ up.T @ inverse
    got = hodge_laplacian(K, k, weights=only, dtype=torch.float64).to_dense().numpy()
    assert np.allclose(got, partial, atol=1e-12)


@over("seed", range(4))
def test_reorienting(seed):
    K = random_complex(seed)
    signs = {0: torch.ones(K.num_simplices(0), dtype=torch.int64), **random_orientation(K, seed)}
    for k in range(K.dim + 1):
        before, after = hodge_laplacian(K, k), hodge_laplacian(K.reorient(signs), k)
        expected = signs[k][:, None] * before.to_dense() * signs[k]
        assert torch.equal(after.to_dense(), expected)
        unsigned = [hodge_laplacian(C, k, signed=False).to_dense() for C in (K, K.reorient(signs))]
        assert torch.equal(*unsigned)


@over("seed", range(3))
def test_vertices_agree_with_networkx(seed):
    graph = nx.gnp_random_graph(12, 0.3, seed=seed)
    K = SimplicialComplex.from_simplices(list(graph.edges), num_vertices=12)
    expected = nx.laplacian_matrix(graph, nodelist=range(12)).toarray()
    assert np.array_equal(hodge_laplacian(K, 0).to_dense().numpy(), expected)
    half = nx.normalized_laplacian_matrix(graph, nodelist=range(12)).toarray() / 2
    got = normalized_laplacian(K, 0, dtype=torch.float64).to_dense().numpy()
    assert np.allclose(got, half, atol=1e-12)


@over("name", ALL)
def test_device_product_gives_the_same(name, monkeypatch):
    K = ALL[name]
    for k in range(K.dim + 1):
        expected = hodge_laplacian(K, k).to_dense()
        monkeypatch.setattr("simplex.operators._sparse._SCIPY_ON", ())
        product = hodge_laplacian(K, k)
        monkeypatch.undo()
        assert_row_major(product)
        assert torch.equal(product.to_dense(), expected)


@over("name", [name for name, K in ALL.items() if K.dim >= 1])
def test_edges_are_normalised_as_in_the_paper(name, dtype):
    """Schaub et al. 2020, Definition 3.3, transcribed."""
    K = ALL[name]
    B1, B2 = dense_boundary(K, 1), dense_boundary(K, 2)
    D2 = np.diag(np.maximum(abs(B2).sum(1), 1))
    D1 = 2 * np.diag(abs(B1) @ np.diag(D2))
    D3 = np.eye(B2.shape[1]) / 3
    D2_inverse = np.linalg.inv(D2)
    walk = D2 @ B1.T @ np.linalg.pinv(D1) @ B1 + B2 @ D3 @ B2.T @ D2_inverse
    symmetric = np.sqrt(D2_inverse) @ walk @ np.sqrt(D2)
    for normalization, expected in (("random_walk", walk), ("symmetric", symmetric)):
        got = normalized_laplacian(K, 1, normalization, dtype=dtype)
        assert got.dtype == dtype
        assert np.allclose(got.to_dense().numpy(), expected, **tolerance(dtype))


@over("normalization", ["symmetric", "random_walk", "spectral"])
@over("name, k", CASES)
def test_normalised_spectrum_is_in_the_unit_interval(name, k, normalization):
    K = ALL[name]
    laplacian = normalized_laplacian(K, k, normalization, dtype=torch.float64)
    assert laplacian.is_coalesced()
    values = torch.linalg.eigvals(laplacian.to_dense()).real
    assert bool(((values > -1e-10) & (values < 1 + 1e-10)).all())
    assert int((values < 1e-9).sum()) == [*betti_numbers(K), 0][k]
    if normalization == "spectral" and bool((values > 1e-9).any()):
        assert float(values.max()) == pytest.approx(1.0, abs=1e-10)


def test_largest_eigenvalue_of_a_large_complex():
    graph = nx.gnp_random_graph(80, 0.1, seed=0)
    K = SimplicialComplex.from_simplices(list(graph.edges), num_vertices=80)
    for k in (0, 1):
        top = float(np.linalg.eigvalsh(dense_laplacian(K, k)).max())
        got = normalized_laplacian(K, k, "spectral", dtype=torch.float64).to_dense().numpy()
        assert np.allclose(got, dense_laplacian(K, k) / top, atol=1e-9)
    lonely = SimplicialComplex.from_simplices([(0,)], num_vertices=80)
    assert normalized_laplacian(lonely, 0, "spectral")._nnz() == 0


def test_normalizing_weights_fit_the_laplacian():
    K = ALL["triangle with tail"]
    weights = normalizing_weights(K, 1)
    expected = normalized_laplacian(K, 1)
    assert torch.equal(hodge_laplacian(K, 1, weights=weights).to_dense(), expected.to_dense())
    assert {j: tuple(w.shape) for j, w in weights.items()} == {0: (6,), 1: (4,), 2: (1,)}


def test_end_ranks():
    points = ALL["isolated vertices"]
    assert hodge_laplacian(points, 0).shape == (4, 4)
    assert hodge_laplacian(points, 0)._nnz() == 0
    assert hodge_laplacian(ALL["empty"], 0).shape == (0, 0)
    assert normalized_laplacian(ALL["empty"], 0, "spectral").shape == (0, 0)
    assert up_laplacian(ALL["filled triangle"], 2)._nnz() == 0
    assert down_laplacian(ALL["filled triangle"], 0)._nnz() == 0


@pytest.mark.parametrize("of", [hodge_laplacian, up_laplacian, down_laplacian])
def test_bad_degree_and_dtype(of):
    K = ALL["filled triangle"]
    for k in (-1, 3):
        with pytest.raises(ValueError, match=rf"k must be in 0 … 2 .*got {k}"):
            of(K, k)
    with pytest.raises(
        ValueError, match=r"dtype must be torch.float32 or torch.float64, got .*int8"
    ):
        of(K, 1, dtype=torch.int8)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (torch.ones(2), r"weights\[1\] must be a tensor of shape \(3,\), got \(2,\)"),
        ([1.0, 1.0], r"weights\[1\] must be a tensor of shape \(3,\), got \(2,\)"),
        (torch.tensor([1.0, 0.0, 1.0]), r"weights\[1\] must be positive and finite, got 0.0"),
        (torch.tensor([1.0, 1.0, -2.0]), r"must be positive and finite, got -2.0"),
        (torch.tensor([1.0, 1.0, float("nan")]), r"must be positive and finite, got nan"),
        (torch.ones(3, device="meta"), "must be on the complex's device cpu, got meta"),
    ],
)
def test_bad_weights(weight, message):
    with pytest.raises(ValueError, match=message):
        hodge_laplacian(ALL["filled triangle"], 1, weights={1: weight})


def test_unknown_normalization_is_an_error():
    with pytest.raises(ValueError, match=r"normalization must be one of .* got 'kipf'"):
        normalized_laplacian(ALL["edge"], 1, "kipf")
