"""A graph as plain tensors, whatever it was read from."""

from collections.abc import Hashable
from typing import NamedTuple

from torch import Tensor


class GraphEdges(NamedTuple):
    """A graph, or a disjoint union of graphs, as plain tensors.

    Attributes:
        num_vertices: n_0 of all graphs together.
        edge_index: (2, E) int64; either direction, repetitions and self-loops allowed.
        labels: what the vertices were called, or ``None`` for their numbers.
        part_pointer: (num_graphs+1,) first vertex of each graph, or ``None`` for a single graph.
    """

    num_vertices: int
    edge_index: Tensor
    labels: tuple[Hashable, ...] | None = None
    part_pointer: Tensor | None = None
