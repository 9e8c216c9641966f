"""The siblings of a serialised simplex tree, one after the other, compiled."""

import numpy as np

from simplex.complexes import INT64S, compiled


@compiled(f"boolean(int32[::1], {INT64S}, {INT64S}, {INT64S}, {INT64S})")
def unpack(words, vertex, parent, dim, place):  # type: ignore[no-untyped-def]
    """Read siblings, then the children of each; false where the words are no such tree.

    Per simplex: its last vertex, the simplex without that, its dimension, where its value is.
    """
    count, at, top = 0, 0, 1
    stack = np.empty(len(vertex) + 1, np.int64)  # whose children are still to come
    stack[0] = -1
    while top:
        top -= 1
        up = stack[top]
        if at >= len(words) or words[at] < 0 or count + words[at] > len(vertex):
            return False
        size, at = words[at], at + 1
        if at + 3 * size > len(words):
            return False
        for i in range(count, count + size):
            vertex[i], parent[i], place[i] = words[at], up, at + 1
            dim[i] = dim[up] + 1 if up >= 0 else 0
            at += 3
        for i in range(size):
            stack[top + i] = count + size - 1 - i
        top, count = top + size, count + size
    return count == len(vertex) and at == len(words)
