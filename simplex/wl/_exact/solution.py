"""From a coloured graph to its canonical order and its automorphisms."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simplex.complexes import interruptible, require_int
from simplex.wl._exact.assembly_numba import solve
from simplex.wl._exact.graph import ColoredGraph, Ints
from simplex.wl._exact.partition_numba import stabilized
from simplex.wl._exact.pieces_numba import cut
from simplex.wl._exact.search_numba import BEYOND
from simplex.wl._exact.symmetries_numba import are_automorphisms, generators
from simplex.wl._exact.tables import COLOR, DEGREE, GRAPH_ROWS, NODE


_NO_BOUND = 2**62
_SMALL, _QUICK = 1 << 14, 128  # neighbors, and refinements of them that nobody would interrupt


class Stable(NamedTuple):
    """A graph with stable colours: its nodes by colour, and a hash that isomorphic ones share."""

    graph: ColoredGraph
    node: Ints
    color: Ints
    word: int


class Moves(NamedTuple):
    """Permutations by what they move: where each ends in the lists, and what goes where."""

    ends: Ints
    points: Ints
    images: Ints


class Solution(NamedTuple):
    """The canonical order of the nodes, the number of automorphisms, and generators of them."""

    order: Ints
    size: int
    moves: Moves


def stable(graph: ColoredGraph) -> Stable:
    """Refine the colours of a graph once and for all."""
    if len(graph.column) <= _SMALL:
        return Stable(graph, *stabilized(*graph))
    return Stable(graph, *interruptible(stabilized, *graph))


def solution(start: Stable, canonical: bool, max_steps: int | None) -> Solution:
    """Search a graph; ``ValueError`` beyond ``max_steps`` refinements."""
    given = _NO_BOUND if max_steps is None else require_int("max_steps", max_steps, least=0)
    budget, ended, found = min(given, _NO_BOUND), np.zeros(1, np.bool_), None
    if len(start.graph.column) <= _SMALL:
        found = _solved(start, canonical, min(budget, _QUICK), ended)
    if found is None:
        found = interruptible(_solved, start, canonical, budget, ended, stop=ended)
    if found is None:
        raise ValueError(
            f"max_steps must allow for the search, which did not end after {given:,} refinements. "
            "Give more, None for no bound, or colors that tell vertices apart."
        )
    return found


def _solved(
    start: Stable, canonical: bool, budget: int, ended: NDArray[np.bool_]
) -> Solution | None:
    graph, column = start.graph, start.graph.column.copy()
    table = np.zeros((GRAPH_ROWS, len(start.node)), np.int64)
    table[DEGREE], table[NODE], table[COLOR] = np.diff(graph.pointer), start.node, start.color
    pieces = cut(graph.pointer, column, table)
    status, _, lengths, *inner = solve(
        graph.pointer, column, table, pieces, canonical, budget, ended
    )
    if status == BEYOND:
        return None
    numbers, *moves = generators(table[NODE], pieces, *inner)
    assert ended[0] or are_automorphisms(*graph, *moves)
    size = math.prod(lengths.tolist()) * math.prod(map(math.factorial, numbers.tolist()))
    return Solution(table[NODE], size, Moves(*moves))
