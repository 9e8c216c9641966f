"""Constructions against sets of sets, GUDHI, and what they do to homology."""

import itertools

import gudhi
import pytest
import torch

from simplex import SimplicialComplex
from simplex.complexes import restrict
from simplex.interop import to_gudhi
from simplex.operators import (
    betti_numbers,
    closed_star,
    closure,
    cone,
    connected_components,
    deleted_subcomplex,
    dual_graph,
    euler_characteristic,
    hasse_graph,
    induced_subcomplex,
    join,
    largest_component,
    link,
    maximal_simplices,
    product,
    star,
    stellar_subdivision,
    suspension,
    vertex_links,
    wedge,
)
from simplex.testing import random_complex
from tests.cases import over
from tests.operators import sets
from tests.operators.oracles import persistent_betti
from tests.tables import COMPLEXES


MANY = range(100, 125)
ALL = [*COMPLEXES, *MANY]  # names, and seeds of random ones
HUNDREDS = range(1000, 1400)
SINGLE = {name: K for name, K in COMPLEXES.items() if name != "union"}
SMALL = {name: K for name, K in SINGLE.items() if sum(K.f_vector) <= 16}
LABELLED = SimplicialComplex.from_simplices([("a", "b", "c"), ("c", "d")])


def called(name):
    """A complex of the tables, or the random one of a seed."""
    return COMPLEXES[name] if isinstance(name, str) else random_complex(name, 7, 6, 3)


def subset(K, seed, most=3):
    """Some simplices of a complex, of any dimensions."""
    rows = [tuple(row) for k in range(K.dim + 1) for row in K.simplices(k).tolist()]
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))
    return [rows[i] for i in order[:most].tolist()]


def reduced(K):
    """Reduced Betti numbers over Z/2, from degree -1, by GUDHI."""
    betti = persistent_betti(K, 2)
    return [0, betti[0] - 1, *betti[1:]] if betti else [1]


def total(first, second, degree):
    """The sum of products of two sequences over all pairs of places with a given sum."""
    return sum(x * second[degree - i] for i, x in enumerate(first) if 0 <= degree - i < len(second))


# --- subcomplexes ---------------------------------------------------------------------------------


@over("name", ALL)
def test_star_closure_and_link_are_those_of_sets(name):
    K = called(name)
    given = subset(K, 1)
    whole, some = sets.as_sets(K), {frozenset(one) for one in given}
    assert sets.marked(K, star(K, given)) == sets.star(whole, some)
    assert sets.marked(K, closure(K, given)) == sets.closed(some)
    around = sets.closed(sets.star(whole, some))
    assert sets.as_sets(closed_star(K, given).validate(), named=True) == around
    left = around - sets.star(whole, sets.closed(some))
    assert sets.as_sets(link(K, given).validate(), named=True) == left
    for one in given[:1]:
        assert sets.as_sets(link(K, one), named=True) == sets.link(whole, frozenset(one))
        assert star(K, one)[len(one) - 1].sum() == 1


@over("name", MANY)
def test_star_is_gudhis(name):
    K = called(name)
    tree = to_gudhi(K)
    for one in subset(K, 2):
        expected = {frozenset(simplex) for simplex, _ in tree.get_star(list(one))}
        assert sets.marked(K, star(K, one)) == expected | {frozenset(one)}  # not of a top one


@over("name", ALL)
def test_subcomplexes_are_those_of_sets(name):
    K = called(name)
    whole = sets.as_sets(K)
    rows = maximal_simplices(K)
    assert {frozenset(row) for table in rows for row in table.tolist()} == sets.maximal(whole)
    rebuilt = SimplicialComplex.from_simplices(rows, K.num_simplices(0))
    assert [rebuilt.facets(k).tolist() for k in range(K.dim + 1)] == [
        K.facets(k).tolist() for k in range(K.dim + 1)
    ]
    kept = set(range(0, K.num_simplices(0), 2))
    inside = {one for one in whole if one <= kept}
    assert sets.as_sets(induced_subcomplex(K, kept).validate(), named=True) == inside
    mask = torch.tensor([v in kept for v in range(K.num_simplices(0))], dtype=torch.bool)
    assert induced_subcomplex(K, mask) == induced_subcomplex(K, sorted(kept))
    assert deleted_subcomplex(K, [(v,) for v in range(1, K.num_simplices(0), 2)]) == (
        induced_subcomplex(K, kept)
    )
    given = subset(K, 3)
    left = whole - sets.star(whole, {frozenset(one) for one in given})
    assert sets.as_sets(deleted_subcomplex(K, given).validate(), named=True) == left


