"""Sums and softmax over consecutive rows that belong to one receiver."""

from typing import NamedTuple

import torch
from torch import Tensor

from simplex.nn._bags import read_rows, sum_places


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
