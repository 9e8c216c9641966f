"""The baseline that only counts."""

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex
from simplex.nn._norm import SimplexBatchNorm
from simplex.nn._reset import reset_submodules


class FVectorMLP(nn.Module):
    r"""A dense network on the f-vector: what a model knows that only counts simplices.

    .. math:: y = \text{MLP}\big( \text{norm}(\log(1 + n_0), …, \log(1 + n_K)) \big)

    Whatever a network on complexes scores beyond this comes from features and structure.

    Args:
        hidden_channels: width of the two hidden layers.
        out_channels: width of the result.
        max_dim: K, the top dimension counted.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> FVectorMLP(16, 2, max_dim=2)([], K).shape
        torch.Size([1, 2])
    """

    def __init__(self, hidden_channels: int, out_channels: int, max_dim: int) -> None:
        super().__init__()
        self.max_dim = max_dim
        self.layers = nn.Sequential(
            SimplexBatchNorm(max_dim + 1),
            nn.Linear(max_dim + 1, hidden_channels),
            nn.ELU(),
            nn.Linear(hidden_channels, hidden_channels),
            nn.ELU(),
            nn.Linear(hidden_channels, out_channels),
        )

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        reset_submodules(self)

    def forward(self, x: object, complex: SimplicialComplex) -> Tensor:
        """One row per part; the cochains ``x`` are not looked at.

        Returns:
            (num_parts, out_channels).
        """
        counts = [complex.part_pointer(k).diff() for k in range(self.max_dim + 1)]
        dtype = next(self.parameters()).dtype
        result: Tensor = self.layers(torch.stack(counts, dim=1).to(dtype).log1p())
        return result
