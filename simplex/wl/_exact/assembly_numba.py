"""Pieces put together: a canonical order of the whole, its automorphisms, and what counts them.

Pieces of one piece are sorted by hashes, and by their graphs where hashes agree. Equal ones can be
exchanged: of m of them come m! automorphisms, by two generators, and those of one piece give those
of the others.
"""

from collections import namedtuple

import numpy as np
from numba import uint64
from numba.extending import register_jitable

from simplex.complexes import FLAG, INT64S, compiled
from simplex.wl._exact.partition_numba import (
    CELL,
    NODE,
    SIZE,
    mixed,
    partition_of,
    push_all,
    refine,
)
from simplex.wl._exact.pieces_numba import cut
from simplex.wl._exact.search_numba import DONE, grown, search


@compiled(f"({INT64S}, {INT64S}, {INT64S})")
def stabilized(pointer, column, color):  # type: ignore[no-untyped-def]
    """Refine colours until they are stable.

    Returns:
        The nodes by colour, the new colours, and a hash that is equal for isomorphic graphs.
    """
    n = len(color)
    P = partition_of(np.argsort(color, kind="mergesort"), color)
    words, nowhere = np.zeros(2 * n + 2, np.int64), np.zeros(2, np.int64)
    push_all(P)
    state = np.array([0, 1])
    stop = refine(pointer, column, P, words, 0, words, nowhere, words, nowhere, state)
    total, start = uint64(n), 0
    for i in range(stop):
        total = mixed(total, words[i])
    while start < n:
        total = mixed(total, mixed(P[SIZE, start], color[P[NODE, start]]))
        start += P[SIZE, start]
    return P[NODE, :n].copy(), P[CELL, :n].copy(), np.int64(total)


@register_jitable
def _differs(pointer, column, degree, node, place, color, one, other, size, mark):  # type: ignore[no-untyped-def]
    """Which of two pieces with canonical orders comes first: -1, 1, or 0 where they are equal."""
    for i in range(size):
        v, w = node[one + i], node[other + i]
        if color[v] != color[w]:
            return -1 if color[v] < color[w] else 1
        if degree[v] != degree[w]:
            return -1 if degree[v] < degree[w] else 1
        for e in range(pointer[w], pointer[w] + degree[w]):
            mark[place[column[e]] - other] = 1
        ours = theirs = size
        for e in range(pointer[v], pointer[v] + degree[v]):
            at = place[column[e]] - one
            if mark[at] == 1:
                mark[at] = 0
            else:
                ours = min(ours, at)
        for e in range(pointer[w], pointer[w] + degree[w]):
            at = place[column[e]] - other
            if mark[at] == 1:
                theirs = min(theirs, at)
            mark[at] = -1
        if ours != theirs:
            return -1 if ours < theirs else 1
    return 0


@register_jitable
def _hash_of(pointer, column, degree, node, place, color, start, stop):  # type: ignore[no-untyped-def]
    """A hash of a piece in its canonical order."""
    total = uint64(stop - start)
    for i in range(start, stop):
        v, around = node[i], uint64(0)
        for e in range(pointer[v], pointer[v] + degree[v]):
            around += mixed(7, place[column[e]] - start)
        total = mixed(total, mixed(color[v], around))
    return total


Lists = namedtuple("Lists", ["ends", "points", "images"])
"""Generators: where each ends, and what it moves where to."""


@register_jitable
def _core(pointer, column, degree, node, place, color, start, stop, canonical, budget, ended):  # type: ignore[no-untyped-def]
    """Search a piece that holds together, and put its nodes into the order found."""
    size = stop - start
    inner, edges = np.zeros(size + 1, np.int64), 0
    for i in range(size):
        edges += degree[node[start + i]]
        inner[i + 1] = edges
    around, colors = np.empty(edges, np.int64), np.empty(size, np.int64)
    names = node[start:stop].copy()
    for i in range(size):
        v = names[i]
        colors[i] = color[v]
        for e in range(degree[v]):
            around[inner[i] + e] = place[column[pointer[v] + e]] - start
    status, steps, order, orbits, ends, points, images = search(
        inner, around, np.arange(size), colors, canonical, budget, ended
    )
    for i in range(size):
        node[start + i] = names[order[i]]
        place[node[start + i]] = start + i
    for i in range(ends[-1]):
        points[i], images[i] = names[points[i]], names[images[i]]
    return status, steps, orbits, ends, points, images


