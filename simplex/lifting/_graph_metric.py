"""The Vietoris-Rips complex of the shortest-path metric of a graph."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    flag_complex,
    interruptible,
    on_free_threads,
    require_int,
    require_room_for_vertices,
    unique_edges,
)
from simplex.interop import GraphEdges, read_graph
from simplex.lifting._distances import require_room_for_pairs
from simplex.lifting._points import read_bound, read_numbers
from simplex.lifting._rips import with_flag_filtration


_ENTRIES_PER_BLOCK = 1 << 22


@on_free_threads()
def graph_rips_complex(
    graph: Any,
    max_length: float,
    max_dim: int = 2,
    *,
    lengths: Any = None,
    num_vertices: int | None = None,
    max_simplices: int | None = None,
) -> SimplicialComplex:
    r"""The Vietoris-Rips complex of a graph: vertices that are pairwise close along its edges.

    .. math:: K = \{σ : d_G(u, v) ≤ r \text{ for all } u, v ∈ σ\}, \qquad
              f(σ) = \max_{u, v ∈ σ} d_G(u, v),

    where d_G is the length of a shortest path. For r = 1 and edges of length 1 it is the clique
    complex, for larger r that of the power of the graph.

    Args:
        graph: as for :func:`clique_complex`; a list gives the disjoint union.
        max_length: r, the bound itself included; without one, ``math.inf``, all vertices of a
            component are joined.
        max_dim: top dimension kept.
        lengths: (E,) numbers ≥ 0, one for each edge in the order in which they are given: the
            columns of an ``edge_index``, the items of a list, ``graph.edges`` of networkx. Of an
            edge that is given twice the shorter counts. ``None`` for 1.
        num_vertices: n_0 of an ``edge_index``; ``None`` for the largest id plus one.
        max_simplices: most simplices that may be built; ``None`` for what fits in memory.

    Returns:
        The complex, labels and parts as for :func:`clique_complex`, on the device of the edges;
        the filtration values f in float64, without gradients.

    Raises:
        TypeError: an object that is no graph, lengths that are no numbers.
        ValueError: a directed graph, lengths that are negative, not finite or not one per edge, a
            bound below 0, or a complex larger than allowed.

    Cost:
        Dijkstra's algorithm from each vertex, on the CPU and as far as r: O(n_0 (n_0 + balls)), as
        a row of n_0 distances is written for each.

    Example:
        >>> import networkx as nx
        >>> K = graph_rips_complex(nx.cycle_graph(5), max_length=2)
        >>> K.f_vector, K.filtration[2].tolist()[:2]
        ((5, 10, 10), [2.0, 2.0])
    """
    require_int("max_dim", max_dim, least=0)
    read = read_graph(graph, num_vertices)
    bound = read_bound("max_length", max_length, torch.float64)
    require_room_for_vertices(read.num_vertices, read.edge_index.device)
    weights = _lengths_of(read, lengths)
    device = read.edge_index.device
    pairs, apart = _close(read, weights, bound) if max_dim > 0 else _no_pairs()
    edges = unique_edges(pairs.T, read.num_vertices)
    K = flag_complex(read.num_vertices, edges.to(device), max_dim, max_simplices)
    K = with_flag_filtration(K, apart.to(device))
    return K.with_parts(read.part_pointer).with_vertex_labels(read.labels)


def _lengths_of(read: GraphEdges, lengths: Any) -> Tensor:
    """(E,) float64 lengths on the CPU, finite and not negative."""
    count = read.edge_index.shape[1]
    if lengths is None:
        return torch.ones(count, dtype=torch.float64)
    values = read_numbers("lengths", lengths).detach().double().cpu()
    if values.shape != (count,):
        raise ValueError(
            f"lengths must be one number for each of the {count} edges that the graph lists, got "
            f"shape {tuple(values.shape)}."
        )
    if not bool(((values >= 0) & values.isfinite()).all()):
        raise ValueError("lengths must be finite and ≥ 0. Leave edges of infinite length out.")
    return values


def _close(read: GraphEdges, weights: Tensor, bound: float) -> tuple[Tensor, Tensor]:
    """Pairs u < v at most ``bound`` apart, (E, 2) in lexicographic order, and their distances."""
    from scipy.sparse.csgraph import dijkstra

    steps, n = _symmetric(read, weights), read.num_vertices
    rows = max(1, _ENTRIES_PER_BLOCK // max(n, 1))
    pairs, apart = (list(one) for one in zip(_no_pairs(), strict=True))
    total = 0
    for start in range(0, n, rows):
        sources = np.arange(start, min(start + rows, n))
        found = interruptible(dijkstra, steps, True, sources, False, False, bound)
        found[np.arange(n) <= sources[:, None]] = math.inf
        u, v = np.nonzero(np.isfinite(found) & (found <= bound))
        total += len(u)
        require_room_for_pairs(total, torch.device("cpu"), "max_length")
        pairs.append(torch.from_numpy(np.stack([u + start, v], 1)))
        apart.append(torch.from_numpy(found[u, v]))
    return torch.cat(pairs), torch.cat(apart)


def _symmetric(read: GraphEdges, weights: Tensor) -> Any:
    """The lengths as a scipy matrix, both directions, of an edge given twice the shorter."""
    from scipy.sparse import csr_array

    n, edges = read.num_vertices, read.edge_index.cpu().sort(0).values
    proper = edges[0] < edges[1]
    edges, weights = edges[:, proper], weights[proper]
    order = weights.argsort(stable=True)
    order = order[(edges[0] * n + edges[1])[order].argsort(stable=True)]
    edges, weights = edges[:, order], weights[order]
    first = torch.ones(edges.shape[1], dtype=torch.bool)
    first[1:] = (edges[:, 1:] != edges[:, :-1]).any(0)
    u, v = edges[:, first].numpy()
    data = weights[first].numpy()
    ends = np.stack([np.concatenate([u, v]), np.concatenate([v, u])]).astype(np.int32)
    # Indices of 32 bits: dijkstra of scipy before 1.15 takes no others.
    return csr_array((np.concatenate([data, data]), (ends[0], ends[1])), (n, n))


def _no_pairs() -> tuple[Tensor, Tensor]:
    return torch.empty(0, 2, dtype=torch.int64), torch.empty(0, dtype=torch.float64)
