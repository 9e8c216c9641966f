"""SCCNN, simplicial complex convolution: layer and network."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex
from simplex.nn._checks import require_orders
from simplex.nn._frame.stacked import StackedNetwork
from simplex.nn._layer import ComplexConv
from simplex.nn._modules import Widths, joint_width, linear
from simplex.nn._reach import Reach, along, then, union
from simplex.operators import chain_down, chain_up


class SCCNNConv(ComplexConv):
    r"""A convolution within each dimension and from both neighbouring ones, in any dimension.

    .. math::
        X'_k = H_k(L^d_k, L^u_k) X_k
               + H^d_k(L^d_k) \, ∂_k^⊤ X_{k-1} + H^u_k(L^u_k) \, ∂_{k+1} X_{k+1}

    with polynomials whose coefficients are dense maps,

    .. math::
        H_k X &= X W_0 + \sum_{t=1}^{T_d} (L^d_k)^t X W^d_t + \sum_{t=1}^{T_u} (L^u_k)^t X W^u_t \\
        H^d_k Y &= \sum_{t=0}^{T_d} (L^d_k)^t Y V^d_t, \qquad
        H^u_k Y = \sum_{t=0}^{T_u} (L^u_k)^t Y V^u_t

    The layer sees the skeleton of dimension ``max_dim``: its top dimension has no upper terms.

    Departures from the paper: (1) The two constant terms of H_k are one. (2) The activation is left
    to the network. (3) ``normalize``, ``signed`` and ``bias`` are options; the defaults are the
    paper's.

    Args:
        in_channels, out_channels, max_dim: see :class:`ComplexConv`.
        down_order: T_d.
        up_order: T_u.
        normalize: divide each ∂_k by the root of a bound of λ_max(∂_kᵀ∂_k), part by part, so that
            the powers do not grow.
        signed: whether ∂ has signs; ``False`` for |∂|, for cochains without an orientation.
        bias: whether a bias is added.

    Laws:
        Those of :class:`ComplexConv`; linear; orientation equivariant if signed and without bias.

    Cost:
        O(T · incidences · in_channels) and one dense product per dimension. As L^d_k ∂_kᵀ = ∂_kᵀ
        L^u_{k-1}, the products ∂ᵀ∂…x with an even number of factors serve the dimension of x and
        those with an odd number its neighbour: half of the sparse products of a term-by-term sum.

    Paper:
        Yang, Isufi, "Convolutional Learning on Simplicial Complexes", arXiv:2301.11163 (2023).
        ``SCCNNLayer`` of TopoModelX 0.0.1 gives the same numbers, but has three dimensions only, of
        one width, multiplies by dense identities and initialises the weights with the fans of a
        three-dimensional tensor; TopoBench's variant takes L^d for L^u in the edge-to-edge term.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> conv = SCCNNConv(8, 16, max_dim=2, down_order=2)
        >>> [tuple(y.shape) for y in conv([torch.ones(n, 8) for n in K.f_vector], K)]
        [(4, 16), (4, 16), (1, 16)]
    """

    def __init__(
        self,
        in_channels: Widths,
        out_channels: int,
        max_dim: int,
        *,
        down_order: int = 1,
        up_order: int = 1,
        normalize: bool = False,
        signed: bool = True,
        bias: bool = False,
    ) -> None:
        super().__init__(in_channels, out_channels, max_dim)
        require_orders(down_order=down_order, up_order=up_order)
        self.down_order, self.up_order = down_order, up_order
        self.normalize, self.signed, self.bias = normalize, signed, bias
        self.lins = nn.ModuleList(
            linear(self._joint_width(k), out_channels, bias) for k in range(max_dim + 1)
        )

    @property
    def reach(self) -> Reach | None:
        """How far it sees, see :class:`Reach`."""
        if self.normalize:  # by a bound of the whole part
            return None
        down, up = along(("lower",), self.down_order), along(("upper",), self.up_order)
        below = then(along(("boundary",)), along(("upper",), self.down_order))
        above = then(along(("coboundary",)), along(("lower",), self.up_order))
        return union(down, up, below, above)

    def _joint_width(self, k: int) -> int:
        """The width of all terms that dimension k receives."""
        widths, terms = self.widths, [self.widths[k]]
        if k > 0:
            terms += [widths[k]] * self.down_order + [widths[k - 1]] * (self.down_order + 1)
        if k < self.max_dim:
            terms += [widths[k]] * self.up_order + [widths[k + 1]] * (self.up_order + 1)
        return joint_width(terms)

    def convolve(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """The terms of all dimensions, found together, under one dense map each."""
        terms: list[list[Tensor]] = [[values] for values in x]
        options = {"signed": self.signed, "normalize": self.normalize}
        # The order within terms[k]: x_k, then for each pair of dimensions (k-1, k) and (k, k+1)
        # the even places of the own chain and the odd places of the neighbour's.
        below, above = 2 * self.down_order, 2 * self.up_order
        for k in range(1, self.max_dim + 1):
            down = chain_down(complex, x[k], k, max(below, above + 1), **options)
            up = chain_up(complex, x[k - 1], k - 1, max(above, below + 1), **options)
            terms[k] += [*down[2 : below + 1 : 2], *up[1 : below + 2 : 2]]
            terms[k - 1] += [*up[2 : above + 1 : 2], *down[1 : above + 2 : 2]]
        return [lin(torch.cat(each, dim=-1)) for lin, each in zip(self.lins, terms, strict=True)]


class SCCNN(StackedNetwork):
    r"""Simplicial complex convolutions, and a readout of whole complexes.

    Args:
        in_channels, hidden_channels, out_channels, num_layers, max_dim, options: see
            :class:`StackedNetwork`.
        down_order, up_order, normalize, signed, bias: of :class:`SCCNNConv`.
        activation: after every layer, tanh; an odd one if signed and without bias.

    Laws:
        Invariant under relabelling; under reorientation if signed and without bias.

    Paper:
        Yang, Isufi, "Convolutional Learning on Simplicial Complexes", arXiv:2301.11163 (2023).

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = SCCNN(1, 8, 2, num_layers=2, max_dim=2)
        >>> model([torch.ones(n, 1) for n in K.f_vector], K).shape
        torch.Size([1, 2])
    """

    conv, defaults = SCCNNConv, {"activation": torch.tanh}
