"""Barycentric subdivision: flags by definition, the chain map, and what stays."""

import itertools
from math import comb, factorial

import pytest
import torch

from simplex import SimplicialComplex
from simplex.datasets import random_surface
from simplex.lifting import directed_flag_complex, order_complex
from simplex.operators import betti_numbers, boundary_matrix, euler_characteristic, subdivide
from simplex.testing import random_complex, random_orientation
from tests.cases import over


TABLE = {
    "nothing": SimplicialComplex(0),
    "points": SimplicialComplex(3),
    "edge": SimplicialComplex.from_simplices([(0, 1)]),
    "triangle and tail": SimplicialComplex.from_simplices([(0, 1, 2), (2, 3), (5,)]),
    "tetrahedron": SimplicialComplex.from_simplices([(0, 1, 2, 3)]),
    "sphere": SimplicialComplex.from_simplices(list(itertools.combinations(range(4), 3))),
    "random": random_complex(3),
    "turned": random_complex(4).reorient(random_orientation(random_complex(4), seed=1)),
    "directed": directed_flag_complex([(0, 1), (1, 2), (0, 2), (2, 1), (2, 3), (0, 3)], 3),
}
UNDIRECTED = [name for name in TABLE if name != "directed"]


def vertex_sets(K):
    """The simplices as sets, in the order of the vertices of the subdivision."""
    return [frozenset(row) for k in range(K.dim + 1) for row in K.simplices(k).tolist()]


def stirling(n, k):
    return sum((-1) ** i * comb(k, i) * (k - i) ** n for i in range(k + 1)) // factorial(k)


@over("name", UNDIRECTED)
def test_simplices_are_the_flags(name):
    K = TABLE[name]
    flags, sets = subdivide(K).validate(), vertex_sets(K)
    below = [(a, b) for a, s in enumerate(sets) for b, t in enumerate(sets) if s < t]
    expected = order_complex(torch.tensor(below).long().view(-1, 2).T, num_vertices=len(sets))
    assert flags.f_vector == expected.f_vector
    for k in range(flags.dim + 1):
        assert torch.equal(flags.simplices(k), expected.simplices(k))
    counts = [
        sum(factorial(j + 1) * stirling(i + 1, j + 1) * n for i, n in enumerate(K.f_vector))
        for j in range(K.dim + 1)
    ]
    assert flags.f_vector == tuple(counts)


@over("name", TABLE)
def test_cycles_stay_cycles_and_the_homology_stays(name):
    K = TABLE[name]
    flags = subdivide(K)
    offsets = [sum(K.f_vector[:k]) for k in range(K.dim + 2)]

    def full_flags(k):
        """S_k: which full flags end in each k-simplex."""
        end = flags.simplices(k)[:, -1] - offsets[k]
        full = (end >= 0) & (end < K.num_simplices(k))
        S = torch.zeros(flags.num_simplices(k), K.num_simplices(k))
        S[full.nonzero()[:, 0], end[full]] = 1
        assert (S.sum(0) == factorial(k + 1)).all()
        return S

    for k in range(1, K.dim + 1):
        there = boundary_matrix(flags, k).to_dense() @ full_flags(k)
        assert torch.equal(there, full_flags(k - 1) @ boundary_matrix(K, k).to_dense())
    assert euler_characteristic(flags) == euler_characteristic(K)
    for prime in (2, 5):
        assert betti_numbers(flags, prime=prime) == betti_numbers(K, prime=prime)
    for k in range(K.dim + 1):
        assert subdivide(K, max_dim=k) == flags.skeleton(k)


@over("surface", ["sphere", "torus", "Klein bottle", "projective plane", (2, True)])
def test_a_surface_stays_a_surface_and_its_orientation_too(surface):
    K = random_surface(surface, 12, num_flips=40, generator=torch.Generator().manual_seed(0))
    flags = subdivide(K)
    assert betti_numbers(flags, prime=2) == betti_numbers(K, prime=2)
    assert (flags.cofacets(1)[0].diff() == 2).all()
    assert betti_numbers(flags)[2] == betti_numbers(K)[2]  # 1 if it is orientable, else 0
    links = flags.cofacets(0)[0].diff()  # of a barycentre: the flags that go on
    assert (links[-K.num_simplices(2) :] == 6).all()
    assert (links[K.num_simplices(0) : -K.num_simplices(2)] == 4).all()


def test_parts_labels_and_values_ride_along():
    parts = [TABLE[name] for name in UNDIRECTED]
    union = SimplicialComplex.disjoint_union(parts)
    assert subdivide(union) == SimplicialComplex.disjoint_union([subdivide(K) for K in parts])
    assert subdivide(union).validate().split() == [subdivide(K) for K in parts]
    K = SimplicialComplex.from_simplices([("a", "b", "c"), ("c", "d")])
    K = K.with_filtration([[0, 0, 0, 1], [2, 2, 3, 4], [5.0]])
    flags = subdivide(K)
    names = ("a", "b", "c", "d", ("a", "b"), ("a", "c"), ("b", "c"), ("c", "d"), ("a", "b", "c"))
    assert flags.vertex_labels == names
    assert flags.filtration[0].tolist() == [0, 0, 0, 1, 2, 2, 3, 4, 5]
    for k in (1, 2):
        of_last = flags.filtration[0][flags.simplices(k)[:, -1]]
        assert torch.equal(flags.filtration[k], of_last)
    early = subdivide(SimplicialComplex.from_simplices([(0, 1), (0, 2)], num_vertices=4))
    assert [int((values <= 2).sum()) for values in flags.filtration] == [*early.f_vector, 0]


@over(
    "call, error, message",
    [
        (lambda: subdivide([(0, 1)]), TypeError, "K must be"),
        (lambda: subdivide(TABLE["edge"], max_dim=-1), ValueError, "max_dim must be"),
        (lambda: subdivide(TABLE["sphere"], max_simplices=20), ValueError, "max_simplices must be"),
    ],
)
def test_what_is_wrong_is_said(call, error, message):
    with pytest.raises(error, match=message):
        call()
