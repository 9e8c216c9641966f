"""The E(n) equivariant message passing simplicial network."""

from collections.abc import Sequence
from typing import Literal

from torch import Tensor, nn

from simplex.complexes import SimplicialComplex
from simplex.nn._empsn_conv import EMPSNConv
from simplex.nn._messages import require_cochains
from simplex.nn._network import layer_widths
from simplex.nn._readout import Readout
from simplex.nn._reset import reset_submodules
from simplex.nn._widths import linear, widths_of


class EMPSN(nn.Module):
    r"""An embedding of each dimension, layers of :class:`EMPSNConv`, and a readout.

    .. math::
        h_k^{(0)} = W_k x_k, \qquad
        (h^{(l+1)}, p^{(l+1)}) = \text{EMPSNConv}_l(h^{(l)}, K, p^{(l)}), \qquad
        y = \text{Readout}(h^{(L)}, K)

    Call it as ``model(x, complex, pos)``; for a batch,
    ``model(batch.cochains(), batch.complex, batch.pos)``.

    Args:
        in_channels: width of the cochains; or one per dimension; or -1, taken from the first input.
        hidden_channels: width of the layers.
        out_channels: width of the result.
        num_layers: number of layers.
        max_dim: the top dimension of the cochains.
        update_pos: whether every layer moves the positions; :meth:`encode` gives the last ones, for
            tasks on them. A call reads features alone.
        dropout: probability, before the last map.
        readout: how the simplices of one dimension are pooled, ``"sum"``, ``"mean"`` or ``"max"``.
        final_readout: how the dimensions are aggregated, ``"sum"`` or ``"mean"``.
        readout_dims: the dimensions that are read; ``None`` for all.

    Laws:
        Invariant under rotations, reflections, translations, relabelling and reorientation; batched
        equals one by one.

    Paper:
        Eijkelboom, Hesselink, Bekkers, ICML 2023, arXiv 2305.07100. Departure: the readout is that
        of the other networks here.

    Example:
        >>> import torch
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = EMPSN(1, 16, 2, num_layers=2, max_dim=2)
        >>> model([torch.ones(n, 1) for n in K.f_vector], K, torch.randn(4, 3)).shape
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
        update_pos: bool = False,
        dropout: float = 0.0,
        readout: Literal["sum", "mean", "max"] = "sum",
        final_readout: Literal["sum", "mean"] = "sum",
        readout_dims: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        self.max_dim = max_dim
        self.embed = nn.ModuleList(
            linear(width, hidden_channels) for width in widths_of(in_channels, max_dim)
        )
        self.convs = nn.ModuleList(
            EMPSNConv(hidden_channels, hidden_channels, max_dim, update_pos=update_pos)
            for _ in layer_widths(in_channels, hidden_channels, num_layers)
        )
        self.readout = Readout(
            hidden_channels,
            2 * hidden_channels,
            out_channels,
            list(range(max_dim + 1)) if readout_dims is None else readout_dims,
            pool=readout,
            aggregate=final_readout,
            dropout=dropout,
            activation=nn.functional.silu,
        )

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        reset_submodules(self)

    def encode(
        self, x: Sequence[Tensor], complex: SimplicialComplex, pos: Tensor
    ) -> tuple[list[Tensor], Tensor]:
        """The cochains after all layers, and the positions, moved or as they were.

        Args:
            x: one cochain (n_k, in_channels) per dimension 0 … max_dim; left as they are.
            complex: the complex, or the disjoint union of a batch.
            pos: (n_0, D) positions of the vertices; left as they are.
        """
        require_cochains(x, complex, self.max_dim)
        h = [embed(values) for embed, values in zip(self.embed, x, strict=True)]
        for conv in self.convs:
            h, pos = conv(h, complex, pos)
        return h, pos

    def forward(self, x: Sequence[Tensor], complex: SimplicialComplex, pos: Tensor) -> Tensor:
        """One row per part of the complex: (num_parts, out_channels).

        Args:
            x: one cochain (n_k, in_channels) per dimension 0 … max_dim; left as they are.
            complex: the complex, or the disjoint union of a batch.
            pos: (n_0, D) positions of the vertices; left as they are.
        """
        result: Tensor = self.readout(self.encode(x, complex, pos)[0], complex)
        return result
