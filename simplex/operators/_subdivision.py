"""Barycentric subdivision: the complex of the flags of faces."""

from collections.abc import Hashable, Iterator
from itertools import chain, combinations
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    flag_complex,
    on_free_threads,
    require_complex,
    require_int,
    require_memory,
)


@on_free_threads()
def subdivide(
    K: SimplicialComplex, *, max_dim: int | None = None, max_simplices: int | None = None
) -> SimplicialComplex:
    r"""The barycentric subdivision: its simplices are the flags of faces of K.

    .. math:: \operatorname{sd} K = \{σ_0 ≺ σ_1 ≺ … ≺ σ_j : σ_i ∈ K\}

    It is the order complex of the faces of K, and homeomorphic to K. Its vertices are the simplices
    of K: first the vertices of K, then the edges by their ids, then the triangles, …; in a disjoint
    union so in each part. A full flag, with a face of every dimension 0 … k, is oriented as the
    k-simplex at its end: where :math:`S_k` has a row for each k-simplex of the subdivision, a
    column for each k-simplex σ of K, and a 1 where the flag is full and ends in σ,

    .. math:: ∂_k S_k = S_{k-1} ∂_k ,

    so that a cycle of K is, with the same values, one of the subdivision. Other flags are oriented
    by their order. The filtration value of a flag is that of its last face.

    Args:
        K: the complex; of a directed one the simplices, in their order, are the vertices.
        max_dim: top dimension kept; ``None`` for all.
        max_simplices: most simplices that may be built; ``None`` for what fits in half of the free
            memory.

    Returns:
        The subdivision, undirected, with the parts of K. Where K has labels, the vertices of K keep
        theirs, and a larger simplex is called by the tuple of its vertices'.

    Raises:
        TypeError: ``K`` is no complex.
        ValueError: the subdivision does not fit in memory.

    Laws:
        f_j = (j+1)! Σ_i S(i+1, j+1) n_i with Stirling numbers of the second kind; the same Euler
        characteristic and Betti numbers; a surface gives a surface, orientable as K is.

    Cost:
        A k-simplex has (k+1)! full flags.

    Example:
        >>> triangle = SimplicialComplex.from_simplices([(0, 1, 2)])
        >>> subdivide(triangle), subdivide(triangle).simplices(2).tolist()[0]
        (SimplicialComplex(f_vector=(7, 12, 6)), [0, 3, 6])
    """
    require_complex("K", K)
    top = max(K.dim, 0) if max_dim is None else require_int("max_dim", max_dim, 0)
    if K.dim < 0:
        return K
    pairs = sum(count * (2 ** (k + 1) - 2) for k, count in enumerate(K.f_vector))
    what = f"the {pairs} pairs of a simplex and a face"
    require_memory(64 * pairs, K.device, what, "Subdivide a skeleton, or parts of the complex.")
    place, sizes = _places(K)
    below, above, sign = _face_pairs(K, place)
    rank = torch.empty(sum(K.f_vector), dtype=torch.int64, device=K.device)
    for k, ids in enumerate(place):
        rank[ids] = k
    flags = flags_of(rank, below, above, sign, top, max_simplices)
    if K.state()["part_pointer"] is not None:
        flags = flags.with_parts(torch.nn.functional.pad(sizes.cumsum(0), (1, 0)))
    if K.filtration is not None:
        flags = flags.with_filtration(_of_last(flags, torch.cat(K.filtration), place))
    return flags if K.vertex_labels is None else flags.with_vertex_labels(_labels(K, place))