def test_what_rides_along():
    K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)]).with_filtration(
        [[0.0, 1.0, 2.0, 3.0], [1.0, 2.0, 2.0, 3.0], [2.0]]
    )
    K = K.reorient({2: torch.tensor([-1])})
    part = closed_star(K, (0, 1))
    assert part.filtration[0].tolist() == [0.0, 1.0, 2.0]
    assert part.orientation(2).tolist() == [-1]
    U = SimplicialComplex.disjoint_union([K, K])
    assert link(U, 2).part_pointer(0).tolist() == [0, 3, 3]
    assert link(LABELLED, ("c",)).vertex_labels == ("a", "b", "d")
    assert star(LABELLED, [("a", "b")])[2].tolist() == [True]
    assert link(LABELLED, "c") == link(LABELLED, 2)
    ids = restrict(K, closure(K, (2, 3))).ids
    assert [one.tolist() for one in ids] == [[2, 3], [3], []]


def test_masks_are_taken_where_simplices_are():
    K = COMPLEXES["random 0"]
    masks = star(K, (0,))
    assert all(map(torch.equal, star(K, masks), masks))
    assert closed_star(K, masks) == closed_star(K, 0)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda K: star(K, (0, 3)), ValueError, r"in the complex, got \(0, 3\)"),
        (lambda K: star(K, 9), ValueError, "in the complex"),
        (lambda K: star(LABELLED, [("a", "z")]), ValueError, r"got \('a', 'z'\)"),
        (lambda K: star(K, ("a",)), TypeError, "no labels"),
        (lambda K: star(K, [torch.ones(3).bool()]), ValueError, "one bool per simplex"),
        (lambda K: induced_subcomplex(K, [0, 7]), ValueError, "0 … 3, got 7"),
        (lambda K: induced_subcomplex(LABELLED, ["a", "z"]), ValueError, "got 'z'"),
        (lambda K: induced_subcomplex(K, torch.ones(3).bool()), ValueError, "4 bools"),
        (lambda K: wedge(K, K, b=4), ValueError, "b must be in 0 … 3"),
        (lambda K: wedge(K, SimplicialComplex(0)), ValueError, "b must be in"),
        (lambda K: join(K, COMPLEXES["union"]), ValueError, r"B must be one complex.*split\(\)"),
        (lambda K: stellar_subdivision(K, 0), ValueError, "two vertices or more"),
        (lambda K: stellar_subdivision(K, [(0, 1), (1, 2)]), ValueError, r"two in \(0, 1, 2\)"),
        (lambda K: stellar_subdivision(K, [(0, 1), (0, 1, 2)]), ValueError, "after the other"),
    ],
)
def test_what_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call(SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)]))


@over("name", ALL)
def test_the_largest_component(name):
    K = called(name)
    expected = []
    for part in K.split():
        sizes = connected_components(part).bincount()
        expected.append(int(sizes.max()) if len(sizes) else 0)
    L = largest_component(K).validate()
    assert L.part_pointer(0).diff().tolist() == expected
    for part in L.split():
        assert len(connected_components(part).unique()) <= 1


# --- links of all vertices ------------------------------------------------------------------------


@over("name", ALL)
def test_vertex_links_are_the_links(name):
    K = called(name)
    U = vertex_links(K).validate()
    assert U.num_parts == K.num_simplices(0)
    for v, part in enumerate(U.split()):
        alone = link(K.with_parts(None), v)
        tables = [alone.facets(k) for k in range(1, alone.dim + 1)]
        assert part == SimplicialComplex(alone.num_simplices(0), tables)
        assert part.dim < 0 or part.vertex_labels == alone.vertex_labels


# --- complexes of complexes -----------------------------------------------------------------------


