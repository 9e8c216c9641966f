"""The parts of a disjoint union: where they start, and some of them without the others."""

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex


def part_pointers(K: SimplicialComplex, first: int = 0, stop: int | None = None) -> list[Tensor]:
    """As ``K.part_pointer`` for each k, of some parts, without a table as long as a dimension."""
    from simplex.wl._parts_numba import first_children

    stop = K.num_parts if stop is None else stop
    pointers = [K.part_pointer(0)[first : stop + 1].cpu().contiguous()]
    for k in range(1, K.dim + 1):
        if K.num_parts == 1:
            pointers.append(torch.tensor([0, K.num_simplices(k)]))
            continue
        starts = np.empty(len(pointers[0]), np.int64)
        first_children(K.facets(k).cpu().numpy(), pointers[-1].numpy(), starts)
        pointers.append(torch.from_numpy(starts))
    return pointers


def some_parts(K: SimplicialComplex, first: int, stop: int) -> SimplicialComplex:
    """The parts first … stop-1, bare: no orientation, filtration or labels."""
    pointers = part_pointers(K, first, stop)
    tables = []
    for k in range(1, len(pointers)):
        rows = slice(int(pointers[k][0]), int(pointers[k][-1]))
        tables.append(K.facets(k)[rows].cpu() - int(pointers[k - 1][0]))
    count = int(pointers[0][-1] - pointers[0][0])
    return SimplicialComplex(
        count, tables, part_pointer=pointers[0] - pointers[0][0], directed=K.directed
    )
