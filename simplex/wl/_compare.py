"""Which of several complexes a colour refinement tells apart, and when and where it does."""

import itertools
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    on_free_threads,
    require_complex,
    require_int,
    shown,
)
from simplex.storage import require_executor
from simplex.wl._blocks import as_union, blocks_of_items, blocks_of_union, labels_by_blocks
from simplex.wl._checks import require_marks, require_room_to_refine, require_test
from simplex.wl._coloring import Coloring
from simplex.wl._copies import BLOCK
from simplex.wl._marked import Difference, first_difference, marked_labels
from simplex.wl._recipes import Recipe, has_recipe, recipe_of
from simplex.wl._refine import Stop
from simplex.wl._simplicial import simplicial_wl
from simplex.wl._starting import kind_of


class Refinement(Protocol):
    """A test: ``simplicial_wl``, ``weisfeiler_lehman``, ``folklore_wl``, or a partial of one."""

    def __call__(self, K: SimplicialComplex, /, *, stop: Stop | None = None) -> Coloring: ...


@dataclass(frozen=True)
class Verdict:
    """What a test says of two complexes; true where it tells them apart.

    Args:
        distinguished: whether the histograms differ. If so the complexes are not isomorphic; if not
            they may or may not be.
        round: the first round after which they differ, 0 for the start; ``None`` if they never do.
        dim: the lowest dimension in which they differ then; ``None`` if they never do. For
            ``weisfeiler_lehman`` (vertices) and ``folklore_wl`` (vertex pairs) it is 0. Under
            marks it is the lowest k such that the copies differ in their histograms of dimensions
            0 … k.
        explanation: the same in a sentence.
        mark: the first simplex of A whose marked copies are more frequent in A than in B, by its
            id; ``None`` without marks, or where none are needed.
    """

    distinguished: bool
    round: int | None
    dim: int | None
    explanation: str
    mark: int | None = None

    def __bool__(self) -> bool:
        return self.distinguished


@on_free_threads()
def compare(
    A: SimplicialComplex,
    B: SimplicialComplex,
    test: Refinement = simplicial_wl,
    *,
    marks: int = 0,
    mark_dim: int = 0,
    task_size: int | None = None,
) -> Verdict:
    r"""Whether a test tells two complexes apart, with the round and the dimension at which it does.

    The disjoint union is refined, so that colours mean the same in both, and the histograms of the
    two parts are compared in every dimension after every round. At the start that compares the
    f-vectors, or the starting colours if the test has any.

    With ``marks=1`` and where that does not tell them apart, there is one copy of A for each of its
    vertices, in which the vertex has a colour of its own, and so of B. All copies are refined, and
    compared is the multiset of their histograms:

    .. math:: \{\!\{ \mathrm{hist}(A^v) : v \in A \}\!\} \neq
              \{\!\{ \mathrm{hist}(B^v) : v \in B \}\!\}.

    With ``marks=2`` pairs (u, v) of distinct vertices are marked, and compared is the multiset over
    u of the multisets over v; and so on.

    Args:
        A: a complex; a disjoint union counts as one.
        B: a complex on the same device.
        test: the refinement. Give options by ``functools.partial``; starting colours are those of
            the union, the simplices of ``A`` followed by those of ``B``.
        marks: how many simplices are marked in a copy. With marks the test is one of
            :func:`simplicial_wl`, :func:`weisfeiler_lehman` and :func:`folklore_wl`, or a partial
            of one with ``max_rounds``, ``adjacencies`` or ``colors``.
        mark_dim: the dimension of the marked simplices; 0 for vertices.
        task_size: simplices in a block of copies; ``None`` for 2¹⁹.

    Returns:
        The :class:`Verdict`.

    Raises:
        TypeError: an argument is no complex.
        ValueError: the complexes are on different devices, ``marks`` is not in 0 … 20 or
            ``mark_dim`` negative, there are marks and the test is another one, or the copies are
            too many.

    Laws:
        Symmetric; isomorphic complexes are never told apart. Being told apart proves that there is
        no isomorphism, not being told apart proves nothing: see :func:`is_isomorphic`. What is told
        apart by some marks is told apart by more, and by as many as there are vertices whatever is
        not isomorphic, directions apart, which no test here looks at.

    Cost:
        With m marks and n simplices of their dimension, nᵐ copies of either complex, each refined
        until it is stable, in blocks that are held one at a time (on the processor); where all are
        in one block, only until they differ. Refused are more than 2³³ simplices of copies of one
        complex, which take a core a quarter of an hour a round.

    Example:
        >>> from simplex import SimplicialComplex
        >>> hexagon = SimplicialComplex.from_simplices([(i, (i + 1) % 6) for i in range(6)])
        >>> triangles = SimplicialComplex.from_simplices([(0, 1, 2), (3, 4, 5)])
        >>> compare(hexagon, triangles).explanation
        'Told apart before the first round, by the triangles: A has 0, B has 2.'
    """
    require_test(test)
    size = BLOCK if task_size is None else require_int("task_size", task_size, 1)
    copied = require_marks(marks, mark_dim, size)
    recipe = recipe_of(test, copied, colors=True) if marks else None
    require_room_to_refine([require_complex("A", A), require_complex("B", B)])
    union = SimplicialComplex.disjoint_union([A, B])
    verdict = _unmarked(union, test)
    if recipe is None or verdict:
        return verdict
    found = first_difference(recipe, union)
    if isinstance(found, int):
        return replace(verdict, explanation=_explain_equal_copies(found, recipe))
    explanation = _explain_copies(found, recipe)
    return Verdict(True, found.round, found.dim, explanation, mark=found.mark)


