"""SWL against the exact oracle, its laws, and its arguments."""

import itertools

import pytest
import torch

from simplex import SimplicialComplex
from simplex.testing import random_complex
from simplex.wl import simplicial_wl, weisfeiler_lehman
from tests.cases import over
from tests.tables import COMPLEXES
from tests.wl.graphs import relabel
from tests.wl.oracle import (
    ADJACENCIES,
    SUBSETS,
    is_finer,
    same_partition,
    simplices_of,
    skeleton_graph,
    swl_history,
    wl_history,
)


RANDOM = {f"random {seed}": random_complex(seed, 9, 12, 4) for seed in range(20, 26)}
TABLE = COMPLEXES | RANDOM


def rounds_of(test, K, **options):
    history = []
    final = test(K, stop=lambda coloring: history.append(coloring), **options)
    return history, final


@over("name", TABLE)
def test_partition_after_every_round_is_that_of_the_exact_oracle(name):
    K = TABLE[name]
    for adjacencies in SUBSETS:
        expected = swl_history(K, adjacencies)
        history, final = rounds_of(simplicial_wl, K, adjacencies=adjacencies)
        assert len(history) == len(expected) == final.rounds + 1
        assert final.stable
        for coloring, exact in zip(history, expected, strict=True):
            for k, level in enumerate(simplices_of(K)):
                exact_colors = [exact[s] for s in level]
                assert same_partition(coloring.colors[k].tolist(), exact_colors)


@over("name", TABLE)
def test_colours_are_numbered_without_gaps_and_histograms_count_them(name):
    coloring = simplicial_wl(TABLE[name])
    for colors, counts, size in zip(
        coloring.colors, coloring.histogram, coloring.num_classes, strict=True
    ):
        assert colors.dtype == torch.int64
        assert sorted(set(colors.tolist())) == list(range(size))
        assert counts.tolist() == [colors.tolist().count(c) for c in range(size)]


def test_histograms_of_parts_sum_to_the_histogram():
    K, L = random_complex(3), random_complex(4)
    coloring = simplicial_wl(SimplicialComplex.disjoint_union([K, L, K]))
    for k in range(len(coloring.colors)):
        parts = coloring.part_histogram(k)
        assert torch.equal(parts.sum(0), coloring.histogram[k])
        assert torch.equal(parts[0], parts[2])
        assert parts.sum(1).tolist() == [C.num_simplices(k) for C in (K, L, K)]
    assert coloring.part_classes().tolist() == [0, 1, 0]


@over("name", TABLE)
def test_boundary_and_upper_reach_the_partition_of_all_four(name):
    reduced, full = simplicial_wl(TABLE[name]), simplicial_wl(TABLE[name], adjacencies=ADJACENCIES)
    assert full.rounds <= reduced.rounds
    for ours, theirs in zip(reduced.colors, full.colors, strict=True):
        assert same_partition(ours.tolist(), theirs.tolist())


@over("name", TABLE)
def test_weisfeiler_lehman_is_exact_and_never_finer(name):
    K = TABLE[name]
    expected = wl_history(skeleton_graph(K))
    history, final = rounds_of(weisfeiler_lehman, K)
    if K.num_simplices(0):
        assert len(history) == len(expected) == final.rounds + 1
        for coloring, exact in zip(history, expected, strict=True):
            exact_colors = [exact[v] for v in range(K.num_simplices(0))]
            assert same_partition(coloring.colors[0].tolist(), exact_colors)
    assert is_finer(simplicial_wl(K).colors[0].tolist(), final.colors[0].tolist())
    as_swl = simplicial_wl(K.skeleton(1), adjacencies=("upper",)).colors[0]
    assert same_partition(as_swl.tolist(), final.colors[0].tolist())


@over("seed", range(4))
@over("name", TABLE)
def test_relabelling_keeps_histograms_and_moves_colours(name, seed):
    K = TABLE[name]
    L, order = relabel(K, seed)
    ours, theirs = simplicial_wl(K), simplicial_wl(L)
    assert ours.rounds == theirs.rounds
    for k in range(K.dim + 1):
        assert torch.equal(ours.histogram[k], theirs.histogram[k])
        assert torch.equal(ours.colors[k], theirs.colors[k][L.index(order[K.simplices(k)])])


def test_orientation_plays_no_part():
    K = COMPLEXES["reoriented"]
    signs = {k: K.orientation(k) for k in range(K.dim + 1)}
    ours, theirs = simplicial_wl(K), simplicial_wl(K.reorient(signs))
    assert all(map(torch.equal, ours.colors, theirs.colors))


