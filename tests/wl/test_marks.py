"""Tests under marks: against their definition, relabelled, blocked, and up to isomorphism."""

import itertools
from collections import Counter
from functools import partial

import networkx as nx
import pytest
import torch

from simplex import SimplicialComplex
from simplex.storage import save_complex
from simplex.testing import random_complex
from simplex.wl import (
    compare,
    distinguish,
    folklore_wl,
    is_isomorphic,
    simplicial_wl,
    weisfeiler_lehman,
)
from tests.cases import over
from tests.tables import COMPLEXES
from tests.wl.executors import Serial
from tests.wl.graphs import PAIRS, copies, csl, lift, relabel, rook, shrikhande
from tests.wl.oracle import ADJACENCIES, is_finer, same_partition, simplices_of, swl_history


TESTS = {"WL": weisfeiler_lehman, "2-FWL": folklore_wl, "SWL": simplicial_wl}
SMALL = [K for K in COMPLEXES.values() if K.num_simplices(0) <= 6]
C8, TWO_C4 = (lift(graph) for graph in PAIRS["C8, 2 C4"][:2])
ROOK, SHRIKHANDE = lift(rook()), lift(shrikhande())
# A cubic graph and another that SWL does not tell from it: a prism over a hexagon, a Möbius ladder.
CUBIC = [lift(nx.circulant_graph(12, [1, 6])), lift(nx.circular_ladder_graph(6))]


def refined_copies(complexes, marks, dim=0, adjacencies=("boundary", "upper")):
    """All copies in one union, refined by dictionaries.

    Returns:
        which copy each part of the union is, as (number of the complex, ids of its marks); its
        first vertex; and after each round the colours and the histograms of the copies.
    """
    owners, parts, start, offsets = [], [], {}, [0]
    for i, K in enumerate(complexes):
        markable = K.simplices(dim).tolist() if dim <= K.dim else []
        for ids in itertools.permutations(range(len(markable)), min(marks, len(markable))):
            names = {s: 0 for level in simplices_of(K) for s in level}
            names |= {frozenset(markable[s]): 1 + j for j, s in enumerate(ids)}
            start |= {frozenset(v + offsets[-1] for v in s): name for s, name in names.items()}
            owners.append((i, ids))
            parts.append(K)
            offsets.append(offsets[-1] + K.num_simplices(0))
    union = SimplicialComplex.disjoint_union(parts)
    part = union.part(0).tolist()
    rounds = []
    start = {s: (len(s), name) for s, name in start.items()}
    for colors in swl_history(union, adjacencies, start):
        counts = [Counter() for _ in owners]
        for simplex, color in colors.items():
            counts[part[min(simplex)]][len(simplex), color] += 1
        rounds.append((colors, [tuple(sorted(count.items())) for count in counts]))
    return owners, offsets, rounds


def nested(values, i, prefix=()):
    """The multiset over the first mark of multisets over the second, …, of complex i."""
    if (i, prefix) in values:
        return values[i, prefix]
    nexts = {ids[len(prefix)] for j, ids in values if j == i and ids[: len(prefix)] == prefix}
    return tuple(sorted(nested(values, i, (*prefix, s)) for s in nexts))


def definition(complexes, marks, dim=0, adjacencies=("boundary", "upper")):
    """For each round the nested multisets of the histograms of all complexes."""
    owners, _, rounds = refined_copies(complexes, marks, dim, adjacencies)
    histories = (dict(zip(owners, histograms, strict=True)) for _, histograms in rounds)
    return [[nested(values, i) for i in range(len(complexes))] for values in histories]


@over(
    "A, B, marks, dim",
    [
        (C8, TWO_C4, 1, 0),
        (C8, TWO_C4, 2, 0),
        (C8, TWO_C4, 1, 1),
        (C8, C8, 1, 0),
        (*CUBIC, 1, 0),
        (*CUBIC, 1, 1),
        (lift(nx.path_graph(4)), lift(nx.star_graph(3)), 1, 0),
        (ROOK, SHRIKHANDE, 1, 0),
    ],
)
def test_a_verdict_is_that_of_the_definition(A, B, marks, dim):
    verdict = compare(A, B, marks=marks, mark_dim=dim)
    if compare(A, B):
        assert verdict == compare(A, B)
        return
    expected = [n for n, (a, b) in enumerate(definition([A, B], marks, dim)) if a != b]
    assert verdict.round == min(expected, default=None)
    assert (verdict.mark is None) == (verdict.dim is None) == (not verdict)


