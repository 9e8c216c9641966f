"""SCNet, convolution between the dimensions: layer and network."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Unpack

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex
from simplex.nn._checks import require_cochains
from simplex.nn._modules import linear, reset_submodules, widths_of
from simplex.nn._network import NetworkOptions, SimplicialNetwork, layer_widths
from simplex.operators import (
    apply_boundary,
    apply_coboundary,
    apply_up_laplacian,
    boundary_sum,
    coboundary_sum,
    neighbor_counts,
)


class SCConv(nn.Module):
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
        in_channels: width of all cochains; or one per dimension; or -1, taken from the first input.
        out_channels: width of the result.
        max_dim: the top dimension of the cochains; 2 in the paper.
        signed: whether ∂ has signs.
        bias: whether a bias is added.

    Shapes:
        ``x[k]`` (n_k, in_channels) to (n_k, out_channels), k = 0 … max_dim; empty ones as well.

    Laws:
        Permutation equivariant. Orientation equivariant if signed and without bias. A disjoint
        union gives what its parts give.

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
        in_channels: int | Sequence[int],
        out_channels: int,
        max_dim: int,
        *,
        signed: bool = True,
        bias: bool = False,
    ) -> None:
        super().__init__()
        widths = widths_of(in_channels, max_dim)
        self.in_channels, self.out_channels, self.max_dim = in_channels, out_channels, max_dim
        self.signed = signed
        joint = [
            -1 if widths[k] == -1 else sum(widths[max(k - 1, 0) : k + 2])
            for k in range(max_dim + 1)
        ]
        self.lins = nn.ModuleList(linear(width, out_channels, bias) for width in joint)

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        reset_submodules(self)

    def forward(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """Apply the layer to all dimensions at once.

        Args:
            x: one cochain (n_k, in_channels) per dimension 0 … max_dim; left as they are.
            complex: the complex, or the disjoint union of a batch.

        Returns:
            One cochain (n_k, out_channels) per dimension.

        Raises:
            ValueError: the cochains do not fit the complex or ``max_dim``.
        """
        require_cochains(complex, x, self.max_dim, self.in_channels)
        result = []
        for k, lin in enumerate(self.lins):
            terms = [self._within(k, x[k], complex)]
            if k > 0:
                below = x[k - 1] / self._weights(k, complex, x[k]).below
                terms.append(self._coboundary(k, below, complex, x[k]))
            if k < self.max_dim:
                terms.append(self._boundary(k, x[k + 1], complex))
            result.append(lin(torch.cat(terms, dim=-1)))
        return result

    def _coboundary(
        self, k: int, below: Tensor, complex: SimplicialComplex, like: Tensor
    ) -> Tensor:
        """D_k ∂_kᵀ of a (k-1)-cochain."""
        degree = self._weights(k, complex, like).degree
        return degree * apply_coboundary(complex, below, k - 1, signed=self.signed)

    def _boundary(self, k: int, above: Tensor, complex: SimplicialComplex) -> Tensor:
        """∂̃_{k+1} of a (k+1)-cochain."""
        y = apply_boundary(complex, above, k + 1, signed=self.signed)
        return y / self._weights(1, complex, above).below if k == 0 else y / (k + 2)

    def _within(self, k: int, x: Tensor, complex: SimplicialComplex) -> Tensor:
        """(Ã↓ + Ã↑) x, or x itself where there is neither."""
        weights, parts = self._weights(k, complex, x), []
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

    def _weights(self, k: int, complex: SimplicialComplex, like: Tensor) -> "_Weights":
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

    def __repr__(self) -> str:
        return f"SCConv({self.in_channels}, {self.out_channels}, max_dim={self.max_dim})"


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


class SCNet(SimplicialNetwork):
    r"""Convolutions :class:`SCConv`, and a readout of whole complexes.

    Call it as ``model(x, complex)``; for a batch, ``model(batch.cochains(), batch.complex)``.

    Args:
        in_channels: width of the cochains; or one per dimension; or -1, taken from the first input.
        hidden_channels: width of the layers.
        out_channels: width of the result.
        num_layers: number of :class:`SCConv` layers.
        max_dim: the top dimension of the cochains.
        signed: whether the cochains are oriented.
        bias: as in :class:`SCConv`.
        activation: after every layer; an odd one keeps the law below. The paper has ReLU, with
            which no layer on signed operators is orientation equivariant.
        options: of :class:`SimplicialNetwork`.

    Laws:
        Invariant under relabelling; under reorientation if signed, without bias and with an odd
        activation.

    Paper:
        Bunch, You, Fung, Singh, "Simplicial 2-Complex Convolutional Neural Networks",
        arXiv:2012.06010 (2020). Its sort pooling is replaced by the common readout.

    Example:
        >>> from simplex import SimplicialComplex
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = SCNet(1, 8, 2, num_layers=2, max_dim=2)
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
        signed: bool = True,
        bias: bool = False,
        activation: Callable[[Tensor], Tensor] = torch.tanh,
        **options: Unpack[NetworkOptions],
    ) -> None:
        convs = [
            SCConv(width, hidden_channels, max_dim, signed=signed, bias=bias)
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
