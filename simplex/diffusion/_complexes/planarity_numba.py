"""Which edges may be added to a planar graph one after another: the left-right test, compiled.

U. Brandes, "The left-right planarity test", 2009. Of a depth-first orientation, return edges must
be put on two sides so that none interlace; pairs of intervals of edges that lie on different sides
are kept on a stack. An interval is known by its lowest and its highest edge, -1 where it is empty.
"""

import numpy as np
from numba.extending import register_jitable

from simplex.complexes import TABLE, compiled


_SMALLEST = 9  # edges: K_{3,3} has so many, K_5 ten
_L_LOW, _L_HIGH, _R_LOW, _R_HIGH = 0, 1, 2, 3


@register_jitable
def _swap(pair):  # type: ignore[no-untyped-def]
    """Left for right."""
    for i in range(2):
        pair[i], pair[i + 2] = pair[i + 2], pair[i]


@register_jitable
def _conflicts(high, e, low):  # type: ignore[no-untyped-def]
    """Whether an interval, by its highest edge, ends above the low point of e."""
    return high >= 0 and low[high] > low[e]


@register_jitable
def _without_returns(u, pairs, top, height, head, low, beyond):  # type: ignore[no-untyped-def]
    """Drop from the stack the edges that return to u; how many pairs are left."""
    while top:
        pair = pairs[top - 1]
        least = height[u] + 1
        for i in (_L_LOW, _R_LOW):
            if pair[i] >= 0:
                least = min(least, low[pair[i]])
        if least != height[u]:
            break
        top -= 1
    if top:
        pair = pairs[top - 1]
        for i, other in ((_L_LOW, _R_LOW), (_R_LOW, _L_LOW)):
            while pair[i + 1] >= 0 and head[pair[i + 1]] == u:
                pair[i + 1] = beyond[pair[i + 1]]
            if pair[i + 1] < 0 and pair[i] >= 0:
                beyond[pair[i]] = pair[other]
                pair[i] = -1
    return top


@register_jitable
def _constrained(e, p, pairs, top, bottom, low, lowest, beyond):  # type: ignore[no-untyped-def]
    """Put the return edges of e on one side, those they interlace with on the other; -1 if not."""
    l_low = l_high = r_low = r_high = -1
    while top > bottom:
        top -= 1
        q = pairs[top]
        if q[_L_HIGH] >= 0:
            _swap(q)
        if q[_L_HIGH] >= 0:
            return -1
        if low[q[_R_LOW]] > low[p]:
            if r_high < 0:
                r_high = q[_R_HIGH]
            else:
                beyond[r_low] = q[_R_HIGH]
            r_low = q[_R_LOW]
        else:
            beyond[q[_R_LOW]] = lowest[p]
    while top and (
        _conflicts(pairs[top - 1, _L_HIGH], e, low) or _conflicts(pairs[top - 1, _R_HIGH], e, low)
    ):
        top -= 1
        q = pairs[top]
        if _conflicts(q[_R_HIGH], e, low):
            _swap(q)
        if _conflicts(q[_R_HIGH], e, low):
            return -1
        beyond[r_low] = q[_R_HIGH]
        if q[_R_LOW] >= 0:
            r_low = q[_R_LOW]
        if l_high < 0:
            l_high = q[_L_HIGH]
        else:
            beyond[l_low] = q[_L_HIGH]
        l_low = q[_L_LOW]
    if l_high >= 0 or r_high >= 0:
        pairs[top, _L_LOW], pairs[top, _L_HIGH] = l_low, l_high
        pairs[top, _R_LOW], pairs[top, _R_HIGH] = r_low, r_high
        top += 1
    return top


@register_jitable
def _has_two_sides(n, height, parent, tail, head, low, order):  # type: ignore[no-untyped-def]
    """Whether the return edges can be put on two sides; edges that leave a vertex as ordered."""
    m = len(order)
    begin = np.zeros(n + 1, np.int64)
    for e in range(m):
        begin[tail[e] + 1] += 1
    for v in range(n):
        begin[v + 1] += begin[v]
    leaving, at = np.empty(m, np.int64), begin[:n].copy()
    for e in order:
        leaving[at[tail[e]]] = e
        at[tail[e]] += 1
    at[:] = begin[:n]
    pairs, top = np.full((m + 1, 4), -1, np.int64), 0
    bottom, lowest = np.full(m, -1, np.int64), np.full(m, -1, np.int64)
    beyond = np.full(m + 1, -1, np.int64)  # the next edge of an interval; the last is never read
    stack, size = np.empty(n, np.int64), 1
    stack[0] = 0
    while size:
        v = stack[size - 1]
        p = parent[v]
        if at[v] == begin[v + 1]:
            size -= 1
            if p >= 0:
                top = _without_returns(tail[p], pairs, top, height, head, low, beyond)
                if low[p] < height[tail[p]]:
                    left, right = pairs[top - 1, _L_HIGH], pairs[top - 1, _R_HIGH]
                    higher = left >= 0 and (right < 0 or low[left] > low[right])
                    beyond[p] = left if higher else right
            continue
        e = leaving[at[v]]
        if bottom[e] < 0:
            bottom[e] = top
            if parent[head[e]] == e:
                stack[size] = head[e]
                size += 1
                continue
            lowest[e] = e
            pairs[top] = -1
            pairs[top, _R_LOW] = pairs[top, _R_HIGH] = e
            top += 1
        if low[e] < height[v]:
            if at[v] == begin[v]:
                lowest[p] = lowest[e]
            else:
                top = _constrained(e, p, pairs, top, bottom[e], low, lowest, beyond)
                if top < 0:
                    return False
        at[v] += 1
    return True


