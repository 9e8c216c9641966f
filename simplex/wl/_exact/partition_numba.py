"""Ordered partitions of the nodes of a graph: refined where something changed, and undone.

A cell is a range of positions and is known by the first of them. All that is decided here depends
on positions, sizes and numbers of neighbours, never on the names of nodes: so it is the same for
isomorphic graphs.
"""

import numpy as np
from numba import uint64
from numba.extending import register_jitable

from simplex.complexes import INT64S, TABLE, compiled


# A partition is a table. Its rows:
NODE = 0  # at each position
PLACE = 1  # position of each node
CELL = 2  # first position of each node's cell
SIZE = 3  # of the cell that begins at a position
AFTER = 4  # the next cell of more than one node; n stands for the ends of the list
BEFORE = 5
CUT = 6  # the first positions of cells split off, newest last
LEFT = 7  # and of the cells that they were split off from
QUEUE = 8  # a ring of cells to be refined by
QUEUED = 9  # whether a cell is in it
COUNT = 10  # neighbours of each node in the splitter; 0 between steps
REACHED = 11  # nodes of each cell that have any; 0 between steps
TOUCHED = 12  # scratch: cells
FOUND = 13  # scratch: nodes
BUCKET = 14  # numbers of nodes; 0 between sorts
NUMBER = 15  # in columns: of cells, cuts, first and length of the ring, nodes, cells in the list
CELLS, CUTS, FIRST, WAITING, NODES, LISTED = 0, 1, 2, 3, 4, 5

_GRAPH = f"{INT64S}, {INT64S}"  # where the neighbours of each node begin, and they
_ODD, _MIX = uint64(0x9E3779B97F4A7C15), uint64(0xBF58476D1CE4E5B9)
_S29, _S32 = uint64(29), uint64(32)
_FEW = 24  # numbers that are sorted by insertion
_MANY = 64  # cells of which the first is singled out, without a look at how they are joined

# The way to a partition is a table. Its rows: the nodes in order and their positions, where all are
# single; hashes of all that the refinements saw, where those of each level begin, the nodes singled
# out, with -1 behind them; and how many these are.
ORDER, PLACES, WORDS, OFFSET, WAY, DEPTH = 0, 1, 2, 3, 4, 5

EQUAL, BETTER = 0, 1  # how the words of a way compare with those of the first and the best


@register_jitable
def mixed(x, y):  # type: ignore[no-untyped-def]
    """A 64-bit hash of two words."""
    x = (uint64(x) ^ (uint64(y) + _ODD + (uint64(x) << uint64(6)))) * _MIX
    x = (x ^ (x >> _S32)) * _ODD
    return x ^ (x >> _S29)


@register_jitable
def partition_of(node, color):  # type: ignore[no-untyped-def]
    """The partition with the nodes in the given order, cut where the colour changes."""
    n = len(node)
    P = np.zeros((16, max(n + 2, 6)), np.int64)
    P[NUMBER, NODES] = n
    start, last = 0, n
    for i in range(n):
        if i == 0 or color[node[i]] != color[node[i - 1]]:
            start = i
            P[NUMBER, CELLS] += 1
        P[NODE, i] = node[i]
        P[PLACE, node[i]] = i
        P[CELL, node[i]] = start
        P[SIZE, start] += 1
        if P[SIZE, start] == 2:
            P[AFTER, last], P[BEFORE, start] = start, last
            last = start
            P[NUMBER, LISTED] += 1
    P[AFTER, last], P[BEFORE, n] = n, last
    return P


