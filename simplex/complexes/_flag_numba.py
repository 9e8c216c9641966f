"""The flag-complex join on the CPU: compiled, without the interpreter lock, on several threads.

The vertices that extend a simplex σ are the intersection of the child lists of its facets, and the
places where such a vertex stands in the lists are the ids of the facets of the extended simplex.
Any two facets cover all vertices of σ, so in a flag complex two lists decide: that of the parent
(the facet without the last vertex), whose children behind σ are σ's younger siblings, and one more.

The siblings are looked up, not searched: a table holds, for each vertex, the last simplex seen that
ends in it. It is written once for all children of a parent, and since ids only grow, an entry is a
younger sibling of σ exactly if it is larger than σ. In a directed complex, where a simplex is an
ordered tuple, all siblings of σ can extend it: an entry is one if it is not below the first. A list
that is much longer than its partner (a hub) is searched by galloping instead of read, so the hub
costs the shorter list.
"""

import math
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from numba import int64, uint32, uint64
from numba.extending import register_jitable
from torch import Tensor

from simplex.complexes._flag_rows import MOST_ROWS
from simplex.complexes._kernels import FLAG, INT64S, TABLE, VERTICES, compiled
from simplex.complexes._prefetch import prefetch
from simplex.complexes._threads import interruptible, usable_threads


VERTEX = torch.uint32
"""Of the last vertex of each simplex."""

_ROWS_PER_PIECE = 1 << 14
_QUICK = 1 << 26  # steps that are over before anybody would interrupt them
_NO_BOUND = 2**63 - 1
_ROWS = f"int64, int64, int64, {TABLE}, {INT64S}, {VERTICES}"  # which, of how many vertices, tables

# Inside, ids have no sign: numba tests each index that may be negative.
_ONE, _TWO = uint64(1), uint64(2)
_SHORT = uint64(64)  # a list of at most as many is read, whatever its partner
_READS_PER_SEARCH = uint64(16)  # reading as many vertices costs about as much as galloping to one
_SOON, _LATER = uint64(8), uint64(16)  # rows ahead: lists lie all over memory, which answers late


@register_jitable
def _child_list(simplex, pointer):  # type: ignore[no-untyped-def]
    """Start and stop of the children of a simplex."""
    simplex = uint64(simplex)
    return uint64(pointer[simplex]), uint64(pointer[simplex + _ONE])


@register_jitable
def _before(first, stop, facets, pointer):  # type: ignore[no-untyped-def]
    """The id before the first sibling that can be met, from which they are counted in 32 bits."""
    if first == stop:
        return uint64(0)
    return uint64(pointer[facets[first, facets.shape[1] - 1]]) - _ONE


@register_jitable
def _gallop(values, start, stop, target):  # type: ignore[no-untyped-def]
    """First place in the increasing ``values[start:stop]`` whose value is at least ``target``."""
    low, high, step = start, start, _ONE
    while high < stop and values[high] < target:
        low = high + _ONE
        high += step
        step += step
    high = min(high, stop)
    while low < high:
        middle = (low + high) >> _ONE
        if values[middle] < target:
            low = middle + _ONE
        else:
            high = middle
    return low


@register_jitable
def _search_pays(length, wanted):  # type: ignore[no-untyped-def]
    """Whether to gallop for that many vertices through a list instead of reading it."""
    return length > _SHORT + _READS_PER_SEARCH * wanted


@register_jitable
def _shortest_list(simplex, facets, pointer):  # type: ignore[no-untyped-def]
    """Start and stop of the shortest child list among the facets other than the parent."""
    start, stop = _child_list(facets[simplex, 0], pointer)
    for column in range(_ONE, uint64(facets.shape[1]) - _ONE):
        other_start, other_stop = _child_list(facets[simplex, column], pointer)
        if other_stop - other_start < stop - start:
            start, stop = other_start, other_stop
    return start, stop


