"""What a refinement returns: colours, and how often each occurs in each part."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from simplex.complexes import ragged
from simplex.wl._words import Role, key_of, words


@dataclass(frozen=True, eq=False)
class Coloring:
    """Colours of the simplices of a complex (or of its vertex pairs), as a refinement left them.

    A colour is the number of a class, 0 … m_k-1, counted per kind. The numbers carry no meaning
    beyond this colouring: two complexes are compared by refining their disjoint union, never by
    setting the numbers of two colourings side by side.

    Args:
        colors: for each kind k the (n_k,) int64 colours. The kinds of ``simplicial_wl`` are the
            dimensions.
        num_classes: for each kind the number m_k of colours in use.
        rounds: how many rounds made these colours.
        stable: whether one more round is known to split no class.
        kinds: what is coloured, in words: ``("vertices", "edges", …)``.
        pointers: for each kind the (num_parts+1,) first coloured thing of each part.
    """

    colors: tuple[Tensor, ...]
    num_classes: tuple[int, ...]
    rounds: int
    stable: bool
    kinds: tuple[str, ...]
    pointers: tuple[Tensor, ...]

    @property
    def histogram(self) -> tuple[Tensor, ...]:
        """For each kind the (m_k,) int64 number of simplices of each colour."""
        return tuple(
            torch.bincount(color, minlength=size)
            for color, size in zip(self.colors, self.num_classes, strict=True)
        )

    def colors_of_part(self, p: int) -> list[Tensor]:
        """For each kind the colours of part p, whose simplices are consecutive."""
        return [
            color[int(pointer[p]) : int(pointer[p + 1])]
            for color, pointer in zip(self.colors, self.pointers, strict=True)
        ]

    def part_histogram(self, k: int) -> Tensor:
        """How often each colour of kind k occurs in each part, (num_parts, m_k) int64, dense."""
        sizes, num_classes = self.pointers[k].diff(), self.num_classes[k]
        cell = ragged(sizes)[0] * num_classes + self.colors[k]
        counts = torch.bincount(cell, minlength=len(sizes) * num_classes)
        return counts.view(len(sizes), num_classes)

    def part_classes(self) -> Tensor:
        """Which parts have equal histograms in every kind: (num_parts,) int64 labels.

        Equal label, equal histograms; labels are numbered by first appearance. Histograms are
        compared by the sum, modulo 2⁶⁴, of one random 64-bit number per colour, in linear time.
        Different labels are always right; two different histograms share a label with
        probability about 2⁻⁶⁴.
        """
        return by_first_appearance(histogram_hashes(self.colors, self.pointers, self.rounds))


def histogram_hashes(colors: Sequence[Tensor], pointers: Sequence[Tensor], rounds: int) -> Tensor:
    """The hash of the histograms of each part, (num_parts,) int64: see :meth:`part_classes`."""
    return kind_hashes(colors, pointers, rounds).sum(0)


def kind_hashes(colors: Sequence[Tensor], pointers: Sequence[Tensor], rounds: int) -> Tensor:
    """The hash of the histogram of each kind by itself, (num_kinds, num_parts) int64."""
    hashes = []
    for k, (color, pointer) in enumerate(zip(colors, pointers, strict=True)):
        running = color.new_zeros(len(color) + 1)
        torch.cumsum(words(color, key_of(rounds, Role.PART, k)), 0, out=running[1:])
        hashes.append(running[pointer].diff())
    return torch.stack(hashes)


def by_first_appearance(values: Tensor) -> Tensor:
    """Number equal values alike, 0, 1, … in the order of their first appearance."""
    distinct, inverse = torch.unique(values, return_inverse=True)
    places = torch.arange(len(values), device=values.device)
    first = places.new_full((len(distinct),), len(values)).scatter_reduce_(
        0, inverse, places, "amin"
    )
    rank = torch.empty_like(first)
    rank[first.argsort()] = torch.arange(len(distinct), device=values.device)
    return rank[inverse]