@register_jitable
def _sort_pieces(pointer, column, degree, node, place, color, starts, stops, hashes, order, mark):  # type: ignore[no-untyped-def]
    """Bring the pieces of an order into the canonical one; whether each equals the one before."""
    count = len(order)
    order[:] = order[np.argsort(hashes[order], kind="mergesort")]
    alike = np.zeros(count, np.bool_)
    again = True
    while again:
        again = False
        for i in range(1, count):
            a, b = order[i - 1], order[i]
            alike[i] = False
            if hashes[a] != hashes[b]:
                continue
            size = stops[a] - starts[a]
            sign = size - (stops[b] - starts[b])
            if sign == 0:
                sign = _differs(
                    pointer, column, degree, node, place, color, starts[a], starts[b], size, mark
                )
            alike[i] = sign == 0
            if sign > 0:  # as good as never: two graphs with one hash
                order[i - 1], order[i] = b, a
                again = True
    return alike


@register_jitable
def _generators(  # type: ignore[no-untyped-def]
    node,
    starts,
    stops,
    above,
    shift,
    alike,
    ordered,
    first_child,
    children,
    first_end,
    last_end,
    lists,
):
    """Those of one piece of each kind, and an exchange and a rotation of equal ones."""
    pieces = len(starts)
    at, active = np.zeros(pieces, np.int64), np.ones(pieces, np.bool_)
    copy = np.zeros(pieces, np.bool_)
    for i in range(1, pieces):
        copy[ordered[i]] = alike[i]
    ends, points, images = np.zeros(16, np.int64), np.empty(16, np.int64), np.empty(16, np.int64)
    num_ends, used = 1, 0
    for p in range(pieces):
        if p > 0:
            at[p] = at[above[p]] + shift[p]
            active[p] = active[above[p]] and not copy[p]
        if not active[p]:
            continue
        for g in range(first_end[p], last_end[p]):
            begin, stop = lists.ends[g - 1], lists.ends[g]
            points, images = grown(points, used + stop - begin), grown(images, used + stop - begin)
            points[used : used + stop - begin] = lists.points[begin:stop]
            images[used : used + stop - begin] = lists.images[begin:stop]
            used += stop - begin
            ends = grown(ends, num_ends + 1)
            ends[num_ends] = used
            num_ends += 1
        first, last = first_child[p], first_child[p] + children[p]
        i = first
        while i < last:
            run = 1
            while i + run < last and alike[i + run]:
                run += 1
            size = stops[ordered[i]] - starts[ordered[i]]
            base = at[p] + shift[ordered[i]]
            for turned in (2, run) if run > 2 else (2, 0):
                if run < 2 or turned == 0:
                    continue
                count = turned * size
                points, images = grown(points, used + count), grown(images, used + count)
                for k in range(count):
                    points[used + k] = node[base + k]
                    images[used + k] = node[base + (k + size) % count]
                used += count
                ends = grown(ends, num_ends + 1)
                ends[num_ends] = used
                num_ends += 1
            i += run
    return ends[:num_ends], points[:used], images[:used]


