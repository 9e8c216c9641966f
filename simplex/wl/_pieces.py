"""Coloured graphs of simplices and facets, cut into pieces that an isomorphism maps singly."""

from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from simplex.complexes import SimplicialComplex


Ints = NDArray[np.int64]
Words = NDArray[np.uint64]
Trace = list[tuple[Words, Ints]]
"""For each round the distinct hashes, and how many nodes have each: equal for isomorphic pieces."""

_ODD = np.uint64(0x9E3779B97F4A7C15)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


@dataclass(frozen=True)
class Piece:
    """A coloured graph; equal colours in two pieces mean the same.

    Args:
        ids: (n,) what its nodes were called where it was cut from.
        pointer: (n+1,) where the neighbours of each node start in ``column``.
        column: (E,) the neighbours, each edge in both directions.
        colors: (n,) numbers from 0 on.
    """

    ids: Ints
    pointer: Ints
    column: Ints
    colors: Ints

    def recolored(self, colors: Ints) -> "Piece":
        return Piece(self.ids, self.pointer, self.column, colors)


def pieces_of(
    A: SimplicialComplex, B: SimplicialComplex, here: list[Ints], there: list[Ints]
) -> tuple[Piece, Piece]:
    """Both complexes as coloured graphs, of which an isomorphism is one of the complexes.

    The nodes are the simplices, joined to their facets, vertices first; for graphs whose edges are
    coloured as their ends say, the graphs themselves.
    """
    if A.dim == 1 and _ends_say(A, B, here, there):
        return _skeleton(A, here[0]), _skeleton(B, there[0])
    both = [max(a.max(initial=-1), b.max(initial=-1)) for a, b in zip(here, there, strict=True)]
    offsets = np.cumsum([0, *(int(most) + 1 for most in both)])
    return _hasse(A, here, offsets), _hasse(B, there, offsets)


def _ends_say(
    A: SimplicialComplex, B: SimplicialComplex, here: list[Ints], there: list[Ints]
) -> bool:
    """Whether edges between equal colours of vertices have equal colours, in both graphs."""
    ends, edges = [], []
    for K, colors in ((A, here), (B, there)):
        ends.append(np.sort(colors[0][K.facets(1).cpu().numpy()], axis=1))
        edges.append(colors[1])
    pairs = np.concatenate(ends)
    triples = np.concatenate([pairs, np.concatenate(edges)[:, None]], axis=1)
    return len(np.unique(pairs, axis=0)) == len(np.unique(triples, axis=0))


def _skeleton(K: SimplicialComplex, colors: Ints) -> Piece:
    head, tail = K.facets(1).cpu().numpy().T
    return _from_edges(np.arange(len(colors)), head, tail, colors)


def _hasse(K: SimplicialComplex, colors: list[Ints], offsets: Ints) -> Piece:
    starts = np.cumsum([0, *K.f_vector])
    row, column = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for k in range(1, K.dim + 1):
        facets = K.facets(k).cpu().numpy()
        row.append(np.repeat(np.arange(len(facets)), k + 1) + starts[k])
        column.append(facets.ravel() + starts[k - 1])
    shifted = [each + offset for each, offset in zip(colors, offsets[:-1], strict=True)]
    ends = np.concatenate(row), np.concatenate(column)
    return _from_edges(np.arange(starts[-1]), *ends, np.concatenate(shifted))


def _from_edges(ids: Ints, row: Ints, column: Ints, colors: Ints) -> Piece:
    """The piece with the given edges, each given once."""
    source, target = np.concatenate([row, column]), np.concatenate([column, row])
    order = np.argsort(source, kind="stable")
    pointer = np.zeros(len(ids) + 1, np.int64)
    np.cumsum(np.bincount(source, minlength=len(ids)), out=pointer[1:])
    return Piece(ids, pointer, target[order], colors)


# --- refinement -----------------------------------------------------------------------------------


