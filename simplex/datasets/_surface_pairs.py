"""Pairs of items to be told alike or different."""

from typing import NamedTuple

import torch
from torch import Tensor

from simplex.complexes import integer_tensor, require_generator, require_int


class LabelledPairs(NamedTuple):
    """Pairs of items, half of them of one class.

    Attributes:
        first: (pairs,) int64 ids of items.
        second: (pairs,) int64 ids, never the same item.
        same: (pairs,) bool, whether both are of one class.
    """

    first: Tensor
    second: Tensor
    same: Tensor


def homeomorphic_pairs(
    labels: Tensor,
    num_pairs: int,
    *,
    within: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> LabelledPairs:
    """Draw pairs for the question whether two items are of the same class, such as homeomorphic.

    Half of the pairs are of one class, rounded down, in random order and orientation. The first
    item of a pair is uniform among those that have both a partner of their class and one of another
    class; the partner is uniform among these.

    Args:
        labels: (n,) integers, the class of each item: of :func:`surface_census` the field ``kind``.
        num_pairs: how many, with replacement.
        within: (n,) or (n, …) integers; both items of a pair have equal rows. With the numbers of
            simplices, ``within=dataset.num_simplices``, no pair can be decided by counting.
        generator: source of all randomness, on the CPU; ``None`` for torch's global one.

    Returns:
        ``(first, second, same)``; also as attributes of these names.

    Raises:
        ValueError: no item has partners of both kinds, or shapes do not fit.

    Example:
        >>> from simplex.datasets import surface_census
        >>> dataset = surface_census(8)
        >>> draw = torch.Generator().manual_seed(0)
        >>> counts = dataset.num_simplices
        >>> pairs = homeomorphic_pairs(dataset.kind, 6, within=counts, generator=draw)
        >>> pairs.same.sum(), torch.equal(counts[pairs.first], counts[pairs.second])
        (tensor(3), True)
    """
    labels = integer_tensor("labels", labels, "Give the class of each item.").cpu()
    if labels.ndim != 1:
        raise ValueError(f"labels must have one class for each item, got {tuple(labels.shape)}.")
    require_int("num_pairs", num_pairs, 1)
    require_generator(generator)
    block = _blocks(labels, within)
    _, kind = torch.unique(torch.stack([block, labels], 1), dim=0, return_inverse=True)
    order = kind.argsort()  # blocks lie together, and within them the classes
    block, kind = block[order], kind[order]
    block_start, block_stop = _run(block)
    kind_start, kind_stop = _run(kind)
    alike, others = (
        kind_stop - kind_start - 1,
        (block_stop - block_start) - (kind_stop - kind_start),
    )
    able = ((alike > 0) & (others > 0)).nonzero()[:, 0]
    if not len(able):
        raise ValueError(
            f"labels must hold an item with another one of its class and one of another class, got "
            f"none among {len(labels)}. Give more items, or leave within= out."
        )
    same = torch.arange(num_pairs) < num_pairs // 2
    first = able[torch.randint(len(able), (num_pairs,), generator=generator)]
    share = torch.rand(num_pairs, dtype=torch.float64, generator=generator)
    step = (share * torch.where(same, alike[first], others[first])).long()
    beside = kind_start[first] + step  # of the class, without the first
    beside += beside >= first
    apart = block_start[first] + step  # of the block, without the class
    apart += torch.where(apart >= kind_start[first], (alike + 1)[first], 0)
    second = torch.where(same, beside, apart)
    swapped = torch.rand(num_pairs, generator=generator) < 0.5
    mixed = torch.randperm(num_pairs, generator=generator)
    pair = torch.stack([first, second], 1)
    pair = order[torch.where(swapped[:, None], pair.flip(1), pair)][mixed]
    return LabelledPairs(pair[:, 0], pair[:, 1], same[mixed])


def _blocks(labels: Tensor, within: Tensor | None) -> Tensor:
    """(n,) equal numbers for equal rows."""
    if within is None:
        return torch.zeros_like(labels)
    rows = integer_tensor("within", within, "Give integers for each item.").cpu()
    if rows.ndim < 1 or len(rows) != len(labels):
        raise ValueError(
            f"within must have one row for each of the {len(labels)} items, got "
            f"{tuple(rows.shape)}."
        )
    block: Tensor
    _, block = torch.unique(rows, dim=0, return_inverse=True)
    return block


def _run(values: Tensor) -> tuple[Tensor, Tensor]:
    """Where the run of equal values that each place is in starts and stops."""
    _, run, length = torch.unique_consecutive(values, return_inverse=True, return_counts=True)
    stop = length.cumsum(0)
    return (stop - length)[run], stop[run]
