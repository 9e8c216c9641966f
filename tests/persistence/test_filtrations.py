"""Filtrations by signals, extended persistence against GUDHI, stability, edge weights."""

import math

import networkx as nx
import numpy as np
import pytest
import torch
from scipy.sparse import coo_matrix

from simplex import SimplicialComplex
from simplex.lifting import clique_complex, vietoris_rips_complex
from simplex.operators import betti_numbers
from simplex.persistence import (
    bottleneck_distance,
    extended_persistence,
    lower_star,
    persistence,
    upper_star,
)
from simplex.testing import random_orientation
from tests.cases import over
from tests.persistence.cases import gudhi_extended, random_filtration, sorted_rows


HOLLOW = SimplicialComplex.from_simplices([(0, 1), (1, 2), (0, 2), (3,)])


@over("k", range(4))
def test_sublevel_sets_by_their_definition(k):
    K = random_filtration(11)
    x = torch.rand(K.num_simplices(k), dtype=torch.float64)
    found = lower_star(K, x, k).filtration
    carriers = {frozenset(row): float(v) for row, v in zip(K.simplices(k).tolist(), x, strict=True)}
    for j in range(K.dim + 1):
        for row, value in zip(K.simplices(j).tolist(), found[j].tolist(), strict=True):
            σ = frozenset(row)
            if j >= k:
                expected = max(v for τ, v in carriers.items() if τ <= σ)
            else:
                expected = min((v for τ, v in carriers.items() if τ >= σ), default=math.inf)
            assert value == expected
    mirrored = upper_star(K, -x, k).filtration
    assert all(torch.equal(a, b) for a, b in zip(found, mirrored, strict=True))


def test_a_filtration_by_edges_is_the_weighted_clique_filtration():
    graph = nx.gnp_random_graph(12, 0.6, seed=0)
    K = clique_complex(graph)
    weights = torch.rand(K.num_simplices(1), dtype=torch.float64)
    i, j = K.simplices(1).T.numpy()
    matrix = coo_matrix((weights, (i, j)), (12, 12))
    rips = vietoris_rips_complex(distances=matrix + matrix.T)
    assert rips == K
    found = lower_star(K, weights, 1).filtration
    assert torch.equal(found[2], rips.filtration[2])
    assert (
        persistence(rips).of(1).pairs.tolist()
        == persistence(lower_star(K, weights, 1)).of(1).pairs.tolist()
    )


def test_a_signal_gets_the_gradients_of_its_classes():
    K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
    x = torch.tensor([0.0, 5.0, 1.0], requires_grad=True)
    persistence(lower_star(K, x)).finite().lifetime.sum().backward()
    assert x.grad.tolist() == [0.0, 1.0, -1.0]
    x.grad = None
    D = extended_persistence(K, x)
    (D.extended.death - D.extended.birth).sum().backward()
    assert x.grad.tolist() == [-1.0, 1.0, 0.0]


@over("prime", [2, 11])
def test_extended_persistence_of_a_union_is_that_of_gudhi(prime):
    parts = [random_filtration(seed).with_filtration(None) for seed in range(20)]
    U = SimplicialComplex.disjoint_union(parts)
    x = torch.rand(U.num_simplices(0), dtype=torch.float64)
    D = extended_persistence(U, x, prime=prime)
    for p, (K, own) in enumerate(
        zip(parts, x.split(U.part_pointer(0).diff().tolist()), strict=True)
    ):
        for found, expected in zip(D, gudhi_extended(K, own, prime), strict=True):
            rows = found.of_part(p)
            rows = rows[rows.birth != rows.death]
            table = torch.cat([rows.dims[:, None].double(), rows.pairs], 1).numpy()
            np.testing.assert_allclose(table[np.lexsort(table.T)], expected, atol=1e-9)
        counts = [len(D.extended.of_part(p).of(k)) for k in range(K.dim + 1)]
        assert tuple(counts) == betti_numbers(K, prime=prime)


def test_going_up_is_the_lower_star_and_signs_of_simplices_do_not_matter():
    K = random_filtration(9)
    K = K.reorient(random_orientation(K))
    x = torch.rand(K.num_simplices(0), dtype=torch.float64)
    D, E = extended_persistence(K, x), persistence(lower_star(K, x))
    assert torch.equal(D.ordinary.pairs, E.finite().pairs)
    assert torch.equal(D.extended.birth_simplex, E.essential().birth_simplex)


@over("noise", [1e-3, 1e-2, 0.1])
def test_diagrams_are_stable(noise):
    K = random_filtration(10)
    x = torch.rand(K.num_simplices(0), dtype=torch.float64)
    y = x + noise * (2 * torch.rand_like(x) - 1)
    D, E = persistence(lower_star(K, x)), persistence(lower_star(K, y))
    for k in range(K.dim + 1):
        assert 0 < bottleneck_distance(D, E, 0).item() <= noise
        assert bottleneck_distance(D, E, k).item() <= noise


@over(
    "call, error, words",
    [
        (lambda: lower_star(HOLLOW, [0.0, 1.0]), ValueError, "one number for each of the 4"),
        (lambda: lower_star(HOLLOW, torch.zeros(4, 2)), ValueError, "one channel at a time"),
        (lambda: lower_star(HOLLOW, [0.0, 1.0, 2.0, math.nan]), ValueError, "NaN"),
        (lambda: lower_star(HOLLOW, [0.0] * 4, 2), ValueError, "k must be"),
        (lambda: lower_star(HOLLOW, "degree"), TypeError, "values"),
        (lambda: lower_star(HOLLOW, 1.0), TypeError, "values must be a list"),
        (lambda: extended_persistence(HOLLOW, [0.0, 1, 2, math.inf]), ValueError, "finite"),
        (lambda: lower_star(nx.path_graph(3), [0.0] * 3), TypeError, "SimplicialComplex"),
    ],
)
def test_what_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_complexes_without_edges_or_vertices():
    D = extended_persistence(SimplicialComplex(2), [0.0, 1.0])
    assert D.extended.pairs.tolist() == [[0.0, 0.0], [1.0, 1.0]]
    assert [len(each) for each in extended_persistence(SimplicialComplex(0), [])] == [0, 0, 0]
    assert lower_star(SimplicialComplex(0), []).filtration == ()


def test_an_isolated_vertex_never_enters_a_filtration_by_edges():
    K = lower_star(HOLLOW, [1, 2, 3], 1)
    assert K.filtration[0].tolist() == [1.0, 1.0, 2.0, math.inf]
    assert [len(persistence(K).of(k).essential()) for k in (0, 1)] == [1, 1]


@over("given", ["points", "distances"])
def test_collapsed_edges_have_the_same_diagrams_and_gradients(given):
    x = torch.randn(20, 3, dtype=torch.float64, requires_grad=True)
    results = []
    for collapse in (False, True):
        options = {"points": x} if given == "points" else {"distances": torch.cdist(x, x)}
        K = vietoris_rips_complex(**options, max_dim=2, collapse_edges=collapse)
        D = persistence(K, max_dim=1)
        (gradient,) = torch.autograd.grad(D.finite().lifetime.square().sum(), x)
        results.append((K.num_simplices(1), K.num_simplices(2), D, gradient))
    (edges, triangles, D, there), (fewer, few, E, here) = results
    assert fewer < edges / 1.5
    assert few < triangles / 10
    for k in (0, 1):
        np.testing.assert_array_equal(
            sorted_rows(D.of(k).pairs.detach()), sorted_rows(E.of(k).pairs.detach())
        )
    torch.testing.assert_close(here, there)
