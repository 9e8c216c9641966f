"""Networks of convolutions with normalised adjacencies, and a readout."""

from collections.abc import Callable, Sequence
from typing import Unpack

import torch
from torch import Tensor

from simplex.nn._network import NetworkOptions, SimplicialNetwork, layer_widths
from simplex.nn._scn_conv import SCCNConv, SCNConv


class SCN(SimplicialNetwork):
    r"""Graph convolutions in each dimension on its own, and a readout of whole complexes.

    Call it as ``model(x, complex)``; for a batch, ``model(batch.cochains(), batch.complex)``.

    Args:
        in_channels: width of the cochains; or one per dimension; or -1, taken from the first input.
        hidden_channels: width of the layers.
        out_channels: width of the result.
        num_layers: number of :class:`SCNConv` layers.
        max_dim: the top dimension of the cochains.
        signed: whether the cochains are oriented; then pass an odd activation, e.g. ``torch.tanh``.
        bias: as in :class:`SCNConv`.
        activation: after every layer.
        options: of :class:`SimplicialNetwork`.

    Laws:
        Invariant under relabelling; under reorientation if signed, without bias and with an odd
        activation.

    Paper:
        Yang, Sala, Bogdan, "Efficient Representation Learning for Higher-Order Data with Simplicial
        Complexes", LoG 2022, PMLR 198.

    Example:
        >>> from simplex import SimplicialComplex
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = SCN(1, 8, 2, num_layers=2, max_dim=2)
        >>> model([torch.ones(n, 1) for n in K.f_vector], K).shape
        torch.Size([1, 2])
    """

    layer: type[SCNConv] = SCNConv

    def __init__(
        self,
        in_channels: int | Sequence[int],
        hidden_channels: int,
        out_channels: int,
        num_layers: int,
        max_dim: int,
        *,
        signed: bool = False,
        bias: bool = False,
        activation: Callable[[Tensor], Tensor] = torch.relu,
        **options: Unpack[NetworkOptions],
    ) -> None:
        convs = [
            self.layer(width, hidden_channels, max_dim, signed=signed, bias=bias)
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


class SCCN(SCN):
    r"""Graph convolutions in each dimension, coupled to the neighbouring ones, and a readout.

    Call it as ``model(x, complex)``; for a batch, ``model(batch.cochains(), batch.complex)``. The
    arguments and laws are those of :class:`SCN`, the layers are :class:`SCCNConv`.

    Paper:
        Yang, Sala, Bogdan, "Efficient Representation Learning for Higher-Order Data with Simplicial
        Complexes", LoG 2022, PMLR 198.

    Example:
        >>> from simplex import SimplicialComplex
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = SCCN(1, 8, 2, num_layers=2, max_dim=2)
        >>> model([torch.ones(n, 1) for n in K.f_vector], K).shape
        torch.Size([1, 2])
    """

    layer = SCCNConv
