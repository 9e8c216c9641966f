"""The directed flag complex of a digraph: simplices are ordered cliques."""

from typing import Any

from simplex.complexes import SimplicialComplex, flag_complex, on_free_threads, unique_edges
from simplex.interop import read_graph


@on_free_threads()
def directed_flag_complex(
    graph: Any,
    max_dim: int = 2,
    *,
    num_vertices: int | None = None,
    max_simplices: int | None = None,
) -> SimplicialComplex:
    r"""Lift a digraph to its directed flag complex: every ordered clique is a simplex.

    .. math:: K_k = \{(v_0, …, v_k) : (v_i, v_j) ∈ E \text{ for all } i < j\}

    A simplex has a first vertex, its source, and a last one, its sink; the i-th face leaves out
    v_i and keeps the order. Where two vertices are joined in both directions, both edges are
    simplices, and so are all ordered cliques through either: the result is a *directed* complex
    (``K.directed``), whose simplices are tuples and not sets. A directed cycle bounds no triangle.

    Self-loops and repeated edges are dropped; isolated vertices are kept. Vertices are numbered in
    the graph's own order; networkx labels are kept in ``vertex_labels``.

    Args:
        graph: a networkx ``DiGraph``; a PyG ``Data``, whose edges go from ``edge_index[0]`` to
            ``edge_index[1]``; an ``edge_index`` (2, E), tensor, array or PyG's ``EdgeIndex``; a
            list of edges, tuples (source, target) of numbers or names; an adjacency matrix, sparse
            (scipy, torch) or dense with entries 0 and 1, with an entry (i, j) for an edge from i
            to j; or a list of these. A list is lifted by one kernel call, to the disjoint union of
            the lifts; so is a PyG ``Batch``.
        max_dim: top dimension kept.
        num_vertices: n_0 of an ``edge_index``; ``None`` for the largest id plus one.
        max_simplices: most simplices that may be built; ``None`` for what fits in half of the free
            memory.

    Returns:
        The directed complex, on the device of the edges; on an accelerator it is computed there.

    Raises:
        TypeError: an object that is no graph, ids or ``max_dim`` that are no integers.
        ValueError: an undirected networkx graph, an id out of range, or a lift larger than allowed
            (the message names the counts per dimension; nothing of that size has been allocated).

    Cost:
        As the clique complex, over lists of out-neighbours. Reciprocal edges are costly: k+1
        vertices joined in all directions have (k+1)! simplices of dimension k.

    Paper:
        Reimann et al., "Cliques of Neurons Bound into Cavities", Frontiers in Computational
        Neuroscience 2017; Lütgehetmann et al., "Computing Persistent Homology of Directed Flag
        Complexes" (Flagser), Algorithms 2020, definition 2.

    Example:
        >>> K = directed_flag_complex([(0, 1), (1, 2), (0, 2), (2, 1)])
        >>> K.simplices(1).tolist(), K.simplices(2).tolist()
        ([[0, 1], [0, 2], [1, 2], [2, 1]], [[0, 1, 2], [0, 2, 1]])
    """
    read = read_graph(graph, num_vertices, directed=True)
    edges = unique_edges(read.edge_index, read.num_vertices, directed=True)
    K = flag_complex(read.num_vertices, edges, max_dim, max_simplices, directed=True)
    return K.with_parts(read.part_pointer).with_vertex_labels(read.labels)