@over("adjacencies", [("boundary", "upper"), ADJACENCIES])
def test_house(adjacencies):
    house = COMPLEXES["house"]
    colors = simplicial_wl(house, adjacencies=adjacencies).colors
    by_dimension = [
        [[(0,), (1,)], [(2,), (3,)], [(4,)]],
        [[(0, 1)], [(1, 2), (0, 3)], [(2, 3)], [(3, 4), (2, 4)]],
        [[(2, 3, 4)]],
    ]
    for k, classes in enumerate(by_dimension):
        groups = [set(colors[k][house.index(group)].tolist()) for group in classes]
        assert all(len(group) == 1 for group in groups)
        assert len(set.union(*groups)) == len(classes)


def test_two_runs_agree_and_leave_the_global_random_state_alone():
    K = random_complex(11)
    state = torch.get_rng_state()
    first, second = simplicial_wl(K), simplicial_wl(K)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(map(torch.equal, first.colors, second.colors))


def test_max_rounds_ends_the_refinement():
    path = SimplicialComplex.from_simplices([(i, i + 1) for i in range(20)])
    exact = swl_history(path, ("boundary", "upper"))
    for limit in range(len(exact) + 2):
        coloring = simplicial_wl(path, max_rounds=limit)
        assert coloring.rounds == min(limit, len(exact) - 1)
        vertices = [exact[coloring.rounds][frozenset([v])] for v in range(21)]
        assert same_partition(coloring.colors[0].tolist(), vertices)
    assert not simplicial_wl(path, max_rounds=3).stable


def test_stop_ends_the_refinement():
    path = SimplicialComplex.from_simplices([(i, i + 1) for i in range(20)])
    coloring = simplicial_wl(path, stop=lambda coloring: coloring.rounds == 2)
    assert (coloring.rounds, coloring.stable) == (2, False)


@over("seed", range(6))
def test_starting_colours_are_refined(seed):
    K = random_complex(seed + 40)
    generator = torch.Generator().manual_seed(seed)
    colors = [torch.randint(0, 2, (n,), generator=generator) * 7 - 3 for n in K.f_vector]
    start = {
        s: color
        for k, level in enumerate(simplices_of(K))
        for s, color in zip(level, colors[k].tolist(), strict=True)
    }
    exact = swl_history(K, ("boundary", "upper"), start)
    coloring = simplicial_wl(K, colors=colors)
    assert coloring.rounds == len(exact) - 1
    for k, level in enumerate(simplices_of(K)):
        assert same_partition(coloring.colors[k].tolist(), [exact[-1][s] for s in level])


@over("seed", range(6))
def test_weisfeiler_lehman_tells_the_own_colour_from_those_of_the_neighbours(seed):
    """Starting colours let one vertex have around it what another is, and the other way round."""
    K = random_complex(seed + 50, num_vertices=14, num_simplices=10, max_dim=1)
    colors = torch.randint(0, 2, (14,), generator=torch.Generator().manual_seed(seed))
    exact = wl_history(skeleton_graph(K), dict(enumerate(colors.tolist())))
    coloring = weisfeiler_lehman(K, colors=colors)
    assert coloring.rounds == len(exact) - 1
    assert same_partition(coloring.colors[0].tolist(), [exact[-1][v] for v in range(14)])


@over(
    "dtype",
    [
        torch.bool,
        torch.uint8,
        torch.int64,
        torch.float8_e4m3fn,
        torch.float8_e5m2,
        torch.bfloat16,
        torch.float16,
        torch.float32,
        torch.float64,
    ],
)
@over("width", [1, 3])
def test_equal_feature_rows_are_one_colour_whatever_their_dtype(dtype, width):
    K = SimplicialComplex.from_simplices([], num_vertices=6)
    rows = torch.tensor([0, 1, 0, 1, 1, 0])[:, None].expand(6, width).to(dtype)
    colors = simplicial_wl(K, colors={0: rows}).colors[0]
    assert same_partition(colors.tolist(), [0, 1, 0, 1, 1, 0])


