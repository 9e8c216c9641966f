"""The simplicial Weisfeiler-Lehman (SWL) test: colour refinement on a simplicial complex."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, on_free_threads, require_complex, require_int
from simplex.wl._checks import (
    require_adjacencies,
    require_marks,
    require_room_to_refine,
    require_unmarked,
    runs_in_tasks,
)
from simplex.wl._coloring import Coloring
from simplex.wl._copies import BLOCK
from simplex.wl._pooled import pooled_coloring
from simplex.wl._refine import Draw, Problem, Stop, refine
from simplex.wl._starting import kind_of, starting_palettes
from simplex.wl._words import Role


DEFAULT = ("boundary", "upper")
_ROWS = {"cpu": 1 << 15}  # whose tables stay in the caches
_MANY_ROWS = 1 << 20  # of an accelerator: few calls, and small beside the colours


@on_free_threads()
def simplicial_wl(
    K: SimplicialComplex | str | os.PathLike[str],
    *,
    adjacencies: Iterable[str] = DEFAULT,
    colors: Mapping[int, Any] | Sequence[Any] | None = None,
    max_rounds: int | None = None,
    marks: int = 0,
    mark_dim: int = 0,
    stop: Stop | None = None,
    folder: str | os.PathLike[str] | None = None,
    executor: Executor | None = None,
    task_size: int | None = None,
) -> Coloring:
    r"""Refine the colours of all simplices by the colours around them, until no class splits.

    A round replaces the colour of every simplex σ by an injective image of

    .. math:: \big( c(\sigma),\; \{\!\{ c(\tau) : \tau \in B(\sigma) \}\!\},\;
              \{\!\{ c(\tau) : \tau \in C(\sigma) \}\!\},\;
              \{\!\{ (c(\tau), c(\sigma \cap \tau)) : \tau \in N_\downarrow(\sigma) \}\!\},\;
              \{\!\{ (c(\tau), c(\sigma \cup \tau)) : \tau \in N_\uparrow(\sigma) \}\!\} \big),

    of which only the given adjacencies take part. Lower and upper neighbours count as pairs with
    the simplex they share. Boundary and upper together tell apart all that the four do (Theorem
    6), if sometimes in more rounds.

    Multisets are compared by random 64-bit hashes. What gets different colours does differ; the
    chance that a round of N simplices misses a split is at most about 16 N²/2⁶⁴, and the next round
    makes up for it. Orientation plays no part.

    A complex that does not fit in memory is the path of its folder, as
    :func:`~simplex.storage.save_complex` writes it. A round is then tasks on ranges of rows, which
    hold 2²¹ incidences each, and the colours are memory maps of files; so it is for a complex in
    memory with any of the last three options. The colours are the same, number by number.

    With ``marks=1``, every simplex τ of dimension ``mark_dim`` gets a colour of its own once, in a
    copy of the complex, and all copies are refined. The colour of σ is then that of the multiset
    over τ of its colour in the copy together with the histogram of the copy; with ``marks=2`` over
    pairs, as a multiset over the first mark of multisets over the second, and so on.

    Args:
        K: the complex, or the path of its folder. The parts of a disjoint union share their
            colours.
        adjacencies: which of ``"boundary"``, ``"coboundary"``, ``"lower"``, ``"upper"`` to use.
        colors: starting colours, a mapping from k or a sequence over k = 0, 1, …, each (n_k,)
            numbers or (n_k, F) feature rows of any dtype; equal rows are one colour. Dimensions
            left out, or ``None``, start with one colour. Given ones are numbered in memory.
        max_rounds: most rounds; ``None`` to go on until the colours are stable.
        marks: how many distinct simplices are marked in a copy; 0 for no copies. Not with
            ``folder`` and ``executor``.
        mark_dim: their dimension.
        stop: called with the :class:`Coloring` at the start and after each round; a true answer
            ends the refinement.
        folder: where the colours go, ``colors_0.npy``, …; it stays. Where it holds the colours of
            the same call already, they are opened. A call that was ended is gone on with, from the
            last whole round (but with ``stop``). ``None``: beside the temporary files of the
            system, until the :class:`Coloring` is no longer used.
        executor: of the tasks: threads, processes, or ``client.get_executor()`` of a Dask cluster,
            all of whose workers see the folders. ``None`` for threads of this process.
        task_size: most simplices of a task, rounded down to a power of 2; with marks those of a
            block of copies.

    Returns:
        The :class:`Coloring`: ``.colors[k]`` (n_k,) int64, ``.rounds``, ``.histogram``. Dimension 0
        is always there, with no colours for the empty complex.

    Raises:
        TypeError: ``K`` is no complex, ``max_rounds`` no integer, or a starting colour no number.
        ValueError: an unknown adjacency, starting colours of a wrong shape or device or with NaN,
            a negative ``max_rounds``, no folder of a complex, or a place that is taken or has not
            the room on its disk.
        OSError: the disk is full, or a worker does not see a folder.
        RuntimeError: the executor lost a worker. What whole rounds did is kept in ``folder``.

    Laws:
        A round only splits classes, and so does a mark. Relabelling the vertices permutes the
        colours with the simplices and keeps the histograms. The partition of the vertices is never
        coarser than that of :func:`weisfeiler_lehman`.

    Cost:
        O(incidences) and one sort a round: lower and upper terms are, for each shared simplex, the
        total minus the own term, so a hub of degree d costs d and not d². At most
        Σ n_k - 1 rounds. In a folder, 16 bytes a simplex, and during a round 20 to 30 more for
        those of two neighbouring dimensions. With m marks and n simplices of their dimension, nᵐ
        times the work, and nᵐ⁻¹ times the memory; no copies but those of a block are held.

    Reference:
        Bodnar et al., "Weisfeiler and Lehman Go Topological: Message Passing Simplicial Networks",
        ICML 2021.

    Example:
        >>> from simplex import SimplicialComplex
        >>> house = SimplicialComplex.from_simplices([(0, 1), (1, 2), (0, 3), (2, 3, 4)])
        >>> coloring = simplicial_wl(house)
        >>> coloring.rounds, [counts.sort().values.tolist() for counts in coloring.histogram]
        (2, [[1, 2, 2], [1, 1, 2, 2], [1]])
    """
    size = BLOCK if task_size is None else require_int("task_size", task_size, 1)
    copied = require_marks(marks, mark_dim, size)
    if copied.number:
        require_unmarked(K, folder, executor)
        return pooled_coloring(
            require_complex("K", K),
            partial(simplex_problem, adjacencies=require_adjacencies(adjacencies)),
            colors,
            copied,
            max_rounds,
            stop,
        )
    if runs_in_tasks(K, folder, executor, task_size):
        from simplex.wl._disk import refine_in_folder, simplices_of  # compiles its kernels

        return refine_in_folder(
            simplices_of(K, adjacencies, colors),
            folder,
            executor,
            task_size=task_size,
            max_rounds=max_rounds,
            stop=stop,
        )
    problem = simplex_problem(K, adjacencies=adjacencies, colors=colors)
    return refine(problem, max_rounds=max_rounds, stop=stop)


def simplex_problem(
    K: object,
    *,
    adjacencies: Iterable[str] = DEFAULT,
    colors: Mapping[int, Any] | Sequence[Any] | None = None,
) -> Problem:
    """What :func:`simplicial_wl` refines."""
    K = require_complex("K", K)
    used = require_adjacencies(adjacencies)
    require_room_to_refine([K])
    degrees = range(max(K.dim, 0) + 1)

    def signature(colors: Sequence[Tensor], draw: Draw) -> list[Tensor]:
        hashes = [draw(colors[k], Role.OWN, k) for k in degrees]
        for k in degrees[1:]:
            below = draw(colors[k - 1], Role.FACET, k)
            if "lower" in used:
                siblings = torch.zeros_like(below)  # for each facet, of all its cofacets
                for rows in _blocks(K.facets(k)):
                    own = draw(colors[k][rows], Role.SIBLING, k)[:, None]
                    _scatter(siblings, K.facets(k)[rows], own)
                meeting = draw(colors[k - 1], Role.MEETING, k)
            for rows in _blocks(K.facets(k)):
                facets, own = K.facets(k)[rows], colors[k][rows]
                sender = _gather(below, facets)
                around = sender.sum(1, keepdim=True)
                if "boundary" in used:
                    hashes[k][rows] += around[:, 0]
                if "coboundary" in used:
                    _scatter(hashes[k - 1], facets, draw(own, Role.COFACET, k)[:, None])
                if "upper" in used:  # the other facets
                    others = (around - sender).mul_(draw(own, Role.SHARED, k)[:, None])
                    _scatter(hashes[k - 1], facets, others)
                if "lower" in used:  # the other cofacets
                    others = _gather(siblings, facets) - draw(own, Role.SIBLING, k)[:, None]
                    hashes[k][rows] += others.mul_(_gather(meeting, facets)).sum(1)
        return hashes

    return Problem(
        starting_palettes(K, colors),
        signature,
        kinds=[kind_of(k) for k in degrees],
        pointers=[K.part_pointer(k) for k in degrees],
    )


def _blocks(table: Tensor) -> Iterator[slice]:
    """Ranges of the rows of a table, so that what is computed from them is never large."""
    step = _ROWS.get(table.device.type, _MANY_ROWS)
    return (slice(first, first + step) for first in range(0, len(table), step))


def _gather(values: Tensor, facets: Tensor) -> Tensor:
    return values.index_select(0, facets.flatten()).view(facets.shape)  # (rows, k+1)


def _scatter(sums: Tensor, facets: Tensor, values: Tensor) -> None:
    sums.index_add_(0, facets.flatten(), values.expand(facets.shape).flatten())
