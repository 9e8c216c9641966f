"""What layers on pairs of neighbours share: tables kept with the complex, and rows in chunks."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from simplex.complexes import SimplicialComplex, transformed


T = TypeVar("T")


def pair_table(K: SimplicialComplex, name: str, k: int, compute: Callable[[], T]) -> T:
    """``K.cached(name, k, compute)`` of a table whose size is data, which no graph can hold.

    Where it is not there yet, compiled code breaks its graph, and makes the table in between.
    """
    result: T = K.cached(name, k, lambda: _between_graphs(compute))
    return result


@torch.compiler.disable  # type: ignore[untyped-decorator]
def _between_graphs(compute: Callable[[], T]) -> T:
    return compute()


@torch.compiler.disable  # type: ignore[untyped-decorator]
def by_chunks(
    function: Callable[..., Tensor], chunks: Sequence[range], *values: Tensor | None
) -> Tensor:
    """``function(rows, *values)`` for each range of rows, one below the other.

    What a chunk holds is forgotten, and computed again in the backward pass; but a transform of
    ``torch.func`` keeps all of it, as torch has no recomputation there.

    Example:
        >>> x = torch.arange(3.0)
        >>> by_chunks(lambda rows, x: x[rows.start : rows.stop], [range(2), range(2, 3)], x)
        tensor([0., 1., 2.])
    """
    if transformed():
        return torch.cat([function(rows, *values) for rows in chunks])
    return torch.cat([checkpoint(function, rows, *values, use_reentrant=False) for rows in chunks])
