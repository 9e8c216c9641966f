"""Simplicial convolutions with Chebyshev polynomials of the Hodge Laplacian."""

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.nn._checks import require_orders
from simplex.nn._frame.stacked import StackedNetwork
from simplex.nn._layer import DegreeConv
from simplex.nn._modules import joint_width, linear
from simplex.operators import apply_hodge_laplacian, hodge_bound


class SNNConv(DegreeConv):
    r"""A Chebyshev polynomial of the Hodge Laplacian, as a convolution of cochains of one degree.

    .. math::
        X' = \sum_{p=0}^{P} T_p(\tilde L) X W_p, \qquad \tilde L = \tfrac{2}{b} L_k - I, \qquad
        T_{p+1}(\tilde L) X = 2 \tilde L \, T_p(\tilde L) X - T_{p-1}(\tilde L) X

    Departures from the paper: (1) b is an upper bound of λ_max in closed form, the largest row sum
    of |∂_k|ᵀ|∂_k| and |∂_{k+1}|ᵀ|∂_{k+1}|, so that the spectrum of L̃ lies in [-1, 1]
    without an eigenvalue computation. (2) Each part of a disjoint union has its own b; one for the
    whole batch would make a complex depend on its neighbours in the batch. (3) ``signed`` and
    ``bias`` are options.

    Args:
        in_channels, out_channels, k: see :class:`DegreeConv`.
        order: P.
        signed: whether ∂ has signs; ``False`` for |∂|, for cochains without an orientation.
        bias: whether a bias is added.

    Laws:
        Those of :class:`DegreeConv`; orientation equivariant if signed and without bias.

    Cost:
        O(P · incidences · in_channels) and one dense product; no Laplacian is formed.

    Paper:
        Ebli, Defferrard, Spreemann, "Simplicial Neural Networks", NeurIPS 2020 workshop Topological
        Data Analysis and Beyond, arXiv:2010.03633.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> SNNConv(2, 8, k=1, order=3)(torch.ones(4, 2), K).shape
        torch.Size([4, 8])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        k: int = 1,
        *,
        order: int = 2,
        signed: bool = True,
        bias: bool = False,
    ) -> None:
        super().__init__(in_channels, out_channels, k)
        require_orders(order=order)
        self.order, self.signed, self.bias = order, signed, bias
        self.lin = linear(joint_width([in_channels] * (order + 1)), out_channels, bias)

    def convolve(self, x: Tensor, complex: SimplicialComplex) -> Tensor:
        """The terms of the polynomial, by its recursion, under one dense map."""
        scale = 2 / hodge_bound(complex, self.k, signed=self.signed).to(x.dtype)[:, None]
        terms = [x]
        for p in range(self.order):
            y = scale * apply_hodge_laplacian(complex, terms[-1], self.k, signed=self.signed)
            y = y - terms[-1]  # L̃ times the last term
            terms.append(y if p == 0 else 2 * y - terms[-2])
        result: Tensor = self.lin(torch.cat(terms, dim=-1))
        return result


class SNN(StackedNetwork):
    r"""Chebyshev convolutions in every dimension, each on its own, and a readout.

    Args:
        in_channels, hidden_channels, out_channels, num_layers, max_dim, options: see
            :class:`StackedNetwork`.
        order, signed, bias: of :class:`SNNConv`.
        activation: after every layer, tanh; an odd one if signed and without bias.

    Laws:
        Invariant under relabelling; under reorientation if signed and without bias.

    Paper:
        That of :class:`SNNConv`. Its activation is a leaky ReLU, and its task is to fill in
        cochains: use :meth:`SimplicialNetwork.encode`.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = SNN(1, 8, 2, num_layers=2, max_dim=2)
        >>> model([torch.ones(n, 1) for n in K.f_vector], K).shape
        torch.Size([1, 2])
    """

    conv, defaults = SNNConv, {"activation": torch.tanh}
