"""Canonical forms and symmetry groups: laws, known orders, and all permutations of few vertices."""

import itertools
import math

import networkx as nx
import numpy as np
import pytest
import torch
from sympy.combinatorics import Permutation, PermutationGroup

from simplex import SimplicialComplex
from simplex.lifting import clique_complex
from simplex.testing import random_complex
from simplex.wl import automorphism_group, canonical_form, is_isomorphic, simplicial_wl
from tests.cases import over
from tests.tables import COMPLEXES
from tests.wl.graphs import copies, lift, paley, relabel, rook, shrikhande
from tests.wl.symmetric import (
    C5,
    C6,
    GRAPHS,
    HARD,
    gadgets,
    hadamard_graph,
    hung,
    latin_square_graph,
    paley_matrix,
    projective_plane,
    random_blocks,
)


C3 = nx.cycle_graph(3)


def rows_of(K: SimplicialComplex, image: torch.Tensor) -> set[frozenset[int]]:
    """The simplices with the vertices renamed."""
    return {frozenset(row) for k in range(K.dim + 1) for row in image[K.simplices(k)].tolist()}


def symmetries(K: SimplicialComplex, color=None) -> set[tuple[int, ...]]:
    """All of them, by trying every permutation."""
    n = K.num_simplices(0)
    color, here = color or [0] * n, rows_of(K, torch.arange(n))
    return {
        order
        for order in itertools.permutations(range(n))
        if [color[v] for v in order] == color and rows_of(K, torch.tensor(order)) == here
    }


def generated(generators: torch.Tensor) -> set[tuple[int, ...]]:
    """All products of the generators."""
    steps = [tuple(row) for row in generators.tolist()]
    start = tuple(range(generators.shape[1]))
    known, fresh = {start}, [start]
    while fresh:
        order = fresh.pop()
        for step in steps:
            product = tuple(step[v] for v in order)
            if product not in known:
                known.add(product)
                fresh.append(product)
    return known


def assert_group(K: SimplicialComplex, group) -> None:
    """The generators are symmetries, and the orbits are what they connect."""
    n = K.num_simplices(0)
    assert group.generators.shape == (group.num_generators, n)
    assert group.generators.dtype == torch.int64
    here = rows_of(K, torch.arange(n))
    joined = nx.empty_graph(n)
    for row in group.generators:
        assert sorted(row.tolist()) == list(range(n))
        assert rows_of(K, row) == here
        joined.add_edges_from(enumerate(row.tolist()))
    orbits = group.orbits().tolist()
    expected = sorted(map(sorted, nx.connected_components(joined)))
    assert [[v for v in range(n) if orbits[v] == i] for i in range(len(expected))] == expected


# --- forms ----------------------------------------------------------------------------------------


@over("name", [*COMPLEXES, *GRAPHS])
def test_relabelled_complexes_have_one_form(name):
    K = COMPLEXES[name] if name in COMPLEXES else lift(GRAPHS[name], 3)
    form = canonical_form(K)
    assert sorted(form.map.tolist()) == list(range(K.num_simplices(0)))
    assert rows_of(K, form.map) == rows_of(form.complex, torch.arange(K.num_simplices(0)))
    for seed in range(3):
        other = canonical_form(relabel(K, seed)[0])
        assert other.complex == form.complex
        assert other.key == form.key
        assert hash(other.key) == hash(form.key)
    again = canonical_form(form.complex)
    assert again.complex == form.complex


@over("seed", range(30))
def test_blocks_that_hang_at_each_other_have_one_form(seed):
    A = lift(random_blocks(seed), 1)
    assert len({canonical_form(relabel(A, i)[0]).key for i in range(3)}) == 1
    orbit, marked = automorphism_group(A).orbits(), torch.eye(A.num_simplices(0))[::4]
    keys = [canonical_form(A, colors=[color]).key for color in marked]
    for (v, one), (w, other) in itertools.combinations(enumerate(keys), 2):
        assert (one == other) is bool(orbit[4 * v] == orbit[4 * w])


@over("seed", range(50))
def test_random_complexes_have_one_form_however_they_are_labelled(seed):
    K = random_complex(seed, 6 + seed % 7, 8 + seed % 9, 2 + seed % 2)
    keys = {canonical_form(relabel(K, i)[0]).key for i in range(4)}
    assert keys == {canonical_form(K).key}


def test_all_graphs_with_at_most_six_vertices_have_forms_of_their_own():
    graphs = [g for g in nx.graph_atlas_g() if 1 <= len(g) <= 6]
    assert len({canonical_form(lift(g, 1)).key for g in graphs}) == len(graphs) == 208
    six = [g for g in graphs if len(g) == 6]
    assert len({canonical_form(lift(g, 5)).complex for g in six}) == 156


@over("name", HARD)
def test_forms_agree_exactly_where_the_complexes_are_isomorphic(name):
    one, other, same = HARD[name]
    A, B = (lift(nx.convert_node_labels_to_integers(graph), 1) for graph in (one, other))
    assert (canonical_form(A).key == canonical_form(relabel(B, 3)[0]).key) is same


