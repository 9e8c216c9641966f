"""The Dowker complex of a relation, and its cases for graphs: neighbourhood and k-hop complexes."""

from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    on_free_threads,
    require_int,
    require_memory,
    require_subsets,
    small_subsets,
    unique_edges,
)
from simplex.interop import read_graph
from simplex.lifting._points import from_array


_PRODUCTS_PER_BLOCK = 1 << 24


@on_free_threads()
def dowker_complex(relation: Any, max_dim: int = 2) -> SimplicialComplex:
    r"""Sets of rows of a relation that have a common related column.

    .. math:: K = \{σ ⊆ \text{rows} : ∃\, c \text{ with } (v, c) ∈ R \text{ for all } v ∈ σ\}

    By Dowker's theorem the complexes of R and of its transpose are homotopy equivalent (in full
    dimension). Rows related to no column are kept as isolated vertices.

    Args:
        relation: (n, m) matrix, as a tensor, an array, a list of rows, or a sparse matrix of scipy
            or torch; non-zero means related. Entries that a sparse matrix stores twice are summed.
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
    rows, columns, num_rows, device = _read_relation(relation)
    return dowker_of_pairs(rows, columns, num_rows, max_dim, device)


@on_free_threads()
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
    if max_dim == 0 or count == 0:
        K = SimplicialComplex(count, device=device)
    else:
        edges = unique_edges(read.edge_index, count).cpu().numpy()
        member, center = _balls(edges, count, hops, max_dim)
        K = dowker_of_pairs(member, center, count, max_dim, device)
    return K.with_parts(read.part_pointer).with_vertex_labels(read.labels)


def _balls(edges: np.ndarray, count: int, hops: int, max_dim: int) -> tuple[Tensor, Tensor]:
    """The vertices within ``hops`` steps of each, as pairs (member, center), layer by layer.

    Neighbours of a layer are in it, in the layer before it, or in the next one.
    """
    from scipy import sparse

    ends = np.concatenate([edges, edges[:, ::-1]]).T
    step = sparse.csr_array((np.ones(ends.shape[1], dtype=bool), tuple(ends)), (count, count))
    degree = step.indptr[1:] - step.indptr[:-1]
    before = sparse.csr_array((count, count), dtype=bool)
    layer = sparse.eye_array(count, dtype=bool, format="csr")
    sizes, layers, total = np.ones(count, dtype=np.int64), [layer], count
    for _ in range(hops):
        known, blocks = layer + before, []
        for rows in _row_blocks(layer, degree):
            blocks.append(layer[rows] @ step > known[rows])
            sizes[rows] += blocks[-1].indptr[1:] - blocks[-1].indptr[:-1]
            total += blocks[-1].nnz
            _require_balls(total, sizes[rows], max_dim)
        _require_balls(total, sizes, max_dim)
        before, layer = layer, sparse.vstack(blocks, format="csr", dtype=bool)
        if layer.nnz == 0:  # the balls are whole components
            break
        layers.append(layer)
    found = [one.tocoo() for one in layers]
    center, member = (
        torch.from_numpy(np.concatenate([getattr(one, ids) for one in found]).astype(np.int64))
        for ids in ("row", "col")
    )
    return member, center


def _row_blocks(layer: Any, degree: np.ndarray) -> list[slice]:
    """Slices of rows of which a product with the adjacency matrix is small, or has one row."""
    cost = np.concatenate([[0], np.cumsum(degree[layer.indices], dtype=np.int64)])[layer.indptr]
    bounds, last = [0], len(cost) - 1
    while bounds[-1] < last:
        room = cost[bounds[-1]] + _PRODUCTS_PER_BLOCK
        bounds.append(max(bounds[-1] + 1, int(np.searchsorted(cost, room, side="right")) - 1))
    return [slice(start, end) for start, end in pairwise(bounds)]


def _require_balls(total: int, sizes: np.ndarray, max_dim: int) -> None:
    what, remedy = f"the {total} members of all balls", "Lower hops."
    require_memory(total * 40, torch.device("cpu"), what, remedy)
    require_subsets(torch.from_numpy(sizes), max_dim + 1)


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

    Cost:
        O(Σ_v C(deg v + 1, max_dim + 1)).

    Example:
        >>> import networkx as nx
        >>> neighborhood_complex(nx.star_graph(3), max_dim=3).f_vector
        (4, 6, 4, 1)
    """
    return khop_complex(graph, 1, max_dim, num_vertices=num_vertices)


