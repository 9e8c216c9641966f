"""SCN and SCCN, simplicial convolution by the adjacencies: layers and networks."""

from collections.abc import Sequence

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
    apply_down_laplacian,
    apply_up_laplacian,
    neighbor_counts,
)


class SCNConv(ComplexConv):
    r"""A graph convolution in each dimension, on the lower and upper adjacencies together.

    .. math::
        X'_k = \tilde A_k X_k W_k, \qquad
        \tilde A_k = D_k^{-1/2} (A^↓_k + A^↑_k + a_k I) D_k^{-1/2}

    where A↓ and A↑ are the off-diagonal parts of |∂_k|ᵀ|∂_k| and |∂_{k+1}| |∂_{k+1}|ᵀ. Each
    brings one self loop: a_k = 2, and 1 for k = 0 and the top dimension, which have one of them.
    D_k holds the row sums. At k = 0 this is the GCN of Kipf and Welling.

    Departures from the paper: (1) The activation is left to the network. (2) ``signed`` gives the
    counterpart for oriented cochains: A↓ and A↑ are minus the off-diagonal parts of ∂ᵀ∂ and ∂∂ᵀ,
    so that at k = 0 it is the GCN again, and D_k is as before.

    Args:
        in_channels, out_channels, max_dim: see :class:`ComplexConv`.
        signed: whether the cochains are oriented.
        bias: whether a bias is added.

    Laws:
        Those of :class:`ComplexConv`; orientation equivariant if signed and without bias. The
        spectrum of Ã lies in [-1, 1].

    Cost:
        O(incidences · in_channels) and one dense product per dimension; no adjacency is formed.

    Paper:
        Yang, Sala, Bogdan, "Efficient Representation Learning for Higher-Order Data with Simplicial
        Complexes", LoG 2022, PMLR 198. TopoModelX's ``SCN2Layer``, given Ã, is a ReLU of this one;
        it leaves the normalisation to the user, and its tutorial keeps the diagonal of the
        Laplacian.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> conv = SCNConv(8, 16, max_dim=2)
        >>> [tuple(y.shape) for y in conv([torch.ones(n, 8) for n in K.f_vector], K)]
        [(4, 16), (4, 16), (1, 16)]
    """

    def __init__(
        self,
        in_channels: Widths,
        out_channels: int,
        max_dim: int,
        *,
        signed: bool = False,
        bias: bool = False,
    ) -> None:
        super().__init__(in_channels, out_channels, max_dim)
        self.signed, self.bias = signed, bias
        self.lins = nn.ModuleList(
            linear(self._joint_width(k), out_channels, bias) for k in range(max_dim + 1)
        )

    @property
    def reach(self) -> Reach | None:
        """How far it sees, see :class:`Reach`."""
        return with_counts(along(ADJACENCIES), "lower", "coboundary")

    def _joint_width(self, k: int) -> int:
        """The width of all terms that dimension k receives."""
        return self.widths[k]

    def _terms(self, x: Sequence[Tensor], complex: SimplicialComplex, k: int) -> list[Tensor]:
        """All terms that dimension k receives."""
        return [self._within(x[k], complex, k)]

    def _within(self, x: Tensor, complex: SimplicialComplex, k: int) -> Tensor:
        """Ã_k x."""
        top = k == self.max_dim
        loop, degree, root = _diagonals(complex, k, top, x)
        x = x * root
        hodge = apply_down_laplacian(complex, x, k, signed=self.signed)
        if not top:
            hodge = hodge + apply_up_laplacian(complex, x, k, signed=self.signed)
        adjacent = x * degree - hodge if self.signed else hodge - x * degree
        return (adjacent + loop * x) * root

    def convolve(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """The terms of each dimension, under one dense map."""
        return [
            lin(torch.cat(self._terms(x, complex, k), dim=-1)) for k, lin in enumerate(self.lins)
        ]


class SCCNConv(SCNConv):
    r"""A graph convolution in each dimension, coupled to both neighbouring ones.

    .. math:: X'_k = \tilde A_k X_k W_k + ∂_k^⊤ X_{k-1} W^{↑}_k + ∂_{k+1} X_{k+1} W^{↓}_k

    with Ã_k as in :class:`SCNConv`, and |∂| for ∂ unless ``signed``.

    Departures from the paper: (1) and (2) of :class:`SCNConv`. (3) The three terms have their own
    weights in each dimension. The authors' experiments share one W and give the faces and cofaces
    the weight 1/2, which is a choice of these weights.

    Args:
        in_channels, out_channels, max_dim: see :class:`ComplexConv`.
        signed: whether the cochains are oriented.
        bias: whether a bias is added.

    Laws:
        Those of :class:`ComplexConv`; orientation equivariant if signed and without bias.

    Cost:
        O(incidences · in_channels) and one dense product per dimension.

    Paper:
        Yang, Sala, Bogdan, "Efficient Representation Learning for Higher-Order Data with Simplicial
        Complexes", LoG 2022, PMLR 198. TopoModelX's ``SCCNLayer``, given Ã and \|∂\|, is a sigmoid
        of this one; it has one width for all dimensions.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> conv = SCCNConv((1, 2, 3), 16, max_dim=2)
        >>> x = [torch.ones(n, k + 1) for k, n in enumerate(K.f_vector)]
        >>> [tuple(y.shape) for y in conv(x, K)]
        [(4, 16), (4, 16), (1, 16)]
    """

    def _joint_width(self, k: int) -> int:
        return joint_width(self.widths[max(k - 1, 0) : k + 2])

    def _terms(self, x: Sequence[Tensor], complex: SimplicialComplex, k: int) -> list[Tensor]:
        terms = super()._terms(x, complex, k)
        if k > 0:
            terms.append(apply_coboundary(complex, x[k - 1], k - 1, signed=self.signed))
        if k < self.max_dim:
            terms.append(apply_boundary(complex, x[k + 1], k + 1, signed=self.signed))
        return terms


def _diagonals(K: SimplicialComplex, k: int, top: bool, like: Tensor) -> tuple[int, Tensor, Tensor]:
    """The weight of the self loops, the diagonal of the Laplacian, and the root of 1 / D_k.

    A simplex has Σ_{δ ∈ B(σ)} (|C(δ)| - 1) lower and (k+1) |C(σ)| upper neighbours.
    """
    loop = (k > 0) + (not top) or 1

    def compute() -> tuple[Tensor, Tensor]:
        neighbors = torch.zeros(K.num_simplices(k), dtype=torch.int64, device=K.device)
        degree = neighbors
        if k > 0:
            neighbors = neighbors + neighbor_counts(K, k, "lower")
            degree = degree + (k + 1)
        if not top:
            cofacets = neighbor_counts(K, k, "coboundary")
            neighbors = neighbors + (k + 1) * cofacets
            degree = degree + cofacets
        root = (neighbors + loop).to(like.dtype).rsqrt()
        return degree.to(like.dtype)[:, None], root[:, None]

    place = "top " if top else ""
    degree, root = K.cached(f"diagonals of the {place}adjacency as {like.dtype}", k, compute)
    return loop, degree, root


class SCN(StackedNetwork):
    r"""Graph convolutions in each dimension on its own, and a readout of whole complexes.

    Args:
        in_channels, hidden_channels, out_channels, num_layers, max_dim, options: see
            :class:`StackedNetwork`.
        signed, bias: of :class:`SCNConv`; signed, and without bias, the network needs an odd
            activation, such as ``torch.tanh``.
        activation: after every layer, ReLU.

    Laws:
        Invariant under relabelling; under reorientation if signed and without bias.

    Paper:
        That of :class:`SCNConv`.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = SCN(1, 8, 2, num_layers=2, max_dim=2)
        >>> model([torch.ones(n, 1) for n in K.f_vector], K).shape
        torch.Size([1, 2])
    """

    conv, defaults = SCNConv, {"activation": torch.relu}


class SCCN(StackedNetwork):
    r"""Graph convolutions in each dimension, coupled to the neighbouring ones, and a readout.

    The arguments and laws are those of :class:`SCN`, the layers are :class:`SCCNConv`.

    Paper:
        That of :class:`SCCNConv`.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = SCCN(1, 8, 2, num_layers=2, max_dim=2)
        >>> model([torch.ones(n, 1) for n in K.f_vector], K).shape
        torch.Size([1, 2])
    """

    conv, defaults = SCCNConv, {"activation": torch.relu}
