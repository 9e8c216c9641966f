"""What the parts of a union look like, round by round, each by itself until it is stable."""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from simplex.wl._coloring import kind_hashes
from simplex.wl._refine import Problem, rounds_of


class Moment(NamedTuple):
    """The parts after a round.

    Args:
        number: of the round, 0 for the start.
        colors: for each kind the colours, as hashes.
        hashes: (num_kinds, num_parts) hashes of the histograms; those of a part stay as they are
            one round after it is stable.
        changed: (num_parts,) which parts were not stable before this round.
        waiting: (num_parts,) which are not known to be stable.
    """

    number: int
    colors: Sequence[Tensor]
    hashes: Tensor
    changed: np.ndarray
    waiting: np.ndarray


def frozen_rounds(problem: Problem, max_rounds: int | None) -> Iterator[Moment]:
    """The start and the rounds, until all parts are stable.

    Let t be the rounds after which part A is stable by itself: the number of its colours does not
    grow in round t+1. What is kept of it are round and histograms after round t+1. If those of B
    are the same, B has as many colours after rounds t and t+1, so it is stable as well, and in
    both the same colours of round t become the same ones of round t+1; by induction they do for
    ever. So no union need know of the others.
    """
    pointers = problem.pointers
    colors: Sequence[Tensor] = problem.first_colors
    hashes = kind_hashes(colors, pointers, 0)
    waiting = np.ones(hashes.shape[1], np.bool_)
    yield Moment(0, colors, hashes, waiting, waiting)
    if max_rounds == 0:
        return
    classes = _classes(colors, pointers, waiting)
    for number, colors in enumerate(rounds_of(problem), 1):
        new_classes = _classes(colors, pointers, waiting)
        now = kind_hashes(colors, pointers, number)
        hashes = torch.where(torch.from_numpy(waiting), now, hashes)
        changed, waiting = waiting, waiting & (new_classes > classes)
        yield Moment(number, colors, hashes, changed, waiting)
        if number == max_rounds or not waiting.any():
            return
        classes = new_classes


def last_moment(problem: Problem, max_rounds: int | None) -> Moment:
    """The parts when all are stable."""
    return deque(frozen_rounds(problem, max_rounds), maxlen=1).pop()


def _classes(
    colors: Sequence[Tensor], pointers: Sequence[Tensor], waiting: np.ndarray
) -> np.ndarray:
    """How many colours each waiting part has, over all kinds."""
    from simplex.wl._parts_numba import add_classes

    counts = np.zeros(len(waiting), np.int64)
    for color, pointer in zip(colors, pointers, strict=True):
        add_classes(color.numpy(), pointer.numpy(), waiting, counts)
    return counts
