"""The flag-complex join on the CPU: compiled, without the interpreter lock, on a thread pool.

The vertices that extend a simplex σ are the intersection of the child lists of its facets. The
lists are sorted, so a leapfrog with galloping search finds each common vertex, and the places
where it stands are the ids of the facets of the extended simplex.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba
import numpy as np
import torch
from torch import Tensor


_INT64S = "int64[::1]"
_TABLE = "int64[:,::1]"
_ROWS_PER_TASK = 1 << 14


def _compiled(signature: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile for one signature, at once; keep the code on disk where there is a place for it."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        try:
            compiled: Callable[..., Any] = numba.njit(signature, nogil=True, cache=True)(function)
        except RuntimeError:  # no writable cache folder: compile in every process
            compiled = numba.njit(signature, nogil=True)(function)
        return compiled

    return decorate


@_compiled(f"int64({_INT64S}, int64, int64, int64)")
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


@_compiled(f"void(int64, int64, {_TABLE}, {_INT64S}, {_INT64S}, {_INT64S})")
def _count(first, stop, facets, pointer, last, counts):  # type: ignore[no-untyped-def]
    """Count the vertices that extend each simplex of the rows first … stop-1.

    Any two facets of σ cover all its vertices, so in a flag complex the two shortest child lists
    already decide; and all children of a facet exceed its last vertex, so only the list of the
    parent (the facet without the last vertex) must start behind σ itself.
    """
    width = facets.shape[1]
    for s in range(first, stop):
        a, a_stop = s + 1, pointer[facets[s, width - 1] + 1]
        facet = facets[s, 0]
        b, b_stop = pointer[facet], pointer[facet + 1]
        if b_stop - b < a_stop - a:
            a, a_stop, b, b_stop = b, b_stop, a, a_stop
        for i in range(1, width - 1):
            facet = facets[s, i]
            c, c_stop = pointer[facet], pointer[facet + 1]
            if c_stop - c < a_stop - a:
                a, a_stop, b, b_stop = c, c_stop, a, a_stop
            elif c_stop - c < b_stop - b:
                b, b_stop = c, c_stop
        total = 0
        if b_stop - b > 16 * (a_stop - a):
            while a < a_stop and b < b_stop:
                b = _gallop(last, b, b_stop, last[a])
                total += b < b_stop and last[b] == last[a]
                a += 1
        else:  # lists of like length: a merge without branches on the data
            while a < a_stop and b < b_stop:
                x, y = last[a], last[b]
                total += x == y
                a += x <= y
                b += y <= x
        counts[s] = total


@_compiled(f"void(int64, int64, {_TABLE}, {_INT64S}, {_INT64S}, {_INT64S}, {_TABLE}, {_INT64S})")
def _fill(first, stop, facets, pointer, last, children, out, out_last):  # type: ignore[no-untyped-def]
    """Write facet ids and last vertex of the children of the rows first … stop-1.

    The counts are known, so while a child is outstanding no list can run out.
    """
    width = facets.shape[1]
    place = np.empty(width, np.int64)
    end = np.empty(width, np.int64)
    for s in range(first, stop):
        row, row_stop = children[s], children[s + 1]
        if row == row_stop:
            continue
        for i in range(width):
            facet = facets[s, i]
            place[i] = pointer[facet]
            end[i] = pointer[facet + 1]
        place[width - 1] = s + 1
        target, i, agreed = last[s + 1], 0, 1
        while row < row_stop:
            while agreed < width:
                here = place[i]
                if last[here] < target:
                    here += 1
                    if last[here] < target:
                        here = _gallop(last, here + 1, end[i], target)
                    place[i] = here
                if last[here] > target:
                    target = last[here]
                    agreed = 0
                agreed += 1
                i = i + 1 if i + 1 < width else 0
            for j in range(width):
                out[row, j] = place[j]
            out[row, width] = s
            out_last[row] = target
            row += 1
            if row < row_stop:
                place[i] += 1
                target = last[place[i]]
                agreed = 1
                i = i + 1 if i + 1 < width else 0


def _over_rows(kernel: Callable[..., None], num_rows: int, *arrays: np.ndarray) -> None:
    """Run a row kernel over all rows; in a fresh pool, so that nothing survives into a fork."""
    starts = range(0, num_rows, _ROWS_PER_TASK)
    workers = min(torch.get_num_threads(), len(starts))
    if workers <= 1:
        kernel(0, num_rows, *arrays)
        return
    with ThreadPoolExecutor(workers) as pool:
        tasks = [
            pool.submit(kernel, start, min(start + _ROWS_PER_TASK, num_rows), *arrays)
            for start in starts
        ]
        for task in tasks:
            task.result()


def count_children(facets: Tensor, pointer: Tensor, last: Tensor) -> Tensor:
    """How many vertices extend each simplex: (n_k,) int64."""
    counts = np.empty(len(facets), np.int64)
    _over_rows(_count, len(facets), facets.numpy(), pointer.numpy(), last.numpy(), counts)
    return torch.from_numpy(counts)


def fill_children(
    facets: Tensor, pointer: Tensor, last: Tensor, children: Tensor
) -> tuple[Tensor, Tensor]:
    """Facet table (n_{k+1}, k+2) and last vertices (n_{k+1},) of the extended simplices."""
    total, width = int(children[-1]), facets.shape[1]
    out, out_last = np.empty((total, width + 1), np.int64), np.empty(total, np.int64)
    arrays = (facets.numpy(), pointer.numpy(), last.numpy(), children.numpy())
    _over_rows(_fill, len(facets), *arrays, out, out_last)
    return torch.from_numpy(out), torch.from_numpy(out_last)
