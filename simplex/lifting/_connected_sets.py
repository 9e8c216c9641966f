"""The complex that connected sets of vertices of a graph induce."""

from typing import Any

import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    cofacet_table,
    on_free_threads,
    ragged,
    require_int,
    require_memory,
    unique_edges,
    unique_rows,
)
from simplex.interop import read_graph


@on_free_threads()
def connected_sets_complex(
    graph: Any, max_dim: int = 2, *, num_vertices: int | None = None
) -> SimplicialComplex:
    r"""Every connected set of at most ``max_dim`` + 1 vertices spans a simplex.

    .. math:: K = \{σ : σ ⊆ τ,\ |τ| ≤ D + 1,\ G[τ] \text{ connected}\}

    A set in which some vertices are joined through others only is a face of a connected one. So
    D = ``max_dim`` counts twice: it is the top dimension, and vertices up to D steps apart are
    joined. ``K.skeleton(k)`` is therefore larger than the complex of ``max_dim=k``.

    Args:
        graph: as for :func:`clique_complex`; a list gives the disjoint union.
        max_dim: the top dimension D.
        num_vertices: n_0 of an ``edge_index``; ``None`` for the largest id plus one.

    Returns:
        The complex, labels and parts as for :func:`clique_complex`, on the device of the edges.

    Raises:
        TypeError: an object that is no graph.
        ValueError: a directed graph, or more connected sets than fit in memory.

    Cost:
        O(D² · Σ_τ Σ_{v ∈ τ} deg v) over the connected sets τ: up to n_0 (degree)^D.

    Example:
        >>> import networkx as nx
        >>> connected_sets_complex(nx.path_graph(4)).simplices(2).tolist()
        [[0, 1, 2], [1, 2, 3]]
    """
    require_int("max_dim", max_dim, least=0)
    read = read_graph(graph, num_vertices)
    count, device = read.num_vertices, read.edge_index.device
    edges = unique_edges(read.edge_index, count)
    sets = [edges[:0]] if max_dim == 0 else [edges]
    both = torch.cat([edges, edges.flip(1)])
    pointer, index = cofacet_table(both[:, :1], count)
    neighbors = both[index, 1]
    for _ in range(1, max_dim):
        sets.append(_grown(sets[-1], pointer, neighbors, count))
        if not len(sets[-1]):
            break
    K = SimplicialComplex.from_simplices(sets, num_vertices=count).to(device)
    return K.with_parts(read.part_pointer).with_vertex_labels(read.labels)


def _grown(sets: Tensor, pointer: Tensor, neighbors: Tensor, count: int) -> Tensor:
    """The sets with one more vertex, a neighbour of one of theirs: (m, w) to (m', w+1)."""
    degree = pointer.diff()[sets.flatten()]
    width, total = sets.shape[1], int(degree.sum())
    what = f"the {total} ways to add a neighbour to {len(sets)} connected sets"
    require_memory(total * (2 * width + 8) * 8, sets.device, what, "Lower max_dim.")
    owner, nth = ragged(degree)
    added = neighbors[pointer[sets.flatten()][owner] + nth]
    old = sets[owner // width] if len(owner) else sets[:0]
    new = (old != added[:, None]).all(1)
    rows = torch.cat([old[new], added[new, None]], 1).sort(1).values
    return unique_rows(rows, count)[0] if len(rows) else rows
