"""Subcomplexes that vertices, simplices or components cut out, and the simplices that span all."""

from typing import Any

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, on_free_threads, require_complex
from simplex.operators._constructions.arguments import vertex_mask
from simplex.operators._constructions.stars import star, subcomplex
from simplex.operators._homology import connected_components


@on_free_threads()
def maximal_simplices(K: SimplicialComplex) -> list[Tensor]:
    """The simplices that are faces of no other, which determine the complex.

    Args:
        K: the complex.

    Returns:
        For each k in 0 … dim the vertex tuples of the maximal k-simplices, (m_k, k+1) int64, in
        lexicographic order. ``K.index`` of a table gives their ids.

    Raises:
        TypeError: ``K`` is no complex.

    Laws:
        ``SimplicialComplex.from_simplices(maximal_simplices(K), n_0)`` has the simplices of K.

    Cost:
        O(incidences).

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)], num_vertices=5)
        >>> [rows.tolist() for rows in maximal_simplices(K)]
        [[[4]], [[2, 3]], [[0, 1, 2]]]
    """
    require_complex("K", K)
    return [K.simplices(k)[mask] for k, mask in enumerate(maximal_masks(K))]


def maximal_masks(K: SimplicialComplex) -> list[Tensor]:
    """Which k-simplices have no cofacet, (n_k,) bools for each k."""
    masks = [torch.ones(n, dtype=torch.bool, device=K.device) for n in K.f_vector]
    for k in range(1, K.dim + 1):
        masks[k - 1][K.facets(k).flatten()] = False
    return masks


@on_free_threads()
def induced_subcomplex(K: SimplicialComplex, vertices: Any) -> SimplicialComplex:
    """The simplices all of whose vertices are given: the full subcomplex on them.

    Args:
        K: the complex.
        vertices: ids or names, as a list, a set or a tensor; or (n_0,) bools.

    Returns:
        The complex, with vertices renumbered in their order; ``vertex_labels`` has the labels that
        they had, or where there were none their ids. Orientation, filtration and parts ride along.
        For ids of the simplices: ``restrict(K, masks).ids`` of ``simplex.complexes``.

    Raises:
        TypeError: ``K`` is no complex, or vertices that are none.
        ValueError: a vertex that is not in the complex.

    Cost:
        O(incidences).

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> induced_subcomplex(K, [1, 2, 3]).f_vector
        (3, 2)
    """
    masks = [vertex_mask(K, vertices)][: K.dim + 1]
    for k in range(1, K.dim + 1):
        masks.append(masks[k - 1][K.facets(k)].all(1))
    return subcomplex(K, masks)


@on_free_threads()
def deleted_subcomplex(K: SimplicialComplex, simplices: Any) -> SimplicialComplex:
    """The simplices that contain none of the given ones: the complex without their open star.

    Args:
        K: the complex.
        simplices: as for :func:`star`.

    Returns:
        The complex, with labels and what rides along as for :func:`induced_subcomplex`.

    Raises:
        TypeError, ValueError: as for :func:`star`.

    Laws:
        Deleting vertices is inducing on the others.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> deleted_subcomplex(K, (0, 1)).f_vector
        (4, 3)
    """
    return subcomplex(K, [~mask for mask in star(K, simplices)])


@on_free_threads()
def largest_component(K: SimplicialComplex) -> SimplicialComplex:
    """The connected component with the most vertices; of equal ones the one of the least vertex.

    Args:
        K: the complex. Of a union the largest component of each part is kept, and the parts with
            it.

    Returns:
        The complex, with labels and what rides along as for :func:`induced_subcomplex`.

    Raises:
        TypeError: ``K`` is no complex.

    Cost:
        O(n_0 + n_1) a round of :func:`connected_components`, and O(incidences).

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (2, 3), (3, 4)])
        >>> largest_component(K).vertex_labels
        (2, 3, 4)
    """
    component = connected_components(K)
    size = component.bincount()
    part = torch.zeros_like(size)
    part[component] = K.part(0)
    # By part, then the largest, then the first: components are numbered by their least vertices.
    order = size.argsort(stable=True, descending=True)
    order = order[part[order].argsort(stable=True)]
    first = torch.ones_like(order, dtype=torch.bool)
    first[1:] = part[order][1:] != part[order][:-1]
    kept = torch.zeros_like(first)
    kept[order[first]] = True
    return induced_subcomplex(K, kept[component])
