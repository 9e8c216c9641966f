"""Chordless cycles of bounded length, each once, found from its first vertex: compiled.

A path s = v_0, v_1, …, v_k grows by a neighbor w of its end that is later than s and has no edge to
v_0, …, v_{k-1}. Where w has an edge to s and to no other of them, the path and w are a chordless
cycle; it is met in both directions, and taken where w is later than v_1. A path that is too far
from s to come back in time is given up.

Vertices are called by their ranks, hubs first: the paths from a hub are walked once, and then it is
gone. From a low vertex they would be walked anew for every one of its neighbors.
"""

import numpy as np
from numba.extending import register_jitable

from simplex.complexes import FLAG, INT64S, compiled


_GRAPH = f"int64, int64, int64, {INT64S}, {INT64S}"  # starts, longest cycle, lists of neighbors


@register_jitable
def _see(s, radius, pointer, heads, distance, ball):  # type: ignore[no-untyped-def]
    """Distances from s among the vertices that are not earlier, up to the radius.

    ``distance`` is 0 elsewhere; the vertices seen, s first, are in ``ball``. Returns their number.
    """
    ball[0], seen, first = s, 1, 0
    for step in range(1, radius + 1):
        last = seen
        for place in range(first, last):
            u = ball[place]
            for w in heads[pointer[u] : pointer[u + 1]]:
                if w > s and distance[w] == 0:
                    distance[w] = step
                    ball[seen] = w
                    seen += 1
        first = last
    return seen


@register_jitable
def _mark(u, by, pointer, heads, marks):  # type: ignore[no-untyped-def]
    """Count the neighbors of a vertex of the path up or down."""
    for w in heads[pointer[u] : pointer[u + 1]]:
        marks[w] += by


@register_jitable
def _cycles_from(  # type: ignore[no-untyped-def]
    s, longest, pointer, heads, distance, marks, path, cursor, ended
):
    """Yield the length of each chordless cycle whose first vertex is s; it is in ``path``.

    ``marks`` counts to how many of v_1 … v_{k-1} a vertex has an edge, and is left as it was.
    """
    path[0] = s
    for v in heads[pointer[s] : pointer[s + 1]]:
        if v < s:
            continue
        path[1], cursor[1], k = v, pointer[v], 1
        while k > 0:
            if ended[0]:
                return
            end, place = path[k], cursor[k]
            if place == pointer[end + 1]:
                k -= 1
                if k > 0:
                    _mark(path[k], -1, pointer, heads, marks)
                continue
            cursor[k] = place + 1
            w = heads[place]
            if w <= s or distance[w] == 0 or marks[w] != 0:
                continue
            if distance[w] == 1:
                if k > 1 and w > v:
                    path[k + 1] = w
                    yield k + 2
            elif k + 1 + distance[w] <= longest:
                _mark(end, 1, pointer, heads, marks)
                k += 1
                path[k], cursor[k] = w, pointer[w]


@compiled(f"int64({_GRAPH}, {INT64S}, {INT64S}, int64, {FLAG})")
def count_cycles(  # type: ignore[no-untyped-def]
    first, stop, longest, pointer, heads, cycles, entries, most, ended
):
    """Count the cycles that start at each of the vertices first … stop-1, and their vertices.

    Returns the number of these vertices. Ends early when told to, and tells all others once it
    exceeds ``most``.
    """
    n, total = len(pointer) - 1, 0
    distance, marks, ball = np.zeros(n, np.int64), np.zeros(n, np.int64), np.empty(n, np.int64)
    path, cursor = np.empty(longest, np.int64), np.empty(longest, np.int64)
    for s in range(first, stop):
        seen = _see(s, longest // 2, pointer, heads, distance, ball)
        for length in _cycles_from(
            s, longest, pointer, heads, distance, marks, path, cursor, ended
        ):
            cycles[s] += 1
            entries[s] += length
            total += length
            if total > most:
                ended[0] = True  # for those who count other vertices
        if ended[0]:
            break
        for v in ball[:seen]:
            distance[v] = 0
    return total


@compiled(f"void({_GRAPH}, {INT64S}, {INT64S}, {INT64S}, {INT64S}, {FLAG})")
def fill_cycles(  # type: ignore[no-untyped-def]
    first, stop, longest, pointer, heads, cycles, entries, lengths, vertices, ended
):
    """Write the cycles of each vertex from the places on that ``cycles`` and ``entries`` name."""
    n = len(pointer) - 1
    distance, marks, ball = np.zeros(n, np.int64), np.zeros(n, np.int64), np.empty(n, np.int64)
    path, cursor = np.empty(longest, np.int64), np.empty(longest, np.int64)
    for s in range(first, stop):
        seen = _see(s, longest // 2, pointer, heads, distance, ball)
        cycle, entry = cycles[s], entries[s]
        for length in _cycles_from(
            s, longest, pointer, heads, distance, marks, path, cursor, ended
        ):
            lengths[cycle] = length
            for i in range(length):
                vertices[entry + i] = path[i]
            cycle += 1
            entry += length
        if ended[0]:
            break
        for v in ball[:seen]:
            distance[v] = 0
