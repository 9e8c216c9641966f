"""Batch norms whose statistics belong to the weights that are scored."""

from collections.abc import Callable

import torch
from torch import nn


_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)


@torch.no_grad()
def recalibrate(model: nn.Module, forward: Callable[[], object]) -> None:
    r"""Take the running statistics of all batch norms anew, as means over batches.

    .. math:: μ = \frac1N \sum_i μ_i, \qquad σ² = \frac1N \sum_i σ_i²

    The moving averages of training are of the last steps, each with other weights; where those move
    fast, the scores swing with them from epoch to epoch. Nothing else changes, and no random number
    is drawn: dropout is off.

    Args:
        model: a model without batch norms is left alone, and costs nothing.
        forward: runs the model on the batches of the training part.

    Paper:
        Wu & Johnson, "Rethinking 'Batch' in BatchNorm", 2021, §3.1 (precise batch norm).
    """
    norms = [each for each in model.modules() if isinstance(each, _NORMS)]
    norms = [norm for norm in norms if norm.track_running_stats]
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    model.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.train()
        norm.momentum = None  # a mean of all batches, not a moving one
    try:
        forward()
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
