"""A dense map of the pair (sender, shared cofacet), computed once per simplex."""

import math

import torch
from torch import Tensor, nn
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.parameter import UninitializedParameter


class PairLinear(nn.Module):
    r"""The dense map of the concatenation ``h_τ ‖ h_δ``, as its two halves.

    .. math:: W (h_τ ‖ h_δ) + b = W_1 h_τ + (W_2 h_δ + b)

    The two products are taken once per simplex; their sum is formed where a pair is met.
    So this is no map of one matrix of rows, and training by local losses leaves it to its fallback.

    Args:
        in_channels: width of ``h_τ``; so wide is the result, as it is added to ``h_σ``.
        shared_channels: width of ``h_δ``.
    """

    def __init__(self, in_channels: int, shared_channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(in_channels, in_channels + shared_channels))
        self.bias = nn.Parameter(torch.empty(in_channels))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters as ``torch.nn.Linear`` of the concatenation would."""
        bound = 1 / math.sqrt(max(self.weight.shape[1], 1))
        nn.init.uniform_(self.weight, -bound, bound)
        nn.init.uniform_(self.bias, -bound, bound)

    def forward(self, x: Tensor, x_shared: Tensor) -> tuple[Tensor, Tensor]:
        """The halves.

        Args:
            x: (n, in_channels) values of senders.
            x_shared: (m, shared_channels) values of what they share.

        Returns:
            (n, in_channels) W_1 x and (m, in_channels) W_2 x_shared + b.
        """
        weight, shared_weight = self.weight.tensor_split((self.weight.shape[0],), dim=1)
        own = nn.functional.linear(x, weight)
        return own, nn.functional.linear(x_shared, shared_weight, self.bias)

    def extra_repr(self) -> str:
        """The two widths."""
        in_channels, both = self.weight.shape
        return f"{in_channels}, {both - in_channels}"


class LazyPairLinear(LazyModuleMixin, PairLinear):
    """A :class:`PairLinear` that takes both widths from its first input."""

    cls_to_become = PairLinear
    weight: UninitializedParameter  # type: ignore[assignment]
    bias: UninitializedParameter  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__(0, 0)
        self.weight = UninitializedParameter()
        self.bias = UninitializedParameter()

    def reset_parameters(self) -> None:
        """Nothing to draw before the first input."""
        if not self.has_uninitialized_params():
            super().reset_parameters()

    def initialize_parameters(self, x: Tensor, x_shared: Tensor) -> None:
        """Fix the widths; called by torch before the first forward pass."""
        if self.has_uninitialized_params():
            in_channels = x.shape[-1]
            self.weight.materialize((in_channels, in_channels + x_shared.shape[-1]))
            self.bias.materialize((in_channels,))
            self.reset_parameters()

    def extra_repr(self) -> str:
        """Unknown widths."""
        return "-1, -1"
