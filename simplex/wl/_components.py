"""Connected components of a complex, and the complex with each component a part of its own."""

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.wl._refine import relabel


def connected_components(K: SimplicialComplex) -> Tensor:
    """Which component each vertex lies in, (n_0,) int64, numbered by their smallest vertices.

    Trees of vertices hook onto neighbouring trees of smaller root and are then flattened: O(log n)
    rounds in practice.
    """
    root = torch.arange(K.num_simplices(0), device=K.device)
    head, tail = K.facets(1).unbind(1)
    while not torch.equal(root[head], root[tail]):
        ends = torch.cat([root[head], root[tail]])
        lower = torch.minimum(root[head], root[tail]).repeat(2)
        root = root.scatter_reduce(0, ends, lower, "amin")
        while not torch.equal(root[root], root):
            root = root[root]
    return relabel(root).colors


def by_component(K: SimplicialComplex) -> tuple[SimplicialComplex, list[Tensor]]:
    """The same complex with its vertices ordered by component, and each component a part.

    Orientation and data that ride along are dropped.

    Returns:
        The complex, and for each k the (n_k,) old ids of its k-simplices.
    """
    component = connected_components(K)
    counts = torch.bincount(component)
    orders: list[Tensor] = []
    tables: list[Tensor] = []
    rank = component  # overwritten before it is read
    for k in range(max(K.dim, 0) + 1):
        if k > 0:
            component = component[K.facets(k)[:, 0]]
        # A stable sort keeps the lexicographic order within a component, hence overall.
        order = component.argsort(stable=True)
        if k > 0:
            tables.append(rank[K.facets(k)[order]])
        rank = torch.empty_like(order)
        rank[order] = torch.arange(len(order), device=K.device)
        orders.append(order)
    pointer = torch.cat([counts.new_zeros(1), counts.cumsum(0)])
    parts = SimplicialComplex(K.num_simplices(0), tables, part_pointer=pointer, device=K.device)
    return parts, orders
