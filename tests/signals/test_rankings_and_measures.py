"""HodgeRank, PageRank, curvature and resistance: held to dense algebra and to networkx."""

import itertools

import networkx as nx
import numpy as np
import pytest
import torch

from simplex import SimplicialComplex
from simplex.operators import hodge_decomposition, normalized_laplacian
from simplex.signals import effective_resistance, forman_curvature, hodge_pagerank, hodge_rank
from tests.cases import over
from tests.operators.oracles import dense_boundary
from tests.signals.oracles import ALL, FEW, signal


@over("name", ["random", "union", "projective plane, turned"])
def test_scores_are_weighted_least_squares(name):
    K = ALL[name]
    x = signal(K, 1)[:, 0]
    w = torch.rand(len(x), dtype=torch.float64) + 0.5
    found = hodge_rank(K, x, weight=w)
    root = w.sqrt().numpy()
    D, C = dense_boundary(K, 1).T, dense_boundary(K, 2)
    fitted = np.linalg.lstsq(root[:, None] * D, root * x.numpy(), rcond=None)[0]
    np.testing.assert_allclose(D @ found.scores.numpy(), D @ fitted, atol=1e-7)
    y = root * x.numpy()
    gradient = root[:, None] * D
    curl = C / root[:, None]
    shares = [np.linalg.norm(A @ np.linalg.pinv(A) @ y) ** 2 / (y @ y) for A in (gradient, curl)]
    assert abs(found.gradient - shares[0]) < 1e-8
    assert abs(found.curl - shares[1]) < 1e-8
    assert abs(found.gradient + found.curl + found.harmonic - 1) < 1e-8
    plain = hodge_rank(K, x)
    parts = hodge_decomposition(K, x, 1)
    assert abs(plain.harmonic - float(parts[2].square().sum() / x.square().sum())) < 1e-8


def test_rankings_of_nothing_and_wrong_ones():
    K = ALL["random"]
    n = K.num_simplices(1)
    assert hodge_rank(K, torch.zeros(n))[1:] == (0.0, 0.0, 0.0)
    for weight in (torch.zeros(n), torch.ones(3)):
        with pytest.raises(ValueError, match="weight must be"):
            hodge_rank(K, torch.ones(n), weight=weight)
    with pytest.raises(ValueError, match="shape"):
        hodge_rank(K, torch.ones(n, 2))


@over("name, k", FEW)
def test_pagerank_is_the_resolvent(name, k):
    K = ALL[name]
    x = signal(K, k)
    L = normalized_laplacian(K, k, "random_walk", dtype=torch.float64).to_dense()
    for beta in (0.05, 2.0):
        matrix = beta * torch.eye(len(x), dtype=torch.float64) + L
        expected = beta * torch.linalg.solve(matrix, x)
        found = hodge_pagerank(K, x, k, restart=beta)
        torch.testing.assert_close(found, expected, atol=1e-8, rtol=1e-8)


def test_walks_on_vertices_keep_their_mass():
    K = ALL["random"]
    x = signal(K, 0)
    torch.testing.assert_close(hodge_pagerank(K, x, 0).sum(0), x.sum(0))


@over("name", ["random", "union", "4-simplex", "projective plane"])
def test_curvature_counts_what_the_definition_counts(name):
    K = ALL[name]
    for k in range(1, K.dim + 1):
        here = [frozenset(s) for s in K.simplices(k).tolist()]
        above = {frozenset(s) for s in K.simplices(k + 1).tolist()}
        expected = []
        for s in here:
            parallel = sum((len(s & t) == k) != (s | t in above) for t in here if t != s)
            expected.append(sum(s < u for u in above) + k + 1 - parallel)
        assert forman_curvature(K, k).tolist() == expected


def test_curvature_of_a_lone_simplex_is_k_plus_2():
    K = SimplicialComplex.from_simplices([tuple(range(5))])
    assert set(forman_curvature(K, 3).tolist()) == {5}
    with pytest.raises(ValueError, match="k must be"):
        forman_curvature(K, 0)


def test_resistance_is_that_of_networkx():
    graph = nx.gnp_random_graph(14, 0.35, seed=4)
    assert nx.is_connected(graph)
    K = SimplicialComplex.from_simplices(list(graph.edges))
    expected = [nx.resistance_distance(graph, u, v) for u, v in K.simplices(1).tolist()]
    found = effective_resistance(K)
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-9)
    probes = effective_resistance(K, num_probes=4000, generator=torch.Generator().manual_seed(0))
    assert float((probes - found).abs().max()) < 0.1


@over("name", ["random", "union", "projective plane, turned"])
def test_resistances_sum_to_the_rank(name):
    K = ALL[name]
    for k in range(1, K.dim + 1):
        B = dense_boundary(K, k)
        expected = np.diag(np.linalg.pinv(B) @ B)
        np.testing.assert_allclose(effective_resistance(K, k).numpy(), expected, atol=1e-8)
        assert abs(expected.sum() - np.linalg.matrix_rank(B)) < 1e-8


def test_relabelling_carries_the_measures_along():
    K = ALL["random"]
    n = K.num_simplices(0)
    order = torch.randperm(n, generator=torch.Generator().manual_seed(3))
    tops = list(itertools.chain.from_iterable(K.simplices(k).tolist() for k in range(K.dim + 1)))
    L = SimplicialComplex.from_simplices([tuple(order[list(s)].tolist()) for s in tops])
    ids = L.index(order[K.simplices(1)])
    assert torch.equal(forman_curvature(L)[ids], forman_curvature(K))
    torch.testing.assert_close(effective_resistance(L)[ids], effective_resistance(K))
