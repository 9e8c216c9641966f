"""The loss of a task: over the targets that are there, weighted, of standardised numbers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor
from torch.nn import functional

from simplex.train._task import Task


_OF_NUMBERS: dict[str, Callable[..., Tensor]] = {
    "mse": functional.mse_loss,
    "mae": functional.l1_loss,
    "huber": functional.huber_loss,
}


@dataclass(frozen=True, eq=False)
class Objective:
    r"""What is minimised, :math:`\sum_i w_i ℓ_i / \sum_i w_i` over the targets that are there.

    Args:
        task: what is predicted.
        weights: of the classes, or of the positive rows of the labels; ``None`` for one each.
        mean: of each number over the training rows, zero of signed ones; ``None`` where there are
            none.
        deviation: their standard deviations, one where a number is constant.
    """

    task: Task
    weights: Tensor | None = None
    mean: Tensor | None = None
    deviation: Tensor | None = None

    @classmethod
    def of(cls, task: Task, targets: Tensor, device: torch.device) -> Self:
        """Weights and units from the targets of the training rows alone."""
        weights = _weights(task, targets)
        if weights is not None:
            weights = weights.to(device)
        if task.kind != "numbers":
            return cls(task, weights)
        numbers = targets.double()
        mean = numbers.nanmean(0)
        if task.signed:  # a shift would not turn with the simplices
            mean = torch.zeros_like(mean)
        deviation = (numbers - mean).square().nanmean(0).sqrt()
        deviation = torch.where(deviation > 0, deviation, 1.0)
        return cls(task, None, mean.to(device), deviation.to(device))

    def weight(self, targets: Tensor) -> Tensor:
        """What each row counts, (rows,) float64."""
        if self.task.kind != "classes":
            return (~targets.isnan()).sum(1).double()
        if self.weights is None:
            return torch.ones(len(targets), dtype=torch.float64, device=targets.device)
        return self.weights.to(targets.device, torch.float64)[targets]

    def mean_loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The loss of a batch; zero where no target is there."""
        if self.task.kind == "classes":
            weights = None if self.weights is None else self.weights.to(outputs.dtype)
            return functional.cross_entropy(outputs, targets, weights)
        total, count = self.sums(outputs, targets)
        return total / count.clamp(min=1)

    def sums(self, outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Numerator and denominator of the loss."""
        if self.task.kind == "classes":
            weights = None if self.weights is None else self.weights.to(outputs.dtype)
            total = functional.cross_entropy(outputs, targets, weights, reduction="sum")
            return total, self.weight(targets).sum()
        known = ~targets.isnan()
        if self.task.kind == "labels":
            weights = None if self.weights is None else self.weights.to(outputs.dtype)
            each = functional.binary_cross_entropy_with_logits(
                outputs,
                targets.to(outputs.dtype).nan_to_num(0),
                reduction="none",
                pos_weight=weights,
            )
        else:
            assert self.mean is not None
            assert self.deviation is not None
            standard = (targets - self.mean) / self.deviation
            loss = _OF_NUMBERS[str(self.task.loss)]
            each = loss(outputs, standard.to(outputs.dtype).nan_to_num(0), reduction="none")
        return torch.where(known, each, 0).sum(), known.sum()

    def predictions(self, outputs: Tensor) -> Tensor:
        """Outputs in the units of the targets: numbers in theirs, float64; logits as they are."""
        if self.mean is None or self.deviation is None:
            return outputs
        return outputs.double() * self.deviation.double() + self.mean.double()


def _weights(task: Task, targets: Tensor) -> Tensor | None:
    """One per class, w_c = n / (C n_c) if balanced; or per label, negative over positive rows."""
    if task.class_weights is None:
        return None
    if not isinstance(task.class_weights, str):
        return torch.tensor(task.class_weights)
    if task.kind == "classes":
        counts = targets.bincount(minlength=task.num_outputs).clamp(min=1)
        return len(targets) / (task.num_outputs * counts)
    positive, negative = (targets == 1).sum(0), (targets == 0).sum(0)
    return torch.where(positive > 0, negative.clamp(min=1) / positive.clamp(min=1), 1.0)
