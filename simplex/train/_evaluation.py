"""Scoring a model on one part of a data set."""

from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor, nn

from simplex.train._distributed import Processes
from simplex.train._examples import Examples, Material
from simplex.train._fold_run import gathered_scores
from simplex.train._objective import Objective


# Evaluation needs no gradients, so its batches are limited by memory alone.
_SIMPLICES_PER_BATCH = 200_000


class Evaluation:
    """Examples to score models on, dealt out to the processes.

    They are batched once, but for those of a folder, which may be more than the memory holds.
    """

    def __init__(
        self, material: Material, ids: Tensor, processes: Processes, device: torch.device
    ) -> None:
        self.processes = processes
        self.device = device
        own = material.shard(ids, processes)
        parts: tuple[Tensor, ...] = (own,) if len(own) else ()
        if not material.is_one and len(own):
            sizes = material.sizes[own].cumsum(0)
            groups = torch.unique_consecutive(sizes // _SIMPLICES_PER_BATCH, return_counts=True)[1]
            parts = torch.split(own, groups.tolist())
        self.batches: Iterable[Examples] = _Loaded(material, parts)
        if material.dataset.folder is None:
            self.batches = list(self.batches)

    @torch.no_grad()
    def score(
        self, model: nn.Module, objective: Objective, amp: str | None = None
    ) -> tuple[float, tuple[float, ...]]:
        """The mean loss, and the metrics of the task."""
        model.eval()
        self.processes.align(model)
        totals = torch.zeros(2, dtype=torch.float64, device=self.device)  # loss, weight
        met = []
        for batch in self.batches:
            outputs = batch.outputs(model, amp)
            totals += torch.stack(
                [each.double() for each in objective.sums(outputs, batch.targets)]
            )
            met.append((outputs, batch.targets))
        loss_sum, weight_sum = self.processes.total(totals).tolist()
        scores = gathered_scores(objective, self.processes, met, self.device)
        mean = loss_sum / max(weight_sum, 1e-300)
        loss, *scores_of_all = self.processes.agreed([mean, *scores], self.device)
        return loss, tuple(scores_of_all)


class _Loaded:
    """Batches that are read each time, of a data set that may be larger than the memory."""

    def __init__(self, material: Material, parts: Sequence[Tensor]) -> None:
        self._material, self._parts = material, parts

    def __iter__(self) -> Iterator[Examples]:
        return map(self._material.load, self._parts)
