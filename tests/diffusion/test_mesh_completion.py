"""Meshes completed around given triangles: kept as they are, under the law, anew from there."""

import networkx as nx
import pytest
import torch

from simplex import SimplicialComplex
from simplex.datasets import delaunay_complexes, random_surface
from simplex.diffusion import sample_meshes
from simplex.operators import betti_numbers, genus, is_orientable, is_surface
from simplex.wl import canonical_form
from tests.cases import over


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def uniform(state, edge):
    return torch.zeros(len(edge), state.paths.shape[1] + 1)


def ends_early(state, edge):
    logits = uniform(state, edge)
    logits[:, -1] = 50.0
    return logits


MESHES = {
    "pseudomanifold": lambda: delaunay_complexes(1, (12, 12), generator=seeded())[0],
    "surface": lambda: random_surface("projective plane", 9, generator=seeded()),
    "disc": lambda: delaunay_complexes(1, (14, 14), generator=seeded(1))[0],
    (0, True): lambda: random_surface("sphere", 12, generator=seeded()),
    (1, True): lambda: random_surface("torus", 9, generator=seeded()),
    (1, False): lambda: random_surface("projective plane", 9, generator=seeded()),
}


def patch(K, count, seed=0):
    """So many triangles of a mesh that hang together across edges, with all its vertices."""
    pointer, above = K.cofacets(1)
    two = (pointer.diff() == 2).nonzero().squeeze(1)
    dual = nx.Graph([(int(above[pointer[e]]), int(above[pointer[e] + 1])) for e in two])
    start = int(torch.randint(K.num_simplices(2), (1,), generator=seeded(seed)))
    near = [start, *(v for _, v in nx.bfs_edges(dual, start))][:count]
    return SimplicialComplex.from_simplices(K.simplices(2)[near], num_vertices=K.num_simplices(0))


def holds(K, given):
    return all(bool((K.index(given.simplices(k)) >= 0).all()) for k in range(1, given.dim + 1))


def obeys(K, constraint):
    sides = K.cofacets(1)[0].diff()
    if constraint is None or constraint == "pseudomanifold":
        return constraint is None or int(sides.max()) <= 2
    whole = is_surface(K) and betti_numbers(K)[0] == 1
    if constraint == "surface":
        return whole
    if constraint == "disc":
        return whole and betti_numbers(K) == (1, 0, 0) and bool((sides == 1).any())
    closed = whole and bool((sides == 2).all())
    return closed and (genus(K), is_orientable(K)) == constraint


@over("constraint", MESHES)
def test_triangles_that_are_given_stay_and_the_law_holds_around_them(constraint):
    K = MESHES[constraint]()
    given = SimplicialComplex.disjoint_union([patch(K, 2), patch(K, 8, 1)])
    made = sample_meshes(
        uniform, [K.num_simplices(0)] * 2, given=given, constraint=constraint, generator=seeded()
    )
    assert holds(made, given)
    assert made.num_simplices(2) > given.num_simplices(2)
    assert all(obeys(part, constraint) for part in made.split())


@over("constraint", MESHES)
def test_a_mesh_given_whole_is_finished(constraint):
    K = MESHES[constraint]()
    model = ends_early if constraint in ("disc", "pseudomanifold") else uniform
    named = {"given": K, "constraint": constraint, "generator": seeded()}
    assert sample_meshes(model, [K.num_simplices(0)], **named) == K


def test_a_ring_is_filled_on_one_side():
    ring = [(i, (i + 1) % 5, 5 + i) for i in range(5)]
    ring += [((i + 1) % 5, 5 + (i + 1) % 5, 5 + i) for i in range(5)]
    given = SimplicialComplex.from_simplices(ring, num_vertices=10)
    assert betti_numbers(given) == (1, 1, 0)
    for seed in range(4):
        disc = sample_meshes(uniform, [10], given=given, constraint="disc", generator=seeded(seed))
        assert holds(disc, given)
        assert obeys(disc, "disc")


def test_parts_without_triangles_begin_as_before():
    bare = SimplicialComplex.from_simplices([], num_vertices=28).with_parts([0, 14, 28])
    runs = [
        sample_meshes(uniform, [14, 14], constraint="disc", generator=seeded(), **named)
        for named in ({}, {"given": bare})
    ]
    assert runs[0] == runs[1]
    mixed = SimplicialComplex.disjoint_union([patch(MESHES["disc"](), 4), bare.split()[0]])
    made = sample_meshes(uniform, [14, 14], given=mixed, constraint="disc", generator=seeded())
    assert holds(made, mixed)
    assert all(obeys(part, "disc") for part in made.split())


