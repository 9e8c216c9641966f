"""From vertex tuples to the ids of simplices, down the prefix tree."""

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from simplex.complexes._state import is_on_disk
from simplex.complexes._tables import find_children
from simplex.complexes._vertices import read_simplices


if TYPE_CHECKING:
    from simplex.complexes._complex import SimplicialComplex


def numbers_of_names(K: "SimplicialComplex") -> dict[Hashable, int]:
    """The vertex that each name stands for.

    Raises:
        TypeError: the complex has no labels.
        ValueError: two vertices have one label.
    """
    if K.vertex_labels is None:
        raise TypeError("simplices must be on vertex ids where a complex has no labels, got names.")
    numbers = {label: v for v, label in enumerate(K.vertex_labels)}
    if len(numbers) < K.num_simplices(0):
        raise ValueError("vertex_labels must be distinct to be looked up, got repeated ones.")
    return numbers


def find_simplices(K: "SimplicialComplex", simplices: Any) -> Tensor:
    """The ids of vertex tuples of one length, -1 where a tuple is no simplex."""
    given = read_simplices(simplices)
    blocks = given.rows(numbers_of_names(K) if given.named else None)
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
        wanted = torch.where(inside[:, k], ids, -1)
        if is_on_disk(K):
            ids = _bisected(K, k, wanted, rows[:, k])
        else:
            parents, last = K.facets(k)[:, -1], K.simplices(k)[:, -1]
            ids = find_children(parents, last, num_vertices, wanted, rows[:, k])
    return ids


def _bisected(K: "SimplicialComplex", k: int, query: Tensor, vertex: Tensor) -> Tensor:
    """Ids of the children ``query ∪ {vertex}`` of dimension k, -1 where there is none.

    Reads O(log n_k) rows of the tables for each, where a search by keys would build a key for every
    simplex.
    """
    low, high = torch.zeros_like(query), torch.full_like(query, K.num_simplices(k))
    for _ in range(K.num_simplices(k).bit_length()):
        middle = (low + high) // 2
        parent, last = _parent_and_last(K, k, middle)
        before = (parent < query) | ((parent == query) & (last < vertex))
        low = torch.where(before & (low < high), middle + 1, low)
        high = torch.where(before, high, middle)
    parent, last = _parent_and_last(K, k, low)
    return torch.where((parent == query) & (last == vertex) & (query >= 0), low, -1)


def _parent_and_last(K: "SimplicialComplex", k: int, ids: Tensor) -> tuple[Tensor, Tensor]:
    """The simplex without its last vertex, and that vertex, of ids of which some may be n_k."""
    rows = K.facets(k)[ids.clamp(max=K.num_simplices(k) - 1)]
    last = rows[:, 0]
    for j in range(k - 1, 0, -1):
        last = K.facets(j)[last, 0]  # without the first vertex, until the last one is left
    return rows[:, -1], last
