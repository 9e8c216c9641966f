"""Sparse matrices in row-major order: sorted in linear time, multiplied where they live."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor


_SCIPY_ON = ("cpu",)  # where scipy's kernels are taken; elsewhere torch's


def row_major_order(rows: Tensor, num_rows: int) -> Tensor:
    """The order that sorts the entries of a table by their value, equal ones by place.

    Row ``s`` of the table holds the row numbers of the entries in column ``s`` of a sparse matrix,
    so the order takes the matrix from column-major to row-major.

    Args:
        rows: (n, w) int64 in 0 … num_rows-1.
        num_rows: how many rows the matrix has.

    Returns:
        (n·w,) int64 places in ``rows.flatten()``.
    """
    if rows.device.type not in _SCIPY_ON:
        return torch.sort(rows.flatten(), stable=True).indices
    from scipy.sparse import csc_matrix

    count, width = rows.shape
    places = np.arange(count * width)
    starts = np.arange(0, count * width + 1, width) if width else np.zeros(count + 1, np.int64)
    # A counting sort, linear in the entries: four times as fast as numpy's stable sort.
    by_column = csc_matrix((places, rows.numpy().ravel(), starts), shape=(num_rows, count))
    return torch.from_numpy(by_column.tocsr().data)


def sorted_sparse(index: Tensor, values: Tensor, shape: tuple[int, int]) -> Tensor:
    """A sparse matrix whose entries are distinct and already in row-major order."""
    return torch.sparse_coo_tensor(index, values, shape, is_coalesced=True, check_invariants=False)


def matrix_product(matrix: Tensor) -> Callable[[Tensor], Tensor]:
    """The map x ↦ matrix · x for dense x (m, channels), prepared for many calls."""
    if matrix.device.type not in _SCIPY_ON:
        return lambda x: torch.sparse.mm(matrix, x)
    csr = to_csr(matrix)  # 40 times as fast as torch's product of a COO matrix on the CPU
    return lambda x: torch.from_numpy(csr @ x.numpy())


def gram_sum(down: Tensor, up: Tensor) -> Tensor:
    """Downᵀ · down + up · upᵀ, without the entries that cancel.

    Args:
        down: sparse (m, n), row-major.
        up: sparse (n, p), row-major.

    Returns:
        Sparse (n, n), row-major, exactly symmetric.
    """
    if down.device.type not in _SCIPY_ON:
        return _gram_sum_torch(down, up)
    from scipy.sparse import hstack

    stacked = hstack([to_csr(down).T, to_csr(up)], format="csr")
    product = (stacked @ stacked.T.tocsr()).tocsc()  # symmetric: the columns are the sorted rows
    product.eliminate_zeros()
    index = np.empty((2, product.nnz), np.int64)
    index[0] = np.repeat(np.arange(len(product.indptr) - 1), np.diff(product.indptr))
    index[1] = product.indices
    return sorted_sparse(torch.from_numpy(index), torch.from_numpy(product.data), product.shape)


def _gram_sum_torch(down: Tensor, up: Tensor) -> Tensor:
    total = torch.sparse.mm(down.t(), down) + torch.sparse.mm(up, up.t())
    return select_entries(total.coalesce(), lambda index, values: values != 0)


def select_entries(matrix: Tensor, keep: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """The row-major sparse matrix with only the entries that ``keep(index, values)`` marks."""
    kept = keep(matrix.indices(), matrix.values())
    shape = (matrix.shape[0], matrix.shape[1])
    return sorted_sparse(matrix.indices()[:, kept], matrix.values()[kept], shape)


def to_csr(matrix: Tensor) -> Any:
    """The row-major sparse matrix as a scipy CSR matrix, which shares its values."""
    from scipy.sparse import csr_matrix

    rows, columns = matrix.indices().numpy()
    starts = np.zeros(matrix.shape[0] + 1, np.int64)
    np.cumsum(np.bincount(rows, minlength=matrix.shape[0]), out=starts[1:])
    return csr_matrix((matrix.values().numpy(), columns, starts), shape=tuple(matrix.shape))


def column_units(y: Tensor) -> Tensor:
    """Powers of two, (columns,), near the largest number of each column of (rows, columns)."""
    peak = y.detach().abs().amax(0) if len(y) else y.new_zeros(y.shape[1:])
    usual = (peak > 0) & peak.isfinite()
    return torch.where(usual, peak / (2 * torch.frexp(peak).mantissa), 1.0)
