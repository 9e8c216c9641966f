"""Cliques counted without being listed, from the lists of later neighbors of an oriented graph.

A clique is found at its first vertex, the root, among whose later neighbors the others lie. These
are few, at most as many as the degeneracy, so the graph on them is a small matrix of bits, and the
vertices that extend a clique are a row of bits: those that extend the clique without its last
vertex, and are neighbors of that vertex. The largest cliques are counted by the ones in a row.
"""

import numpy as np

from simplex.complexes import FLAG, INT64S, TABLE, compiled
from simplex.lifting._degeneracy_numba import UINT32S, edge_place


_BITS = "uint64[:,::1]"
_ONE, _ALL = np.uint64(1), np.uint64(2**64 - 1)
_PAIRS, _QUADS = np.uint64(0x5555555555555555), np.uint64(0x3333333333333333)
_BYTES, _SUM = np.uint64(0x0F0F0F0F0F0F0F0F), np.uint64(0x0101010101010101)


@compiled("int64(uint64)")
def _ones(word):  # type: ignore[no-untyped-def]
    """How many bits are set, in the form that compilers know as one instruction."""
    word = word - ((word >> _ONE) & _PAIRS)
    word = (word & _QUADS) + ((word >> np.uint64(2)) & _QUADS)
    return np.int64((((word + (word >> np.uint64(4))) & _BYTES) * _SUM) >> np.uint64(56))


@compiled("int64(uint64)")
def _lowest(word):  # type: ignore[no-untyped-def]
    """The place of the lowest bit that is set."""
    return _ones((word & (~word + _ONE)) - _ONE)


@compiled(f"void(int64, {INT64S}, {UINT32S}, int32[::1], {_BITS})")
def _read_neighborhood(root, pointer, later, place, rows):  # type: ignore[no-untyped-def]
    """The graph on the later neighbors of the root: bit j of row i is the edge from i to j > i.

    ``place`` is -1 for all vertices, before and after.
    """
    start, stop = pointer[root], pointer[root + 1]
    for i in range(stop - start):
        place[later[start + i]] = i
    for i in range(stop - start):
        rows[i] = 0
        u = later[start + i]
        for other in range(pointer[u], pointer[u + 1]):
            j = place[later[other]]
            if j >= 0:
                rows[i, j >> 6] |= _ONE << np.uint64(j & 63)
    for i in range(stop - start):
        place[later[start + i]] = -1


@compiled(f"int64({_BITS}, int64, int64, {_BITS}, int64)")
def _extend(sets, level, j, rows, words):  # type: ignore[no-untyped-def]
    """The next set: the neighbors of j in the set of this level; how many there are."""
    found = 0
    for word in range(j >> 6):
        sets[level + 1, word] = 0
    for word in range(j >> 6, words):
        sets[level + 1, word] = sets[level, word] & rows[j, word]
        found += _ones(sets[level + 1, word])
    return found


@compiled(f"int64({_BITS}, int64, int64)")
def _take(sets, level, words):  # type: ignore[no-untyped-def]
    """Take the first vertex from the set of this level; -1 where there is none."""
    for word in range(words):
        bits = sets[level, word]
        if bits:
            sets[level, word] = bits & (bits - _ONE)
            return (word << 6) + _lowest(bits)
    return -1


@compiled(f"UniTuple(int64, 2)(int64, int64, {INT64S})")
def _roots(first, stop, pointer):  # type: ignore[no-untyped-def]
    """The first and the last root of the edges first … stop-1."""
    return (
        np.searchsorted(pointer, first, "right") - 1,
        np.searchsorted(pointer, stop - 1, "right") - 1,
    )


@compiled(f"int64(int64, int64, {INT64S})")
def _longest(first, last, pointer):  # type: ignore[no-untyped-def]
    """The length of the longest list of these roots."""
    most = 0
    for root in range(first, last + 1):
        most = max(most, pointer[root + 1] - pointer[root])
    return most


