"""The training of one model on one part of a data set: everything that changes with the epochs."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from simplex.train._checks import require_finite_loss
from simplex.train._distributed import Processes
from simplex.train._examples import Material
from simplex.train._metrics import measure
from simplex.train._norm_statistics import recalibrate
from simplex.train._objective import Objective
from simplex.train._optimizers import make_optimizer, make_schedule, unseen
from simplex.train._settings import TrainSettings


@dataclass(eq=False)
class FoldRun:
    """A model in training. Each epoch seeds its own random numbers, so none need to be saved."""

    material: Material
    objective: Objective
    train_ids: Tensor
    model: nn.Module  # on the device
    settings: TrainSettings
    seed: tuple[int, ...]  # of order and dropout, together with the number of the epoch
    processes: Processes
    device: torch.device
    epoch: int = 0  # how many are done

    def __post_init__(self) -> None:
        self.parallel = self.processes.wrap(self.model)
        self.optimizer = make_optimizer(self.model, self.settings)
        self.schedule = make_schedule(self.optimizer, self.settings)
        if self.settings.compile:
            self.parallel = torch.compile(self.parallel)  # type: ignore[assignment]
        rows = self.material.rows(self.train_ids)
        self.row_weight = torch.zeros(self.material.count, dtype=torch.float64).index_add_(
            0, self.material.item_of_row[rows], self.objective.weight(self.material.targets[rows])
        )  # of each id: what its rows count in the loss

    def train_epoch(self) -> tuple[float, tuple[float, ...]]:
        """One pass over the training part in random order: mean loss, and the metrics as met."""
        self.parallel.train()
        order = torch.Generator().manual_seed(mixed_seed(*self.seed, self.epoch))
        torch.manual_seed(mixed_seed(*self.seed, self.epoch, 1 + self.processes.rank))
        shuffled, size = self.train_ids, len(self.train_ids)
        if not self.material.is_one:
            shuffled = shuffled[torch.randperm(len(shuffled), generator=order)]
            size = self.settings.batch_size
        totals = torch.zeros(2, dtype=torch.float64, device=self.device)  # loss, weight
        met: list[tuple[Tensor, Tensor]] = []
        for group in torch.split(shuffled, size * self.settings.accumulate):
            whole = float(self.row_weight[group].sum())
            self.optimizer.zero_grad()
            for ids in torch.split(group, size):
                own = self.material.shard(ids, self.processes)
                # A process without graphs must still take part in the exchange of gradients.
                examples = self.material.load(own if len(own) else ids[:1])
                with nullcontext() if len(own) else unseen(self.optimizer):
                    outputs = examples.outputs(self.parallel, self.settings.amp)
                loss = self.objective.mean_loss(outputs, examples.targets)
                weight = float(self.row_weight[own].sum())
                share = loss * (weight * self.processes.size / whole if whole else 0.0)
                share.backward()  # type: ignore[no-untyped-call]
                if len(own):
                    one = torch.ones((), dtype=torch.float64, device=self.device)
                    totals += torch.stack([loss.detach().double(), one]) * weight
                    met.append((outputs.detach(), examples.targets))
            if self.settings.clip is not None:
                nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.clip)
            self.optimizer.step()
        self.epoch += 1
        loss_sum, weight_sum = self.processes.total(totals).tolist()
        require_finite_loss(loss_sum, self.settings.lr)
        scores = gathered_scores(self.objective, self.processes, met, self.device)
        mean = loss_sum / max(weight_sum, 1e-300)
        first, *further = self.processes.agreed([mean, *scores], self.device)
        return first, tuple(further)

    def recalibrate(self) -> None:
        """Statistics of the batch norms at the present weights, from the training part."""
        size = len(self.train_ids) if self.material.is_one else self.settings.batch_size
        groups = torch.split(self.train_ids, size)
        shards = [self.material.shard(ids, self.processes) for ids in groups]
        own = [ids for ids in shards if len(ids)]
        recalibrate(
            self.model,
            lambda: [self.material.load(ids).outputs(self.model, self.settings.amp) for ids in own],
        )

    def end_epoch(self, loss: float | None) -> None:
        """Step the learning rate; ``loss`` is what a plateau is seen in, where it was measured."""
        if isinstance(self.schedule, torch.optim.lr_scheduler.ReduceLROnPlateau):
            if loss is not None:
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


def gathered_scores(
    objective: Objective,
    processes: Processes,
    met: list[tuple[Tensor, Tensor]],
    device: torch.device,
) -> tuple[float, ...]:
    """The metrics of outputs and targets that the processes have met together."""
    task = objective.task
    if met:
        outputs, targets = (torch.cat(each) for each in zip(*met, strict=True))
    else:
        outputs = torch.empty(0, task.num_outputs, device=device)
        targets = torch.empty(0, *(() if task.kind == "classes" else (task.num_outputs,)))
        targets = targets.to(device, torch.int64 if task.kind == "classes" else None)
    if processes.size > 1:  # one without rows does not know the dtype of the others
        targets = targets if task.kind == "classes" else targets.double()
        outputs, targets = processes.gather(outputs.double()), processes.gather(targets)
    return measure(task, objective.predictions(outputs), targets, objective.deviation)


def mixed_seed(*parts: int) -> int:
    """One seed from several numbers; another for every change of any of them."""
    entropy = (len(parts), *parts)  # numpy pads with zeros: (1, 2) and (1, 2, 0) would be one
    return int(np.random.SeedSequence(entropy).generate_state(1)[0])
