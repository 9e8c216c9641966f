"""A graph as its table of edges, in memory or in a folder that may be larger."""

import os
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from simplex.complexes import unique_edges
from simplex.interop import GraphEdges, read_graph
from simplex.storage import absolute, open_edges


_ROWS = 1 << 22  # that are held at a time


class EdgeTable(NamedTuple):
    """A graph whose edges may be a memory map.

    Attributes:
        num_vertices: n_0.
        edges: (m, 2) integers, distinct increasing pairs in lexicographic order.
        labels: what the vertices were called, or ``None`` for their numbers.
        part_pointer: first vertex of each of several graphs, or ``None``.
        folder: where the edges are, or ``None`` for memory.
    """

    num_vertices: int
    edges: np.ndarray
    labels: tuple[Hashable, ...] | None = None
    part_pointer: Tensor | None = None
    folder: Path | None = None

    def blocks(self) -> Iterator[tuple[int, np.ndarray]]:
        """The first row of each block of edges, and the block."""
        for first in range(0, len(self.edges), _ROWS):
            yield first, np.asarray(self.edges[first : first + _ROWS])

    def pointer(self) -> np.ndarray:
        """Where the edges to the larger neighbors of each vertex start, (n_0+1,) int64."""
        pointer = np.zeros(self.num_vertices + 1, np.int64)
        for _, edges in self.blocks():
            low = int(edges[0, 0])
            of_each = np.bincount(edges[:, 0] - low)
            pointer[low + 1 : low + 1 + len(of_each)] += of_each
        return np.cumsum(pointer, out=pointer)


def read_edge_table(graph: Any, num_vertices: int | None) -> EdgeTable:
    """The edges of a graph, as :func:`clique_complex` takes one, or of the folder of one."""
    if isinstance(graph, (str, os.PathLike)):
        if num_vertices is not None:
            raise ValueError(
                f"num_vertices must be None for a folder, got {num_vertices}: it knows its own."
            )
        opened = open_edges(graph)
        return EdgeTable(opened.num_vertices, opened.edges, folder=absolute(graph))
    read = graph if isinstance(graph, GraphEdges) else read_graph(graph, num_vertices)
    edges = unique_edges(read.edge_index, read.num_vertices).cpu().numpy()
    return EdgeTable(read.num_vertices, edges, read.labels, read.part_pointer)
