"""The simplicial attention neural network."""

from collections.abc import Callable, Sequence
from typing import Unpack

from torch import Tensor, nn

from simplex.nn._network import EachDegree, NetworkOptions, SimplicialNetwork, layer_widths
from simplex.nn._san_conv import SANConv
from simplex.nn._widths import widths_of


class SAN(SimplicialNetwork):
    r"""Layers of :class:`SANConv` on the cochains of each degree, and a readout.

    .. math::
        h_k^{(l+1)} = a\big( \text{SANConv}_{l,k}(h_k^{(l)}, K) \big), \qquad
        y = \text{Readout}(h^{(L)}, K)

    The degrees meet in the readout alone; :class:`GSAN` lets them meet in every layer.

    Args:
        in_channels: width of the cochains; or one per dimension; or -1, taken from the first input.
        hidden_channels: width of the layers.
        out_channels: width of the result.
        num_layers: number of layers.
        max_dim: the top dimension of the cochains.
        order: powers of the attention operators, P.
        harmonic_order: J, the steps of the harmonic filter.
        epsilon: ε of the harmonic filter; ``None`` to bound the spectrum.
        activation: a.
        **options: see :class:`SimplicialNetwork`.

    Laws:
        Invariant under relabelling that carries the orientation, not under reorientation; batched
        equals one by one.

    Paper:
        Giusti et al. 2022, arXiv 2203.07485. Departure: it has one degree; here are all of them.

    Example:
        >>> import torch; from simplex import SimplicialComplex
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = SAN(1, 16, 2, num_layers=2, max_dim=2)
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
        order: int = 2,
        harmonic_order: int = 5,
        epsilon: float | None = None,
        activation: Callable[[Tensor], Tensor] = nn.functional.leaky_relu,
        **options: Unpack[NetworkOptions],
    ) -> None:
        convs = [
            EachDegree(
                [
                    SANConv(
                        width,
                        hidden_channels,
                        k,
                        order=order,
                        harmonic_order=harmonic_order,
                        epsilon=epsilon,
                    )
                    for k, width in enumerate(widths_of(widths, max_dim))
                ]
            )
            for widths in layer_widths(in_channels, hidden_channels, num_layers)
        ]
        super().__init__(
            convs, hidden_channels, out_channels, max_dim, activation=activation, **options
        )