@over("marks, dim", [(1, 0), (2, 0), (1, 1), (1, 2), (2, 1)])
def test_labels_are_those_of_the_definition(marks, dim):
    """By refinements that see next to nothing without marks."""
    complexes = [K for K in SMALL if 0 < K.num_simplices(0) <= 5] + [C8, TWO_C4] * (marks == 1)
    test = partial(simplicial_wl, adjacencies=("boundary",))
    expected = definition(complexes, marks, dim, ("boundary",))[-1]
    labels = distinguish(complexes, test, marks=marks, mark_dim=dim)
    assert same_partition(labels.tolist(), expected)


@over("name", PAIRS)
def test_classical_pairs(name):
    """One mark on the triangles tells apart whatever differs here, WL but for the last pair too."""
    A, B = (lift(graph) for graph in PAIRS[name][:2])
    assert compare(A, B, marks=1)
    assert bool(compare(A, B, weisfeiler_lehman, marks=1)) == (name != "Rook 4x4, Shrikhande")
    assert not compare(A, relabel(A, 1)[0], marks=1)


def test_one_mark_tells_apart_strongly_regular_graphs_on_their_triangles(shared_data):
    for name, count in (("sr16622.g6", 2), ("sr251256.g6", 15), ("sr261034.g6", 10)):
        complexes = [lift(graph) for graph in nx.read_graph6(str(shared_data / "sr" / name))]
        assert distinguish(complexes, marks=1).tolist() == list(range(count))


def test_ten_classes_of_csl():
    complexes = [lift(csl(skip, 41)) for skip in (2, 3, 4, 5, 6, 9, 11, 12, 13, 16)]
    assert distinguish(complexes, marks=1).tolist() == list(range(10))


# --- laws -----------------------------------------------------------------------------------------


def test_relabelled_copies_are_never_told_apart():
    table = [random_complex(seed, num_vertices=7) for seed in range(120)] + SMALL
    table += [lift(nx.random_regular_graph(3, 8, seed=seed)) for seed in range(40)]
    others = [relabel(K, seed)[0] for seed, K in enumerate(table)]
    for options in ({"marks": 1}, {"marks": 1, "mark_dim": 1}, {"marks": 2}):
        labels = distinguish(table + others, **options)
        assert labels[: len(table)].tolist() == labels[len(table) :].tolist()
    for test in (weisfeiler_lehman, folklore_wl):
        labels = distinguish(table[::3] + others[::3], test, marks=1)
        assert torch.equal(*labels.split(len(table[::3])))


def test_marks_only_split_classes():
    cubic = [nx.random_regular_graph(3, 10, seed=seed) for seed in range(30)]
    table = [*SMALL, C8, TWO_C4, *CUBIC, ROOK, SHRIKHANDE, *map(lift, cubic)]
    for test in TESTS.values():
        chain = [distinguish(table, test, marks=marks).tolist() for marks in (2, 1, 0)]
        assert all(is_finer(*pair) for pair in itertools.pairwise(chain))
        assert len({*map(tuple, chain)}) > 1 or test is folklore_wl


@over("adjacencies", [("boundary",), ("upper",), ADJACENCIES])
def test_as_many_marks_as_vertices_decide_isomorphism(adjacencies):
    """Whatever the refinement sees without them; WL on six vertices beside."""
    graphs = [graph for graph in nx.graph_atlas_g()[1:] if len(graph) in (3, 4)]
    table = [lift(graph) for graph in graphs] + [K for K in SMALL if K.num_simplices(0) == 4]
    table += [relabel(K, 3)[0] for K in table[::2]]
    test = partial(simplicial_wl, adjacencies=adjacencies)
    labels = distinguish(table, test, marks=4).tolist()
    for i, j in itertools.combinations(range(len(table)), 2):
        assert (labels[i] == labels[j]) == is_isomorphic(table[i], table[j])


def test_a_single_simplex_may_be_left_unmarked():
    """Fewer simplices than marks, or none: all of them are marked, and nothing is told apart."""
    table = [COMPLEXES[name] for name in ("empty", "one vertex", "edge", "isolated vertices")]
    for K in table:
        for marks, dim in itertools.product((1, 2, 3), (0, 1, 4)):
            assert not compare(K, K, marks=marks, mark_dim=dim)
            assert simplicial_wl(K, marks=marks, mark_dim=dim).stable
    assert distinguish([*table, *table], marks=2, mark_dim=3).tolist() == [0, 1, 2, 3] * 2
    assert distinguish([], marks=1).shape == (0,)


# --- blocks ---------------------------------------------------------------------------------------


