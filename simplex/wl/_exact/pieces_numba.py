"""A graph with stable colours, cut into the pieces that an automorphism moves as wholes.

Where more than half of the edges between two colours are there, the others are kept in their place:
an automorphism keeps either. What hangs together after that is a piece; in a piece the colours are
smaller, so that it may fall apart again. A piece is a range of positions.
"""

from collections import namedtuple

import numpy as np
from numba.extending import register_jitable

from simplex.complexes import INT64S, compiled


Scratch = namedtuple(
    "Scratch",
    [
        "tally",  # (n,) by color, of neighbors; 0 between calls
        "size",  # (n,) by color, of nodes in the piece; 0 between calls
        "begin",  # (n,) by color, the first position
        "seen",  # (n,) colors
        "mark",  # (n,) by node; -1 between calls
    ],
)


@register_jitable
def _thin(pointer, column, degree, node, color, start, stop, S):  # type: ignore[no-untyped-def]
    """Replace relations between colours of a piece by their complements where these are smaller."""
    for i in range(start, stop):
        c = color[node[i]]
        if S.size[c] == 0:
            S.begin[c] = i
        S.size[c] += 1
    first = start
    while first < stop:
        v = node[first]  # all nodes of its colour have as many neighbours of each colour
        c, seen, dense = color[v], 0, 0
        after = first + S.size[c]
        for e in range(pointer[v], pointer[v] + degree[v]):
            d = color[column[e]]
            if S.tally[d] == 0:
                S.seen[seen] = d
                seen += 1
            S.tally[d] += 1
        for i in range(seen):  # the dense ones to the front
            d = S.seen[i]
            if 2 * S.tally[d] > S.size[d] - int(d == c):
                S.seen[i], S.seen[dense] = S.seen[dense], d
                dense += 1
            else:
                S.tally[d] = 0
        if dense > 0:
            for i in range(first, after):
                _complement(pointer, column, degree, node, color, node[i], dense, S)
        for i in range(dense):
            S.tally[S.seen[i]] = 0
        first = after
    for i in range(start, stop):
        S.size[color[node[i]]] = 0


@register_jitable
def _complement(pointer, column, degree, node, color, v, dense, S):  # type: ignore[no-untyped-def]
    """Replace the neighbours of a node in the first colours seen, which alone have a tally."""
    kept = pointer[v]
    for e in range(pointer[v], pointer[v] + degree[v]):
        u = column[e]
        if S.tally[color[u]] > 0:
            S.mark[u] = v
        else:
            column[kept] = u
            kept += 1
    for j in range(dense):
        d = S.seen[j]
        for i in range(S.begin[d], S.begin[d] + S.size[d]):
            u = node[i]
            if S.mark[u] == v:
                S.mark[u] = -1
            elif u != v:
                column[kept] = u
                kept += 1
    degree[v] = kept - pointer[v]


@register_jitable
def _fall_apart(pointer, column, degree, node, start, stop, label, stack):  # type: ignore[no-untyped-def]
    """Number the components of a piece, by their first positions; returns how many."""
    count = 0
    for i in range(start, stop):
        label[node[i]] = -1
    for i in range(start, stop):
        if label[node[i]] >= 0:
            continue
        label[node[i]] = count
        stack[0], waiting = node[i], 1
        while waiting > 0:
            waiting -= 1
            v = stack[waiting]
            for e in range(pointer[v], pointer[v] + degree[v]):
                u = column[e]
                if label[u] < 0:
                    label[u] = count
                    stack[waiting] = u
                    waiting += 1
        count += 1
    return count


@compiled(f"({', '.join([INT64S] * 5)})")
def cut(pointer, column, degree, node, color):  # type: ignore[no-untyped-def]
    """Cut a graph into pieces, in place; the nodes are sorted by colour first, then by piece.

    Returns:
        Of each piece its first position, the one behind its last, and the piece that it is cut
        from (-1 for the whole). Those without pieces of their own hold together.
    """
    n = len(node)
    starts, stops = np.zeros(2 * n + 1, np.int64), np.zeros(2 * n + 1, np.int64)
    above = np.full(2 * n + 1, -1)
    zeros, empty = np.zeros((2, n), np.int64), np.empty((2, n), np.int64)
    S = Scratch(zeros[0], zeros[1], empty[0], empty[1], np.full(n, -1))
    label, stack, place = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n + 1, np.int64)
    stops[0] = n
    pieces, piece = 1, 0
    while piece < pieces:
        start, stop = starts[piece], stops[piece]
        if stop - start > 1:
            _thin(pointer, column, degree, node, color, start, stop, S)
            count = _fall_apart(pointer, column, degree, node, start, stop, label, stack)
            if count > 1:
                place[: count + 1] = 0
                for i in range(start, stop):
                    place[label[node[i]] + 1] += 1
                for c in range(count):
                    place[c + 1] += place[c]
                for c in range(count):
                    starts[pieces + c], stops[pieces + c] = start + place[c], start + place[c + 1]
                    above[pieces + c] = piece
                pieces += count
                for i in range(start, stop):
                    stack[place[label[node[i]]]] = node[i]
                    place[label[node[i]]] += 1
                for i in range(start, stop):
                    node[i] = stack[i - start]
        piece += 1
    return starts[:pieces], stops[:pieces], above[:pieces]
