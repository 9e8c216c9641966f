"""SWL on ring complexes tells apart what networks on rings were published to tell apart."""

from functools import partial

import networkx as nx
import torch

from simplex import SimplicialComplex
from simplex.datasets import csl_graphs, rook_graph, shrikhande_graph
from simplex.lifting import clique_complex, ring_complex, ring_lengths
from simplex.wl import compare, distinguish, simplicial_wl, weisfeiler_lehman
from tests.cases import over


def joined(first, second, *edges):
    graph = nx.disjoint_union(first, second)
    graph.add_edges_from(edges)
    return graph


PAIRS = {  # WL tells none of them apart
    "a hexagon and two triangles": (
        nx.cycle_graph(6),
        nx.disjoint_union(nx.cycle_graph(3), nx.cycle_graph(3)),
    ),
    "an octagon and two squares": (
        nx.cycle_graph(8),
        nx.disjoint_union(nx.cycle_graph(4), nx.cycle_graph(4)),
    ),
    "decalin and bicyclopentyl": (  # two hexagons with a bond in common, two pentagons and a bond
        nx.Graph([*nx.cycle_graph(10).edges, (0, 5)]),
        joined(nx.cycle_graph(5), nx.cycle_graph(5), (0, 5)),
    ),
    "rook and Shrikhande": (rook_graph(4), shrikhande_graph()),
}


@over("name", PAIRS)
def test_published_pairs_are_told_apart_on_the_triangles_and_rings(name):
    first, second = PAIRS[name]
    cliques = [clique_complex(graph) for graph in PAIRS[name]]
    assert not compare(*cliques, test=weisfeiler_lehman)
    assert compare(ring_complex(first), ring_complex(second))
    assert bool(compare(*cliques)) == (name == "a hexagon and two triangles")


def test_circular_skip_links_are_ten_classes():
    graphs = csl_graphs()
    assert len(set(distinguish(ring_complex(graphs, 8)).tolist())) == 10
    assert len(set(distinguish(clique_complex(graphs)).tolist())) < 10


@over("seed", range(6))
def test_copies_are_never_told_apart(seed):
    graph = nx.gnp_random_graph(16, 0.2, seed=seed)
    names = torch.randperm(16).tolist()
    copy = nx.empty_graph(16)
    copy.add_edges_from((names[u], names[v]) for u, v in graph.edges)
    pair = ring_complex(graph, 7), ring_complex(copy, 7)
    assert not compare(*pair)
    union = SimplicialComplex.disjoint_union(pair)
    marks = [ring_lengths(union, k) for k in range(union.dim + 1)]
    assert not compare(*pair, test=partial(simplicial_wl, colors=marks))


def test_marks_are_colours_to_start_with():
    """A cone over a square, and the ring complex of a square, are the same but for their marks."""
    wheel, square = ring_complex(nx.wheel_graph(5), 3), ring_complex(nx.cycle_graph(4))
    assert not compare(wheel, square)
    union = SimplicialComplex.disjoint_union([wheel, square])
    marks = [ring_lengths(union, k) for k in range(3)]
    assert compare(wheel, square, test=partial(simplicial_wl, colors=marks)).round == 0
