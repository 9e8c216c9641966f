"""Closure, star and link of a set of simplices: what lies below, above and around it."""

from typing import Any

from torch import Tensor

from simplex.complexes import SimplicialComplex, on_free_threads, restrict
from simplex.operators._constructions.arguments import marked


@on_free_threads()
def closure(K: SimplicialComplex, simplices: Any) -> list[Tensor]:
    r"""The simplices of a set and all their faces: the smallest subcomplex that holds the set.

    .. math:: \operatorname{Cl} S = \{τ ∈ K : τ ⊆ σ \text{ for some } σ ∈ S\}

    Args:
        K: the complex.
        simplices: as for :func:`star`.

    Returns:
        For each k in 0 … dim (n_k,) bools. ``restrict`` of ``simplex.complexes`` makes a complex
        of them, and says which ids its simplices had.

    Raises:
        TypeError, ValueError: as for :func:`star`.

    Laws:
        Cl Cl S = Cl S.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> [mask.int().tolist() for mask in closure(K, (2, 3))]
        [[0, 0, 1, 1], [0, 0, 0, 1], [0]]
    """
    return _closed(K, marked(K, simplices))


@on_free_threads()
def star(K: SimplicialComplex, simplices: Any) -> list[Tensor]:
    r"""The open star of a set of simplices: all simplices that contain one of them.

    .. math:: \operatorname{St} S = \{τ ∈ K : σ ⊆ τ \text{ for some } σ ∈ S\}

    It is no complex, as faces are missing: :func:`closed_star` is the complex.

    Args:
        K: the complex; of a union all parts are looked at.
        simplices: one simplex, as a vertex or a tuple of vertices; several, as a list of tuples of
            any lengths or an (m, k+1) integer tensor; or masks, as this function returns them.
            Vertices are ids, or names in a labelled complex.

    Returns:
        For each k in 0 … dim (n_k,) bools: which k-simplices are in the star.

    Raises:
        TypeError: ``K`` is no complex, or simplices that are none.
        ValueError: a tuple that is no simplex of the complex; masks of other shapes.

    Cost:
        O(incidences), whatever the number of simplices given.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> [mask.int().tolist() for mask in star(K, (1, 2))]
        [[0, 0, 0, 0], [0, 0, 1, 0], [1]]
    """
    return _opened(K, marked(K, simplices))


@on_free_threads()
def closed_star(K: SimplicialComplex, simplices: Any) -> SimplicialComplex:
    """The closed star: the simplices of the open star and their faces, as a complex.

    Args:
        K: the complex.
        simplices: as for :func:`star`.

    Returns:
        The complex, with vertices renumbered in their order; ``vertex_labels`` has the labels that
        they had, or where there were none their ids. Orientation, filtration and parts ride along.

    Raises:
        TypeError, ValueError: as for :func:`star`.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3), (3, 4)])
        >>> closed_star(K, 3).vertex_labels
        (2, 3, 4)
    """
    return subcomplex(K, _closed(K, _opened(K, marked(K, simplices))))


@on_free_threads()
def link(K: SimplicialComplex, simplices: Any) -> SimplicialComplex:
    r"""The link: what surrounds a set of simplices in its closed star.

    .. math:: \operatorname{Lk} S = \operatorname{Cl} \operatorname{St} S \setminus
              \operatorname{St} \operatorname{Cl} S

    Of one simplex it is {τ : τ ∩ σ = ∅, τ ∪ σ ∈ K}, a sphere inside a manifold.

    Args:
        K: the complex.
        simplices: as for :func:`star`.

    Returns:
        The complex, with labels and what rides along as for :func:`closed_star`.

    Raises:
        TypeError, ValueError: as for :func:`star`.

    Laws:
        The closed star of a simplex σ is the join of σ and its link.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> link(K, 2).vertex_labels, link(K, 2).f_vector
        ((0, 1, 3), (3, 1))
    """
    given = marked(K, simplices)
    around, touching = _closed(K, _opened(K, given)), _opened(K, _closed(K, given))
    return subcomplex(K, [a & ~t for a, t in zip(around, touching, strict=True)])


def subcomplex(K: SimplicialComplex, masks: list[Tensor]) -> SimplicialComplex:
    """The marked simplices as a complex that knows by its labels which vertices it has."""
    part = restrict(K, masks)
    if K.vertex_labels is not None or not part.ids:
        return part.complex
    return part.complex.with_vertex_labels(part.ids[0].tolist())


def _opened(K: SimplicialComplex, masks: list[Tensor]) -> list[Tensor]:
    """All cofaces of the marked simplices: upwards, who has a marked facet is marked."""
    masks = list(masks)
    for k in range(1, K.dim + 1):
        masks[k] = masks[k] | masks[k - 1][K.facets(k)].any(1)
    return masks


def _closed(K: SimplicialComplex, masks: list[Tensor]) -> list[Tensor]:
    """All faces of the marked simplices: downwards, the facets of who is marked are marked."""
    masks = [mask.clone() for mask in masks]
    for k in range(K.dim, 0, -1):
        masks[k - 1][K.facets(k)[masks[k]].flatten()] = True
    return masks
