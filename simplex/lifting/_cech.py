"""Čech complexes: balls around points that have a common point, on all simplices or Delaunay's."""

import math
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, on_free_threads, require_int, restrict
from simplex.lifting._balls import enclosing_radii
from simplex.lifting._delaunay import alpha_complex
from simplex.lifting._points import read_bound, read_points
from simplex.lifting._rips import unit_of, vietoris_rips_complex


@on_free_threads()
def cech_complex(
    points: Any,
    max_radius: float = math.inf,
    max_dim: int = 2,
    *,
    max_simplices: int | None = None,
) -> SimplicialComplex:
    r"""All simplices whose balls of radius ``max_radius`` around the vertices have a common point.

    .. math:: K = \{σ : \bigcap_{v ∈ σ} B_r(v) ≠ ∅\}, \qquad
              f(σ) = \text{radius of the smallest ball around } σ

    It has the homotopy type of the union of the balls (in full dimension). The filtration values f,
    0 on vertices and half the length of an edge, are differentiable in the points. They are the
    very numbers that are compared with r.

    Args:
        points: (n, d) coordinates; tensor, array or lists. Dtypes as for
            :func:`vietoris_rips_complex`.
        max_radius: r, in the unit of the coordinates; the bound itself is included.
        max_dim: top dimension kept.
        max_simplices: most simplices that the Rips complex of length 2r, from which simplices are
            taken, may have; ``None`` for what fits in half of the free memory.

    Returns:
        The complex, on the device of the points.

    Raises:
        TypeError: points that are no numbers.
        ValueError: NaN or infinite coordinates, a negative radius, or a complex larger than
            allowed.

    Laws:
        Rips(√(2(d+1)/d)·r) ⊆ Čech(r) ⊆ Rips(2r) (Jung), Rips with bounds on the edges.

    Cost:
        That of the Rips complex, and a small linear system for each acute simplex.

    Reference:
        Welzl, "Smallest enclosing disks (balls and ellipsoids)", 1991.

    Example:
        >>> K = cech_complex([[0.0, 0.0], [2.0, 0.0], [1.0, 1.75]], max_radius=1.1)
        >>> K.f_vector, cech_complex([[0.0, 0.0], [2.0, 0.0], [1.0, 1.75]], 1.2).f_vector
        ((3, 3), (3, 3, 1))
    """
    require_int("max_dim", max_dim, least=0)
    place = read_points(points)
    radius = read_bound("max_radius", max_radius, place.dtype)
    reach = 2 * radius * (1 + 8 * torch.finfo(place.dtype).eps)  # the radii decide, below
    K = vietoris_rips_complex(place.detach(), reach, max_dim, max_simplices=max_simplices)
    return _within(K, place, radius)


@on_free_threads()
def delaunay_cech_complex(
    points: Any, max_radius: float = math.inf, max_dim: int | None = None
) -> SimplicialComplex:
    r"""The Delaunay simplices, filtered as the Čech complex is, by smallest enclosing balls.

    .. math:: K = \{σ ∈ \operatorname{Del} : f(σ) ≤ r\}, \qquad
              f(σ) = \text{radius of the smallest ball around } σ

    Its persistent homology is that of the Čech and of the alpha complex, on as few simplices as the
    latter. Its values are at most those of :func:`alpha_complex`, and differentiable in the points.

    Args:
        points: (n, d) distinct coordinates.
        max_radius: r, in the unit of the coordinates; the bound itself is included.
        max_dim: top dimension kept; ``None`` for all.

    Returns:
        The complex, on the device of the points; the Delaunay triangulation is GUDHI's.

    Raises:
        TypeError, ValueError: as for :func:`alpha_complex`.

    Cost:
        All Delaunay simplices, whatever the radius, as for :func:`alpha_complex`, and for each a
        linear system of at most d + 1 unknowns; in the plane a tenth more time.

    Paper:
        Bauer, Edelsbrunner, "The Morse theory of Čech and Delaunay complexes", Trans. AMS 2017.

    Example:
        >>> delaunay_cech_complex([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]], max_radius=1.2).f_vector
        (3, 2)
    """
    place = read_points(points)
    radius = read_bound("max_radius", max_radius, place.dtype)
    K = alpha_complex(place.detach(), math.inf, max_dim)
    return _within(K, place, radius)


def _within(K: SimplicialComplex, place: Tensor, radius: float) -> SimplicialComplex:
    """The simplices of at most that radius, filtered by it."""
    unit = unit_of(place.detach())
    radii = [value * unit for value in enclosing_radii(K, place / unit)] if K.dim >= 0 else []
    K = K.with_filtration(radii)
    present = [value.detach() <= radius for value in radii]
    return K if all(bool(mask.all()) for mask in present) else restrict(K, present).complex
