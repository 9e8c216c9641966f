"""Sums of rows by a sparse pattern, and what reads the pattern the other way."""

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import embedding_bag


class Bags(NamedTuple):
    """Which rows make up each sum, and with which weights.

    Attributes:
        index: (n, w) rows of each sum; or (E,) rows, cut at ``pointer``.
        pointer: (n+1,) where the rows of each sum start; ``None`` for a table.
        weight: like ``index``, factors of the rows; ``None`` for 1.
    """

    index: Tensor  # type: ignore[assignment]  # hides tuple.index, which nobody misses
    pointer: Tensor | None
    weight: Tensor | None


def sum_bags(x: Tensor, bags: Bags, adjoint: Bags) -> Tensor:
    """Sum the rows of each bag.

    Args:
        x: (m, …) values.
        bags: n sums over its rows.
        adjoint: m sums over n rows: the transposed matrix, for the backward pass.

    Returns:
        (n, …).

    Example:
        >>> pair = Bags(torch.tensor([[0, 1]]), None, None)
        >>> back = Bags(torch.tensor([[0], [0]]), None, None)
        >>> sum_bags(torch.tensor([1.0, 2.0]), pair, back)
        tensor([3.])
    """
    flat = x.reshape(len(x), math.prod(x.shape[1:]))
    result = _apply(_BagSum, flat, *bags, *adjoint)
    return result.view(len(result), *x.shape[1:])


def _bag_sum(x: Tensor, index: Tensor, pointer: Tensor | None, weight: Tensor | None) -> Tensor:
    return torch.nn.functional.embedding_bag(
        index,
        x,
        pointer,
        mode="sum",
        per_sample_weights=weight,
        include_last_offset=pointer is not None,
    )


class _BagSum(torch.autograd.Function):
    """A sum over bags of rows, and as its backward pass the sum over the adjoint bags."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        index: Tensor,
        pointer: Tensor | None,
        weight: Tensor | None,
        *adjoint: Tensor | None,
    ) -> Tensor:
        ctx.save_for_backward(index, pointer, weight, *adjoint)
        return _bag_sum(x, index, pointer, weight)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        bags = ctx.saved_tensors
        return _apply(_BagSum, grad.contiguous(), *bags[3:], *bags[:3]), *[None] * 6


class _Rows(torch.autograd.Function):
    """Read rows by place; the backward pass sums the places of each row."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, rows: Tensor, order: Tensor, pointer: Tensor) -> Tensor:
        ctx.save_for_backward(rows, order, pointer)
        return x.index_select(0, rows)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        return sum_places(grad, *ctx.saved_tensors), None, None, None


