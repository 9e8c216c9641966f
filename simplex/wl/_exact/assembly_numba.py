"""Pieces put together: a canonical order of the whole, and what counts its automorphisms.

Pieces of one piece are sorted by hashes, and by their graphs where hashes agree. Equal ones can be
exchanged: of m of them come m! automorphisms. What hangs at the nodes of a hub goes where they go.
"""

import numpy as np
from numba import uint64
from numba.extending import register_jitable

from simplex.complexes import FLAG, INT64S, TABLE, compiled
from simplex.wl._exact.held_numba import core, hub
from simplex.wl._exact.partition_numba import mixed
from simplex.wl._exact.search_numba import DONE, grown
from simplex.wl._exact.tables import (
    ALIKE,
    COLOR,
    DEGREE,
    FIRST_END,
    FIRST_PART,
    HUB,
    LAST_END,
    NODE,
    PARTS,
    PLACE,
    SHIFT,
    SORTED,
    START,
    STOP,
    WORD,
)


@register_jitable
def _differs(pointer, column, T, one, other, size, mark):  # type: ignore[no-untyped-def]
    """Which of two pieces with canonical orders comes first: -1, 1, or 0 where they are equal."""
    for i in range(size):
        v, w = T[NODE, one + i], T[NODE, other + i]
        more = T[COLOR, v] - T[COLOR, w]
        if more == 0:
            more = T[DEGREE, v] - T[DEGREE, w]
        if more != 0:
            return more
        for e in range(pointer[w], pointer[w] + T[DEGREE, w]):
            mark[T[PLACE, column[e]] - other] = 1
        ours = theirs = size  # the first neighbours that only one of them has
        for e in range(pointer[v], pointer[v] + T[DEGREE, v]):
            at = T[PLACE, column[e]] - one
            if mark[at] == 1:
                mark[at] = 0
            else:
                ours = min(ours, at)
        for e in range(pointer[w], pointer[w] + T[DEGREE, w]):
            at = T[PLACE, column[e]] - other
            if mark[at] == 1:
                theirs = min(theirs, at)
            mark[at] = -1
        if ours != theirs:
            return ours - theirs
    return 0


@compiled(f"({INT64S}, {INT64S}, {TABLE}, {TABLE}, {INT64S}, int64, int64, {INT64S})")
def sort_pieces(pointer, column, T, pieces, hashes, first, last, mark):  # type: ignore[no-untyped-def]
    """Bring the pieces of a piece into canonical order, and find those that are equal."""
    order, start, stop = pieces[SORTED], pieces[START], pieces[STOP]
    rank = np.argsort(hashes[first:last], kind="mergesort")
    for i in range(first, last):
        order[i] = first + rank[i - first]
    again = True
    while again:
        again = False
        for i in range(first + 1, last):
            a, b = order[i - 1], order[i]
            pieces[ALIKE, b] = 0
            if hashes[a] != hashes[b]:
                continue
            size = stop[a] - start[a]
            sign = size - (stop[b] - start[b])
            if sign == 0:
                sign = _differs(pointer, column, T, start[a], start[b], size, mark)
            pieces[ALIKE, b] = int(sign == 0)
            if sign > 0:  # as good as never: two graphs with one hash
                order[i - 1], order[i] = b, a
                again = True


@register_jitable
def _hash_of(pointer, column, T, start, stop):  # type: ignore[no-untyped-def]
    """A hash of a piece in its canonical order."""
    total = uint64(stop - start)
    for i in range(start, stop):
        v, around = T[NODE, i], uint64(0)
        for e in range(pointer[v], pointer[v] + T[DEGREE, v]):
            around += mixed(7, T[PLACE, column[e]] - start)
        total = mixed(total, mixed(T[COLOR, v], around))
    return total


