"""The Dowker complex of a relation, and its cases for graphs: neighbourhood and k-hop complexes."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_int, small_subsets, unique_edges
from simplex.interop import read_graph


def dowker_complex(relation: Any, max_dim: int = 2) -> SimplicialComplex:
    r"""Sets of rows of a relation that have a common related column.

    .. math:: K = \{σ ⊆ \text{rows} : ∃\, c \text{ with } (v, c) ∈ R \text{ for all } v ∈ σ\}

    By Dowker's theorem the complexes of R and of its transpose are homotopy equivalent (in full
    dimension). Rows related to no column are kept as isolated vertices.

    Args:
        relation: (n, m) matrix, dense tensor or array or scipy sparse; non-zero means related.
        max_dim: top dimension kept.

    Returns:
        A complex on n vertices, on the device of a tensor.

    Raises:
        TypeError: a relation that is no matrix of numbers.
        ValueError: another shape, NaN entries, or more simplices than fit in memory.

    Cost:
        O(Σ_c C(|column c|, max_dim + 1)).

    Paper:
        C. H. Dowker, "Homology groups of relations", Annals of Mathematics 56 (1952).

    Example:
        >>> dowker_complex([[1, 0], [1, 1], [1, 1], [0, 1]]).f_vector
        (4, 5, 2)
    """
    require_int("max_dim", max_dim, least=0)
    rows, columns, shape, device = _read_relation(relation)
    return _dowker(rows, columns, shape[0], shape[1], max_dim, device)


def khop_complex(
    graph: Any, hops: int, max_dim: int = 2, *, num_vertices: int | None = None
) -> SimplicialComplex:
    """Sets of vertices within ``hops`` steps of a common vertex: the Dowker complex of the balls.

    Args:
        graph: as for :func:`clique_complex`; a list gives the disjoint union.
        hops: radius of the balls, at least 0; 1 gives the neighbourhood complex.
        max_dim: top dimension kept.
        num_vertices: n_0 of an ``edge_index``.

    Returns:
        The complex, labels and parts as for :func:`clique_complex`, on the device of the edges.

    Raises:
        TypeError: an object that is no graph.
        ValueError: a directed graph, negative ``hops``, or more simplices than fit in memory.

    Cost:
        O(Σ_v C(|ball of v|, max_dim + 1)).

    Example:
        >>> import networkx as nx
        >>> khop_complex(nx.path_graph(4), hops=1).f_vector
        (4, 5, 2)
    """
    require_int("max_dim", max_dim, least=0)
    require_int("hops", hops, least=0)
    read = read_graph(graph, num_vertices)
    count, device = read.num_vertices, read.edge_index.device
    edges = unique_edges(read.edge_index, count).cpu().numpy()
    from scipy import sparse

    step = sparse.csr_array(
        (np.ones(len(edges), dtype=bool), (edges[:, 0], edges[:, 1])), shape=(count, count)
    )
    step = step + step.T + sparse.eye_array(count, dtype=bool)
    ball = sparse.eye_array(count, dtype=bool, format="csr")
    for _ in range(hops):
        ball = ball @ step
    found = ball.tocoo()
    member, center = (torch.from_numpy(ids.astype(np.int64)) for ids in (found.row, found.col))
    K = _dowker(member, center, count, count, max_dim, device)
    return K.with_parts(read.part_pointer).with_vertex_labels(read.labels)


def neighborhood_complex(
    graph: Any, max_dim: int = 2, *, num_vertices: int | None = None
) -> SimplicialComplex:
    """Sets of vertices in a common closed neighbourhood N[v] = {v} ∪ {neighbours of v}.

    Closed neighbourhoods make the graph's edges simplices; Lovász's complex (1978) takes open ones,
    which is ``dowker_complex`` of the adjacency matrix. Result and errors as for
    :func:`khop_complex`, of which it is the case of one hop.

    Args:
        graph: as for :func:`clique_complex`; a list gives the disjoint union.
        max_dim: top dimension kept.
        num_vertices: n_0 of an ``edge_index``; ``None`` for the largest id plus one.

    Example:
        >>> import networkx as nx
        >>> neighborhood_complex(nx.star_graph(3), max_dim=3).f_vector
        (4, 6, 4, 1)
    """
    return khop_complex(graph, 1, max_dim, num_vertices=num_vertices)


def _dowker(
    rows: Tensor, columns: Tensor, num_rows: int, num_columns: int, max_dim: int, device: Any
) -> SimplicialComplex:
    key = torch.unique(columns * max(num_rows, 1) + rows)  # by column, then by row
    column = torch.div(key, max(num_rows, 1), rounding_mode="floor")
    bounds = torch.arange(num_columns + 1, device=key.device)
    pointer = torch.searchsorted(column, bounds)
    subsets = small_subsets(key - column * num_rows, pointer, max_dim + 1, num_rows)  # (n_k, k+1)
    K = SimplicialComplex.from_simplices(subsets[1:], num_vertices=num_rows)
    return K.to(device)


def _read_relation(relation: Any) -> tuple[Tensor, Tensor, tuple[int, int], torch.device]:
    if hasattr(relation, "tocoo") and not isinstance(relation, Tensor):
        stored = relation.tocoo()
        present = stored.data != 0
        row, column = (
            torch.from_numpy(ids[present].astype(np.int64)) for ids in (stored.row, stored.col)
        )
        return row, column, stored.shape, torch.device("cpu")
    matrix = relation if isinstance(relation, Tensor) else torch.as_tensor(relation)
    if matrix.ndim != 2:
        raise ValueError(f"relation must have shape (n, m), got {tuple(matrix.shape)}.")
    if matrix.is_floating_point() and bool(matrix.isnan().any()):
        raise ValueError("relation must hold numbers or booleans, got NaN.")
    row, column = matrix.nonzero().unbind(1)
    return row, column, (matrix.shape[0], matrix.shape[1]), matrix.device
