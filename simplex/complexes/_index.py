"""From vertex tuples to the ids of simplices, down the prefix tree."""

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from simplex.complexes._tables import find_children
from simplex.complexes._vertices import read_simplices


if TYPE_CHECKING:
    from simplex.complexes._complex import SimplicialComplex


def find_simplices(K: "SimplicialComplex", simplices: Any) -> Tensor:
    """The ids of vertex tuples of one length, -1 where a tuple is no simplex."""
    given = read_simplices(simplices)
    if given.named and K.vertex_labels is None:
        raise TypeError("simplices must be on vertex ids where a complex has no labels, got names.")
    labels = {label: v for v, label in enumerate(K.vertex_labels or ())} if given.named else None
    if labels is not None and len(labels) < K.num_simplices(0):
        raise ValueError("vertex_labels must be distinct to be looked up, got repeated ones.")
    blocks = given.rows(labels)
    if len(blocks) != 1:
        widths = sorted(block.shape[1] for block in blocks)
        if not blocks:
            return torch.empty(0, dtype=torch.int64, device=K.device)
        raise ValueError(f"all tuples must have one length, got lengths {widths}.")
    rows, num_vertices = blocks[0], K.num_simplices(0)
    if isinstance(simplices, Tensor) and rows.device != K.device:
        raise ValueError(
            f"simplices must be on the complex's device {K.device}, got {rows.device}. "
            "Move one of them with .to(device)."
        )
    rows = rows.to(K.device)
    rows = rows if K.directed else rows.sort(dim=1).values
    inside = (rows >= 0) & (rows < num_vertices)
    ids = torch.where(inside[:, 0], rows[:, 0], -1)  # of the first k+1 vertices of each tuple
    for k in range(1, rows.shape[1]):
        if k > K.dim:
            return torch.full_like(ids, -1)
        parents, last = K.facets(k)[:, -1], K.simplices(k)[:, -1]
        wanted = torch.where(inside[:, k], ids, -1)
        ids = find_children(parents, last, num_vertices, wanted, rows[:, k])
    return ids
