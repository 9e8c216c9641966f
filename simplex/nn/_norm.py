"""Batch norm for dimensions that may hold a single simplex, or none."""

import torch
from torch import Tensor, nn


class SimplexBatchNorm(nn.BatchNorm1d):
    """Batch norm over the simplices of one dimension, whatever their number.

    Departs from ``torch.nn.BatchNorm1d`` where a training batch has fewer than two rows: a variance
    cannot be estimated from them, so the running statistics normalise and stay as they are. (A
    batch of graphs with one triangle, or none, is an ordinary batch.)

    Args:
        num_features: number of channels.

    Example:
        >>> SimplexBatchNorm(2)(torch.ones(1, 2)).shape
        torch.Size([1, 2])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Normalise (n, channels)."""
        if not self.training or input.shape[0] > 1:
            return super().forward(input)
        return torch.nn.functional.batch_norm(
            input, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps
        )
