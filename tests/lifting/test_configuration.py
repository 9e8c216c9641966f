"""The configuration model of facets: exact sequences, no inclusions, the uniform distribution."""

import collections
import itertools

import pytest
import scipy.stats
import torch

from simplex import SimplicialComplex
from simplex.lifting import (
    facet_sequence_complex,
    linial_meshulam_complex,
    random_clique_complex,
    simplicial_configuration_model,
)
from tests.cases import over


def generator(seed):
    return torch.Generator().manual_seed(seed)


def facets(K):
    """Maximal sets of the complex, by their definition."""
    rows = [frozenset(row) for k in range(K.dim + 1) for row in K.simplices(k).tolist()]
    covered = {row - {v} for row in rows for v in row}
    return frozenset(row for row in rows if row not in covered)


def sequences(K):
    """The degrees by vertex, and the sorted sizes."""
    found = facets(K)
    degrees = [sum(v in row for row in found) for v in range(K.num_simplices(0))]
    return degrees, sorted(map(len, found))


COMPLEXES = [
    SimplicialComplex(0),
    SimplicialComplex(3),
    SimplicialComplex.from_simplices([(0, 1, 2, 3)]),
    SimplicialComplex.from_simplices([(0, 1, 2), (2, 3), (5, 6, 7, 8)], num_vertices=11),
    linial_meshulam_complex(8, 0.3, 2, generator=generator(0)),
    random_clique_complex(40, 0.2, 3, generator=generator(1)),
]


@over("K", COMPLEXES)
def test_sequences_are_kept(K):
    """All facets of the table are facets of the complex: the sizes are kept with the degrees."""
    drawn = simplicial_configuration_model(K, generator=generator(2)).validate()
    assert sequences(drawn) == sequences(K)
    made = facet_sequence_complex(*sequences(K), generator=generator(3)).validate()
    assert sequences(made) == sequences(K)


@over(
    "degrees, sizes",
    [
        ([3, 3, 2, 2, 1, 1, 1, 1], [4, 3, 2, 2, 2, 1]),
        ([2] * 6, [3] * 4),  # the greedy table has every facet twice
        ([30] + [1] * 60, [3] * 30),
        ([4] * 50 + [1] * 100, [1] * 50 + [5] * 50),
    ],
)
def test_given_sequences_are_met(degrees, sizes):
    K = facet_sequence_complex(torch.tensor(degrees), sizes, generator=generator(0)).validate()
    assert sequences(K) == (degrees, sorted(sizes))


def test_seeds_reproduce_and_differ():
    K = COMPLEXES[-1]
    one, two, other = (
        simplicial_configuration_model(K, generator=generator(seed)) for seed in (5, 5, 6)
    )
    assert one == two
    assert one != other
    assert one != K
    assert simplicial_configuration_model(K, num_moves=0) == K.skeleton(K.dim)
    one, two = (facet_sequence_complex([2] * 9, [3] * 6, generator=generator(5)) for _ in "ab")
    assert one == two


def all_complexes(degrees, sizes):
    """Every set of facets with the sequences, one by one."""
    vertices = range(len(degrees))
    choices = [itertools.combinations(vertices, size) for size in sizes]
    found = set()
    for sets in itertools.product(*[[frozenset(row) for row in rows] for rows in choices]):
        if [sum(v in row for row in sets) for v in vertices] == degrees and not any(
            a <= b for a, b in itertools.permutations(sets, 2)
        ):
            found.add(frozenset(sets))
    return found


@over(
    "degrees, sizes, count",
    [
        ([2, 2, 2, 1, 1, 1], [3, 3, 3], 15),
        ([3, 2, 2, 1, 1], [3, 2, 2, 2], 7),
        ([2, 2, 2, 2, 1], [4, 3, 2], 12),
    ],
)
def test_every_complex_is_as_likely(degrees, sizes, count):
    """A chain of draws, chi-square against all complexes that there are."""
    every = all_complexes(degrees, sizes)
    assert len(every) == count
    K, source, drawn = facet_sequence_complex(degrees, sizes), generator(0), collections.Counter()
    for _ in range(20 * count):
        K = simplicial_configuration_model(K, num_moves=100, generator=source)
        drawn[facets(K)] += 1
    assert set(drawn) == every
    assert scipy.stats.chisquare([*drawn.values()]).pvalue > 0.01


def test_names_are_kept():
    K = SimplicialComplex.from_simplices([("a", "b"), ("b", "c"), ("c", "d")])
    assert simplicial_configuration_model(K).vertex_labels == ("a", "b", "c", "d")


UNION = SimplicialComplex.disjoint_union([COMPLEXES[2], COMPLEXES[2]])
ARROW = SimplicialComplex.from_simplices([(1, 0)], directed=True)


@over(
    "call, kind, message",
    [
        (lambda: simplicial_configuration_model(UNION), ValueError, "a union of 2"),
        (lambda: simplicial_configuration_model(ARROW), ValueError, "undirected|directed"),
        (lambda: simplicial_configuration_model([(0, 1)]), TypeError, "K must be"),
        (lambda: simplicial_configuration_model(COMPLEXES[1], num_moves=-1), ValueError, "num_mov"),
        (lambda: facet_sequence_complex([1], [1], num_moves=2**80), ValueError, "num_moves"),
        (lambda: simplicial_configuration_model(COMPLEXES[1], generator=3), TypeError, "manual"),
        (lambda: facet_sequence_complex([1, 1], [3]), ValueError, "got 2 and 3"),
        (lambda: facet_sequence_complex([1, 0], [1]), ValueError, "at least 1, got 0"),
        (lambda: facet_sequence_complex([1.0], [1]), TypeError, "degrees must be integers"),
        (lambda: facet_sequence_complex([[1]], [1]), ValueError, r"shape \(1, 1\)"),
        (lambda: facet_sequence_complex([3, 1], [2, 2]), ValueError, "Gale and Ryser"),
        (lambda: facet_sequence_complex([1, 1], [3, 1]), ValueError, "got 2 and 4"),
        (lambda: facet_sequence_complex([2, 2], [4]), ValueError, "Gale and Ryser"),
        (lambda: facet_sequence_complex([2, 2], [2, 2]), ValueError, "none were found in"),
        (lambda: facet_sequence_complex([], [1]), ValueError, "got 0 and 1"),
        (lambda: facet_sequence_complex([1] * 60, [60]), ValueError, "free memory"),
    ],
)
def test_bad_input_is_named(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
