"""Sorting of 64-bit words by their bytes: three times as fast as by comparisons."""

import numpy as np

from simplex.complexes import INT64S, compiled


@compiled(f"void({INT64S}, int64, int64[::1])")
def _starts(values, shift, start):  # type: ignore[no-untyped-def]
    """Where the values go that have each byte in a place: those of the highest with their sign."""
    sign = 128 if shift == 56 else 0
    start[:] = 0
    for value in values:
        start[((value >> shift) & 255) ^ sign] += 1
    total = 0
    for byte in range(256):
        start[byte], total = total, total + start[byte]


@compiled(f"void({INT64S})")
def sort_words(values):  # type: ignore[no-untyped-def]
    """Sort in place."""
    start, other = np.empty(256, np.int64), np.empty_like(values)
    source, target = values, other
    for shift in range(0, 64, 8):
        sign = 128 if shift == 56 else 0
        _starts(source, shift, start)
        for value in source:
            byte = ((value >> shift) & 255) ^ sign
            target[start[byte]] = value
            start[byte] += 1
        source, target = target, source  # eight times: in the end they are as they were


@compiled(f"int64({INT64S}, {INT64S})")
def number_words(values, numbers):  # type: ignore[no-untyped-def]
    """Write the rank of each value among the distinct ones; how many these are."""
    start, count = np.empty(256, np.int64), len(values)
    source, target = values.copy(), np.empty_like(values)
    order, new_order = np.arange(count), np.empty(count, np.int64)
    for shift in range(0, 64, 8):
        sign = 128 if shift == 56 else 0
        _starts(source, shift, start)
        for i in range(count):
            byte = ((source[i] >> shift) & 255) ^ sign
            target[start[byte]] = source[i]
            new_order[start[byte]] = order[i]
            start[byte] += 1
        source, target, order, new_order = target, source, new_order, order
    rank = -1
    for i in range(count):
        rank += i == 0 or source[i] != source[i - 1]
        numbers[order[i]] = rank
    return rank + 1


@compiled(f"int64({INT64S})")
def count_runs(ordered):  # type: ignore[no-untyped-def]
    """How many different values stand in sorted ones."""
    count = min(len(ordered), 1)
    for i in range(1, len(ordered)):
        count += ordered[i] != ordered[i - 1]
    return count
