"""Rank of a coboundary map over a prime field: column reduction with clearing, compiled.

Columns are the coboundaries of the k-simplices, taken from the last simplex to the first; the pivot
of a column is its first (k+1)-simplex. Where the pivot is free nothing is computed and the column
stays what the cofacet table says, which is the usual case: the pair is an apparent one.
"""

import numpy as np
from numba.extending import register_jitable

from simplex.complexes import FLAG, INT64S, compiled


_FLAGS = "boolean[::1]"


@register_jitable
def _push(heap, size, item):  # type: ignore[no-untyped-def]
    """Put an item on the heap of the given size; the new size."""
    place = size
    while place > 0:
        parent = (place - 1) >> 1
        if heap[parent] <= item:
            break
        heap[place] = heap[parent]
        place = parent
    heap[place] = item
    return size + 1


@register_jitable
def _pop(heap, size):  # type: ignore[no-untyped-def]
    """Remove the least item, which is ``heap[0]``; the new size."""
    size -= 1
    item, place = heap[size], 0
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        if child + 1 < size and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= item:
            break
        heap[place] = heap[child]
        place = child
    heap[place] = item
    return size


@register_jitable
def _inverse(value, prime):  # type: ignore[no-untyped-def]
    """The inverse in the field of that many elements: value^(prime-2)."""
    result, exponent = 1, prime - 2
    while exponent > 0:
        if exponent & 1:
            result = result * value % prime
        value = value * value % prime
        exponent >>= 1
    return result


@register_jitable
def _add_multiple(values, heap, queued, size, rows, entries, first, stop, factor, prime):  # type: ignore[no-untyped-def]
    """Add ``factor`` times the entries first … stop-1 to the working column; the new heap size."""
    for i in range(first, stop):
        row = rows[i]
        values[row] = (values[row] + factor * entries[i]) % prime
        if not queued[row]:
            queued[row] = True
            size = _push(heap, size, row)
    return size


@compiled(
    f"Tuple(({INT64S}, boolean))"
    f"({INT64S}, {INT64S}, {INT64S}, {_FLAGS}, int64, int64, int64, {FLAG})"
)
def reduce_coboundary(  # type: ignore[no-untyped-def]
    pointer, cofacets, signs, cleared, num_cofacets, prime, most_entries, ended
):
    """The column whose pivot each (k+1)-simplex is, or -1; and whether there was room.

    The pivots are as many as the rank. Where simplices are numbered as they enter a filtration,
    column and pivot are birth and death of a class.

    Args:
        pointer: (n_k+1,) first incidence of each k-simplex.
        cofacets: ids of its cofacets, ascending.
        signs: +1 or -1 of each incidence.
        cleared: (n_k,) the k-simplices that are pivots one degree below: their columns reduce to
            zero and are skipped.
        num_cofacets: n_{k+1}.
        prime: size of the field, below 2³¹ so that a product fits in 64 bits.
        most_entries: of reduced columns that are not as the cofacet table says.
        ended: polled, to end early.
    """
    owner = np.full(num_cofacets, -1, np.int64)  # the column whose pivot stands in this row
    first = np.full(len(cleared), -1, np.int64)  # a reduced column, less its pivot, which is 1
    stop = np.zeros(len(cleared), np.int64)
    rows = np.empty(1024, np.int64)
    entries = np.empty(1024, np.int64)
    used = 0
    values = np.zeros(num_cofacets, np.int64)  # the working column, and a heap of its rows
    queued = np.zeros(num_cofacets, np.bool_)
    heap = np.empty(num_cofacets, np.int64)
    for s in range(len(cleared) - 1, -1, -1):
        if cleared[s] or pointer[s] == pointer[s + 1]:
            continue
        pivot = cofacets[pointer[s]]
        if owner[pivot] < 0:
            owner[pivot] = s
            continue
        size = _add_multiple(
            values, heap, queued, 0, cofacets, signs, pointer[s], pointer[s + 1], 1, prime
        )
        while size > 0:
            if ended[0]:
                return owner, True
            pivot = heap[0]
            if values[pivot] != 0 and owner[pivot] < 0:
                break
            size = _pop(heap, size)
            queued[pivot] = False
            if values[pivot] != 0:
                t, factor = owner[pivot], prime - values[pivot]
                values[pivot] = 0
                if first[t] >= 0:
                    size = _add_multiple(
                        values, heap, queued, size, rows, entries, first[t], stop[t], factor, prime
                    )
                else:  # never touched: its pivot is the first cofacet, with a sign
                    factor *= signs[pointer[t]]
                    size = _add_multiple(
                        values, heap, queued, size,
                        cofacets, signs, pointer[t] + 1, pointer[t + 1], factor, prime,
                    )  # fmt: skip
        if size == 0:
            continue
        owner[pivot] = s
        scale = _inverse(values[pivot], prime)
        if used + size > len(rows):
            room = min(2 * (used + size), most_entries)
            if room < used + size:
                return owner, False
            more_rows, more_entries = np.empty(room, np.int64), np.empty(room, np.int64)
            for i in range(used):
                more_rows[i], more_entries[i] = rows[i], entries[i]
            rows, entries = more_rows, more_entries
        first[s] = used
        for i in range(size):
            row = heap[i]
            if row != pivot and values[row] != 0:
                rows[used] = row
                entries[used] = values[row] * scale % prime
                used += 1
            values[row] = 0
            queued[row] = False
        stop[s] = used
    return owner, True