@compiled(f"void(int64, int64, int64, {INT64S}, {UINT32S}, {INT64S}, {FLAG})")
def count_from_edges(  # type: ignore[no-untyped-def]
    first, stop, max_dim, pointer, later, counts, ended
):
    """Add to ``counts[k]`` the k-simplices that begin with an edge first … stop-1, k = 2 … max_dim.

    At level l stands the set of the vertices that extend a clique of l vertices, so it counts
    simplices of dimension l. No sum can overflow: a step adds at most 64, so 2⁵⁷ were needed.
    """
    first_root, last_root = _roots(first, stop, pointer)
    longest = _longest(first_root, last_root, pointer)
    rows = np.empty((longest, (longest + 63) >> 6), np.uint64)
    sets = np.empty((max_dim + 1, (longest + 63) >> 6), np.uint64)
    sets[1] = _ALL
    place = np.full(len(pointer) - 1, -1, np.int32)
    for root in range(first_root, last_root + 1):
        start, length = pointer[root], pointer[root + 1] - pointer[root]
        if length < 2 or ended[0]:
            continue
        _read_neighborhood(root, pointer, later, place, rows)
        words = (length + 63) >> 6
        for i in range(max(first - start, 0), min(stop - start, length)):
            counts[2] += _extend(sets, 1, i, rows, words)
            level = min(2, max_dim - 1)
            while level > 1:
                j = _take(sets, level, words)
                if j < 0:
                    if ended[0]:
                        return
                    level -= 1
                    continue
                found = _extend(sets, level, j, rows, words)
                counts[level + 1] += found
                if found > 0 and level + 1 < max_dim:
                    level += 1


_FOUND = f"{UINT32S}, int64, int64, {_BITS}, int64, int64, {INT64S}, {UINT32S}, {TABLE}"


@compiled(f"void(int64, {_FOUND})")
def _credit(  # type: ignore[no-untyped-def]
    k, clique, level, found, sets, words, start, pointer, later, above
):
    """Count the simplices found at a level, the clique and one of the set, at their k-faces."""
    if found == 0:
        return
    for a in range(level):
        if k == 0:
            above[clique[a], level] += found
        else:
            for b in range(a):
                above[edge_place(clique[b], clique[a], pointer, later), level] += found
    for word in range(words):
        bits = sets[level, word]
        while bits:
            one = later[start + (word << 6) + _lowest(bits)]
            if k == 0:
                above[one, level] += 1
            else:
                for a in range(level):
                    above[edge_place(clique[a], one, pointer, later), level] += 1
            bits &= bits - _ONE


@compiled(f"void(int64, int64, int64, int64, {INT64S}, {UINT32S}, {TABLE}, {FLAG})")
def credit_from_edges(  # type: ignore[no-untyped-def]
    first, stop, k, max_dim, pointer, later, above, ended
):
    """Add to ``above[s, l]`` the l-simplices that begin with such an edge and have the face s.

    Faces are vertices (k = 0) or edges (k = 1), l = 2 … max_dim; the walk is that of
    :func:`count_from_edges`.
    """
    first_root, last_root = _roots(first, stop, pointer)
    longest = _longest(first_root, last_root, pointer)
    rows = np.empty((longest, (longest + 63) >> 6), np.uint64)
    sets = np.empty((max_dim + 1, (longest + 63) >> 6), np.uint64)
    sets[1] = _ALL
    place = np.full(len(pointer) - 1, -1, np.int32)
    clique = np.empty(max_dim + 1, np.uint32)
    for root in range(first_root, last_root + 1):
        start, length = pointer[root], pointer[root + 1] - pointer[root]
        if length < 2 or ended[0]:
            continue
        _read_neighborhood(root, pointer, later, place, rows)
        words = (length + 63) >> 6
        clique[0] = root
        for i in range(max(first - start, 0), min(stop - start, length)):
            found = _extend(sets, 1, i, rows, words)
            clique[1] = later[start + i]
            _credit(k, clique, 2, found, sets, words, start, pointer, later, above)
            level = min(2, max_dim - 1)
            while level > 1:
                j = _take(sets, level, words)
                if j < 0:
                    if ended[0]:
                        return
                    level -= 1
                    continue
                found = _extend(sets, level, j, rows, words)
                clique[level] = later[start + j]
                _credit(k, clique, level + 1, found, sets, words, start, pointer, later, above)
                if found > 0 and level + 1 < max_dim:
                    level += 1
