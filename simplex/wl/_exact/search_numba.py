"""The search of a graph for a canonical order of its nodes, and for its automorphisms.

A tree of partitions: a node of the chosen cell gets a cell of its own, and what follows is refined.
Where all cells are single there is an order. The first one is a landmark: an order with the same
words that gives the same graph is an automorphism. The best one has the largest words and, among
those, the largest graph; it is canonical. A candidate is left out where automorphisms that leave
the way to it in place carry it to an earlier one (McKay 1981).
"""

import numpy as np
from numba.extending import register_jitable

from simplex.complexes import FLAG, INT64S, compiled
from simplex.wl._exact.partition_numba import (
    BETTER,
    CELL,
    CELLS,
    CUTS,
    DEPTH,
    EQUAL,
    NODE,
    NODES,
    NUMBER,
    OFFSET,
    ORDER,
    PLACE,
    PLACES,
    SIZE,
    WAY,
    WORDS,
    cell_to_split,
    partition_of,
    refine,
    single_out,
    undo,
    way_of,
)


DONE, BEYOND, ENDED = 0, 1, 2
_SCANNED = 1 << 14  # entries of automorphisms looked at for a candidate off the first way


@register_jitable
def root_of(parent, v):  # type: ignore[no-untyped-def]
    """The least member of the class of a node."""
    while parent[v] != v:
        parent[v] = v = parent[parent[v]]
    return v


@register_jitable
def join(parent, v, w):  # type: ignore[no-untyped-def]
    """Put two nodes into one class."""
    v, w = root_of(parent, v), root_of(parent, w)
    if v < w:
        parent[w] = v
    else:
        parent[v] = w


@register_jitable
def grown(values, count):  # type: ignore[no-untyped-def]
    """The array, or a copy with room for so many entries."""
    if count <= len(values):
        return values
    larger = np.empty(max(count, 2 * len(values)), values.dtype)
    for i in range(len(values)):
        larger[i] = values[i]
    return larger


@register_jitable
def _is_automorphism(pointer, column, source, place, target, mark):  # type: ignore[no-untyped-def]
    """Whether the nodes of the one order, replaced by those of the other, give the same graph.

    The positions are those of the first; marks are -1 before and after.
    """
    n, same = len(pointer) - 1, True
    for i in range(n):
        v, w = source[i], target[i]
        if v == w:
            continue
        if pointer[v + 1] - pointer[v] != pointer[w + 1] - pointer[w]:
            return False
        for e in range(pointer[w], pointer[w + 1]):
            mark[column[e]] = w
        for e in range(pointer[v], pointer[v + 1]):
            if mark[target[place[column[e]]]] != w:
                same = False
        for e in range(pointer[w], pointer[w + 1]):
            mark[column[e]] = -1
        if not same:
            return False
    return True


@register_jitable
def _compared(pointer, column, node, place, best, best_place, mark):  # type: ignore[no-untyped-def]
    """1 if the graph is larger in the one order, -1 if in that of the best, 0 if it is the same."""
    n = len(pointer) - 1
    for i in range(n):
        v, w = node[i], best[i]
        more = (pointer[v + 1] - pointer[v]) - (pointer[w + 1] - pointer[w])
        if more != 0:
            return 1 if more > 0 else -1
        for e in range(pointer[w], pointer[w + 1]):
            mark[best_place[column[e]]] = 1
        ours = theirs = n  # the first positions that only one of them has
        for e in range(pointer[v], pointer[v + 1]):
            at = place[column[e]]
            if mark[at] == 1:
                mark[at] = 0
            else:
                ours = min(ours, at)
        for e in range(pointer[w], pointer[w + 1]):
            at = best_place[column[e]]
            if mark[at] == 1:
                theirs = min(theirs, at)
            mark[at] = -1
        if ours != theirs:
            return 1 if ours < theirs else -1
    return 0


@register_jitable
def _next_in_orbits(P, start, last, parent):  # type: ignore[no-untyped-def]
    """The least node of a cell above the last one that is the least of its class; -1 if none."""
    found = -1
    for i in range(start, start + P[SIZE, start]):
        v = P[NODE, i]
        if v > last and (found < 0 or v < found) and root_of(parent, v) == v:
            found = v
    return found


@register_jitable
def _join_by_fixing(P, start, way, level, ends, points, images, parent, mark):  # type: ignore[no-untyped-def]
    """Classes of the cell's nodes under the newest automorphisms that leave the way in place."""
    for i in range(start, start + P[SIZE, start]):
        parent[P[NODE, i]] = P[NODE, i]
    for i in range(level):
        mark[way[i]] = 1
    scanned, g = 0, len(ends) - 2
    while g >= 0 and scanned < _SCANNED:
        fixes, e = True, ends[g]
        while fixes and e < ends[g + 1]:
            fixes = mark[points[e]] < 0
            e += 1
        scanned += e - ends[g]
        if fixes:
            for e in range(ends[g], ends[g + 1]):
                if P[CELL, points[e]] == start:
                    join(parent, points[e], images[e])
        g -= 1
    for i in range(level):
        mark[way[i]] = -1


