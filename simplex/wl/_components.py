"""The complex with each connected component a part of its own."""

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.operators import connected_components


def by_component(K: SimplicialComplex) -> tuple[SimplicialComplex, list[Tensor]]:
    """The complex ordered by component, each a part, and the (n_k,) old ids of its k-simplices.

    Orientation and data that ride along are dropped.
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
    parts = SimplicialComplex(
        K.num_simplices(0),
        tables,
        part_pointer=pointer,
        directed=K.directed,
        device=K.device,
    )
    return parts, orders
