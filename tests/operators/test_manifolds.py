"""What kind of space: against the definition on sets, known spaces, and homology."""

import itertools

import pytest
import torch

from simplex import SimplicialComplex
from simplex.datasets import SURFACES, random_surface
from simplex.operators import (
    betti_numbers,
    boundary_complex,
    boundary_matrix,
    cone,
    genus,
    is_manifold,
    is_orientable,
    is_pseudomanifold,
    is_pure,
    is_surface,
    join,
    orient,
    product,
    stellar_subdivision,
    suspension,
    wedge,
)
from simplex.testing import random_complex
from tests.cases import over
from tests.operators import sets
from tests.tables import COMPLEXES


CIRCLE = SimplicialComplex.from_simplices([(0, 1), (1, 2), (0, 2)])
EDGE = SimplicialComplex.from_simplices([(0, 1)])
SPHERE, TORUS = COMPLEXES["hollow tetrahedron"], COMPLEXES["torus"]
PLANE = COMPLEXES["projective plane"]
MOEBIUS = SimplicialComplex.from_simplices([(i, (i + 1) % 5, (i + 2) % 5) for i in range(5)])
BALL = SimplicialComplex.from_simplices([(0, 1, 2, 3)])

# What is a manifold, of which boundary components, orientable.
KNOWN = {
    "sphere": (SPHERE, True, 0, True),
    "torus": (TORUS, True, 0, True),
    "projective plane": (PLANE, True, 0, False),
    "Möbius strip": (MOEBIUS, True, 1, False),
    "annulus": (product(CIRCLE, EDGE), True, 2, True),
    "disc": (cone(CIRCLE), True, 1, True),
    "3-sphere": (COMPLEXES["3-sphere"], True, 0, True),
    "3-ball": (BALL, True, 1, True),
    "3-torus": (product(product(CIRCLE, CIRCLE), CIRCLE), True, 0, True),
    "solid torus": (product(cone(CIRCLE), CIRCLE), True, 1, True),
    "plane × circle": (product(PLANE, CIRCLE), True, 0, False),
    "sphere × interval": (product(SPHERE, EDGE), True, 2, True),
    "cone of torus": (cone(TORUS), False, 1, True),
    "suspension of torus": (suspension(TORUS), False, 0, True),
    "suspension of plane": (suspension(PLANE), False, 0, False),
    "pinched": (wedge(SPHERE, SPHERE), False, 0, True),
    "circle": (CIRCLE, True, 0, True),
    "path": (SimplicialComplex.from_simplices([(0, 2), (1, 2)]), True, 2, True),
    "two circles": (SimplicialComplex.disjoint_union([CIRCLE, CIRCLE]), True, 0, True),
    "points": (SimplicialComplex(3), True, 0, True),
}
DRAWN = [random_complex(seed, 5, 7, 2) for seed in range(150)]


@over("name", KNOWN)
def test_known_spaces(name):
    K, manifold, curves, orientable = KNOWN[name]
    assert is_manifold(K) == manifold
    assert is_surface(K) == (manifold and K.dim == 2)
    rim = boundary_complex(K)
    assert (betti_numbers(rim)[0] if rim.dim >= 0 else 0) == curves
    assert is_orientable(K) == orientable
    if manifold and rim.dim >= 0:
        assert is_manifold(rim)
        assert boundary_complex(rim).dim == -1


@over("name", KNOWN)
def test_coherent_orientations_have_no_inner_boundary(name):
    K, _, _, orientable = KNOWN[name]
    K = K.reorient({K.dim: torch.tensor([1, -1]).repeat(K.num_simplices(K.dim))[: K.f_vector[-1]]}
                   if K.dim else {})  # fmt: skip
    if not orientable:
        with pytest.raises(ValueError, match="must be orientable"):
            orient(K)
        return
    if K.dim >= 1:
        sums = boundary_matrix(orient(K), K.dim, dtype=torch.float64).to_dense().sum(1)
        once = K.facets(K.dim).flatten().bincount(minlength=len(sums)) == 1
        assert torch.equal(sums.abs(), once.double())
    assert orient(K).f_vector == K.f_vector


