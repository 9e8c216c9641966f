"""Products with a token matrix for each part, whose parts have different numbers of tokens."""

from typing import NamedTuple

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.nn._segments import Segments, segment_read, segment_sum, segments


class Blocks(NamedTuple):
    """The simplices of one dimension in blocks of equal size, each within one part.

    Attributes:
        rows: the place of each simplex in the padded table.
        parts: the part of each block.
        size: places in a block.
    """

    rows: Segments
    parts: Segments
    size: int


def part_blocks(complex: SimplicialComplex, k: int) -> Blocks:
    """The blocks of the k-simplices, about as large as a part; at least 16. Kept with the complex.

    A part of n simplices takes at most (n-1)/size + 1 blocks, so that their number is known from
    the shapes, n_k and num_parts, alone: at most n_k + size · num_parts places.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> part_blocks(SimplicialComplex.disjoint_union([K, K]), 0).rows.index.tolist()
        [0, 1, 2, 16, 17, 18]
    """

    def compute() -> Blocks:
        count, num_parts = complex.num_simplices(k), complex.num_parts
        size = max(16, -(-count // num_parts))
        pointer, part = complex.part_pointer(k), complex.part(k)
        number = torch.arange(num_parts, device=complex.device)
        start = (pointer[:-1] - number).div(size, rounding_mode="floor") + number
        row = torch.arange(count, device=complex.device)
        place = start[part] * size + row - pointer[part]
        num_blocks = (count - num_parts) // size + num_parts
        block = torch.arange(num_blocks, device=complex.device)
        owner = torch.searchsorted(start[1:].contiguous(), block, right=True)
        return Blocks(segments(place, num_blocks * size), segments(owner, num_parts), size)

    result: Blocks = complex.cached("blocks of parts", k, compute)
    return result


def reduce_tokens(weight: Tensor, x: Tensor, blocks: Blocks) -> Tensor:
    r"""Sums over the simplices of each part: ``weight.T @ x``, part by part.

    Args:
        weight: (n_k, S).
        x: (n_k, C).
        blocks: of the k-simplices.

    Returns:
        (num_parts, S, C).

    Cost:
        O(n_k · S · C) operations, without a row of S · C numbers for each simplex.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1)])
        >>> reduce_tokens(torch.ones(2, 3), torch.ones(2, 4), part_blocks(K, 0)).shape
        torch.Size([1, 3, 4])
    """
    padded = segment_sum(torch.cat([weight, x], dim=1), blocks.rows)
    table = padded.view(-1, blocks.size, padded.shape[1])
    left, right = table[..., : weight.shape[1]], table[..., weight.shape[1] :]
    products = (left.mT @ right).flatten(1)
    return segment_sum(products, blocks.parts).view(-1, weight.shape[1], x.shape[1])


def expand_tokens(weight: Tensor, hidden: Tensor, blocks: Blocks) -> Tensor:
    r"""Back to the simplices: ``weight @ hidden``, part by part.

    Args:
        weight: (n_k, S).
        hidden: (num_parts, S, C).
        blocks: of the k-simplices.

    Returns:
        (n_k, C).

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1)])
        >>> expand_tokens(torch.ones(2, 3), torch.ones(1, 3, 4), part_blocks(K, 0))[0].tolist()
        [3.0, 3.0, 3.0, 3.0]
    """
    left = segment_sum(weight, blocks.rows).view(-1, blocks.size, weight.shape[1])
    right = segment_read(hidden.flatten(1), blocks.parts).view(-1, *hidden.shape[1:])
    return segment_read((left @ right).flatten(0, 1), blocks.rows)
