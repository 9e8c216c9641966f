"""Products with a sparse matrix whose entries are learned, without a row per entry in memory."""

from typing import Any, NamedTuple

import torch
from torch import Tensor


class Entries(NamedTuple):
    """Where the entries of a sparse matrix are, row by row, and in the order of their columns.

    Attributes:
        row: (E,) int64, ascending.
        column: (E,) int64.
        row_pointer: (rows+1,) where the entries of each row start.
        order: (E,) the entries by column.
        column_pointer: (columns+1,) where those of each column start in ``order``.
    """

    row: Tensor
    column: Tensor
    row_pointer: Tensor
    order: Tensor
    column_pointer: Tensor

    def transposed(self) -> "Entries":
        """The entries of the transpose, whose values are taken in ``order``."""
        place = torch.empty_like(self.order)
        place[self.order] = torch.arange(len(self.order), device=self.order.device)
        row, column = self.column[self.order], self.row[self.order]
        return Entries(row, column, self.column_pointer, place, self.row_pointer)


def entries(row: Tensor, column: Tensor, num_rows: int, num_columns: int) -> Entries:
    """The entries at (row, column) with ``row`` ascending.

    Example:
        >>> entries(torch.tensor([0, 0, 1]), torch.tensor([1, 0, 1]), 2, 2).order.tolist()
        [1, 0, 2]
    """
    order = torch.sort(column, stable=True).indices
    rows, columns = (torch.arange(n + 1, device=row.device) for n in (num_rows, num_columns))
    return Entries(
        row,
        column,
        torch.searchsorted(row, rows),
        order,
        torch.searchsorted(column[order], columns),
    )


def weighted_sum(value: Tensor, weight: Tensor, table: Entries) -> Tensor:
    r"""The product A v with the entries ``weight`` of A: a weighted sum for each row.

    .. math:: y_i = \sum_{e:\, row_e = i} w_e \, v_{column_e}

    Args:
        value: (columns, F).
        weight: (E,), of the same dtype.
        table: where the entries are.

    Returns:
        (rows, F).

    Cost:
        O(E · F) in time, O(E) in memory, in both directions. Differentiable in both arguments, any
        number of times.

    Example:
        >>> table = entries(torch.tensor([0, 0, 1]), torch.tensor([1, 0, 1]), 2, 2)
        >>> value, weight = torch.tensor([[1.0], [2.0]]), torch.tensor([3.0, 4.0, 5.0])
        >>> weighted_sum(value, weight, table).tolist()
        [[10.0], [10.0]]
    """
    result: Tensor = _WeightedSum.apply(value, weight, *table)  # type: ignore[no-untyped-call]
    return result


def _dots(left: Tensor, right: Tensor, table: Entries) -> Tensor:
    """For each entry the inner product of row ``row`` of left and row ``column`` of right, (E,)."""
    result: Tensor = _Dots.apply(left, right, *table)  # type: ignore[no-untyped-call]
    return result


class _WeightedSum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: Tensor, weight: Tensor, *table: Tensor) -> Tensor:
        ctx.save_for_backward(value, weight, *table)
        _, column, pointer, _, _ = table
        return torch.nn.functional.embedding_bag(
            column,
            value.contiguous(),
            pointer,
            mode="sum",
            per_sample_weights=weight.contiguous(),
            include_last_offset=True,
        )

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        value, weight, *tensors = ctx.saved_tensors
        table = Entries(*tensors)
        to_value = weighted_sum(grad, weight.index_select(0, table.order), table.transposed())
        return to_value, _dots(grad, value, table), *[None] * 5


class _Dots(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, left: Tensor, right: Tensor, *table: Tensor) -> Tensor:
        ctx.save_for_backward(left, right, *table)
        row, column, pointer, _, _ = table
        # What torch has for the gradient of the weights of a bag: mode 0 (sum), no padding.
        result: Tensor = torch.ops.aten._embedding_bag_per_sample_weights_backward(
            left.contiguous(), right.contiguous(), column, pointer[:-1], row, 0, -1
        )
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        left, right, *tensors = ctx.saved_tensors
        table = Entries(*tensors)
        by_column = grad.index_select(0, table.order)
        to_right = weighted_sum(left, by_column, table.transposed())
        return weighted_sum(right, grad, table), to_right, *[None] * 5