@over("seed", range(40))
def test_forms_of_small_complexes_agree_exactly_where_some_permutation_does(seed):
    A, B = random_complex(seed, 5, 3, 2), random_complex(seed + 1, 5, 3, 2)
    here = rows_of(A, torch.arange(5))
    orders = map(torch.tensor, itertools.permutations(range(5)))
    expected = any(rows_of(B, order) == here for order in orders)
    assert (canonical_form(A).key == canonical_form(B).key) is expected
    assert (canonical_form(A).complex == canonical_form(B).complex) is expected


def test_coloured_forms():
    cycle = lift(nx.cycle_graph(6))
    adjacent, moved, opposite = [5, 5, 2, 2, 2, 2], [2, 2, 5, 5, 2, 2], [5, 2, 2, 5, 2, 2]
    keys = [canonical_form(cycle, colors=[c]).key for c in (adjacent, moved, opposite)]
    assert keys[0] == keys[1] != keys[2]
    assert canonical_form(cycle, colors=[[float(c) for c in adjacent]]).key == keys[0]
    assert canonical_form(cycle, colors=[[c + 1 for c in adjacent]]).key != keys[0]
    assert canonical_form(cycle).key != keys[0]
    for k, seed in itertools.product((0, 1, 2), range(5)):
        K = random_complex(seed, 7, 9, 2)
        generator = torch.Generator().manual_seed(seed)
        color = torch.randint(2, (K.num_simplices(k), 2), generator=generator)
        L, order = relabel(K, seed)
        there = torch.empty_like(color)
        there[L.index(order[K.simplices(k)])] = color
        one, other = canonical_form(K, colors={k: color}), canonical_form(L, colors={k: there})
        assert one.key == other.key
        assert one.complex == other.complex


# --- groups ---------------------------------------------------------------------------------------


def fano():
    return SimplicialComplex.from_simplices(
        [tuple((i + s) % 7 for s in (0, 1, 3)) for i in range(7)]
    )


def hollow(n):
    """The boundary of the simplex of n vertices."""
    return SimplicialComplex.from_simplices(list(itertools.combinations(range(n), n - 1)))


ORDERS = {
    "Petersen": (lift(nx.petersen_graph()), 120),
    "Q5": (lift(nx.hypercube_graph(5)), 2**5 * 120),
    "cycle": (lift(nx.cycle_graph(17)), 34),
    "Paley 29": (lift(paley(29), 3), 29 * 14),
    "Fano": (fano(), 168),
    "plane of order 3": (lift(projective_plane(3)), 2 * 5616),
    "hollow simplex": (hollow(9), math.factorial(9)),
    "full simplex": (SimplicialComplex.from_simplices([tuple(range(8))]), math.factorial(8)),
    "rook": (lift(rook(), 1), 1152),
    "Shrikhande": (lift(shrikhande(), 1), 192),
    "both, twice": (
        lift(copies(nx.disjoint_union(rook(), shrikhande()), 2)), (1152 * 192 * 2) ** 2,
    ),
    "hexagons": (lift(copies(nx.cycle_graph(6), 500)), 12**500 * math.factorial(500)),
    "star": (lift(nx.star_graph(2000)), math.factorial(2000)),
    "path": (lift(nx.path_graph(2001)), 2),
    "binary tree": (lift(nx.balanced_tree(2, 9)), 2 ** (2**9 - 1)),
    "octahedron": (lift(nx.octahedral_graph(), 2), 48),
    "complete bipartite": (
        lift(nx.complete_bipartite_graph(30, 30)), 2 * math.factorial(30) ** 2,
    ),
    "gadgets": (lift(gadgets(nx.complete_graph(5), True)), 2**6 * 120),
    "Latin square": (lift(latin_square_graph(7, lambda a, b: (a + b) % 7), 1), 49 * 36),
    "Hadamard 12": (lift(hadamard_graph(paley_matrix(11)), 1), 2 * 2 * 95040),
    "binary trees around a hexagon": (lift(hung(C6, nx.balanced_tree(2, 3)), 1), 12 * 2**42),
    "rooks around a hexagon": (lift(hung(C6, rook()), 1), 12 * 72**6),
    "by turns": (lift(hung(C6, rook(), shrikhande()), 1), 6 * (72 * 12) ** 3),
    "rings on rings": (
        lift(hung(C6, hung(C5, *[nx.empty_graph(1)], *[C3] * 4)), 1), 12 * (2 * 2**4) ** 6,
    ),
    "two Petersen graphs and a bridge": (
        lift(hung(nx.path_graph(2), nx.petersen_graph()), 1), 2 * 12**2,
    ),
    "six pentagons at a node": (
        lift(nx.contracted_nodes(hung(nx.star_graph(6), nx.empty_graph(1), *[C5] * 6), 0, 1), 1),
        2**6 * math.factorial(5),
    ),
    "leaves in twos at a graph without symmetry": (
        lift(hung(nx.random_regular_graph(3, 20, seed=1), nx.star_graph(2)), 1), 2**20,
    ),
    "no vertex": (COMPLEXES["empty"], 1),
    "one vertex": (COMPLEXES["one vertex"], 1),
}  # fmt: skip


