"""Where a sparse matrix has entries, row by row and column by column."""

from typing import NamedTuple

import torch
from torch import Tensor


class RowPattern(NamedTuple):
    """Where a sparse matrix has entries, listed row by row and column by column.

    Three forms of rows are kept apart, as each has a fastest kernel: rows of one entry are read,
    rows of equal length are a table, and any others are cut at a pointer.

    Attributes:
        row_pointer: (rows+1,) where the entries of each row start; ``None`` where the shape of
            ``column`` says so.
        column: (E,) int64, row by row; (rows, w) for a table; (rows,) without a pointer for rows of
            one entry.
        column_pointer: (columns+1,) where the entries of each column start in the two lists below.
        row: (E,) int64, column by column.
        order: (E,) the places of these entries in ``column.flatten()``; ``None`` where ``row`` is
            that list already, as for rows of one entry.
    """

    row_pointer: Tensor | None
    column: Tensor
    column_pointer: Tensor
    row: Tensor
    order: Tensor | None

    @property
    def places(self) -> "RowPattern":
        """The matrix with a row for each entry, (E, columns): it reads what the sums would add."""
        order = self.row if self.order is None else self.order
        return RowPattern(None, self.column.flatten(), self.column_pointer, order, None)


def row_pattern(row: Tensor, column: Tensor, num_rows: int, num_columns: int) -> RowPattern:
    """The pattern with entries at (row, column), ``row`` ascending.

    Example:
        >>> row_pattern(torch.tensor([0, 0, 1]), torch.tensor([1, 0, 1]), 2, 2).order.tolist()
        [1, 0, 2]
    """
    order = torch.sort(column, stable=True).indices
    return RowPattern(
        _pointer(row, num_rows), column, _pointer(column[order], num_columns), row[order], order
    )


def segments(index: Tensor, size: int) -> RowPattern:
    """The pattern whose row e reads ``index[e]``, an ascending index with values 0 … size-1.

    Example:
        >>> segments(torch.tensor([0, 0, 2]), 3).column_pointer.tolist()
        [0, 2, 2, 3]
    """
    return segments_at(index, _pointer(index, size))


def segments_at(index: Tensor, pointer: Tensor) -> RowPattern:
    """:func:`segments` where it is known that the rows of i are ``pointer[i] … pointer[i+1]-1``."""
    places = torch.arange(index.shape[0], device=index.device)
    return RowPattern(None, index, pointer, places, None)


def _pointer(ascending: Tensor, size: int) -> Tensor:
    bounds = torch.arange(size + 1, device=ascending.device)
    return torch.searchsorted(ascending.contiguous(), bounds)


def block_pattern(pattern: RowPattern, size: int) -> RowPattern:
    """The pattern of I ⊗ A, A once for each of a batch, or of the heads of an attention.

    Example:
        >>> one = row_pattern(torch.tensor([0, 0]), torch.tensor([0, 1]), 1, 2)
        >>> block_pattern(one, 2).column.tolist()
        [0, 1, 2, 3]
    """
    row_pointer, column, column_pointer, row, order = pattern
    entries, num_columns = column.numel(), column_pointer.shape[0] - 1
    num_rows = (column if row_pointer is None else row_pointer[1:]).shape[0]

    def blocks(table: Tensor, step: int) -> Tensor:
        steps = torch.arange(size, device=table.device) * step
        return (table + steps.view(-1, *[1] * table.ndim)).flatten(0, 1)

    def pointers(pointer: Tensor) -> Tensor:
        return torch.cat([pointer[:1], blocks(pointer[1:], entries)])

    return RowPattern(
        None if row_pointer is None else pointers(row_pointer),
        blocks(column, num_columns),
        pointers(column_pointer),
        blocks(row, entries if order is None else num_rows),
        None if order is None else blocks(order, entries),
    )