@compiled(f"({INT64S}, {INT64S}, {INT64S}, {INT64S}, boolean, int64, {FLAG})")
def solve(pointer, column, node, color, canonical, budget, ended):  # type: ignore[no-untyped-def]
    """The canonical order of a graph whose colours are stable, and its automorphisms.

    Args:
        pointer: (n+1,) of the graph.
        column: (E,) of the graph.
        node: (n,) its nodes, by colour.
        color: (n,) the colours.
        canonical: whether the order must be canonical.
        budget: most refinements.
        ended: a flag that ends the search.

    Returns:
        Whether it came to an end; refinements taken; the order; lengths of orbits, and numbers of
        equal pieces, the product of the first and of the factorials of the second of which is the
        number of automorphisms; and generators: where each ends, and what it moves where to.
    """
    n = len(node)
    column, node = column.copy(), node.copy()
    degree = pointer[1:] - pointer[:-1]
    starts, stops, above = cut(pointer, column, degree, node, color)
    place, mark, moved = np.empty(n, np.int64), np.full(n, -1), np.empty(n, np.int64)
    for i in range(n):
        place[node[i]] = i
    pieces = len(starts)
    children = np.zeros(pieces + 1, np.int64)  # how many; they have numbers in a row
    first_child = np.zeros(pieces + 1, np.int64)
    for p in range(pieces - 1, 0, -1):
        children[above[p]] += 1
        first_child[above[p]] = p
    cores = 0
    for p in range(pieces):
        cores += int(children[p] == 0 and stops[p] - starts[p] > 1)
    canonical = canonical or cores > 1
    hashes, shift = np.zeros(pieces, np.uint64), np.zeros(pieces, np.int64)
    alike, ordered = np.zeros(pieces, np.bool_), np.arange(pieces)
    lengths, numbers = np.empty(16, np.int64), np.empty(16, np.int64)
    num_lengths = num_numbers = 0
    core_ends, core_points, core_images = np.zeros(1, np.int64), mark[:0], mark[:0]
    first_end, last_end = np.zeros(pieces, np.int64), np.zeros(pieces, np.int64)
    num_ends, steps, status = 1, 0, DONE
    for p in range(pieces - 1, -1, -1):
        start, stop, first = starts[p], stops[p], first_child[p]
        last = first + children[p]
        if children[p] > 0:
            alike[first:last] = _sort_pieces(
                pointer,
                column,
                degree,
                node,
                place,
                color,
                starts,
                stops,
                hashes,
                ordered[first:last],
                mark,
            )
            at = start
            total = uint64(stop - start)
            run = 1
            for i in range(first, last):
                child = ordered[i]
                size = stops[child] - starts[child]
                moved[at : at + size] = node[starts[child] : stops[child]]
                shift[child] = at - start
                at += size
                total = mixed(total, hashes[child])
                run = run + 1 if alike[i] else 1
                if run > 1 and (i + 1 == last or not alike[i + 1]):
                    numbers = grown(numbers, num_numbers + 1)
                    numbers[num_numbers] = run
                    num_numbers += 1
            for i in range(start, stop):
                node[i] = moved[i]
                place[node[i]] = i
            hashes[p] = total
        elif stop - start <= 1:
            hashes[p] = mixed(1, color[node[start]]) if n > 0 else uint64(0)
        else:
            status, taken, orbits, ends, points, images = _core(
                pointer,
                column,
                degree,
                node,
                place,
                color,
                start,
                stop,
                canonical,
                budget - steps,
                ended,
            )
            steps += taken
            if status != DONE:
                break
            lengths = grown(lengths, num_lengths + len(orbits))
            lengths[num_lengths : num_lengths + len(orbits)] = orbits
            num_lengths += len(orbits)
            base = core_ends[num_ends - 1]
            core_ends = grown(core_ends, num_ends + len(ends))
            core_points = grown(core_points, base + ends[-1])
            core_images = grown(core_images, base + ends[-1])
            core_ends[num_ends : num_ends + len(ends) - 1] = base + ends[1:]
            core_points[base : base + ends[-1]] = points[: ends[-1]]
            core_images[base : base + ends[-1]] = images[: ends[-1]]
            first_end[p], last_end[p] = num_ends, num_ends + len(ends) - 1
            num_ends += len(ends) - 1
            hashes[p] = _hash_of(pointer, column, degree, node, place, color, start, stop)
    lists = Lists(core_ends, core_points, core_images)
    ends, points, images = _generators(
        node,
        starts,
        stops,
        above,
        shift,
        alike,
        ordered,
        first_child,
        children,
        first_end,
        last_end,
        lists,
    )
    return status, steps, node, lengths[:num_lengths], numbers[:num_numbers], ends, points, images
