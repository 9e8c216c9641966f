"""The boundary maps on tables that stay on disk: a block of rows at a time, and nothing is kept."""

from collections.abc import Iterator
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

from simplex.complexes import SimplicialComplex, facet_signs, is_on_disk, transformed


_ENTRIES = 1 << 21  # numbers of a block that are multiplied and added together


def in_blocks(K: SimplicialComplex) -> bool:
    """Whether sums over the tables are to be taken in blocks.

    Transforms and the compiler are given the patterns of complexes in memory, which they know.
    """
    return is_on_disk(K) and not transformed() and not torch.compiler.is_compiling()


def sum_in_blocks(K: SimplicialComplex, x: Tensor, k: int, *, signed: bool, turned: bool) -> Tensor:
    r"""∂_kᵀ x of rows (n_{k-1}, F), or with ``turned`` ∂_k x of rows (n_k, F); k ≥ 1.

    Differentiable any number of times: the backward pass is the other one.

    Cost:
        O(incidences · F) in time; in memory, beside the result, some megabytes.
    """
    return cast("Tensor", _BlockSum.apply(x, K, k, signed, turned))  # type: ignore[no-untyped-call]


class _BlockSum(torch.autograd.Function):
    @staticmethod
    def forward(x: Tensor, K: SimplicialComplex, k: int, signed: bool, turned: bool) -> Tensor:
        x = x.contiguous()
        count = K.num_simplices(k - 1 if turned else k)
        result = x.new_zeros(count, x.shape[1])
        for rows, table in blocks(K, k, x.shape[1]):
            sign = facet_signs(K, k, rows).to(x.dtype) if signed else None
            if turned:
                terms = x[rows, None, :].expand(-1, k + 1, -1)
                terms = terms if sign is None else terms * sign[:, :, None]
                result.index_add_(0, table.flatten(), terms.flatten(0, 1))
            else:
                weight = None if sign is None else sign.contiguous()
                result[rows] = embedding_bag(table, x, mode="sum", per_sample_weights=weight)
        return result

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.map = inputs[1:]

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        K, k, signed, turned = ctx.map
        back = sum_in_blocks(K, grad, k, signed=signed, turned=not turned)
        return back, None, None, None, None

    @staticmethod
    def jvp(ctx: Any, x: Tensor, *_: None) -> Tensor:
        K, k, signed, turned = ctx.map
        return sum_in_blocks(K, x, k, signed=signed, turned=turned)


def blocks(K: SimplicialComplex, k: int, width: int = 1) -> Iterator[tuple[slice, Tensor]]:
    """The facet table of dimension k in blocks of rows, fewer where a row has more numbers."""
    table = K.facets(k)
    step = max(1, _ENTRIES // (max(width, 1) * (k + 1)))
    for start in range(0, len(table), step):
        yield slice(start, start + step), table[start : start + step]