def flags_of(
    rank: Tensor,
    below: Tensor,
    above: Tensor,
    sign: Tensor,
    max_dim: int,
    max_simplices: int | None = None,
) -> SimplicialComplex:
    """The order complex of a graded order, full flags oriented as the element at their end.

    Chains are the cliques of the graph of comparable pairs, so it is a flag complex.

    Args:
        rank: (N,) of each element, least elements 0.
        below: (E,) the smaller one of every comparable pair, each pair once; ids grow with it.
        above: (E,) the larger one.
        sign: (E,) int8 incidence [above : below] where their ranks differ by one; others are not
            read.
        max_dim: top dimension kept.
        max_simplices: as of a lift.

    With σ_k last, a full flag has the sign Π_j (-1)^j [σ_j : σ_{j-1}]: sd σ is the cone of its
    barycenter over sd ∂σ, and a vertex that is added at the end, behind k others, costs (-1)^k.
    """
    assert bool((below < above).all())
    count = len(rank)
    order = (below * count + above).argsort()
    pairs = torch.stack([below[order], above[order]], dim=1)  # (E, 2)
    flags = flag_complex(count, pairs, max_dim, max_simplices)
    signs = {}
    full, full_sign = rank == 0, torch.ones_like(rank)
    last, last_pair = torch.arange(count, device=rank.device), order[:0]
    for k in range(1, flags.dim + 1):
        behind, parent = flags.facets(k)[:, 0], flags.facets(k)[:, -1]
        last = last[behind]  # the element at the end, and the last two as a pair
        last_pair = order if k == 1 else last_pair[behind]
        full = full[parent] & (rank[last] == k)
        full_sign = full_sign[parent] * sign[last_pair] * (-1) ** k
        signs[k] = torch.where(full, full_sign, 1).to(torch.int8)
    return flags.reorient(signs)


def _places(K: SimplicialComplex) -> tuple[list[Tensor], Tensor]:
    """Which vertex of the subdivision each simplex is, by dimension; and how many each part has."""
    pointers = [K.part_pointer(k) for k in range(K.dim + 1)]
    counts = torch.stack([pointer.diff() for pointer in pointers])  # (dim+1, num_parts)
    sizes = counts.sum(0)
    before = (sizes.cumsum(0) - sizes) + counts.cumsum(0) - counts  # of a part and a dimension
    place = []
    for k, pointer in enumerate(pointers):
        ids = torch.arange(K.num_simplices(k), device=K.device)
        place.append(ids + (before[k] - pointer[:-1])[K.part(k)])
    return place, sizes


def _face_pairs(K: SimplicialComplex, place: list[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """Every pair of a simplex and a proper face, as vertices of the subdivision, with its sign."""
    none = torch.empty(0, dtype=torch.int64, device=K.device)
    below, above, sign = [none], [none], [none.to(torch.int8)]
    faces: dict[tuple[int, ...], Tensor] = {}  # by the places of their vertices in the simplex
    for k in range(1, K.dim + 1):
        facets, signs, those_below = K.facets(k), K.facet_signs(k), faces
        faces = {}
        for kept in _proper_subsets(k + 1):
            left_out = min(set(range(k + 1)).difference(kept))
            in_facet = tuple(i - (i > left_out) for i in kept)
            facet = facets[:, left_out]
            faces[kept] = facet if len(kept) == k else those_below[in_facet][facet]
            below.append(place[len(kept) - 1][faces[kept]])
            above.append(place[k])
            sign.append(signs[:, left_out])
    return torch.cat(below), torch.cat(above), torch.cat(sign)


def _proper_subsets(size: int) -> Iterator[tuple[int, ...]]:
    return chain.from_iterable(combinations(range(size), part) for part in range(1, size))


def _of_last(flags: SimplicialComplex, values: Tensor, place: list[Tensor]) -> list[Tensor]:
    """The value of the face at the end of each flag."""
    of_vertex = values.new_empty(len(values))
    of_vertex[torch.cat(place)] = values
    result = [of_vertex]
    for k in range(1, flags.dim + 1):
        result.append(result[-1][flags.facets(k)[:, 0]])
    return result


def _labels(K: SimplicialComplex, place: list[Tensor]) -> list[Hashable]:
    names: Any = K.vertex_labels
    labels: list[Hashable] = [None] * sum(K.f_vector)
    for k, ids in enumerate(place):
        for i, simplex in zip(ids.tolist(), K.simplices(k).tolist(), strict=True):
            labels[i] = tuple(names[v] for v in simplex) if k else names[simplex[0]]
    return labels
