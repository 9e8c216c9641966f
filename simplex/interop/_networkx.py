"""networkx graphs, graph6, edge lists and scipy matrices."""

from typing import Any

import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    flag_complex,
    require_complex,
    require_room_for_vertices,
    unique_edges,
)
from simplex.interop._graph_edges import GraphEdges
from simplex.interop._graphs import read_edge_index, read_graph


def from_networkx(graph: Any) -> SimplicialComplex:
    """A networkx graph as a complex of dimension at most 1; node labels go to ``vertex_labels``.

    Vertices are numbered in the order of ``graph.nodes``. Self-loops and parallel edges are
    dropped; node and edge attributes are not kept. To fill cliques in, use
    :func:`simplex.lifting.clique_complex`.

    Args:
        graph: an undirected networkx graph.

    Raises:
        TypeError: not a networkx graph.
        ValueError: a directed graph.

    Example:
        >>> import networkx as nx
        >>> K = from_networkx(nx.Graph([("a", "b"), ("b", "c")]))
        >>> K.f_vector, K.vertex_labels
        ((3, 2), ('a', 'b', 'c'))
    """
    if not (hasattr(graph, "is_directed") and hasattr(graph, "nodes")):
        raise TypeError(f"graph must be a networkx graph, got {type(graph).__name__}.")
    return _one_dimensional(read_graph(graph))


def to_networkx(K: SimplicialComplex) -> Any:
    """The 1-skeleton as a networkx graph on the vertex labels (or numbers), nodes in order.

    Of a directed complex it is a ``DiGraph``.

    Raises:
        TypeError: ``K`` is no complex.
        ValueError: labels that repeat, as in a union of labelled graphs: nodes would merge.
    """
    import networkx as nx

    require_complex("K", K)
    labels = K.vertex_labels or tuple(range(K.num_simplices(0)))
    if len(set(labels)) < len(labels):
        raise ValueError(
            "vertex_labels must be distinct to become nodes, got repeated ones. Use "
            "complex.with_vertex_labels(None) for numbers, or convert complex.split() one by one."
        )
    graph = nx.DiGraph() if K.directed else nx.Graph()
    graph.add_nodes_from(labels)
    graph.add_edges_from((labels[u], labels[v]) for u, v in K.simplices(1).tolist())
    return graph


def from_edge_index(edge_index: Any, *, num_vertices: int | None = None) -> SimplicialComplex:
    """An edge list as a complex of dimension at most 1.

    Args:
        edge_index: (2, E) integer vertex ids, a tensor, array or nested list, either direction or
            both; self-loops and repetitions are dropped.
        num_vertices: n_0; ``None`` for the largest id plus one.

    Returns:
        The complex, on the device of the edges.

    Raises:
        TypeError: ids that are not integers.
        ValueError: another shape, or an id out of range.

    Example:
        >>> from_edge_index(torch.tensor([[0, 1, 1], [1, 0, 2]])).f_vector
        (3, 2)
    """
    return _one_dimensional(read_edge_index(edge_index, num_vertices))


def to_edge_index(K: SimplicialComplex) -> Tensor:
    """The 1-skeleton as PyG's ``edge_index``, (2, 2·n_1): each edge in both directions.

    Of a directed complex (2, n_1), each edge from its first vertex to its second.
    """
    edges = require_complex("K", K).simplices(1)
    if K.directed:
        return edges.T.contiguous()
    return torch.cat([edges, edges.flip(1)]).T.contiguous()


def from_scipy(matrix: Any) -> SimplicialComplex:
    """A symmetric scipy sparse adjacency matrix as a complex of dimension at most 1.

    Raises:
        TypeError: not a scipy sparse matrix.
        ValueError: a matrix that is not square or not symmetric.
    """
    if not hasattr(matrix, "tocoo") or isinstance(matrix, type):
        raise TypeError(f"matrix must be a scipy sparse matrix, got {type(matrix).__name__}.")
    return _one_dimensional(read_graph(matrix))


def to_scipy(matrix: Tensor | SimplicialComplex) -> Any:
    """The scipy CSR array of a torch sparse matrix, or of a complex: its 1-skeleton's adjacency.

    Args:
        matrix: a sparse torch tensor, such as an operator of ``simplex.operators``; or a complex.

    Returns:
        ``scipy.sparse.csr_array`` with the matrix's dtype; for a complex int64 of shape (n_0, n_0).

    Raises:
        TypeError: neither of the two.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> to_scipy(K).toarray().tolist()
        [[0, 1, 0], [1, 0, 1], [0, 1, 0]]
    """
    from scipy import sparse

    if isinstance(matrix, SimplicialComplex):
        count, (row, column) = matrix.num_simplices(0), to_edge_index(matrix).cpu().numpy()
        ones = torch.ones(len(row), dtype=torch.int64).numpy()
        return sparse.csr_array((ones, (row, column)), shape=(count, count))
    if not isinstance(matrix, Tensor) or matrix.ndim != 2:
        raise TypeError(
            f"matrix must be a torch matrix or a SimplicialComplex, got {type(matrix).__name__}."
        )
    if matrix.device.type == "meta" or matrix.is_quantized:
        raise ValueError(f"matrix must hold its entries, got one on {matrix.device}.")
    if matrix.dtype in (torch.float16, torch.bfloat16):
        raise ValueError(f"matrix must be of a dtype of scipy, got {matrix.dtype}. Use .float().")
    stored = matrix.detach().cpu().to_sparse(layout=torch.sparse_coo).coalesce()
    row, column = stored.indices().numpy()
    return sparse.csr_array((stored.values().numpy(), (row, column)), shape=tuple(matrix.shape))


def _one_dimensional(graph: GraphEdges) -> SimplicialComplex:
    device = graph.edge_index.device
    require_room_for_vertices(graph.num_vertices, device)
    edges = unique_edges(graph.edge_index, graph.num_vertices)
    K = flag_complex(graph.num_vertices, edges, max_dim=1)
    return K.with_parts(graph.part_pointer).with_vertex_labels(graph.labels)
