"""Boundary and coboundary matrices, and the Dirac operator."""

import networkx as nx
import numpy as np
import pytest
import torch

from simplex import SimplicialComplex
from simplex.operators import (
    boundary_matrix,
    coboundary_matrix,
    dirac_operator,
    hodge_laplacian,
    incidence_matrix,
    incidences,
)
from tests.cases import over
from tests.operators.oracles import ALL, dense_boundary
from tests.tables import random_complex, random_orientation


RANKS = [(name, k) for name, K in ALL.items() for k in range(max(K.dim, 0) + 2)]


def assert_row_major(matrix):
    """The tensor claims to be coalesced; its entries must indeed be distinct and sorted."""
    assert matrix.layout == torch.sparse_coo
    assert matrix.is_coalesced()
    row, column = matrix.indices()
    key = row * max(matrix.shape[1], 1) + column
    assert bool((key.diff() > 0).all())
    assert bool((matrix.values() != 0).all())


@over("name, k", RANKS)
def test_boundary_is_the_definition(name, k, dtype):
    K = ALL[name]
    matrix = boundary_matrix(K, k, dtype=dtype)
    expected = dense_boundary(K, k)
    assert_row_major(matrix)
    assert matrix.dtype == dtype
    assert matrix.shape == expected.shape
    assert np.array_equal(matrix.to_dense().numpy(), expected)
    unsigned = boundary_matrix(K, k, signed=False, dtype=dtype)
    assert np.array_equal(unsigned.to_dense().numpy(), abs(expected))
    assert torch.equal(incidence_matrix(K, k, dtype=dtype).to_dense(), unsigned.to_dense())
    coboundary = coboundary_matrix(K, k - 1, dtype=dtype)
    assert_row_major(coboundary)
    assert np.array_equal(coboundary.to_dense().numpy(), expected.T)


@over("name, k", [case for case in RANKS if case[1] > 0])
def test_boundary_of_a_boundary_is_zero(name, k, dtype):
    K = ALL[name]
    product = boundary_matrix(K, k - 1, dtype=dtype).to_dense()
    assert not (product @ boundary_matrix(K, k, dtype=dtype).to_dense()).any()


@over("seed", range(4))
def test_reorienting_turns_rows_and_columns(seed):
    K = random_complex(seed)
    signs = {0: torch.ones(K.num_simplices(0), dtype=torch.int64), **random_orientation(K, seed)}
    for k in range(1, K.dim + 1):
        turned = boundary_matrix(K.reorient(signs), k).to_dense()
        expected = signs[k - 1][:, None] * boundary_matrix(K, k).to_dense() * signs[k]
        assert torch.equal(turned, expected)


@over("seed", range(3))
def test_vertices_and_edges_agree_with_networkx(seed):
    graph = nx.gnp_random_graph(12, 0.4, seed=seed)
    edges = sorted(tuple(sorted(edge)) for edge in graph.edges)
    K = SimplicialComplex.from_simplices(edges, num_vertices=12)
    expected = nx.incidence_matrix(graph, nodelist=range(12), edgelist=edges, oriented=True)
    assert np.array_equal(boundary_matrix(K, 1).to_dense().numpy(), expected.toarray())


def test_end_ranks_are_empty():
    K = ALL["filled triangle"]
    assert boundary_matrix(K, 0).shape == (0, 3)
    assert boundary_matrix(K, 3).shape == (1, 0)
    assert coboundary_matrix(K, -1).shape == (3, 0)
    assert coboundary_matrix(K, 2).shape == (0, 1)
    assert boundary_matrix(ALL["empty"], 0).shape == (0, 0)


@pytest.mark.parametrize("k", [-1, 4])
def test_rank_beyond_the_ends_is_an_error(k):
    with pytest.raises(ValueError, match=rf"k must be in 0 … 3 .* dimension 2, got {k}"):
        boundary_matrix(ALL["filled triangle"], k)
    with pytest.raises(ValueError, match=r"k must be in -1 … 2"):
        coboundary_matrix(ALL["filled triangle"], k - 1 if k < 0 else k)


@pytest.mark.parametrize("k", [True, 1.0, "1"])
def test_rank_must_be_an_integer(k):
    with pytest.raises(TypeError, match="k must be an integer"):
        boundary_matrix(ALL["filled triangle"], k)


def test_a_graph_is_no_complex():
    with pytest.raises(TypeError, match=r"K must be a SimplicialComplex, got Graph\. Lift"):
        boundary_matrix(nx.path_graph(3), 1)


def test_dtypes():
    K = ALL["filled triangle"]
    for dtype in (torch.int8, torch.int64, torch.float16, torch.complex64):
        assert boundary_matrix(K, 2, dtype=dtype).values().dtype == dtype
    for dtype in (torch.bool, torch.uint8):
        with pytest.raises(ValueError, match="dtype must hold the sign -1"):
            boundary_matrix(K, 2, dtype=dtype)


@over("name, k", RANKS)
def test_device_sort_gives_the_same_matrix(name, k, monkeypatch):
    matrix = boundary_matrix(ALL[name], k)
    monkeypatch.setattr("simplex.operators._sparse._SCIPY_ON", ())
    other = boundary_matrix(ALL[name], k)
    monkeypatch.undo()
    assert torch.equal(other.indices(), matrix.indices())
    assert torch.equal(other.values(), matrix.values())


def test_equal_entries_keep_their_order():
    K = random_complex(0, num_vertices=40)
    for k in range(1, K.dim + 1):
        expected = torch.sort(K.facets(k).flatten(), stable=True).indices
        assert torch.equal(incidences(K, k).order, expected)


@over("name", ALL)
def test_dirac_squares_to_the_laplacians(name, dtype):
    K = ALL[name]
    D = dirac_operator(K, dtype=dtype)
    assert_row_major(D)
    D = D.to_dense()
    laplacians = [hodge_laplacian(K, k, dtype=dtype).to_dense() for k in range(K.dim + 1)]
    assert torch.equal(D, D.T)
    assert D.dtype == dtype
    expected = torch.block_diag(*laplacians) if laplacians else torch.zeros(0, 0, dtype=dtype)
    assert torch.equal(D @ D, expected)
