"""From cochains to one row per complex of a disjoint union."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex
from simplex.operators import pool_parts


class Readout(nn.Module):
    r"""Pool every dimension, map each to a common width, aggregate, classify.

    .. math::
        r_k = φ\big( W_k \, \text{pool}_{σ ∈ K_k} h_σ \big), \qquad
        y = W \, \text{dropout}\big( \text{aggregate}_k \, r_k \big) + b

    Args:
        in_channels: width of the cochains.
        hidden_channels: width of each r_k.
        out_channels: width of the result.
        dims: the dimensions that are read.
        pool: ``"sum"``, ``"mean"`` or ``"max"`` over the simplices of each part.
        aggregate: ``"sum"`` or ``"mean"`` over the dimensions.
        dropout: probability, before the last map.
        activation: φ.
        bias: whether the maps W_k have one; without it an absent dimension adds nothing.
        absolute: whether the pool is over absolute values, which forget the orientation.

    Paper:
        Bodnar et al. 2021, Section 6, and the authors' code.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> Readout(4, 8, 2, dims=[0, 1])([torch.ones(3, 4), torch.ones(2, 4)], K).shape
        torch.Size([1, 2])
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        out_channels: int,
        dims: Sequence[int],
        *,
        pool: str = "sum",
        aggregate: str = "sum",
        dropout: float = 0.0,
        activation: Callable[[Tensor], Tensor] = nn.functional.elu,
        bias: bool = True,
        absolute: bool = False,
    ) -> None:
        super().__init__()
        _require_one_of("readout", pool, ("sum", "mean", "max"))
        _require_one_of("final_readout", aggregate, ("sum", "mean"))
        self.dims, self.pool, self.aggregate = list(dims), pool, aggregate
        self.activation, self.absolute = activation, absolute
        self.read = nn.ModuleList(
            nn.Linear(in_channels, hidden_channels, bias=bias) for _ in self.dims
        )
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(hidden_channels, out_channels)

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        for linear in (*self.read, self.classify):
            linear.reset_parameters()

    def forward(self, x: Sequence[Tensor], complex: SimplicialComplex) -> Tensor:
        """One row per part: (num_parts, out_channels)."""
        read = []
        for linear, k in zip(self.read, self.dims, strict=True):
            h = x[k].abs() if self.absolute else x[k]
            read.append(self.activation(linear(pool_parts(h, complex.part_pointer(k), self.pool))))
        stacked = torch.stack(read)
        total = stacked.sum(0) if self.aggregate == "sum" else stacked.mean(0)
        result: Tensor = self.classify(self.dropout(total))
        return result


def _require_one_of(name: str, value: object, allowed: tuple[object, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {allowed}, got {value!r}.")
