"""Coherent orientations, and the genus of a surface."""

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, on_free_threads
from simplex.operators._constructions.arguments import require_one_part
from simplex.operators._constructions.manifolds import (
    boundary_complex,
    is_surface,
    pairs_across,
    require_no_branches,
)
from simplex.operators._homology import (
    components_of,
    connected_components,
    euler_characteristic,
)


@on_free_threads()
def is_orientable(K: SimplicialComplex) -> bool:
    """Whether the top simplices can be oriented so that neighbours agree.

    Two d-simplices agree where they give opposite signs to the facet that they share: the sum of
    all has then no boundary but that of the complex.

    Args:
        K: a complex whose (d-1)-simplices are in at most two d-simplices, d = dim, such as a
            pseudo-manifold; of a union, whether every part can.

    Raises:
        TypeError: ``K`` is no complex.
        ValueError: it is directed, or a (d-1)-simplex is in three d-simplices or more.

    Laws:
        A closed connected pseudo-manifold is orientable where β_d = 1 over the rationals.

    Cost:
        O(incidences): components of the double cover of the dual graph.

    Example:
        >>> strip = [(0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 0), (4, 0, 1)]  # of Möbius
        >>> is_orientable(SimplicialComplex.from_simplices(strip))
        False
    """
    above, below = _sheets(K)
    return not bool((above == below).any())


@on_free_threads()
def orient(K: SimplicialComplex) -> SimplicialComplex:
    """The complex with its top simplices oriented so that neighbours agree.

    The first simplex of each strongly connected piece keeps its orientation.

    Args:
        K: as for :func:`is_orientable`.

    Returns:
        The same complex, reoriented in its top dimension; all else stays. Points, which have one
        orientation, stay as they are.

    Raises:
        TypeError: ``K`` is no complex.
        ValueError: as for :func:`is_orientable`, or it is not orientable.

    Laws:
        The sum over the columns of ``boundary_matrix(orient(K), dim)`` is zero but at the
        (d-1)-simplices of ``boundary_complex(K)``.

    Example:
        >>> sphere = SimplicialComplex.from_simplices([(0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3)])
        >>> orient(sphere).orientation(2).tolist()
        [1, -1, 1, -1]
    """
    above, below = _sheets(K)
    if bool((above == below).any()):
        raise ValueError(
            "K must be orientable, got a complex with a path of simplices along which the "
            "orientation is reversed. is_orientable(K) tells beforehand."
        )
    if K.dim < 1:
        return K
    return K.reorient({K.dim: torch.where(above < below, 1, -1)})


@on_free_threads()
def genus(K: SimplicialComplex) -> int:
    r"""The genus of a connected surface, perhaps with boundary.

    .. math:: g = (2 - χ - b) / 2 \text{ handles if orientable, } \quad
              g = 2 - χ - b \text{ crosscaps if not,}

    with b boundary curves. With :func:`is_orientable` and b it tells the surface.

    Args:
        K: the surface.

    Raises:
        TypeError: ``K`` is no complex.
        ValueError: it is a union, no surface, or not connected.

    Example:
        >>> sphere = SimplicialComplex.from_simplices([(0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3)])
        >>> genus(sphere)
        0
    """
    if not is_surface(K):
        raise ValueError(f"K must be a surface, as is_surface(K) tells, got {K!r}, which is none.")
    require_one_part("K", K)
    pieces = int(connected_components(K).max()) + 1
    if pieces > 1:
        raise ValueError(f"K must be connected, got {pieces} components. Take each by itself.")
    rim = connected_components(boundary_complex(K))
    curves = int(rim.max()) + 1 if len(rim) else 0
    lacking = 2 - euler_characteristic(K) - curves
    return lacking // 2 if is_orientable(K) else lacking


def _sheets(K: SimplicialComplex) -> tuple[Tensor, Tensor]:
    """Components of the double cover, (n_d,) each: of every top simplex as it is, and turned.

    Nodes 2s and 2s+1 are s as it is and s turned; across a facet, what agrees is joined. Components
    are numbered by their first nodes, so that the first simplex of a piece stays as it is.
    """
    require_no_branches(K)
    count = K.num_simplices(max(K.dim, 0))
    if K.dim < 1:
        nodes = torch.arange(2 * count, device=K.device).view(-1, 2)
        return nodes[:, 0], nodes[:, 1]
    left, right = pairs_across(K)
    signs = K.facet_signs(K.dim).flatten()
    turned = (signs[left] == signs[right]).long()  # equal signs: one of the two is to be turned
    s, t = 2 * (left // (K.dim + 1)), 2 * (right // (K.dim + 1))
    head, tail = torch.cat([s, s + 1]), torch.cat([t + turned, t + 1 - turned])
    return tuple(components_of(2 * count, head, tail).view(-1, 2).unbind(1))  # type: ignore[return-value]
