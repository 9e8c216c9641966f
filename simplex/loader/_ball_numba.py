"""Kernels of balls: growing them, the edges within, and the simplices within."""

import numpy as np
from numba.extending import register_jitable

from simplex.complexes import INT64S, TABLE, compiled


IDS = "int32[::1]"  # vertices of neighbour lists, half as large as int64
_REALS = "float64[::1]"
_LIST_PER_SEARCH = 8  # looking up as many entries costs about as much as one binary search


@compiled(f"int64({INT64S}, int64)")
def _slot(keys, key):  # type: ignore[no-untyped-def]
    """Where a key is in an open hash table, or the empty place (-1) where it would be."""
    mask = len(keys) - 1
    place = ((key * -7046029254386353131) >> 20) & mask
    while keys[place] != -1 and keys[place] != key:
        place = (place + 1) & mask
    return place


@compiled(f"UniTuple({INT64S}, 2)({INT64S}, {INT64S}, int64)")
def _rehashed(keys, values, size):  # type: ignore[no-untyped-def]
    """The table with at least so many places, a power of two."""
    places = 64
    while places < size:
        places *= 2
    new_keys, new_values = np.full(places, -1, np.int64), np.empty(places, np.int64)
    for old in range(len(keys)):
        if keys[old] != -1:
            place = _slot(new_keys, keys[old])
            new_keys[place], new_values[place] = keys[old], values[old]
    return new_keys, new_values


@compiled(f"UniTuple({INT64S}, 2)({INT64S})")
def _numbered(ids):  # type: ignore[no-untyped-def]
    """A hash table from ids to their places in the list."""
    empty = np.empty(0, np.int64)
    keys, values = _rehashed(empty, empty, 2 * len(ids))
    for number in range(len(ids)):
        place = _slot(keys, ids[number])
        keys[place], values[place] = ids[number], number
    return keys, values


@register_jitable
def _longer(values):  # type: ignore[no-untyped-def]
    """An array with the values, and room for as many again."""
    more = np.empty(2 * len(values), values.dtype)
    for place in range(len(values)):
        more[place] = values[place]
    return more


@compiled(f"int64({IDS}, int64, int64, int64)")
def _first_from(neighbor, start, stop, vertex):  # type: ignore[no-untyped-def]
    """The first place of an increasing list whose entry is at least ``vertex``."""
    while start < stop:
        middle = (start + stop) >> 1
        if neighbor[middle] < vertex:
            start = middle + 1
        else:
            stop = middle
    return start


@compiled("float64(int64, int64)")
def _coin(key, vertex):  # type: ignore[no-untyped-def]
    """A number in [0, 1) of each vertex, the same whoever asks: splitmix64 of vertex and key."""
    value = np.uint64(key) + np.uint64(vertex + 1) * np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    value = value ^ (value >> np.uint64(31))
    return np.float64(value >> np.uint64(11)) * 1.1102230246251565e-16  # 2⁻⁵³


@compiled(f"boolean({INT64S}, {IDS}, {INT64S}, {INT64S}, {INT64S}, int64, int64)")
def _decided(pointer, neighbor, keys, places, vertices, earlier, vertex):  # type: ignore[no-untyped-def]
    """Whether a vertex is next to one of the first ``earlier`` ones, which left it out."""
    start, stop = pointer[vertex], pointer[vertex + 1]
    if stop - start <= _LIST_PER_SEARCH * earlier:
        for entry in range(start, stop):
            slot = _slot(keys, neighbor[entry])
            if keys[slot] != -1 and 0 <= places[slot] < earlier:
                return True
        return False
    for number in range(earlier):
        entry = _first_from(neighbor, start, stop, vertices[number])
        if entry < stop and neighbor[entry] == vertices[number]:
            return True
    return False


@compiled(f"Tuple(({INT64S}, {_REALS}))({INT64S}, {IDS}, {INT64S}, {_REALS}, int64)")
def grow(pointer, neighbor, seeds, fanouts, key):  # type: ignore[no-untyped-def]
    """The vertices of a ball, hop by hop, and one over the probability of each to be there.

    A vertex u that was reached in the last hop takes each neighbour with the probability
    fanout / deg(u), at most 1, by the coin of that neighbour, so that several takers take the same.
    What has been left out is not asked again.

    Args:
        pointer: where the list of each vertex starts.
        neighbor: the lists, each increasing.
        seeds: distinct vertices.
        fanouts: one per hop, infinite to take all.
        key: of the coins.
    """
    size, count, used, start = 2 * len(seeds) + 64, 0, 0, 0
    vertices, inverse = np.empty(size, np.int64), np.empty(size, np.float64)
    empty = np.empty(0, np.int64)
    keys, places = _rehashed(empty, empty, 4 * size)
    for vertex in seeds:
        slot = _slot(keys, vertex)
        keys[slot], places[slot] = vertex, count
        vertices[count], inverse[count] = vertex, 1.0
        count += 1
    used = count
    for hop in range(len(fanouts)):
        stop = count
        for number in range(start, stop):
            u = vertices[number]
            degree = pointer[u + 1] - pointer[u]
            share = 1.0 if degree <= fanouts[hop] else fanouts[hop] / degree
            for entry in range(pointer[u], pointer[u + 1]):
                vertex = np.int64(neighbor[entry])
                if share < 1.0 and _coin(key, vertex) >= share:
                    continue
                slot = _slot(keys, vertex)
                if keys[slot] != -1:
                    place = places[slot]
                    if place >= stop:  # found in this hop by another: the likelier of both counts
                        inverse[place] = min(inverse[place], 1.0 / share)
                    continue
                if 2 * used + 2 > len(keys):
                    keys, places = _rehashed(keys, places, 4 * used + 4)
                    slot = _slot(keys, vertex)
                used += 1
                keys[slot] = vertex
                if start > 0 and _decided(pointer, neighbor, keys, places, vertices, start, vertex):
                    places[slot] = -1
                    continue
                if count == len(vertices):
                    vertices, inverse = _longer(vertices), _longer(inverse)
                places[slot], vertices[count], inverse[count] = count, vertex, 1.0 / share
                count += 1
        start = stop
    return vertices[:count].copy(), inverse[:count].copy()


