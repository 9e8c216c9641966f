"""Betti numbers against GUDHI, known spaces and dense ranks; the Euler characteristic."""

import itertools

import networkx as nx
import numpy as np
import pytest
import torch

from simplex import SimplicialComplex
from simplex.complexes import flag_complex, unique_edges
from simplex.operators import betti_numbers, euler_characteristic
from tests.cases import over
from tests.operators.oracles import ALL, bouquet, dense_boundary, persistent_betti
from tests.tables import random_complex


def clique_complex(graph, max_dim):
    edges = torch.tensor(list(graph.edges)).reshape(-1, 2).T
    return flag_complex(len(graph), unique_edges(edges, len(graph)), max_dim)


@over("prime", [2, 3, 11])
@over("name", ALL)
def test_equal_to_gudhi(name, prime):
    K = ALL[name]
    assert betti_numbers(K, prime=prime) == persistent_betti(K, prime)


@over("name", ALL)
def test_default_is_the_rational_number(name):
    K = ALL[name]
    boundaries = [dense_boundary(K, k) for k in range(K.dim + 2)]
    ranks = [np.linalg.matrix_rank(matrix) if matrix.size else 0 for matrix in boundaries]
    expected = tuple(n - ranks[k] - ranks[k + 1] for k, n in enumerate(K.f_vector))
    assert betti_numbers(K) == expected


@over("name", ALL)
def test_euler_poincare(name):
    K = ALL[name]
    for prime in (2, 2**31 - 1):
        betti = betti_numbers(K, prime=prime)
        assert euler_characteristic(K) == sum((-1) ** k * b for k, b in enumerate(betti))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("torus", (1, 2, 1)),
        ("3-sphere", (1, 0, 0, 1)),
        ("hollow tetrahedron", (1, 0, 1)),
        ("4-simplex", (1, 0, 0, 0, 0)),
        ("isolated vertices", (4,)),
        ("empty", ()),
    ],
)
def test_known_spaces(name, expected):
    assert betti_numbers(ALL[name]) == expected


def test_torsion_of_the_projective_plane():
    plane = ALL["projective plane"]
    assert betti_numbers(plane) == betti_numbers(plane, prime=3) == (1, 0, 0)
    assert betti_numbers(plane, prime=2) == (1, 1, 1)


@over("seed", range(6))
@over("max_dim", [2, 3])
def test_random_clique_complexes(seed, max_dim):
    """Large enough that columns are added to stored columns, over a large field and a small one."""
    K = clique_complex(nx.gnp_random_graph(40, 0.3, seed=seed), max_dim)
    for prime in (2, 251):
        assert betti_numbers(K, prime=prime) == persistent_betti(K, prime)


@over("seed", range(3))
def test_random_two_dimensional_complexes(seed):
    """Linial-Meshulam complexes have no free pairs to speak of: the reduction does the work."""
    triples = torch.combinations(torch.arange(22), 3)
    chosen = torch.rand(len(triples), generator=torch.Generator().manual_seed(seed)) < 0.12
    rows = [triples[chosen], torch.combinations(torch.arange(22), 2)]
    K = SimplicialComplex.from_simplices(rows)
    for prime in (2, 3, 251):
        assert betti_numbers(K, prime=prime) == persistent_betti(K, prime)
    assert betti_numbers(K) == persistent_betti(K, 251)


def test_strongly_regular_pair():
    """Homology sees what colour refinement of the 2-skeleton misses."""
    rook = nx.line_graph(nx.complete_bipartite_graph(4, 4))
    rook = nx.convert_node_labels_to_integers(rook)
    steps = [(0, 1), (1, 0), (1, 1)]
    shrikhande = nx.Graph(
        (4 * i + j, 4 * ((i + a) % 4) + (j + b) % 4)
        for i, j in itertools.product(range(4), repeat=2)
        for a, b in steps
    )
    assert betti_numbers(clique_complex(rook, 2)) == (1, 9, 8)
    assert betti_numbers(clique_complex(shrikhande, 2)) == (1, 2, 1)


def test_union_adds_and_parts_are_their_own():
    parts = [ALL["torus"], bouquet(5), random_complex(3)]
    union = SimplicialComplex.disjoint_union(parts)
    betti = [betti_numbers(part) + (0,) * (union.dim - part.dim) for part in parts]
    assert betti_numbers(union) == tuple(map(sum, zip(*betti, strict=True)))
    assert [betti_numbers(part) for part in union.split()] == list(map(betti_numbers, parts))


@pytest.mark.parametrize("prime", [0, 1, 4, -3, 2**31 - 3, 2**31 + 11])
def test_not_a_prime(prime):
    with pytest.raises(ValueError, match=f"prime must be a prime number below 2³¹, got {prime}"):
        betti_numbers(ALL["torus"], prime=prime)


@pytest.mark.parametrize("prime", [2.0, True, "2"])
def test_prime_must_be_an_integer(prime):
    with pytest.raises(TypeError, match="prime must be an integer"):
        betti_numbers(ALL["torus"], prime=prime)