@register_jitable
def _keep(order, P, here, depth):  # type: ignore[no-untyped-def]
    """Write down the order of a partition into single nodes, and the way to it."""
    n = P[NUMBER, NODES]
    for i in range(n):
        order[ORDER, i], order[PLACES, i] = P[NODE, i], P[PLACE, i]
    for i in range(here[OFFSET, depth]):
        order[WORDS, i] = here[WORDS, i]
    for i in range(depth + 1):
        order[OFFSET, i], order[WAY, i] = here[OFFSET, i], here[WAY, i]
    order[WAY, depth], order[DEPTH, 0] = -1, depth


@register_jitable
def _class_size(P, start, parent, v):  # type: ignore[no-untyped-def]
    """How many nodes of a cell are in the class of one."""
    count, root = 0, root_of(parent, v)
    for i in range(start, start + P[SIZE, start]):
        count += int(root_of(parent, P[NODE, i]) == root)
    return count


@compiled(f"({INT64S}, {INT64S}, {INT64S}, boolean, int64, {FLAG})")
def search(pointer, column, color, canonical, budget, ended):  # type: ignore[no-untyped-def]
    """The best order of a graph whose colours are stable, and its automorphisms.

    Args:
        pointer: (n+1,) of the graph.
        column: (E,) of the graph.
        color: (n,) the colours, in increasing order.
        canonical: whether the best order is wanted, or any.
        budget: most refinements.
        ended: a flag that ends the search.

    Returns:
        Whether it came to an end, the refinements taken, the order, the lengths of the orbits of
        the nodes singled out first, whose product is the number of automorphisms, and generators:
        where each ends, and what it moves where to.
    """
    n = len(color)
    P = partition_of(np.arange(n), color)
    first, best, here = way_of(n), way_of(n), way_of(n)
    target, cuts = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
    equal, better = np.ones(n + 1, np.int64), np.zeros(n + 1, np.int64)
    parent, local, mark = np.arange(n), np.arange(n), np.full(n, -1)
    ends, last = np.zeros(1, np.int64), 0
    points, images = np.empty(n, np.int64), np.empty(n, np.int64)
    state = np.array([0, 1])  # of no way to compare with
    way, status, steps, level = here[WAY], DONE, 0, 0
    while P[NUMBER, CELLS] < n and status == DONE:
        if steps >= budget or ended[0]:
            status = ENDED if ended[0] else BEYOND
        target[level], cuts[level] = cell_to_split(pointer, column, P), P[NUMBER, CUTS]
        way[level] = _next_in_orbits(P, target[level], -1, parent)
        single_out(P, way[level])
        refine(pointer, column, P, here, first, best, level, state)
        steps, level = steps + 1, level + 1
    _keep(first, P, here, level)
    _keep(best, P, here, level)
    orbits = np.ones(level, np.int64)
    level -= 1
    shared = level  # down to here the way is that of the first order
    while level >= 0 and status == DONE:
        undo(P, cuts[level])
        start = target[level]
        if level <= shared:
            v = _next_in_orbits(P, start, way[level], parent)
        else:
            _join_by_fixing(P, start, way, level, ends[: last + 1], points, images, local, mark)
            v = _next_in_orbits(P, start, way[level], local)
        if v < 0:
            if level <= shared:
                orbits[level] = _class_size(P, start, parent, first[WAY, level])
            level -= 1
            shared = min(shared, level)
            continue
        if steps >= budget or ended[0]:
            status = ENDED if ended[0] else BEYOND
        way[level] = v
        single_out(P, v)
        state[EQUAL], state[BETTER] = equal[level], better[level] if canonical else -1
        steps += 1
        if not refine(pointer, column, P, here, first, best, level, state):
            continue
        deep = level + 1
        equal[deep], better[deep] = state[EQUAL], state[BETTER]
        if P[NUMBER, CELLS] < n:
            target[deep], cuts[deep] = cell_to_split(pointer, column, P), P[NUMBER, CUTS]
            way[deep] = -1
            level = deep
            continue
        known, sign = first, 1
        found = (
            state[EQUAL] == 1
            and deep == first[DEPTH, 0]
            and _is_automorphism(pointer, column, first[ORDER], first[PLACES], P[NODE], mark)
        )
        if not found and state[BETTER] >= 0:
            known, sign = best, state[BETTER]
            if sign == 0:
                sign = _compared(
                    pointer, column, P[NODE], P[PLACE], best[ORDER], best[PLACES], mark
                )
            if sign > 0:
                _keep(best, P, here, deep)
                better[: deep + 1] = 0
            found = sign == 0
        if found:
            count = ends[last]
            points, images = grown(points, count + n), grown(images, count + n)
            for i in range(n):
                if known[ORDER, i] != P[NODE, i]:
                    points[count], images[count] = known[ORDER, i], P[NODE, i]
                    join(parent, known[ORDER, i], P[NODE, i])
                    count += 1
            ends, last = grown(ends, last + 2), last + 1
            ends[last] = count
            # What hangs where the ways part is the image of what was seen already.
            level = 0
            while known[WAY, level] == way[level]:
                level += 1
            if root_of(parent, way[shared]) != way[shared]:
                level = min(level, shared)
    return status, steps, best[ORDER, :n].copy(), orbits, ends[: last + 1], points, images
