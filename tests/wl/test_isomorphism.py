"""Exact isomorphism: every map is checked, every refusal comes from an independent source."""

import itertools

import networkx as nx
import pytest
import torch

from simplex import SimplicialComplex
from simplex.operators import connected_components
from simplex.testing import random_complex
from simplex.wl import compare, find_isomorphism, is_isomorphic
from tests.cases import over
from tests.tables import COMPLEXES
from tests.wl.graphs import copies, csl, lift, relabel, rook, shrikhande
from tests.wl.oracle import skeleton_graph
from tests.wl.symmetric import GRAPHS, HARD


def assert_isomorphism(A: SimplicialComplex, B: SimplicialComplex, image: torch.Tensor | None):
    assert image is not None
    assert image.dtype == torch.int64
    assert sorted(image.tolist()) == list(range(B.num_simplices(0)))
    assert A.f_vector == B.f_vector
    for k in range(A.dim + 1):
        moved = {frozenset(row) for row in image[A.simplices(k)].tolist()}
        assert moved == {frozenset(row) for row in B.simplices(k).tolist()}


@over("name", GRAPHS)
def test_a_relabelled_copy_is_found(name):
    A = lift(GRAPHS[name], 3)
    B, _ = relabel(A, 3)
    assert_isomorphism(A, B, find_isomorphism(A, B))
    assert_isomorphism(B, A, find_isomorphism(B, A))


@over("name", COMPLEXES)
def test_the_table_is_isomorphic_to_itself_relabelled(name):
    A = COMPLEXES[name]
    B, _ = relabel(A, 9)
    assert_isomorphism(A, B, find_isomorphism(A, B))
    assert is_isomorphic(A, B) is True


def test_the_answer_is_a_truth_value_and_the_map_that_of_its_truth():
    """Among the table are two single points, whose map [0] is no truth, and two empty complexes."""
    table = list(COMPLEXES.values())
    for A, B in itertools.product(table, repeat=2):
        image, answer = find_isomorphism(A, B), is_isomorphic(A, B)
        assert answer is (image is not None)
        assert answer is is_isomorphic(B, A)
        if answer:
            assert_isomorphism(A, B, image)
        if A is B:
            assert answer is True


def test_the_map_goes_from_the_first_to_the_second():
    """Without symmetries the map is the only one, and its inverse is another."""
    generator = torch.Generator().manual_seed(0)
    A = SimplicialComplex.from_simplices([(0, 1), (1, 2, 3), (3, 4), (4, 5), (5, 6, 7), (2, 8)])
    colors = torch.arange(9)
    B, order = relabel(A, int(torch.randint(100, (), generator=generator)))
    moved = torch.empty_like(colors).scatter_(0, order, colors)
    assert not torch.equal(order, order.argsort())
    image = find_isomorphism(A, B, colors=[torch.cat([colors, moved])])
    assert torch.equal(image, order)
    assert torch.equal(find_isomorphism(B, A, colors=[torch.cat([moved, colors])]), order.argsort())


REFUSED = {
    "C8, 2 C4": (nx.cycle_graph(8), copies(nx.cycle_graph(4), 2)),
    "C5 + C7, 2 C6": (
        nx.disjoint_union(nx.cycle_graph(5), nx.cycle_graph(7)), copies(nx.cycle_graph(6), 2),
    ),
    "CSL(41, 3), CSL(41, 5)": (csl(3), csl(5)),
    "Rook, Shrikhande": (rook(), shrikhande()),
    "copies, one of them another": (
        copies(rook(), 3), nx.disjoint_union(copies(rook(), 2), shrikhande()),
    ),
    "3-regular": (
        nx.random_regular_graph(3, 60, seed=1), nx.random_regular_graph(3, 60, seed=2),
    ),
    "dodecahedron, generalised Petersen": (
        nx.dodecahedral_graph(), nx.desargues_graph(),
    ),
}  # fmt: skip


@over("name", REFUSED)
def test_pairs_that_swl_does_not_tell_apart_are_refused(name):
    A, B = (lift(graph, 2 if "Rook" in name else 1) for graph in REFUSED[name])
    assert not compare(A, B)
    assert is_isomorphic(A, B) is False
    assert is_isomorphic(relabel(B, 1)[0], relabel(A, 2)[0]) is False


