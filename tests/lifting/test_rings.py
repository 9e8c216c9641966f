"""Chordless cycles by networkx; the ring complex by definition, and its homology by cells."""

from functools import cache

import networkx as nx
import numpy as np
import pytest
import torch
from torch_geometric.data import Batch, Data

from simplex import SimplicialComplex
from simplex.lifting import chordless_cycles, clique_complex, ring_complex, ring_lengths
from simplex.operators import betti_numbers
from tests.cases import over


RANDOM = [
    nx.gnp_random_graph(n, p, seed=n) for n, p in ((13, 0.2), (16, 0.25), (12, 0.4), (9, 0.6))
]
GRAPHS = {
    "nothing": nx.Graph(),
    "points": nx.empty_graph(3),
    "path": nx.path_graph(4),
    "square": nx.cycle_graph(4),
    "square beside a point": nx.from_edgelist([(1, 2), (2, 3), (3, 4), (1, 4)]),
    "complete": nx.complete_graph(6),
    "bipartite": nx.complete_bipartite_graph(3, 4),
    "wheel": nx.wheel_graph(7),
    "Petersen": nx.petersen_graph(),
    "long": nx.cycle_graph(9),
    "grid": nx.convert_node_labels_to_integers(nx.grid_2d_graph(3, 4)),
    "hexagons": nx.convert_node_labels_to_integers(nx.hexagonal_lattice_graph(2, 2)),
    **{f"random {i}": graph for i, graph in enumerate(RANDOM)},
}
PLAIN = {name: graph for name, graph in GRAPHS.items() if name != "square beside a point"}


def turned(cycle):
    """From the smallest vertex on, towards the smaller neighbour."""
    i = cycle.index(min(cycle))
    forth = [*cycle[i:], *cycle[:i]]
    return tuple(forth if forth[1] < forth[-1] else [forth[0], *forth[:0:-1]])


@cache
def cycles_of(name):
    """By networkx, triangles too."""
    return sorted(map(turned, nx.chordless_cycles(GRAPHS[name])), key=lambda c: (len(c), c))


def expected_cycles(name, longest):
    return [c for c in cycles_of(name) if 3 < len(c) <= longest]


def listed(cycles):
    sizes = cycles.pointer.diff().tolist()
    return [tuple(each.tolist()) for each in torch.split(cycles.vertices, sizes)]


@over("longest", [3, 4, 5, 8, 100])
@over("name", PLAIN)
def test_chordless_cycles_are_those_of_networkx_each_once_and_in_order(name, longest):
    assert listed(chordless_cycles(GRAPHS[name], longest)) == expected_cycles(name, longest)


def test_many_edges_are_shared_by_threads_and_nothing_else_changes():
    lattice = nx.convert_node_labels_to_integers(nx.hexagonal_lattice_graph(45, 45))
    cycles = chordless_cycles(lattice, 9)
    assert lattice.number_of_edges() > 4096
    assert set(cycles.pointer.diff().tolist()) == {6}
    hexagons = {frozenset(cycle) for cycle in listed(cycles)}
    assert len(hexagons) == len(cycles.pointer) - 1 == 45 * 45  # Euler: m - n + 1
    assert all(nx.is_isomorphic(lattice.subgraph(c), nx.cycle_graph(6)) for c in [*hexagons][:20])


@over("max_dim", range(4))
@over("longest", [3, 4, 6])
@over("name", PLAIN)
def test_the_ring_complex_is_cliques_and_cones(name, longest, max_dim):
    graph, n = GRAPHS[name], len(GRAPHS[name])
    cycles = expected_cycles(name, longest)
    cones = [(c[i - 1], c[i], n + apex) for apex, c in enumerate(cycles) for i in range(len(c))]
    cliques = [tuple(c) for c in nx.enumerate_all_cliques(graph)]
    whole = SimplicialComplex.from_simplices([*cones, *cliques], n + len(cycles), compact=False)
    K = ring_complex(graph, longest, max_dim).validate()
    assert whole.skeleton(max_dim) == K
    for k in range(K.dim + 1):
        apex = K.simplices(k)[:, -1] - n
        lengths = [len(cycles[a]) if a >= 0 else 0 for a in apex.tolist()]
        assert ring_lengths(K, k).tolist() == lengths
    assert ring_lengths(K, K.dim + 1).shape == (0,)
    if not cycles:
        assert clique_complex(graph, max_dim) == K


@over("longest", [4, 5, 8])
@over("name", PLAIN)
def test_betti_numbers_are_those_of_the_cells(name, longest):
    graph = GRAPHS[name]
    edges = {tuple(sorted(edge)): e for e, edge in enumerate(graph.edges)}
    cells = [c for c in cycles_of(name) if len(c) <= longest]
    down, cell_down = np.zeros((len(graph), len(edges))), np.zeros((len(edges), len(cells)))
    for (u, v), e in edges.items():
        down[[u, v], e] = -1, 1
    for j, c in enumerate(cells):
        for u, v in zip(c, [*c[1:], c[0]], strict=True):
            cell_down[edges[min(u, v), max(u, v)], j] = 1 if u < v else -1
    assert not (down @ cell_down).any()
    first, second = (np.linalg.matrix_rank(d) if d.size else 0 for d in (down, cell_down))
    betti = (len(graph) - first, len(edges) - first - second, len(cells) - second)
    K = ring_complex(graph, longest)
    assert betti_numbers(K) == betti[: K.dim + 1]
    assert not any(betti[K.dim + 1 :])