@register_jitable
def _put_together(T, pieces, hashes, p, moved):  # type: ignore[no-untyped-def]
    """Lay the sorted parts of a piece side by side; a hash of it."""
    start, stop, first = pieces[START, p], pieces[STOP, p], pieces[FIRST_PART, p]
    total, at = uint64(stop - start), start
    for i in range(first, first + pieces[PARTS, p]):
        part = pieces[SORTED, i]
        pieces[SHIFT, part] = at - start
        for j in range(pieces[START, part], pieces[STOP, part]):
            moved[at] = T[NODE, j]
            at += 1
        total = mixed(total, hashes[part])
    for i in range(start, stop):
        T[NODE, i] = moved[i]
        T[PLACE, moved[i]] = i
    return total


@compiled(f"({INT64S}, {INT64S}, {TABLE}, {TABLE}, boolean, int64, {FLAG})")
def solve(pointer, column, T, pieces, canonical, budget, ended):  # type: ignore[no-untyped-def]
    """The canonical order of a graph that is cut into pieces, and automorphisms of these.

    Args:
        pointer: (n+1,) of the graph.
        column: (E,) of the graph.
        T: its table. The nodes come into canonical order.
        pieces: the table of its pieces, which is filled.
        canonical: whether the order must be canonical.
        budget: most refinements.
        ended: a flag that ends the search.

    Returns:
        Whether it came to an end; refinements taken; lengths of orbits, whose product is the number
        of automorphisms that leave the pieces in place; and generators of those of each piece that
        holds together: where each ends, and what it moves where to.
    """
    n, count = T.shape[1], pieces.shape[1]
    searched = np.zeros(count, np.bool_)
    for p in range(count):
        held = pieces[PARTS, p] == 0 and pieces[STOP, p] - pieces[START, p] > 1
        searched[p] = held or (pieces[PARTS, p] > 0 and pieces[HUB, pieces[FIRST_PART, p]] >= 0)
    canonical = canonical or np.sum(searched) > 1  # else equal ones would not be seen
    hashes, mark, moved = np.zeros(count, np.int64), np.full(n, -1), np.empty(n, np.int64)
    lengths, all_ends = np.empty(16, np.int64), np.zeros(16, np.int64)
    all_points, all_images = np.empty(16, np.int64), np.empty(16, np.int64)
    num_lengths, num_ends, steps, status = 0, 1, 0, DONE
    for p in range(count - 1, -1, -1):
        start, stop, first = pieces[START, p], pieces[STOP, p], pieces[FIRST_PART, p]
        parts = pieces[PARTS, p]
        pieces[FIRST_END, p] = pieces[LAST_END, p] = num_ends
        if parts > 0:
            sort_pieces(pointer, column, T, pieces, hashes, first, first + parts, mark)
        if searched[p]:
            left = budget - steps
            if parts > 0:
                found = hub(pointer, column, T, pieces, hashes, p, moved, canonical, left, ended)
            else:
                found = core(pointer, column, T, start, stop, canonical, left, ended)
            status, taken, orbits, ends, points, images = found
            steps += taken
            if status != DONE:
                break
            lengths = grown(lengths, num_lengths + len(orbits))
            for i in range(len(orbits)):
                lengths[num_lengths + i] = orbits[i]
            num_lengths += len(orbits)
            base, used, more = all_ends[num_ends - 1], ends[-1], len(ends) - 1
            all_ends = grown(all_ends, num_ends + more)
            all_points = grown(all_points, base + used)
            all_images = grown(all_images, base + used)
            for i in range(more):
                all_ends[num_ends + i] = base + ends[1 + i]
            for i in range(used):
                all_points[base + i], all_images[base + i] = points[i], images[i]
            num_ends += more
            pieces[LAST_END, p] = num_ends
        if parts > 0:
            total = _put_together(T, pieces, hashes, p, moved)
        elif stop - start == 1:
            total = mixed(1, T[COLOR, T[NODE, start]])
        else:
            total = _hash_of(pointer, column, T, start, stop)
        hashes[p] = np.int64(mixed(total, pieces[WORD, p]))
    return status, steps, lengths[:num_lengths], all_ends[:num_ends], all_points, all_images
