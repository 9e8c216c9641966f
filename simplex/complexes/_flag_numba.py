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


@compiled(f"UniTuple(int64, 2)(int64, {TABLE}, {INT64S})")
def _shortest_list(s, facets, pointer):  # type: ignore[no-untyped-def]
    """Start and stop of the shortest child list among the facets of s other than its parent."""
    b, b_stop = pointer[facets[s, 0]], pointer[facets[s, 0] + 1]
    for i in range(1, facets.shape[1] - 1):
        c, c_stop = pointer[facets[s, i]], pointer[facets[s, i] + 1]
        if c_stop - c < b_stop - b:
            b, b_stop = c, c_stop
    return b, b_stop


@compiled(f"void(int64, int64, int64, {TABLE}, {INT64S}, {INT64S}, {INT64S})")
def _count(first, stop, num_vertices, facets, pointer, last, counts):  # type: ignore[no-untyped-def]
    """Count the vertices that extend each simplex of the rows first … stop-1."""
    width = facets.shape[1]
    newest = np.zeros(num_vertices, np.int64)
    end = first  # of the siblings
    for s in range(first, stop):
        if s >= end:
            end = pointer[facets[s, width - 1] + 1]
            for t in range(s + 1, end):
                newest[last[t]] = t
        b, b_stop = pointer[facets[s, width - 2]], pointer[facets[s, width - 2] + 1]
        if b_stop - b > 64:
            b, b_stop = _shortest_list(s, facets, pointer)
        total = 0
        if b_stop - b > 64 + 16 * (end - s - 1):
            for t in range(s + 1, end):
                b = _gallop(last, b, b_stop, last[t])
                total += b < b_stop and last[b] == last[t]
        else:
            for c in range(b, b_stop):
                total += newest[last[c]] > s
        counts[s] = total


@compiled(f"void(int64, int64, int64, {TABLE}, {INT64S}, {INT64S}, {INT64S}, {TABLE})")
def _fill(  # type: ignore[no-untyped-def]
    first, stop, num_vertices, facets, pointer, last, children, out
):
    """Write the facet ids of the children of the rows first … stop-1.

    The columns of σ, of its sibling, and usually of one more facet as they are found; the others by
    a walk along each facet's list. The counts are known, so while a child is outstanding no list
    can run out.
    """
    width = facets.shape[1]
    newest = np.zeros(num_vertices, np.int64)
    end = first
    for s in range(first, stop):
        if s >= end:
            end = pointer[facets[s, width - 1] + 1]
            for t in range(s + 1, end):
                newest[last[t]] = t
        row, row_stop = children[s], children[s + 1]
        if row == row_stop:
            continue
        b, b_stop = pointer[facets[s, width - 2]], pointer[facets[s, width - 2] + 1]
        r, to_walk = row, width - 2
        if b_stop - b <= 64 + 16 * (row_stop - row):
            while r < row_stop:
                t = newest[last[b]]
                out[r, width - 2], out[r, width - 1], out[r, width] = b, t, s
                r += t > s
                b += 1
        else:
            b, b_stop = _shortest_list(s, facets, pointer)
            to_walk = width - 1
            if b_stop - b > 64 + 16 * (end - s - 1):
                t = s + 1
                while r < row_stop:
                    b = _gallop(last, b, b_stop, last[t])
                    out[r, width - 1], out[r, width] = t, s
                    r += last[b] == last[t]
                    t += 1
            else:
                while r < row_stop:
                    t = newest[last[b]]
                    out[r, width - 1], out[r, width] = t, s
                    r += t > s
                    b += 1
        for i in range(to_walk):
            c, c_stop = pointer[facets[s, i]], pointer[facets[s, i] + 1]
            if c_stop - c > 64 + 16 * (row_stop - row):
                for r in range(row, row_stop):
                    c = _gallop(last, c, c_stop, last[out[r, width - 1]])
                    out[r, i] = c
            else:
                for r in range(row, row_stop):
                    v = last[out[r, width - 1]]
                    while last[c] < v:
                        c += 1
                    out[r, i] = c


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
