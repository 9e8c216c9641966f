"""What was found, checked on the graph as it was given; and the orbits of what was found."""

import numpy as np
from numba.extending import register_jitable

from simplex.complexes import INT64S, compiled
from simplex.wl._exact.search_numba import join, root_of


@register_jitable
def _is_edge(pointer, column, v, w):  # type: ignore[no-untyped-def]
    low, high = pointer[v], pointer[v + 1]
    while low < high:
        middle = (low + high) // 2
        if column[middle] < w:
            low = middle + 1
        else:
            high = middle
    return low < pointer[v + 1] and column[low] == w


@compiled(f"boolean({', '.join([INT64S] * 6)})")
def are_automorphisms(pointer, column, color, ends, points, images):  # type: ignore[no-untyped-def]
    """Whether permutations, given by what they move, keep the colours and the edges of a graph."""
    image = np.arange(len(color))
    taken = np.full(len(color), -1)
    for g in range(len(ends) - 1):
        for e in range(ends[g], ends[g + 1]):
            image[points[e]] = images[e]
        for e in range(ends[g], ends[g + 1]):
            v, w = points[e], images[e]
            # A map that keeps what it moves together, and is injective there, is a permutation.
            if image[w] == w or taken[w] == g or color[v] != color[w]:
                return False
            taken[w] = g
            if pointer[v + 1] - pointer[v] != pointer[w + 1] - pointer[w]:
                return False
            for i in range(pointer[v], pointer[v + 1]):
                if not _is_edge(pointer, column, w, image[column[i]]):
                    return False
        for e in range(ends[g], ends[g + 1]):
            image[points[e]] = points[e]
    return True


@compiled(f"{INT64S}(int64, {INT64S}, {INT64S})")
def orbits_of(n, points, images):  # type: ignore[no-untyped-def]
    """The orbit of each of n nodes, numbered by their least members."""
    parent = np.arange(n)
    for e in range(len(points)):
        join(parent, points[e], images[e])
    label, count = np.empty(n, np.int64), 0
    for v in range(n):
        root = root_of(parent, v)
        if root == v:
            label[v] = count
            count += 1
        else:
            label[v] = label[root]
    return label
