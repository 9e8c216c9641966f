r"""The engine of every test here: rounds of hashing, until no class splits.

A round gives each colour c, for each role it plays, a random 64-bit number r(c) of its own, and
hashes multisets of colours to sums and multisets of pairs to sums of products, modulo 2⁶⁴:

.. math:: \{\!\{ c_i \}\!\} \mapsto \sum_i r(c_i), \qquad
          \{\!\{ (c_i, d_i) \}\!\} \mapsto \sum_i r(c_i)\, s(d_i).

Equal multisets have equal hashes. The hashes of two different ones differ by a non-zero polynomial
of degree at most two in the random numbers, which vanishes with probability at most 33/2⁶⁴ (1/2⁶⁴
without products; multiplicities that all differ by multiples of 2ᵛ cost a further factor 2ᵛ, and
need 2ᵛ neighbours). So with N things to colour a round goes wrong with probability at most about
16 N²/2⁶⁴: one in a million for N = 10⁶. An error is one-sided, a split that is missed: what gets
different colours does differ. The next round draws anew and makes up for it, so the stable
colouring is too coarse only if *all* splits of one round are missed at once.

Between two rounds the hashes themselves stand for the colours: they mean the same in every complex
and on every machine, whereas numbers 0, 1, … need all hashes side by side.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import require_int, shown
from simplex.wl._coloring import Coloring
from simplex.wl._words import Role, key_of, words


class Palette(NamedTuple):
    """Colours (n,) in 0 … size-1, all of them in use."""

    colors: Tensor
    size: int


Draw = Callable[[Tensor, Role, int], Tensor]
"""The random words of colours (n,) in a role, for tables of a degree: (n,) int64."""

Signature = Callable[[Sequence[Tensor], Draw], list[Tensor]]
"""One round: from the old colours to the (n_k,) int64 hashes that are the new ones.

