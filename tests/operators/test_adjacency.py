"""The four adjacencies: the definition by sets, the relative signs, the matrix form."""

import networkx as nx
import numpy as np
import pytest
import torch

from simplex import SimplicialComplex
from simplex.operators import (
    adjacency_matrix,
    boundary_adjacency,
    coboundary_adjacency,
    lower_adjacency,
    upper_adjacency,
)
from tests.cases import over
from tests.operators.oracles import ALL, CASES, dense_boundary
from tests.operators.test_boundary import assert_row_major


def tuples(K, k):
    return [frozenset(row) for row in K.simplices(k).tolist()] if 0 <= k <= K.dim else []


def entries(adjacency):
    """Sorted (sender, receiver, shared, sign); no entry may come twice."""
    shared = adjacency.shared
    rows = [*adjacency.index, adjacency.index[0] if shared is None else shared, adjacency.sign]
    found = sorted(map(tuple, torch.stack([row.long() for row in rows], dim=1).tolist()))
    assert len(set(found)) == len(found)
    assert adjacency.index.dtype == torch.int64
    assert adjacency.sign.dtype == torch.int8
    return found


@over("name, k", CASES)
def test_lower_is_the_definition(name, k):
    K = ALL[name]
    here, below = tuples(K, k), tuples(K, k - 1)
    gram = dense_boundary(K, k).T @ dense_boundary(K, k)
    expected = [
        (s, t, below.index(here[s] & here[t]), gram[s, t])
        for s in range(len(here))
        for t in range(len(here))
        if s != t and here[s] & here[t] in below
    ]
    adjacency = lower_adjacency(K, k)
    assert entries(adjacency) == sorted(expected)
    assert bool((adjacency.index[1].diff() >= 0).all())


@over("name, k", CASES)
def test_upper_is_the_definition(name, k):
    K = ALL[name]
    here, above = tuples(K, k), tuples(K, k + 1)
    gram = dense_boundary(K, k + 1) @ dense_boundary(K, k + 1).T
    expected = [
        (s, t, above.index(here[s] | here[t]), gram[s, t])
        for s in range(len(here))
        for t in range(len(here))
        if s != t and here[s] | here[t] in above
    ]
    adjacency = upper_adjacency(K, k)
    assert entries(adjacency) == sorted(expected)
    assert bool((adjacency.index[1].diff() >= 0).all())


@over("name, k", CASES)
def test_boundary_and_coboundary_are_the_definition(name, k):
    K = ALL[name]
    for adjacency, matrix in (
        (boundary_adjacency(K, k), dense_boundary(K, k)),
        (coboundary_adjacency(K, k), dense_boundary(K, k + 1).T),
    ):
        sender, receiver = matrix.nonzero()
        expected = zip(sender, receiver, sender, matrix[sender, receiver], strict=True)
        assert adjacency.shared is None
        assert entries(adjacency) == sorted(expected)


@over("signed", [False, True])
@over("name, k", CASES)
def test_matrix_form_is_the_index_form(name, k, signed):
    K, dtype = ALL[name], torch.float64
    for kind, of, senders in (
        ("boundary", boundary_adjacency, k - 1),
        ("coboundary", coboundary_adjacency, k + 1),
        ("lower", lower_adjacency, k),
        ("upper", upper_adjacency, k),
    ):
        adjacency = of(K, k)
        width = K.num_simplices(senders) if senders >= 0 else 0
        expected = torch.zeros(K.num_simplices(k), width, dtype=dtype)
        sender, receiver = adjacency.index
        expected[receiver, sender] = adjacency.sign.to(dtype) if signed else 1.0
        matrix = adjacency_matrix(K, k, kind, signed=signed, dtype=dtype)
        assert_row_major(matrix)
        assert matrix.dtype == dtype
        assert torch.equal(matrix.to_dense(), expected)


@over("seed", range(3))
def test_upper_of_vertices_is_the_graph(seed):
    graph = nx.gnp_random_graph(15, 0.3, seed=seed)
    K = SimplicialComplex.from_simplices(list(graph.edges), num_vertices=15)
    expected = nx.adjacency_matrix(graph, nodelist=range(15)).toarray()
    assert np.array_equal(adjacency_matrix(K, 0).to_dense().numpy(), expected)


def test_signs_of_the_reference_triangle():
    """In a < b < c: +1 for (ab, bc), -1 for (ab, ac) and (ac, bc), and lower signs opposite."""
    K = ALL["filled triangle"]  # edges ab, ac, bc
    upper = {(s, t): sign for s, t, _, sign in entries(upper_adjacency(K, 1))}
    lower = {(s, t): sign for s, t, _, sign in entries(lower_adjacency(K, 1))}
    assert upper[0, 2] == 1
    assert upper[0, 1] == upper[1, 2] == -1
    assert all(lower[pair] == -upper[pair] for pair in upper)


def test_hub_has_quadratically_many_lower_pairs():
    K = SimplicialComplex.from_simplices([(0, i) for i in range(1, 101)])
    adjacency = lower_adjacency(K, 1)
    assert adjacency.index.shape == (2, 100 * 99)
    assert set(adjacency.shared.tolist()) == {0}
    assert set(adjacency.sign.tolist()) == {1}


def test_lower_pairs_that_would_not_fit_are_refused():
    K = SimplicialComplex(
        10**6, [torch.stack([torch.arange(1, 10**6), torch.zeros(10**6 - 1).long()], 1)]
    )
    with pytest.raises(
        ValueError, match="999997000002 lower-adjacent pairs of dimension 1 must fit"
    ):
        lower_adjacency(K, 1)


@pytest.mark.parametrize(
    "of", [boundary_adjacency, coboundary_adjacency, lower_adjacency, upper_adjacency]
)
def test_degree_beyond_the_dimension_is_an_error(of):
    for k in (-1, 3):
        with pytest.raises(ValueError, match=rf"k must be in 0 … 2 .*got {k}"):
            of(ALL["filled triangle"], k)
    assert of(ALL["empty"], 0).index.shape == (2, 0)


def test_unknown_adjacency_is_an_error():
    with pytest.raises(ValueError, match=r"adjacency must be one of 'boundary', .* got 'uper'"):
        adjacency_matrix(ALL["edge"], 0, "uper")
