"""A dense map of the pair (sender, shared cofacet), computed once per simplex."""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.parameter import UninitializedParameter

from simplex.complexes import SimplicialComplex
from simplex.nn._messages import gather_facets


class PairLinear(nn.Module):
    r"""The dense map of the concatenation ``h_τ ‖ h_δ`` for each facet τ of each simplex δ.

    .. math:: W (h_τ ‖ h_δ) + b = W_1 h_τ + W_2 h_δ + b

    The two products are taken once per simplex; only their sum is formed per incidence.

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

    def forward(self, x: Tensor, x_above: Tensor, complex: SimplicialComplex, k: int) -> Tensor:
        """One row per incidence.

        Args:
            x: (n_k, in_channels) senders.
            x_above: (n_{k+1}, shared_channels) cofacets.
            complex: the complex.
            k: degree of the senders.

        Returns:
            (n_{k+1}, k+2, in_channels).
        """
        weight, shared_weight = self.weight.tensor_split((self.weight.shape[0],), dim=1)
        own = nn.functional.linear(x, weight)
        shared = nn.functional.linear(x_above, shared_weight, self.bias)
        return gather_facets(own, complex, k + 1) + shared[:, None]

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

    def initialize_parameters(self, x: Tensor, x_above: Tensor, *_: Any) -> None:
        """Fix the widths; called by torch before the first forward pass."""
        if self.has_uninitialized_params():
            in_channels = x.shape[-1]
            self.weight.materialize((in_channels, in_channels + x_above.shape[-1]))
            self.bias.materialize((in_channels,))
            self.reset_parameters()

    def extra_repr(self) -> str:
        """Unknown widths."""
        return "-1, -1"
