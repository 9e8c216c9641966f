"""Simplicial convolutions with Chebyshev polynomials of the Hodge Laplacian."""

from collections.abc import Callable, Sequence
from typing import Unpack

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex
from simplex.nn._checks import require_cochain, require_orders
from simplex.nn._modules import linear, widths_of
from simplex.nn._network import EachDegree, NetworkOptions, SimplicialNetwork, layer_widths
from simplex.operators import apply_hodge_laplacian, hodge_bound


class SNNConv(nn.Module):
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
        in_channels: width of the cochain, or -1, taken from the first input.
        out_channels: width of the result.
        k: the degree of the cochain.
        order: P.
        signed: whether ∂ has signs; ``False`` for |∂|, for cochains without an orientation.
        bias: whether a bias is added.

    Shapes:
        x (…, n_k, in_channels) to (…, n_k, out_channels); n_k = 0 as well.

    Laws:
        Permutation equivariant. Orientation equivariant if signed and without bias. A disjoint
        union gives what its parts give.

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
        super().__init__()
        require_orders(order=order)
        self.in_channels, self.out_channels, self.k = in_channels, out_channels, k
        self.order, self.signed = order, signed
        (width,) = widths_of(in_channels, 0)
        self.lin = linear(width if width == -1 else (order + 1) * width, out_channels, bias)

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
        scale = 2 / hodge_bound(complex, self.k, signed=self.signed).to(x.dtype)[:, None]
        terms = [x]
        for p in range(self.order):
            y = (
                scale * apply_hodge_laplacian(complex, terms[-1], self.k, signed=self.signed)
                - terms[-1]
            )
            terms.append(y if p == 0 else 2 * y - terms[-2])
        result: Tensor = self.lin(torch.cat(terms, dim=-1))
        return result

    def __repr__(self) -> str:
        return f"SNNConv({self.in_channels}, {self.out_channels}, k={self.k})"


class SNN(SimplicialNetwork):
    r"""Chebyshev convolutions in every dimension, each on its own, and a readout.

    Call it as ``model(x, complex)``; for a batch, ``model(batch.cochains(), batch.complex)``.

    Args:
        in_channels: width of the cochains; or one per dimension; or -1, taken from the first input.
        hidden_channels: width of the layers.
        out_channels: width of the result.
        num_layers: number of :class:`SNNConv` layers.
        max_dim: the top dimension of the cochains.
        order: P.
        signed: whether the cochains are oriented.
        bias: as in :class:`SNNConv`.
        activation: after every layer; an odd one keeps the law below.
        options: of :class:`SimplicialNetwork`.

    Laws:
        Invariant under relabelling; under reorientation if signed, without bias and with an odd
        activation.

    Paper:
        Ebli, Defferrard, Spreemann, "Simplicial Neural Networks", arXiv:2010.03633 (2020). Its
        activation is a leaky ReLU, and its task is to fill in cochains: use
        :meth:`SimplicialNetwork.encode`.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = SNN(1, 8, 2, num_layers=2, max_dim=2)
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
        signed: bool = True,
        bias: bool = False,
        activation: Callable[[Tensor], Tensor] = torch.tanh,
        **options: Unpack[NetworkOptions],
    ) -> None:
        convs = [
            EachDegree(
                [
                    SNNConv(width, hidden_channels, k, order=order, signed=signed, bias=bias)
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
