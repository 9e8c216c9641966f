"""A graph with stable colours, cut into the pieces that an automorphism moves as wholes.

Where more than half of the edges between two colours are there, the others are kept in their place:
an automorphism keeps either. What hangs together after that is a piece; in a piece the colours are
smaller, so that it may fall apart again. A piece is a range of positions.

A piece that holds together may have a middle (see there). A node in the middle gets a colour of its
own, and the piece falls apart. Of a block in the middle the edges are set aside: it is the hub of
what hangs at each of its nodes, and these are pieces.
"""

from collections import namedtuple

import numpy as np
from numba.extending import register_jitable

from simplex.complexes import INT64S, TABLE, compiled
from simplex.wl._exact.middle_numba import color_middle, graph_of, middle_of
from simplex.wl._exact.tables import (
    ABOVE,
    COLOR,
    DEGREE,
    FIRST_PART,
    HUB,
    NODE,
    PARTS,
    PIECE_ROWS,
    PLACE,
    START,
    STOP,
    WORD,
)


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
def _thin(pointer, column, T, start, stop, S):  # type: ignore[no-untyped-def]
    """Replace relations between colours of a piece by their complements where these are smaller."""
    for i in range(start, stop):
        c = T[COLOR, T[NODE, i]]
        if S.size[c] == 0:
            S.begin[c] = i
        S.size[c] += 1
    first = start
    while first < stop:
        v = T[NODE, first]  # all nodes of its colour have as many neighbours of each colour
        c, seen, dense = T[COLOR, v], 0, 0
        after = first + S.size[c]
        for e in range(pointer[v], pointer[v] + T[DEGREE, v]):
            d = T[COLOR, column[e]]
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
                _complement(pointer, column, T, T[NODE, i], dense, S)
        for i in range(dense):
            S.tally[S.seen[i]] = 0
        first = after
    for i in range(start, stop):
        S.size[T[COLOR, T[NODE, i]]] = 0


@register_jitable
def _complement(pointer, column, T, v, dense, S):  # type: ignore[no-untyped-def]
    """Replace the neighbours of a node in the first colours seen, which alone have a tally."""
    kept = pointer[v]
    for e in range(pointer[v], pointer[v] + T[DEGREE, v]):
        u = column[e]
        if S.tally[T[COLOR, u]] > 0:
            S.mark[u] = v
        else:
            column[kept] = u
            kept += 1
    for j in range(dense):
        d = S.seen[j]
        for i in range(S.begin[d], S.begin[d] + S.size[d]):
            u = T[NODE, i]
            if S.mark[u] == v:
                S.mark[u] = -1
            elif u != v:
                column[kept] = u
                kept += 1
    T[DEGREE, v] = kept - pointer[v]


@register_jitable
def _fall_apart(pointer, column, T, start, stop, label, stack):  # type: ignore[no-untyped-def]
    """Number the components of a piece, by their first positions; returns how many."""
    count = 0
    for i in range(start, stop):
        label[T[NODE, i]] = -1
    for i in range(start, stop):
        if label[T[NODE, i]] >= 0:
            continue
        label[T[NODE, i]] = count
        stack[0], waiting = T[NODE, i], 1
        while waiting > 0:
            waiting -= 1
            v = stack[waiting]
            for e in range(pointer[v], pointer[v] + T[DEGREE, v]):
                u = column[e]
                if label[u] < 0:
                    label[u] = count
                    stack[waiting] = u
                    waiting += 1
        count += 1
    return count


@compiled(f"{TABLE}({INT64S}, {INT64S}, {TABLE})")
def cut(pointer, column, T):  # type: ignore[no-untyped-def]
    """Cut a graph into pieces, in place; its nodes are sorted by colour, and then by piece.

    Returns:
        The table of the pieces. The first is the whole; those without parts hold together.
    """
    n = T.shape[1]
    pieces = np.zeros((PIECE_ROWS, 2 * n + 1), np.int64)
    zeros, empty = np.zeros((2, n), np.int64), np.empty((4, n + 1), np.int64)
    S = Scratch(zeros[0], zeros[1], empty[0], empty[1], np.full(n, -1))
    label, stack, place = empty[2], empty[3], np.empty(n + 1, np.int64)
    pieces[STOP, 0], pieces[ABOVE, 0], pieces[HUB] = n, -1, -1
    known, piece = 1, 0
    while piece < known:
        start, stop, count, hub = pieces[START, piece], pieces[STOP, piece], 1, 0
        if stop - start > 1:
            _thin(pointer, column, T, start, stop, S)
            count = _fall_apart(pointer, column, T, start, stop, label, stack)
        if stop - start > 2 and count == 1:
            for i in range(start, stop):
                T[PLACE, T[NODE, i]] = i
            inner, around = graph_of(pointer, column, T, start, stop)
            middle = middle_of(inner, around)
            if len(middle) > 0:
                hub = len(middle)
                pieces[WORD, piece] = color_middle(pointer, column, T, start, stop, middle)
                if hub == 1:
                    _thin(pointer, column, T, start, stop, S)
                count = _fall_apart(pointer, column, T, start, stop, label, stack)
        if count > 1:
            pieces[PARTS, piece], pieces[FIRST_PART, piece] = count, known
            place[: count + 1] = 0
            for i in range(start, stop):
                place[label[T[NODE, i]] + 1] += 1
            for c in range(count):
                place[c + 1] += place[c]
                pieces[START, known + c], pieces[STOP, known + c] = (
                    start + place[c],
                    start + place[c + 1],
                )
                pieces[ABOVE, known + c] = piece
                if hub > 1:  # its nodes are the first ones, and each in a part of its own
                    pieces[HUB, known + c] = T[NODE, start + c]
            known += count
            for i in range(start, stop):
                stack[place[label[T[NODE, i]]]] = T[NODE, i]
                place[label[T[NODE, i]]] += 1
            for i in range(start, stop):
                T[NODE, i] = stack[i - start]
        piece += 1
    for i in range(n):
        T[PLACE, T[NODE, i]] = i
    return pieces[:, :known].copy()
