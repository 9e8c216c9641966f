"""Parts of a complex: restrictions, and what may be filled."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from simplex.complexes._arrays import integer_tensor
from simplex.complexes._checks import require_complex, require_int, shown
from simplex.complexes._complex import SimplicialComplex
from simplex.complexes._flag_torch import matches
from simplex.complexes._machine import require_memory
from simplex.complexes._tables import find_children
from simplex.complexes._threads import on_free_threads
from simplex.complexes._validate import require_degree


class Restriction(NamedTuple):
    """A subcomplex and its inclusion.

    Attributes:
        complex: the subcomplex, vertices renumbered in their order.
        ids: for each k in 0 … dim of the larger complex, the (m_k,) ids that its simplices have
            there, increasing.
    """

    complex: SimplicialComplex
    ids: list[Tensor]


def require_masks(name: str, K: SimplicialComplex, masks: Sequence[Tensor]) -> None:
    """Raise unless there is one bool for each simplex, in a tensor for each dimension."""
    given: object = masks
    kinds = isinstance(given, Sequence) and all(
        isinstance(mask, Tensor) and mask.dtype == torch.bool for mask in given
    )
    if not kinds:
        raise TypeError(f"{name} must be a list of tensors of bools, got {shown(given)}.")
    if any(mask.device != K.device for mask in masks):
        raise ValueError(f"{name} must be on the complex's device {K.device}.")
    shapes = [tuple(mask.shape) for mask in masks]
    if shapes != [(n,) for n in K.f_vector]:
        raise ValueError(
            f"{name} must have one bool per simplex, shapes {[(n,) for n in K.f_vector]}, got "
            f"{shapes}."
        )


@on_free_threads()
def restrict(K: SimplicialComplex, present: Sequence[Tensor]) -> Restriction:
    """The subcomplex of the simplices that are marked; orientation, data and parts ride along.

    Args:
        K: the complex.
        present: for each k in 0 … dim the (n_k,) bools; a marked simplex has marked facets.

    Raises:
        TypeError: ``K`` is no complex, or a mask no tensor of bools.
        ValueError: a mask of another shape or device, or a marked simplex without one of its
            facets.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> present = [torch.tensor([False, True, True]), torch.tensor([False, True])]
        >>> restrict(K, present).complex.simplices(1).tolist()
        [[0, 1]]
    """
    require_complex("K", K)
    require_masks("present", K, present)
    ids = [mask.nonzero().squeeze(1) for mask in present]
    places = [mask.cumsum(0) - 1 for mask in present]
    tables = []
    for k in range(1, K.dim + 1):
        rows = K.facets(k)[ids[k]]
        if not bool(present[k - 1][rows].all()):
            raise ValueError(
                f"present must mark every facet of a marked simplex, got a {k}-simplex without "
                "one of its facets."
            )
        tables.append(places[k - 1][rows])
    labels, pointer = K.vertex_labels, None
    vertices = ids[0].tolist() if ids else []  # the empty complex has no dimension at all
    top = max((k for k, kept in enumerate(ids) if len(kept)), default=-1)

    def kept_of(values: Sequence[Tensor] | None) -> list[Tensor] | None:
        return None if values is None else [values[k][ids[k]] for k in range(top + 1)]

    if K.num_parts != 1:
        before = torch.cat([places[0].new_zeros(1), present[0].cumsum(0)])
        pointer = before[K.part_pointer(0)]
    complex_ = SimplicialComplex(
        len(vertices),
        tables,
        orientation=kept_of(K._orientation),
        filtration=kept_of(K.filtration),
        vertex_labels=None if labels is None else [labels[v] for v in vertices],
        part_pointer=pointer,
        directed=K.directed,
        device=K.device,
    )
    return Restriction(complex_, ids)


@on_free_threads()
def fillable_simplices(K: SimplicialComplex, k: int) -> Tensor:
    """The k-simplices, k ≥ 2, that are not in the complex although all their facets are.

    One step of the join that builds flag complexes: a (k-1)-simplex σ is extended by the vertices
    behind it that extend all its facets too, ⋂_{τ ≺ σ} children(τ). Here every list is looked at:
    that two of them decide, which the compiled join relies on, holds in flag complexes only.

    Args:
        K: the complex.
        k: at least 2.

    Returns:
        (m, k+1) int64 facet ids, in the order of the simplices they would be.

    Raises:
        TypeError: ``K`` is no complex, ``k`` no integer.
        ValueError: ``k`` below 2, or too many to fit in memory.

    Cost:
        O(Σ_σ younger siblings of σ · log): the pairs of (k-1)-simplices with a common parent.

    Example:
        >>> fillable_simplices(SimplicialComplex.from_simplices([(0, 1), (0, 2), (1, 2)]), 2)
        tensor([[2, 1, 0]])
    """
    require_complex("K", K)
    k = require_int("k", require_degree(k), 2)
    n, last = K.num_simplices(0), K.simplices(k - 1)[:, -1].contiguous()
    pieces, count = [K.facets(k).new_empty(0, k + 1)], 0
    for piece in matches(K.facets(k - 1), K.children(k - 2), last, n, K.directed):
        pieces.append(piece)
        count += len(piece)
        what = f"the {count} or more {k}-simplices with all their facets"
        require_memory(24 * (k + 3) * count, K.device, what, "Take a sparser complex.")
    rows = torch.cat(pieces)
    present = K.facets(k)[:, -1], K.simplices(k)[:, -1]
    return rows[find_children(*present, n, rows[:, -1], last[rows[:, -2]]) < 0]


@on_free_threads()
def with_simplices(
    K: SimplicialComplex, k: int, facets: Tensor
) -> tuple[SimplicialComplex, Tensor, Tensor]:
    """The complex with further k-simplices, k ≥ 1; what rides along with it is left behind.

    Args:
        K: the complex.
        k: their dimension.
        facets: (m, k+1) facet ids of simplices that are not in the complex, each once.

    Returns:
        The new complex, and the new ids of its old k-simplices and of the further ones.

    Raises:
        TypeError: ``K`` is no complex, ``k`` or the facets are no integers.
        ValueError: ``k`` below 1, facets of another shape or device, or that are not there.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (0, 2), (1, 2)])
        >>> with_simplices(K, 2, fillable_simplices(K, 2))[0].f_vector
        (3, 3, 1)
    """
    require_complex("K", K)
    k = require_int("k", require_degree(k), 1)
    facets = integer_tensor("facets", facets)
    if facets.ndim != 2 or facets.shape[1] != k + 1 or facets.device != K.device:
        raise ValueError(
            f"facets must be of shape (m, {k + 1}) on the complex's device {K.device}, got "
            f"{tuple(facets.shape)} on {facets.device}."
        )
    if len(facets) and not 0 <= int(facets.min()) <= int(facets.max()) < K.num_simplices(k - 1):
        raise ValueError(f"facets must be ids of {k - 1}-simplices, got one out of range.")
    n, old = K.num_simplices(0), K.num_simplices(k)
    rows = torch.cat([K.facets(k), facets])
    last = K.simplices(k - 1)[rows[:, 0], -1]
    order = (rows[:, -1] * n + last).argsort()
    place = torch.empty_like(order)
    place[order] = torch.arange(len(order), device=K.device)
    tables = [K.facets(j) for j in range(1, max(K.dim, k) + 1)]
    tables[k - 1] = rows[order]
    if k < len(tables):
        tables[k] = place[tables[k]]
    pointer = K.part_pointer(0) if K.num_parts != 1 else None
    result = SimplicialComplex(
        n, tables, part_pointer=pointer, directed=K.directed, device=K.device
    )
    return result, place[:old], place[old:]
