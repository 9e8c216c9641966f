"""Optimisers and schedules of the learning rate, by their names."""

import math
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import nn

from simplex.train._settings import TrainSettings


_MOMENTUM = 0.9  # of "sgd"


def make_optimizer(model: nn.Module, settings: TrainSettings) -> torch.optim.Optimizer:
    """The optimiser that the settings name."""
    lr, weight_decay = settings.lr, settings.weight_decay
    if settings.optimizer == "locoprop":
        from simplex.optim import LocoProp

        return LocoProp(model, lr=lr, weight_decay=weight_decay)
    parameters = model.parameters()
    if settings.optimizer == "adamw":
        return torch.optim.AdamW(parameters, lr=lr, weight_decay=weight_decay, fused=True)
    if settings.optimizer == "sgd":
        return torch.optim.SGD(
            parameters, lr=lr, weight_decay=weight_decay, momentum=_MOMENTUM, fused=True
        )
    return torch.optim.Adam(parameters, lr=lr, weight_decay=weight_decay, fused=True)


def unseen(optimizer: torch.optim.Optimizer) -> AbstractContextManager[None]:
    """A context for a forward pass that counts nothing in the step, as of no graphs."""
    paused = getattr(optimizer, "paused", nullcontext)  # that of LocoProp, which looks at passes
    context: AbstractContextManager[None] = paused()
    return context


def make_schedule(optimizer: torch.optim.Optimizer, settings: TrainSettings) -> Any:
    """The schedule that the settings name, stepped once an epoch; ``None`` for none."""
    schedules = torch.optim.lr_scheduler
    if settings.schedule == "step":
        return schedules.StepLR(optimizer, settings.decay_every, settings.decay)
    if settings.schedule == "cosine":
        return schedules.CosineAnnealingLR(optimizer, settings.epochs)
    if settings.schedule == "warmup-cosine":
        return schedules.LambdaLR(
            optimizer, lambda epoch: warmup_cosine(epoch, settings.warmup, settings.epochs)
        )
    if settings.schedule == "plateau":
        return schedules.ReduceLROnPlateau(
            optimizer, factor=settings.decay, patience=settings.decay_every - 1
        )
    return None


def warmup_cosine(epoch: int, warmup: int, epochs: int) -> float:
    r"""Factor of the rate: a rise over the first epochs, then half a cosine to zero at the end.

    .. math:: s(e) = (e + 1) / w \text{ for } e < w, \qquad
        s(e) = (1 + \cos(π (e - w) / (N - w))) / 2 \text{ afterwards}
    """
    if epoch < warmup:
        return (epoch + 1) / warmup
    return (1 + math.cos(math.pi * min((epoch - warmup) / max(epochs - warmup, 1), 1))) / 2
