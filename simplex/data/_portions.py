"""A data set in portions of about equal size: for memory, and for processes that share it."""

from collections.abc import Iterator
from copy import copy
from typing import Self

import torch
from torch import Tensor

from simplex.complexes import require_int
from simplex.data._gather import item_counts
from simplex.data._gathered import GatheredDataset
from simplex.data._simplicial_data import SimplicialData
from simplex.storage import row_ranges


class PortionedDataset(GatheredDataset):
    """What :class:`SimplicialDataset` gives in portions, by the number of simplices."""

    @property
    def item_sizes(self) -> Tensor:
        """How many simplices of all dimensions each item of this (sub)set has, (len,) int64."""
        counts = item_counts(self._data._store, self.slices)
        if self._indices is not None:
            counts = counts[torch.as_tensor(list(self._indices), dtype=torch.int64)]
        return counts.sum(1)

    def shard(self, rank: int, num_ranks: int) -> Self:
        """The part of one of several processes: items in a row, of about as many simplices as each.

        The parts are disjoint and together the whole (sub)set, in its order; of a shuffled subset
        each is a random part. Other processes need not be asked.

        Args:
            rank: of the process, 0 … num_ranks-1.
            num_ranks: how many there are; one can be left without items.

        Example:
            >>> from simplex import SimplicialComplex
            >>> from simplex.data import SimplicialData, SimplicialDataset
            >>> sizes = (1, 1, 1, 5, 2)
            >>> made = [SimplicialComplex.from_simplices([], num_vertices=n) for n in sizes]
            >>> items = SimplicialDataset.from_items([*map(SimplicialData.from_complex, made)])
            >>> [items.shard(rank, 2).item_sizes.tolist() for rank in range(2)]
            [[1, 1, 1], [5, 2]]
        """
        require_int("num_ranks", num_ranks, least=1)
        require_int("rank", rank, least=0, most=num_ranks - 1)
        ends = self.item_sizes.cumsum(0)
        total = int(ends[-1]) if len(ends) else 0
        # An item is of the process in whose share its middle lies.
        middle = 2 * ends - self.item_sizes
        start, stop = (
            int(torch.searchsorted(middle * num_ranks, 2 * total * bound))
            for bound in (rank, rank + 1)
        )
        stop = len(self) if rank == num_ranks - 1 else stop
        part: Self = self.index_select(slice(start, stop))
        return part

    def batches(self, max_simplices: int = 200_000) -> Iterator[SimplicialData]:
        """All items, one after the other, in batches that fit in memory.

        Args:
            max_simplices: of one batch, unless a single item has more.
        """
        require_int("max_simplices", max_simplices, least=1)
        for start, stop in row_ranges(self.item_sizes.numpy(), most_work=max_simplices):
            yield self[start:stop].to_batch()

    def only(self, *names: str) -> Self:
        """The same items with these of their fields alone, and the counts of their simplices.

        Args:
            names: those that are no fields are passed over.
        """
        if self.transform is not None or self.slices is None:
            return self  # which makes the fields, or is one item
        kept = [key for key in self.slices if key in ("num_simplices", *names)]
        data, whole = SimplicialData(), self._data._store
        for key in kept:
            data._store[key] = whole[key]
        data._store["num_nodes"] = whole["num_nodes"]
        data._num_nodes = self._data._num_nodes
        light = copy(self)
        light._data, light._data_list = data, None
        light.slices = {key: self.slices[key] for key in kept}
        return light
