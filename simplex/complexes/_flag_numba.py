"""The flag-complex join on the CPU: compiled, without the interpreter lock, on a thread pool.

The vertices that extend a simplex σ are the intersection of the child lists of its facets, and the
places where such a vertex stands in the lists are the ids of the facets of the extended simplex.
Any two facets cover all vertices of σ, so in a flag complex two lists decide: that of the parent
(the facet without the last vertex), whose children behind σ are σ's younger siblings, and one more.

The siblings are looked up, not searched: a table holds, for each vertex, the last simplex seen that
ends in it. It is written once for all children of a parent, and since ids only grow, an entry is a
younger sibling of σ exactly if it is larger than σ. A list that is much longer than its partner (a
hub) is searched by galloping instead of read, so the hub costs the shorter list.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from simplex.complexes._machine import INT64S, TABLE, compiled


_ROWS_PER_TASK = 1 << 14
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


@compiled(f"void(int64, int64, int64, {TABLE}, {INT64S}, {INT64S}, {INT64S})")
def _count(first, stop, num_vertices, facets, pointer, last, counts):  # type: ignore[no-untyped-def]
    """Count the vertices that extend each simplex of the rows first … stop-1."""
    width = facets.shape[1]
    newest = np.zeros(num_vertices, np.int64)
    siblings_stop = first
    for simplex in range(first, stop):
        if simplex >= siblings_stop:
            siblings_stop = pointer[facets[simplex, width - 1] + 1]
            for sibling in range(simplex + 1, siblings_stop):
                newest[last[sibling]] = sibling
        facet = facets[simplex, width - 2]
        place, place_stop = pointer[facet], pointer[facet + 1]  # its child list
        if place_stop - place > _SHORT:
            place, place_stop = _shortest_list(simplex, facets, pointer)
        total = 0
        if _search_pays(place_stop - place, siblings_stop - simplex - 1):
            for sibling in range(simplex + 1, siblings_stop):
                place = _gallop(last, place, place_stop, last[sibling])
                total += place < place_stop and last[place] == last[sibling]
        else:
            for other in range(place, place_stop):
                total += newest[last[other]] > simplex
        counts[simplex] = total


@compiled(f"void(int64, int64, int64, {TABLE}, {INT64S}, {INT64S}, {INT64S}, {TABLE})")
def _fill(  # type: ignore[no-untyped-def]
    first, stop, num_vertices, facets, pointer, last, children, out
):
    """Write the facet ids of the children of the rows first … stop-1.

    The last column is the simplex, the one before its sibling, and the one before that, unless its
    list is long, what shares their vertex there; the others are found by a walk along each facet's
    list. The counts are known, so while a child is outstanding no list can run out. A row that is
    no child is written over by the next.
    """
    width = facets.shape[1]
    newest = np.zeros(num_vertices, np.int64)
    siblings_stop = first
    for simplex in range(first, stop):
        if simplex >= siblings_stop:
            siblings_stop = pointer[facets[simplex, width - 1] + 1]
            for sibling in range(simplex + 1, siblings_stop):
                newest[last[sibling]] = sibling
        first_row, row_stop = children[simplex], children[simplex + 1]
        if first_row == row_stop:
            continue
        row, columns_to_walk = first_row, width - 2
        facet = facets[simplex, width - 2]
        place, place_stop = pointer[facet], pointer[facet + 1]  # its child list
        if not _search_pays(place_stop - place, row_stop - first_row):
            while row < row_stop:
                sibling = newest[last[place]]
                out[row, width - 2], out[row, width - 1], out[row, width] = place, sibling, simplex
                row += sibling > simplex
                place += 1
        else:
            columns_to_walk = width - 1
            place, place_stop = _shortest_list(simplex, facets, pointer)
            if _search_pays(place_stop - place, siblings_stop - simplex - 1):
                sibling = simplex + 1
                while row < row_stop:
                    place = _gallop(last, place, place_stop, last[sibling])
                    out[row, width - 1], out[row, width] = sibling, simplex
                    row += last[place] == last[sibling]
                    sibling += 1
            else:
                while row < row_stop:
                    sibling = newest[last[place]]
                    out[row, width - 1], out[row, width] = sibling, simplex
                    row += sibling > simplex
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


def _over_rows(
    kernel: Callable[..., None], num_rows: int, num_vertices: int, *arrays: np.ndarray
) -> None:
    """Run a row kernel over all rows; in a fresh pool, so that nothing survives into a fork."""
    size = max(_ROWS_PER_TASK, num_vertices // 4)  # a task starts with a table over the vertices
    starts = range(0, num_rows, size)
    workers = min(torch.get_num_threads(), len(starts))
    if workers <= 1:
        kernel(0, num_rows, num_vertices, *arrays)
        return
    with ThreadPoolExecutor(workers) as pool:
        tasks = [
            pool.submit(kernel, start, min(start + size, num_rows), num_vertices, *arrays)
            for start in starts
        ]
        for task in tasks:
            task.result()


def count_children(facets: Tensor, pointer: Tensor, last: Tensor, num_vertices: int) -> Tensor:
    """How many vertices extend each simplex: (n_k,) int64."""
    counts = np.empty(len(facets), np.int64)
    arrays = (facets.numpy(), pointer.numpy(), last.numpy(), counts)
    _over_rows(_count, len(facets), num_vertices, *arrays)
    return torch.from_numpy(counts)


def fill_children(
    facets: Tensor, pointer: Tensor, last: Tensor, children: Tensor, num_vertices: int
) -> Tensor:
    """Facet table (n_{k+1}, k+2) of the extended simplices."""
    out = np.empty((int(children[-1]), facets.shape[1] + 1), np.int64)
    arrays = (facets.numpy(), pointer.numpy(), last.numpy(), children.numpy(), out)
    _over_rows(_fill, len(facets), num_vertices, *arrays)
    return torch.from_numpy(out)
