"""The encoder of the simplicial complex autoencoder, as a network for whole complexes."""

from collections.abc import Callable, Sequence
from typing import Unpack

import torch
from torch import Tensor

from simplex.nn._network import NetworkOptions, SimplicialNetwork, layer_widths
from simplex.nn._sca_conv import SCAAttentionConv, SCAConv


class SCA(SimplicialNetwork):
    r"""The encoder of the simplicial complex autoencoder with a readout.

    .. math:: h^{(l+1)} = a\big( \text{SCAConv}_l(h^{(l)}, K) \big), \qquad
              y = \text{Readout}(h^{(L)}, K)

    ``model.encode(x, complex)`` gives the embedding of every simplex.

    Departure from the paper: it trains the embeddings to reproduce proximities of simplices, by a
    decoder of inner products; here a label of the complex, or any loss on ``encode``, trains them.

    Args:
        in_channels: width of the cochains; or one per dimension; or -1, taken from the first input.
        hidden_channels: width of the layers.
        out_channels: width of the result.
        num_layers: number of layers.
        max_dim: the top dimension of the cochains.
        scheme: ``"coadjacency"`` (CMPS), ``"adjacency"`` (AMPS) or ``"homology"`` (HCMPS). In each
            of the first two, information moves one way through the dimensions.
        attention: whether a softmax weighs the neighbours.
        activation: after every layer, and of the readout.
        **options: as in :class:`SimplicialNetwork`.

    Laws:
        Invariant under relabelling. In evaluation mode, batched equals one by one.

    Paper:
        Hajij et al. 2021, arXiv 2103.04046, see :class:`SCAConv`.

    Example:
        >>> from simplex import SimplicialComplex
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = SCA(1, 16, 2, num_layers=2, max_dim=2, attention=True)
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
        scheme: str = "coadjacency",
        attention: bool = False,
        activation: Callable[[Tensor], Tensor] = torch.relu,
        **options: Unpack[NetworkOptions],
    ) -> None:
        layer = SCAAttentionConv if attention else SCAConv
        super().__init__(
            [
                layer(width, hidden_channels, max_dim, scheme=scheme)
                for width in layer_widths(in_channels, hidden_channels, num_layers)
            ],
            hidden_channels,
            out_channels,
            max_dim,
            activation=activation,
            readout_activation=activation,
            **options,
        )