def test_one_triangle_given_changes_nothing_but_names():
    count = 200
    one = SimplicialComplex.from_simplices([(1, 3, 4)], num_vertices=5)
    given = SimplicialComplex.disjoint_union([one] * count)
    shares = []
    for named in ({}, {"given": given}):
        made = sample_meshes(uniform, [5] * count, constraint="disc", generator=seeded(5), **named)
        keys = [canonical_form(K).key for K in made.split()]
        shares.append({key: keys.count(key) / count for key in set(keys)})
        if named:
            assert holds(made, given)
            others = made.split()  # vertices 0 and 2 are as likely to be either
            degree = torch.tensor([K.cofacets(0)[0].diff()[[0, 2]].tolist() for K in others])
            assert abs(float((degree[:, 0] - degree[:, 1]).float().mean())) < 0.2
    assert len(shares[0]) > 2
    for key in shares[0]:
        p = shares[0][key]
        assert abs(p - shares[1].get(key, 0)) < 4 * (2 * p * (1 - p) / count) ** 0.5 + 0.005


def lengths(K):
    return torch.bincount(K.part(1)[K.cofacets(1)[0].diff() == 1], minlength=K.num_parts)


def test_boundaries_have_the_length_that_is_asked_for_and_the_law_given_it():
    count = 120
    free = sample_meshes(uniform, [5] * count, constraint="disc", generator=seeded(1))
    wanted = torch.tensor([3, 4, 5] * 40)
    made = sample_meshes(
        uniform, [5] * count, constraint="disc", boundary_length=wanted, generator=seeded(2)
    )
    assert torch.equal(lengths(made), wanted)
    assert all(obeys(K, "disc") for K in made.split()[::50])
    keys = [[canonical_form(K).key for K in each.split()] for each in (free, made)]
    for length in (3, 4):
        own = [
            [key for key, is_so in zip(each, (found == length).tolist(), strict=True) if is_so]
            for each, found in zip(keys, (lengths(free), wanted), strict=True)
        ]
        for key in set(own[0]):
            p, q = (each.count(key) / len(each) for each in own)
            spread = (p * (1 - p) * (1 / len(own[0]) + 1 / len(own[1]))) ** 0.5
            assert abs(p - q) < 4 * spread + 0.01
    ring = patch(MESHES["disc"](), 5)
    K = sample_meshes(
        uniform, [14], given=ring, constraint="disc", boundary_length=7, generator=seeded()
    )
    assert holds(K, ring)
    assert lengths(K).tolist() == [7]
    assert sample_meshes(uniform, [3], constraint="surface", boundary_length=3).f_vector == (
        3,
        3,
        1,
    )


@over(
    "length, constraint, words",
    [
        (3, None, "boundary_length must go with"),
        (3, (1, True), "boundary_length must go with"),
        (2, "disc", "at least 3 and at most"),
        ([8, 9], "disc", "at least 3 and at most"),
        ([4, 4, 4], "disc", "one for each of 2 meshes"),
        (3.5, "disc", "boundary_length must be"),
    ],
)
def test_boundaries_that_cannot_be_are_refused(length, constraint, words):
    with pytest.raises((ValueError, TypeError), match=words):
        sample_meshes(uniform, [8, 8], constraint=constraint, boundary_length=length)


MOEBIUS = [(i, (i + 1) % 5, (i + 2) % 5) for i in range(5)]
REFUSED = {
    "vertices": ([(0, 1, 2)], 7, None, "must have the parts and vertices"),
    "an edge": ([(0, 1)], 6, None, "given must be a mesh"),
    "an edge besides": ([(0, 1, 2), (3, 4)], 6, None, "given must be a mesh"),
    "two pieces": ([(0, 1, 2), (3, 4, 5)], 6, None, "every part of given must be connected"),
    "three sides": ([(0, 1, 2), (0, 1, 3), (0, 1, 4)], 6, None, "at most two triangles"),
    "no orientation": (MOEBIUS, 6, "disc", "given must keep the constraint, got part 0"),
    "closed": ([(0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3)], 6, "surface", "keep the constraint"),
}


@over("name", REFUSED)
def test_refused(name):
    simplices, n, constraint, words = REFUSED[name]
    given = SimplicialComplex.from_simplices(simplices, num_vertices=n)
    with pytest.raises(ValueError, match=words):
        sample_meshes(uniform, [6], given=given, constraint=constraint)
    with pytest.raises(TypeError, match="given must be"):
        sample_meshes(uniform, [6], given=simplices)
