"""What kind of space a complex is: pure, a pseudo-manifold, a manifold, a surface."""

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, on_free_threads, require_undirected
from simplex.operators._constructions.links import united_links
from simplex.operators._constructions.stars import closure, subcomplex
from simplex.operators._constructions.subcomplexes import maximal_masks
from simplex.operators._homology import components_of, connected_components


@on_free_threads()
def is_pure(K: SimplicialComplex) -> bool:
    """Whether every simplex is a face of one of the top dimension; the empty complex is.

    Args:
        K: the complex.

    Raises:
        TypeError: ``K`` is no complex.
        ValueError: it is directed.

    Example:
        >>> is_pure(SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)]))
        False
    """
    require_undirected("K", K)
    return not any(bool(mask.any()) for mask in maximal_masks(K)[:-1])


@on_free_threads()
def is_pseudomanifold(K: SimplicialComplex) -> bool:
    """Whether a complex is a pseudo-manifold, perhaps with boundary.

    It is pure; every (d-1)-simplex is in one or two d-simplices, d = dim; and one comes from any
    d-simplex to any other through shared facets. In dimension 0 these are one or two points. It is
    closed where ``boundary_complex(K).dim == -1``.

    Args:
        K: the complex; of a union, whether every part is one, of the same dimension.

    Raises:
        TypeError: ``K`` is no complex.
        ValueError: it is directed.

    Cost:
        O(incidences).

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3, 4)])  # pinched at 2
        >>> is_pseudomanifold(K), is_pseudomanifold(boundary_complex(K))
        (False, False)
    """
    if not is_pure(K) or K.dim < 0:
        return False
    if K.dim == 0:
        return bool((_sizes(K, 0) - 1 <= 1).all() and (_sizes(K, 0) >= 1).all())
    above = _cofacets_of_ridges(K)
    if bool((above > 2).any()):
        return False
    pieces = components_of(K.num_simplices(K.dim), *_across(K))
    parts = len(torch.unique(K.part(K.dim)))
    return int(pieces.max()) + 1 == parts == K.num_parts


@on_free_threads()
def is_manifold(K: SimplicialComplex) -> bool:
    """Whether a complex of dimension 3 or less is a manifold, perhaps with boundary.

    That is, whether it is pure and the link of every vertex is a sphere or a ball: one or two
    points for curves, a path or a cycle for surfaces; for 3-manifolds a connected surface with
    χ = 2, or χ = 1 and a boundary. It need not be connected.

    Args:
        K: the complex, of dimension 3 or less; of a union all parts, of the same dimension.

    Raises:
        TypeError: ``K`` is no complex.
        ValueError: it is directed or of more than three dimensions: whether a link is a sphere is
            not told by such counts from there on.

    Cost:
        O(incidences).

    Example:
        >>> from itertools import combinations
        >>> is_manifold(SimplicialComplex.from_simplices(list(combinations(range(5), 4))))
        True
    """
    require_undirected("K", K)
    if K.dim > 3:
        raise ValueError(
            f"K must have dimension 3 or less, got {K.dim}: spheres of three and more dimensions "
            "are not recognised. is_pseudomanifold takes any dimension."
        )
    return _is_manifold(K)


@on_free_threads()
def is_surface(K: SimplicialComplex) -> bool:
    """Whether a complex is a surface: a manifold of dimension 2, perhaps with boundary.

    Args:
        K: the complex; of a union all parts. It need not be connected.

    Raises:
        TypeError: ``K`` is no complex.
        ValueError: it is directed.

    Example:
        >>> is_surface(SimplicialComplex.from_simplices([(0, 1, 2), (2, 3, 4)]))
        False
    """
    require_undirected("K", K)
    return K.dim == 2 and _is_manifold(K)


@on_free_threads()
def boundary_complex(K: SimplicialComplex) -> SimplicialComplex:
    """The (d-1)-simplices that are in exactly one d-simplex, d = dim, and their faces.

    Args:
        K: the complex.

    Returns:
        The complex, empty for a closed manifold. Vertices are renumbered in their order;
        ``vertex_labels`` has the labels that they had, or where there were none their ids.
        Orientation, filtration and parts ride along.

    Raises:
        TypeError: ``K`` is no complex.
        ValueError: it is directed.

    Laws:
        The boundary of a manifold is a closed manifold.

    Example:
        >>> boundary_complex(SimplicialComplex.from_simplices([(0, 1, 2), (1, 2, 3)])).f_vector
        (4, 4)
    """
    require_undirected("K", K)
    masks = [torch.zeros(n, dtype=torch.bool, device=K.device) for n in K.f_vector]
    if K.dim >= 1:
        masks[K.dim - 1] = _cofacets_of_ridges(K) == 1
    return subcomplex(K, closure(K, masks) if masks else masks)


def require_no_branches(K: SimplicialComplex) -> None:
    """Raise ``ValueError`` where a (d-1)-simplex is in more than two d-simplices."""
    require_undirected("K", K)
    if K.dim < 1:
        return
    above = _cofacets_of_ridges(K)
    if bool((above > 2).any()):
        ridge = int((above > 2).nonzero()[0])
        raise ValueError(
            f"K must have every {K.dim - 1}-simplex in at most two {K.dim}-simplices, got "
            f"{tuple(K.simplices(K.dim - 1)[ridge].tolist())} in {int(above[ridge])}."
        )


def pairs_across(K: SimplicialComplex) -> tuple[Tensor, Tensor]:
    """Where in ``facets(dim).flatten()`` the two places of each (d-1)-simplex that has two are."""
    flat = K.facets(K.dim).flatten()
    order = flat.argsort(stable=True)
    twice = (flat[order][1:] == flat[order][:-1]).nonzero().squeeze(1)
    return order[twice], order[twice + 1]


def _across(K: SimplicialComplex) -> tuple[Tensor, Tensor]:
    left, right = pairs_across(K)
    return left // (K.dim + 1), right // (K.dim + 1)


def _cofacets_of_ridges(K: SimplicialComplex) -> Tensor:
    return K.facets(K.dim).flatten().bincount(minlength=K.num_simplices(K.dim - 1))


def _sizes(K: SimplicialComplex, k: int) -> Tensor:
    """How many k-simplices each part has."""
    return K.part_pointer(k).diff()


def _is_manifold(K: SimplicialComplex) -> bool:
    if K.dim <= 0:
        return K.dim == 0
    if not is_pure(K):
        return False
    if K.dim == 1:  # the link of a vertex is its neighbours: one or two
        return int(_cofacets_of_ridges(K).max()) <= 2
    return _are_spheres_or_balls(united_links(K)[0], K.dim - 1)


def _are_spheres_or_balls(U: SimplicialComplex, d: int) -> bool:
    """Whether every part is a sphere or a ball of dimension d, 1 or 2."""
    if U.dim != d:
        return False
    if not _is_manifold(U) or not bool((_sizes(U, 0) >= 1).all()):
        return False
    if int(connected_components(U).max()) + 1 != U.num_parts:
        return False
    if d == 1:  # connected curves are paths and cycles
        return True
    chi = _sizes(U, 0) - _sizes(U, 1) + _sizes(U, 2)
    rim = (_cofacets_of_ridges(U) == 1).long()
    open_ = torch.zeros_like(chi).index_add_(0, U.part(1), rim) > 0
    return bool((chi == torch.where(open_, 1, 2)).all())
