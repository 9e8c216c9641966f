"""The training of one model on one part of a data set: everything that changes with the epochs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from simplex.data import SimplicialData, SimplicialDataset
from simplex.train._checks import require_finite_loss
from simplex.train._distributed import Processes
from simplex.train._settings import TrainSettings


# Evaluation needs no gradients, so its batches are limited by memory alone.
_SIMPLICES_PER_BATCH = 200_000


@dataclass(eq=False)
class FoldRun:
    """A model in training. Each epoch seeds its own random numbers, so none need to be saved."""

    dataset: SimplicialDataset
    train_ids: Tensor
    model: nn.Module  # on the device
    settings: TrainSettings
    seed: tuple[int, ...]  # of order and dropout, together with the number of the epoch
    processes: Processes
    device: torch.device
    epoch: int = 0  # how many are done

    def __post_init__(self) -> None:
        self.parallel = self.processes.wrap(self.model)
        lr, weight_decay = self.settings.lr, self.settings.weight_decay
        self.optimizer = torch.optim.Adam(
            self.model.parameters(), lr=lr, weight_decay=weight_decay, fused=True
        )
        self.schedule = _schedule(self.optimizer, self.settings)

    def train_epoch(self) -> tuple[float, float]:
        """One pass over the training graphs in random order: mean loss and accuracy as met."""
        self.parallel.train()
        order = torch.Generator().manual_seed(mixed_seed(*self.seed, self.epoch))
        torch.manual_seed(mixed_seed(*self.seed, self.epoch, 1 + self.processes.rank))
        totals = torch.zeros(2, dtype=torch.float64, device=self.device)  # loss, right answers
        shuffled = self.train_ids[torch.randperm(len(self.train_ids), generator=order)]
        for ids in torch.split(shuffled, self.settings.batch_size):
            own = self.processes.shard(ids)
            # A process without graphs must still take part in the exchange of gradients.
            batch = load(self.dataset, own if len(own) else ids[:1], self.device)
            logits = self.parallel(batch.cochains(), batch.complex)
            loss = nn.functional.cross_entropy(logits, batch.y)
            self.optimizer.zero_grad()
            share = loss * (len(own) * self.processes.size / len(ids))
            share.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            if len(own):
                right = (logits.detach().argmax(1) == batch.y).sum()
                totals += torch.stack([loss.detach().double() * len(own), right.double()])
        self.epoch += 1
        loss_sum, num_right = self.processes.total(totals).tolist()
        require_finite_loss(loss_sum, self.settings.lr)
        return loss_sum / len(shuffled), num_right / len(shuffled)

    def end_epoch(self, loss: float) -> None:
        """Step the learning rate; ``loss`` is what a plateau is seen in."""
        if isinstance(self.schedule, torch.optim.lr_scheduler.ReduceLROnPlateau):
            self.schedule.step(loss)
        elif self.schedule is not None:
            self.schedule.step()

    def state(self) -> dict[str, Any]:
        """What :meth:`restore` needs after this epoch."""
        return {
            "epoch": self.epoch,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": None if self.schedule is None else self.schedule.state_dict(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue after the epoch whose :meth:`state` is given."""
        self.epoch = state["epoch"]
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.schedule is not None:
            self.schedule.load_state_dict(state["schedule"])


class Evaluation:
    """Graphs to score models on, batched once, and dealt out to the processes."""

    def __init__(
        self, dataset: SimplicialDataset, ids: Tensor, processes: Processes, device: torch.device
    ) -> None:
        self.count = len(ids)
        self.processes = processes
        self.device = device
        own = processes.shard(ids)
        sizes = dataset.num_simplices.cpu()[own].sum(1).cumsum(0)
        groups = torch.unique_consecutive(sizes // _SIMPLICES_PER_BATCH, return_counts=True)[1]
        parts = torch.split(own, groups.tolist()) if len(own) else ()
        self.batches = [load(dataset, part, device) for part in parts]

    @torch.no_grad()
    def score(self, model: nn.Module) -> tuple[float, float]:
        """Mean cross-entropy, and the share that is classified correctly."""
        model.eval()
        self.processes.align(model)
        totals = torch.zeros(2, dtype=torch.float64, device=self.device)
        for batch in self.batches:
            logits = model(batch.cochains(), batch.complex)
            loss = nn.functional.cross_entropy(logits, batch.y, reduction="sum")
            totals += torch.stack([loss.double(), (logits.argmax(1) == batch.y).sum().double()])
        loss_sum, num_right = self.processes.total(totals).tolist()
        return loss_sum / self.count, num_right / self.count


def load(dataset: SimplicialDataset, ids: Tensor, device: torch.device) -> SimplicialData:
    """The chosen graphs as one batch on the device."""
    return dataset[ids].to_batch().to(device)  # type: ignore[no-any-return]


def mixed_seed(*parts: int) -> int:
    """One seed from several numbers; another for every change of any of them."""
    entropy = (len(parts), *parts)  # numpy pads with zeros: (1, 2) and (1, 2, 0) would be one
    return int(np.random.SeedSequence(entropy).generate_state(1)[0])


def _schedule(optimizer: torch.optim.Optimizer, settings: TrainSettings) -> Any:
    schedules = torch.optim.lr_scheduler
    if settings.schedule == "step":
        return schedules.StepLR(optimizer, settings.decay_every, settings.decay)
    if settings.schedule == "cosine":
        return schedules.CosineAnnealingLR(optimizer, settings.epochs)
    if settings.schedule == "plateau":
        return schedules.ReduceLROnPlateau(
            optimizer, factor=settings.decay, patience=settings.decay_every - 1
        )
    return None