@compiled(f"{TABLE}({INT64S}, {IDS}, {INT64S})")
def edges_within(pointer, neighbor, vertices):  # type: ignore[no-untyped-def]
    """The edges between increasing vertices, as pairs of places: increasing, in order."""
    total = len(vertices)
    keys, places = _numbered(vertices)
    found, count = np.empty((4 * total + 16, 2), np.int64), 0
    for tail in range(total):
        stop = pointer[vertices[tail] + 1]
        entry = _first_from(neighbor, pointer[vertices[tail]], stop, vertices[tail] + 1)
        if count + min(stop - entry, total) > len(found):
            more = np.empty((2 * count + min(stop - entry, total), 2), np.int64)
            for row in range(count):
                more[row, 0], more[row, 1] = found[row, 0], found[row, 1]
            found = more
        if stop - entry <= _LIST_PER_SEARCH * (total - tail):
            for e in range(entry, stop):
                slot = _slot(keys, neighbor[e])
                if keys[slot] != -1:
                    found[count, 0], found[count, 1] = tail, places[slot]
                    count += 1
        else:  # a hub: its list is longer than all that may be found in it
            for head in range(tail + 1, total):
                entry = _first_from(neighbor, entry, stop, vertices[head])
                if entry < stop and neighbor[entry] == vertices[head]:
                    found[count, 0], found[count, 1] = tail, head
                    count += 1
    return found[:count].copy()


@compiled(f"Tuple(({INT64S}, {TABLE}))({INT64S}, {INT64S}, {IDS}, {INT64S})")
def columns_within(pointer, column, target, vertices):  # type: ignore[no-untyped-def]
    """The columns of an edge index between vertices, and (2, m) the places of their ends.

    Args:
        pointer: (n+1,) where the columns from each vertex start.
        column: (E,) their numbers.
        target: (E,) where they lead.
        vertices: distinct ids.
    """
    keys, places = _numbered(vertices)
    most = 0
    for vertex in vertices:
        most += pointer[vertex + 1] - pointer[vertex]
    ids, ends, count = np.empty(most, np.int64), np.empty((2, most), np.int64), 0
    for tail in range(len(vertices)):
        for entry in range(pointer[vertices[tail]], pointer[vertices[tail] + 1]):
            slot = _slot(keys, target[entry])
            if keys[slot] != -1:
                ids[count], ends[0, count], ends[1, count] = column[entry], tail, places[slot]
                count += 1
    return ids[:count].copy(), ends[:, :count].copy()


@compiled(f"int64({TABLE}, int64, int64)")
def first_child(facets, start, parent):  # type: ignore[no-untyped-def]
    """The first row, from ``start`` on, whose last column, the parent, is at least ``parent``."""
    stop, width = len(facets), facets.shape[1]
    while start < stop:
        middle = (start + stop) >> 1
        if facets[middle, width - 1] < parent:
            start = middle + 1
        else:
            stop = middle
    return start


@compiled(f"Tuple(({INT64S}, {TABLE}))({TABLE}, {INT64S})")
def simplices_within(facets, below):  # type: ignore[no-untyped-def]
    """The simplices all of whose facets are among some, and the places of these facets.

    Args:
        facets: (n_k, k+1) ids of facets, ordered by the last column, the parent.
        below: increasing ids of (k-1)-simplices.
    """
    width = facets.shape[1]
    keys, places = _numbered(below)
    ids, rows, count = np.empty(64, np.int64), np.empty((64, width), np.int64), 0
    start = 0
    for number in range(len(below)):
        parent = below[number]
        start = first_child(facets, start, parent)
        while start < len(facets) and facets[start, width - 1] == parent:
            whole = True
            if count == len(ids):
                ids, more = _longer(ids), np.empty((2 * count, width), np.int64)
                for row in range(count):
                    for facet in range(width):
                        more[row, facet] = rows[row, facet]
                rows = more
            for facet in range(width - 1):
                slot = _slot(keys, facets[start, facet])
                if keys[slot] == -1:
                    whole = False
                    break
                rows[count, facet] = places[slot]
            if whole:
                ids[count], rows[count, width - 1] = start, number
                count += 1
            start += 1
    return ids[:count].copy(), rows[:count].copy()


@compiled(f"int64({TABLE}, int64, {INT64S}, {IDS})")
def append_edges(edges, first, cursor, neighbor):  # type: ignore[no-untyped-def]
    """Both ends of edges, in lexicographic order, at the ends of each other's lists.

    Args:
        edges: (m, 2) increasing pairs.
        first: the vertex of the first list.
        cursor: where the next entry of each list goes; of as many lists as there are here.
        neighbor: the lists.
    """
    stop = first + len(cursor)
    for row in range(len(edges)):
        tail, head = edges[row, 0], edges[row, 1]
        if first <= tail < stop:
            neighbor[cursor[tail - first]] = head
            cursor[tail - first] += 1
        if first <= head < stop:
            neighbor[cursor[head - first]] = tail
            cursor[head - first] += 1
    return len(edges)
