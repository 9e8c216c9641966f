"""Polygons glued along sides, and orders, as simplicial complexes."""

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
import torch

from simplex import SimplicialComplex
from simplex.datasets import random_surface
from simplex.lifting import chordless_cycles, from_cells, order_complex, ring_complex
from simplex.operators import betti_numbers, subdivide
from simplex.testing import random_complex
from tests.cases import over


def torus(rows, columns):
    def at(i, j):
        return i % rows * columns + j % columns

    return [
        (at(i, j), at(i + 1, j), at(i + 1, j + 1), at(i, j + 1))
        for i in range(rows)
        for j in range(columns)
    ]


HEMI_DODECAHEDRON = [  # six pentagons on the Petersen graph: the projective plane
    (0, 1, 2, 3, 4), (0, 1, 6, 8, 5), (1, 2, 7, 9, 6), (2, 3, 8, 5, 7), (3, 4, 9, 6, 8),
    (4, 0, 5, 7, 9),
]  # fmt: skip
BETTI = {  # over the rationals and over two elements
    "hexagon": ([(0, 1, 2, 3, 4, 5)], (1, 0, 0), (1, 0, 0)),
    "two hexagons with the same sides": (
        [tuple(range(6)), (0, 5, 4, 3, 2, 1)],
        (1, 0, 1),
        (1, 0, 1),
    ),
    "torus": (torus(3, 4), (1, 2, 1), (1, 2, 1)),
    "projective plane": (HEMI_DODECAHEDRON, (1, 0, 0), (1, 1, 1)),
    "disks that share a vertex": ([(0, 1, 2, 3), (3, 4, 5)], (1, 0, 0), (1, 0, 0)),
}


@over("name", BETTI)
def test_homology_is_that_of_the_cells(name):
    cells, rational, mod_2 = BETTI[name]
    K = from_cells(cells).validate()
    sides = {tuple(sorted(side)) for c in cells for side in zip(c, (*c[1:], c[0]), strict=True)}
    n, m, total = 1 + max(map(max, cells)), len(sides), sum(map(len, cells))
    assert K.f_vector == (n + m + len(cells), 2 * m + 2 * total, 2 * total)
    assert betti_numbers(K) == rational
    assert betti_numbers(K, prime=2) == mod_2


@over("seed", range(4))
def test_of_triangles_it_is_the_subdivision(seed):
    K = random_complex(seed, max_dim=2)
    n, triangles, edges = K.num_simplices(0), K.simplices(2), K.simplices(1)
    assert from_cells(triangles, edges, num_vertices=n) == subdivide(K)
    assert from_cells(triangles.tolist(), edges.numpy(), num_vertices=n) == subdivide(K)
    surface = random_surface(
        "torus", 9, num_flips=20, generator=torch.Generator().manual_seed(seed)
    )
    assert from_cells(surface.simplices(2)) == subdivide(surface)


@over("seed", range(4))
def test_cones_over_rings_have_the_homology_of_their_cells(seed):
    graph = nx.gnp_random_graph(14, 0.25, seed=seed)
    cycles = chordless_cycles(graph, 7)
    rings = [c.tolist() for c in torch.split(cycles.vertices, cycles.pointer.diff().tolist())]
    triangles = [c for c in nx.enumerate_all_cliques(graph) if len(c) == 3]
    cells = from_cells([*rings, *triangles], list(graph.edges), num_vertices=14)
    assert betti_numbers(cells) == betti_numbers(ring_complex(graph, 7))


def test_names_are_labels():
    K = from_cells([["c", "a", "b", "d"]], [["d", "e"]])
    edges = [("c", "a"), ("c", "d"), ("a", "b"), ("b", "d"), ("d", "e")]
    assert K.vertex_labels == ("c", "a", "b", "d", "e", *edges, ("c", "a", "b", "d"))
    assert from_cells([[0, 1, 2, 3]], [[3, 4]]) == K
    assert from_cells([]).f_vector == ()
    assert from_cells([], num_vertices=3).f_vector == (3,)
    assert from_cells(np.empty((0, 4), np.int64), [(0, 2)]).f_vector == (4, 2)


