"""The links of all vertices at once, as one disjoint union."""

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, on_free_threads, require_memory, require_undirected
from simplex.operators._constructions.rows import names_of


@on_free_threads()
def vertex_links(K: SimplicialComplex) -> SimplicialComplex:
    """The disjoint union of the links of all vertices: part v is the link of vertex v.

    A k-simplex is in the links of its k+1 vertices, as the facet opposite to each. Isolated
    vertices have empty parts.

    Args:
        K: the complex.

    Returns:
        A union of n_0 parts, with (k+1) n_k simplices of dimension k-1. ``vertex_labels`` says
        which vertex of K each of its vertices is; parts of K, orientation and filtration are left
        behind.

    Raises:
        TypeError: ``K`` is no complex.
        ValueError: a directed complex, or links that do not fit in memory.

    Laws:
        ``vertex_links(K).split()[v]`` is ``link(K, v)``.

    Cost:
        O(Σ_k k² n_k), the size of the result.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> [L.f_vector for L in vertex_links(K).split()]
        [(2, 1), (2, 1), (3, 1), (1,)]
    """
    U, others = united_links(K)
    names = names_of(K)
    return U.with_vertex_labels([names[v] for v in others.tolist()])


def united_links(K: SimplicialComplex) -> tuple[SimplicialComplex, Tensor]:
    """The union of the links, and which vertex of K each of its vertices is."""
    require_undirected("K", K)
    entries = sum((k + 1) ** 2 * n for k, n in enumerate(K.f_vector))
    what = f"the links of {K.num_simplices(0)} vertices"
    require_memory(entries * 32, K.device, what, "Take links of a few vertices by link.")
    pointer = K.cofacets(0)[0]
    if K.dim < 1:
        none = SimplicialComplex(0, part_pointer=torch.zeros_like(pointer), device=K.device)
        return none, pointer[:0]
    tables, below, others = [], torch.empty(0), pointer[:0]
    for k in range(1, K.dim + 1):
        order, place = _flags(K.simplices(k), K.facets(k))
        if k == 1:
            others = K.facets(1).flatten()[order]
        else:
            tables.append(_facets_of_flags(K.facets(k), below)[order])
        below = place
    count = 2 * K.num_simplices(1)
    return SimplicialComplex(count, tables, part_pointer=pointer, device=K.device), others


def _flags(simplices: Tensor, facets: Tensor) -> tuple[Tensor, Tensor]:
    """The pairs of a simplex and its i-th vertex, by that vertex and then by the facet opposite.

    Returns:
        The order (n·(k+1),) of the flattened pairs, and the place (n, k+1) of each.
    """
    order = facets.flatten().argsort(stable=True)
    order = order[simplices.flatten()[order].argsort(stable=True)]
    place = torch.empty_like(order)
    place[order] = torch.arange(len(order), device=order.device)
    return order, place.view_as(facets)


def _facets_of_flags(facets: Tensor, below: Tensor) -> Tensor:
    """Facets (n·(k+1), k) of the simplices of links, as places of pairs one dimension below.

    Pair (s, i) without the vertex m of s is the pair of the facet s_m with the same vertex, which
    stands there at i, or at i-1 behind the one that is gone.
    """
    width = facets.shape[1]
    columns = []
    for i in range(width):
        others = [m for m in range(width) if m != i]
        at = [i if m > i else i - 1 for m in others]
        columns.append(below[facets[:, others], torch.tensor(at, device=facets.device)])
    return torch.stack(columns, 1).flatten(0, 1)
