"""The Weisfeiler-Lehman test on graphs: the baseline below SWL."""

import os
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Any

from torch import Tensor

from simplex.complexes import SimplicialComplex, on_free_threads, require_complex
from simplex.wl._checks import runs_in_tasks
from simplex.wl._coloring import Coloring
from simplex.wl._refine import Draw, Problem, Stop, refine, starting_colors
from simplex.wl._words import Role


@on_free_threads()
def weisfeiler_lehman(
    K: SimplicialComplex | str | os.PathLike[str],
    *,
    colors: Any = None,
    max_rounds: int | None = None,
    stop: Stop | None = None,
    folder: str | os.PathLike[str] | None = None,
    executor: Executor | None = None,
    task_size: int | None = None,
) -> Coloring:
    r"""Refine the colours of the vertices by those of their neighbours in the 1-skeleton (1-WL).

    .. math:: c'(v) = \mathrm{HASH}\big( c(v),\; \{\!\{ c(w) : \{v, w\} \in K \}\!\} \big)

    This is SWL on the 1-skeleton with upper adjacency alone, edges left out of the histograms.
    Only vertices and edges count. Errors, folders and executors as for :func:`simplicial_wl`.

    Args:
        K: the complex, or the path of the folder of one or of the edges of a graph, as
            :func:`~simplex.storage.edges_to_disk` writes it.
        colors: starting colours of the vertices, (n_0,) numbers or (n_0, F) feature rows.
        max_rounds: most rounds; ``None`` to go on until the colours are stable.
        stop: called with the :class:`Coloring` at the start and after each round; true ends it.
        folder: where the colours go, and stay; ``None`` for a temporary one.
        executor: of the tasks.
        task_size: most vertices or edges of a task.

    Returns:
        The :class:`Coloring`, with one kind: the vertices.

    Reference:
        Weisfeiler and Leman, "The reduction of a graph to canonical form and the algebra which
        appears therein", 1968.

    Example:
        >>> from simplex import SimplicialComplex
        >>> path = SimplicialComplex.from_simplices([(0, 1), (1, 2), (2, 3)])
        >>> weisfeiler_lehman(path).histogram[0].tolist()
        [2, 2]
    """
    if runs_in_tasks(K, folder, executor, task_size):
        from simplex.wl._disk import refine_in_folder, vertices_of  # compiles its kernels

        return refine_in_folder(
            vertices_of(K, colors),
            folder,
            executor,
            task_size=task_size,
            max_rounds=max_rounds,
            stop=stop,
        )
    return refine(vertex_problem(K, colors=colors), max_rounds=max_rounds, stop=stop)


def vertex_problem(K: object, *, colors: Any = None) -> Problem:
    """What :func:`weisfeiler_lehman` refines."""
    K = require_complex("K", K)
    heads, tails = K.facets(1).unbind(1)

    def signature(colors: Sequence[Tensor], draw: Draw) -> list[Tensor]:
        hashes, sent = draw(colors[0], Role.OWN, 0), draw(colors[0], Role.FACET, 1)
        hashes.index_add_(0, heads, sent.index_select(0, tails))
        hashes.index_add_(0, tails, sent.index_select(0, heads))
        return [hashes]

    start = starting_colors(colors, K.num_simplices(0), K.device, "colors")
    return Problem([start], signature, ["vertices"], [K.part_pointer(0)])
