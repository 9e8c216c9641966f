"""SCNet, convolution between the dimensions: layer and network."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex
from simplex.nn._frame.stacked import StackedNetwork
from simplex.nn._layer import ComplexConv
from simplex.nn._modules import Widths, joint_width, linear
from simplex.nn._reach import Reach, along, with_counts
from simplex.operators import (
    ADJACENCIES,
    apply_boundary,
    apply_coboundary,
    apply_up_laplacian,
    boundary_sum,
    coboundary_sum,
    neighbor_counts,
)


class SCConv(ComplexConv):
    r"""A convolution with normalised adjacencies, boundaries and coboundaries, in any dimension.

    .. math::
        X'_k = (\tilde A^↓_k + \tilde A^↑_k) X_k W_k + D_k ∂_k^⊤ V_{k-1}^{-1} X_{k-1} W^{↑}_k
               + \tilde ∂_{k+1} X_{k+1} W^{↓}_k

    with the diagonal weights

    .. math::
        D_k = \max(|∂_{k+1}| \mathbf 1, 1), \qquad V_{k-1} = (k+1) \, |∂_k| D_k \mathbf 1,

    the boundaries ∂̃_1 = V_0⁻¹ ∂_1 and ∂̃_k = ∂_k / (k+1) for k ≥ 2, and the adjacencies

    .. math::
        \tilde A^↑_k &= (A^↑_k + I)(D_k + I)^{-1}, &
        A^↑_k &= D_k - c_k ∂_{k+1} ∂_{k+1}^⊤, \quad c_0 = 1, \ c_k = \tfrac{1}{k+2} \\
        \tilde A^↓_k &= (D_k + I)(A^↓_k + I), &
        A^↓_k &= D_k^{-1} - ∂_k^⊤ V_{k-1}^{-1} ∂_k

    At k = 0, A↑ is the adjacency matrix of the graph. The layer sees the skeleton of dimension
    ``max_dim``: in the top dimension there is no A↑, and D = 1.

    Departures from the paper: (1) Any dimension; there D_1, D_0, D_2 … are called D_2, D_5, D_1 …,
    and k ≥ 3 follows the pattern of k = 2. (2) V_1 has the factor 3, as V_0 has the factor 2; in
    the paper's D_5 there is none. To the coupling it is a factor of its weights; it keeps the
    diagonal of A↓_2 from becoming negative. (3) The authors' code adds the last term of A↓_2, adds
    1 to D_5, and normalises the rows of A↑_0; here the signs, and the sides of the normalisations,
    are those of k = 1. (4) ``signed=False`` is the counterpart for cochains without an orientation:
    |∂| in the couplings, and in the adjacencies minus the absolute values off the diagonals. (5)
    The activation is left to the network.

    Args:
        in_channels, out_channels, max_dim: see :class:`ComplexConv`; the paper has max_dim = 2.
        signed: whether ∂ has signs.
        bias: whether a bias is added.

    Laws:
        Those of :class:`ComplexConv`; orientation equivariant if signed and without bias.

    Cost:
        O(incidences · in_channels) and one dense product per dimension; no matrix is formed.

    Paper:
        Bunch, You, Fung, Singh, "Simplicial 2-Complex Convolutional Neural Networks", NeurIPS 2020
        workshop Topological Data Analysis and Beyond, arXiv:2012.06010; the weights are those of
        Schaub et al. (2020). ``SCConvLayer`` of TopoModelX 0.0.1 takes eight matrices and is a
        sigmoid of this one if they are right: it transposes all four boundaries, so those that
        lower the dimension must be given transposed, not as it documents.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> conv = SCConv(8, 16, max_dim=2)
        >>> [tuple(y.shape) for y in conv([torch.ones(n, 8) for n in K.f_vector], K)]
        [(4, 16), (4, 16), (1, 16)]
    """

    def __init__(
        self,
        in_channels: Widths,
        out_channels: int,
        max_dim: int,
        *,
        signed: bool = True,
        bias: bool = False,
    ) -> None:
        super().__init__(in_channels, out_channels, max_dim)
        self.signed, self.bias = signed, bias
        self.lins = nn.ModuleList(
            linear(joint_width(self.widths[max(k - 1, 0) : k + 2]), out_channels, bias)
            for k in range(max_dim + 1)
        )

    @property
    def reach(self) -> Reach | None:
        """How far it sees, see :class:`Reach`."""
        return with_counts(along(ADJACENCIES), "coboundary")

    def convolve(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """The terms of each dimension, under one dense map."""
        result = []
        for k, lin in enumerate(self.lins):
            terms = [self._within(x[k], complex, k)]
            if k > 0:
                below = x[k - 1] / self._weights(x[k], complex, k).below
                terms.append(self._coboundary(below, complex, k))
            if k < self.max_dim:
                terms.append(self._boundary(x[k + 1], complex, k))
            result.append(lin(torch.cat(terms, dim=-1)))
        return result

    def _coboundary(self, below: Tensor, complex: SimplicialComplex, k: int) -> Tensor:
        """D_k ∂_kᵀ of a (k-1)-cochain."""
        degree = self._weights(below, complex, k).degree
        return degree * apply_coboundary(complex, below, k - 1, signed=self.signed)

    def _boundary(self, above: Tensor, complex: SimplicialComplex, k: int) -> Tensor:
        """∂̃_{k+1} of a (k+1)-cochain."""
        y = apply_boundary(complex, above, k + 1, signed=self.signed)
        return y / self._weights(above, complex, 1).below if k == 0 else y / (k + 2)

    def _within(self, x: Tensor, complex: SimplicialComplex, k: int) -> Tensor:
        """(Ã↓ + Ã↑) x, or x itself where there is neither."""
        weights, parts = self._weights(x, complex, k), []
        if k < self.max_dim:
            y = x / (weights.degree + 1)
            up = apply_up_laplacian(complex, y, k, signed=self.signed)
            factor = 1 if k == 0 else 1 / (k + 2)
            parts.append(x + factor * self._minus(up, weights.num_cofacets, y))
        if k > 0:
            below = apply_boundary(complex, x, k, signed=self.signed) / weights.below
            down = apply_coboundary(complex, below, k - 1, signed=self.signed)
            own = (1 / weights.degree + 1) * x
            parts.append((weights.degree + 1) * (own + self._minus(down, weights.share, x)))
        return torch.stack(parts).sum(0) if parts else x

    def _minus(self, laplacian: Tensor, diagonal: Tensor, x: Tensor) -> Tensor:
        """Minus L x; unsigned, with the off-diagonal entries of -L made non-negative."""
        return -laplacian if self.signed else laplacian - 2 * diagonal * x

    def _weights(self, like: Tensor, complex: SimplicialComplex, k: int) -> "_Weights":
        """The diagonals, kept with the complex; those of the top dimension see no cofacets."""
        top = k == self.max_dim

        def compute() -> _Weights:
            cofacets = torch.zeros(complex.num_simplices(k), dtype=torch.int64).to(complex.device)
            if not top:
                cofacets = neighbor_counts(complex, k, "coboundary")
            num_cofacets = cofacets.to(like.dtype)[:, None]
            degree = num_cofacets.clamp(min=1)
            if k == 0:
                return _Weights(num_cofacets, degree, degree[:0], torch.zeros_like(degree))
            below = (k + 1) * coboundary_sum(complex, degree, k - 1)
            below = torch.where(below > 0, below, 1)
            return _Weights(num_cofacets, degree, below, boundary_sum(complex, 1 / below, k))

        place = "top " if top else ""
        name = f"weights of {place}random walks as {like.dtype}"
        result: _Weights = complex.cached(name, k, compute)
        return result


class _Weights(NamedTuple):
    """Diagonals for the k-simplices, each a column.

    Attributes:
        num_cofacets: (n_k, 1) the diagonal of ∂_{k+1} ∂_{k+1}ᵀ.
        degree: (n_k, 1) D_k.
        below: (n_{k-1}, 1) V_{k-1}, 1 where it would be 0.
        share: (n_k, 1) the diagonal of ∂_kᵀ V_{k-1}⁻¹ ∂_k.
    """

    num_cofacets: Tensor
    degree: Tensor
    below: Tensor
    share: Tensor


class SCNet(StackedNetwork):
    r"""Convolutions :class:`SCConv`, and a readout of whole complexes.

    Args:
        in_channels, hidden_channels, out_channels, num_layers, max_dim, options: see
            :class:`StackedNetwork`.
        signed, bias: of :class:`SCConv`.
        activation: after every layer, tanh; an odd one if signed and without bias. The paper has
            ReLU, with which no layer on signed operators is orientation equivariant: for that say
            ``oriented=False``.

    Laws:
        Invariant under relabelling; under reorientation if signed and without bias.

    Paper:
        Bunch, You, Fung, Singh, "Simplicial 2-Complex Convolutional Neural Networks",
        arXiv:2012.06010 (2020). Its sort pooling is replaced by the common readout.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = SCNet(1, 8, 2, num_layers=2, max_dim=2)
        >>> model([torch.ones(n, 1) for n in K.f_vector], K).shape
        torch.Size([1, 2])
    """

    conv, defaults = SCConv, {"activation": torch.tanh}