@over("name", SURFACES)
def test_the_genus_of_random_surfaces(name):
    kind = SURFACES[name]
    K = random_surface(name, kind.min_vertices + 2, num_flips=50)
    assert is_surface(K)
    assert is_pseudomanifold(K)
    assert (genus(K), is_orientable(K)) == kind
    disc = SimplicialComplex.from_simplices(K.simplices(2)[1:], num_vertices=K.num_simplices(0))
    assert (genus(disc), is_orientable(disc)) == kind  # with a hole
    assert genus(stellar_subdivision(K, K.simplices(1)[:1])) == kind.genus


def pure(whole):
    return len({len(one) for one in sets.maximal(whole)}) <= 1


def cofacets(whole, one):
    return sum(one < other and len(other) == len(one) + 1 for other in whole)


def connected(nodes, joined):
    """Whether a graph is connected: by a search."""
    found, left = [], list(nodes)[:1]
    while left:
        found.append(left.pop())
        left += [b for b in nodes if b not in found and b not in left and joined(found[-1], b)]
    return len(found) == len(nodes)


def pseudo(whole, dim):
    top = [one for one in whole if len(one) == dim + 1]
    ridges = [one for one in whole if len(one) == dim]
    counts = [cofacets(whole, one) for one in ridges] if dim else [len(top)]
    strong = connected(top, lambda a, b: len(a & b) == dim)
    return bool(top) and pure(whole) and max(counts, default=0) <= 2 and strong


def surface(whole):
    """Each link of a vertex is a path or a cycle: connected, with degrees 1 or 2."""
    for vertex in (one for one in whole if len(one) == 1):
        around = sets.link(whole, vertex)
        points = [one for one in around if len(one) == 1]
        degrees = [cofacets(around, one) for one in points]
        if not points or {*degrees} - {1, 2} or max(map(len, around)) != 2:
            return False
        if not connected(points, lambda a, b, near=around: a | b in near):
            return False
    return True


@over("number", range(len(DRAWN)))
def test_equal_to_the_definition(number):
    K = boundary_complex(BALL) if number == 0 else DRAWN[number]
    if number % 2:  # the pure part, which is more often a manifold
        K = SimplicialComplex.from_simplices(K.simplices(K.dim), compact=True)
    whole = sets.as_sets(K)
    assert is_pure(K) == pure(whole)
    assert is_pseudomanifold(K) == pseudo(whole, K.dim)
    assert is_surface(K) == (K.dim == 2 and surface(whole))


def test_the_definition_was_met_both_ways():
    pure_parts = [SimplicialComplex.from_simplices(K.simplices(K.dim), compact=True) for K in DRAWN]
    assert 3 < sum(map(is_surface, pure_parts)) < 147
    assert 3 < sum(map(is_pseudomanifold, pure_parts)) < 147


def test_unions_are_asked_part_by_part():
    two = SimplicialComplex.disjoint_union([SPHERE, TORUS])
    assert is_surface(two)
    assert is_pseudomanifold(two)
    assert is_orientable(two)
    assert not is_pseudomanifold(two.with_parts(None))
    assert not is_orientable(SimplicialComplex.disjoint_union([SPHERE, PLANE]))
    assert not is_pseudomanifold(SimplicialComplex.disjoint_union([SPHERE, CIRCLE]))
    assert [is_pseudomanifold(SimplicialComplex(n)) for n in range(4)] == [False, True, True, False]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: is_orientable(COMPLEXES["three triangles on an edge"]), r"\(0, 1\) in 3"),
        (lambda: genus(CIRCLE), "must be a surface"),
        (lambda: genus(SimplicialComplex.disjoint_union([SPHERE, SPHERE])), "must be one complex"),
        (
            lambda: genus(SimplicialComplex.disjoint_union([SPHERE, SPHERE]).with_parts(None)),
            "connected, got 2",
        ),
        (lambda: is_manifold(join(SPHERE, CIRCLE)), "dimension 3 or less, got 4"),
        (lambda: orient(PLANE), "must be orientable"),
    ],
)
def test_what_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_products_of_curves_are_surfaces():
    for a, b in itertools.product([CIRCLE, EDGE], repeat=2):
        K = product(a, b)
        assert is_surface(K)
        assert genus(K) == (a is CIRCLE and b is CIRCLE)
