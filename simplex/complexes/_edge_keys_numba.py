"""The distinct edges of a graph in order, by a radix sort of 64-bit keys on the CPU."""

import numpy as np
from numba import uint64
from numba.extending import register_jitable
from numpy.typing import NDArray

from simplex.complexes._kernels import compiled
from simplex.complexes._threads import interruptible


_LONG = 1 << 20  # edges that take long enough to be interrupted
_DIGIT = uint64(11)  # bits of a key that one pass sorts by: the counts stay in the fastest cache
_VALUES = uint64(1 << 11)
_ONE = uint64(1)


@register_jitable
def _sorted_keys(keys, spare, num_bits):  # type: ignore[no-untyped-def]
    """The keys in order, in one of the two arrays."""
    num_passes = (num_bits + _DIGIT - _ONE) // _DIGIT
    place = np.zeros((num_passes, _VALUES), np.uint64)  # of the next key with a value of a digit
    for key in keys:
        for digit in range(num_passes):
            place[digit, (key >> (digit * _DIGIT)) & (_VALUES - _ONE)] += _ONE
    for digit in range(num_passes):
        total = uint64(0)
        for value in range(_VALUES):
            total, place[digit, value] = total + place[digit, value], total
        shift = digit * _DIGIT
        for key in keys:
            value = (key >> shift) & (_VALUES - _ONE)
            spare[place[digit, value]] = key
            place[digit, value] += _ONE
        keys, spare = spare, keys
    return keys


@compiled("uint64[::1](int64[:], int64[:], uint64, boolean, uint64[::1], uint64[::1])")
def _distinct_keys(tails, heads, bits, directed, keys, spare):  # type: ignore[no-untyped-def]
    """The keys tail·2^bits + head of the edges that are no loops, each once, ascending."""
    size = uint64(0)
    for edge in range(len(tails)):
        tail, head = uint64(tails[edge]), uint64(heads[edge])
        if tail > head and not directed:
            tail, head = head, tail
        keys[size] = (tail << bits) | head
        size += uint64(tail != head)
    ordered = _sorted_keys(keys[:size], spare[:size], bits + bits)
    count = uint64(0)
    for nth in range(size):
        ordered[count] = ordered[nth]
        count += uint64(nth + _ONE == size or ordered[nth] != ordered[nth + _ONE])
    return ordered[:count]


def distinct_edges(
    edge_index: NDArray[np.int64], num_vertices: int, directed: bool
) -> NDArray[np.int64]:
    """What :func:`simplex.complexes.unique_edges` returns, for ids that are in range."""
    bits, size = np.uint64(max(num_vertices - 1, 1).bit_length()), edge_index.shape[1]
    args = (*edge_index, bits, directed, np.empty(size, np.uint64), np.empty(size, np.uint64))
    keys = interruptible(_distinct_keys, *args) if size >= _LONG else _distinct_keys(*args)
    edges = np.empty((len(keys), 2), np.int64)
    np.right_shift(keys, bits, out=edges[:, 0].view(np.uint64))
    np.bitwise_and(keys, (_ONE << bits) - _ONE, out=edges[:, 1].view(np.uint64))
    return edges
