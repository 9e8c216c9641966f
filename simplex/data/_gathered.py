"""A data set whose fields are read for any items by a few gathers."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from simplex.data._disk.opened import OpenedDataset
from simplex.data._gather import (
    concatenates,
    gather_rows,
    is_listed,
    item_counts,
    select_rows,
)
from simplex.data._storage import CANDIDATES


class GatheredDataset(OpenedDataset):
    """What :class:`SimplicialDataset` reads of its tables for the items that are asked for."""

    def _is_plain(self) -> bool:
        """Whether all fields are gathered and batched by concatenation."""
        bounds = self.slices or {}
        return all(
            concatenates(key, value) or is_listed(value, bounds.get(key))
            for key, value in self._data
        )

    def _gathered(self, chosen: Tensor) -> Iterator[tuple[str, Any, Tensor, Tensor | None]]:
        """Of each field its name, rows of the chosen items, where each starts and whose they are.

        Lists, with one value for each item, have no owners.
        """
        assert self.slices is not None
        rows: dict[int, tuple[Tensor, Tensor, Tensor]] = {}  # by slices: fields of one rank share
        for key, value in self._data:
            if key == "num_nodes":
                continue
            if not isinstance(value, Tensor):
                listed = value if len(self.slices[key]) > 2 else [value]  # of one item: its own
                yield key, [listed[i] for i in chosen.tolist()], torch.arange(len(chosen) + 1), None
                continue
            pointer = self.slices[key]
            if id(pointer) not in rows:
                rows[id(pointer)] = gather_rows(pointer, chosen.to(pointer.device))
            # Of the chosen: which stored row, whose item, and where each item starts.
            row, owner, start = (each.to(value.device) for each in rows[id(pointer)])
            dim = self._data.__cat_dim__(key, value)
            yield key, select_rows(value, dim, row), start, owner

    def _num_vertices(self, chosen: Tensor) -> list[int]:
        sizes = self._data._num_nodes  # read once: each look at an item asks it for its edges
        return [sizes[i] for i in chosen.tolist()]

    def _increment(self, key: str) -> Tensor | None:
        """By how much ids in the field grow from each item to the next, (num_items,), if at all."""
        sizes = item_counts(self._data._store, self.slices)
        if key.startswith("facets_"):
            return sizes[:, int(key.removeprefix("facets_")) - 1]
        return sizes[:, 0] if "index" in key or key in ("face", CANDIDATES) else None
