"""Parts of a disjoint union taken again and again: index arithmetic on its tables."""

from collections.abc import Sequence

import torch
from torch import Tensor

from simplex.complexes._complex import SimplicialComplex
from simplex.complexes._subcomplex import Restriction
from simplex.complexes._threads import on_free_threads


@on_free_threads()
def take_parts(K: SimplicialComplex, parts: Tensor) -> Restriction:
    """The disjoint union of parts of a union, in any order and any number of times.

    Args:
        K: the union.
        parts: (m,) int64 numbers of its parts.

    Returns:
        The complex of m parts, without labels, and the ids in K of its simplices, each as often as
        its part was taken.

    Cost:
        Linear in what comes out.

    Example:
        >>> K = SimplicialComplex.disjoint_union([SimplicialComplex(1), SimplicialComplex(2)])
        >>> copies = take_parts(K, torch.tensor([1, 1, 0]))
        >>> copies.ids[0].tolist(), copies.complex.num_parts
        ([1, 2, 1, 2, 0], 3)
    """
    pointers = [K.part_pointer(k) for k in range(max(K.dim, 0) + 1)]
    starts = [pointer[:-1].index_select(0, parts) for pointer in pointers]
    sizes = [pointer.diff().index_select(0, parts) for pointer in pointers]
    ends = [size.cumsum(0) for size in sizes]
    # What is added to an id of K to have that in the copy, for each copy and dimension.
    shifts = [end - size - start for end, size, start in zip(ends, sizes, starts, strict=True)]
    ids, tables = [], []
    for k, (size, end, shift) in enumerate(zip(sizes, ends, shifts, strict=True)):
        count = int(end[-1]) if len(end) else 0
        copy = torch.repeat_interleave(size, output_size=count)
        own = torch.arange(count, device=K.device) - shift.index_select(0, copy)
        ids.append(own)
        if k:
            rows = K.facets(k).index_select(0, own)
            tables.append(rows + shifts[k - 1].index_select(0, copy)[:, None])
    top = max((k for k, rows in enumerate(ids) if len(rows)), default=-1)

    def taken(values: Sequence[Tensor] | None) -> list[Tensor] | None:
        return None if values is None else [values[k][ids[k]] for k in range(top + 1)]

    complex_ = SimplicialComplex(
        len(ids[0]),
        tables,
        orientation=taken(K._orientation),
        filtration=taken(K.filtration),
        part_pointer=torch.cat([ends[0].new_zeros(1), ends[0]]),
        directed=K.directed,
        device=K.device,
    )
    return Restriction(complex_, ids[: K.dim + 1])
