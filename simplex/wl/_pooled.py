"""The colours of simplices under marks: those that a simplex has in all marked copies, together."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_memory
from simplex.wl._coloring import Coloring
from simplex.wl._copies import Copies, Marks
from simplex.wl._histories import frozen_rounds
from simplex.wl._refine import Palette, Problem, relabel, require_rounds
from simplex.wl._starting import kind_of, starting_palettes
from simplex.wl._words import Role, key_of, words


def pooled_coloring(
    K: SimplicialComplex,
    problem: Callable[..., Problem],
    colors: Mapping[int, Any] | Sequence[Any] | None,
    marks: Marks,
    max_rounds: int | None,
) -> Coloring:
    """What :func:`simplex.wl.simplicial_wl` returns under marks."""
    require_rounds(max_rounds, None)
    start = [Palette(own.colors.cpu(), own.size) for own in starting_palettes(K, colors)]
    copies, count = Copies(K.to("cpu"), start, marks), marks.count
    copies.require_room()
    _require_room(copies)
    fewer = copies.groups(count - 1)
    pooled = [torch.zeros(int((fewer * size).sum()), dtype=torch.int64) for size in copies.sizes]
    rounds, stable = 0, True
    for first, stop in copies.ranges():
        union, starting = copies.block(first, stop)
        values, number, ended = _frozen_values(
            problem(union, colors=dict(enumerate(starting))), max_rounds
        )
        rounds, stable = max(rounds, number), stable and ended
        for k, value in enumerate(values):
            _pool(copies, pooled[k], value, k, count, first, stop)
    for level in reversed(range(1, count)):
        tuples = int(copies.groups(level).sum())
        fewer = copies.groups(level - 1)
        for k, value in enumerate(pooled):
            pooled[k] = value.new_zeros(int((fewer * copies.sizes[k]).sum()))
            _pool(copies, pooled[k], value, k, level, 0, tuples)
    final = [relabel(value.to(K.device)) for value in pooled]
    return Coloring(
        colors=tuple(palette.colors for palette in final),
        num_classes=tuple(palette.size for palette in final),
        rounds=rounds,
        stable=stable,
        kinds=tuple(kind_of(k) for k in range(len(final))),
        pointers=tuple(K.part_pointer(k) for k in range(len(final))),
    )


def _frozen_values(problem: Problem, max_rounds: int | None) -> tuple[list[Tensor], int, bool]:
    """For each simplex a hash of its colour and the histogram of its copy, once that is stable."""
    moments = frozen_rounds(problem, max_rounds)
    moment = next(moments)
    colors, sizes = list(moment.colors), [pointer.diff() for pointer in problem.pointers]
    for moment in moments:
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
    ended = not moment.waiting.any()
    return values, max(moment.number - ended, 0), ended


def _pool(
    copies: Copies, sums: Tensor, values: Tensor, k: int, level: int, first: int, stop: int
) -> None:
    """Add the values of the k-simplices of some copies to those of the copies with a mark less."""
    places = copies.without_last_mark(k, level, first, stop)
    sums.index_add_(0, places, words(values, key_of(0, Role.MARK, level)))


def _require_room(copies: Copies) -> None:
    held = int((copies.groups(copies.marks.count - 1) * copies.sizes.sum(0)).sum())
    what = f"the colours of {held} simplices of copies with one mark less"
    require_memory(held * 40, torch.device("cpu"), what, "Take fewer marks, or compare complexes.")
