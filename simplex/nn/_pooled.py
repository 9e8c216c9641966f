"""The baseline that counts and adds up features, without a message."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex
from simplex.nn._messages import require_cochains
from simplex.nn._norm import SimplexBatchNorm
from simplex.nn._readout import pool_parts
from simplex.nn._reset import reset_submodules
from simplex.nn._widths import linear, widths_of


class PooledMLP(nn.Module):
    r"""A dense network on the f-vector and the pooled input features: no simplex sees another.

    .. math::
        z_k &= \log(1 + n_k) \;‖\; g\Big( \sum_{σ ∈ K_k} x_σ \Big) \;‖\;
               \frac{1}{n_k} \sum_{σ ∈ K_k} x_σ, \qquad g(s) = \text{sgn}(s) \log(1 + |s|) \\
        y &= \text{MLP}\big( \text{norm}(z_0 ‖ … ‖ z_{K}) \big)

    A dimension without simplices pools to zeros. What a network on complexes scores beyond this
    comes from how simplices lie to each other, or from functions of the features of one simplex
    that a sum does not keep. :class:`FVectorMLP` sees the counts alone.

    Args:
        in_channels: width of the cochains; or one per dimension; or -1, taken from the first input.
        hidden_channels: width of the hidden layers.
        out_channels: width of the result.
        num_layers: number of hidden layers.
        max_dim: K, the top dimension of the cochains.
        dropout: probability, before the last map.

    Laws:
        Invariant under relabelling. In evaluation mode, batched equals one by one.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = PooledMLP(1, 16, 2, num_layers=2, max_dim=2)
        >>> model([torch.ones(n, 1) for n in K.f_vector], K).shape
        torch.Size([1, 2])
    """

    def __init__(
        self,
        in_channels: int | Sequence[int],
        hidden_channels: int,
        out_channels: int,
        num_layers: int,
        max_dim: int,
        *,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if num_layers < 1:
            raise ValueError(f"num_layers must be at least 1, got {num_layers}.")
        widths = widths_of(in_channels, max_dim)
        width = -1 if -1 in widths else max_dim + 1 + 2 * sum(widths)
        self.max_dim = max_dim
        hidden: list[nn.Module] = []
        for i in range(num_layers):
            hidden += [linear(width if i == 0 else hidden_channels, hidden_channels), nn.ELU()]
        self.norm = LazySimplexBatchNorm() if width == -1 else SimplexBatchNorm(width)
        self.hidden = nn.Sequential(*hidden)
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(hidden_channels, out_channels)

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        reset_submodules(self)

    def forward(self, x: Sequence[Tensor], complex: SimplicialComplex) -> Tensor:
        """One row per part of the complex.

        Args:
            x: one cochain (n_k, in_channels) per dimension 0 … max_dim; left as they are.
            complex: the complex, or the disjoint union of a batch.

        Returns:
            (num_parts, out_channels).

        Raises:
            ValueError: the cochains do not fit the complex or ``max_dim``.
        """
        require_cochains(x, complex, self.max_dim)
        seen = []
        for k, values in enumerate(x):
            pointer = complex.part_pointer(k)
            total = pool_parts(values, pointer, "sum")
            count = pointer.diff().to(total.dtype)[:, None]
            seen += [count.log1p(), total.sign() * total.abs().log1p(), total / count.clamp(min=1)]
        result: Tensor = self.classify(self.dropout(self.hidden(self.norm(torch.cat(seen, dim=1)))))
        return result


class LazySimplexBatchNorm(nn.LazyBatchNorm1d, SimplexBatchNorm):
    """A :class:`SimplexBatchNorm` that takes its width from its first input."""

    cls_to_become = SimplexBatchNorm
