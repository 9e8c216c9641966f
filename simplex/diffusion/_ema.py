"""The moving average of a network's parameters, which is what one samples with."""

import copy
from typing import Any

import torch
from torch import Tensor, nn


class ExponentialAverage(nn.Module):
    r"""A copy of a network whose parameters follow those of the original slowly.

    .. math::
        \bar θ ← d_n \barθ + (1 - d_n) θ \qquad d_n = \min\left(d, \frac{1 + n}{10 + n}\right)

    with n the number of updates so far. Buffers are copied, not averaged. It is a module: its
    state goes with ``state_dict``, and calling it calls the averaged network.

    Args:
        network: the network that is trained; it is not kept.
        decay: d in [0, 1).

    Raises:
        ValueError: a decay outside [0, 1).

    Example:
        >>> network = nn.Linear(1, 1, bias=False)
        >>> average = ExponentialAverage(network, decay=0.999)
        >>> _ = nn.init.constant_(network.weight, 5.0)
        >>> average.update(network)
        >>> torch.allclose(average.network.weight, network.weight)
        False
    """

    num_updates: Tensor

    def __init__(self, network: nn.Module, decay: float = 0.999) -> None:
        super().__init__()
        if not 0 <= decay < 1:
            raise ValueError(f"decay must be in [0, 1), got {decay}.")
        self.decay = decay
        self.network = copy.deepcopy(network).requires_grad_(False)
        self.register_buffer("num_updates", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Take one step towards the parameters of the network, after each step of training."""
        n = int(self.num_updates)
        decay = min(self.decay, (1 + n) / (10 + n))
        torch._foreach_lerp_(list(self.network.parameters()), list(network.parameters()), 1 - decay)
        for ours, theirs in zip(self.network.buffers(), network.buffers(), strict=True):
            ours.copy_(theirs)
        self.num_updates += 1

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The output of the averaged network."""
        return self.network(*args, **kwargs)

    def extra_repr(self) -> str:
        """The decay."""
        return f"decay={self.decay}"
