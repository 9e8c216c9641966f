"""Who is next to whom: the adjacency lists that balls grow along."""

import os
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from simplex.storage import Format, absolute, read_folder, under_construction


_MOST_VERTICES = 2**31 - 1  # lists hold int32
_EDGES_AT_ONCE = 1 << 22
_ENTRIES_AT_ONCE = 1 << 28  # of lists on their way to disk: 1 GiB
_EVERY = 2**62
_FORMAT = Format("simplex-neighbors", 1, "BallLoader(…, neighbors=folder)")


class Neighbors(NamedTuple):
    """The neighbours of every vertex, in increasing order.

    Attributes:
        pointer: (n+1,) int64, where the list of each vertex starts.
        neighbor: (2 m,) int32.
        folder: where they are mapped from; ``None`` for memory.
    """

    pointer: Tensor
    neighbor: Tensor
    folder: Path | None = None

    def __reduce__(self) -> Any:
        """Another process maps the same files, or shares the same memory."""
        if self.folder is not None:
            return opened_neighbors, (self.folder,)
        return Neighbors, (self.pointer, self.neighbor)

    @property
    def num_vertices(self) -> int:
        """N."""
        return len(self.pointer) - 1

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """What kernels take."""
        return self.pointer.numpy(), self.neighbor.numpy()

    def adjacent(self, edges: Tensor) -> Tensor:
        """(m,) whether the pairs (m, 2) are edges, by binary search."""
        tails, heads = edges[:, 0], edges[:, 1]
        low, stop = self.pointer[tails].clone(), self.pointer[tails + 1]
        high = stop.clone()
        while bool((low < high).any()):
            middle = (low + high) >> 1
            less = self.neighbor[middle.clamp(max=max(len(self.neighbor) - 1, 0))] < heads
            less &= low < high
            high = torch.where(less | (low >= high), high, middle)
            low = torch.where(less, middle + 1, low)
        found = low < stop
        place = low.clamp(max=max(len(self.neighbor) - 1, 0))
        return found if not len(self.neighbor) else found & (self.neighbor[place] == heads)


def neighbors_of(
    edges: np.ndarray, num_vertices: int, folder: str | os.PathLike[str] | None = None
) -> Neighbors:
    """The lists of a graph, in memory or in a folder, from blocks of its edges.

    Args:
        edges: (m, 2) distinct increasing pairs in lexicographic order, perhaps memory-mapped: only
            blocks are read at a time.
        num_vertices: n.
        folder: where the lists are kept as memory maps; made at the first call.

    Raises:
        ValueError: too many vertices, or a folder of other edges.
    """
    if num_vertices > _MOST_VERTICES:
        raise ValueError(
            f"a graph must have at most {_MOST_VERTICES} vertices for its lists of neighbours to "
            f"be of 32 bits, got {num_vertices}. Split it into its components or clusters."
        )
    if folder is None:
        pointer = _pointer(edges, num_vertices)
        neighbor = np.empty(2 * len(edges), np.int32)
        _fill(edges, pointer, neighbor, _EVERY)
        return Neighbors(torch.from_numpy(pointer), torch.from_numpy(neighbor))
    place, facts = absolute(folder), _facts(edges, num_vertices)
    if not place.exists():
        with under_construction(place) as site:
            pointer = site.new_table("pointer", (num_vertices + 1,), np.int64)
            pointer[:] = _pointer(edges, num_vertices)
            neighbor = site.new_table("neighbor", (2 * len(edges),), np.int32)
            _fill(edges, pointer, neighbor, _ENTRIES_AT_ONCE)
            site.finish(_FORMAT, facts, ["pointer", "neighbor"])
    opened = read_folder(place, _FORMAT)
    if any(opened.manifest.get(key) != value for key, value in facts.items()):
        raise ValueError(
            f"neighbors must be a folder with the lists of these edges, got {place} with those of "
            "others. Delete it, or give another place."
        )
    return opened_neighbors(place)


def opened_neighbors(folder: Path) -> Neighbors:
    """The lists in a folder that is known to be right."""
    opened = read_folder(folder, _FORMAT)
    pointer, neighbor = opened.table("pointer"), opened.table("neighbor")
    return Neighbors(torch.from_numpy(pointer), torch.from_numpy(neighbor), folder)


def _pointer(edges: np.ndarray, num_vertices: int) -> np.ndarray:
    degree = np.zeros(num_vertices, np.int64)
    for block in _blocks(edges):
        degree += np.bincount(block.ravel(), minlength=num_vertices)
    pointer = np.zeros(num_vertices + 1, np.int64)
    np.cumsum(degree, out=pointer[1:])
    return pointer


def _fill(edges: np.ndarray, pointer: np.ndarray, neighbor: np.ndarray, most: int) -> None:
    """Ranges of lists with so many entries, each by one pass over the edges."""
    from simplex.loader._ball_numba import append_edges

    first, count = 0, len(pointer) - 1
    while first < count:
        stop = int(np.searchsorted(pointer, pointer[first] + most, side="right")) - 1
        stop = min(max(stop, first + 1), count)
        lists = np.empty(pointer[stop] - pointer[first], np.int32)
        cursor = pointer[first:stop] - pointer[first]
        for block in _blocks(edges):
            append_edges(block, first, cursor, lists)
        neighbor[pointer[first] : pointer[stop]] = lists
        first = stop


def _facts(edges: np.ndarray, num_vertices: int) -> dict[str, int]:
    """By which edges are known."""
    checksum = 0
    for block in _blocks(edges):
        checksum = zlib.crc32(block.data, checksum)
    return {"num_vertices": num_vertices, "num_edges": len(edges), "edges_checksum": checksum}


def _blocks(edges: np.ndarray) -> Iterable[np.ndarray]:
    """The rows as int64, so many at a time."""
    for start in range(0, len(edges), _EDGES_AT_ONCE):
        yield np.ascontiguousarray(edges[start : start + _EDGES_AT_ONCE], dtype=np.int64)
