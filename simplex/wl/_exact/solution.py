"""From a coloured graph to its canonical order and its automorphisms."""

import math
from typing import NamedTuple

import numpy as np

from simplex.complexes import interruptible, require_int
from simplex.wl._exact.assembly_numba import solve, stabilized
from simplex.wl._exact.checks_numba import are_automorphisms
from simplex.wl._exact.graph import ColoredGraph, Ints
from simplex.wl._exact.search_numba import BEYOND


_NO_BOUND = 2**62


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
    return Stable(graph, *interruptible(stabilized, *graph))


def solution(start: Stable, canonical: bool, max_steps: int | None) -> Solution:
    """Search a graph; ``ValueError`` beyond ``max_steps`` refinements."""
    budget = _NO_BOUND if max_steps is None else require_int("max_steps", max_steps, least=0)
    graph, ended = start.graph, np.zeros(1, np.bool_)
    status, _, order, lengths, numbers, *moves = interruptible(
        solve,
        graph.pointer,
        graph.column,
        start.node,
        start.color,
        canonical,
        min(budget, _NO_BOUND),
        ended,
        stop=ended,
    )
    if status == BEYOND:
        raise ValueError(
            f"max_steps must allow for the search, which did not end after {budget:,} refinements. "
            "Give more, None for no bound, or colors that tell vertices apart."
        )
    found = Moves(*moves)
    assert are_automorphisms(*graph, *found)
    size = math.prod(lengths.tolist()) * math.prod(map(math.factorial, numbers.tolist()))
    return Solution(order, size, found)