@over("name", ORDERS)
def test_known_orders(name):
    K, order = ORDERS[name]
    for L in (K, relabel(K, 4)[0]):
        group = automorphism_group(L)
        assert group.order == order
    assert_group(K, automorphism_group(K))


@over("seed", range(24))
def test_groups_of_small_complexes_are_all_their_permutations(seed):
    K = random_complex(seed, 6, 3 + seed % 5, 1 + seed % 3)
    group, expected = automorphism_group(K), symmetries(K)
    assert group.order == len(expected)
    assert generated(group.generators) == expected
    assert_group(K, group)
    color = [v % 2 for v in range(6)]
    group, expected = automorphism_group(K, colors=[color]), symmetries(K, color)
    assert group.order == len(expected)
    assert generated(group.generators) == expected


def test_coloured_edges_are_kept():
    cycle = lift(nx.cycle_graph(8))
    matching = torch.zeros(8, dtype=torch.int64)
    matching[cycle.index([(0, 1), (2, 3), (4, 5), (6, 7)])] = 1
    group = automorphism_group(cycle, colors={1: matching})
    assert group.order == 8
    for row in group.generators:
        assert torch.equal(matching[cycle.index(row[cycle.simplices(1)])], matching)


@over("name", GRAPHS)
def test_orbits_are_no_coarser_than_colours(name):
    K = lift(GRAPHS[name], 2)
    orbits, color = automorphism_group(K).orbits(), simplicial_wl(K).colors[0]
    pairs = torch.stack([orbits, color], 1).unique(dim=0)
    assert len(pairs) == len(orbits.unique())


def random_graph(seed):
    n = 8 + seed % 13
    if seed % 3 == 0:
        return nx.random_regular_graph(3 + seed % 2, 2 * n, seed=seed)
    return nx.gnm_random_graph(n, n + seed % 9, seed=seed) if seed % 3 == 1 else random_blocks(seed)


@over("seed", range(2, 32, 3))
def test_generators_make_a_group_of_the_order_that_is_said(seed):
    """By Schreier and Sims, of sympy."""
    group = automorphism_group(lift(random_blocks(seed), 1 + seed % 2))
    assert PermutationGroup(*map(Permutation, group.generators.tolist())).order() == group.order


@over("seed", range(90))
def test_orders_are_those_of_nauty(seed):
    pynauty = pytest.importorskip("pynauty")
    graph = random_graph(seed)
    adjacency = {v: list(graph[v]) for v in graph}
    mantissa, exponent = pynauty.autgrp(pynauty.Graph(len(graph), adjacency_dict=adjacency))[1:3]
    order = automorphism_group(lift(graph, 1)).order
    assert order == pytest.approx(mantissa * 10**exponent, rel=1e-9)


# --- guards ---------------------------------------------------------------------------------------


def test_a_search_beyond_the_bound_says_so():
    K = lift(latin_square_graph(7, lambda a, b: (a + b) % 7), 1)
    for call in (automorphism_group, canonical_form, lambda K, **o: is_isomorphic(K, K, **o)):
        with pytest.raises(ValueError, match=r"max_steps must allow .* after 2 refinements"):
            call(K, max_steps=2)
        with pytest.raises(ValueError, match="max_steps must be non-negative, got -1"):
            call(K, max_steps=-1)
        assert call(K, max_steps=None)


def test_bad_arguments():
    K = COMPLEXES["house"]
    for call in (automorphism_group, canonical_form):
        with pytest.raises(TypeError, match="K must be a SimplicialComplex, got Graph"):
            call(nx.path_graph(3))
        with pytest.raises(ValueError, match=r"colors\[0\] must have shape \(5,\)"):
            call(K, colors=[[0, 1]])


def test_colours_mean_the_same_in_lists_and_arrays():
    """Floats of a list are Python's: 1.7·10⁹ and the next integer differ."""
    V = SimplicialComplex.from_simplices([(0, 1)])
    near = [1.7e9, 1.7e9 + 1]
    assert automorphism_group(V, colors={0: near}).order == 1
    assert not is_isomorphic(V, V, colors={0: [near[0], near[0], *near]})
    keys = [canonical_form(V, colors={0: given}).key for given in (near, np.array(near))]
    assert keys[0] == keys[1]
    assert keys[0] != canonical_form(V, colors={0: [1.7e9 + 2, 1.7e9 + 3]}).key
    turned = np.array([1, 2])
    expected = canonical_form(V, colors={0: turned}).key
    for given in (turned[::-1], turned.astype(">i8")):
        assert canonical_form(V, colors={0: given}).key == expected
    with pytest.raises(ValueError, match="colors must be for dimensions"):
        canonical_form(V, colors={0.0: [0, 1]})


def test_a_group_of_any_order_is_shown():
    group = automorphism_group(clique_complex(nx.star_graph(1600)))
    assert f"order=about 1e{int(math.lgamma(1601) / math.log(10))}" in repr(group)
    assert group.order == math.factorial(1600)
