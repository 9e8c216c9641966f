"""The border between cochains (…, n_k, C), as they are given, and rows (n_k, F), as they are added.

A batch of cochains is one cochain with more channels; a plain vector (n_k,) has one. The axis of
the simplices is moved once, by the outermost function; inside, and for one cochain, it is free.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from torch import Tensor

from simplex.complexes import SimplicialComplex


P = ParamSpec("P")
CochainMap = Callable[Concatenate[SimplicialComplex, Tensor, P], Tensor]


def to_rows(x: Tensor) -> Tensor:
    """(…, n, C) or (n,) to (n, …·C)."""
    if x.ndim <= 2:
        return x if x.ndim == 2 else x[:, None]
    return x.movedim(-2, 0).flatten(1)  # (n, …, C) to (n, …·C)


def from_rows(rows: Tensor, like: Tensor) -> Tensor:
    """(m, …·C) back to (…, m, C) or (m,), with the other axes of the cochain ``like``."""
    if like.ndim <= 2:
        return rows if like.ndim == 2 else rows[:, 0]
    shape = (len(rows), *like.shape[:-2], like.shape[-1])
    return rows.reshape(shape).movedim(0, -2)  # (m, …, C) to (…, m, C)


def on_rows(function: CochainMap[P]) -> CochainMap[P]:
    """Let a map f(K, x, …) that is written for rows take cochains."""

    @wraps(function)
    def on_cochains(K: SimplicialComplex, x: Tensor, *args: P.args, **kwargs: P.kwargs) -> Tensor:
        return from_rows(function(K, to_rows(x), *args, **kwargs), x)

    return cast("CochainMap[P]", on_cochains)
