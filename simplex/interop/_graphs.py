"""Graphs of other libraries, read as a number of vertices and a list of edges."""

from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import integer_tensor, require_vertex_count


class GraphEdges(NamedTuple):
    """A graph, or a disjoint union of graphs, as plain tensors.

    Attributes:
        num_vertices: n_0 of all graphs together.
        edge_index: (2, E) int64; either direction, repetitions and self-loops allowed.
        labels: what the vertices were called, or ``None`` for their numbers.
        part_pointer: (num_graphs+1,) first vertex of each graph, or ``None`` for a single graph.
    """

    num_vertices: int
    edge_index: Tensor
    labels: tuple[Hashable, ...] | None = None
    part_pointer: Tensor | None = None


def read_graph(graph: Any, num_vertices: int | None = None) -> GraphEdges:
    """Read one graph, or a list of graphs as their disjoint union.

    Args:
        graph: a networkx graph; a PyG ``Data`` or ``Batch`` (a batch is a union of its graphs); an
            ``edge_index`` of shape (2, E), tensor or array; a symmetric scipy sparse matrix; or a
            list of these.
        num_vertices: number of vertices of an ``edge_index``; ``None`` for the largest id plus one.

    Raises:
        TypeError: an object of another kind, or ids that are not integers.
        ValueError: a directed graph, an id out of range, or ``num_vertices`` given for a graph that
            knows its own.
    """
    if isinstance(graph, (list, tuple)):
        if num_vertices is not None:
            raise ValueError(
                f"num_vertices must be None for a list of graphs, got {num_vertices}. Pass PyG "
                "Data objects with num_nodes set instead of bare edge indices."
            )
        return unite([read_graph(each) for each in graph])
    if isinstance(graph, (Tensor, np.ndarray)):
        return _read_edge_index(graph, num_vertices)
    if hasattr(graph, "edge_index") and hasattr(graph, "num_nodes"):
        return _read_pyg(graph, num_vertices)
    if num_vertices is not None:
        raise ValueError(
            f"num_vertices must be None unless the graph is an edge_index, got {num_vertices}: "
            "the graph knows its own vertices."
        )
    if hasattr(graph, "is_directed") and hasattr(graph, "edges"):
        return _read_networkx(graph)
    if hasattr(graph, "tocoo") and hasattr(graph, "shape"):
        return _read_scipy(graph)
    raise TypeError(
        "graph must be a networkx graph, a PyG Data, an edge_index of shape (2, E), a scipy sparse "
        f"matrix, or a list of these, got {type(graph).__name__}."
    )


def _read_edge_index(edge_index: Tensor | np.ndarray, num_vertices: int | None) -> GraphEdges:
    edges = integer_tensor("edge_index", edge_index, "Convert it with .long().")
    if edges.ndim != 2 or edges.shape[0] != 2:
        raise ValueError(
            f"edge_index must have shape (2, E), got {tuple(edges.shape)}. "
            "A list of edges of shape (E, 2) is its transpose: pass edges.T."
        )
    low, high = torch.stack(edges.aminmax()).tolist() if edges.numel() else (0, -1)
    if low < 0:
        raise ValueError(f"vertex ids must be non-negative, got {low}.")
    return GraphEdges(require_vertex_count(num_vertices, high), edges)


def _read_pyg(data: Any, num_vertices: int | None) -> GraphEdges:
    if data.edge_index is None:
        raise ValueError("a PyG Data must have an edge_index to be read as a graph, got none.")
    count = data.num_nodes if num_vertices is None else num_vertices
    graph = _read_edge_index(data.edge_index, count)
    pointer = getattr(data, "ptr", None)
    return graph if pointer is None else graph._replace(part_pointer=pointer)


def _read_networkx(graph: Any) -> GraphEdges:
    if graph.is_directed():
        raise ValueError(
            f"graph must be undirected, got a {type(graph).__name__}. "
            "Forget the directions with graph.to_undirected()."
        )
    labels = tuple(graph.nodes)
    number = {label: i for i, label in enumerate(labels)}
    flat = np.fromiter(
        (number[end] for edge in graph.edges() for end in edge),
        dtype=np.int64,
        count=2 * graph.number_of_edges(),
    )
    numbered = labels == tuple(range(len(labels)))
    edges = torch.from_numpy(flat.reshape(-1, 2).T.copy())  # (2, E)
    return GraphEdges(len(labels), edges, None if numbered else labels)


def _read_scipy(matrix: Any) -> GraphEdges:
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"an adjacency matrix must be square, got shape {matrix.shape}.")
    stored = matrix.tocoo()
    if np.isnan(stored.data).any():
        raise ValueError("an adjacency matrix must hold numbers, got NaN. Remove such entries.")
    present = stored.data != 0
    row, column = stored.row[present].astype(np.int64), stored.col[present].astype(np.int64)
    size = matrix.shape[0]
    forth, back = np.unique(row * size + column), np.unique(column * size + row)
    if not np.array_equal(forth, back):
        raise ValueError(
            "an adjacency matrix must be symmetric, got one with an entry (i, j) and none at "
            "(j, i). Forget the directions with A + A.T."
        )
    return GraphEdges(size, torch.from_numpy(np.stack([row, column])))


def unite(graphs: Sequence[GraphEdges]) -> GraphEdges:
    """The disjoint union: edges and parts shifted, labels concatenated."""
    devices = {graph.edge_index.device for graph in graphs}
    if len(devices) > 1:
        raise ValueError(f"all graphs must be on one device, got {sorted(map(str, devices))}.")
    device = devices.pop() if devices else torch.device("cpu")
    sizes = torch.tensor([graph.num_vertices for graph in graphs], dtype=torch.int64)
    pointer = torch.cat([sizes.new_zeros(1), sizes.cumsum(0)])
    counts = torch.tensor([graph.edge_index.shape[1] for graph in graphs], dtype=torch.int64)
    shift = pointer[:-1].repeat_interleave(counts).to(device)
    none = torch.empty(2, 0, dtype=torch.int64, device=device)
    edges = torch.cat([none, *(graph.edge_index for graph in graphs)], dim=1)
    labels: tuple[Hashable, ...] | None = None
    if any(graph.labels is not None for graph in graphs):
        labels = tuple(
            label for graph in graphs for label in graph.labels or range(graph.num_vertices)
        )
    return GraphEdges(int(pointer[-1]), edges + shift, labels, pointer.to(device))