def test_pairs_are_names():
    """The places of a grid, as networkx names them."""
    K = from_cells([((0, 0), (0, 1), (1, 1), (1, 0))], [((1, 1), (2, 1))])
    assert K.f_vector == (11, 18, 8)
    assert K.vertex_labels[:5] == ((0, 0), (0, 1), (1, 1), (1, 0), (2, 1))
    with pytest.raises(TypeError, match="all numbers or all names"):
        from_cells([((0, 0), (0, 1), 1)])


def test_an_order_by_its_covering_pairs():
    divisors = [n for n in range(1, 61) if 60 % n == 0]
    pairs = [(a, b) for a in divisors for b in divisors if b % a == 0]
    covers = nx.transitive_reduction(nx.DiGraph([(a, b) for a, b in pairs if a != b]))
    whole, few = order_complex(nx.DiGraph(pairs)), order_complex(covers)
    assert sorted(whole.vertex_labels) == divisors
    assert whole.f_vector == few.f_vector
    numbers = torch.tensor(few.vertex_labels)
    chains = numbers[few.simplices(few.dim)].sort(1).values.tolist()
    assert all(b % a == 0 for c in chains for a, b in pairwise(c))
    assert (whole.dim, len(chains)) == (4, 12)  # 60 = 2·2·3·5: 4!/2! orders of its primes
    assert order_complex([(2, 1), (1, 0)]).simplices(2).tolist() == [[0, 1, 2]]
    union = order_complex([nx.DiGraph([(0, 1), (1, 2)]), nx.DiGraph([(0, 1)])])
    assert [part.f_vector for part in union.split()] == [(3, 3, 1), (2, 1)]
    assert order_complex(covers, max_dim=1) == few.skeleton(1)
    assert order_complex(torch.empty(2, 0).long(), num_vertices=2) == SimplicialComplex(2)


@over(
    "call, error, message",
    [
        (lambda: from_cells([(0, 1)]), ValueError, "at least 3 vertices.*edges="),
        (lambda: from_cells([(0, 1, 2, 1)]), ValueError, r"distinct vertices, got \(0, 1, 2, 1\)"),
        (lambda: from_cells([(0, 1, -2)]), ValueError, "non-negative, got -2"),
        (lambda: from_cells([(0, 1, 2)], num_vertices=2), ValueError, "num_vertices"),
        (lambda: from_cells([(0, 1, 2.5)]), TypeError, "cells must be integers"),
        (lambda: from_cells([(0, 1, "a")]), TypeError, "all numbers or all names"),
        (lambda: from_cells([("a", "b", "c")], num_vertices=4), ValueError, "None for named"),
        (lambda: from_cells("abc"), TypeError, "list of lists"),
        (
            lambda: from_cells([(None, 1, 2)]),
            TypeError,
            r"cells must be of .* None in \(None, 1, 2",
        ),
        (lambda: from_cells([(0, 1, 2)], [(0, None)]), TypeError, "edges must be of .* None in"),
        (lambda: from_cells(["abc"]), TypeError, "list of lists"),
        (lambda: from_cells(torch.arange(3)), ValueError, "must have shape"),
        (lambda: from_cells([(0, 1, 2)], [(0, 0)]), ValueError, r"join two vertices, got \(0, 0\)"),
        (lambda: from_cells([(0, 1, 2)], [(0, 1, 2)]), ValueError, "pairs of vertices"),
        (lambda: order_complex([(0, 1), (1, 2), (2, 0)]), ValueError, "got a cycle through"),
        (lambda: order_complex(nx.path_graph(2)), ValueError, "must be directed"),
        (lambda: order_complex([(0, 1)], -1), ValueError, "max_dim must be"),
    ],
)
def test_what_is_wrong_is_said(call, error, message):
    with pytest.raises(error, match=message):
        call()
