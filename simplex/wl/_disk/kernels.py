"""What a round computes on a range of rows: sums and products of words modulo 2⁶⁴."""

import numpy as np

from simplex.complexes import INT64S, TABLE, compiled
from simplex.wl._words import GAMMA, MIX_1, MIX_2


_GAMMA, _MIX_1, _MIX_2 = np.uint64(GAMMA), np.uint64(MIX_1), np.uint64(MIX_2)
_30, _27, _31 = np.uint64(30), np.uint64(27), np.uint64(31)


@compiled("int64(int64, int64)")
def _word(value, key):  # type: ignore[no-untyped-def]
    """As ``simplex.wl._words.words``."""
    x = np.uint64(value) * _GAMMA + np.uint64(key)
    x = (x ^ (x >> _30)) * _MIX_1
    x = (x ^ (x >> _27)) * _MIX_2
    return np.int64(x ^ (x >> _31))


@compiled(f"void({INT64S}, int64, {INT64S})")
def draw(colors, key, out):  # type: ignore[no-untyped-def]
    """out[i] = r(colors[i])."""
    for i in range(len(colors)):
        out[i] = _word(colors[i], key)


@compiled(f"void({INT64S}, {TABLE}, int64, {TABLE})")
def draw_at(colors, facets, key, out):  # type: ignore[no-untyped-def]
    """out[s, i] = r(colors[facets[s, i]])."""
    for s in range(facets.shape[0]):
        for i in range(facets.shape[1]):
            out[s, i] = _word(colors[facets[s, i]], key)


@compiled(f"void({TABLE}, {INT64S})")
def add_rows(values, sums):  # type: ignore[no-untyped-def]
    """sums[s] += Σ_i values[s, i]."""
    for s in range(values.shape[0]):
        for i in range(values.shape[1]):
            sums[s] += values[s, i]


@compiled(f"void({TABLE}, {INT64S}, {INT64S})")
def weigh_others(values, weights, further):  # type: ignore[no-untyped-def]
    """values[s, i] ← weights[s] · Σ_{j≠i} values[s, j] + further[s]."""
    for s in range(values.shape[0]):
        total = 0
        for i in range(values.shape[1]):
            total += values[s, i]
        for i in range(values.shape[1]):
            values[s, i] = weights[s] * (total - values[s, i]) + further[s]


@compiled(f"void({INT64S}, {TABLE}, int64, {INT64S}, {INT64S}, {INT64S})")
def add_meetings(colors, facets, key, siblings, own, sums):  # type: ignore[no-untyped-def]
    """sums[s] += Σ_i r(colors[facets[s, i]]) · (siblings[facets[s, i]] - own[s])."""
    for s in range(facets.shape[0]):
        for i in range(facets.shape[1]):
            f = facets[s, i]
            sums[s] += _word(colors[f], key) * (siblings[f] - own[s])


@compiled(f"UniTuple(int64, 2)({TABLE})")
def inner_window(facets):  # type: ignore[no-untyped-def]
    """First and one behind the last of the facets with the first vertex: all columns but 0."""
    low, high = facets[0, 1], facets[0, 1]
    for s in range(facets.shape[0]):
        for i in range(1, facets.shape[1]):
            low, high = min(low, facets[s, i]), max(high, facets[s, i])
    return low, high + 1


@compiled(f"void({TABLE}, {TABLE}, int64, {INT64S})")
def add_inner(facets, values, low, sums):  # type: ignore[no-untyped-def]
    """sums[facets[s, i] - low] += values[s, i] for all columns but 0."""
    for s in range(facets.shape[0]):
        for i in range(1, facets.shape[1]):
            sums[facets[s, i] - low] += values[s, i]


@compiled(f"void({TABLE}, {TABLE}, int64, int64, {INT64S}, {INT64S}, int32[::1])")
def sort_by_range(  # type: ignore[no-untyped-def]
    facets, values, columns, shift, pointer, sorted_values, places
):
    """Sort the first columns of values by the range of 2^shift facets that they go to.

    Writes their places in it, and into ``pointer`` (ranges+1,), zeros before, where the values of
    each range start.
    """
    for s in range(facets.shape[0]):
        for i in range(columns):
            pointer[(facets[s, i] >> shift) + 1] += 1
    for r in range(1, len(pointer)):
        pointer[r] += pointer[r - 1]
    following = pointer.copy()
    for s in range(facets.shape[0]):
        for i in range(columns):
            r = facets[s, i] >> shift
            sorted_values[following[r]] = values[s, i]
            places[following[r]] = facets[s, i] - (r << shift)
            following[r] += 1


@compiled(f"void(int32[::1], {INT64S}, {INT64S})")
def receive(places, values, sums):  # type: ignore[no-untyped-def]
    """sums[places[m]] += values[m]."""
    for m in range(len(places)):
        sums[places[m]] += values[m]
