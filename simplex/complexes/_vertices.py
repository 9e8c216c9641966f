"""User input to increasing int64 vertex rows: every check that a simplex or an index must pass."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from simplex.complexes._checks import require_int


def as_rows(simplices: Any) -> list[Tensor]:
    """Blocks of equally long vertex tuples, each (m, k+1) int64, from tensors, arrays or lists.

    Args:
        simplices: an (m, k+1) integer tensor or array, or an iterable of vertex tuples of any
            lengths; an item may also be such a tensor.

    Raises:
        TypeError: an id is not an integer.
        ValueError: a simplex has no vertex.
    """
    if isinstance(simplices, (Tensor, np.ndarray)):
        return [_block(simplices)]
    if not isinstance(simplices, Iterable) or isinstance(simplices, (str, bytes, dict)):
        raise TypeError(
            "simplices must be a list of vertex tuples or an integer tensor of shape (m, k+1), got "
            f"{type(simplices).__name__}."
        )
    blocks, tuples = [], {}  # type: ignore[var-annotated]
    for simplex in simplices:
        if isinstance(simplex, (Tensor, np.ndarray)) and simplex.ndim == 2:
            blocks.append(_block(simplex))
        elif isinstance(simplex, (str, bytes)) or not hasattr(simplex, "__len__"):
            raise TypeError(
                f"a simplex must be a tuple of integer vertex ids, got {simplex!r}. "
                "Write a single vertex as (v,)."
            )
        elif len(simplex) == 0:
            raise ValueError("a simplex must have at least one vertex, got ().")
        else:
            tuples.setdefault(len(simplex), []).append(tuple(simplex))
    return blocks + [_block(np.array(rows)) for rows in tuples.values()]


def _block(rows: Tensor | np.ndarray) -> Tensor:
    tensor = (
        torch.from_numpy(rows) if isinstance(rows, np.ndarray) and rows.dtype.kind in "iu" else rows
    )
    if not isinstance(tensor, Tensor) or tensor.is_floating_point() or tensor.dtype == torch.bool:
        raise TypeError(
            f"vertex ids must be integers, got {rows.dtype}. Number the vertices 0, 1, 2, … "
            "(labels of a networkx graph are kept by simplex.interop.from_networkx)."
        )
    if tensor.ndim != 2:
        raise ValueError(f"simplices must have shape (m, k+1), got {tuple(tensor.shape)}.")
    if tensor.shape[1] == 0:
        raise ValueError("a simplex must have at least one vertex, got ().")
    return tensor.to(torch.int64)


def require_simplices(rows: Tensor) -> None:
    """Raise ``ValueError`` unless sorted rows hold distinct, non-negative vertex ids."""
    if rows.numel() and int(rows.min()) < 0:
        raise ValueError(f"vertex ids must be non-negative, got {int(rows.min())}.")
    repeated = (rows[:, 1:] == rows[:, :-1]).any(1)
    if bool(repeated.any()):
        bad = tuple(rows[repeated][0].tolist())
        raise ValueError(f"the vertices of a simplex must be distinct, got {bad}.")


def require_vertex_count(num_vertices: int | None, largest: int) -> int:
    """The number of vertices: as given, or just enough for the largest id."""
    if num_vertices is None:
        return largest + 1
    given: object = num_vertices
    num_vertices = require_int(
        "num_vertices", int(given) if isinstance(given, np.integer) else given, 0
    )
    if largest >= num_vertices:
        raise ValueError(
            f"vertex ids must be below num_vertices={num_vertices}, got {largest}. "
            "Raise num_vertices or leave it out."
        )
    return num_vertices
