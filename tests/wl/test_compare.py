"""The pair table, the strongly regular families, and what verdicts and labels say."""

import itertools
from functools import partial

import networkx as nx
import pytest
import torch

from simplex import SimplicialComplex
from simplex.wl import compare, distinguish, folklore_wl, simplicial_wl, weisfeiler_lehman
from tests.cases import over
from tests.tables import COMPLEXES
from tests.wl.graphs import PAIRS, copies, csl, lift, relabel, rook, shrikhande
from tests.wl.oracle import ADJACENCIES, swl_history


TESTS = {
    "WL": weisfeiler_lehman,
    "2-FWL": folklore_wl,
    "SWL": simplicial_wl,
    "SWL, all four": partial(simplicial_wl, adjacencies=ADJACENCIES),
}


@over("name", PAIRS)
def test_classical_pairs(name):
    A, B, (wl, three_wl, swl_2, swl_3) = PAIRS[name]
    flat, full = (lift(A, 2), lift(B, 2)), (lift(A, 3), lift(B, 3))
    assert bool(compare(*flat, test=weisfeiler_lehman)) == wl
    assert bool(compare(*flat, test=folklore_wl)) == three_wl
    for swl in (TESTS["SWL"], TESTS["SWL, all four"]):
        assert bool(compare(*flat, test=swl)) == swl_2
        assert bool(compare(*full, test=swl)) == swl_3


def strongly_regular(shared_data, name, max_dim):
    return [lift(graph, max_dim) for graph in nx.read_graph6(str(shared_data / "sr" / name))]


def pairs_not_told_apart(labels):
    return sum(a == b for a, b in itertools.combinations(labels.tolist(), 2))


@pytest.mark.parametrize(
    ("name", "max_dim", "failures", "pairs"),
    [
        ("sr16622.g6", 3, 0, 1),
        ("sr251256.g6", 4, 0, 105),
        ("sr261034.g6", 3, 1, 45),
        ("sr281264.g6", 6, 0, 6),
    ],
)
def test_strongly_regular_families(shared_data, name, max_dim, failures, pairs):
    complexes = strongly_regular(shared_data, name, max_dim)
    assert len(complexes) * (len(complexes) - 1) // 2 == pairs
    for test in (TESTS["SWL"], TESTS["SWL, all four"]):
        assert pairs_not_told_apart(distinguish(complexes, test)) == failures
    assert pairs_not_told_apart(distinguish([K.skeleton(2) for K in complexes])) == pairs
    assert pairs_not_told_apart(distinguish(complexes, folklore_wl)) == pairs
    assert pairs_not_told_apart(distinguish(complexes, weisfeiler_lehman)) == pairs


def test_csl_has_ten_classes_of_which_swl_sees_two():
    skips = (2, 3, 4, 5, 6, 9, 11, 12, 13, 16)
    complexes = [lift(csl(skip)) for skip in skips]
    assert distinguish(complexes).tolist() == [0] + [1] * 9
    assert distinguish(complexes, weisfeiler_lehman).tolist() == [0] * 10
    assert distinguish(complexes, folklore_wl).tolist() == list(range(10))


@over("test", TESTS.values())
def test_labels_are_the_verdicts_on_all_pairs_and_verdicts_are_symmetric(test):
    table = [K for K in COMPLEXES.values() if K.num_simplices(0) <= 6]
    table += [relabel(K, 5)[0] for K in table[::4]]
    labels = distinguish(table, test).tolist()
    assert labels[0] == 0
    assert all(label <= max(labels[:i], default=-1) + 1 for i, label in enumerate(labels))
    for i, j in itertools.combinations(range(0, len(table)), 2):
        verdict = compare(table[i], table[j], test)
        assert verdict.distinguished == (labels[i] != labels[j])
        if i % 4 == 0:
            other = compare(table[j], table[i], test)
            assert (verdict.round, verdict.dim) == (other.round, other.dim)


def test_labels_of_a_union_are_those_of_its_parts():
    parts = [COMPLEXES[name] for name in ("house", "bow tie", "house", "empty", "torus", "empty")]
    union = SimplicialComplex.disjoint_union(parts)
    assert distinguish(union).tolist() == distinguish(parts).tolist() == [0, 1, 0, 2, 3, 2]
    assert distinguish([union, union, parts[0]]).tolist() == [0, 0, 1]


