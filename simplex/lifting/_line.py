"""The line complex: cliques of the line graph."""

from typing import Any

import torch

from simplex.complexes import (
    SimplicialComplex,
    cofacet_table,
    flag_complex,
    on_free_threads,
    require_int,
    small_subsets,
    unique_edges,
)
from simplex.interop import read_graph


@on_free_threads()
def line_complex(
    graph: Any,
    max_dim: int = 2,
    *,
    num_vertices: int | None = None,
    max_simplices: int | None = None,
) -> SimplicialComplex:
    """The clique complex of the line graph: its vertices are the graph's edges.

    Two edges are joined where they share a vertex, so the edges at a vertex of degree d span a
    (d-1)-simplex, and the three edges of a triangle a 2-simplex. Errors as for
    :func:`clique_complex`.

    Args:
        graph: as for :func:`clique_complex`; a list gives the disjoint union.
        max_dim: top dimension kept.
        num_vertices: n_0 of an ``edge_index``; ``None`` for the largest id plus one.
        max_simplices: most simplices that may be built; ``None`` for what fits in memory.

    Returns:
        The complex; vertex i is the i-th edge of the graph in lexicographic order, and its label is
        that edge, a pair of vertex labels of the graph.

    Cost:
        The line graph has Σ_v C(deg v, 2) edges: quadratic in the largest degree.

    Example:
        >>> import networkx as nx
        >>> K = line_complex(nx.star_graph(3))
        >>> K.f_vector, K.vertex_labels
        ((3, 3, 1), ((0, 1), (0, 2), (0, 3)))
    """
    require_int("max_dim", max_dim, least=0)
    read = read_graph(graph, num_vertices)
    edges = unique_edges(read.edge_index, read.num_vertices)
    pointer, star = cofacet_table(edges, read.num_vertices)
    pairs = edges[:0] if max_dim == 0 else small_subsets(star, pointer, 2, len(edges))[1]
    K = flag_complex(len(edges), unique_edges(pairs.T, len(edges)), max_dim, max_simplices)
    name = read.labels or range(read.num_vertices)
    labels = [(name[u], name[v]) for u, v in edges.tolist()]
    parts = read.part_pointer
    if parts is not None:
        parts = torch.searchsorted(edges[:, 0].contiguous(), parts)
    return K.with_parts(parts).with_vertex_labels(labels)