@over("a, b", [*zip(SINGLE, reversed(SINGLE), strict=True), *itertools.pairwise(SMALL)])
def test_join_and_wedge(a, b):
    A, B = SINGLE[a], SINGLE[b]
    if sum(A.f_vector) * sum(B.f_vector) > 3000:
        A, B = A.skeleton(1), B.skeleton(1)
    K, n = join(A, B).validate(), A.num_simplices(0)
    left, right = sets.as_sets(A), {frozenset(v + n for v in one) for one in sets.as_sets(B)}
    assert sets.as_sets(K) == left | right | {one | two for one in left for two in right}
    top = A.dim + B.dim + 2
    assert reduced(K) == [total(reduced(A), reduced(B), k) for k in range(top + 1)]
    assert join(A, B, max_dim=1) == K.skeleton(1)
    if A.dim >= 0 and B.dim >= 0:
        glued = wedge(A, B, n - 1, 0).validate()
        assert glued.f_vector[0] == n + B.num_simplices(0) - 1
        both = itertools.zip_longest(reduced(A), reduced(B), fillvalue=0)
        assert reduced(glued) == [x + y for x, y in both]


@over("name", COMPLEXES)
def test_cone_and_suspension(name):
    K = COMPLEXES[name]
    C, S = cone(K).validate(), suspension(K).validate()
    assert C.num_parts == S.num_parts == K.num_parts
    for part, over_it, around in zip(K.split(), C.split(), S.split(), strict=True):
        assert over_it == join(part, SimplicialComplex(1))
        assert around == join(part, SimplicialComplex(2))
        assert not any(reduced(over_it))
        assert reduced(around) == [0, *reduced(part)]


def test_directed_complexes():
    K = SimplicialComplex.from_simplices([(0, 1), (1, 0), (1, 2), (0, 1, 2)], directed=True)
    assert [mask.int().tolist() for mask in star(K, (1, 0))] == [[0] * 3, [0, 0, 1, 0], [0]]
    assert closed_star(K, (1, 0)).validate().directed
    assert sum(map(len, maximal_simplices(K))) == 2
    assert induced_subcomplex(K, [0, 1]).f_vector == (2, 2)
    for build in (cone, suspension, vertex_links, lambda K: join(K, K), lambda K: product(K, K)):
        with pytest.raises(ValueError, match="sets of vertices, got a directed one"):
            build(K)


def test_names_of_new_vertices():
    named = LABELLED.with_vertex_labels(["apex", "b", "c", "d"])
    assert cone(named).vertex_labels == ("apex", "b", "c", "d", "apex 2")
    U = SimplicialComplex.disjoint_union([LABELLED, LABELLED])
    assert suspension(U).vertex_labels[4:6] == ("pole", "pole 2")
    assert suspension(U).vertex_labels[10:] == ("pole 3", "pole 4")
    assert wedge(LABELLED, LABELLED.skeleton(0), "d", "b").vertex_labels == tuple("abcdacd")
    edge = SimplicialComplex.from_simplices([(0, 1)])
    assert join(LABELLED, edge).vertex_labels == ("a", "b", "c", "d", 0, 1)
    assert product(edge, LABELLED).vertex_labels[5] == (1, "b")
    assert stellar_subdivision(LABELLED, ("a", "b")).vertex_labels == (*"abcd", ("a", "b"))


@over("a, b", itertools.product(SMALL, SMALL))
def test_product(a, b):
    A, B = SMALL[a], SMALL[b]
    K = product(A, B)
    assert euler_characteristic(K) == euler_characteristic(A) * euler_characteristic(B)
    if A.dim + B.dim <= 3:
        expected = sets.products(sets.as_sets(A), sets.as_sets(B), B.num_simplices(0))
        assert sets.as_sets(K.validate()) == expected
    assert product(A, B, max_dim=1) == K.skeleton(1)


@over("a, b", [("hollow triangle", "hollow triangle"), ("hollow tetrahedron", "hollow triangle"),
               ("projective plane", "hollow triangle"), ("torus", "edge")])  # fmt: skip
def test_kuenneth(a, b):
    K = product(COMPLEXES[a], COMPLEXES[b])
    for prime in (2, 3):
        x, y = (persistent_betti(COMPLEXES[name], prime) for name in (a, b))
        assert betti_numbers(K, prime=prime) == tuple(total(x, y, k) for k in range(K.dim + 1))


