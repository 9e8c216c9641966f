"""Eigenpairs of Hodge Laplacians against dense eigh, homology and the isospectral identity."""

import networkx as nx
import numpy as np
import pytest
import torch

from simplex import SimplicialComplex
from simplex.lifting import clique_complex
from simplex.operators import betti_numbers, eigenpairs
from tests.cases import over
from tests.operators.oracles import ALL, CASES, bouquet, dense_boundary, dense_laplacian
from tests.tables import random_orientation


PARTS = ("hodge", "gradient", "curl", "harmonic")
COUNT = 5
NAMES = [
    "empty", "edge and isolated vertices", "filled tetrahedron", "house", "two components", "torus",
    "projective plane", "3-sphere", "random 2", "reoriented",
]  # fmt: skip


def dense_spectrum(K, k, part):
    """The eigenvalues, ascending, that a part has."""
    down, up = dense_boundary(K, k), dense_boundary(K, k + 1)
    half = {"gradient": down.T @ down, "curl": up @ up.T}.get(part, dense_laplacian(K, k))
    values = np.linalg.eigvalsh(half)
    zero = np.isclose(values, 0, atol=1e-9)
    return values[zero if part == "harmonic" else ~zero] if part != "hodge" else values


@pytest.fixture(params=[512, 2], ids=["dense", "sparse"])
def small(request, monkeypatch):
    monkeypatch.setattr("simplex.operators._eigenpairs.SMALL", request.param)


@over("name, k", [(name, k) for name, k in CASES if name in NAMES])
def test_the_low_end_with_multiplicities(small, name, k):
    K = ALL[name]
    for part in PARTS:
        values, vectors, residuals = eigenpairs(K, k, COUNT, part=part, dtype=torch.float64)
        expected = dense_spectrum(K, k, part)[:COUNT]
        found = int(values.isfinite().sum())
        assert found == len(expected)
        assert np.allclose(values[:found].numpy(), expected, atol=1e-8)
        v = vectors.numpy()
        assert not v[:, found:].any()
        assert np.allclose(v.T @ v, np.diag(np.arange(COUNT) < found), atol=1e-8)
        error = dense_laplacian(K, k) @ v[:, :found] - v[:, :found] * values[:found].numpy()
        assert np.allclose(np.linalg.norm(error, axis=0), residuals[:found], atol=1e-9)
        assert np.all(residuals.numpy() <= 1e-7)
        if part == "gradient":
            assert np.allclose(dense_boundary(K, k + 1).T @ v, 0, atol=1e-7)
        if part == "curl":
            assert np.allclose(dense_boundary(K, k) @ v, 0, atol=1e-7)


@over("name", [name for name in NAMES if ALL[name].dim > 0])
def test_isospectral(small, name):
    K = ALL[name]
    for k in range(1, K.dim + 1):
        lower = eigenpairs(K, k - 1, COUNT, part="curl", dtype=torch.float64).values
        upper = eigenpairs(K, k, COUNT, part="gradient", dtype=torch.float64).values
        torch.testing.assert_close(lower, upper, atol=1e-8, rtol=0)


def test_a_union_has_those_of_its_parts(small):
    parts = [ALL[name] for name in ("torus", "isolated vertices", "house", "empty", "random 1")]
    U = SimplicialComplex.disjoint_union(parts)
    for k, part in ((0, "curl"), (1, "hodge"), (1, "gradient"), (2, "harmonic")):
        together = eigenpairs(U, k, 3, part=part, dtype=torch.float64)
        assert together.values.shape == together.residuals.shape == (5, 3)
        for p, K in enumerate(parts):
            if k > K.dim:
                assert not together.values[p].isfinite().any()
                continue
            alone = eigenpairs(K, k, 3, part=part, dtype=torch.float64)
            torch.testing.assert_close(together.values[p], alone.values, atol=1e-8, rtol=0)
            mine = together.vectors[U.part(k) == p]
            gap = alone.values.diff().abs().min()
            if bool(alone.values.isfinite().all()) and float(gap) > 1e-3:
                torch.testing.assert_close(mine, alone.vectors, atol=1e-5, rtol=0)


def test_signs_and_orientation():
    K = ALL["random 2"]
    signs = random_orientation(K, 4)
    one = eigenpairs(K, 1, 4, part="gradient", dtype=torch.float64)
    two = eigenpairs(K.reorient(signs), 1, 4, part="gradient", dtype=torch.float64)
    torch.testing.assert_close(one.values, two.values)
    turned = signs[1][:, None] * one.vectors
    torch.testing.assert_close((turned * two.vectors).sum(0).abs(), torch.ones(4).double())
    torch.testing.assert_close(one.vectors.amax(0), one.vectors.abs().amax(0))
    again = eigenpairs(K, 1, 4, part="gradient", dtype=torch.float64)
    assert all(map(torch.equal, one, again))


def test_large_parts():
    """More than 512 on both sides: a torus grid, whose eigenvalues come in fours, and holes."""
    graph = nx.grid_2d_graph(24, 25, periodic=True)
    K = clique_complex(graph, 2)
    values, vectors, residuals = eigenpairs(K, 1, 9, part="gradient", dtype=torch.float64)
    of = [2 * np.pi * np.arange(m) / m for m in (24, 25)]
    expected = np.sort((4 - 2 * np.cos(of[0][:, None]) - 2 * np.cos(of[1])).flatten())[1:10]
    assert np.allclose(values, expected, atol=1e-8)
    assert float(residuals.max()) < 1e-7
    torch.testing.assert_close(vectors.T @ vectors, torch.eye(9).double(), atol=1e-9, rtol=0)
    whole = eigenpairs(K, 0, 5, dtype=torch.float64)
    assert np.allclose(whole.values, [0, *expected[:4]], atol=1e-8)
    harmonic = eigenpairs(bouquet(400), 1, 7, part="harmonic", dtype=torch.float64)
    assert not harmonic.values.any()
    assert float(harmonic.residuals.max()) < 1e-10
    assert betti_numbers(bouquet(400))[1] == 400


def test_conjugate_gradients_in_place_of_the_factorisation(monkeypatch):
    monkeypatch.setattr("simplex.operators._krylov._FACTORIZED", 0)
    monkeypatch.setattr("simplex.operators._eigenpairs.SMALL", 30)
    K = clique_complex(nx.gnp_random_graph(60, 0.3, seed=1), 2)
    values = eigenpairs(K, 1, 6, part="curl", dtype=torch.float64).values
    assert np.allclose(values, dense_spectrum(K, 1, "curl")[:6], atol=1e-7)


def test_no_convergence_is_an_error(monkeypatch):
    monkeypatch.setattr("simplex.operators._krylov._ROUNDS", 1)
    monkeypatch.setattr("simplex.operators._krylov._DEPTH", 1)
    with pytest.raises(RuntimeError, match="eigenpairs must have residuals"):
        eigenpairs(clique_complex(nx.grid_2d_graph(24, 25), 2), 0, 4)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"k": 3}, ValueError, "k must be in 0 … 2"),
        ({"count": 0}, ValueError, "count must be"),
        ({"part": "north"}, ValueError, "part must be"),
        ({"tolerance": 0}, ValueError, "tolerance must be"),
        ({"dtype": torch.float16}, ValueError, "dtype must be"),
        ({"generator": 3}, TypeError, "generator must be"),
    ],
)
def test_wrong_arguments(options, error, message):
    with pytest.raises(error, match=message):
        eigenpairs(**{"K": ALL["house"], "k": 1, "count": 2, **options})
