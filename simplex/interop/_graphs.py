"""Graphs of other libraries, read as a number of vertices and a list of edges."""

import warnings
from collections.abc import Hashable, Sequence
from numbers import Number
from typing import Any

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    any_tensor,
    integer_tensor,
    interruptible,
    require_memory,
    require_vertex_count,
)
from simplex.interop._graph6 import read_graph6, read_plain_graph6
from simplex.interop._graph_edges import GraphEdges
from simplex.interop._many_graphs import read_plain_graphs


_LONG = 1 << 20  # keys that take long enough to sort to be interrupted


def read_graph(
    graph: Any, num_vertices: int | None = None, *, directed: bool = False
) -> GraphEdges:
    """Read one graph, or a list of graphs as their disjoint union.

    Args:
        graph: a networkx graph; a PyG ``Data`` or ``Batch`` (a batch is a union of its graphs); an
            ``edge_index`` of shape (2, E), tensor or array, PyG's ``EdgeIndex`` included; a list of
            edges, tuples of two numbers or names; a symmetric adjacency matrix, sparse (scipy,
            torch) or dense with entries 0 and 1; ``bytes`` in graph6 or sparse6, one graph a line
            and all of them a union; a complex of dimension at most 1; or a list of these.
        num_vertices: number of vertices of an ``edge_index``; ``None`` for the largest id plus one.
        directed: an edge goes from the first vertex to the second, in a matrix from row to column;
            matrices need not be symmetric, and networkx graphs must be directed.

    Raises:
        TypeError: an object of another kind, or ids that are not integers.
        ValueError: a graph that is directed against what is asked, an id out of range, or
            ``num_vertices`` given for a graph that knows its own.
    """
    if isinstance(graph, (list, tuple)):
        listed = _read_list(graph, num_vertices, directed)
        if listed is not None:
            return listed
        if num_vertices is not None:
            raise ValueError(
                f"num_vertices must be None for a list of graphs, got {num_vertices}. Pass PyG "
                "Data objects with num_nodes set instead of bare edge indices."
            )
        united = read_plain_graphs(graph)
        return united if united is not None else _read_one_by_one(graph, directed)
    if isinstance(graph, (Tensor, np.ndarray)):
        tensor = graph if isinstance(graph, Tensor) else any_tensor("graph", graph)
        return _read_tensor(tensor, num_vertices, directed)
    if hasattr(graph, "edge_index") and hasattr(graph, "num_nodes"):
        return _read_pyg(graph, num_vertices)
    if num_vertices is not None:
        raise ValueError(
            f"num_vertices must be None unless the graph is an edge_index, got {num_vertices}: "
            "the graph knows its own vertices."
        )
    if isinstance(graph, bytes):
        return _read_graph6(graph, directed)
    if isinstance(graph, SimplicialComplex):
        return _read_complex(graph, directed)
    if hasattr(graph, "is_directed") and hasattr(graph, "edges"):
        return _read_networkx(graph, directed)
    if hasattr(graph, "tocoo") and hasattr(graph, "shape"):
        return _read_scipy(graph, directed)
    raise TypeError(
        "graph must be a networkx graph, a PyG Data, an edge_index of shape (2, E), a list of "
        "edges, a symmetric adjacency matrix, bytes in graph6, or a list of these, got "
        f"{type(graph).__name__}."
    )


def _read_complex(K: SimplicialComplex, directed: bool) -> GraphEdges:
    if K.dim > 1 or K.directed or directed:
        kind = "a directed one" if K.directed else f"one of dimension {K.dim}"
        raise ValueError(
            f"graph must be {'directed' if directed else 'undirected, of dimension at most 1'}, "
            f"got a complex, {kind}. Of its edges there is K.skeleton(1)."
        )
    if K.filtration is not None:
        warnings.warn(
            "the filtration of the complex is left out: graph_rips_complex takes lengths of edges.",
            stacklevel=4,
        )
    parts = K.part_pointer(0) if K.num_parts > 1 else None
    return GraphEdges(K.num_simplices(0), K.simplices(1).T, K.vertex_labels, parts)