@over("name", ["sr16622.g6", "sr251256.g6", "sr261034.g6", "sr281264.g6"])
def test_strongly_regular_families_on_the_two_skeleton(shared_data, name):
    complexes = [lift(graph) for graph in nx.read_graph6(str(shared_data / "sr" / name))]
    for A, B in itertools.islice(itertools.combinations(complexes, 2), 6):
        assert is_isomorphic(A, B) is False
    for A in complexes[:2]:
        B, _ = relabel(A, 7)
        assert_isomorphism(A, B, find_isomorphism(A, B))


def test_all_graphs_with_four_vertices_and_a_sample_with_six_as_networkx_has_it():
    atlas = nx.graph_atlas_g()
    small = [g for g in atlas if len(g) == 4]
    for g, h in itertools.product(small, repeat=2):
        expected = nx.vf2pp_is_isomorphic(g, h)
        assert is_isomorphic(lift(g), relabel(lift(h), 1)[0]) is expected
    six = [g for g in atlas if len(g) == 6]
    same_degrees = [
        (g, h)
        for g, h in itertools.combinations(six, 2)
        if sorted(d for _, d in g.degree) == sorted(d for _, d in h.degree)
    ]
    for g, h in same_degrees[::3]:
        assert is_isomorphic(lift(g), lift(h)) is False
    for g in six[::7]:
        A = lift(g, 3)
        B, _ = relabel(A, 4)
        assert_isomorphism(A, B, find_isomorphism(A, B))


@over("seed", range(10))
def test_complexes_that_are_not_flag_against_brute_force(seed):
    A, B = random_complex(seed, 5, 4, 2), random_complex(seed + 100, 5, 4, 2)
    wanted = {frozenset(row) for k in range(B.dim + 1) for row in B.simplices(k).tolist()}

    def carries(order):
        image = torch.tensor(order)
        rows = (row for k in range(A.dim + 1) for row in image[A.simplices(k)].tolist())
        return A.f_vector == B.f_vector and {frozenset(row) for row in rows} == wanted

    expected = any(map(carries, itertools.permutations(range(5))))
    assert is_isomorphic(A, B) is expected


def test_equal_skeletons_with_other_triangles():
    edges = list(itertools.combinations(range(6), 2))
    disjoint = SimplicialComplex.from_simplices([(0, 1, 2), (3, 4, 5), *edges])
    touching = SimplicialComplex.from_simplices([(0, 1, 2), (0, 4, 5), *edges])
    sharing = SimplicialComplex.from_simplices([(2, 0, 1), (2, 1, 5), *edges])
    complexes = (disjoint, touching, sharing)
    for i, j in itertools.product(range(3), repeat=2):
        assert complexes[i].f_vector == complexes[j].f_vector
        image = find_isomorphism(complexes[i], relabel(complexes[j], 3)[0])
        assert (image is not None) == (i == j)


def test_torus_triangulations_that_refine_alike():
    """Triangulated tori without a vertex told apart: 4x6 against 3x8, edges and triangles alike."""

    def torus(m, n):
        def vertex(i, j):
            return i % m * n + j % n

        return SimplicialComplex.from_simplices(
            [
                (vertex(i, j), vertex(i + 1, j + a), vertex(i + b, j + 1))
                for i, j in itertools.product(range(m), range(n))
                for a, b in [(0, 1), (1, 1)]
                if (a, b) == (0, 1)
            ]
            + [
                (vertex(i, j), vertex(i, j + 1), vertex(i + 1, j + 1))
                for i, j in itertools.product(range(m), range(n))
            ]
        )

    assert torus(4, 6).f_vector == torus(3, 8).f_vector == (24, 72, 48)
    assert not compare(torus(4, 6), torus(3, 8))
    assert is_isomorphic(torus(4, 6), torus(3, 8)) is False
    assert_isomorphism(torus(4, 6), torus(6, 4), find_isomorphism(torus(4, 6), torus(6, 4)))


