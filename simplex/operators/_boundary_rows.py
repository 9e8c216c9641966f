"""Some rows of a boundary map as a scipy matrix, for maps that do not fit in memory."""

from typing import Any

import numpy as np
import torch

from simplex.complexes import (
    SimplicialComplex,
    facet_signs,
    on_free_threads,
    require_flag,
    require_int,
    require_memory,
)
from simplex.operators._checks import require_rank, require_signed_dtype
from simplex.operators._on_disk import blocks


_ENTRY_BYTES = 40  # of an entry: row, column and value, twice while they are put in order
_REMEDY = "Take fewer rows at a time."


@on_free_threads()
def boundary_rows(
    K: SimplicialComplex,
    k: int,
    start: int,
    stop: int,
    *,
    signed: bool = True,
    dtype: torch.dtype | None = None,
) -> Any:
    """Rows of ∂_k: the cofacets of the (k-1)-simplices ``start … stop-1``, as a CSR matrix.

    For complexes of which the whole map does not fit in memory, such as
    :func:`simplex.storage.open_complex` gives.

    Args:
        K: the complex, on any device.
        k: 0 … dim+1, as for :func:`boundary_matrix`.
        start: the first row.
        stop: the row after the last one, at most n_{k-1}.
        signed: ``False`` for |∂_k|, every entry 1.
        dtype: of the entries, signed numbers; ``None`` for torch's default.

    Returns:
        ``scipy.sparse.csr_array`` (stop - start, n_k), canonical, on the CPU.

    Raises:
        ValueError: ``k`` beyond the ranks, rows beyond n_{k-1}, a dtype that scipy has not, or rows
            that do not fit in memory.

    Laws:
        Equal to these rows of :func:`boundary_matrix`.

    Cost:
        One pass through the facet table of dimension k, in blocks: O(k · n_k) in time, O(result) in
        memory. All rows are cheapest in few large ranges. The columns of ∂_k are found at once,
        by :func:`coboundary_rows`.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2)])
        >>> boundary_rows(K, 1, 1, 3).toarray()
        array([[ 1.,  0., -1.],
               [ 0.,  1.,  1.]], dtype=float32)
    """
    from scipy.sparse import csr_array

    k = require_rank(K, k, 0, above=1)
    start, stop = _range(start, stop, K.num_simplices(k - 1) if k else 0)
    numbers = _dtype(dtype, signed)
    rows, columns, values, found = [], [], [], 0
    for block, table in blocks(K, k):
        place = ((table >= start) & (table < stop)).nonzero()  # in ascending order of the simplices
        found += len(place)
        require_memory(_ENTRY_BYTES * found, torch.device("cpu"), _named(found, k), _REMEDY)
        rows.append((table[*place.T] - start).cpu())
        columns.append((place[:, 0] + block.start).cpu())
        signs = facet_signs(K, k, block)[*place.T] if signed else torch.ones_like(rows[-1])
        values.append(signs.to("cpu", numbers))
    shape = (stop - start, K.num_simplices(k))
    if not found:
        return csr_array(shape, dtype=torch.empty(0, dtype=numbers).numpy().dtype)
    entries = torch.cat(values).numpy()
    return csr_array((entries, (torch.cat(rows).numpy(), torch.cat(columns).numpy())), shape=shape)


@on_free_threads()
def coboundary_rows(
    K: SimplicialComplex,
    k: int,
    start: int,
    stop: int,
    *,
    signed: bool = True,
    dtype: torch.dtype | None = None,
) -> Any:
    """Rows of δ_k = ∂_{k+1}ᵀ: the facets of the (k+1)-simplices ``start … stop-1``, as CSR.

    Args:
        K: the complex, on any device.
        k: -1 … dim, as for :func:`coboundary_matrix`.
        start: the first row.
        stop: the row after the last one, at most n_{k+1}.
        signed: ``False`` for |δ_k|, every entry 1.
        dtype: of the entries, signed numbers; ``None`` for torch's default.

    Returns:
        ``scipy.sparse.csr_array`` (stop - start, n_k), canonical, on the CPU.

    Raises:
        ValueError: ``k`` beyond the ranks, rows beyond n_{k+1}, a dtype that scipy has not, or rows
            that do not fit in memory.

    Laws:
        Equal to these rows of :func:`coboundary_matrix`: the columns of ∂_{k+1}.

    Cost:
        O(k · rows): the rows are those of the facet table.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2)])
        >>> coboundary_rows(K, 0, 1, 3).toarray()
        array([[-1.,  0.,  1.],
               [ 0., -1.,  1.]], dtype=float32)
    """
    from scipy.sparse import csr_array

    k = require_rank(K, k, -1)
    start, stop = _range(start, stop, K.num_simplices(k + 1))
    numbers, rows = _dtype(dtype, signed), slice(start, stop)
    width = k + 2 if k >= 0 else 0
    entries = (stop - start) * width
    require_memory(_ENTRY_BYTES * entries, torch.device("cpu"), _named(entries, k + 1), _REMEDY)
    table = K.facets(k + 1)[rows].cpu()
    signs = facet_signs(K, k + 1, rows).cpu() if signed else torch.ones_like(table)
    columns, order = table.sort(dim=1)
    values = signs.gather(1, order).to(numbers).flatten().numpy()
    pointer = np.arange(0, entries + 1, width) if width else np.zeros(stop - start + 1, np.int64)
    shape = (stop - start, K.num_simplices(k) if k >= 0 else 0)
    return csr_array((values, columns.flatten().numpy(), pointer), shape=shape)


def _range(start: int, stop: int, count: int) -> tuple[int, int]:
    start, stop = require_int("start", start, 0), require_int("stop", stop, 0)
    if not start <= stop <= count:
        raise ValueError(
            f"start and stop must be rows of a map with {count} rows, got {start} and {stop}."
        )
    return start, stop


def _dtype(dtype: torch.dtype | None, signed: bool) -> torch.dtype:
    require_flag("signed", signed)
    dtype = require_signed_dtype(dtype, torch.complex64, torch.complex128)
    if dtype in (torch.bfloat16, torch.float16):
        raise ValueError(f"dtype must be one of scipy, got {dtype}. Take torch.float32.")
    return dtype


def _named(entries: int, k: int) -> str:
    return f"{entries} entries of the boundary map of dimension {k}"
