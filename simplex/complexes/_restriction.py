"""The subcomplex of the marked simplices, and where they were."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from simplex.complexes._complex import SimplicialComplex


class Restriction(NamedTuple):
    """A subcomplex and its inclusion.

    Attributes:
        complex: the subcomplex, vertices renumbered in their order.
        ids: for each k in 0 … dim of the larger complex, the (m_k,) ids that its simplices have
            there, increasing.
    """

    complex: SimplicialComplex
    ids: list[Tensor]


def restrict(K: SimplicialComplex, present: Sequence[Tensor]) -> Restriction:
    """The subcomplex of the simplices that are marked; orientation, data and parts ride along.

    Args:
        K: the complex.
        present: for each k in 0 … dim the (n_k,) bools; a marked simplex has marked facets.

    Raises:
        ValueError: a mask of another shape, or a marked simplex without one of its facets.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> present = [torch.tensor([False, True, True]), torch.tensor([False, True])]
        >>> restrict(K, present).complex.simplices(1).tolist()
        [[0, 1]]
    """
    shapes = [tuple(mask.shape) for mask in present]
    if shapes != [(n,) for n in K.f_vector]:
        raise ValueError(
            f"present must have one bool per simplex, shapes {[(n,) for n in K.f_vector]}, got "
            f"{shapes}."
        )
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
        device=K.device,
    )
    return Restriction(complex_, ids)