@compiled(f"int64({_ROWS}, {INT64S}, int64, int64, boolean, {FLAG})")
def _count(  # type: ignore[no-untyped-def]
    first, stop, num_vertices, facets, pointer, last, counts, begin, most, directed, ended
):
    """Count the vertices that extend each simplex of the rows first … stop-1; their sum.

    ``counts`` is of the rows from ``begin`` on. Ends early once the sum exceeds ``most``, or when
    told to.
    """
    begin, first, stop, width = uint64(begin), uint64(first), uint64(stop), uint64(facets.shape[1])
    sum_of_counts = 0
    newest, before = np.zeros(num_vertices, np.uint32), _before(first, stop, facets, pointer)
    oldest = siblings_stop = first
    for simplex in range(first, stop):
        if simplex + _LATER < stop:
            prefetch(pointer, uint64(facets[simplex + _LATER, width - _TWO]))
            prefetch(last, uint64(pointer[uint64(facets[simplex + _SOON, width - _TWO])]))
        if simplex >= siblings_stop:
            oldest, siblings_stop = _child_list(facets[simplex, width - _ONE], pointer)
            for sibling in range(oldest if directed else simplex + _ONE, siblings_stop):
                newest[last[sibling]] = sibling - before
        first_sibling = oldest if directed else simplex + _ONE
        total = uint64(0)
        if first_sibling < siblings_stop:
            place, place_stop = _child_list(facets[simplex, width - _TWO], pointer)
            if place_stop - place > _SHORT:
                place, place_stop = _shortest_list(simplex, facets, pointer)
            if _search_pays(place_stop - place, siblings_stop - first_sibling):
                for sibling in range(first_sibling, siblings_stop):
                    place = _gallop(last, place, place_stop, last[sibling])
                    total += uint64(place < place_stop and last[place] == last[sibling])
            else:
                least = uint32(first_sibling - before)
                for other in range(place, place_stop):
                    total += uint64(newest[last[other]] >= least)
        counts[simplex - begin] = total
        sum_of_counts += int64(total)
        if sum_of_counts > most or ended[0]:
            break
    return sum_of_counts


@compiled(f"int64({_ROWS}, {INT64S}, {TABLE}, int64, boolean, {FLAG})")
def _fill(  # type: ignore[no-untyped-def]
    first, stop, num_vertices, facets, pointer, last, children, out, begin, directed, ended
):
    """Write the facet ids of the children of the rows first … stop-1; their number.

    ``out`` is of the children from ``begin`` on.

    The last column is the simplex, the one before its sibling; each of the others holds the places
    in one facet's list whose vertices siblings have too. The counts are known, so while a child is
    outstanding no list can run out. A row that is no child is written over by the next.
    """
    begin, first, stop, width = uint64(begin), uint64(first), uint64(stop), uint64(facets.shape[1])
    newest, before = np.zeros(num_vertices, np.uint32), _before(first, stop, facets, pointer)
    oldest = siblings_stop = first
    for simplex in range(first, stop):
        if simplex + _LATER < stop:
            prefetch(pointer, uint64(facets[simplex + _LATER, uint64(0)]))
            prefetch(last, uint64(pointer[uint64(facets[simplex + _SOON, uint64(0)])]))
        if simplex >= siblings_stop:
            oldest, siblings_stop = _child_list(facets[simplex, width - _ONE], pointer)
            for sibling in range(oldest if directed else simplex + _ONE, siblings_stop):
                newest[last[sibling]] = sibling - before
        row, row_stop = _child_list(simplex, children)
        row, row_stop = row - begin, row_stop - begin
        if row == row_stop:
            continue
        if ended[0]:
            break
        first_row, first_sibling = row, oldest if directed else simplex + _ONE
        least, columns_left = uint32(first_sibling - before), width - _TWO
        place, place_stop = _child_list(facets[simplex, width - _TWO], pointer)
        if not _search_pays(place_stop - place, row_stop - first_row):
            while row < row_stop:
                sibling = newest[last[place]]
                out[row, width - _TWO] = place
                out[row, width - _ONE], out[row, width] = before + sibling, simplex
                row += uint64(sibling >= least)
                place += _ONE
        else:
            columns_left = width - _ONE
            place, place_stop = _shortest_list(simplex, facets, pointer)
            if _search_pays(place_stop - place, siblings_stop - first_sibling):
                for sibling in range(first_sibling, siblings_stop):
                    if row == row_stop:
                        break
                    place = _gallop(last, place, place_stop, last[sibling])
                    out[row, width - _ONE], out[row, width] = sibling, simplex
                    row += uint64(last[place] == last[sibling])
            else:
                while row < row_stop:
                    sibling = newest[last[place]]
                    out[row, width - _ONE], out[row, width] = before + sibling, simplex
                    row += uint64(sibling >= least)
                    place += _ONE
        for column in range(columns_left):
            place, place_stop = _child_list(facets[simplex, column], pointer)
            if _search_pays(place_stop - place, row_stop - first_row):
                for row in range(first_row, row_stop):
                    vertex = last[uint64(out[row, width - _ONE])]
                    place = _gallop(last, place, place_stop, vertex)
                    out[row, column] = place
            else:
                row = first_row
                while row < row_stop:
                    out[row, column] = place
                    row += uint64(newest[last[place]] >= least)
                    place += _ONE
    return children[int64(stop)] - children[int64(first)]


