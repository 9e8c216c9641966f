"""The network of convolutions with random-walk operators, and a readout."""

from collections.abc import Callable, Sequence
from typing import Unpack

import torch
from torch import Tensor

from simplex.nn._network import NetworkOptions, SimplicialNetwork, layer_widths
from simplex.nn._sc_conv import SCConv


class SCNet(SimplicialNetwork):
    r"""Convolutions :class:`SCConv`, and a readout of whole complexes.

    Call it as ``model(x, complex)``; for a batch, ``model(batch.cochains(), batch.complex)``.

    Args:
        in_channels: width of the cochains; or one per dimension; or -1, taken from the first input.
        hidden_channels: width of the layers.
        out_channels: width of the result.
        num_layers: number of :class:`SCConv` layers.
        max_dim: the top dimension of the cochains.
        signed: whether the cochains are oriented.
        bias: as in :class:`SCConv`.
        activation: after every layer; an odd one keeps the law below. The paper has ReLU, with
            which no layer on signed operators is orientation equivariant.
        options: of :class:`SimplicialNetwork`.

    Laws:
        Invariant under relabelling; under reorientation if signed, without bias and with an odd
        activation.

    Paper:
        Bunch, You, Fung, Singh, "Simplicial 2-Complex Convolutional Neural Networks",
        arXiv:2012.06010 (2020). Its sort pooling is replaced by the common readout.

    Example:
        >>> from simplex import SimplicialComplex
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = SCNet(1, 8, 2, num_layers=2, max_dim=2)
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
        signed: bool = True,
        bias: bool = False,
        activation: Callable[[Tensor], Tensor] = torch.tanh,
        **options: Unpack[NetworkOptions],
    ) -> None:
        convs = [
            SCConv(width, hidden_channels, max_dim, signed=signed, bias=bias)
            for width in layer_widths(in_channels, hidden_channels, num_layers)
        ]
        super().__init__(
            convs,
            hidden_channels,
            out_channels,
            max_dim,
            activation=activation,
            oriented=signed and not bias,
            **options,
        )
