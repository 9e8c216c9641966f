"""Graphs that a complex has: of its top simplices, and of all its simplices."""

from typing import NamedTuple

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, on_free_threads, require_complex
from simplex.operators._adjacency import lower_adjacency


class HasseGraph(NamedTuple):
    """The simplices as nodes, vertices first, and their facet relations as edges.

    Attributes:
        edge_index: (2, E) int64, from a facet to its simplex.
        dim: (Σ n_k,) int64, the dimension of each node; id s of dimension k is the node
            n_0 + … + n_{k-1} + s.
        sign: (E,) int8, the sign of the facet in the boundary.
    """

    edge_index: Tensor
    dim: Tensor
    sign: Tensor


@on_free_threads()
def dual_graph(K: SimplicialComplex) -> Tensor:
    """The graph of the top simplices, joined where they share a facet.

    Args:
        K: the complex; simplices below its dimension do not count.

    Returns:
        ``edge_index`` (2, E) int64, both directions, of nodes 0 … n_dim - 1. The shared facets are
        those of :func:`lower_adjacency` in degree dim.

    Raises:
        TypeError: ``K`` is no complex.
        ValueError: so many pairs that they do not fit in memory.

    Cost:
        O(pairs): a facet of d simplices gives d² of them.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (1, 2, 3), (3, 4)])
        >>> dual_graph(K).tolist()
        [[1, 0], [0, 1]]
    """
    require_complex("K", K)
    if K.dim < 1:
        return torch.empty(2, 0, dtype=torch.int64, device=K.device)
    return lower_adjacency(K, K.dim).index


@on_free_threads()
def hasse_graph(K: SimplicialComplex) -> HasseGraph:
    """The Hasse diagram: every simplex is a node, with an edge from each facet to its simplex.

    Args:
        K: the complex.

    Returns:
        The graph; E = Σ_k (k+1) n_k over k ≥ 1. Undirected, it is bipartite.

    Raises:
        TypeError: ``K`` is no complex.

    Example:
        >>> graph = hasse_graph(SimplicialComplex.from_simplices([(0, 1)]))
        >>> graph.edge_index.tolist(), graph.dim.tolist(), graph.sign.tolist()
        ([[1, 0], [2, 2]], [0, 0, 1], [1, -1])
    """
    require_complex("K", K)
    first = [0]
    for n in K.f_vector:
        first.append(first[-1] + n)
    below = [torch.empty(0, dtype=torch.int64, device=K.device)]
    above, signs = list(below), [below[0].to(torch.int8)]
    for k in range(1, K.dim + 1):
        facets = K.facets(k)
        below.append(facets.flatten() + first[k - 1])
        nodes = torch.arange(first[k], first[k + 1], device=K.device)
        above.append(nodes.repeat_interleave(k + 1))
        signs.append(K.facet_signs(k).flatten())
    degrees = torch.arange(K.dim + 1, device=K.device)
    dim = degrees.repeat_interleave(torch.tensor(K.f_vector, dtype=torch.int64, device=K.device))
    return HasseGraph(torch.stack([torch.cat(below), torch.cat(above)]), dim, torch.cat(signs))