def test_rows_differ_if_one_entry_does_and_zeros_of_both_signs_agree():
    K = SimplicialComplex.from_simplices([], num_vertices=4)
    rows = torch.tensor([[0.0, 1.0], [-0.0, 1.0], [0.0, 2.0], [1.0, 1.0]])
    assert same_partition(simplicial_wl(K, colors=[rows]).colors[0].tolist(), [0, 0, 1, 2])
    column = torch.tensor([0.0, -0.0, 1.0, 0.0])
    assert same_partition(simplicial_wl(K, colors=[column]).colors[0].tolist(), [0, 0, 1, 0])
    assert same_partition(simplicial_wl(K, colors=[[5, 5, 5, 2]]).colors[0].tolist(), [0, 0, 0, 1])
    assert simplicial_wl(K, colors=[torch.empty(4, 0)]).num_classes == (1,)


def test_starting_colours_are_left_as_they_are():
    K = random_complex(2)
    colors = [torch.arange(n) % 2 for n in K.f_vector]
    before = [color.clone() for color in colors]
    simplicial_wl(K, colors=colors)
    assert all(map(torch.equal, colors, before))


def test_the_empty_complex_is_stable_at_once():
    coloring = simplicial_wl(COMPLEXES["empty"])
    assert coloring.rounds == 0
    assert coloring.stable
    assert [len(color) for color in coloring.colors] == [0]
    assert [len(counts) for counts in coloring.histogram] == [0]


def test_long_paths_and_large_hubs():
    path = SimplicialComplex.from_simplices([(i, i + 1) for i in range(200)])
    assert simplicial_wl(path).num_classes == (101, 100)
    star = SimplicialComplex.from_simplices(torch.tensor([[0, i] for i in range(1, 2**12 + 1)]))
    assert simplicial_wl(star, adjacencies=ADJACENCIES).num_classes == (2, 1)


def test_degrees_that_differ_by_a_power_of_two_are_told_apart():
    stars = [[(c, 10_000 * (c + 1) + i) for i in range(2**e)] for c, e in enumerate((11, 12))]
    K = SimplicialComplex.from_simplices(list(itertools.chain(*stars)))
    for test in (simplicial_wl, weisfeiler_lehman):
        hubs = test(K).colors[0][:2].tolist()
        assert hubs[0] != hubs[1]


K = COMPLEXES["house"]


@over("adjacencies", ["boundary", ("boundary", "down"), [3]])
def test_unknown_adjacency(adjacencies):
    with pytest.raises(ValueError, match="boundary, coboundary, lower, upper"):
        simplicial_wl(K, adjacencies=adjacencies)


@over(
    "colors, message",
    [
        ({0: torch.zeros(4)}, r"colors\[0\] must have shape \(5,\) or \(5, F\), got \(4,\)"),
        ({0: torch.zeros(5, 1, 1)}, r"got \(5, 1, 1\)"),
        ({1: torch.full((6,), torch.nan)}, r"colors\[1\] must not hold NaN"),
        ({3: torch.zeros(2)}, "dimensions 0 … 2"),
        ({-1: torch.zeros(2)}, "dimensions 0 … 2"),
        ({"0": torch.zeros(5)}, "dimensions 0 … 2"),
        ({0: torch.zeros(5, device="meta")}, "device"),
    ],
)
def test_bad_starting_colours(colors, message):
    with pytest.raises(ValueError, match=message):
        simplicial_wl(K, colors=colors)


def test_starting_colours_that_are_no_numbers_per_dimension():
    with pytest.raises(TypeError, match=r"colors\[0\] must be numbers .* Number the labels first"):
        simplicial_wl(K, colors=[["C", "N", "O", "C", "C"]])
    with pytest.raises(TypeError, match=r"got one tensor\. Write {0: colors}"):
        simplicial_wl(K, colors=torch.zeros(5))


def test_dimensions_without_starting_colours_start_alike():
    plain = simplicial_wl(K)
    for colors in ({}, [], [None, None, None, None], {3: torch.empty(0)}, {1: torch.ones(6)}):
        assert all(map(torch.equal, simplicial_wl(K, colors=colors).colors, plain.colors))


def test_bad_complex_and_bad_max_rounds():
    with pytest.raises(
        TypeError, match=r"K must be a SimplicialComplex, got Graph.*clique_complex"
    ):
        simplicial_wl(skeleton_graph(K))
    with pytest.raises(TypeError, match="K must be a SimplicialComplex"):
        weisfeiler_lehman([K])
    with pytest.raises(ValueError, match="max_rounds must be non-negative, got -1"):
        simplicial_wl(K, max_rounds=-1)
    with pytest.raises(TypeError, match=r"max_rounds must be an integer, got 1\.5"):
        simplicial_wl(K, max_rounds=1.5)
