"""From cochains to one row per complex of a disjoint union."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex, require_word
from simplex.nn._checks import (
    require_dims,
    require_flags,
    require_functions,
    require_positive,
    require_rates,
    require_read,
)
from simplex.nn._norm import SimplexBatchNorm
from simplex.operators import pool_parts


class Readout(nn.Module):
    r"""Pool every dimension, map each to a common width, put them together, classify.

    .. math::
        r_k = φ\Big( W_k \, \text{norm}_k\big( \text{reduce}_{σ ∈ K_k} h_σ \big) \Big), \qquad
        y = W \, \text{dropout}\big( \text{reduce}_k \, r_k \big) + b

    Args:
        in_channels: width of the cochains.
        hidden_channels: width of each r_k.
        out_channels: width of the result.
        dims: the dimensions that are read.
        reduce: ``"sum"``, ``"mean"`` or ``"max"`` over the simplices of each part.
        reduce_dims: ``"sum"`` or ``"mean"`` over the dimensions.
        dropout: probability, before the last map.
        activation: φ.
        bias: whether the maps W_k have one; without it an absent dimension adds nothing.
        absolute: whether the pool is over absolute values, which forget the orientation.
        norm: of what was pooled, over the parts, one per dimension, before W_k: ``"batch"`` for a
            batch norm; ``"log"`` for a batch norm of arsinh s, which is s where it is small and
            sgn(s) log(2|s|) where it is large; ``None`` for none. Sums over complexes of very
            different sizes train badly without one. A state without such norms is of a readout
            without them: loading it leaves them out.

    Paper:
        Bodnar et al. 2021, Section 6, and the authors' code; the norm is ours.

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
        reduce: str = "sum",
        reduce_dims: str = "sum",
        dropout: float = 0.0,
        activation: Callable[[Tensor], Tensor] = nn.functional.elu,
        bias: bool = True,
        absolute: bool = False,
        norm: str | None = None,
    ) -> None:
        super().__init__()
        require_positive(
            in_channels=in_channels, hidden_channels=hidden_channels, out_channels=out_channels
        )
        require_dims("dims", dims)
        require_rates(dropout=dropout)
        require_flags(bias=bias, absolute=absolute)
        require_functions(activation=activation)
        require_word("reduce", reduce, ("sum", "mean", "max"))
        require_word("reduce_dims", reduce_dims, ("sum", "mean"))
        require_word("readout_norm", norm, ("batch", "log", None))
        self.dims, self.reduce, self.reduce_dims = list(dims), reduce, reduce_dims
        self.activation, self.absolute, self.norm = activation, absolute, norm
        self.read = nn.ModuleList(
            nn.Linear(in_channels, hidden_channels, bias=bias) for _ in self.dims
        )
        self.norms = nn.ModuleList(SimplexBatchNorm(in_channels) for _ in self.dims if norm)
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(hidden_channels, out_channels)

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        for module in (*self.read, *self.norms, self.classify):
            module.reset_parameters()

    def _load_from_state_dict(
        self, state_dict: Mapping[str, Any], prefix: str, *arguments: Any
    ) -> None:
        if f"{prefix}read.0.weight" in state_dict and f"{prefix}norms.0.weight" not in state_dict:
            self.norms = nn.ModuleList()  # the network was stored without them
        super()._load_from_state_dict(state_dict, prefix, *arguments)

    def forward(self, x: Sequence[Tensor], complex: SimplicialComplex) -> Tensor:
        """One row per part: (num_parts, out_channels)."""
        require_read(complex, x, self.dims, self.read[0].weight)  # type: ignore[arg-type]
        read = []
        for place, (linear, k) in enumerate(zip(self.read, self.dims, strict=True)):
            h = x[k].abs() if self.absolute else x[k]
            pooled = pool_parts(h, complex.part_pointer(k), self.reduce)  # (num_parts, channels)
            if self.norms:
                pooled = self.norms[place](pooled.asinh() if self.norm == "log" else pooled)
            read.append(self.activation(linear(pooled)))
        stacked = torch.stack(read)
        total = stacked.sum(0) if self.reduce_dims == "sum" else stacked.mean(0)
        result: Tensor = self.classify(self.dropout(total))
        return result