def test_blocks_give_what_the_whole_gives():
    table = [*SMALL[::2], C8, TWO_C4, ROOK, SHRIKHANDE, *CUBIC, relabel(ROOK, 2)[0]]
    for options in ({"marks": 1}, {"marks": 1, "mark_dim": 2}, {"marks": 1, "test": folklore_wl}):
        whole = distinguish(table, **options)
        for blocked in (
            distinguish(table, task_size=1500, **options),
            distinguish(iter(table), task_size=400, **options),
            distinguish(table, executor=Serial(), **options),
            distinguish(SimplicialComplex.disjoint_union(table), task_size=4000, **options),
        ):
            assert torch.equal(blocked, whole)
    for A, B, marks in ((ROOK, SHRIKHANDE, 1), (C8, TWO_C4, 2), (ROOK, ROOK, 1), (*CUBIC, 1)):
        whole = compare(A, B, marks=marks)
        assert compare(A, B, marks=marks, task_size=400) == whole
        assert compare(A, B, marks=marks, task_size=1300) == whole


def test_folders_of_complexes(tmp_path):
    table = [C8, TWO_C4, ROOK, SHRIKHANDE, *CUBIC]
    save_complex(SimplicialComplex.disjoint_union(table), tmp_path / "all")
    assert distinguish(tmp_path / "all", marks=1, task_size=3000).tolist() == [*range(6)]
    with pytest.raises(ValueError, match="marks must be 0 for a complex in a folder"):
        simplicial_wl(tmp_path / "all", marks=1)


# --- colours of simplices -------------------------------------------------------------------------


COLORED = {
    **{name: COMPLEXES[name] for name in ("empty", "house", "two components", "random 1")},
    "C8, a path": SimplicialComplex.disjoint_union([C8, lift(nx.path_graph(3))]),
    "cubic": SimplicialComplex.disjoint_union(CUBIC),
    "long path": lift(nx.path_graph(10)),
}


@over("name, marks, dim", [(name, *mark) for name in COLORED for mark in ((1, 0), (2, 0), (1, 1))])
def test_colours_are_finer_move_with_the_simplices_and_do_not_depend_on_blocks(name, marks, dim):
    K = COLORED[name]
    ours = simplicial_wl(K, marks=marks, mark_dim=dim)
    assert ours.stable
    for fine, coarse in zip(ours.colors, simplicial_wl(K).colors, strict=True):
        assert is_finer(fine.tolist(), coarse.tolist())
    size = 64 if marks == 1 and K.num_parts == 1 else 1500
    blocked = simplicial_wl(K, marks=marks, mark_dim=dim, task_size=size)
    assert all(map(torch.equal, blocked.colors, ours.colors))
    assert (blocked.rounds, blocked.stable) == (ours.rounds, ours.stable)
    if K.num_parts == 1:
        image, order = relabel(K, 4)
        theirs = simplicial_wl(image, marks=marks, mark_dim=dim)
        for k in range(K.dim + 1):
            where = image.index(order[K.simplices(k)])
            assert torch.equal(ours.colors[k], theirs.colors[k][where])


@over(
    "names, marks, dim, adjacencies",
    [
        (("house", "random 1"), 1, 0, ("boundary",)),
        (("house", "two components"), 1, 1, ("boundary", "upper")),
        (("bow tie", "house"), 2, 0, ("boundary",)),
        (("long path",), 1, 0, ("upper",)),
    ],
)
def test_colours_of_simplices_by_definition(names, marks, dim, adjacencies):
    complexes = [(COMPLEXES | COLORED)[name] for name in names]
    owners, offsets, rounds = refined_copies(complexes, marks, dim, adjacencies)
    colors, histograms = rounds[-1]
    union = SimplicialComplex.disjoint_union(complexes)
    ours = simplicial_wl(union, adjacencies=adjacencies, marks=marks, mark_dim=dim)
    for k in range(union.dim + 1):
        expected = []
        for i, K in enumerate(complexes):
            for simplex in K.simplices(k).tolist() if k <= K.dim else []:
                values = {
                    owner: (colors[frozenset(v + offset for v in simplex)], histogram)
                    for owner, offset, histogram in zip(owners, offsets, histograms, strict=False)
                    if owner[0] == i
                }
                expected.append(nested(values, i))
        assert same_partition(ours.colors[k].tolist(), expected)


def test_marks_part_what_looks_alike_to_all_simplices():
    union = SimplicialComplex.disjoint_union([C8, TWO_C4])
    plain, marked = simplicial_wl(union), simplicial_wl(union, marks=1)
    assert plain.num_classes == (1, 1)
    assert marked.num_classes == (2, 2)
    assert marked.part_classes().tolist() == [0, 1]


def test_joined_copies_tell_apart_what_copies_do():
    """The histograms of all copies can be read off the colours of one simplex."""
    test = partial(simplicial_wl, marks=1)
    for A, B in ((C8, TWO_C4), (ROOK, SHRIKHANDE), CUBIC):
        joined, apart = compare(A, B, test), compare(A, B, marks=1)
        assert joined
        assert joined.round <= apart.round
    cubic = [lift(nx.random_regular_graph(3, 10, seed=seed)) for seed in range(30)]
    assert is_finer(distinguish(cubic, test).tolist(), distinguish(cubic, marks=1).tolist())


