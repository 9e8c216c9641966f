"""Sums over bags of rows, and the bags themselves read the other way in the backward pass.

On the CPU torch's embedding bag is four to six times as fast as ``index_add`` and twice as fast as
a sparse CSR product (tests/benchmarks/nn.py), and its adjoint is a bag sum again.
"""

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor


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
