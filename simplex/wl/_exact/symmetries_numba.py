"""Generators of all automorphisms, checked on the graph as it was given, and their orbits."""

import numpy as np
from numba.extending import register_jitable

from simplex.complexes import INT64S, TABLE, compiled
from simplex.wl._exact.search_numba import grown, join, root_of
from simplex.wl._exact.tables import (
    ABOVE,
    ALIKE,
    FIRST_END,
    FIRST_PART,
    HUB,
    LAST_END,
    PARTS,
    SHIFT,
    SORTED,
    START,
    STOP,
)


@compiled(f"({INT64S}, {TABLE}, {INT64S}, {INT64S}, {INT64S})")
def generators(node, pieces, core_ends, core_points, core_images):  # type: ignore[no-untyped-def]
    """Those of one piece of each kind, and for equal ones an exchange and a rotation of all.

    Args:
        node: (n,) the canonical order.
        pieces: the table of the pieces.
        core_ends: where each generator of those that hold together ends.
        core_points: what it moves.
        core_images: where to.

    Returns:
        The numbers of equal pieces, and where each generator ends, what it moves, and where to.
    """
    count = pieces.shape[1]
    at, active = np.zeros(count, np.int64), np.ones(count, np.bool_)
    numbers, num_numbers = np.empty(count, np.int64), 0
    ends, points, images = np.zeros(16, np.int64), np.empty(16, np.int64), np.empty(16, np.int64)
    num_ends, used = 1, 0
    for p in range(count):
        if p > 0:
            at[p] = at[pieces[ABOVE, p]] + pieces[SHIFT, p]
            active[p] = active[pieces[ABOVE, p]] and pieces[ALIKE, p] == 0
        if active[p]:
            for g in range(pieces[FIRST_END, p], pieces[LAST_END, p]):
                begin, length = core_ends[g - 1], core_ends[g] - core_ends[g - 1]
                points, images = grown(points, used + length), grown(images, used + length)
                for k in range(length):
                    points[used + k] = core_points[begin + k]
                    images[used + k] = core_images[begin + k]
                used += length
                ends = grown(ends, num_ends + 1)
                ends[num_ends] = used
                num_ends += 1
        i, last = pieces[FIRST_PART, p], pieces[FIRST_PART, p] + pieces[PARTS, p]
        free = pieces[PARTS, p] > 0 and pieces[HUB, i] < 0  # not bound to the nodes of a hub
        while free and i < last:
            part, run = pieces[SORTED, i], 1
            while i + run < last and pieces[ALIKE, pieces[SORTED, i + run]] == 1:
                run += 1
            i += run
            if run == 1:
                continue
            numbers[num_numbers] = run
            num_numbers += 1
            size = pieces[STOP, part] - pieces[START, part]
            base = at[p] + pieces[SHIFT, part]
            for turned in range(2, run + 1, max(run - 2, 1)):  # 2 and all of them
                if active[p]:
                    length = turned * size
                    points, images = grown(points, used + length), grown(images, used + length)
                    for k in range(length):
                        points[used + k] = node[base + k]
                        images[used + k] = node[base + (k + size) % length]
                    used += length
                    ends = grown(ends, num_ends + 1)
                    ends[num_ends] = used
                    num_ends += 1
    return numbers[:num_numbers], ends[:num_ends], points[:used], images[:used]


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