def test_what_does_not_fit_is_refused():
    many = SimplicialComplex(10**6)
    for build in (join, product):
        with pytest.raises(ValueError, match=r"must fit in half of the free memory.*max_dim"):
            build(many, many)


# --- stellar subdivision --------------------------------------------------------------------------


@over("name", ALL)
def test_stellar_subdivision(name):
    K = called(name)
    whole = sets.as_sets(K)
    for one in [one for one in subset(K, 5, 6) if len(one) > 1][:2]:
        L, new = stellar_subdivision(K.with_parts(None), one).validate(), K.num_simplices(0)
        simplex = frozenset(one)
        kept = {other for other in whole if not simplex <= other}
        rim = sets.closed({simplex}) - {simplex}
        ball = rim | {s | t for s in rim for t in sets.link(whole, simplex)}
        ball |= sets.link(whole, simplex)
        assert sets.as_sets(L) == kept | {frozenset({new})} | {t | {new} for t in ball}
        assert persistent_betti(L, 2)[: K.dim + 1] == persistent_betti(K, 2)
    if K.dim >= 1:  # all top simplices at once, parts apart
        masks = [torch.zeros(n, dtype=torch.bool) for n in K.f_vector[:-1]]
        L = stellar_subdivision(K, [*masks, torch.ones(K.f_vector[-1]).bool()]).validate()
        assert L.num_parts == K.num_parts
        assert L.num_simplices(K.dim) == (K.dim + 1) * K.num_simplices(K.dim)
        assert persistent_betti(L, 2) == persistent_betti(K, 2)
        for one, other in zip(K.split(), L.split(), strict=True):
            assert euler_characteristic(one) == euler_characteristic(other)


# --- graphs ---------------------------------------------------------------------------------------


@over("name", COMPLEXES)
def test_graphs(name):
    K = COMPLEXES[name]
    top = [set(row) for row in K.simplices(max(K.dim, 0)).tolist()]
    pairs = {
        (i, j)
        for i, j in itertools.permutations(range(len(top)), 2)
        if K.dim > 0 and len(top[i] & top[j]) == K.dim
    }
    assert {*map(tuple, dual_graph(K).T.tolist())} == pairs
    graph = hasse_graph(K)
    nodes = [frozenset(row) for k in range(K.dim + 1) for row in K.simplices(k).tolist()]
    assert graph.dim.tolist() == [len(node) - 1 for node in nodes]
    edges = {(nodes[i], nodes[j]) for i, j in graph.edge_index.T.tolist()}
    covers = {(a, b) for a in nodes for b in nodes if a < b and len(a) + 1 == len(b)}
    assert edges == covers
    assert len(graph.edge_index.T) == len(covers)
    assert graph.sign.tolist() == [
        s for k in range(1, K.dim + 1) for s in K.facet_signs(k).flatten().tolist()
    ]


def test_the_link_condition():
    """Contracting an edge keeps homology where Lk(a) ∩ Lk(b) = Lk(ab), as on these surfaces."""
    from simplex.operators import image_complex

    for seed in range(20):
        K = random_complex(seed, 8, 9, 2)
        for a, b in K.simplices(1).tolist():
            of_a, of_b, of_ab = (
                sets.as_sets(link(K, one), named=True) for one in ((a,), (b,), (a, b))
            )
            if of_a & of_b == of_ab:
                merged = torch.arange(K.num_simplices(0))
                merged[b] = a
                merged -= (merged > b).long()
                L = image_complex(K, merged)
                betti = persistent_betti(K, 2)
                assert (*persistent_betti(L, 2), *[0] * 3)[: len(betti)] == betti


def test_gudhi_knows_the_same_simplices():
    tree = gudhi.SimplexTree()
    for row in product(COMPLEXES["hollow triangle"], COMPLEXES["edge"]).simplices(2).tolist():
        tree.insert(row)
    tree.compute_persistence(persistence_dim_max=True)
    assert tree.betti_numbers()[:2] == [1, 1]


@pytest.mark.slow
@over("name", HUNDREDS)
def test_the_same_on_hundreds(name):
    for test in (
        test_star_closure_and_link_are_those_of_sets,
        test_subcomplexes_are_those_of_sets,
        test_the_largest_component,
        test_vertex_links_are_the_links,
        test_stellar_subdivision,
    ):
        test.__wrapped__(name=name)