def test_labels_of_none_of_one_and_of_empty_complexes():
    empty, point = COMPLEXES["empty"], COMPLEXES["one vertex"]
    for test in TESTS.values():
        none = distinguish([], test)
        assert none.shape == (0,)
        assert none.dtype == torch.int64
        assert distinguish(point, test).tolist() == [0]
        assert distinguish([empty], test).tolist() == [0]
        assert distinguish([empty, empty, point], test).tolist() == [0, 0, 1]
        assert not compare(empty, empty, test)
        assert compare(empty, point, test)


def test_round_and_dimension_are_the_first_at_which_the_oracle_parts_them():
    pairs = [K for K in COMPLEXES.values() if 0 < K.num_simplices(0) <= 6]
    for A, B in itertools.combinations(pairs, 2):
        union = SimplicialComplex.disjoint_union([A, B])
        border = A.num_simplices(0)
        expected = None
        for number, colors in enumerate(swl_history(union, ("boundary", "upper"))):
            counts = [{}, {}]
            for simplex, color in colors.items():
                count = counts[min(simplex) >= border]
                count[len(simplex) - 1, color] = count.get((len(simplex) - 1, color), 0) + 1
            different = set(counts[0].items()) ^ set(counts[1].items())
            if different:
                expected = number, min(key[0] for key, _ in different)
                break
        verdict = compare(A, B)
        assert (verdict.round, verdict.dim) == (expected or (None, None))


def test_f_vectors_are_compared_before_the_first_round():
    verdict = compare(COMPLEXES["filled triangle"], COMPLEXES["hollow triangle"])
    assert (verdict.distinguished, verdict.round, verdict.dim) == (True, 0, 2)
    assert verdict.explanation == (
        "Told apart before the first round, by the triangles: A has 1, B has 0."
    )


def test_explanations():
    star, path = lift(nx.star_graph(3)), lift(nx.path_graph(4))
    assert compare(star, path).explanation == (
        "Told apart after 1 round, by the vertices: of 3 colours, one is on 0 of A and on 2 of B."
    )
    alike = compare(lift(nx.cycle_graph(8)), lift(copies(nx.cycle_graph(4), 2)))
    assert (alike.distinguished, alike.round, alike.dim) == (False, None, None)
    assert alike.explanation == (
        "Not told apart: the colours are stable after 0 rounds, and every colour is as frequent in "
        "A as in B. This proves nothing; is_isomorphic decides."
    )
    short = compare(star, path, partial(simplicial_wl, max_rounds=0))
    assert "the refinement was ended after 0 rounds" in short.explanation
    edges = compare(lift(rook(), 3), lift(shrikhande(), 3), partial(simplicial_wl))
    assert edges.explanation.endswith("by the tetrahedra: A has 8, B has 0.")


def test_each_argument_is_one_part_even_if_it_is_a_union():
    triangle, point = COMPLEXES["hollow triangle"], COMPLEXES["one vertex"]
    A = SimplicialComplex.disjoint_union([triangle, point])
    B = SimplicialComplex.disjoint_union([point, triangle])
    assert not compare(A, B)
    assert compare(A, SimplicialComplex.disjoint_union([triangle, triangle]))


def test_starting_colours_are_those_of_the_union():
    triangle = COMPLEXES["hollow triangle"]
    alike = {0: [0, 0, 1, 1, 0, 0]}
    other = {0: [0, 0, 1, 1, 1, 0]}
    assert not compare(triangle, triangle, partial(simplicial_wl, colors=alike))
    verdict = compare(triangle, triangle, partial(simplicial_wl, colors=other))
    assert (verdict.round, verdict.dim) == (0, 0)


def test_bad_arguments():
    K = COMPLEXES["house"]
    with pytest.raises(TypeError, match="B must be a SimplicialComplex, got Graph"):
        compare(K, nx.path_graph(3))
    with pytest.raises(TypeError, match=r"complexes\[1\] must be a SimplicialComplex, got int"):
        distinguish([K, 3])
    with pytest.raises(TypeError, match="test must be a refinement, got a complex"):
        distinguish(K, K)
