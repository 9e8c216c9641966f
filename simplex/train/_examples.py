"""The examples of a task: which rows the ids of a split are, and batches of them on the device."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from simplex.data import SimplicialData, SimplicialDataset
from simplex.train._distributed import Processes
from simplex.train._splits import Split
from simplex.train._targets import require_finite_features, require_targets
from simplex.train._task import Task


@dataclass(frozen=True, eq=False)
class Examples:
    """One batch: what the model is given, and the targets of the rows that count."""

    task: Task
    inputs: tuple[Any, ...]
    targets: Tensor
    count: int  # rows of the whole batch
    rows: Tensor | None = None  # those that count; None for all of them

    def outputs(self, model: nn.Module, amp: str | None = None) -> Tensor:
        """(rows, num_outputs), in float32 at least."""
        device = self.targets.device.type
        lower = torch.autocast(device, torch.bfloat16) if amp == "bf16" else nullcontext()
        with lower:
            outputs = self.task.checked(model(*self.inputs))
        if amp is not None and outputs.dtype in (torch.bfloat16, torch.float16):
            outputs = outputs.float()
        if len(outputs) != self.count:
            raise ValueError(
                f"make_model must return a model with a row for each of the {self.count} "
                f"targets, got {len(outputs)}. Give it level={self.task.level}."
            )
        return outputs if self.rows is None else outputs[self.rows]


class Material:
    """A data set and a task: the targets of all its rows, and batches by the ids of splits.

    Where the data set is one complex with a row per simplex, or per candidate, ids are rows and
    every batch is the whole complex; else ids are items.
    """

    def __init__(self, dataset: SimplicialDataset, task: Task, device: torch.device) -> None:
        self.dataset, self.task, self.device = dataset, task, device
        batch = dataset.only(task.target, "candidates").to_batch()
        self.targets = task.rows(batch).cpu()
        for part in dataset.batches():
            require_finite_features(part)
        by_row = task.level is not None or task.candidates
        self.is_one = by_row and len(dataset) == 1
        self.count = len(self.targets) if self.is_one else len(dataset)
        self.item_of_row = self._items(batch)
        self.sizes = torch.ones(self.count) if self.is_one else dataset.item_sizes
        self._whole: tuple[Any, ...] | None = None

    def _items(self, batch: SimplicialData) -> Tensor:
        """Whose rows the targets are; rows are their own where ids are rows."""
        if self.is_one or (self.task.level is None and not self.task.candidates):
            return torch.arange(len(self.targets))
        if self.task.candidates:
            sizes = batch._slice_dict["candidates"].cpu().diff()
        else:
            sizes = batch.num_simplices[:, self.task.level].cpu()
        return torch.repeat_interleave(torch.arange(len(self.dataset)), sizes)

    def rows(self, ids: Tensor) -> Tensor:
        """The rows of these ids, ascending by item."""
        if len(self.item_of_row) == self.count:
            return ids
        chosen = torch.zeros(self.count, dtype=torch.bool)
        chosen[ids] = True
        return chosen[self.item_of_row].nonzero()[:, 0]

    def shard(self, ids: Tensor, processes: Processes) -> Tensor:
        """The part of these ids that is this process's, of about as many simplices as each."""
        return processes.shard(ids, self.sizes[ids])

    def labels(self, ids: Tensor) -> Tensor:
        """What to stratify by, one per id; all the same where the targets are no classes of ids."""
        if self.task.kind == "classes" and len(self.targets) == self.count:
            return self.targets[ids]
        return torch.zeros(len(ids), dtype=torch.int64)

    def load(self, ids: Tensor) -> Examples:
        """The examples of these ids as one batch on the device."""
        if not self.is_one:
            batch = self.dataset[ids].to_batch().to(self.device)
            targets = self.task.rows(batch)
            return Examples(self.task, self.task.inputs(batch), targets, len(targets))
        if self._whole is None or self.dataset.transform is not None:
            whole = self.dataset.to_batch().to(self.device)
            self._whole = self.task.inputs(whole)
        targets = self.targets[ids].to(self.device)
        return Examples(self.task, self._whole, targets, self.count, ids.to(self.device))

    def require(self, splits: Sequence[Split]) -> None:
        """The splits are of these ids, and every part has the targets that it needs."""
        what = f"{self.task.target} rows" if self.is_one else "items"
        for place, split in enumerate(splits):
            named = []
            for name, ids in zip(("train", "validation", "test"), split.parts, strict=True):
                if len(ids) and int(ids.max()) >= self.count:
                    raise IndexError(
                        f"splits[{place}].{name} must hold ids 0 … {self.count - 1} of the {what}, "
                        f"got {int(ids.max())}."
                    )
                if len(ids):
                    named.append((f"splits[{place}].{name}", self.rows(ids)))
            require_targets(self.task, self.targets, named)