@register_jitable
def _split(P, start, middle):  # type: ignore[no-untyped-def]
    """Make the nodes of a cell from a position on a cell of their own."""
    stop = start + P[SIZE, start]
    P[SIZE, start], P[SIZE, middle] = middle - start, stop - middle
    for i in range(middle, stop):
        P[CELL, P[NODE, i]] = middle
    if stop - middle > 1:
        P[AFTER, middle], P[BEFORE, middle] = P[AFTER, start], start
        P[BEFORE, P[AFTER, start]] = middle
        P[AFTER, start] = middle
        P[NUMBER, LISTED] += 1
    if middle - start == 1:  # it keeps its own neighbours in the list, for the way back
        P[AFTER, P[BEFORE, start]] = P[AFTER, start]
        P[BEFORE, P[AFTER, start]] = P[BEFORE, start]
        P[NUMBER, LISTED] -= 1
    cuts = P[NUMBER, CUTS]
    P[CUT, cuts], P[LEFT, cuts] = middle, start
    P[NUMBER, CUTS] += 1
    P[NUMBER, CELLS] += 1


@register_jitable
def undo(P, cuts):  # type: ignore[no-untyped-def]
    """Go back to the first so many cuts."""
    while P[NUMBER, CUTS] > cuts:
        P[NUMBER, CUTS] -= 1
        P[NUMBER, CELLS] -= 1
        middle, start = P[CUT, P[NUMBER, CUTS]], P[LEFT, P[NUMBER, CUTS]]
        if P[SIZE, start] == 1:
            P[AFTER, P[BEFORE, start]] = start
            P[BEFORE, P[AFTER, start]] = start
            P[NUMBER, LISTED] += 1
        if P[SIZE, middle] > 1:
            P[AFTER, start] = P[AFTER, middle]
            P[BEFORE, P[AFTER, middle]] = start
            P[NUMBER, LISTED] -= 1
        for i in range(middle, middle + P[SIZE, middle]):
            P[CELL, P[NODE, i]] = start
        P[SIZE, start] += P[SIZE, middle]


@register_jitable
def _push(P, start):  # type: ignore[no-untyped-def]
    """Put a cell into the ring, single nodes to the front."""
    n = P[NUMBER, NODES]
    if P[SIZE, start] == 1:
        P[NUMBER, FIRST] = (P[NUMBER, FIRST] - 1) % n
        P[QUEUE, P[NUMBER, FIRST]] = start
    else:
        P[QUEUE, (P[NUMBER, FIRST] + P[NUMBER, WAITING]) % n] = start
    P[NUMBER, WAITING] += 1
    P[QUEUED, start] = 1


@register_jitable
def _pop(P):  # type: ignore[no-untyped-def]
    start = P[QUEUE, P[NUMBER, FIRST]]
    P[NUMBER, FIRST] = (P[NUMBER, FIRST] + 1) % P[NUMBER, NODES]
    P[NUMBER, WAITING] -= 1
    P[QUEUED, start] = 0
    return start


@register_jitable
def push_all(P):  # type: ignore[no-untyped-def]
    """Put every cell into the ring."""
    start = 0
    while start < P[NUMBER, NODES]:
        _push(P, start)
        start += P[SIZE, start]


@register_jitable
def _swap_to(P, node, place):  # type: ignore[no-untyped-def]
    other, here = P[NODE, place], P[PLACE, node]
    P[NODE, place], P[NODE, here] = node, other
    P[PLACE, node], P[PLACE, other] = place, here


@register_jitable
def single_out(P, node):  # type: ignore[no-untyped-def]
    """Give a node a cell of its own, and put it into the ring."""
    start = P[CELL, node]
    last = start + P[SIZE, start] - 1
    _swap_to(P, node, last)
    _split(P, start, last)
    _push(P, last)


@register_jitable
def _push_new(P, start, stop):  # type: ignore[no-untyped-def]
    """Put the fragments of a cell into the ring; the largest can stay out if the cell was not."""
    largest = -1
    if P[QUEUED, start] == 0:
        at = start
        while at < stop:
            if largest < 0 or P[SIZE, at] > P[SIZE, largest]:
                largest = at
            at += P[SIZE, at]
    at = start
    while at < stop:
        if at != largest and P[QUEUED, at] == 0:
            _push(P, at)
        at += P[SIZE, at]