def _over_rows(
    kernel: Callable[..., int],
    num_rows: int,
    num_vertices: int,
    arrays: Sequence[Any],
    most: int = _NO_BOUND,
) -> int:
    """Run a row kernel over all rows, or until the sum of what it returns exceeds ``most``.

    Rows are handed out in pieces to as many threads as the machine has free, so that none waits
    for a slower one. The threads are new, so that nothing survives into a fork.
    """
    ended = np.zeros(1, np.bool_)
    if num_rows * min(num_rows, num_vertices) < _QUICK:
        return kernel(0, num_rows, num_vertices, *arrays, ended)
    size = max(_ROWS_PER_PIECE, num_vertices // 4)  # each starts with a table over the vertices
    workers = min(usable_threads(), math.ceil(num_rows / size))
    starts = range(0, num_rows, size if workers > 1 else MOST_ROWS)
    pieces, sums, lock = iter(starts), [0], threading.Lock()

    def work(_: int) -> None:
        while not ended[0]:
            with lock:
                start = next(pieces, num_rows)
            if start == num_rows:
                return
            stop = min(start + starts.step, num_rows)
            found = kernel(start, stop, num_vertices, *arrays, ended)
            with lock:
                sums[0] += found
                ended[0] |= sums[0] > most

    def share() -> None:
        if workers == 1:
            return work(0)
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(work, range(workers)))

    interruptible(share, stop=ended)
    return sums[0]


def count_children(
    facets: Tensor,
    pointer: Tensor,
    last: Tensor,
    num_vertices: int,
    most: int | None,
    directed: bool = False,
) -> tuple[Tensor, int]:
    """How many vertices extend each simplex, (n_k,) int64, and their sum.

    The count is given up once the sum exceeds ``most``: all that is known then is that it does.
    """
    most = _NO_BOUND if most is None else most
    counts = np.empty(len(facets), np.int64)
    arrays = (facets.numpy(), pointer.numpy(), last.numpy(), counts, 0, most, directed)
    total = _over_rows(_count, len(facets), num_vertices, arrays, most)
    return torch.from_numpy(counts), total


def fill_children(
    facets: Tensor,
    pointer: Tensor,
    last: Tensor,
    children: Tensor,
    num_vertices: int,
    directed: bool = False,
) -> Tensor:
    """Facet table (n_{k+1}, k+2) of the extended simplices."""
    out = np.empty((int(children[-1]), facets.shape[1] + 1), np.int64)
    arrays = (facets.numpy(), pointer.numpy(), last.numpy(), children.numpy(), out, 0, directed)
    _over_rows(_fill, len(facets), num_vertices, arrays)
    return torch.from_numpy(out)
