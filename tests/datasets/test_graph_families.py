"""Graph families by construction: parameters, cliques, and who is isomorphic to whom."""

import itertools
import math

import networkx as nx
import numpy as np
import pytest

from simplex.datasets import (
    chang_graphs,
    classical_pairs,
    csl_graph,
    csl_graphs,
    latin_square_graph,
    paley_graph,
    rook_graph,
    shrikhande_graph,
    strongly_regular_family,
    triangular_graph,
)
from simplex.lifting import clique_complex
from simplex.wl import is_isomorphic, simplicial_wl
from tests.cases import over


def cyclic(n, factor=1):
    return [[(factor * i + j) % n for j in range(n)] for i in range(n)]


KLEIN = [[i ^ j for j in range(4)] for i in range(4)]
LOOP = [[0, 1, 2, 3, 4], [1, 0, 3, 4, 2], [2, 4, 0, 1, 3], [3, 2, 4, 0, 1], [4, 3, 1, 2, 0]]
SYMMETRIC = list(itertools.permutations(range(3)))
S3 = [[SYMMETRIC.index(tuple(a[b[i]] for i in range(3))) for b in SYMMETRIC] for a in SYMMETRIC]
SRG = {
    **{f"rook {n}": (rook_graph(n), (n * n, 2 * n - 2, n - 2, 2)) for n in (2, 3, 4, 5, 7)},
    "Shrikhande": (shrikhande_graph(), (16, 6, 2, 2)),
    **{
        f"Latin square {name}": (latin_square_graph(L), (len(L) ** 2, 3 * (len(L) - 1), len(L), 6))
        for name, L in (
            ("Z4", cyclic(4)),
            ("Klein", KLEIN),
            ("Z5", cyclic(5)),
            ("loop", LOOP),
            ("S3", S3),
        )
    },
    "two orthogonal squares": (
        latin_square_graph(cyclic(5), cyclic(5, 2)),
        (25, 4 * 4, 5 - 2 + 3 * 2, 4 * 3),
    ),
    **{
        f"Paley {q}": (paley_graph(q), (q, (q - 1) // 2, (q - 5) // 4, (q - 1) // 4))
        for q in (5, 9, 13, 17, 25, 27 * 3, 29, 49, 125)
    },
    **{
        f"triangular {n}": (triangular_graph(n), (math.comb(n, 2), 2 * n - 4, n - 2, 4))
        for n in range(4, 9)
    },
    **{f"Chang {i}": (graph, (28, 12, 6, 4)) for i, graph in enumerate(chang_graphs())},
}


@over("name", SRG)
def test_parameters(name):
    graph, (n, d, common, apart) = SRG[name]
    assert sorted(graph) == list(range(n))
    assert nx.is_strongly_regular(graph)
    assert {degree for _, degree in graph.degree} == {d}
    array, intersections = nx.intersection_array(graph)
    assert d - 1 - array[1] == common
    assert intersections[1] == apart


def cliques(graph, max_dim=9):
    return clique_complex(graph, max_dim).f_vector


@over("n", [2, 3, 5])
def test_cliques_of_the_rook_are_the_subsets_of_its_lines(n):
    lines = [2 * n * math.comb(n, size) for size in range(2, n + 1)]
    assert cliques(rook_graph(n)) == (n * n, *lines)


@over("n", [4, 5, 7])
def test_cliques_of_the_triangular_graph_are_stars_and_triangles(n):
    stars = [n * math.comb(n - 1, size) for size in range(2, n)]
    stars[1] += math.comb(n, 3)
    assert cliques(triangular_graph(n)) == (math.comb(n, 2), *stars)


def test_cliques_of_the_others():
    assert cliques(shrikhande_graph()) == (16, 48, 32)
    assert cliques(rook_graph(4)) == (16, 48, 32, 8)
    # Four pairs that share points two by two have one point in common: 8 · C(7, 4) of them.
    tetrahedra = [cliques(graph)[3] for graph in chang_graphs()]
    assert cliques(triangular_graph(8))[3] == 280
    assert max(tetrahedra) < 280


def test_known_isomorphisms():
    same = nx.is_isomorphic
    assert same(rook_graph(4), nx.line_graph(nx.complete_bipartite_graph(4, 4)))
    assert same(rook_graph(3), paley_graph(9))
    assert same(triangular_graph(6), nx.line_graph(nx.complete_graph(6)))
    assert same(nx.complement(latin_square_graph(KLEIN)), rook_graph(4))
    assert same(nx.complement(latin_square_graph(cyclic(4))), shrikhande_graph())
    assert same(latin_square_graph(cyclic(5)), paley_graph(25))  # lines of an affine plane
    assert same(paley_graph(13), nx.Graph(nx.paley_graph(13)))
    assert same(csl_graph(41, 5), nx.circulant_graph(41, [1, 5]))


@over("p, root", [(3, 2), (5, 2), (7, 3)])
def test_paley_graphs_of_a_quadratic_field(p, root):
    """The field of p² elements as a + b√root, with a root that is no square modulo p."""
    elements = list(itertools.product(range(p), repeat=2))
    squares = {((a * a + root * b * b) % p, 2 * a * b % p) for a, b in elements} - {(0, 0)}
    graph = nx.Graph(((a, b), ((a + c) % p, (b + d) % p)) for a, b in elements for c, d in squares)
    assert is_isomorphic(clique_complex(graph), clique_complex(paley_graph(p * p)))


@over("q", [5, 9, 13, 25])
def test_paley_graphs_are_their_own_complements(q):
    graph = paley_graph(q)
    first, second = (clique_complex(each) for each in (graph, nx.complement(graph)))
    assert is_isomorphic(first, second)


def test_the_three_chang_graphs_and_the_triangular_one_are_different():
    lifts = [clique_complex(graph) for graph in (*chang_graphs(), triangular_graph(8))]
    for first, second in itertools.combinations(lifts, 2):
        assert not is_isomorphic(first, second)


SKIPS = (2, 3, 4, 5, 6, 9, 11, 12, 13, 16)


def test_csl_classes_are_different_and_equal_for_wl():
    def same(r, s):  # for a prime number of vertices, by the theorem on circulants
        return (r - s) % 41 == 0 or (r + s) % 41 == 0 or r * s % 41 in (1, 40)

    assert not any(same(r, s) for r, s in itertools.combinations(SKIPS, 2))
    graphs = csl_graphs()
    assert len(graphs) == 10
    for graph, skip in zip(graphs, SKIPS, strict=True):
        assert {degree for _, degree in graph.degree} == {4}
        assert graph.has_edge(0, skip)
        assert simplicial_wl(clique_complex(graph, 1)).num_classes == (1, 1)
    # CSL(41, 5) = CSL(41, 8), as 5 · 8 = 40 = -1.
    assert nx.is_isomorphic(csl_graph(41, 5), csl_graph(41, 8))


@pytest.mark.parametrize("count", [4, pytest.param(10, marks=pytest.mark.slow)])
def test_no_two_csl_classes_are_isomorphic(count):
    lifts = [clique_complex(graph, 1) for graph in csl_graphs()[:count]]
    for first, second in itertools.combinations(lifts, 2):
        assert not is_isomorphic(first, second)


def test_classical_pairs_are_made_of_them():
    pairs = {pair.name: pair for pair in classical_pairs()}
    _, rook, shrikhande = pairs["Rook 4x4 / Shrikhande"]
    assert nx.utils.graphs_equal(rook, rook_graph(4))
    assert nx.utils.graphs_equal(shrikhande, shrikhande_graph())
    _, three, five = pairs["CSL(41, 3) / CSL(41, 5)"]
    assert nx.utils.graphs_equal(three, csl_graph(41, 3))
    assert nx.utils.graphs_equal(five, csl_graph(41, 5))


@over(
    "call, error, message",
    [
        (lambda: rook_graph(0), ValueError, "n must be at least 1, got 0"),
        (lambda: rook_graph(2.0), TypeError, r"n must be an integer, got 2\.0"),
        (lambda: triangular_graph(1), ValueError, "n must be at least 2, got 1"),
        (lambda: paley_graph(1), ValueError, "q must be at least 5, got 1"),
        (lambda: paley_graph(7), ValueError, "q ≡ 1 .* got 7"),
        (lambda: paley_graph(27), ValueError, "q ≡ 1 .* got 27"),
        (lambda: paley_graph(21), ValueError, "prime power .* got 21"),
        (lambda: paley_graph(45), ValueError, "prime power .* got 45"),
        (latin_square_graph, ValueError, "at least one Latin square"),
        (lambda: latin_square_graph([]), ValueError, "square tables"),
        (lambda: latin_square_graph([[0, 1]]), ValueError, r"square tables.*\(1, 2\)"),
        (lambda: latin_square_graph([[0.0]]), ValueError, "integers.* float64"),
        (lambda: latin_square_graph([[0, 1], [1, 2]]), ValueError, "symbols 0 … 1"),
        (lambda: latin_square_graph([[0, 1], [0, 1]]), ValueError, "must be Latin"),
        (lambda: latin_square_graph([[0, 0], [1, 1]]), ValueError, "must be Latin"),
        (lambda: latin_square_graph(cyclic(5), cyclic(5)), ValueError, "orthogonal"),
        (lambda: latin_square_graph(cyclic(5), cyclic(4)), ValueError, r"one size, got .*\(4, 4\)"),
        (lambda: csl_graph(4, 2), ValueError, "skip must be at least 2 .* got 2 of 4"),
        (lambda: csl_graph(41, 1), ValueError, "got 1 of 41"),
        (lambda: csl_graph(41, 21), ValueError, "got 21 of 41"),
        (lambda: csl_graph(41, "5"), TypeError, "skip must be an integer"),
    ],
)
def test_impossible_ones_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


# --- files ----------------------------------------------------------------------------------------

SIZES = {"SR(16,6,2,2)": 2, "SR(25,12,5,6)": 15, "SR(26, 10, 3, 4)": 10, "SR(28,12,6,4)": 4}


@over("name", SIZES)
def test_families_of_the_collection(shared_data, name):
    graphs = strongly_regular_family(name, shared_data / "sr")
    assert len(graphs) == SIZES[name]
    assert all(nx.is_strongly_regular(graph) for graph in graphs)


@over(
    "name, make",
    [
        ("SR(16,6,2,2)", lambda: [rook_graph(4), shrikhande_graph()]),
        ("SR(28,12,6,4)", lambda: [*chang_graphs(), triangular_graph(8)]),
        (
            "SR(25,12,5,6)",
            lambda: [paley_graph(25), latin_square_graph(LOOP)],
        ),
    ],
)
def test_constructions_are_in_the_collection(shared_data, name, make):
    """Each constructed graph is isomorphic to exactly one graph of its family."""
    family = [clique_complex(g, 3) for g in strongly_regular_family(name, shared_data / "sr")]
    places = []
    for graph in make():
        lift = clique_complex(graph, 3)
        found = [i for i, other in enumerate(family) if is_isomorphic(lift, other)]
        assert len(found) == 1
        places += found
    assert len(set(places)) == len(places)


def test_files_of_ones_own(tmp_path, monkeypatch):
    path = tmp_path / "sr9412.g6"
    nx.write_graph6(paley_graph(9), path)
    for read in (
        strongly_regular_family(path),
        strongly_regular_family(str(path)),
        strongly_regular_family("SR(9,4,1,2)", tmp_path),
    ):
        assert [nx.utils.graphs_equal(graph, paley_graph(9)) for graph in read] == [True]
    (tmp_path / "sr").mkdir()
    path.rename(tmp_path / "sr" / path.name)
    monkeypatch.setenv("SIMPLEX_DATA", str(tmp_path))
    assert len(strongly_regular_family("SR(9,4,1,2)")) == 1
    monkeypatch.delenv("SIMPLEX_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(ValueError, match=r"cache.simplex.sr.sr9412\.g6, got no such file"):
        strongly_regular_family("SR(9,4,1,2)")


@over(
    "content, message",
    [
        (nx.to_graph6_bytes(nx.path_graph(9)), r"\(9, 4, 1, 2\), got another one in place 1"),
        (nx.to_graph6_bytes(paley_graph(13)), "got another one in place 1"),
        (nx.to_graph6_bytes(paley_graph(9), header=False) + b"H~\n", r"\.g6: line 2 must .* 'H~'"),
        (b"\x00\xff\n", "line 1 must be"),
        (b"\n", "at least one graph"),
    ],
)
def test_wrong_files_are_refused(tmp_path, content, message):
    (tmp_path / "sr9412.g6").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        strongly_regular_family("SR(9,4,1,2)", tmp_path)


@over("name", ["SR(16)", "sr16622", "SR(16,6,2,-2)", ""])
def test_wrong_names_are_refused(name):
    with pytest.raises(ValueError, match=r"name must be parameters such as 'SR\(16,6,2,2\)'"):
        strongly_regular_family(name)


def test_arrays_are_latin_squares_too():
    graph = latin_square_graph(np.array(KLEIN))
    assert nx.utils.graphs_equal(graph, latin_square_graph(KLEIN))
