"""One step of the flag-complex join on a range of rows: what tasks on tables of a disk do."""

import ctypes
from typing import Any

import numpy as np


LAST_VERTEX = np.dtype(np.int64)
"""Of the tables of last vertices that the join reads."""


def count_rows(
    first: int,
    stop: int,
    num_vertices: int,
    facets: np.ndarray,
    pointer: np.ndarray,
    last: np.ndarray,
) -> np.ndarray:
    """How many vertices extend each of the simplices first … stop-1, (stop-first,) int64.

    Args:
        first: the first simplex.
        stop: the one behind the last.
        num_vertices: n_0.
        facets: (n_k, k+1) int64, of which these rows alone are read.
        pointer: (n_{k-1}+1,) int64, where the children of each (k-1)-simplex start.
        last: (n_k,) the last vertex of each simplex.
    """
    from simplex.complexes._flag_numba import _NO_BOUND, _count

    counts = np.empty(stop - first, np.int64)
    seen = _rows_from(first, counts)
    _count(
        first, stop, num_vertices, facets, pointer, last, seen, _NO_BOUND, False, np.zeros(1, bool)
    )
    return counts


def fill_rows(
    first: int,
    stop: int,
    num_vertices: int,
    facets: np.ndarray,
    pointer: np.ndarray,
    last: np.ndarray,
    children: np.ndarray,
) -> np.ndarray:
    """The facet ids of the children of the simplices first … stop-1.

    Args:
        first: the first simplex.
        stop: the one behind the last.
        num_vertices: n_0.
        facets: (n_k, k+1) int64, of which these rows alone are read.
        pointer: (n_{k-1}+1,) int64, where the children of each (k-1)-simplex start.
        last: (n_k,) the last vertex of each simplex.
        children: (n_k+1,) int64, where the children of each simplex start.

    Returns:
        (m, k+2) int64, the rows children[first] … children[stop]-1 of the next table.
    """
    from simplex.complexes._flag_numba import _fill

    begin = int(children[first])
    out = np.empty((int(children[stop]) - begin, facets.shape[1] + 1), np.int64)
    seen = _rows_from(begin, out)
    _fill(
        first, stop, num_vertices, facets, pointer, last, children, seen, False, np.zeros(1, bool)
    )
    return out


def _rows_from(first: int, rows: np.ndarray) -> np.ndarray:
    """The rows as the rows from ``first`` on of a table, of which there are no others.

    Kernels write where a row stands in the whole table.
    """
    stop, width = first + len(rows), int(np.prod(rows.shape[1:]))
    begin = rows.ctypes.data - first * width * rows.itemsize
    whole: Any = (ctypes.c_int64 * (stop * width)).from_address(begin)
    return np.frombuffer(whole, np.int64).reshape(stop, *rows.shape[1:])
