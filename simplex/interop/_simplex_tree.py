"""GUDHI's simplex tree as arrays: its own serialisation, read by one pass."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


_PER_SIMPLEX, _ROOT, _LONGEST_HEAD = 16, 4, 64  # bytes: vertex, value, number of children


def tree_arrays(tree: Any) -> tuple[list[NDArray[np.int64]], list[NDArray[np.float64]]] | None:
    """Per dimension k the simplices (n_k, k+1), increasing, and their values (n_k,).

    ``None`` where this version of GUDHI packs its trees otherwise.
    """
    from simplex.interop._simplex_tree_numba import unpack

    packed = tree.__getstate__() if hasattr(tree, "__getstate__") else None
    if not isinstance(packed, np.ndarray) or not hasattr(tree, "num_simplices"):
        return None
    count = tree.num_simplices()
    head = packed.nbytes - _PER_SIMPLEX * count - _ROOT  # of later versions: what the tree can do
    if not 0 <= head < _LONGEST_HEAD:
        return None
    words = np.frombuffer(packed.tobytes()[head:], np.int32).copy()
    vertex, parent, dim, place = (np.empty(count, np.int64) for _ in range(4))
    if not unpack(words, vertex, parent, dim, place):
        return None
    values = np.stack([words[place], words[place + 1]], axis=1).view(np.float64)[:, 0]
    local = np.empty(count, np.int64)
    rows: list[NDArray[np.int64]] = []
    found: list[NDArray[np.float64]] = []
    for k in range(int(dim.max(initial=-1)) + 1):
        ids = np.flatnonzero(dim == k)
        local[ids] = np.arange(len(ids))
        last = vertex[ids][:, None]
        rows.append(np.hstack([rows[-1][local[parent[ids]]], last]) if k else last)
        found.append(values[ids])
    return rows, found
