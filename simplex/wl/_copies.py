"""Copies of the parts of a union, in each of which some simplices are marked; made in blocks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, ragged, require_memory
from simplex.storage import pointer_ranges
from simplex.wl._parts import part_pointers
from simplex.wl._refine import Palette
from simplex.wl._words import Role, key_of, words


BLOCK = 1 << 19
"""Simplices of a block: about 40 MiB while it is refined, 20 while it waits."""

_MOST_WORK = 1 << 33  # simplices of the copies of a part, per round: a quarter of an hour of a core


class Marks(NamedTuple):
    """What is marked in the copies of a complex.

    Args:
        number: how many distinct simplices in a copy.
        dim: their dimension.
        size: most simplices of the copies that are held at once.
    """

    number: int = 0
    dim: int = 0
    size: int = BLOCK


@dataclass(frozen=True)
class Copies:
    """The marked copies of the parts of a union, in the order of the parts and of the marks.

    A part has one for each tuple of distinct simplices of the dimension, in lexicographic order.
    Where it has fewer simplices than marks, the last marks are left out; so there is at least one
    copy of each part.

    Args:
        K: the union, on the CPU.
        palettes: starting colours of each kind, which mean the same in all that is compared.
        marks: what is marked.
        chosen: (num_parts,) which parts are meant; ``None`` for all.
    """

    K: SimplicialComplex
    palettes: Sequence[Palette]
    marks: Marks
    chosen: Tensor | None = None

    @cached_property
    def starts(self) -> list[Tensor]:
        """The first simplex of each part, for each dimension."""
        return part_pointers(self.K)

    @cached_property
    def sizes(self) -> Tensor:
        """How many simplices each part has of each dimension, (dims, num_parts)."""
        return torch.stack(self.starts).diff()

    @cached_property
    def counts(self) -> Tensor:
        """How many simplices each part has that can be marked."""
        return self.sizes[self.marks.dim] if self.marks.dim < len(self.sizes) else 0 * self.sizes[0]

    @cached_property
    def choices(self) -> Tensor:
        """How many simplices are left for each mark, at least one: (marks, num_parts)."""
        return (self.counts - torch.arange(self.marks.number)[:, None]).clamp(min=1)

    def groups(self, level: int) -> Tensor:
        """How many tuples of the first marks each part has; of all marks, its copies."""
        number = self.choices[:level].prod(0)
        return number if self.chosen is None else number * self.chosen

    @cached_property
    def pointer(self) -> Tensor:
        """The first copy of each part."""
        number = self.groups(self.marks.number)
        return torch.cat([number.new_zeros(1), number.cumsum(0)])

    def require_room(self) -> None:
        """Raise ``ValueError`` where the copies of a part are too many, or one is too large."""
        each = self.sizes.sum(0)
        copies = self.choices.double().prod(0)  # does not overflow
        work = copies * each if self.chosen is None else copies * each * self.chosen
        if work.numel() == 0:
            return
        p, largest = int(work.argmax()), max(int(each.max()), self.marks.size)
        if float(work[p]) > _MOST_WORK:
            raise ValueError(
                f"marks must leave at most {_MOST_WORK:.1e} simplices of copies of a complex, a "
                f"quarter of an hour a round, got {float(copies[p]):.3g} copies of {int(each[p])} "
                "simplices. Take fewer marks, mark_dim of a dimension with fewer simplices, "
                "K.skeleton(k), or decide by is_isomorphic."
            )
        what = f"{largest} simplices of marked copies"
        remedy = "Take complexes of lower dimension, K.skeleton(k), or marks=0."
        require_memory(largest * 120, torch.device("cpu"), what, remedy)

    def ranges(self) -> list[tuple[int, int]]:
        """The copies of each block, with at most so many simplices, unless one has more."""
        each = self.sizes.sum(0).repeat_interleave(self.groups(self.marks.number))
        pointer = torch.cat([each.new_zeros(1), each.cumsum(0)])
        return pointer_ranges(pointer.numpy(), most_work=self.marks.size) if len(each) else []

    def blocks(self) -> Iterator[tuple[SimplicialComplex, list[Palette]]]:
        """All copies, block by block: their union, and its starting colours."""
        return (self.block(first, stop) for first, stop in self.ranges())

    def block(self, first: int, stop: int) -> tuple[SimplicialComplex, list[Palette]]:
        """Some consecutive copies."""
        part, marked = self.places(first, stop)
        tables, palettes, pointer, start = [], [], part, part
        for k in range(max(self.K.dim, 0) + 1):
            size = self.sizes[k][part]
            owner, nth = ragged(size)
            rows = nth.add_(self.starts[k][part][owner])
            below, start = start, size.cumsum(0) - size
            if k:
                shift = below - self.starts[k - 1][part]
                tables.append(self.K.facets(k).index_select(0, rows) + shift[owner][:, None])
            else:
                pointer = torch.cat([start, size.sum(0, keepdim=True)])
            if k < len(self.palettes):
                palette = self.palettes[k]
                colors, num = palette.colors.index_select(0, rows), palette.size
                if k == self.marks.dim:
                    colors, num = colors * (self.marks.number + 1), num * (self.marks.number + 1)
                    for level, place in enumerate(marked):
                        there = place >= 0
                        colors[(start + place)[there]] += level + 1
                palettes.append(Palette(colors, num))
        union = SimplicialComplex(
            int(pointer[-1]), tables, part_pointer=pointer, directed=self.K.directed
        )
        return union, palettes[: max(union.dim, 0) + 1]

    def places(self, first: int, stop: int) -> tuple[Tensor, list[Tensor]]:
        """Of which part copies are, and for each mark which of its simplices has it, or -1."""
        number = torch.arange(first, stop)
        part = torch.searchsorted(self.pointer[1:], number, right=True)
        rest = number - self.pointer[part]
        digits = []
        for level in reversed(range(self.marks.number)):
            base = self.choices[level][part]
            digits.append(rest % base)
            rest //= base
        marked: list[Tensor] = []
        for level, place in enumerate(reversed(digits)):  # the place-th that has no mark yet
            earlier = torch.stack(marked, 1).sort(1).values if marked else place.new_empty(0, 0)
            for other in earlier.unbind(1):
                place += place >= other
            marked.append(place)
            place[self.counts[part] <= level] = -1
        return part, marked

    def without_last_mark(self, k: int, level: int, first: int, stop: int) -> Tensor:
        """Where the k-simplices of some tuples of marks are without the last of the marks.

        Tuples of ``level`` marks have their simplices one after the other, as copies in a block do.
        """
        groups, fewer = self.groups(level), self.groups(level - 1)
        number = torch.arange(first, stop)
        ends, spans = groups.cumsum(0), fewer * self.sizes[k]
        part = torch.searchsorted(ends, number, right=True)
        earlier = (number - (ends - groups)[part]) // self.choices[level - 1][part]
        size = self.sizes[k][part]
        owner, nth = ragged(size)
        return nth.add_(((spans.cumsum(0) - spans)[part] + earlier * size)[owner])

    def nested(self, values: Tensor, level: int = 0) -> Tensor:
        """From a hash of each copy that of the multiset of each chosen part.

        With two marks u, v it is the multiset over u of the multisets over v, and so on.

        Args:
            values: (num_copies,) hashes.
            level: how many marks not to sum over.
        """
        for outer in reversed(range(level, self.marks.number)):
            sizes = self.choices[outer].repeat_interleave(self.groups(outer))
            running = values.new_zeros(len(values) + 1)
            torch.cumsum(words(values, key_of(0, Role.MARK, outer)), 0, out=running[1:])
            ends = sizes.cumsum(0)
            values = running[ends] - running[ends - sizes]
        return values
