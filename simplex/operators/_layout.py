"""The border between cochains (…, n_k, C), as they are given, and rows (n_k, F), as they are added.

A batch of cochains is one cochain with more channels; a plain vector (n_k,) has one. The axis of
the simplices is moved once, by the outermost function; inside, and for one cochain, it is free.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from torch import Tensor

from simplex.complexes import SimplicialComplex, require_flag, require_int
from simplex.operators._checks import read_cochain


CochainMap = TypeVar("CochainMap", bound=Callable[..., Tensor])  # (K, x, k, …), k by name too


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


def on_rows(function: CochainMap, above: int = 0) -> CochainMap:
    """Let a map f(K, x, k, …) that is written for rows take cochains of degree k + ``above``."""

    @wraps(function)
    def on_cochains(K: SimplicialComplex, x: Any, k: int, *args: Any, **options: Any) -> Tensor:
        k = require_int("k", k, 0)
        require_flag("signed", options.get("signed", False))
        x = read_cochain(K, x, k + above)
        return from_rows(function(K, to_rows(x), k, *args, **options), x)

    return cast("CochainMap", on_cochains)


def of_the_facets(function: CochainMap) -> CochainMap:
    """:func:`on_rows` for a map whose cochains are of degree k - 1."""
    return on_rows(function, -1)


def of_the_cofacets(function: CochainMap) -> CochainMap:
    """:func:`on_rows` for a map whose cochains are of degree k + 1."""
    return on_rows(function, 1)
