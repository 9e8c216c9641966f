"""Chordless cycles of a graph, in an order that does not depend on how they are found."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import (
    available_bytes,
    interruptible,
    on_free_threads,
    ragged,
    require_int,
    require_memory,
    unique_edges,
    unique_rows,
    usable_threads,
)
from simplex.interop import read_graph
from simplex.storage import row_ranges


_BYTES = 128  # for each vertex of a cycle: its places, while they are sorted, and a triangle
_NOTHING = 1 << 26  # bytes not worth asking the system about
_QUICK = 1 << 12  # edges of which one thread lists the cycles


class Cycles(NamedTuple):
    """Cycles of a graph, as rows of different lengths.

    Attributes:
        pointer: (m+1,) int64, where each cycle starts in ``vertices``.
        vertices: the vertices in the order of the cycle, int64: the smallest first, and then the
            smaller one of its two neighbors.
    """

    pointer: Tensor
    vertices: Tensor


@on_free_threads()
def chordless_cycles(graph: Any, max_length: int = 8, *, num_vertices: int | None = None) -> Cycles:
    """List the chordless cycles of 4 … ``max_length`` vertices of a graph, each once.

    A cycle is chordless, or induced, where only its consecutive vertices are joined: the rings of a
    molecule, the faces of a lattice. Triangles are cliques, and left to
    :func:`~simplex.lifting.clique_complex`.

    Args:
        graph: as for :func:`~simplex.lifting.clique_complex`; of a list, the cycles of all graphs,
            as vertices of their disjoint union.
        max_length: most vertices of a cycle, at least 3.
        num_vertices: n_0 of an ``edge_index``; ``None`` for the largest id plus one.

    Returns:
        The cycles, graph by graph, the short ones first, those of a length in lexicographic order;
        on the device of the edges. They are found on the CPU, by as many threads as it has free.

    Raises:
        TypeError: an object that is no graph.
        ValueError: a directed graph, or more cycles than fit in memory.

    Cost:
        The number of chordless paths of fewer than ``max_length`` edges that do not leave the ball
        of ``max_length // 2`` steps around their first vertex; linear for a molecule, and
        exponential in ``max_length`` for a dense graph.

    Example:
        >>> import networkx as nx
        >>> cycles = chordless_cycles(nx.ladder_graph(3))
        >>> cycles.pointer.tolist(), cycles.vertices.tolist()
        ([0, 4, 8], [0, 1, 4, 3, 1, 2, 5, 4])
    """
    read = read_graph(graph, num_vertices)
    edges = unique_edges(read.edge_index, read.num_vertices)
    return cycles_of_edges(edges, read.num_vertices, max_length, read.part_pointer)


def cycles_of_edges(
    edges: Tensor, num_vertices: int, max_length: int, part_pointer: Tensor | None
) -> Cycles:
    """Those of a graph by its distinct edges, part by part."""
    require_int("max_length", max_length, least=3)
    longest = min(max_length, num_vertices)
    lengths, vertices = _found(edges.cpu().numpy(), num_vertices, longest)
    starts, flat, sizes = np.cumsum(lengths) - lengths, [], []
    for length in np.unique(lengths).tolist():
        first = starts[lengths == length]
        rows = _from_smallest(vertices[first[:, None] + np.arange(length)])  # (m_length, length)
        flat.append(unique_rows(torch.from_numpy(rows), num_vertices)[0].flatten())
        sizes.append(torch.full((len(rows),), length))
    none = torch.empty(0, dtype=torch.int64)
    vertex, size = torch.cat([none, *flat]), torch.cat([none, *sizes])
    if part_pointer is not None:
        vertex, size = _by_part(vertex, size, part_pointer.cpu())
    pointer = torch.cat([size.new_zeros(1), size.cumsum(0)])
    return Cycles(pointer.to(edges.device), vertex.to(edges.device))


def _by_part(vertex: Tensor, size: Tensor, part_pointer: Tensor) -> tuple[Tensor, Tensor]:
    """The cycles of the first part, then those of the second, …; else in the order they had."""
    start = size.cumsum(0) - size
    part = torch.searchsorted(part_pointer, vertex[start], right=True)
    order = part.argsort(stable=True)
    cycle, nth = ragged(size[order])
    return vertex[start[order][cycle] + nth], size[order]


def _from_smallest(rows: np.ndarray) -> np.ndarray:
    """Each cycle turned to begin with its smallest vertex and the smaller neighbor of it."""
    forth = (rows.argmin(1)[:, None] + np.arange(rows.shape[1])) % rows.shape[1]
    turned = np.take_along_axis(rows, forth, 1)
    back = turned[:, 1] > turned[:, -1]
    turned[back, 1:] = turned[back, :0:-1]
    return turned


def _found(edges: np.ndarray, num_vertices: int, longest: int) -> tuple[np.ndarray, np.ndarray]:
    """The lengths of the cycles and their vertices, one cycle after the other."""
    from simplex.lifting._chordless_numba import count_cycles, fill_cycles

    if longest < 4 or len(edges) < 4:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    what, remedy = f"tables of {num_vertices} vertices", "Leave out isolated vertices."
    require_memory(80 * num_vertices, torch.device("cpu"), what, remedy)
    order, pointer, heads = _hubs_first(edges, num_vertices)
    graph = longest, pointer, heads
    degree, pieces = np.diff(pointer), 1 if len(edges) < _QUICK else 8 * usable_threads()
    ranges = row_ranges(degree * degree + 1, pieces=pieces)

    def counted(most: int) -> tuple[int, np.ndarray, np.ndarray]:
        sizes = np.zeros(num_vertices, np.int64), np.zeros(num_vertices, np.int64)
        total = sum(_over(count_cycles, ranges, *graph, *sizes, most))
        return total, *sizes

    most = _NOTHING // _BYTES
    total, cycles, entries = counted(most)
    if total > most:
        most = max(most, available_bytes(torch.device("cpu")) // 2 // _BYTES)
        total, cycles, entries = counted(most)
    if total > most:
        raise ValueError(
            f"the chordless cycles of at most {longest} vertices must fit in half of the free "
            f"memory, got more than {most} vertices in them. Lower max_length, or take parts of "
            "the graph."
        )
    lengths, vertices = np.empty(cycles.sum(), np.int64), np.empty(total, np.int64)
    places = np.cumsum(cycles) - cycles, np.cumsum(entries) - entries
    _over(fill_cycles, ranges, *graph, *places, lengths, vertices)
    return lengths, order[vertices]


def _hubs_first(edges: np.ndarray, num_vertices: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The vertex of each rank, by falling degree; and of each rank the ranks of its neighbors."""
    degree = np.bincount(edges.ravel(), minlength=num_vertices)
    order = np.argsort(-degree, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(num_vertices)
    ends = rank[np.concatenate([edges, edges[:, ::-1]])]
    keys = np.sort(ends[:, 0] * num_vertices + ends[:, 1])
    pointer = np.zeros(num_vertices + 1, np.int64)
    np.cumsum(degree[order], out=pointer[1:])
    return order, pointer, keys % max(num_vertices, 1)


def _over(kernel: Callable[..., Any], ranges: list[tuple[int, int]], *args: Any) -> list[Any]:
    """What a kernel gives for all ranges, by threads where there are several; Ctrl-C ends it."""
    workers, ended = min(usable_threads(), len(ranges)), np.zeros(1, np.bool_)

    def share() -> list[Any]:
        if workers <= 1:
            return [kernel(*each, *args, ended) for each in ranges]
        with ThreadPoolExecutor(workers, "simplex") as threads:
            return list(threads.map(lambda each: kernel(*each, *args, ended), ranges))

    return interruptible(share, stop=ended)