def _unmarked(union: SimplicialComplex, test: Refinement) -> Verdict:

    def parted(coloring: Coloring) -> bool:
        return int(coloring.part_classes()[1]) == 1

    coloring = test(union, stop=parted)
    if not parted(coloring):
        return Verdict(False, None, None, _explain_equality(coloring))
    for k, kind in enumerate(coloring.kinds):
        here, there = coloring.part_histogram(k)
        if not torch.equal(here, there):
            explanation = _explain_difference(coloring.rounds, kind, here, there)
            return Verdict(True, coloring.rounds, k, explanation)
    raise AssertionError("histograms with different hashes must differ in some dimension")


def _explain_equality(coloring: Coloring) -> str:
    rounds = _rounds(coloring.rounds)
    when = (
        f"the colours are stable after {rounds}"
        if coloring.stable
        else f"the refinement was ended after {rounds}"
    )
    return (
        f"Not told apart: {when}, and every colour is as frequent in A as in B. "
        "This proves nothing; is_isomorphic decides."
    )


def _explain_difference(rounds: int, kind: str, here: Tensor, there: Tensor) -> str:
    when = f"after {_rounds(rounds)}" if rounds else "before the first round"
    sizes = int(here.sum()), int(there.sum())
    if sizes[0] != sizes[1]:
        return f"Told apart {when}, by the {kind}: A has {sizes[0]}, B has {sizes[1]}."
    example = int((here - there).abs().argmax())
    num_classes = int(((here > 0) | (there > 0)).sum())
    return (
        f"Told apart {when}, by the {kind}: of {num_classes} colours, one is on "
        f"{int(here[example])} of A and on {int(there[example])} of B."
    )


def _explain_equal_copies(rounds: int, recipe: Recipe) -> str:
    return (
        f"Not told apart: {_marking(recipe)}, the copies are refined for {_rounds(rounds)}, and "
        "every histogram is as frequent among those of A as of B. "
        "This proves nothing; is_isomorphic decides."
    )


def _explain_copies(found: Difference, recipe: Recipe) -> str:
    here, there = found.counts
    one, many = kind_of(recipe.marks.dim, 1), kind_of(recipe.marks.dim)
    return (
        f"Told apart after {_rounds(found.round)} {_marking(recipe)}, by the {found.kind}: marked, "
        f"{here} of the {found.num_marks} {many} of A look like its {one} {found.mark}, and "
        f"{there} of B."
    )


def _marking(recipe: Recipe) -> str:
    one, many = kind_of(recipe.marks.dim, 1), kind_of(recipe.marks.dim)
    return (
        f"with one {one} marked"
        if recipe.marks.number == 1
        else f"with {recipe.marks.number} {many} marked"
    )


def _rounds(count: int) -> str:
    return "1 round" if count == 1 else f"{count} rounds"


