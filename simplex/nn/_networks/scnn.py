"""SCNN and SCoNe, polynomials of the two halves of the Hodge Laplacian: layers and networks."""

from collections.abc import Callable

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.nn._checks import require_orders
from simplex.nn._frame.stacked import StackedNetwork
from simplex.nn._layer import DegreeConv
from simplex.nn._modules import joint_width, linear
from simplex.nn._reach import Reach, along, union
from simplex.operators import chain_down, chain_up


class SCNNConv(DegreeConv):
    r"""A simplicial convolution: one polynomial in the lower, one in the upper Laplacian.

    .. math:: X' = X W_0 + \sum_{p=1}^{P_d} (L^d_k)^p X W^d_p + \sum_{p=1}^{P_u} (L^u_k)^p X W^u_p,
        \qquad L^d_k = ∂_k^⊤ ∂_k, \quad L^u_k = ∂_{k+1} ∂_{k+1}^⊤

    Departures from the paper: (1) The activation is left to the network. (2) ``normalize``,
    ``signed`` and ``bias`` are options; the defaults are the paper's. (3) At k = 0, where L^d = 0,
    there are no weights W^d.

    Args:
        in_channels, out_channels, k: see :class:`DegreeConv`.
        down_order: P_d.
        up_order: P_u.
        normalize: divide each Laplacian by a bound of its largest eigenvalue, part by part, so that
            the powers do not grow.
        signed: whether ∂ has signs; ``False`` for |∂|, for cochains without an orientation.
        bias: whether a bias is added.

    Laws:
        Those of :class:`DegreeConv`; linear; orientation equivariant if signed and without bias,
        as L ↦ T L T under a reorientation T.

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
        super().__init__(in_channels, out_channels, k)
        require_orders(down_order=down_order, up_order=up_order)
        self.down_order, self.up_order = down_order if k > 0 else 0, up_order
        self.normalize, self.signed, self.bias = normalize, signed, bias
        terms = 1 + self.down_order + self.up_order
        self.lin = linear(joint_width([in_channels] * terms), out_channels, bias)

    @property
    def reach(self) -> Reach | None:
        """How far it sees, see :class:`Reach`."""
        if self.normalize:  # by a bound of the whole part
            return None
        down = along(("lower",), self.down_order)
        return union(down, along(("upper",), self.up_order, k=self.k))

    def convolve(self, x: Tensor, complex: SimplicialComplex) -> Tensor:
        """All powers side by side, under one dense map."""
        options = {"signed": self.signed, "normalize": self.normalize}
        down = chain_down(complex, x, self.k, 2 * self.down_order, **options)
        up = chain_up(complex, x, self.k, 2 * self.up_order, **options)
        result: Tensor = self.lin(torch.cat([*down[::2], *up[2::2]], dim=-1))
        return result


class SCNN(StackedNetwork):
    r"""Simplicial convolutions in every dimension, each on its own, and a readout.

    Args:
        in_channels, hidden_channels, out_channels, num_layers, max_dim, options: see
            :class:`StackedNetwork`.
        down_order, up_order, normalize, signed, bias: of :class:`SCNNConv`.
        activation: after every layer, tanh; an odd one if signed and without bias.

    Laws:
        Invariant under relabelling; under reorientation if signed and without bias.

    Paper:
        That of :class:`SCNNConv`.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = SCNN(1, 8, 2, num_layers=2, max_dim=2)
        >>> model([torch.ones(n, 1) for n in K.f_vector], K).shape
        torch.Size([1, 2])
    """

    conv, defaults = SCNNConv, {"activation": torch.tanh}


class SCoNeConv(SCNNConv):
    r"""The convolution of SCoNe: both Laplacians once, an odd activation, no bias.

    .. math:: X' = a\big( L^u_k X W_2 + X W_1 + L^d_k X W_0 \big),
        \qquad L^d_k = ∂_k^⊤ ∂_k, \quad L^u_k = ∂_{k+1} ∂_{k+1}^⊤

    It is :class:`SCNNConv` of orders 1 and 1 with an activation.

    Departures from the paper: (1) Any degree k, there 1. (2) At k = 0, where L^d = 0, there is no
    W_0.

    Args:
        in_channels, out_channels, k: see :class:`DegreeConv`.
        activation: a, an odd function; ``None`` for the identity.

    Laws:
        Those of :class:`DegreeConv`; orientation equivariant if the activation is odd.

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

    def convolve(self, x: Tensor, complex: SimplicialComplex) -> Tensor:
        """That of :class:`SCNNConv`, and the activation."""
        y = super().convolve(x, complex)
        return y if self.activation is None else self.activation(y)


class SCoNe(StackedNetwork):
    r"""Convolutions of SCoNe in every dimension, each on its own, and a readout.

    For the next vertex of a trajectory, as in the paper, encode the flow and take its boundary:
    vertex v gets the score ``apply_boundary(complex, model.encode(x, complex)[1], 1)[v]``.

    Args:
        in_channels, hidden_channels, out_channels, num_layers, max_dim, options: see
            :class:`StackedNetwork`.
        activation: after every layer, an odd function: tanh.

    Laws:
        Invariant under relabelling and reorientation.

    Paper:
        That of :class:`SCoNeConv`.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = SCoNe(1, 8, 2, num_layers=2, max_dim=2)
        >>> model([torch.ones(n, 1) for n in K.f_vector], K).shape
        torch.Size([1, 2])
    """

    conv, defaults = SCoNeConv, {"activation": torch.tanh, "oriented": True}
