"""Whether gradients are finite, and whose is not."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.utils import get_total_norm


def first_nonfinite(parameters: Iterable[nn.Parameter]) -> nn.Parameter | None:
    """The first parameter whose gradient has a NaN or an infinity; None if there is none.

    Args:
        parameters: Those without a gradient are passed over.

    Example:
        >>> weight = nn.Parameter(torch.zeros(2))
        >>> weight.grad = torch.tensor([0.0, math.nan])
        >>> first_nonfinite([weight]) is weight
        True
    """
    with_gradient = [(p, _entries(p.grad)) for p in parameters if p.grad is not None]
    gradients = [entries for _, entries in with_gradient if entries.numel()]
    largest = get_total_norm(gradients, math.inf)  # one pass; a maximum keeps NaN
    if bool(torch.isfinite(largest)):
        return None
    return next(p for p, entries in with_gradient if not bool(torch.isfinite(entries).all()))


def _entries(gradient: Tensor) -> Tensor:
    """The stored entries, of a dense or a sparse gradient."""
    return gradient.coalesce().values() if gradient.is_sparse else gradient
