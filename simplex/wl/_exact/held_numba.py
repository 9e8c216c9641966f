"""What holds together is searched: a piece, or the hub of one with what hangs at its nodes."""

import numpy as np
from numba import uint64
from numba.extending import register_jitable

from simplex.wl._exact.middle_numba import graph_of
from simplex.wl._exact.partition_numba import mixed, stabilized
from simplex.wl._exact.search_numba import grown, join, root_of, search
from simplex.wl._exact.tables import (
    ALIKE,
    COLOR,
    DEGREE,
    FIRST_PART,
    HUB,
    JOINED,
    JOINED_FROM,
    NODE,
    PARTS,
    PLACE,
    SORTED,
    START,
    STOP,
)


@register_jitable
def core(pointer, column, T, start, stop, canonical, budget, ended):  # type: ignore[no-untyped-def]
    """Search a piece that holds together, and put its nodes into the order found."""
    size, names = stop - start, T[NODE, start:stop].copy()
    inner, around = graph_of(pointer, column, T, start, stop)
    colors = np.empty(size, np.int64)
    for i in range(size):
        colors[i] = T[COLOR, names[i]]
    status, steps, order, orbits, ends, points, images = search(
        inner, around, colors, canonical, budget, ended
    )
    for i in range(size):
        T[NODE, start + i] = names[order[i]]
        T[PLACE, names[order[i]]] = start + i
    for i in range(ends[-1]):
        points[i], images[i] = names[points[i]], names[images[i]]
    return status, steps, orbits, ends, points, images


@register_jitable
def _hub_graph(column, T, hubs, order, where):  # type: ignore[no-untyped-def]
    """The graph of the nodes of a hub in an order of them."""
    count = len(hubs)
    inner = np.zeros(count + 1, np.int64)
    for i in range(count):
        where[hubs[order[i]]] = i
        inner[i + 1] = inner[i] + T[JOINED, hubs[order[i]]]
    around = np.empty(inner[count], np.int64)
    for i in range(count):
        shift = T[JOINED_FROM, hubs[order[i]]] - inner[i]
        for e in range(inner[i], inner[i + 1]):
            around[e] = where[column[shift + e]]
    return inner, around


@register_jitable
def hub(pointer, column, T, pieces, hashes, p, where, canonical, budget, ended):  # type: ignore[no-untyped-def]
    """Search the hub of a piece, and put what hangs at its nodes into the order found.

    The parts are sorted. Equal ones make nodes of one colour, and go where their nodes go; of them
    those are alike that an automorphism carries to each other.
    """
    first, count = pieces[FIRST_PART, p], pieces[PARTS, p]
    hubs = pieces[HUB, first : first + count]
    colors, color = np.empty(count, np.int64), -1
    for i in range(count):
        part = pieces[SORTED, first + i]
        color += int(i == 0 or pieces[ALIKE, part] == 0)
        colors[part - first] = color
    inner, around = _hub_graph(column, T, hubs, np.arange(count), where)
    names, colors, _ = stabilized(inner, around, colors)
    inner, around = _hub_graph(column, T, hubs, names, where)
    status, steps, order, orbits, ends, points, images = search(
        inner, around, colors[names], canonical, budget, ended
    )
    parent = np.arange(count)
    for i in range(ends[-1]):
        join(parent, points[i], images[i])
    place = np.empty(count, np.int64)
    for i in range(count):
        part = first + names[order[i]]
        pieces[SORTED, first + i] = part
        pieces[ALIKE, part] = int(root_of(parent, order[i]) != order[i])
        place[order[i]] = i
    for i in range(count):
        total, part = uint64(0), first + names[i]
        for e in range(inner[i], inner[i + 1]):
            total += mixed(7, place[around[e]])
        hashes[part] = np.int64(mixed(hashes[part], total))
        v = hubs[names[i]]
        for e in range(T[JOINED, v]):  # the edges set aside are seen again
            column[pointer[v] + T[DEGREE, v] + e] = column[T[JOINED_FROM, v] + e]
        T[DEGREE, v] += T[JOINED, v]
    all_ends, used = ends.copy(), 0
    all_points, all_images = np.empty(16, np.int64), np.empty(16, np.int64)
    for g in range(len(ends) - 1):
        for i in range(ends[g], ends[g + 1]):
            a, b = first + names[points[i]], first + names[images[i]]
            length = pieces[STOP, a] - pieces[START, a]
            all_points = grown(all_points, used + length)
            all_images = grown(all_images, used + length)
            for j in range(length):
                all_points[used + j] = T[NODE, pieces[START, a] + j]
                all_images[used + j] = T[NODE, pieces[START, b] + j]
            used += length
        all_ends[g + 1] = used
    return status, steps, orbits, all_ends, all_points, all_images