@register_jitable
def _sort(values, stop):  # type: ignore[no-untyped-def]
    """Sort the first values."""
    if stop > _FEW:
        values[:stop].sort()
        return
    for i in range(1, stop):
        value, j = values[i], i
        while j > 0 and values[j - 1] > value:
            values[j] = values[j - 1]
            j -= 1
        values[j] = value


@register_jitable
def _reach(pointer, column, P, splitter):  # type: ignore[no-untyped-def]
    """Count neighbours in the splitter, and move who has any to the end of its cell.

    Returns:
        Of how many cells, and a hash of what single nodes see.
    """
    nodes, cells, seen = 0, 0, uint64(0)
    for i in range(splitter, splitter + P[SIZE, splitter]):
        v = P[NODE, i]
        for e in range(pointer[v], pointer[v + 1]):
            u = column[e]
            if P[COUNT, u] == 0:
                P[FOUND, nodes] = u
                nodes += 1
            P[COUNT, u] += 1
    for i in range(nodes):
        u = P[FOUND, i]
        start = P[CELL, u]
        if P[SIZE, start] == 1:
            seen += mixed(start, P[COUNT, u])
            P[COUNT, u] = 0
            continue
        if P[REACHED, start] == 0:
            P[TOUCHED, cells] = start
            cells += 1
        P[REACHED, start] += 1
        _swap_to(P, u, start + P[SIZE, start] - P[REACHED, start])
    return cells, seen


@register_jitable
def _sort_by_count(P, first, stop, low, high):  # type: ignore[no-untyped-def]
    """Sort the nodes at these positions by their counts, which lie between two numbers."""
    for i in range(first, stop):
        P[BUCKET, P[COUNT, P[NODE, i]] - low + 1] += 1
    for c in range(high - low + 1):
        P[BUCKET, c + 1] += P[BUCKET, c]
    for i in range(first, stop):
        u = P[NODE, i]
        P[FOUND, first + P[BUCKET, P[COUNT, u] - low]] = u
        P[BUCKET, P[COUNT, u] - low] += 1
    for c in range(high - low + 2):
        P[BUCKET, c] = 0
    for i in range(first, stop):
        P[NODE, i] = P[FOUND, i]
        P[PLACE, P[FOUND, i]] = i


@register_jitable
def _split_by_count(P, start, running):  # type: ignore[no-untyped-def]
    """Split a cell by the counts of its nodes, of which those not 0 are at the end."""
    stop = start + P[SIZE, start]
    first = stop - P[REACHED, start]
    P[REACHED, start] = 0
    low = high = P[COUNT, P[NODE, first]]
    for i in range(first + 1, stop):
        low, high = min(low, P[COUNT, P[NODE, i]]), max(high, P[COUNT, P[NODE, i]])
    if low < high:
        _sort_by_count(P, first, stop, low, high)
    i = stop - 1
    while i >= first:  # from the right, so that every node changes its cell once
        value = P[COUNT, P[NODE, i]]
        while i >= first and P[COUNT, P[NODE, i]] == value:
            P[COUNT, P[NODE, i]] = 0
            i -= 1
        running = mixed(running, mixed(mixed(start, i + 1), value))
        if i + 1 > start:
            _split(P, start, i + 1)
    if P[SIZE, start] < stop - start:
        _push_new(P, start, stop)
    return running


@register_jitable
def way_of(n):  # type: ignore[no-untyped-def]
    """A way of no steps, with room for those of n nodes."""
    return np.zeros((6, 2 * n + 3), np.int64)


