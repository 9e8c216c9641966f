"""Kernels over the parts of a union."""

import numpy as np

from simplex.complexes import FLAG, INT64S, TABLE, compiled


@compiled(f"void({INT64S}, {INT64S}, {FLAG}, {INT64S})")
def add_classes(colors, pointer, waiting, counts):  # type: ignore[no-untyped-def]
    """Add to the counts how many distinct colours there are in each part that waits."""
    for p in range(len(counts)):
        if not waiting[p]:
            continue
        ordered = np.sort(colors[pointer[p] : pointer[p + 1]])
        for i in range(len(ordered)):
            counts[p] += i == 0 or ordered[i] != ordered[i - 1]


@compiled(f"void({TABLE}, {INT64S}, {INT64S})")
def first_children(facets, parents, out):  # type: ignore[no-untyped-def]
    """out[p] = the first row whose parent, its last facet, is at least parents[p]."""
    for p in range(len(parents)):
        low, high = 0, facets.shape[0]
        while low < high:
            middle = (low + high) >> 1
            if facets[middle, facets.shape[1] - 1] < parents[p]:
                low = middle + 1
            else:
                high = middle
        out[p] = low
