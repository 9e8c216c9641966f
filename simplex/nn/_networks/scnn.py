"""SCNN and SCoNe, polynomials of the two halves of the Hodge Laplacian: layers and networks."""

from collections.abc import Callable, Sequence
from typing import Unpack

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex
from simplex.nn._checks import require_cochain, require_orders
from simplex.nn._modules import linear, widths_of
from simplex.nn._network import EachDegree, NetworkOptions, SimplicialNetwork, layer_widths
from simplex.operators import chain_down, chain_up


class SCNNConv(nn.Module):
    r"""A simplicial convolution: one polynomial in the lower, one in the upper Laplacian.

    .. math:: X' = X W_0 + \sum_{p=1}^{P_d} (L^d_k)^p X W^d_p + \sum_{p=1}^{P_u} (L^u_k)^p X W^u_p,
        \qquad L^d_k = ∂_k^⊤ ∂_k, \quad L^u_k = ∂_{k+1} ∂_{k+1}^⊤

    Departures from the paper: (1) The activation is left to the network. (2) ``normalize``,
    ``signed`` and ``bias`` are options; the defaults are the paper's. (3) At k = 0, where L^d = 0,
    there are no weights W^d.

    Args:
        in_channels: width of the cochain, or -1, taken from the first input.
        out_channels: width of the result.
        k: the degree of the cochain; 1 for edge flows.
        down_order: P_d.
        up_order: P_u.
        normalize: divide each Laplacian by a bound of its largest eigenvalue, part by part, so that
            the powers do not grow.
        signed: whether ∂ has signs; ``False`` for |∂|, for cochains without an orientation.
        bias: whether a bias is added.

    Shapes:
        x (…, n_k, in_channels) to (…, n_k, out_channels); n_k = 0 as well.

    Laws:
        Permutation equivariant. Orientation equivariant if signed and without bias, as L ↦ T L T
        under a reorientation T, and linear. A disjoint union gives what its parts give.

    Cost:
        O((P_d + P_u) incidences · in_channels) and one dense product; no Laplacian is formed.

    Paper:
        Yang, Isufi, Leus, "Simplicial Convolutional Neural Networks", ICASSP 2022,
        arXiv:2110.02585. ``SCNNLayer`` of TopoModelX 0.0.1 gives the same numbers, with a dense
        identity for X W_0; its model ignores the activation asked for in the first layer, and
        ``xavier_normal`` leaves the weights uninitialised.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> SCNNConv(2, 8, k=1, down_order=2, up_order=1)(torch.ones(4, 2), K).shape
        torch.Size([4, 8])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        k: int = 1,
        *,
        down_order: int = 1,
        up_order: int = 1,
        normalize: bool = False,
        signed: bool = True,
        bias: bool = False,
    ) -> None:
        super().__init__()
        require_orders(down_order=down_order, up_order=up_order)
        self.in_channels, self.out_channels, self.k = in_channels, out_channels, k
        self.down_order, self.up_order = down_order if k > 0 else 0, up_order
        self.normalize, self.signed = normalize, signed
        (width,) = widths_of(in_channels, 0)
        terms = 1 + self.down_order + self.up_order
        self.lin = linear(width if width == -1 else terms * width, out_channels, bias)

    def reset_parameters(self) -> None:
        """Draw the weights anew."""
        self.lin.reset_parameters()

    def forward(self, x: Tensor, complex: SimplicialComplex) -> Tensor:
        """Apply the layer.

        Args:
            x: (…, n_k, in_channels); left as it is.
            complex: the complex, or the disjoint union of a batch.

        Returns:
            (…, n_k, out_channels).

        Raises:
            ValueError: x does not have one row per k-simplex.
        """
        require_cochain(complex, x, self.k)
        options = {"signed": self.signed, "normalize": self.normalize}
        down = chain_down(complex, x, self.k, 2 * self.down_order, **options)
        up = chain_up(complex, x, self.k, 2 * self.up_order, **options)
        result: Tensor = self.lin(torch.cat([*down[::2], *up[2::2]], dim=-1))
        return result

    def __repr__(self) -> str:
        return f"SCNNConv({self.in_channels}, {self.out_channels}, k={self.k})"


class SCNN(SimplicialNetwork):
    r"""Simplicial convolutions in every dimension, each on its own, and a readout.

    Call it as ``model(x, complex)``; for a batch, ``model(batch.cochains(), batch.complex)``.

    Args:
        in_channels: width of the cochains; or one per dimension; or -1, taken from the first input.
        hidden_channels: width of the layers.
        out_channels: width of the result.
        num_layers: number of :class:`SCNNConv` layers.
        max_dim: the top dimension of the cochains.
        down_order: P_d.
        up_order: P_u.
        normalize: as in :class:`SCNNConv`.
        signed: whether the cochains are oriented.
        bias: as in :class:`SCNNConv`.
        activation: after every layer; an odd one keeps the law below.
        options: of :class:`SimplicialNetwork`.

    Laws:
        Invariant under relabelling; under reorientation if signed, without bias and with an odd
        activation.

    Paper:
        Yang, Isufi, Leus, "Simplicial Convolutional Neural Networks", ICASSP 2022,
        arXiv:2110.02585.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = SCNN(1, 8, 2, num_layers=2, max_dim=2)
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
        down_order: int = 1,
        up_order: int = 1,
        normalize: bool = False,
        signed: bool = True,
        bias: bool = False,
        activation: Callable[[Tensor], Tensor] = torch.tanh,
        **options: Unpack[NetworkOptions],
    ) -> None:
        convs = [
            EachDegree(
                [
                    SCNNConv(
                        width,
                        hidden_channels,
                        k,
                        down_order=down_order,
                        up_order=up_order,
                        normalize=normalize,
                        signed=signed,
                        bias=bias,
                    )
                    for k, width in enumerate(widths_of(widths, max_dim))
                ]
            )
            for widths in layer_widths(in_channels, hidden_channels, num_layers)
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


class SCoNeConv(SCNNConv):
    r"""The convolution of SCoNe: both Laplacians once, an odd activation, no bias.

    .. math:: X' = a\big( L^u_k X W_2 + X W_1 + L^d_k X W_0 \big),
        \qquad L^d_k = ∂_k^⊤ ∂_k, \quad L^u_k = ∂_{k+1} ∂_{k+1}^⊤

    It is :class:`SCNNConv` of orders 1 and 1 with an activation.

    Departures from the paper: (1) Any degree k, there 1. (2) At k = 0, where L^d = 0, there is no
    W_0.

    Args:
        in_channels: width of the cochain, or -1, taken from the first input.
        out_channels: width of the result.
        k: the degree of the cochain; 1 for edge flows.
        activation: a, an odd function; ``None`` for the identity.

    Shapes:
        x (…, n_k, in_channels) to (…, n_k, out_channels); n_k = 0 as well.

    Laws:
        Permutation equivariant; orientation equivariant if the activation is odd. A disjoint union
        gives what its parts give.

    Cost:
        O(incidences · in_channels) and one dense product; no Laplacian is formed.

    Paper:
        Roddenberry, Glaze, Segarra, "Principled Simplicial Neural Networks for Trajectory
        Prediction", ICML 2021, arXiv:2102.11524. ``SCoNeLayer`` of TopoModelX 0.0.1 gives the same
        numbers, but forms both Laplacians in every forward pass and starts with uninitialised
        weights.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> SCoNeConv(1, 8)(torch.ones(4, 1), K).shape
        torch.Size([4, 8])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        k: int = 1,
        *,
        activation: Callable[[Tensor], Tensor] | None = torch.tanh,
    ) -> None:
        super().__init__(in_channels, out_channels, k)
        self.activation = activation

    def forward(self, x: Tensor, complex: SimplicialComplex) -> Tensor:
        """Apply the layer.

        Args:
            x: (…, n_k, in_channels); left as it is.
            complex: the complex, or the disjoint union of a batch.

        Returns:
            (…, n_k, out_channels).

        Raises:
            ValueError: x does not have one row per k-simplex.
        """
        y = super().forward(x, complex)
        return y if self.activation is None else self.activation(y)

    def __repr__(self) -> str:
        return f"SCoNeConv({self.in_channels}, {self.out_channels}, k={self.k})"


class SCoNe(SimplicialNetwork):
    r"""Convolutions of SCoNe in every dimension, each on its own, and a readout.

    Call it as ``model(x, complex)``; for a batch, ``model(batch.cochains(), batch.complex)``. For
    the next vertex of a trajectory, as in the paper, encode the flow and take its boundary: vertex
    v gets the score ``apply_boundary(model.encode(x, complex)[1], complex, 1)[v]``.

    Args:
        in_channels: width of the cochains; or one per dimension; or -1, taken from the first input.
        hidden_channels: width of the layers.
        out_channels: width of the result.
        num_layers: number of :class:`SCoNeConv` layers.
        max_dim: the top dimension of the cochains.
        activation: after every layer, an odd function.
        options: of :class:`SimplicialNetwork`.

    Laws:
        Invariant under relabelling, and under reorientation if the activation is odd.

    Paper:
        Roddenberry, Glaze, Segarra, "Principled Simplicial Neural Networks for Trajectory
        Prediction", ICML 2021, arXiv:2102.11524.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = SCoNe(1, 8, 2, num_layers=2, max_dim=2)
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
        activation: Callable[[Tensor], Tensor] = torch.tanh,
        **options: Unpack[NetworkOptions],
    ) -> None:
        convs = [
            EachDegree(
                [
                    SCoNeConv(width, hidden_channels, k, activation=None)
                    for k, width in enumerate(widths_of(widths, max_dim))
                ]
            )
            for widths in layer_widths(in_channels, hidden_channels, num_layers)
        ]
        super().__init__(
            convs,
            hidden_channels,
            out_channels,
            max_dim,
            activation=activation,
            oriented=True,
            **options,
        )
