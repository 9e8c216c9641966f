"""The simplicial isomorphism network: layers of messages, a readout per dimension, a classifier."""

from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex
from simplex.nn._readout import pool_parts
from simplex.nn._reset import reset_submodules
from simplex.nn._sin_conv import SINConv


class SIN(nn.Module):
    r"""The simplicial isomorphism network for whole complexes.

    .. math::
        h^{(l+1)} &= \text{SINConv}_l(h^{(l)}, K) \\
        r_k &= φ\big( W_k \, \text{pool}_{σ ∈ K_k} h_σ \big) \\
        y &= W \, \text{dropout}\big( \text{aggregate}_k \, r_k \big) + b

    where h_σ is the output of the last layer or, with jumping knowledge, of all, concatenated.

    Call it as ``model(x, complex)``; for a batch, ``model(batch.cochains(), batch.complex)``.

    Args:
        in_channels: width of the cochains; or one per dimension; or -1, taken from the first input.
        hidden_channels: width h of the layers; the readout has width 2h.
        out_channels: width of the result, e.g. the number of classes.
        num_layers: number of :class:`SINConv` layers.
        max_dim: the top dimension of the cochains.
        readout: how the simplices of one dimension are pooled, ``"sum"`` or ``"mean"``.
        final_readout: how the dimensions are aggregated, ``"sum"`` or ``"mean"``.
        readout_dims: the dimensions that are read; ``None`` for all.
        jumping_knowledge: ``"cat"`` or ``None``.
        dropout: probability, before the last map.
        norm: ``"batch"`` or ``None``.
        train_eps: as in :class:`SINConv`.
        activation: of all layers and of the readout.

    Laws:
        Invariant under permutation of the vertices; batched equals one by one.

    Paper:
        Bodnar et al. 2021, Section 6; the readout follows the authors' code (with ``"cat"`` the
        maps W_k have no bias, so that an absent dimension adds nothing).

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = SIN(1, 16, 2, num_layers=3, max_dim=2)
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
        readout: Literal["sum", "mean"] = "sum",
        final_readout: Literal["sum", "mean"] = "sum",
        readout_dims: Sequence[int] | None = None,
        jumping_knowledge: Literal["cat"] | None = None,
        dropout: float = 0.0,
        norm: Literal["batch"] | None = None,
        train_eps: bool = False,
        activation: Callable[[Tensor], Tensor] = nn.functional.elu,
    ) -> None:
        super().__init__()
        _require_one_of("readout", readout, ("sum", "mean"))
        _require_one_of("final_readout", final_readout, ("sum", "mean"))
        _require_one_of("jumping_knowledge", jumping_knowledge, ("cat", None))
        if num_layers < 1:
            raise ValueError(f"num_layers must be at least 1, got {num_layers}.")
        dims = sorted(set(range(max_dim + 1) if readout_dims is None else readout_dims))
        if not dims or dims[0] < 0 or dims[-1] > max_dim:
            raise ValueError(f"readout_dims must be among 0 … {max_dim}, got {readout_dims}.")
        self.max_dim = max_dim
        self.readout = readout
        self.final_readout = final_readout
        self.readout_dims = dims
        self.jumping_knowledge = jumping_knowledge
        self.activation = activation
        self.convs = nn.ModuleList(
            SINConv(
                in_channels if i == 0 else hidden_channels,
                hidden_channels,
                max_dim,
                train_eps=train_eps,
                activation=activation,
                norm=norm,
            )
            for i in range(num_layers)
        )
        concatenate = jumping_knowledge == "cat"
        width = hidden_channels * (num_layers if concatenate else 1)
        self.read = nn.ModuleList(
            nn.Linear(width, 2 * hidden_channels, bias=not concatenate) for _ in dims
        )
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(2 * hidden_channels, out_channels)

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
        layers: list[Sequence[Tensor]] = []
        for conv in self.convs:
            x = conv(x, complex)
            layers.append(x)
        read = []
        for linear, k in zip(self.read, self.readout_dims, strict=True):
            h = x[k]
            if self.jumping_knowledge == "cat":
                h = torch.cat([layer[k] for layer in layers], dim=-1)
            pooled = pool_parts(h, complex.part_pointer(k), self.readout)
            read.append(self.activation(linear(pooled)))
        stacked = torch.stack(read)
        total = stacked.sum(0) if self.final_readout == "sum" else stacked.mean(0)
        result: Tensor = self.classify(self.dropout(total))
        return result


def _require_one_of(name: str, value: object, allowed: tuple[object, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {allowed}, got {value!r}.")
