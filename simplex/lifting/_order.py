"""The order complex of a partial order: its simplices are chains."""

from typing import Any

import numpy as np
import torch

from simplex.complexes import (
    SimplicialComplex,
    flag_complex,
    on_free_threads,
    require_int,
    require_memory,
    unique_edges,
)
from simplex.interop import read_graph


@on_free_threads()
def order_complex(
    relation: Any,
    max_dim: int | None = None,
    *,
    num_vertices: int | None = None,
    max_simplices: int | None = None,
) -> SimplicialComplex:
    r"""The order complex of a partial order: a simplex is a chain of elements, each below the next.

    .. math:: K = \{\{v_0, …, v_k\} : v_0 < v_1 < … < v_k\}

    Of the faces of a regular cell complex it is the barycentric subdivision, whatever its
    dimension; of the sets of a cover, by inclusion, it has the homotopy type of their union.

    Args:
        relation: pairs (a, b) with a < b, as a list, an ``edge_index`` (2, E), a networkx
            ``DiGraph`` from a to b, or a matrix; its transitive closure is taken, so that covering
            pairs are enough. Pairs (a, a) say nothing. A list of such gives the disjoint union.
        max_dim: top dimension kept; ``None`` for all.
        num_vertices: number of elements of an ``edge_index``; ``None`` for the largest id plus one.
        max_simplices: most simplices that may be built; ``None`` for what fits in memory.

    Returns:
        The complex on the elements, with their labels.

    Raises:
        TypeError: an object that is no relation.
        ValueError: a relation with a cycle, which is no order, or a complex that does not fit.

    Cost:
        That of the transitive closure, and of the clique complex of its pairs.

    Paper:
        M. Wachs, "Poset topology: tools and applications", 2007.

    Example:
        >>> order_complex([(0, 1), (1, 2), (0, 3)]).simplices(1).tolist()
        [[0, 1], [0, 2], [0, 3], [1, 2]]
    """
    if max_dim is not None:
        require_int("max_dim", max_dim, least=0)
    read = read_graph(relation, num_vertices, directed=True)
    count = read.num_vertices
    pairs = _closure(unique_edges(read.edge_index, count, directed=True).cpu().numpy(), count)
    edges = unique_edges(torch.from_numpy(pairs.T).to(read.edge_index.device), count)
    top = max(count - 1, 0) if max_dim is None else max_dim
    K = flag_complex(count, edges, top, max_simplices)
    return K.with_parts(read.part_pointer).with_vertex_labels(read.labels)


def _closure(pairs: np.ndarray, count: int) -> np.ndarray:
    """All comparable pairs, (E, 2): step by step twice as long chains."""
    from scipy import sparse

    if not len(pairs):
        return pairs
    what = f"the tables of {count} elements"
    require_memory(40 * count, torch.device("cpu"), what, "Leave out elements without a relation.")
    below = sparse.csr_array((np.ones(len(pairs), bool), tuple(pairs.T)), (count, count))
    while True:
        _require_room(below)
        further = below + below @ below
        loops = np.flatnonzero(further.diagonal())
        if len(loops):
            raise ValueError(
                f"relation must be an order, got a cycle through the element {loops[0]}. Turn or "
                "leave out one of its pairs."
            )
        if further.nnz == below.nnz:
            found = below.tocoo()
            return np.stack([found.row, found.col], axis=1).astype(np.int64)
        below = further


def _require_room(below: Any) -> None:
    """The product has at most so many entries as pairs of pairs, and as pairs of elements."""
    lengths = np.diff(below.indptr).astype(np.int64)
    most = min(int(lengths[below.indices].sum()), below.shape[0] * (below.shape[0] - 1) // 2)
    what = f"the closure of {below.nnz} pairs, up to {most} comparable ones,"
    require_memory(24 * most, torch.device("cpu"), what, "Give a smaller order.")