def _read_one_by_one(graphs: Sequence[Any], directed: bool) -> GraphEdges:
    """A list of graphs; what is wrong with one is said with its place."""
    read = []
    for place, graph in enumerate(graphs):
        try:
            read.append(read_graph(graph, directed=directed))
        except (TypeError, ValueError) as error:
            raise type(error)(f"graph {place}: {error}") from error
    return unite(read)


def _read_list(graph: Sequence[Any], num_vertices: int | None, directed: bool) -> GraphEdges | None:
    """A list of edges, or rows of an edge index or of a matrix; ``None`` for a list of graphs."""
    if not len(graph) or not all(
        isinstance(row, (list, tuple)) and len(row) and all(map(_is_end, row)) for row in graph
    ):
        return None
    widths = {len(row) for row in graph}
    of_tuples = all(isinstance(row, tuple) for row in graph)
    if widths == {2} and (of_tuples or len(graph) > 2):
        return _read_edge_list(graph, num_vertices)
    if (
        not of_tuples
        and widths != {2}
        and (widths == {len(graph)} or len(graph) == 2 >= len(widths))
    ):
        return _read_tensor(any_tensor("graph", graph), num_vertices, directed)
    got = f"rows of length {', '.join(map(str, sorted(widths)[:5]))}"
    raise ValueError(
        f"a list of edges must hold pairs of vertices, as tuples (u, v), got {got}. Pass an "
        "edge_index or a matrix as a tensor, weights not at all, and larger simplices to "
        "SimplicialComplex.from_simplices."
    )


def _is_end(end: Any) -> bool:
    """A number or a name: what a vertex may be called in a list of edges."""
    return isinstance(end, (Number, np.generic, str))


def _read_edge_list(edges: Sequence[Sequence[Any]], num_vertices: int | None) -> GraphEdges:
    """Ids 0, 1, …, or names, which are numbered as they first appear."""
    ends = [end for edge in edges for end in edge]
    if all(isinstance(end, (int, np.integer)) and not isinstance(end, bool) for end in ends):
        rows = np.array([int(end) for end in ends], dtype=np.int64).reshape(-1, 2)
        return read_edge_index(rows.T, num_vertices)
    names = [end for end in ends if not isinstance(end, str)]
    if names:
        raise TypeError(f"the ends of edges must all be integers or all names, got {names[0]!r}.")
    if num_vertices is not None:
        raise ValueError("num_vertices must be None for edges between names. Use networkx.")
    number = {name: i for i, name in enumerate(dict.fromkeys(ends))}
    flat = torch.tensor([number[end] for end in ends], dtype=torch.int64)
    return GraphEdges(len(number), flat.view(-1, 2).T.contiguous(), tuple(number))


def _read_tensor(tensor: Tensor, num_vertices: int | None, directed: bool) -> GraphEdges:
    """An edge index; or, where it cannot be one, an adjacency matrix."""
    integers = not (tensor.is_floating_point() or tensor.dtype == torch.bool)
    square = tensor.ndim == 2 and tensor.shape[0] == tensor.shape[1] and len(tensor) > 0
    if tensor.layout == torch.strided and not (square and not (integers and len(tensor) == 2)):
        return read_edge_index(tensor, num_vertices)
    if num_vertices is not None:
        raise ValueError(
            f"num_vertices must be None for an adjacency matrix, got {num_vertices}: the matrix "
            "knows its own vertices."
        )
    if tensor.layout != torch.strided:
        stored = tensor.to_sparse(layout=torch.sparse_coo).coalesce()
        row, column = stored.indices()
        return _read_adjacency(row, column, stored.values(), tuple(tensor.shape), directed)
    entries, remedy = tensor.numel(), "Pass it as a sparse matrix."
    require_memory(2 * entries, tensor.device, f"checks of {entries} entries", remedy)
    if not bool(((tensor == 0) | (tensor == 1)).all()):
        raise ValueError(
            "a dense adjacency matrix must hold 0 and 1, got other entries. Pass A != 0 to forget "
            "weights; distances are taken by vietoris_rips_complex(distances=...)."
        )
    ones = int(tensor.count_nonzero())
    what = f"the places of {ones} ones of an adjacency matrix"
    require_memory(96 * ones, tensor.device, what, "Give a smaller graph, or a sparser one.")
    row, column = tensor.nonzero().unbind(1)
    return _read_adjacency(row, column, torch.ones_like(row), tuple(tensor.shape), directed)


