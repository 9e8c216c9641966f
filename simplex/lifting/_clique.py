"""The clique complex of a graph: the lift of the paper."""

from typing import Any

from simplex.complexes import (
    SimplicialComplex,
    flag_complex,
    on_free_threads,
    require_int,
    unique_edges,
)
from simplex.interop import GraphEdges, read_graph


@on_free_threads()
def clique_complex(
    graph: Any,
    max_dim: int = 2,
    *,
    num_vertices: int | None = None,
    max_simplices: int | None = None,
) -> SimplicialComplex:
    r"""Lift a graph to its clique complex: every clique of k+1 vertices is a k-simplex.

    .. math:: K = \{σ ⊆ V : \{u, v\} ∈ E \text{ for all } u ≠ v ∈ σ,\ |σ| ≤ \text{max\_dim} + 1\}

    Edges are undirected: either direction or both may be given. Self-loops and repeated edges are
    dropped; isolated vertices are kept. Vertices are numbered in the graph's own order; networkx
    labels are kept in ``vertex_labels``.

    Args:
        graph: a networkx graph; a PyG ``Data``; an ``edge_index`` (2, E), tensor, array or PyG's
            ``EdgeIndex``; a list of edges, tuples (u, v) of numbers or names; a symmetric adjacency
            matrix, sparse (scipy, torch) or dense with entries 0 and 1; ``bytes`` in graph6 or
            sparse6, one graph a line; a complex of dimension at most 1, as
            :func:`simplex.io.read` gives a graph; or a list of these. A list is lifted by one
            kernel call, to the disjoint union of the lifts; so are the lines and a PyG ``Batch``. A
            million small graphs are read at once from lines of graph6 and from lists of tensors,
            arrays or ``Data`` alone.
        max_dim: top dimension kept.
        num_vertices: n_0 of an ``edge_index``; ``None`` for the largest id plus one.
        max_simplices: most simplices that may be built; ``None`` for what fits in half of the free
            memory.

    Returns:
        The complex, on the device of the edges; on an accelerator it is computed there.

    Raises:
        TypeError: an object that is no graph, ids or ``max_dim`` that are no integers.
        ValueError: a directed graph, an id out of range, or a lift larger than allowed (the message
            names the counts per dimension; nothing of that size has been allocated).

    Cost:
        On n vertices of degeneracy g there are at most n · C(g, k) simplices of dimension k. Each
        is continued by the lists that continue its facets, in the time of the shortest, times a
        logarithm; 8 (k + 1) bytes for the facets of each are kept.

    Paper:
        Bodnar et al., "Weisfeiler and Lehman Go Topological", ICML 2021 (clique complex lifting).

    Example:
        >>> import networkx as nx
        >>> clique_complex(nx.complete_graph(4), max_dim=3).f_vector
        (4, 6, 4, 1)
        >>> clique_complex([nx.cycle_graph(3), nx.path_graph(2)])
        SimplicialComplex(f_vector=(5, 4, 1), num_parts=2)
    """
    return lift_edges(read_graph(graph, num_vertices), max_dim, max_simplices)


def lift_edges(
    graph: GraphEdges, max_dim: int, max_simplices: int | None = None
) -> SimplicialComplex:
    """The clique complex of a graph that has been read; labels and parts ride along."""
    require_int("max_dim", max_dim, least=0)
    edges = unique_edges(graph.edge_index, graph.num_vertices)
    K = flag_complex(graph.num_vertices, edges, max_dim, max_simplices)
    return K.with_parts(graph.part_pointer).with_vertex_labels(graph.labels)
