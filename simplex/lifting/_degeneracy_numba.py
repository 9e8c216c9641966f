"""A graph with every edge turned from the vertex that is peeled first: few edges leave a vertex.

Peeling takes a vertex of least degree, again and again. At most d edges of a vertex lead to those
peeled later, d the degeneracy of the graph: a hub, whose neighbors go before it, has few left.
"""

from typing import NamedTuple

import numpy as np
from numba.extending import register_jitable

from simplex.complexes import INT64S, compiled


UINT32S = "uint32[::1]"  # vertices: MAX_VERTICES is below 2³²
_LISTS = f"{INT64S}, {UINT32S}"


class Oriented(NamedTuple):
    """A graph whose vertices are called by their ranks in the order of peeling.

    Attributes:
        pointer: (n+1,) int64, where the list of each rank starts.
        later: (m,) uint32, the neighbors of higher rank, ascending.
        order: (n,) uint32, the vertex of each rank.
    """

    pointer: np.ndarray
    later: np.ndarray
    order: np.ndarray


@compiled(f"void({_LISTS}, {_LISTS})")
def _transpose(pointer, heads, back_pointer, tails):  # type: ignore[no-untyped-def]
    """Lists of the smaller neighbors from those of the larger; both ascending."""
    for head in heads:
        back_pointer[head + 1] += 1
    for v in range(len(pointer) - 1):
        back_pointer[v + 1] += back_pointer[v]
    filled = back_pointer[:-1].copy()
    for v in range(len(pointer) - 1):
        for place in range(pointer[v], pointer[v + 1]):
            head = heads[place]
            tails[filled[head]] = v
            filled[head] += 1


@compiled(f"void({_LISTS}, {_LISTS}, {UINT32S}, {UINT32S})")
def _peel(pointer, heads, back_pointer, tails, order, rank):  # type: ignore[no-untyped-def]
    """Vertices in the order of peeling and each one's place, by buckets: O(n + m)."""
    num_vertices = len(order)
    degree, most = np.empty(num_vertices, np.int64), 0
    for v in range(num_vertices):
        degree[v] = pointer[v + 1] - pointer[v] + back_pointer[v + 1] - back_pointer[v]
        most = max(most, degree[v])
    start = np.zeros(most + 2, np.int64)  # of the vertices of each degree, in ``order``
    for v in range(num_vertices):
        start[degree[v] + 1] += 1
    for d in range(most + 1):
        start[d + 1] += start[d]
    filled = start[:-1].copy()
    for v in range(num_vertices):
        rank[v] = filled[degree[v]]
        order[rank[v]] = v
        filled[degree[v]] += 1
    for i in range(num_vertices):
        v = order[i]
        for lists in range(2):
            first, stop = (
                (pointer[v], pointer[v + 1])
                if lists == 0
                else (back_pointer[v], back_pointer[v + 1])
            )
            for place in range(first, stop):
                u = heads[place] if lists == 0 else tails[place]
                if degree[u] > degree[v]:  # it moves to the front of its bucket, and out of it
                    front = start[degree[u]]
                    other = order[front]
                    order[front], order[rank[u]] = u, other
                    rank[other], rank[u] = rank[u], front
                    start[degree[u]] += 1
                    degree[u] -= 1


@compiled(f"void({_LISTS}, {_LISTS}, {UINT32S}, {UINT32S}, {_LISTS})")
def _orient(  # type: ignore[no-untyped-def]
    pointer, heads, back_pointer, tails, order, rank, out_pointer, later
):
    """Lists of the later neighbors by rank, ascending as they are met in ascending order."""
    num_vertices = len(order)
    for v in range(num_vertices):
        for place in range(pointer[v], pointer[v + 1]):
            out_pointer[min(rank[v], rank[heads[place]]) + 1] += 1
    for v in range(num_vertices):
        out_pointer[v + 1] += out_pointer[v]
    filled = out_pointer[:-1].copy()
    for i in range(num_vertices):
        v = order[i]
        for place in range(pointer[v], pointer[v + 1]):
            earlier = rank[heads[place]]
            if earlier < i:
                later[filled[earlier]] = i
                filled[earlier] += 1
        for place in range(back_pointer[v], back_pointer[v + 1]):
            earlier = rank[tails[place]]
            if earlier < i:
                later[filled[earlier]] = i
                filled[earlier] += 1


@register_jitable
def edge_place(tail, head, pointer, later):  # type: ignore[no-untyped-def]
    """Which oriented edge leads from one rank to another, where one does; by halving."""
    low, high = pointer[tail], pointer[tail + 1] - 1
    while low < high:
        middle = (low + high) >> 1
        if later[middle] < head:
            low = middle + 1
        else:
            high = middle
    return low


@compiled(f"void(uint32[:,::1], {_LISTS}, {INT64S})")
def _find(ends, pointer, later, found):  # type: ignore[no-untyped-def]
    """Which oriented edge each pair is."""
    for edge in range(len(ends)):
        found[edge] = edge_place(ends[edge, 0], ends[edge, 1], pointer, later)


def find_edges(oriented: Oriented, ends: np.ndarray) -> np.ndarray:
    """Which oriented edge each (tail, head) is, of (m, 2) ranks with the lower first; (m,)."""
    found = np.empty(len(ends), np.int64)
    _find(np.ascontiguousarray(ends, np.uint32), oriented.pointer, oriented.later, found)
    return found


def oriented_by_degeneracy(pointer: np.ndarray, heads: np.ndarray) -> Oriented:
    """Turn every edge from the vertex that is peeled first to the other.

    Args:
        pointer: (n+1,) int64, where the edges to larger neighbors of each vertex start.
        heads: (m,) uint32, these neighbors, ascending for each vertex.

    Cost:
        O(n + m) time; 12 bytes for each edge and 36 for each vertex at most.
    """
    num_vertices = len(pointer) - 1
    lists = pointer, heads, np.zeros(num_vertices + 1, np.int64), np.empty_like(heads)
    _transpose(*lists)
    order, rank = np.empty(num_vertices, np.uint32), np.empty(num_vertices, np.uint32)
    _peel(*lists, order, rank)
    oriented = Oriented(np.zeros(num_vertices + 1, np.int64), np.empty_like(heads), order)
    _orient(*lists, order, rank, oriented.pointer, oriented.later)
    return oriented