def dowker_of_pairs(
    rows: Tensor, columns: Tensor, num_rows: int, max_dim: int, device: Any
) -> SimplicialComplex:
    what, remedy = f"the tables of {num_rows} vertices", "Leave out rows related to no column."
    require_memory(num_rows * 48, columns.device, what, remedy)
    column = torch.unique(columns, return_inverse=True)[
        1
    ]  # few, so that the keys below fit in 64 bits
    base = max(num_rows, 1)
    if len(columns) * base >= 2**63:
        raise ValueError(
            f"relation must have fewer than 2⁶³ rows times entries, got {num_rows} rows and "
            f"{len(columns)} entries. Leave out rows that are related to no column."
        )
    key = torch.unique(column * base + rows)  # by column, then by row
    column = torch.div(key, base, rounding_mode="floor")
    size = column.bincount()
    pointer = torch.cat([size.new_zeros(1), size.cumsum(0)])
    width = min(max_dim + 1, int(size.max()) if len(size) else 1)
    subsets = small_subsets(key - column * base, pointer, width, num_rows)  # (n_k, k+1)
    K = SimplicialComplex.from_simplices(subsets[1:], num_vertices=num_rows)
    return K.to(device)


def _read_relation(relation: Any) -> tuple[Tensor, Tensor, int, torch.device]:
    """Rows and columns of the non-zero entries, the number of rows, and where to work."""
    if hasattr(relation, "tocoo") and not isinstance(relation, Tensor):
        stored = relation.tocoo(copy=True)
        if stored.ndim != 2:
            raise ValueError(f"relation must have shape (n, m), got {stored.shape}.")
        _require_numbers(from_array(stored.data))
        stored.sum_duplicates()
        present = stored.data != 0
        row, column = (
            torch.from_numpy(ids[present].astype(np.int64)) for ids in (stored.row, stored.col)
        )
        return row, column, int(stored.shape[0]), torch.device("cpu")
    matrix = relation if isinstance(relation, Tensor) else _as_matrix(relation)
    if matrix.is_meta:
        raise ValueError("relation must hold numbers, got a tensor on the meta device.")
    if matrix.ndim != 2:
        raise ValueError(f"relation must have shape (n, m), got {tuple(matrix.shape)}.")
    if matrix.layout == torch.strided:
        what = f"checks of {matrix.numel()} entries"
        require_memory(2 * matrix.numel(), matrix.device, what, "Pass a sparse matrix.")
        _require_numbers(matrix)
        related = int(matrix.count_nonzero())
        require_memory(
            64 * related, matrix.device, f"the places of {related} entries", "Give less."
        )
        row, column = matrix.nonzero().unbind(1)
    else:
        entries = matrix.to_sparse(layout=torch.sparse_coo).coalesce()
        _require_numbers(entries.values())
        row, column = entries.indices()[:, entries.values() != 0]
    return row, column, matrix.shape[0], matrix.device


def _as_matrix(relation: Any) -> Tensor:
    """A tensor of an array or of rows; a family of sets of rows is no matrix."""
    if isinstance(relation, (list, tuple)):
        relation = [row.cpu().numpy() if isinstance(row, Tensor) else row for row in relation]
    try:
        array = np.asarray(relation)
    except ValueError:
        array = np.empty(0, dtype=object)
    if array.dtype.kind not in "biufc":
        raise TypeError(
            "relation must be a matrix of numbers, rows of one length, got "
            f"{type(relation).__name__}. A family of sets, the columns, is taken by "
            "SimplicialComplex.from_simplices."
        )
    return from_array(array)


def _require_numbers(entries: Tensor) -> None:
    if bool((entries != entries).any()):  # NaN alone, complex ones too
        raise ValueError("relation must hold numbers or booleans, got NaN.")