@on_free_threads()
def distinguish(
    complexes: SimplicialComplex | Iterable[SimplicialComplex] | str | os.PathLike[str],
    test: Refinement = simplicial_wl,
    *,
    marks: int = 0,
    mark_dim: int = 0,
    executor: Executor | None = None,
    task_size: int | None = None,
) -> Tensor:
    """Sort complexes into classes that a test does not tell apart.

    They are refined as one union, or, with an ``executor`` or a ``task_size`` and where they come
    from a folder or a long iterator, in blocks: what is held are some blocks for each worker and 8
    bytes for each complex. The labels are the same.

    Args:
        complexes: complexes on one device, each of which counts as one even if it is a disjoint
            union; or a disjoint union, whose parts are meant; or the path of the folder of one.
            An iterator is read only as blocks are needed.
        test: the refinement; options by ``functools.partial``. In blocks one of
            :func:`simplicial_wl`, :func:`weisfeiler_lehman` and :func:`folklore_wl`, without
            starting colours; with marks as for :func:`compare`.
        marks: how many simplices are marked in a copy, as for :func:`compare`.
        mark_dim: their dimension.
        executor: where blocks are refined: threads, processes, or ``client.get_executor()`` of a
            Dask cluster. ``None`` for threads of this process.
        task_size: simplices in a block, with marks those of the copies; ``None`` for 2¹⁹.

    Returns:
        (m,) int64 labels, numbered by first appearance: equal label, not told apart.

    Raises:
        TypeError: an item is no complex, or ``executor`` no executor.
        ValueError: the complexes are on different devices, or ``test`` is another one, in blocks.
        RuntimeError: the executor lost a worker.

    Laws:
        ``labels[i] != labels[j]`` iff ``compare(K_i, K_j)`` tells the two apart.

    Cost:
        A block is refined until each of its complexes is stable, a union until that, or until no
        two of them are left that agree. With marks, only complexes that are not told apart without
        are copied, where they are refined as one union.

    Example:
        >>> from simplex import SimplicialComplex
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2)])
        >>> distinguish([K, K.skeleton(1), K]).tolist()
        [0, 1, 0]
    """
    require_test(test)
    size = BLOCK if task_size is None else require_int("task_size", task_size, 1)
    copied = require_marks(marks, mark_dim, size)
    recipe = recipe_of(test, copied, colors=True) if marks else None
    require_executor(executor)
    by_blocks = executor is not None or task_size is not None
    if isinstance(complexes, (str, os.PathLike)) or (
        isinstance(complexes, SimplicialComplex) and by_blocks
    ):
        return labels_by_blocks(
            blocks_of_union(complexes, copied),
            recipe_of(test, copied),
            executor,
        )
    if isinstance(complexes, SimplicialComplex):
        return _labels_of_union(complexes, test, recipe)
    given: object = complexes
    if isinstance(given, (Tensor, np.ndarray)) or not isinstance(given, Iterable):
        raise TypeError(f"complexes must be a list of complexes, got {shown(given)}.")
    if by_blocks:
        blocks = blocks_of_items(complexes, copied)
        return labels_by_blocks(map(_single, blocks), recipe_of(test, copied), executor)
    if isinstance(complexes, Iterator) and has_recipe(test):
        blocks = blocks_of_items(complexes, copied)
        begin = list(itertools.islice(blocks, 2))
        if len(begin) == 2:
            todo = map(_single, itertools.chain(begin, blocks))
            return labels_by_blocks(todo, recipe_of(test, copied), None).to(begin[0][0].device)
        parts = [K for block in begin for K in block]
    else:
        parts = [require_complex(f"complexes[{i}]", K) for i, K in enumerate(complexes)]
    require_room_to_refine(parts)
    return _labels_of_union(SimplicialComplex.disjoint_union(parts), test, recipe)


def _single(block: list[SimplicialComplex]) -> tuple[SimplicialComplex]:
    return (as_union(block),)


def _labels_of_union(union: SimplicialComplex, test: Refinement, recipe: Recipe | None) -> Tensor:
    def all_parted(coloring: Coloring) -> bool:
        labels = coloring.part_classes()
        return len(labels) == 0 or int(labels.max()) == len(labels) - 1

    labels = test(union, stop=all_parted).part_classes()
    return labels if recipe is None else marked_labels(recipe, union, labels)
