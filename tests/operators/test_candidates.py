"""Scores of candidates against networkx and the definitions."""

import math
from itertools import combinations

import networkx as nx
import numpy as np
import pytest
import torch

from simplex import SimplicialComplex
from simplex.operators import candidate_scores
from tests.cases import over


SCORES = (
    "arithmetic", "geometric", "harmonic", "common_neighbors", "jaccard", "adamic_adar",
    "preferential_attachment", "katz", "pagerank",
)  # fmt: skip


def weighted(seed, n=12):
    graph = nx.gnp_random_graph(n, 0.4, seed=seed)
    generator = np.random.default_rng(seed)
    for u, v in graph.edges:
        graph[u][v]["weight"] = float(generator.integers(1, 9))
    K = SimplicialComplex.from_simplices(list(graph.edges), num_vertices=n)
    weights = torch.tensor([graph[u][v]["weight"] for u, v in K.simplices(1).tolist()])
    return graph, K, weights


def by_hand(graph, candidate, score):
    pairs = list(combinations(candidate, 2))
    w = [graph[u][v]["weight"] if graph.has_edge(u, v) else 0.0 for u, v in pairs]
    near = [set(graph[v]) for v in candidate]
    common, either = set.intersection(*near), set.union(*near)
    return {
        "arithmetic": sum(w) / len(w),
        "geometric": math.prod(w) ** (1 / len(w)),
        "harmonic": len(w) / sum(1 / x for x in w) if all(w) else 0.0,
        "common_neighbors": len(common),
        "jaccard": len(common) / max(len(either), 1),
        "adamic_adar": sum(1 / math.log(graph.degree[z]) for z in common),
        "preferential_attachment": math.prod(graph.degree[v] for v in candidate),
    }[score]


@over("width", [2, 3, 4])
@over("seed", range(3))
def test_local_scores_by_definition(seed, width):
    graph, K, weights = weighted(seed)
    rows = [tuple(torch.randperm(12)[:width].tolist()) for _ in range(40)]
    for score in SCORES[:7]:
        found = candidate_scores(K, rows, score, weights=weights)
        expected = [by_hand(graph, row, score) for row in rows]
        torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64))


@over("seed", range(3))
def test_scores_of_links_are_those_of_networkx(seed):
    graph, K, _ = weighted(seed)
    rows = list(nx.non_edges(graph))
    for score, peer in (
        ("jaccard", nx.jaccard_coefficient),
        ("adamic_adar", nx.adamic_adar_index),
        ("preferential_attachment", nx.preferential_attachment),
    ):
        expected = torch.tensor([p for _, _, p in peer(graph, rows)], dtype=torch.float64)
        torch.testing.assert_close(candidate_scores(K, rows, score), expected)


@over("seed", range(2))
def test_walks_by_their_series_and_by_networkx(seed):
    graph, K, weights = weighted(seed)
    rows = list(combinations(range(12), 3))[::7]
    W = torch.tensor(nx.to_numpy_array(graph))
    beta = min(0.25 / float(torch.linalg.matrix_norm(W, 2)), 0.5)
    series = sum(torch.linalg.matrix_power(beta * W, i) for i in range(1, 40))
    walks = [nx.pagerank(graph, 0.85, {v: 1}, tol=1e-12, max_iter=500) for v in range(12)]
    rank = torch.tensor([[walk[u] for u in range(12)] for walk in walks]).T
    for score, S in (("katz", series), ("pagerank", rank)):
        expected = [sum(float(S[u, v] + S[v, u]) for u, v in combinations(row, 2)) for row in rows]
        found = candidate_scores(K, rows, score, weights=weights)
        torch.testing.assert_close(found, torch.tensor(expected).double(), rtol=1e-6, atol=1e-9)


@over("score", SCORES)
def test_order_of_vertices_and_unions(score):
    _, K, weights = weighted(4)
    rows = torch.stack([torch.randperm(12)[:3] for _ in range(30)])
    found = candidate_scores(K, rows, score, weights=weights)
    torch.testing.assert_close(
        found, candidate_scores(K, rows[:, [2, 0, 1]], score, weights=weights)
    )
    if score != "katz":
        U = SimplicialComplex.disjoint_union([K.skeleton(0), K])
        shifted = candidate_scores(U, rows + 12, score, weights=weights)
        torch.testing.assert_close(found, shifted)
    assert candidate_scores(K, rows[:0], score).shape == (0,)


def test_many_neighbours_are_counted_in_chunks(monkeypatch):
    _, K, _ = weighted(5)
    rows = torch.combinations(torch.arange(12), 3)
    whole = candidate_scores(K, rows, "adamic_adar")
    monkeypatch.setattr("simplex.operators._candidates._ROWS", 16)
    torch.testing.assert_close(candidate_scores(K, rows, "adamic_adar"), whole)


@over("change, message", [
    ({"score": "simrank"}, "score must be one of"),
    ({"candidates": [(0, 0)]}, "distinct vertices"),
    ({"candidates": [(0, 12)]}, "vertices of the complex"),
    ({"candidates": [(0,)]}, r"shape \(m, k\+1\)"),
    ({"candidates": [(0.5, 1.0)]}, "candidates must be integers"),
    ({"weights": torch.ones(3)}, "weights must be of shape"),
    ({"weights": torch.zeros(24)}, "weights must be"),
    ({"K": SimplicialComplex.disjoint_union([SimplicialComplex(2)] * 2)}, "one complex for 'katz'"),
])  # fmt: skip
def test_what_is_refused(change, message):
    right = {"K": weighted(0)[1], "candidates": [(0, 1)], "score": "katz"}
    with pytest.raises((ValueError, TypeError), match=message):
        candidate_scores(**right | change)
