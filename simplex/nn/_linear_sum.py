"""A sum of linear maps of several inputs, which is one linear map of their concatenation."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class LinearSum(nn.ModuleDict):
    r"""The sum of linear maps, one for each input.

    .. math:: Y = \sum_j X_j W_j^⊤ = [X_1 | … | X_J] \, [W_1 | … | W_J]^⊤

    The inputs are a cochain and what operators make of it. The maps are drawn as maps of their
    own, not as one map of the concatenation; but trained by local losses they are one map, as one
    that is solved for without the others does not know that their outputs are added.

    Args:
        modules: the maps by name, without bias.

    Shapes:
        X_j (…, in_channels of its map) to (…, out_channels).

    Example:
        >>> sum = LinearSum({"own": nn.Linear(2, 8, False), "upper": nn.Linear(3, 8, False)})
        >>> sum(torch.ones(5, 2), torch.ones(5, 3)).shape
        torch.Size([5, 8])
    """

    def forward(self, *inputs: Tensor) -> Tensor:
        """Apply the maps.

        Args:
            inputs: one (…, in_channels) for each map, in their order; left as they are.

        Returns:
            (…, out_channels).
        """
        first, *others = zip(self.locoprop_weights(), inputs, strict=True)
        out = nn.functional.linear(first[1], first[0])
        flat = out.flatten(0, -2)
        for weight, x in others:
            flat = torch.addmm(flat, x.flatten(0, -2), weight.T)
        return flat.view(out.shape)

    def weight(self) -> Tensor:
        """(J · out_channels, in_channels): the weights of maps of one width, stacked."""
        return torch.cat(list(self.locoprop_weights()))

    def locoprop_rows(self, *inputs: Tensor) -> Tensor:
        """The map as rows times weights, for local-loss training: (rows, all in_channels)."""
        return torch.cat([x.flatten(0, -2) for x in inputs], dim=-1)

    def locoprop_weights(self) -> Sequence[nn.Parameter]:
        """The parameters that the columns of :meth:`locoprop_rows` meet."""
        return [linear.weight for linear in self.values()]  # type: ignore[misc]
