"""The symmetries of a complex, exactly."""

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    on_free_threads,
    require_memory,
    require_undirected,
)
from simplex.wl._exact.limits import MAX_STEPS
from simplex.wl._starting import starting_palettes


_MOST_WRITTEN = 10_000  # bits of an order that is written out, of which Python refuses some 14,000


class AutomorphismGroup:
    """The bijections of the vertices that carry simplices to simplices.

    Made by :func:`automorphism_group`.

    Attributes:
        order: how many there are, an exact integer of Python.
        num_generators: g, how many generate all of them.
        num_vertices: n_0 of the complex.
    """

    def __init__(
        self,
        order: int,
        num_vertices: int,
        moves: tuple[np.ndarray, np.ndarray, np.ndarray],
        device: torch.device,
    ) -> None:
        self.order = order
        self.num_vertices = num_vertices
        self.num_generators = len(moves[0]) - 1
        self._ends, self._points, self._images = moves
        self._device = device

    @cached_property
    def generators(self) -> Tensor:
        """A table (g, n_0) of int64, where generator i takes vertex v to ``generators[i, v]``.

        Raises:
            ValueError: they do not fit in memory; :meth:`orbits` and ``order`` need no such table.
        """
        count, n = self.num_generators, self.num_vertices
        what = f"{count} generators on {n} vertices"
        require_memory(8 * count * n, self._device, what, "Use .order and .orbits(), or colors.")
        table = np.tile(np.arange(n), (count, 1))
        row = np.repeat(np.arange(count), np.diff(self._ends))
        table[row, self._points] = self._images
        return torch.from_numpy(table).to(self._device)

    def orbits(self) -> Tensor:
        """Which vertices can be carried to each other: (n_0,) int64 labels.

        Equal label, same orbit; labels are numbered by first appearance.
        """
        from simplex.wl._exact.symmetries_numba import orbits_of

        labels = orbits_of(self.num_vertices, self._points, self._images)
        return torch.from_numpy(labels).to(self._device)

    def __repr__(self) -> str:
        large = self.order.bit_length() > _MOST_WRITTEN
        order = f"about 1e{int(math.log10(self.order))}" if large else str(self.order)
        return (
            f"AutomorphismGroup(order={order}, num_generators={self.num_generators}, "
            f"num_vertices={self.num_vertices})"
        )


@on_free_threads()
def automorphism_group(
    K: SimplicialComplex,
    *,
    colors: Mapping[int, Any] | Sequence[Any] | None = None,
    max_steps: int | None = MAX_STEPS,
) -> AutomorphismGroup:
    r"""The symmetries of a complex: how many there are, generators, and orbits of the vertices.

    .. math:: \mathrm{Aut}(K) = \{ π \in \mathrm{Sym}(V) : σ \in K \iff π(σ) \in K \}

    Exact: every generator is checked on the whole complex, and the order is the product of the
    lengths of orbits, under those that fix what was singled out before, and of m! for every m equal
    pieces.

    Args:
        K: a complex. Orientation, labels, filtration and parts play no part.
        colors: starting colours that the symmetries must keep, as in :func:`simplicial_wl`.
        max_steps: most refinements, as for :func:`canonical_form`.

    Returns:
        The :class:`AutomorphismGroup`: ``.order``, ``.generators`` (g, n_0) int64, ``.orbits()``.

    Raises:
        TypeError: the argument is no complex.
        ValueError: a directed complex, colours that do not fit, a complex that does not fit in
            memory, or a search that takes more than ``max_steps``.

    Laws:
        The order is that of any relabelled complex, and divides n_0!. Vertices of one orbit have
        one colour under :func:`simplicial_wl`.

    Cost:
        As :func:`canonical_form`, or less.

    Reference:
        McKay and Piperno, "Practical graph isomorphism, II", Journal of Symbolic Computation 2014.

    Example:
        >>> from simplex import SimplicialComplex
        >>> house = SimplicialComplex.from_simplices([(0, 1), (1, 2), (0, 3), (2, 3, 4)])
        >>> group = automorphism_group(house)
        >>> group.order, group.generators.tolist(), group.orbits().tolist()
        (2, [[1, 0, 3, 2, 4]], [0, 0, 1, 1, 2])
    """
    K = require_undirected("K", K)
    palettes = starting_palettes(K, colors)
    n = K.num_simplices(0)
    if n == 0:
        none = np.empty(0, np.int64)
        return AutomorphismGroup(1, 0, (np.zeros(1, np.int64), none, none), K.device)

    from simplex.wl._exact.graph import are_cliques, colored_graph  # compiles the kernels
    from simplex.wl._exact.solution import solution, stable

    sizes = [palette.size for palette in palettes]
    graph = colored_graph(K, [palette.colors for palette in palettes], sizes, are_cliques(K))
    found = solution(stable(graph), False, max_steps)
    ends, points, images = found.moves
    vertices = points < n  # what moves a simplex moves a vertex
    kept = np.concatenate([[0], np.cumsum(vertices)])
    moves = kept[ends], points[vertices], images[vertices]
    return AutomorphismGroup(found.size, n, moves, K.device)
