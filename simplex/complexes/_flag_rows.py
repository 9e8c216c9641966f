"""One step of the flag-complex join on a range of rows: what tasks on tables of a disk do."""

import numpy as np


LAST_VERTEX = np.dtype(np.uint32)
"""Of the tables of last vertices that the join reads."""

MOST_ROWS = 1 << 30
"""Of one call: with the children of one simplex they are still below 2³²."""


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
    from simplex.complexes._flag_numba import _NO_BOUND, _count  # loads numba

    counts = np.empty(stop - first, np.int64)
    arrays = facets, pointer, last, counts, first, _NO_BOUND, False, np.zeros(1, np.bool_)
    _count(first, stop, num_vertices, *arrays)
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
    arrays = facets, pointer, last, children, out, begin, False, np.zeros(1, np.bool_)
    _fill(first, stop, num_vertices, *arrays)
    return out
