"""The block simplicial complex network for whole complexes."""

from collections.abc import Callable, Sequence
from typing import Unpack

import torch
from torch import Tensor

from simplex.nn._bscnet_conv import BScNetConv
from simplex.nn._network import NetworkOptions, SimplicialNetwork, layer_widths


class BScNet(SimplicialNetwork):
    r"""Block Hodge convolutions with a readout.

    .. math:: h^{(l+1)} = a\big( \text{BScNetConv}_l(h^{(l)}, K) \big), \qquad
              y = \text{Readout}(h^{(L)}, K)

    Departure from the paper: it predicts links from distances of embedded vertices; for that, take
    ``model.encode(x, complex)[0]``. Its parallel graph convolution on the vertices is the block of
    dimension 0 here.

    Args:
        in_channels: width of the cochains; or one per dimension; or -1, taken from the first input.
        hidden_channels: width of the layers.
        out_channels: width of the result.
        num_layers: number of :class:`BScNetConv` layers.
        max_dim: the top dimension of the cochains.
        power: of the Laplacians in each layer.
        signed: for signals on oriented simplices; the readout then pools absolute values. For
            features that are no flows pass ``False``; any norm is allowed then.
        activation: after every layer.
        **options: as in :class:`SimplicialNetwork`.

    Laws:
        Invariant under relabelling; and under reorientation, if the activation is odd or ``signed``
        is ``False``. In evaluation mode, batched equals one by one.

    Paper:
        Chen, Gel, Poor, AAAI 2022, arXiv 2112.06826, see :class:`BScNetConv`.

    Example:
        >>> from simplex import SimplicialComplex
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = BScNet(1, 16, 2, num_layers=2, max_dim=2)
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
        power: int = 2,
        signed: bool = True,
        activation: Callable[[Tensor], Tensor] = torch.tanh,
        **options: Unpack[NetworkOptions],
    ) -> None:
        super().__init__(
            [
                BScNetConv(width, hidden_channels, max_dim, power=power, signed=signed)
                for width in layer_widths(in_channels, hidden_channels, num_layers)
            ],
            hidden_channels,
            out_channels,
            max_dim,
            activation=activation,
            oriented=signed,
            **options,
        )