def read_edge_index(edge_index: Any, num_vertices: int | None) -> GraphEdges:
    """A (2, E) tensor or array of vertex ids."""
    if hasattr(edge_index, "sparse_size") and hasattr(edge_index, "as_tensor"):  # PyG's EdgeIndex
        known = [size for size in edge_index.sparse_size() if size is not None]
        if num_vertices is None and known:
            num_vertices = max(known)
        edge_index = edge_index.as_tensor()
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
    graph = read_edge_index(data.edge_index, count)
    pointer = getattr(data, "ptr", None)
    return graph if pointer is None else graph._replace(part_pointer=pointer)


def _read_networkx(graph: Any, directed: bool) -> GraphEdges:
    if graph.is_directed() and not directed:
        raise ValueError(
            f"graph must be undirected, got a {type(graph).__name__}. Keep the directions with "
            "simplex.lifting.directed_flag_complex, or forget them with graph.to_undirected()."
        )
    if directed and not graph.is_directed():
        raise ValueError(
            f"graph must be directed, got a {type(graph).__name__}. Take clique_complex, or give "
            "each edge both directions with graph.to_directed()."
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


def _read_graph6(code: bytes, directed: bool) -> GraphEdges:
    if directed:
        raise ValueError(
            "graph must be directed, got graph6, whose graphs are not. Take clique_complex."
        )
    plain = read_plain_graph6(code)
    if plain is not None:
        return plain
    return _read_one_by_one(read_graph6(code.decode("latin-1").split("\n")), directed)


def _read_scipy(matrix: Any, directed: bool) -> GraphEdges:
    if matrix.ndim != 2:
        raise ValueError(f"an adjacency matrix must be square, got shape {matrix.shape}.")
    stored = matrix.tocoo(copy=True)
    if (stored.data != stored.data).any():
        raise ValueError("an adjacency matrix must hold numbers, got NaN. Remove such entries.")
    stored.sum_duplicates()
    row, column = (torch.from_numpy(ids.astype(np.int64)) for ids in (stored.row, stored.col))
    return _read_adjacency(row, column, torch.from_numpy(stored.data != 0), matrix.shape, directed)


def _read_adjacency(
    row: Tensor, column: Tensor, values: Tensor, shape: tuple[int, ...], directed: bool
) -> GraphEdges:
    """Non-zero entries are edges; an undirected edge has both of its entries, equal or not."""
    if len(shape) != 2 or shape[0] != shape[1]:
        raise ValueError(f"an adjacency matrix must be square, got shape {tuple(shape)}.")
    if bool((values != values).any()):
        raise ValueError("an adjacency matrix must hold numbers, got NaN. Remove such entries.")
    row, column = row[values != 0], column[values != 0]
    if directed:
        return GraphEdges(shape[0], torch.stack([row, column]))
    forth, back = _distinct(row * shape[0] + column), _distinct(column * shape[0] + row)
    if not torch.equal(forth, back):
        raise ValueError(
            "an adjacency matrix must be symmetric, got one with an entry (i, j) and none at "
            "(j, i). Keep the directions with simplex.lifting.directed_flag_complex, or forget "
            "them with A + A.T."
        )
    return GraphEdges(shape[0], torch.stack([row, column]))


def _distinct(keys: Tensor) -> Tensor:
    """The keys, each once, in order; Ctrl-C ends a long sort."""
    if keys.device.type != "cpu" or len(keys) < _LONG:
        distinct: Tensor = torch.unique(keys)
        return distinct
    return torch.as_tensor(interruptible(np.unique, keys.numpy()))


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
