"""The colours of simplices under marks: those that a simplex has in all marked copies, together."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_memory
from simplex.wl._coloring import Coloring
from simplex.wl._copies import Copies, Marks
from simplex.wl._histories import frozen_rounds
from simplex.wl._refine import Palette, Problem, Stop, num_distinct, relabel, require_rounds
from simplex.wl._starting import kind_of, starting_palettes
from simplex.wl._words import Role, key_of, words


_ROUNDS = 20  # of which memory is asked for; more are rare


def pooled_coloring(
    K: SimplicialComplex,
    problem: Callable[..., Problem],
    colors: Mapping[int, Any] | Sequence[Any] | None,
    marks: Marks,
    max_rounds: int | None,
    stop: Stop | None,
) -> Coloring:
    """What :func:`simplex.wl.simplicial_wl` returns under marks."""
    require_rounds(max_rounds, stop)
    start = [Palette(own.colors.cpu(), own.size) for own in starting_palettes(K, colors)]
    copies = Copies(K.to("cpu"), start, marks)
    copies.require_room()
    _require_room(copies)
    history, stable = _pooled_rounds(copies, problem, max_rounds)
    hashes = [_of_simplices(copies, sums) for sums in history]
    classes = [sum(map(num_distinct, kinds)) for kinds in hashes]
    rounds = classes.index(classes[-1])  # those after it split nothing
    for number in range(rounds if stop is not None else 0):
        coloring = _coloring(K, hashes[number], number, stable=False)
        if stop is not None and stop(coloring):
            return coloring
    return _coloring(K, hashes[rounds], rounds, stable)


def _coloring(
    K: SimplicialComplex, hashes: Sequence[Tensor], rounds: int, stable: bool
) -> Coloring:
    palettes = [relabel(values.to(K.device)) for values in hashes]
    return Coloring(
        colors=tuple(palette.colors for palette in palettes),
        num_classes=tuple(palette.size for palette in palettes),
        rounds=rounds,
        stable=stable,
        kinds=tuple(kind_of(k) for k in range(len(palettes))),
        pointers=tuple(K.part_pointer(k) for k in range(len(palettes))),
    )


def _pooled_rounds(
    copies: Copies, problem: Callable[..., Problem], max_rounds: int | None
) -> tuple[list[list[Tensor]], bool]:
    """The start and the rounds until all copies are stable, and whether they are.

    For each k, hashes of what the k-simplices are in the copies that differ in the last mark alone.
    """
    count = copies.marks.number
    fewer, stable = copies.groups(count - 1), True
    sums = [torch.zeros(int((fewer * size).sum()), dtype=torch.int64) for size in copies.sizes]
    history: list[list[Tensor]] = []
    for first, stop in copies.ranges():
        union, palettes = copies.block(first, stop)
        block = problem(union, colors=dict(enumerate(palettes)))
        places = [copies.without_last_mark(k, count, first, stop) for k in range(len(sums))]
        values, ended, number = sums, True, -1
        for number, (values, waiting) in enumerate(_frozen_values(block, max_rounds)):
            if number == len(history):  # the blocks before are stable
                history.append([own.clone() for own in sums])
            _add(history[number], places, values)
            ended = not waiting
        for later in history[number + 1 :]:
            _add(later, places, values)
        sums = [own.clone() for own in history[-1]]
        stable = stable and ended
    return history, stable


def _frozen_values(problem: Problem, max_rounds: int | None) -> Iterator[tuple[list[Tensor], bool]]:
    """After each round, hashes of colour and copy of each simplex, and whether there are more."""
    sizes = [pointer.diff() for pointer in problem.pointers]
    colors = list(problem.first_colors)
    for moment in frozen_rounds(problem, max_rounds):
        changed = torch.from_numpy(moment.changed)
        colors = [
            torch.where(changed.repeat_interleave(size), new, old)
            for new, old, size in zip(moment.colors, colors, sizes, strict=True)
        ]
        copy = moment.hashes.sum(0)
        values = [
            words(color, key_of(0, Role.COPY, k)) + copy.repeat_interleave(size)
            for k, (color, size) in enumerate(zip(colors, sizes, strict=True))
        ]
        yield values, bool(moment.waiting.any())


def _of_simplices(copies: Copies, sums: Sequence[Tensor]) -> list[Tensor]:
    """Hashes of what the simplices of the complex are in all copies."""
    for level in reversed(range(1, copies.marks.number)):
        tuples, fewer = int(copies.groups(level).sum()), copies.groups(level - 1)
        values = sums
        sums = [torch.zeros(int((fewer * n).sum()), dtype=torch.int64) for n in copies.sizes]
        places = [copies.without_last_mark(k, level, 0, tuples) for k in range(len(sums))]
        _add(sums, places, values)
    return list(sums)


def _add(sums: Sequence[Tensor], places: Sequence[Tensor], values: Sequence[Tensor]) -> None:
    """Add what copies of a block are, whose highest dimension may be lower than that of all."""
    for k, (total, place, value) in enumerate(zip(sums, places, values, strict=False)):
        total.index_add_(0, place, words(value, key_of(0, Role.MARK, k)))


def _require_room(copies: Copies) -> None:
    held = int((copies.groups(copies.marks.number - 1) * copies.sizes.sum(0)).sum())
    what = f"the colours of {held} simplices of copies with one mark less"
    remedy = "Take fewer marks, or compare complexes."
    require_memory(held * 8 * (_ROUNDS + 6), torch.device("cpu"), what, remedy)
