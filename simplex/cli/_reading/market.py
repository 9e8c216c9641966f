"""Matrix Market: a sparse matrix whose entries are the edges."""

import io

import numpy as np
import torch

from simplex.interop import GraphEdges


BANNER = "%%MatrixMarket"
_MOST_ISOLATED = 1_000_000  # vertices that a short file may name


def read_market(text: str, undirected: bool) -> GraphEdges:
    """The graph of the entries that are not zero; the diagonal holds self-loops.

    Raises:
        ValueError: a broken file, or a matrix that is not square and symmetric.
    """
    from scipy.io import mminfo, mmread
    from scipy.sparse import coo_array

    try:
        rows, columns, *_ = mminfo(io.BytesIO(text.encode()))
        if rows != columns:
            raise ValueError(f"the matrix must be square, got {rows} rows and {columns} columns.")
        if rows > max(_MOST_ISOLATED, 64 * len(text)):
            raise ValueError(
                f"the matrix must describe its vertices, got {rows:,} in {len(text)} characters."
            )
        matrix = coo_array(mmread(io.BytesIO(text.encode())))
    except (ValueError, TypeError, OverflowError, IndexError) as error:
        if str(error).startswith("the matrix"):
            raise
        raise ValueError(
            f"must be a matrix in Matrix Market form, got another ({error})."
        ) from None
    present = matrix.data != 0
    ends = np.stack([each[present].astype(np.int64) for each in matrix.coords])
    keys, back = ends[0] * rows + ends[1], ends[1] * rows + ends[0]
    if not undirected and not np.array_equal(np.unique(keys), np.unique(back)):
        raise ValueError(
            "the matrix must be symmetric, got one with an entry (i, j) and none at (j, i). Forget "
            "the directions with --undirected."
        )
    once = ends if undirected else ends[:, ends[0] <= ends[1]]
    return GraphEdges(rows, torch.from_numpy(once))