@overload
def refine(piece: Piece) -> tuple[Piece, Trace]: ...
@overload
def refine(piece: Piece, expected: Trace) -> tuple[Piece | None, Trace]: ...
def refine(piece: Piece, expected: Trace | None = None) -> tuple[Piece | None, Trace]:
    """Split the colours by the multisets of neighbouring colours until none splits.

    The new colours depend on colours and edges alone, so that isomorphic pieces get the same.
    Hashes that collide by chance leave a split out, never make one.

    Returns:
        The piece with its new colours and the trace; no piece as soon as a round differs from the
        expected trace, which proves that the two are not isomorphic.
    """
    colors, trace = piece.colors, list[tuple[Words, Ints]]()
    num_colors = -1
    while True:
        words = _hashed(colors, 2 * len(trace))
        running = np.zeros(len(piece.column) + 1, np.uint64)
        np.cumsum(words[piece.column], out=running[1:])
        around = running[piece.pointer[1:]] - running[piece.pointer[:-1]]
        values, colors, counts = np.unique(
            around + _hashed(colors, 2 * len(trace) + 1), return_inverse=True, return_counts=True
        )
        if expected is not None and (
            len(trace) >= len(expected)
            or not np.array_equal(values, expected[len(trace)][0])
            or not np.array_equal(counts, expected[len(trace)][1])
        ):
            return None, trace
        trace.append((values, counts))
        if len(values) == num_colors:
            break
        num_colors = len(values)
    if expected is not None and len(trace) < len(expected):
        return None, trace
    return piece.recolored(colors), trace


def _hashed(colors: Ints, salt: int) -> Words:
    """A fixed random 64-bit number for each colour and salt (Steele, Lea and Flood, 2014)."""
    x = (colors.astype(np.uint64) + np.uint64(salt << 40)) * _ODD
    x = (x ^ (x >> np.uint64(30))) * _MIX[0]
    x = (x ^ (x >> np.uint64(27))) * _MIX[1]
    return x ^ (x >> np.uint64(31))


# --- cutting --------------------------------------------------------------------------------------


def cut(piece: Piece) -> tuple[list[Piece], Piece]:
    """The components that are left without the edges that say nothing, and the nodes left alone.

    Where every node of one colour is joined to every node of another, any bijection that keeps
    colours keeps these edges.
    """
    row = np.repeat(np.arange(len(piece.ids)), np.diff(piece.pointer))
    once = row < piece.column
    row, column = row[once], piece.column[once]
    sizes = np.bincount(piece.colors)
    low = np.minimum(piece.colors[row], piece.colors[column])
    high = np.maximum(piece.colors[row], piece.colors[column])
    _, place, counts = np.unique(low * len(sizes) + high, return_inverse=True, return_counts=True)
    pairs = np.where(low == high, sizes[low] * (sizes[low] - 1) // 2, sizes[low] * sizes[high])
    kept = counts[place] < pairs
    row, column = row[kept], column[kept]
    component = _components(len(piece.ids), row, column)
    order = np.argsort(component, kind="stable")
    count = np.bincount(component)
    starts = np.concatenate([[0], np.cumsum(count)])
    local = np.empty(len(order), np.int64)
    local[order] = np.arange(len(order)) - starts[component[order]]
    by_edge = np.argsort(component[row], kind="stable")
    ends = np.concatenate([[0], np.cumsum(np.bincount(component[row], minlength=len(count)))])
    pieces = []
    for c in np.flatnonzero(count > 1).tolist():
        nodes, edges = order[starts[c] : starts[c + 1]], by_edge[ends[c] : ends[c + 1]]
        inner = local[row[edges]], local[column[edges]]
        pieces.append(_from_edges(piece.ids[nodes], *inner, piece.colors[nodes]))
    alone = np.flatnonzero(count[component] == 1)
    none = np.empty(0, np.int64)
    return pieces, _from_edges(piece.ids[alone], none, none, piece.colors[alone])


def _components(count: int, row: Ints, column: Ints) -> Ints:
    """Which component each node is in, numbered by their first nodes."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(len(row), np.int8)
    graph = coo_array((ones, (row, column)), shape=(count, count)).tocsr()
    labels: Ints = connected_components(graph, directed=False)[1].astype(np.int64)
    return labels
