"""What the functions of a diagram refuse."""

import math
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import real_tensor, require_memory
from simplex.persistence._diagram import Diagram


def require_diagram(name: str, value: Any) -> Diagram:
    """A diagram, and neither a complex nor an array."""
    if not isinstance(value, Diagram):
        raise TypeError(
            f"{name} must be a Diagram, got {type(value).__name__}. Of a filtered complex take "
            "persistence(K), of an extended one D.ordinary, D.extended or D.relative."
        )
    return value


def finite_of(D: Any, k: int) -> Diagram:
    """The finite classes of degree k."""
    return require_diagram("D", D).of(k).finite()


def read_levels(levels: Any, like: Tensor) -> Tensor:
    """(T,) levels, at least one, in the dtype and on the device of the values."""
    t = real_tensor("levels", levels)
    if t.is_meta:
        raise ValueError("levels must hold numbers, got a tensor on the meta device.")
    if t.ndim != 1 or not len(t) or bool(t.isnan().any()):
        raise ValueError(
            f"levels must be a list of numbers, at least one, got shape {tuple(t.shape)}. Take "
            "torch.linspace(start, end, count)."
        )
    return t.to(like.device, like.dtype)


def require_room(num_numbers: int, like: Tensor, what: str) -> None:
    """Room for so many numbers, and for their gradients."""
    need = 3 * num_numbers * like.element_size()
    require_memory(need, like.device, what, "Take fewer levels, or larger min_persistence.")


def sum_by_part(D: Diagram, rows: Tensor) -> Tensor:
    """(num_parts, …) sums of the rows (m, …) of a diagram."""
    none = rows.new_zeros(D.num_parts, *rows.shape[1:])
    return none.index_add(0, D.part, rows)


def largest_by_part(D: Diagram, rows: Tensor, count: int) -> Tensor:
    """(num_parts, count, …) the largest entries among the rows (m, …) of each part, 0 for none.

    The rows are not negative.
    """
    return rows_of_parts(D, rows, count).topk(count, dim=1).values


def rows_of_parts(D: Diagram, rows: Tensor, least: int = 0) -> Tensor:
    """(num_parts, M, …) the rows (m, …) of each part, sorted by part, and 0 behind them.

    M is the largest number of rows of a part, and at least the given one.
    """
    sizes = torch.bincount(D.part, minlength=D.num_parts)
    place = torch.arange(len(rows), device=rows.device) - (sizes.cumsum(0) - sizes)[D.part]
    width = max(least, int(sizes.max()) if len(sizes) else 0)
    size = D.num_parts * width * math.prod(rows.shape[1:])
    require_room(size, rows, "the classes of all parts in rows")
    padded = rows.new_zeros(D.num_parts, width, *rows.shape[1:])
    return padded.index_put((D.part, place), rows)
