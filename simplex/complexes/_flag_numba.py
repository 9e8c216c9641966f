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

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from torch import Tensor

from simplex.complexes._kernels import FLAG, INT64S, TABLE, compiled
from simplex.complexes._threads import interruptible, usable_threads


_ROWS_PER_PIECE = 1 << 14
_QUICK = 1 << 26  # steps that are over before anybody would interrupt them
_NO_BOUND = 2**63 - 1
_ROWS = f"int64, int64, int64, {TABLE}, {INT64S}, {INT64S}"  # which, of how many vertices, tables
_SHORT = 64  # a list of at most as many is read, whatever its partner
_READS_PER_SEARCH = 16  # reading as many vertices costs about as much as galloping to one


@compiled(f"int64({INT64S}, int64, int64, int64)")
def _gallop(values, start, stop, target):  # type: ignore[no-untyped-def]
    """First place in the increasing ``values[start:stop]`` whose value is at least ``target``."""
    low, high, step = start, start, 1
    while high < stop and values[high] < target:
        low = high + 1
        high += step
        step *= 2
    high = min(high, stop)
    while low < high:
        middle = (low + high) >> 1
        if values[middle] < target:
            low = middle + 1
        else:
            high = middle
    return low


@compiled("boolean(int64, int64)")
def _search_pays(length, wanted):  # type: ignore[no-untyped-def]
    """Whether to gallop for that many vertices through a list instead of reading it."""
    return length > _SHORT + _READS_PER_SEARCH * wanted


@compiled(f"UniTuple(int64, 2)(int64, {TABLE}, {INT64S})")
def _shortest_list(simplex, facets, pointer):  # type: ignore[no-untyped-def]
    """Start and stop of the shortest child list among the facets other than the parent."""
    start, stop = pointer[facets[simplex, 0]], pointer[facets[simplex, 0] + 1]
    for column in range(1, facets.shape[1] - 1):
        facet = facets[simplex, column]
        other_start, other_stop = pointer[facet], pointer[facet + 1]
        if other_stop - other_start < stop - start:
            start, stop = other_start, other_stop
    return start, stop


@compiled(f"int64({_ROWS}, {INT64S}, int64, boolean, {FLAG})")
def _count(  # type: ignore[no-untyped-def]
    first, stop, num_vertices, facets, pointer, last, counts, most, directed, ended
):
    """Count the vertices that extend each simplex of the rows first … stop-1; their sum.

    Ends early once the sum exceeds ``most``, or when told to.
    """
    width, sum_of_counts = facets.shape[1], 0
    newest = np.full(num_vertices, -1, np.int64)
    siblings_stop = oldest = first
    for simplex in range(first, stop):
        if simplex >= siblings_stop:
            parent = facets[simplex, width - 1]
            oldest, siblings_stop = pointer[parent], pointer[parent + 1]
            for sibling in range(oldest if directed else simplex + 1, siblings_stop):
                newest[last[sibling]] = sibling
        first_sibling = oldest if directed else simplex + 1
        facet = facets[simplex, width - 2]
        place, place_stop = pointer[facet], pointer[facet + 1]  # its child list
        if place_stop - place > _SHORT:
            place, place_stop = _shortest_list(simplex, facets, pointer)
        total = 0
        if _search_pays(place_stop - place, siblings_stop - first_sibling):
            for sibling in range(first_sibling, siblings_stop):
                place = _gallop(last, place, place_stop, last[sibling])
                total += place < place_stop and last[place] == last[sibling]
        else:
            for other in range(place, place_stop):
                total += newest[last[other]] >= first_sibling
        counts[simplex] = total
        sum_of_counts += total
        if sum_of_counts > most or ended[0]:
            break
    return sum_of_counts


@compiled(f"int64({_ROWS}, {INT64S}, {TABLE}, boolean, {FLAG})")
def _fill(  # type: ignore[no-untyped-def]
    first, stop, num_vertices, facets, pointer, last, children, out, directed, ended
):
    """Write the facet ids of the children of the rows first … stop-1; their number.

    The last column is the simplex, the one before its sibling, and the one before that, unless its
    list is long, what shares their vertex there; the others are found by a walk along each facet's
    list. The counts are known, so while a child is outstanding no list can run out. A row that is
    no child is written over by the next.
    """
    width = facets.shape[1]
    newest = np.full(num_vertices, -1, np.int64)
    siblings_stop = oldest = first
    for simplex in range(first, stop):
        if simplex >= siblings_stop:
            parent = facets[simplex, width - 1]
            oldest, siblings_stop = pointer[parent], pointer[parent + 1]
            for sibling in range(oldest if directed else simplex + 1, siblings_stop):
                newest[last[sibling]] = sibling
        first_sibling = oldest if directed else simplex + 1
        first_row, row_stop = children[simplex], children[simplex + 1]
        if first_row == row_stop:
            continue
        if ended[0]:
            break
        row, columns_to_walk = first_row, width - 2
        facet = facets[simplex, width - 2]
        place, place_stop = pointer[facet], pointer[facet + 1]  # its child list
        if not _search_pays(place_stop - place, row_stop - first_row):
            while row < row_stop:
                sibling = newest[last[place]]
                out[row, width - 2], out[row, width - 1], out[row, width] = place, sibling, simplex
                row += sibling >= first_sibling
                place += 1
        else:
            columns_to_walk = width - 1
            place, place_stop = _shortest_list(simplex, facets, pointer)
            if _search_pays(place_stop - place, siblings_stop - first_sibling):
                sibling = first_sibling
                while row < row_stop:
                    place = _gallop(last, place, place_stop, last[sibling])
                    out[row, width - 1], out[row, width] = sibling, simplex
                    row += last[place] == last[sibling]
                    sibling += 1
            else:
                while row < row_stop:
                    sibling = newest[last[place]]
                    out[row, width - 1], out[row, width] = sibling, simplex
                    row += sibling >= first_sibling
                    place += 1
        for column in range(columns_to_walk):
            facet = facets[simplex, column]
            place, place_stop = pointer[facet], pointer[facet + 1]
            if _search_pays(place_stop - place, row_stop - first_row):
                for row in range(first_row, row_stop):
                    place = _gallop(last, place, place_stop, last[out[row, width - 1]])
                    out[row, column] = place
            else:
                for row in range(first_row, row_stop):
                    vertex = last[out[row, width - 1]]
                    while last[place] < vertex:
                        place += 1
                    out[row, column] = place
    return children[stop] - children[first]


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
    starts = range(0, num_rows, size)
    workers = min(usable_threads(), len(starts))
    if workers <= 1:
        return interruptible(kernel, 0, num_rows, num_vertices, *arrays, ended, stop=ended)
    pieces, sums, lock = iter(starts), [0], threading.Lock()

    def work(_: int) -> None:
        while not ended[0]:
            with lock:
                start = next(pieces, num_rows)
            if start == num_rows:
                return
            stop = min(start + size, num_rows)
            found = kernel(start, stop, num_vertices, *arrays, ended)
            with lock:
                sums[0] += found
                ended[0] |= sums[0] > most

    def share() -> None:
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
    arrays = (facets.numpy(), pointer.numpy(), last.numpy(), counts, most, directed)
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
    arrays = (facets.numpy(), pointer.numpy(), last.numpy(), children.numpy(), out, directed)
    _over_rows(_fill, len(facets), num_vertices, arrays)
    return torch.from_numpy(out)
