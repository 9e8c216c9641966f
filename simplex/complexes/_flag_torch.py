"""The flag-complex join in torch operations: the same tables, computed on the tensors' own device.

Each simplex σ proposes the children of its parent that stand behind it, in a directed complex all
of them; a proposal w survives if every other facet of σ has w as a child too: a binary search in
the sorted key parent·n + last.
"""

from collections.abc import Iterator

import torch
from torch import Tensor


VERTEX = torch.int64
"""Of the last vertex of each simplex."""

_PROPOSALS_PER_CHUNK = 1 << 24


def matches(
    facets: Tensor, pointer: Tensor, last: Tensor, num_vertices: int, directed: bool = False
) -> Iterator[Tensor]:
    """Yield in chunks the facet rows (m, k+2) of the extended simplices."""
    ids = torch.arange(len(facets), device=facets.device)
    first = pointer[facets[:, -1]] if directed else ids + 1  # sibling of σ that is proposed
    lengths = pointer[facets[:, -1] + 1] - first
    ends = lengths.cumsum(0)
    total = int(ends[-1]) if len(ends) else 0
    keys = facets[:, -1] * num_vertices + last
    for start in range(0, total, _PROPOSALS_PER_CHUNK):
        flat = torch.arange(start, min(start + _PROPOSALS_PER_CHUNK, total), device=facets.device)
        simplex = torch.searchsorted(ends, flat, right=True)
        sibling = first[simplex] + flat - (ends[simplex] - lengths[simplex])
        columns: list[Tensor] = []
        for i in range(facets.shape[1] - 1):
            wanted = facets[simplex, i] * num_vertices + last[sibling]
            place = torch.searchsorted(keys, wanted).clamp_(max=len(keys) - 1)
            keep = keys[place] == wanted
            simplex, sibling = simplex[keep], sibling[keep]
            columns = [column[keep] for column in columns] + [place[keep]]
        yield torch.stack([*columns, sibling, simplex], dim=1)


def count_children(
    facets: Tensor,
    pointer: Tensor,
    last: Tensor,
    num_vertices: int,
    most: int | None,
    directed: bool = False,
) -> tuple[Tensor, int]:
    """How many vertices extend each simplex, (n_k,) int64, and their sum.

    The count is given up once the sum exceeds ``most``: all that is known then is that it does.
    """
    counts, total = torch.zeros(len(facets), dtype=torch.int64, device=facets.device), 0
    for rows in matches(facets, pointer, last, num_vertices, directed):
        counts += torch.bincount(rows[:, -1], minlength=len(facets))
        total += len(rows)
        if most is not None and total > most:
            break
    return counts, total


def fill_children(
    facets: Tensor,
    pointer: Tensor,
    last: Tensor,
    children: Tensor,
    num_vertices: int,
    directed: bool = False,
) -> Tensor:
    """Facet table (n_{k+1}, k+2) of the extended simplices."""
    total, width = int(children[-1]), facets.shape[1]
    out = torch.empty((total, width + 1), dtype=torch.int64, device=facets.device)
    row = 0
    for rows in matches(facets, pointer, last, num_vertices, directed):
        out[row : row + len(rows)] = rows
        row += len(rows)
    return out
