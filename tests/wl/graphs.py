"""The classical graphs that tests of isomorphism are measured on, lifted."""

import itertools

import networkx as nx
import torch

from simplex import SimplicialComplex
from simplex.lifting import clique_complex


def lift(graph: nx.Graph, max_dim: int = 2) -> SimplicialComplex:
    return clique_complex(graph, max_dim=max_dim)


def copies(graph: nx.Graph, count: int) -> nx.Graph:
    return nx.disjoint_union_all([graph] * count)


def relabel(K: SimplicialComplex, seed: int) -> tuple[SimplicialComplex, torch.Tensor]:
    """The complex with vertices renamed at random, and the new name of each vertex."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(K.num_simplices(0), generator=generator)
    rows = [order[K.simplices(k)] for k in range(K.dim + 1)]
    return SimplicialComplex.from_simplices(rows, num_vertices=len(order)), order


def csl(skip: int, n: int = 41) -> nx.Graph:
    return nx.circulant_graph(n, [1, skip])


def rook() -> nx.Graph:
    return nx.line_graph(nx.complete_bipartite_graph(4, 4))


def shrikhande() -> nx.Graph:
    steps = [(0, 1), (1, 0), (1, 1)]
    graph = nx.Graph()
    for i, j in itertools.product(range(4), repeat=2):
        graph.add_edges_from(((i, j), ((i + a) % 4, (j + b) % 4)) for a, b in steps)
    return graph


def hexagon_with_diagonal() -> nx.Graph:
    graph = nx.cycle_graph(6)
    graph.add_edge(0, 3)
    return graph


def joined_triangles() -> nx.Graph:
    graph = copies(nx.cycle_graph(3), 2)
    graph.add_edge(0, 3)
    return graph


def paley(q: int) -> nx.Graph:
    """The Paley graph of a prime q = 1 mod 4."""
    squares = {x * x % q for x in range(1, q)}
    return nx.Graph((i, (i + s) % q) for i in range(q) for s in squares)


# Row by row: whether WL, 3-WL, SWL at dimension 2 and SWL at dimension 3 tell the pair apart.
PAIRS = {
    "C6, 2 C3": (nx.cycle_graph(6), copies(nx.cycle_graph(3), 2), (False, True, True, True)),
    "hexagon with diagonal, joined triangles": (
        hexagon_with_diagonal(), joined_triangles(), (False, True, True, True),
    ),
    "C8, 2 C4": (nx.cycle_graph(8), copies(nx.cycle_graph(4), 2), (False, True, False, False)),
    "CSL(41, 3), CSL(41, 5)": (csl(3), csl(5), (False, True, False, False)),
    "Rook 4x4, Shrikhande": (rook(), shrikhande(), (False, False, False, True)),
    "star, path": (nx.star_graph(3), nx.path_graph(4), (True, True, True, True)),
}  # fmt: skip