# --- options and explanations ---------------------------------------------------------------------


def test_explanations():
    one = compare(C8, TWO_C4, marks=1)
    assert (one.distinguished, one.round, one.dim, one.mark) == (True, 2, 0, 0)
    assert one.explanation == (
        "Told apart after 2 rounds with one vertex marked, by the vertices: marked, 8 of the 8 "
        "vertices of A look like its vertex 0, and 0 of B."
    )
    edges = compare(ROOK, SHRIKHANDE, marks=2, mark_dim=1).explanation
    assert edges.startswith("Told apart after 1 round with 2 edges marked, by the edges: ")
    alike = compare(C8, C8, marks=1)
    assert (alike.distinguished, alike.round, alike.dim, alike.mark) == (False, None, None, None)
    assert alike.explanation.startswith("Not told apart: with one vertex marked, the copies are ")
    without = compare(COMPLEXES["house"], C8, marks=1)
    assert without == compare(COMPLEXES["house"], C8)
    pairs = compare(C8, TWO_C4, folklore_wl, marks=1)
    assert pairs == compare(C8, TWO_C4, folklore_wl)


def test_the_mark_is_the_first_whose_copies_are_more_frequent_in_A():
    """C4 and C8 against three C4: the vertices of C4 look alike in both, and are more in B."""
    A = SimplicialComplex.disjoint_union([lift(nx.cycle_graph(4)), C8])
    B = SimplicialComplex.disjoint_union([lift(nx.cycle_graph(4)), TWO_C4])
    for marks_of_A, dim in ((4, 0), (4, 1)):
        verdict = compare(A, B, marks=1, mark_dim=dim)
        assert verdict.mark == marks_of_A
        assert "8 of the 12 " in verdict.explanation
        back = compare(B, A, marks=1, mark_dim=dim)
        assert back.mark == 0
        assert "12 of the 12 " in back.explanation
        assert back.explanation.endswith(
            "look like its vertex 0, and 4 of B." if dim == 0 else "and 4 of B."
        )


def test_starting_colours_and_rounds():
    alternating = [0, 1] * 8
    for test, colors in ((simplicial_wl, {0: alternating}), (weisfeiler_lehman, alternating)):
        assert not compare(C8, C8, partial(test, colors=colors), marks=1)
        assert compare(C8, TWO_C4, partial(test, colors=colors), marks=1).round == 2
        moved = {0: [0] * 7 + [1] + [0] * 8} if test is simplicial_wl else [0] * 7 + [1] + [0] * 8
        assert compare(C8, C8, partial(test, colors=moved), marks=1).round == 0
    short = partial(simplicial_wl, max_rounds=1)
    assert not compare(C8, TWO_C4, short, marks=1)
    assert distinguish([C8, TWO_C4], short, marks=1).tolist() == [0, 0]
    colored = simplicial_wl(C8, colors={0: alternating[:8]}, marks=1)
    assert same_partition(colored.colors[0].tolist(), alternating[:8])
    assert simplicial_wl(C8, marks=1, max_rounds=0).rounds == 0


def test_bad_arguments():
    K = COMPLEXES["house"]
    with pytest.raises(ValueError, match="marks must be non-negative, got -1"):
        compare(K, K, marks=-1)
    with pytest.raises(ValueError, match="marks must be an integer from 0 to 20"):
        distinguish([K], marks=21)
    with pytest.raises(TypeError, match=r"mark_dim must be an integer, got 0.5"):
        distinguish([K], marks=1, mark_dim=0.5)
    with pytest.raises(ValueError, match="mark_dim must be 0 for folklore_wl"):
        compare(K, K, folklore_wl, marks=1, mark_dim=1)
    with pytest.raises(ValueError, match=r"where simplices are marked, got .*Give marks=0"):
        compare(K, K, lambda K, stop=None: simplicial_wl(K), marks=1)
    with pytest.raises(ValueError, match=r"compare\(A, B, marks=1\)"):
        compare(K, K, partial(simplicial_wl, marks=1), marks=1)
    with pytest.raises(ValueError, match="marks must be 0 with executor"):
        simplicial_wl(K, marks=1, executor=Serial())
    large = lift(nx.circulant_graph(4000, [1]))
    for call in (
        lambda: compare(large, lift(copies(nx.cycle_graph(2000), 2)), marks=2),
        lambda: simplicial_wl(large, marks=2),
    ):
        with pytest.raises(ValueError, match=r"got 1.6e\+07 copies of 8000 simplices. Take fewer"):
            call()