def test_orientation_labels_and_parts_play_no_part():
    A = COMPLEXES["reoriented"]
    B = A.reorient({k: A.orientation(k) for k in range(A.dim + 1)}).with_vertex_labels("abcdefgh")
    assert_isomorphism(A, B, find_isomorphism(A, B))
    union = SimplicialComplex.disjoint_union([A, B])
    plain = SimplicialComplex(16, [union.facets(k) for k in range(1, union.dim + 1)])
    assert_isomorphism(union, plain, find_isomorphism(union, plain))


def test_the_empty_complex():
    empty = COMPLEXES["empty"]
    image = find_isomorphism(empty, empty)
    assert image is not None
    assert (image.shape, image.dtype) == ((0,), torch.int64)
    assert is_isomorphic(empty, COMPLEXES["one vertex"]) is False


def test_starting_colours_must_be_kept():
    cycle = lift(nx.cycle_graph(6))
    adjacent, opposite = [1, 1, 0, 0, 0, 0], [1, 0, 0, 1, 0, 0]
    assert is_isomorphic(cycle, cycle, colors=[adjacent + opposite]) is False
    image = find_isomorphism(cycle, cycle, colors=[adjacent + adjacent[::-1]])
    assert_isomorphism(cycle, cycle, image)
    assert image[:2].sort().values.tolist() == [4, 5]
    # Coloured edges: a perfect matching, rotated.
    even = torch.zeros(6, dtype=torch.int64)
    even[cycle.index([(0, 1), (2, 3), (4, 5)])] = 1
    image = find_isomorphism(cycle, cycle, colors={1: torch.cat([even, 1 - even])})
    assert_isomorphism(cycle, cycle, image)
    moved = cycle.index(image[cycle.simplices(1)])
    assert torch.equal((1 - even)[moved], even)


@over("name", HARD)
def test_pairs_on_which_a_plain_search_would_not_end(name):
    one, other, expected = HARD[name]
    one, other = (nx.convert_node_labels_to_integers(graph) for graph in (one, other))
    for max_dim in (1, 2) if len(one) < 50 else (1,):
        A, B = lift(one, max_dim), relabel(lift(other, max_dim), 5)[0]
        image = find_isomorphism(A, B)
        assert (image is not None) is expected
        if expected:
            assert_isomorphism(A, B, image)


@over("seed", range(30))
def test_symmetric_graphs_as_networkx_has_it(seed):
    """Cayley graphs of a group of order 16, in pairs of equal degrees."""
    generator = torch.Generator().manual_seed(seed)

    def cayley():
        steps = torch.randperm(15, generator=generator)[:3].add(1).tolist()
        return nx.Graph((v, v ^ s if seed % 2 else (v + s) % 16) for v in range(16) for s in steps)

    one, other = cayley(), cayley()
    one.add_nodes_from(range(16)), other.add_nodes_from(range(16))
    expected = nx.vf2pp_is_isomorphic(one, other)
    for max_dim in (1, 2):
        assert is_isomorphic(lift(one, max_dim), relabel(lift(other, max_dim), 1)[0]) is expected


@over("seed", range(5))
def test_components_are_those_of_networkx(seed):
    K = lift(nx.gnm_random_graph(60, 45, seed=seed))
    component = connected_components(K).tolist()
    expected = sorted(map(sorted, nx.connected_components(skeleton_graph(K))))
    assert [[v for v in range(60) if component[v] == c] for c in range(len(expected))] == expected


def test_components_of_a_path_numbered_badly():
    n = 4096
    order = torch.randperm(n, generator=torch.Generator().manual_seed(0))
    path = SimplicialComplex.from_simplices(torch.stack([order[:-1], order[1:]], 1))
    assert connected_components(path).unique().tolist() == [0]


def test_bad_arguments():
    K = COMPLEXES["house"]
    for decide in (is_isomorphic, find_isomorphism):
        with pytest.raises(TypeError, match="A must be a SimplicialComplex, got Graph"):
            decide(nx.path_graph(3), K)
        with pytest.raises(ValueError, match=r"colors\[0\] must have shape \(10,\)"):
            decide(K, K, colors=[[0, 1, 2, 3, 4]])
