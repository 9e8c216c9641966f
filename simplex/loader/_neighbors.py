"""Who is next to whom: the adjacency lists that balls grow along."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor


_MOST_VERTICES = 2**31 - 1  # lists hold int32
_EDGES_AT_ONCE = 1 << 22


class Neighbors(NamedTuple):
    """The neighbours of every vertex, in increasing order.

    Attributes:
        pointer: (n+1,) int64, where the list of each vertex starts.
        neighbor: (2 m,) int32.
    """

    pointer: Tensor
    neighbor: Tensor

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


def neighbors_of(edges: np.ndarray, num_vertices: int) -> Neighbors:
    """The lists of a graph, in two passes over blocks of its edges.

    Args:
        edges: (m, 2) distinct increasing pairs in lexicographic order, perhaps memory-mapped: only
            blocks are read at a time.
        num_vertices: n.
    """
    from simplex.loader._ball_numba import append_edges

    if num_vertices > _MOST_VERTICES:
        raise ValueError(
            f"a graph must have at most {_MOST_VERTICES} vertices for its lists of neighbours to "
            f"be of 32 bits, got {num_vertices}. Split it into its components or clusters."
        )
    degree = np.zeros(num_vertices, np.int64)
    for block in _blocks(edges):
        degree += np.bincount(block.ravel(), minlength=num_vertices)
    pointer = np.zeros(num_vertices + 1, np.int64)
    np.cumsum(degree, out=pointer[1:])
    neighbor, cursor = np.empty(2 * len(edges), np.int32), pointer[:-1].copy()
    for block in _blocks(edges):
        append_edges(block, cursor, neighbor)
    return Neighbors(torch.from_numpy(pointer), torch.from_numpy(neighbor))


def _blocks(table: np.ndarray) -> Iterable[np.ndarray]:
    """The rows as int64, so many at a time."""
    for start in range(0, len(table), _EDGES_AT_ONCE):
        yield np.ascontiguousarray(table[start : start + _EDGES_AT_ONCE], dtype=np.int64)
