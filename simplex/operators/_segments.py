"""Softmax and pooling over segments of rows."""

import torch
from torch import Tensor

from simplex.operators._row_pattern import RowPattern, segments_at
from simplex.operators._rows import sum_columns, sum_rows


def segment_softmax(score: Tensor, segment: RowPattern) -> Tensor:
    r"""Softmax over the rows of each receiver: attention over its neighbours.

    .. math:: α_e = \frac{\exp s_e}{\sum_{f:\, index_f = index_e} \exp s_f}

    Args:
        score: (E, H) one score per pair and head.
        segment: which receiver each pair is of, as message functions are given it.

    Returns:
        (E, H); for each receiver with a neighbour they sum to 1.

    Example:
        >>> from simplex.operators import segments
        >>> two_and_one = segments(torch.tensor([0, 0, 1]), 2)
        >>> segment_softmax(torch.zeros(3, 1), two_and_one).squeeze(1).tolist()
        [0.5, 0.5, 1.0]
    """
    receiver = segment.column
    num_receivers = segment.column_pointer.shape[0] - 1
    largest = score.detach().new_full((num_receivers, *score.shape[1:]), -torch.inf)
    place = receiver[:, None].expand(score.shape)  # (E, H)
    largest = largest.scatter_reduce(0, place, score.detach(), "amax")
    weight = (score - largest.index_select(0, receiver)).exp()
    return weight / sum_rows(sum_columns(weight, segment), segment)


def pool_parts(x: Tensor, pointer: Tensor, reduce: str) -> Tensor:
    """Sum, mean or maximum over the simplices of each part; a part without simplices gives zeros.

    Args:
        x: (n_k, F) cochain of a disjoint union.
        pointer: (num_parts+1,) ``K.part_pointer(k)``.
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
        place = part[:, None].expand(x.shape)  # (n_k, F)
        zeros = x.new_zeros(pointer.shape[0] - 1, x.shape[1])
        return zeros.scatter_reduce(0, place, x, "amax", include_self=False)
    total = sum_columns(x, segments_at(part, pointer))
    if reduce == "sum":
        return total
    return total / pointer.diff().clamp(min=1)[:, None].to(x.dtype)
