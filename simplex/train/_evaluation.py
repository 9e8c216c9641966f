"""Scoring a model on one part of a data set."""

import torch
from torch import Tensor, nn

from simplex.train._distributed import Processes
from simplex.train._examples import Material
from simplex.train._fold_run import gathered_scores
from simplex.train._objective import Objective


# Evaluation needs no gradients, so its batches are limited by memory alone.
_SIMPLICES_PER_BATCH = 200_000


class Evaluation:
    """Examples to score models on, batched once, and dealt out to the processes."""

    def __init__(
        self, material: Material, ids: Tensor, processes: Processes, device: torch.device
    ) -> None:
        self.processes = processes
        self.device = device
        own = processes.shard(ids)
        parts: tuple[Tensor, ...] = (own,) if len(own) else ()
        if not material.is_one and len(own):
            sizes = material.dataset.num_simplices.cpu()[own].sum(1).cumsum(0)
            groups = torch.unique_consecutive(sizes // _SIMPLICES_PER_BATCH, return_counts=True)[1]
            parts = torch.split(own, groups.tolist())
        self.batches = [material.load(part) for part in parts]

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
        return loss_sum / max(weight_sum, 1e-300), scores