@over("name", PLAIN)
def test_another_numbering_moves_the_simplices(name):
    graph, n = GRAPHS[name], len(GRAPHS[name])
    new = torch.randperm(n)
    moved = nx.empty_graph(n)
    moved.add_edges_from(new[list(edge)].tolist() for edge in graph.edges)
    place = {frozenset(c): n + a for a, c in enumerate(listed(chordless_cycles(moved, 6)))}
    rings = [frozenset(new[list(c)].tolist()) for c in expected_cycles(name, 6)]
    names = torch.tensor([*new.tolist(), *(place[ring] for ring in rings)], dtype=torch.int64)
    K, moved = ring_complex(graph, 6), ring_complex(moved, 6)
    assert K.f_vector == moved.f_vector
    for k in range(K.dim + 1):
        ids = moved.index(names[K.simplices(k)])
        assert sorted(ids.tolist()) == list(range(K.num_simplices(k)))
        assert torch.equal(ring_lengths(moved, k)[ids], ring_lengths(K, k))


@over("longest", [4, 6])
def test_shorter_rings_are_a_sublevel_set(longest):
    for graph in RANDOM:
        K, short = ring_complex(graph, 8, 3), ring_complex(graph, longest, 3)
        for k in range(4):
            kept = ring_lengths(K, k) <= longest
            assert torch.equal(K.simplices(k)[kept], short.simplices(k))


def test_a_list_is_the_union_of_the_lifts():
    graphs = list(GRAPHS.values())
    union = ring_complex(graphs, 6, 3).validate()
    one_by_one = [ring_complex(graph, 6, 3) for graph in graphs]
    assert union == SimplicialComplex.disjoint_union(one_by_one)
    for part, alone in zip(union.split(), one_by_one, strict=True):
        assert part == alone
        assert all(
            torch.equal(a, b) for a, b in zip(part.filtration, alone.filtration, strict=True)
        )
        for k in range(3):
            assert torch.equal(ring_lengths(part, k), ring_lengths(alone, k))
    data = [
        Data(edge_index=torch.tensor(list(g.edges)).long().view(-1, 2).T, num_nodes=len(g))
        for g in PLAIN.values()
    ]
    assert ring_complex(Batch.from_data_list(data), 6) == ring_complex(list(PLAIN.values()), 6)
    assert [len(c.pointer) for c in map(chordless_cycles, ([], [nx.Graph()]))] == [1, 1]


def test_an_apex_is_called_by_its_ring():
    graph = nx.Graph([("d", "a"), ("a", "b"), ("b", "c"), ("c", "d"), ("e", "d")])
    K = ring_complex(graph)
    assert K.vertex_labels == ("d", "a", "b", "c", "e", ("d", "a", "b", "c"))
    assert ring_lengths(K).tolist() == [0, 0, 0, 0, 0, 4]
    union = ring_complex([nx.cycle_graph(4), graph])
    assert union.vertex_labels == (0, 1, 2, 3, (0, 1, 2, 3), *K.vertex_labels)


@over(
    "call, error, message",
    [
        (lambda: ring_complex(nx.path_graph(2), 2), ValueError, "max_length must be .* 3, got 2"),
        (lambda: ring_complex(nx.path_graph(2), 6.0), TypeError, "max_length must be an integer"),
        (lambda: ring_complex(nx.DiGraph([(0, 1)])), ValueError, r"undirected, got a DiGraph"),
        (lambda: ring_complex([(0, 1)], max_dim=-1), ValueError, "max_dim must be non-negative"),
        (lambda: ring_complex(nx.cycle_graph(5), max_simplices=12), ValueError, "max_simplices"),
        (lambda: chordless_cycles("ring"), TypeError, "got str"),
        (
            lambda: ring_lengths(clique_complex([(0, 1)])),
            ValueError,
            "lengths of its rings, got none",
        ),
        (
            lambda: ring_lengths(clique_complex(nx.empty_graph(2)).with_filtration([[0, 4.5]])),
            ValueError,
            "got another",
        ),
        (
            lambda: ring_lengths(clique_complex([(0, 1)]).with_filtration([[0, 5.0], [5.0]])),
            ValueError,
            "got another",
        ),
        (lambda: ring_lengths(nx.path_graph(2)), TypeError, "K must be"),
        (lambda: ring_lengths(ring_complex(nx.path_graph(2)), -1), ValueError, "k must be"),
    ],
)
def test_bad_rings_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_rings_that_do_not_fit_are_refused_before_they_are_listed(monkeypatch):
    graph = nx.complete_bipartite_graph(40, 40)  # 608,400 squares
    monkeypatch.setattr("simplex.lifting._chordless.available_bytes", lambda device: 2**28)
    with pytest.raises(ValueError, match=r"got more than 1048576 vertices.*Lower max_length"):
        ring_complex(graph, 4)