class _Places(torch.autograd.Function):
    """Sum the places of each row; the backward pass reads rows by place."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, rows: Tensor, order: Tensor, pointer: Tensor) -> Tensor:
        ctx.save_for_backward(rows, order, pointer)
        return _bag_sum(x, order, pointer, None)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        return read_rows(grad, *ctx.saved_tensors), None, None, None


def read_rows(x: Tensor, rows: Tensor, order: Tensor, pointer: Tensor) -> Tensor:
    """``x[rows]``, whose backward pass is :func:`sum_places`.

    Args:
        x: (n, F).
        rows: (E,) ids 0 … n-1.
        order: (E,) the places of ``rows``, by id.
        pointer: (n+1,) where the places of each id start in ``order``.
    """
    return _apply(_Rows, x, rows, order, pointer)


def sum_places(x: Tensor, rows: Tensor, order: Tensor, pointer: Tensor) -> Tensor:
    """Sum the rows of ``x`` (E, F) by id, (n, F): the adjoint of :func:`read_rows`."""
    return _apply(_Places, x.contiguous(), rows, order, pointer)


def _apply(function: type[torch.autograd.Function], *arguments: Any) -> Tensor:
    result: Tensor = function.apply(*arguments)  # type: ignore[no-untyped-call]
    return result


class Segments(NamedTuple):
    """Rows in the order of their receivers, as the pairs of a message function are.

    Attributes:
        index: (E,) int64, the receiver of each row, ascending.
        pointer: (size+1,) int64, where the rows of each receiver start.
    """

    index: Tensor  # type: ignore[assignment]  # hides tuple.index, which nobody misses
    pointer: Tensor


def segments(index: Tensor, size: int) -> Segments:
    """The segments of an ascending index with values 0 … size-1.

    Example:
        >>> segments(torch.tensor([0, 0, 2]), 3).pointer.tolist()
        [0, 2, 2, 3]
    """
    bounds = torch.arange(size + 1, device=index.device)
    return Segments(index, torch.searchsorted(index, bounds))


def segment_sum(x: Tensor, segment: Segments) -> Tensor:
    """Sum the rows of each receiver: (E, F) to (size, F).

    Example:
        >>> segment_sum(torch.ones(3, 1), segments(torch.tensor([0, 0, 2]), 3)).squeeze(1).tolist()
        [2.0, 0.0, 1.0]
    """
    places = torch.arange(len(segment.index), device=x.device)
    return sum_places(x, segment.index, places, segment.pointer)


def segment_read(x: Tensor, segment: Segments) -> Tensor:
    """Give each row what its receiver holds: (size, F) to (E, F)."""
    places = torch.arange(len(segment.index), device=x.device)
    return read_rows(x, segment.index, places, segment.pointer)


def segment_softmax(score: Tensor, segment: Segments) -> Tensor:
    r"""Softmax over the rows of each receiver: attention over its neighbours.

    .. math:: α_e = \frac{\exp s_e}{\sum_{f:\, index_f = index_e} \exp s_f}

    Args:
        score: (E, H) one score per pair and head.
        segment: which receiver each pair is of.

    Returns:
        (E, H); for each receiver with a neighbour they sum to 1.

    Example:
        >>> two_and_one = segments(torch.tensor([0, 0, 1]), 2)
        >>> segment_softmax(torch.zeros(3, 1), two_and_one).squeeze(1).tolist()
        [0.5, 0.5, 1.0]
    """
    place = segment.index[:, None].expand(score.shape)
    largest = score.detach().new_full((len(segment.pointer) - 1, *score.shape[1:]), -torch.inf)
    largest = largest.scatter_reduce(0, place, score.detach(), "amax")
    weight = (score - largest.index_select(0, segment.index)).exp()
    return weight / segment_read(segment_sum(weight, segment), segment)


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


class SparseRows(NamedTuple):
    """A sparse matrix by rows.

    Attributes:
        pointer: (num_rows+1,) int64.
        column: (entries,) int64.
        weight: (entries,) float32.
        num_columns: its width.
    """

    pointer: Tensor
    column: Tensor
    weight: Tensor
    num_columns: int

    def row(self) -> Tensor:
        """(entries,) the row of each entry."""
        size = self.pointer.diff()
        return torch.arange(len(size), device=size.device).repeat_interleave(size)

    def select(self, rows: Tensor) -> "SparseRows":
        """The matrix with these rows alone."""
        size = self.pointer.diff().index_select(0, rows)
        pointer = _pointer(size)
        shift = self.pointer.index_select(0, rows) - pointer[:-1]
        place = torch.repeat_interleave(shift, size, output_size=int(pointer[-1]))
        place += torch.arange(len(place), device=rows.device)
        column, weight = self.column.index_select(0, place), self.weight.index_select(0, place)
        return SparseRows(pointer, column, weight, self.num_columns)

    def slice(self, first: int, step: int) -> "SparseRows":
        """Every ``step``-th column from ``first`` on."""
        kept = self.column % step == first
        size = torch.bincount(self.row()[kept], minlength=len(self.pointer) - 1)
        column = torch.div(self.column[kept], step, rounding_mode="floor")
        return SparseRows(_pointer(size), column, self.weight[kept], self.num_columns // step)

    def without_empty_columns(self, group: int) -> tuple["SparseRows", Tensor]:
        """Drop groups of ``group`` consecutive columns without an entry; which groups are kept."""
        used = torch.zeros(self.num_columns, dtype=torch.bool, device=self.column.device)
        kept = used.index_fill_(0, self.column, True).view(-1, group).any(1).nonzero()[:, 0]
        place = torch.arange(len(kept) * group, device=kept.device).view(-1, group)
        number = kept.new_empty(self.num_columns // group, group).index_copy_(0, kept, place)
        column = number.flatten().index_select(0, self.column)
        return SparseRows(self.pointer, column, self.weight, len(kept) * group), kept

    def transpose(self) -> "SparseRows":
        """The transposed matrix."""
        num_rows = len(self.pointer) - 1
        if self.column.device.type != "cpu":
            order = torch.sort(self.column, stable=True).indices
            pointer = _pointer(torch.bincount(self.column, minlength=self.num_columns))
            return SparseRows(pointer, self.row()[order], self.weight[order], num_rows)
        from scipy.sparse import csr_matrix

        # A counting sort, linear in the entries.
        parts = (self.weight.numpy(), self.column.numpy(), self.pointer.numpy())
        turned = csr_matrix(parts, shape=(num_rows, self.num_columns)).tocsc()
        pointer, row, weight = map(torch.from_numpy, (turned.indptr, turned.indices, turned.data))
        return SparseRows(pointer.long(), row.long(), weight, num_rows)

    def __matmul__(self, x: Tensor) -> Tensor:
        result: Tensor = _Product.apply(x, self)  # type: ignore[no-untyped-call]
        return result


class _Product(torch.autograd.Function):
    """Sparse times dense, with the transposed product as derivative."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, matrix: SparseRows) -> Tensor:
        ctx.matrix = matrix
        return _product(matrix, x.detach())

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        return _product(ctx.matrix.transpose(), grad.contiguous()), None


def _product(matrix: SparseRows, x: Tensor) -> Tensor:
    # Sums of weighted rows are what an embedding bag computes; 3 times as fast as torch's CSR.
    result: Tensor = embedding_bag(
        matrix.column,
        x,
        matrix.pointer,
        mode="sum",
        per_sample_weights=matrix.weight.to(x.dtype),
        include_last_offset=True,
    )
    return result


def _pointer(size: Tensor) -> Tensor:
    return torch.cat([size.new_zeros(1), size.cumsum(0)])


def pool_parts(x: Tensor, pointer: Tensor, reduce: str) -> Tensor:
    """Sum, mean or maximum over the simplices of each part; a part without simplices gives zeros.

    Args:
        x: (n_k, F) cochain of a disjoint union.
        pointer: (num_parts+1,) ``complex.part_pointer(k)``.
        reduce: ``"sum"``, ``"mean"`` or ``"max"``.

    Returns:
        (num_parts, F).

    Example:
        >>> pool_parts(torch.tensor([[1.0], [3.0], [5.0]]), torch.tensor([0, 2, 2, 3]), "mean")
        tensor([[2.],
                [0.],
                [5.]])
    """
    row = torch.arange(x.shape[0], device=x.device)
    part = torch.searchsorted(pointer[1:].contiguous(), row, right=True)
    if reduce == "max":
        place = part[:, None].expand(x.shape)
        zeros = x.new_zeros(pointer.shape[0] - 1, x.shape[1])
        return zeros.scatter_reduce(0, place, x, "amax", include_self=False)
    total = segment_sum(x, Segments(part, pointer))
    if reduce == "sum":
        return total
    return total / pointer.diff().clamp(min=1)[:, None].to(x.dtype)