@compiled(f"boolean({_GRAPH}, {TABLE}, {TABLE}, {TABLE}, {TABLE}, int64, {INT64S})")
def refine(pointer, column, P, here, first, best, level, state):  # type: ignore[no-untyped-def]
    """Split cells by their numbers of neighbours in the cells of the ring, until none splits.

    Each step writes a word, a hash of all that was seen. They are compared on the fly with those of
    two other ways. Where they can neither equal the first nor be as good as the best, it ends.

    Args:
        pointer: (n+1,) of the graph.
        column: (E,) of the graph.
        P: the partition.
        here: the way to it, to which the words are added.
        first: another way, to be equalled.
        best: and one to be surpassed.
        level: nodes singled out so far.
        state: whether all words so far equal those of the first; and how they compare with those of
            the best: -1, 0 or 1. Both are brought up to date.

    Returns:
        Whether the partition is worth a visit.
    """
    running, at = uint64(0), here[OFFSET, level]
    one = one_stop = two = two_stop = 0
    if level < first[DEPTH, 0]:
        one, one_stop = first[OFFSET, level], first[OFFSET, level + 1]
    if level < best[DEPTH, 0]:
        two, two_stop = best[OFFSET, level], best[OFFSET, level + 1]
    while P[NUMBER, WAITING] > 0 and P[NUMBER, CELLS] < P[NUMBER, NODES]:
        splitter = _pop(P)
        cells, seen = _reach(pointer, column, P, splitter)
        running = mixed(mixed(running, splitter), seen)
        _sort(P[TOUCHED], cells)
        for i in range(cells):
            running = _split_by_count(P, P[TOUCHED, i], running)
        word = np.int64(running)
        here[WORDS, at] = word
        if state[EQUAL] == 1 and (one >= one_stop or first[WORDS, one] != word):
            state[EQUAL] = 0
        if state[BETTER] == 0:
            if two >= two_stop or best[WORDS, two] < word:
                state[BETTER] = 1
            elif best[WORDS, two] > word:
                state[BETTER] = -1
        at, one, two = at + 1, one + 1, two + 1
        if state[EQUAL] == 0 and state[BETTER] < 0:
            break
    while P[NUMBER, WAITING] > 0:
        _pop(P)
    if state[EQUAL] == 1 and one != one_stop:
        state[EQUAL] = 0
    if state[BETTER] == 0 and two != two_stop:
        state[BETTER] = -1
    here[OFFSET, level + 1] = at
    return state[EQUAL] == 1 or state[BETTER] >= 0


@compiled(f"int64({_GRAPH}, {TABLE})")
def cell_to_split(pointer, column, P):  # type: ignore[no-untyped-def]
    """The cell joined to most others in part; of these the largest, and then the first.

    Where there are very many cells, the first one.
    """
    n = P[NUMBER, NODES]
    chosen, most = P[AFTER, n], -1
    if P[NUMBER, LISTED] > _MANY:
        return chosen
    start = P[AFTER, n]
    while start < n:
        v, others = P[NODE, start], 0
        for e in range(pointer[v], pointer[v + 1]):
            other = P[CELL, column[e]]
            if P[SIZE, other] > 1:
                if P[REACHED, other] == 0:
                    P[TOUCHED, others] = other
                    others += 1
                P[REACHED, other] += 1
        joined = 0
        for i in range(others):
            other = P[TOUCHED, i]
            if P[REACHED, other] < P[SIZE, other] - int(other == start):
                joined += 1
            P[REACHED, other] = 0
        if joined > most or (joined == most and P[SIZE, start] > P[SIZE, chosen]):
            chosen, most = start, joined
        start = P[AFTER, start]
    return chosen


@compiled(f"({_GRAPH}, {INT64S})")
def stabilized(pointer, column, color):  # type: ignore[no-untyped-def]
    """Refine colours until they are stable.

    Returns:
        The nodes by colour, the new colours, and a hash that is equal for isomorphic graphs.
    """
    n = len(color)
    P, way = partition_of(np.argsort(color, kind="mergesort"), color), way_of(n)
    push_all(P)
    refine(pointer, column, P, way, way, way, 0, np.array([0, 1]))
    total, start = uint64(n), 0
    for i in range(way[OFFSET, 1]):
        total = mixed(total, way[WORDS, i])
    while start < n:
        total = mixed(total, mixed(P[SIZE, start], color[P[NODE, start]]))
        start += P[SIZE, start]
    return P[NODE, :n].copy(), P[CELL, :n].copy(), np.int64(total)
