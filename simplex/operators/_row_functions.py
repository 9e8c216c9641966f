"""The one kernel of the calculus as functions of autograd: gradients of all orders, batches."""

import math
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

from simplex.complexes import transformed
from simplex.operators._row_pattern import RowPattern, block_pattern


class _Product(torch.autograd.Function):
    """A x, or with ``turned`` Aᵀ x; the backward pass is the other one."""

    @staticmethod
    def forward(
        x: Tensor, by_row: Tensor | None, by_column: Tensor | None, turned: bool, *pattern: Any
    ) -> Tensor:
        row_pointer, column, column_pointer, row, order = pattern
        if not turned:
            return _bag_sum(x, column, row_pointer, by_row)
        if by_row is not None and by_column is None:
            by_column = by_row.flatten().index_select(0, row if order is None else order)
        return _bag_sum(x, row, column_pointer, by_column)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        x, by_row, by_column, turned, *pattern = inputs
        learned = by_row is not None and by_column is None
        kept = (x if learned else None, by_row, by_column, *pattern)
        ctx.save_for_backward(*kept)
        ctx.save_for_forward(*kept)
        ctx.turned = turned

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, by_row, by_column, *pattern = ctx.saved_tensors
        of_x = product(grad, by_row, by_column, not ctx.turned, *pattern)
        of_weight = None
        if x is not None:
            left, right = (x, grad) if ctx.turned else (grad, x)
            of_weight = dots(left, right, *pattern)
        return of_x, of_weight, *[None] * 7

    @staticmethod
    def jvp(ctx: Any, x: Tensor | None, by_row: Tensor | None, *_: None) -> Tensor | None:
        at, weight, by_column, *pattern = ctx.saved_tensors
        terms = []
        if x is not None:
            terms.append(product(x, weight, by_column, ctx.turned, *pattern))
        if by_row is not None and at is not None:
            terms.append(product(at, by_row, None, ctx.turned, *pattern))
        return sum(terms[1:], terms[0]) if terms else None

    @staticmethod
    def vmap(
        info: Any,
        in_dims: tuple[int | None, ...],
        x: Tensor,
        by_row: Tensor | None,
        by_column: Tensor | None,
        turned: bool,
        *pattern: Any,
    ) -> tuple[Tensor, int]:
        """A batch of cochains is one of more channels; one of weights, a matrix of blocks."""
        size = info.batch_size
        if in_dims[1] is None and in_dims[2] is None:
            assert in_dims[0] is not None, "a pattern is the same for all of a batch"
            wide = x.movedim(in_dims[0], 1)  # (columns, batch, F)
            rows = product(wide.flatten(1), by_row, by_column, turned, *pattern)
            return rows.view(-1, *wide.shape[1:]), 1
        given = zip((x, by_row, by_column), in_dims, strict=False)
        values = [None if v is None else _batched(v, dim, size) for v, dim in given]
        rows = product(*values, turned, *block_pattern(RowPattern(*pattern), size))
        return rows.view(size, -1, rows.shape[1]), 0


class _Dots(torch.autograd.Function):
    """⟨left_row, right_column⟩ for each entry: what the product is differentiated to by weight."""

    @staticmethod
    def forward(left: Tensor, right: Tensor, *pattern: Tensor | None) -> Tensor:
        row_pointer, column = pattern[:2]
        assert column is not None
        if row_pointer is None:
            width = math.prod(column.shape[1:])
            row_pointer = torch.arange(len(column) + 1, device=column.device) * width
        row = torch.arange(row_pointer.shape[0] - 1, device=column.device)
        row = row.repeat_interleave(row_pointer.diff(), output_size=column.numel())  # (E,)
        # What torch has for the gradient of the weights of a bag: mode 0 (sum), no padding.
        result: Tensor = torch.ops.aten._embedding_bag_per_sample_weights_backward(
            left.contiguous(), right.contiguous(), column.flatten(), row_pointer[:-1], row, 0, -1
        )
        return result.view(column.shape)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        left, right, *pattern = ctx.saved_tensors
        of_left = product(right, grad, None, False, *pattern)
        return of_left, product(left, grad, None, True, *pattern), *[None] * 5

    @staticmethod
    def jvp(ctx: Any, left: Tensor | None, right: Tensor | None, *_: None) -> Tensor | None:
        at_left, at_right, *pattern = ctx.saved_tensors
        terms = []
        if left is not None:
            terms.append(dots(left, at_right, *pattern))
        if right is not None:
            terms.append(dots(at_left, right, *pattern))
        return sum(terms[1:], terms[0]) if terms else None

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[int | None, ...], left: Tensor, right: Tensor, *pattern: Any
    ) -> tuple[Tensor, int]:
        """Of a matrix of blocks."""
        size = info.batch_size
        left, right = _batched(left, in_dims[0], size), _batched(right, in_dims[1], size)
        found = dots(left, right, *block_pattern(RowPattern(*pattern), size))
        return found.view(size, -1, *found.shape[1:]), 0


class _TracedProduct(torch.autograd.Function):
    """The product as ``torch.compile`` takes it: without a jvp, forward and context in one."""

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        x, by_row, by_column, ctx.turned, *pattern = inputs
        learned = by_row is not None and by_column is None
        ctx.save_for_backward(x if learned else None, by_row, by_column, *pattern)
        return _Product.forward(*inputs)

    backward = staticmethod(_Product.backward)


class _TracedDots(torch.autograd.Function):
    """The dot products in the same way."""

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        ctx.save_for_backward(*inputs)
        return _Dots.forward(*inputs)

    backward = staticmethod(_Dots.backward)


def _batched(values: Tensor, dim: int | None, size: int) -> Tensor:
    """(batch · n, …) of what has the axis of a batch, or is the same in all of it."""
    batch = values.expand(size, *values.shape) if dim is None else values.movedim(dim, 0)
    return batch.flatten(0, 1)


def _bag_sum(x: Tensor, index: Tensor, pointer: Tensor | None, weight: Tensor | None) -> Tensor:
    """Sums of rows, on the CPU 4 to 6 times as fast as by ``index_add``, 3 times as by CSR."""
    if pointer is None and index.ndim == 1:  # one row each
        rows = x.index_select(0, index)
        return rows if weight is None else rows * weight[:, None]
    return embedding_bag(
        index,
        x.contiguous(),
        pointer,
        mode="sum",
        per_sample_weights=None if weight is None else weight.contiguous(),
        include_last_offset=pointer is not None,
    )


def product(*arguments: Any) -> Tensor:
    """A x, or Aᵀ x, of x, both weights, whether A is turned, and the fields of its pattern."""
    if torch.compiler.is_compiling():
        return cast("Tensor", _TracedProduct.apply(*arguments))  # type: ignore[no-untyped-call]
    return apply_function(_Product, *arguments)


def dots(*arguments: Any) -> Tensor:
    """The dot product of two rows for each entry, of both tables and the fields of a pattern."""
    if torch.compiler.is_compiling():
        return cast("Tensor", _TracedDots.apply(*arguments))  # type: ignore[no-untyped-call]
    return apply_function(_Dots, *arguments)


def apply_function(function: type[torch.autograd.Function], *arguments: Any) -> Tensor:
    """``function.apply(…)`` with positional arguments alone, which need not be bound to names.

    Binding them, as torch does for functions with a ``setup_context``, takes 20 µs a call.
    """
    if transformed():
        return cast("Tensor", function.apply(*arguments))  # type: ignore[no-untyped-call]
    plain: Any = super(torch.autograd.Function, function)
    return cast("Tensor", plain.apply(*arguments))
