"""The middle of a piece that holds together but falls apart without some node.

Blocks are what no single node cuts; blocks and the nodes that cut form a tree, and a tree has a
middle, which automorphisms keep: a node that cuts, or a block.
"""

import numpy as np
from numba.extending import register_jitable

from simplex.complexes import INT64S, TABLE, compiled
from simplex.wl._exact.partition_numba import stabilized
from simplex.wl._exact.tables import COLOR, DEGREE, JOINED, JOINED_FROM, NODE, PLACE


@register_jitable
def graph_of(pointer, column, T, start, stop):  # type: ignore[no-untyped-def]
    """A piece as a graph of its own, in which nodes are their positions from its start on."""
    size = stop - start
    inner = np.zeros(size + 1, np.int64)
    for i in range(size):
        inner[i + 1] = inner[i] + T[DEGREE, T[NODE, start + i]]
    around = np.empty(inner[size], np.int64)
    for i in range(size):
        shift = pointer[T[NODE, start + i]] - inner[i]
        for e in range(inner[i], inner[i + 1]):
            around[e] = T[PLACE, column[shift + e]] - start
    return inner, around


@register_jitable
def _blocks(pointer, column):  # type: ignore[no-untyped-def]
    """The nodes of each block of a connected graph, and where those of each begin (Tarjan 1972)."""
    n = len(pointer) - 1
    number, low, above = np.full(n, -1), np.zeros(n, np.int64), np.full(n, -1)
    edge, opened = pointer[:n].copy(), np.zeros(n, np.int64)
    members, begin = np.empty(2 * n, np.int64), np.zeros(n + 1, np.int64)
    used, count, num_open, seen, v = 0, 0, 1, 1, 0
    number[0] = 0
    while v >= 0:
        if edge[v] < pointer[v + 1]:
            u = column[edge[v]]
            edge[v] += 1
            if number[u] >= 0:
                low[v] = min(low[v], number[u])
                continue
            above[u], number[u], low[u] = v, seen, seen
            opened[num_open] = u
            seen, num_open, v = seen + 1, num_open + 1, u
            continue
        w = above[v]
        if w >= 0:
            low[w] = min(low[w], low[v])
        if w >= 0 and low[v] >= number[w]:  # without w, what was found since v is cut off
            last = -1
            while last != v:
                num_open -= 1
                last = opened[num_open]
                members[used] = last
                used += 1
            members[used] = w
            used += 1
            count += 1
            begin[count] = used
        v = w
    return members[:used], begin[: count + 1]


@compiled(f"{INT64S}({INT64S}, {INT64S})")
def middle_of(pointer, column):  # type: ignore[no-untyped-def]
    """The nodes in the middle of a connected graph: none where it is one block."""
    members, begin = _blocks(pointer, column)
    count, n = len(begin) - 1, len(pointer) - 1
    if count < 2:
        return members[:0].copy()
    first = np.zeros(n + 2, np.int64)  # of each node, the blocks that it is in
    for v in members:
        first[v + 2] += 1
    for v in range(n):
        first[v + 2] += first[v + 1]
    blocks = np.empty(len(members), np.int64)
    for b in range(count):
        for i in range(begin[b], begin[b + 1]):
            v = members[i]
            blocks[first[v + 1]] = b
            first[v + 1] += 1
    # The tree: blocks, and behind them the nodes. Its ends are taken off, round by round.
    left, line, known, at = np.zeros(count + n, np.int64), np.empty(count + n, np.int64), 0, 0
    for v in range(n):
        if first[v + 1] - first[v] > 1:
            left[count + v] = first[v + 1] - first[v]
            for i in range(first[v], first[v + 1]):
                left[blocks[i]] += 1
    for b in range(count):
        if left[b] == 1:
            line[known] = b
            known += 1
    while at < known:
        x = line[at]
        at += 1
        left[x] = 0
        inside = x < count
        low = begin[x] if inside else first[x - count]
        high = begin[x + 1] if inside else first[x - count + 1]
        for i in range(low, high):
            y = count + members[i] if inside else blocks[i]
            if left[y] > 0:
                left[y] -= 1
                if left[y] == 1:
                    line[known] = y
                    known += 1
    x = line[known - 1]
    if x >= count:
        return np.full(1, x - count)
    return members[begin[x] : begin[x + 1]].copy()


@compiled(f"int64({INT64S}, {INT64S}, {TABLE}, int64, int64, {INT64S})")
def color_middle(pointer, column, T, start, stop, middle):  # type: ignore[no-untyped-def]
    """Set the edges inside the middle of a piece aside, and refine the colours anew.

    Nodes of the middle come first.

    Args:
        pointer: (n+1,) of the graph.
        column: (E,) of the graph.
        T: its table.
        start: of the piece.
        stop: of the piece.
        middle: positions in the piece.

    Returns:
        A hash of what it was and became.
    """
    n, size = T.shape[1], stop - start
    names = T[NODE, start:stop].copy()
    colors = np.empty(size, np.int64)
    for i in range(size):
        colors[i] = T[COLOR, names[i]] + n
    for i in middle:
        colors[i] -= n
    for i in middle:
        v = names[i]
        kept = pointer[v]
        for e in range(pointer[v], pointer[v] + T[DEGREE, v]):
            u = column[e]
            if colors[T[PLACE, u] - start] >= n:
                column[kept], column[e] = u, column[kept]
                kept += 1
        T[JOINED, v], T[JOINED_FROM, v] = pointer[v] + T[DEGREE, v] - kept, kept
        T[DEGREE, v] = kept - pointer[v]
    inner, around = graph_of(pointer, column, T, start, stop)
    order, fresh, word = stabilized(inner, around, colors)
    for i in range(size):
        T[NODE, start + i] = names[order[i]]
        T[PLACE, names[order[i]]] = start + i
        T[COLOR, names[i]] = fresh[i]
    return word
