"""The simplices that lists of vertices stand for: distinct ones by size, and their faces."""

from math import comb

import torch
from torch import Tensor

from simplex.complexes import require_memory, unique_rows
from simplex.lifting import small_subsets


def first_appearances(
    vertices: Tensor, pointer: Tensor, times: Tensor, num_vertices: int, place: str
) -> list[tuple[Tensor, Tensor]]:
    """Per size s the distinct listed simplices, (d, s) increasing, and their first times (d,).

    Args:
        vertices: (total,) those of all listed simplices, one after the other.
        pointer: (m+1,) where each starts; one without vertices is left out.
        times: (m,) of any dtype with an order.
        num_vertices: more than any id.
        place: where they are listed, for the error.
    """
    sizes, blocks = pointer.diff(), []
    for size in torch.unique(sizes[sizes > 0]).tolist():  # few: each takes `size` lines of the file
        listed = (sizes == size).nonzero()[:, 0]
        places = pointer[listed][:, None] + torch.arange(size)  # (listed, size)
        rows = vertices[places].sort(1).values
        repeated = (rows[:, 1:] == rows[:, :-1]).any(1)
        if bool(repeated.any()):
            raise ValueError(
                f"the vertices of a simplex must be distinct, got one twice in simplex "
                f"{int(listed[repeated][0]) + 1} of {place}."
            )
        blocks.append(_earliest(rows, times[listed], num_vertices))
    return blocks


def faces_at_most(rows: Tensor, first: Tensor, max_dim: int) -> tuple[Tensor, Tensor]:
    """The simplices themselves or, where their dimension is above, their faces of ``max_dim``."""
    size = rows.shape[1]
    if size <= max_dim + 1:
        return rows, first
    total = len(rows) * comb(size, max_dim + 1)
    what = f"the {total} faces of dimension {max_dim} of simplices with {size} vertices"
    require_memory(total * (max_dim + 4) * 8 * 2, rows.device, what)
    whole = torch.tensor([0, size])
    subsets = small_subsets(torch.arange(size), whole, max_dim + 1, size)[-1]  # (C, max_dim + 1)
    faces = rows[:, subsets].flatten(0, 1)  # (d, C, max_dim + 1) -> (d · C, max_dim + 1)
    return _earliest(faces, first.repeat_interleave(len(subsets)), int(rows.max()) + 1)


def _earliest(rows: Tensor, times: Tensor, num_vertices: int) -> tuple[Tensor, Tensor]:
    """The distinct rows and the least time of each."""
    distinct, inverse = unique_rows(rows, num_vertices)
    return distinct, times.new_empty(len(distinct)).scatter_reduce(
        0, inverse, times, "amin", include_self=False
    )