@register_jitable
def _finish(e, height, parent, tail, low, second, nesting):  # type: ignore[no-untyped-def]
    """The low points of an edge are known: what they say of the edge below."""
    nesting[e] = 2 * low[e] + int(second[e] < height[tail[e]])
    p = parent[tail[e]]
    if p < 0:
        return
    if low[e] < low[p]:
        second[p], low[p] = min(low[p], second[e]), low[e]
    elif low[e] > low[p]:
        second[p] = min(second[p], low[e])
    else:
        second[p] = min(second[p], second[e])


@register_jitable
def _is_planar(n, m, first, following, target, local, found):  # type: ignore[no-untyped-def]
    """Whether a connected graph is planar: n vertices by their local numbers, m edges."""
    height, parent = np.full(n, -1, np.int64), np.full(n, -1, np.int64)
    tail, head = np.full(m, -1, np.int64), np.empty(m, np.int64)
    low, second = np.empty(m, np.int64), np.empty(m, np.int64)
    nesting = np.empty(m, np.int64)
    ids = np.full(len(target) // 2, -1, np.int64)
    at, stack = np.empty(n, np.int64), np.empty(n, np.int64)
    for x in range(n):
        at[x] = first[found[x]]
    height[0], stack[0], size, edges = 0, 0, 1, 0
    while size:
        v = stack[size - 1]
        half = at[v]
        if half < 0:
            size -= 1
            if parent[v] >= 0:
                _finish(parent[v], height, parent, tail, low, second, nesting)
            continue
        at[v] = following[half]
        if ids[half >> 1] >= 0:
            continue
        w, e = local[target[half]], edges
        ids[half >> 1] = e
        edges += 1
        tail[e], head[e] = v, w
        low[e] = second[e] = height[v]
        if height[w] < 0:
            parent[w], height[w], stack[size] = e, height[v] + 1, w
            size += 1
        else:
            low[e] = height[w]
            _finish(e, height, parent, tail, low, second, nesting)
    return _has_two_sides(n, height, parent, tail, head, low, np.argsort(nesting))


@register_jitable
def _component(start, first, following, target, stamp, when, local, found):  # type: ignore[no-untyped-def]
    """How many vertices are connected with the start, and the sum of their degrees."""
    found[0], local[start], when[start] = start, 0, stamp
    number, seen, degrees = 1, 0, 0
    while seen < number:
        half = first[found[seen]]
        seen += 1
        while half >= 0:
            degrees += 1
            w = target[half]
            if when[w] != stamp:
                when[w], local[w], found[number] = stamp, number, w
                number += 1
            half = following[half]
    return number, degrees


@compiled(f"boolean[::1]({TABLE}, {TABLE}, int64)")
def planar_additions(edges, proposed, count):  # type: ignore[no-untyped-def]
    """Which (m,) of the proposed edges keep the graph planar, each after those before it.

    Args:
        edges: (E, 2), of a planar graph; without those that are not, it is made one.
        proposed: (m, 2), none of them there.
        count: the number of vertices.
    """
    most = len(edges) + len(proposed)
    first = np.full(count, -1, np.int64)  # half-edges of each vertex, as linked lists
    following, target = np.empty(2 * most, np.int64), np.empty(2 * most, np.int64)
    local, when = np.empty(count, np.int64), np.full(count, -1, np.int64)
    found = np.empty(count, np.int64)
    kept = np.zeros(most, np.bool_)
    half = 0
    for i in range(most):
        pair = edges[i] if i < len(edges) else proposed[i - len(edges)]
        u, v = pair[0], pair[1]
        number, degrees = _component(u, first, following, target, i, when, local, found)
        size = degrees // 2 + 1  # with the new edge
        for x, y in ((u, v), (v, u)):
            target[half], following[half] = y, first[x]
            first[x] = half
            half += 1
        kept[i] = when[v] != i or size < _SMALLEST
        if not kept[i] and size <= 3 * number - 6:
            kept[i] = _is_planar(number, size, first, following, target, local, found)
        if not kept[i]:
            for x in (v, u):
                half -= 1
                first[x] = following[half]
    return kept[len(edges) :]