The old colour must be part of what is hashed.
"""

Stop = Callable[[Coloring], bool]
"""Asked after every round, the start included; a true answer ends the refinement."""


class Problem(NamedTuple):
    """What is to be refined.

    Args:
        start: for each kind the starting colours.
        signature: a round.
        kinds: what is coloured, in words.
        pointers: for each kind the (num_parts+1,) first thing of each part.
        meanings: for each kind what the starting colours are hashed by, where their numbers mean
            something in this union alone.
    """

    start: Sequence[Palette]
    signature: Signature
    kinds: Sequence[str]
    pointers: Sequence[Tensor]
    meanings: Sequence[Tensor] | None = None

    @property
    def first_colors(self) -> list[Tensor]:
        """The starting colours as the first round takes them."""
        return list(self.meanings or [palette.colors for palette in self.start])


def rounds_of(problem: Problem) -> Iterator[list[Tensor]]:
    """The colours after round 1, 2, …, without end: hashes, equal ones alike."""
    colors, number = problem.first_colors, 0

    def draw(values: Tensor, role: Role, k: int) -> Tensor:
        return words(values, key_of(number, role, k))

    while True:
        number += 1
        colors = problem.signature(colors, draw)
        yield colors


def refine(
    problem: Problem, *, max_rounds: int | None = None, stop: Stop | None = None
) -> Coloring:
    """Refine the starting colours round by round until no class splits.

    Equal calls give equal results. ``rounds`` does not count the last one, which split nothing.
    """
    require_rounds(max_rounds, stop)

    def snapshot(palettes: Sequence[Palette], rounds: int) -> Coloring:
        return Coloring(
            colors=tuple(palette.colors for palette in palettes),
            num_classes=tuple(palette.size for palette in palettes),
            rounds=rounds,
            stable=all(palette.size == len(palette.colors) for palette in palettes),
            kinds=tuple(problem.kinds),
            pointers=tuple(problem.pointers),
        )

    coloring = snapshot(problem.start, 0)
    following = rounds_of(problem)
    if stop is not None:
        while not (stop(coloring) or coloring.stable or coloring.rounds == max_rounds):
            refined = snapshot([relabel(colors) for colors in next(following)], coloring.rounds + 1)
            if sum(refined.num_classes) <= sum(coloring.num_classes):
                return replace(coloring, stable=True)
            coloring = refined
        return coloring
    # Nobody looks at the rounds between: their classes are counted, and numbered at the end alone.
    rounds, sizes, stable = 0, coloring.num_classes, coloring.stable
    hashes: list[Tensor] | None = None
    while not (stable or rounds == max_rounds):
        new = next(following)
        new_sizes = tuple(map(num_distinct, new))
        if sum(new_sizes) <= sum(sizes):
            stable = True
        else:
            rounds, sizes, hashes = rounds + 1, new_sizes, new
            stable = sizes == tuple(map(len, hashes))
    del following
    if hashes is not None:
        new = []
        coloring = snapshot([relabel(hashes.pop(0)) for _ in sizes], rounds)
    return replace(coloring, stable=stable)


def require_rounds(max_rounds: object, stop: object) -> None:
    """Raise unless they can end a refinement."""
    if stop is not None and not callable(stop):
        raise TypeError(f"stop must be a function of a Coloring, got {shown(stop)}.")
    if max_rounds is not None:
        require_int("max_rounds", max_rounds, least=0)


def num_distinct(values: Tensor) -> int:
    """How many different values there are."""
    ordered = values.sort().values
    return int((ordered[1:] != ordered[:-1]).sum()) + min(len(values), 1)


def relabel(values: Tensor) -> Palette:
    """Number the distinct values 0, 1, … in ascending order: exact, by one sort."""
    # torch's sort of a pair beats torch.unique's inverse two- to threefold (2.7·10⁶ values, CPU).
    ordered, place = values.sort()
    rank = torch.zeros_like(place)
    torch.cumsum(ordered[1:] != ordered[:-1], 0, out=rank[1:])
    colors = torch.empty_like(place).scatter_(0, place, rank)
    return Palette(colors, int(rank[-1]) + 1 if len(rank) else 0)


def starting_colors(values: Any, count: int, device: torch.device, what: str) -> Palette:
    """From (count,) numbers or (count, F) rows, equal ones alike; one colour for all from None."""
    if isinstance(values, Palette):  # numbered by the caller, alike in many unions
        return values
    if values is None:
        return Palette(torch.zeros(count, dtype=torch.int64, device=device), min(count, 1))
    try:
        rows = values if isinstance(values, Tensor) else as_tensor(values).to(device)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(
            f"{what} must be numbers or rows of numbers, got {type(values).__name__}: {error}. "
            "Number the labels first."
        ) from error
    if rows.layout != torch.strided or rows.is_complex() or rows.is_quantized:
        what_it_is = rows.layout if rows.layout != torch.strided else rows.dtype
        raise TypeError(f"{what} must be a dense tensor of real numbers, got {what_it_is}.")
    if rows.is_floating_point() and rows.element_size() == 1:
        rows = rows.float()  # torch does not sort numbers of eight bits
    if rows.ndim not in (1, 2) or len(rows) != count:
        raise ValueError(
            f"{what} must have shape ({count},) or ({count}, F), got {tuple(rows.shape)}."
        )
    if rows.device != device:
        raise ValueError(
            f"{what} must be on the complex's device {device}, got {rows.device}. Move one."
        )
    if bool(rows.isnan().any()):
        raise ValueError(f"{what} must not hold NaN: it equals nothing, so it has no colour.")
    if rows.numel() == 0:
        return starting_colors(None, count, device, what)
    if rows.numel() == count:
        return relabel(rows.flatten())
    distinct, inverse = torch.unique(rows, dim=0, return_inverse=True)
    return Palette(inverse, len(distinct))


def as_tensor(values: Any) -> Tensor:
    """Tensors and arrays as they are; floats of lists in full, which are Python's."""
    if isinstance(values, Tensor):
        return values
    if isinstance(values, np.ndarray):  # torch knows neither reversed nor big-endian arrays
        return torch.as_tensor(np.array(values, dtype=values.dtype.newbyteorder("=")))
    read = torch.as_tensor(values)
    return torch.as_tensor(values, dtype=torch.float64) if read.is_floating_point() else read
