"""The high skip network: two steps, one within a dimension and one over its neighbours."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex
from simplex.nn._frame.stacked import StackedNetwork
from simplex.nn._layer import DegreeConv
from simplex.nn._modules import LinearSum, linear
from simplex.nn._reach import Reach, along, union
from simplex.operators import apply_boundary, apply_coboundary, apply_up_laplacian, neighbor_counts


class HSNConv(DegreeConv):
    r"""The high skip layer on k-cochains: two steps over the upper neighbours, and paths that skip.

    .. math::
        X' = A_↑ \, a\big( A_↑ X W_1 \big) W_2
             + ∂_{k+1} \, a\big( ∂_{k+1}^⊤ X W_3 \big) W_4
             + ∂_k^⊤ \, a\big( ∂_k X W_5 \big) W_6

    A_↑ is the adjacency matrix of upper neighbours; the second term passes through the cofacets and
    the third, for k ≥ 1, through the facets. Unsigned by default: |∂| in the place of ∂, which is
    for features that are no flows.

    Departures from the paper: (1) it has vertices with the first two terms and edges with all
    three; here every degree has those it can have. (2) A_↑ is not normalised, as in TopoModelX.
    (3) The activation of the result is left to the network.

    Args:
        in_channels, out_channels, k: see :class:`DegreeConv`; out_channels also between the steps.
        activation: a, between the two steps.
        signed: with the incidence numbers ±1 of ∂ and the relative orientations in A_↑.

    Laws:
        Those of :class:`DegreeConv`. Blind to the orientation unless ``signed``; with ``signed``
        equivariant under reorientation if a is odd, and not otherwise.

    Cost:
        O(incidences · channels): in_channels for the first step, out_channels for the second.

    Paper:
        Hajij, Ramamurthy, Guzmán-Sáenz, Zamzmi, "High Skip Networks: A Higher Order Generalization
        of Skip Connections", ICLR 2022 Workshop on Geometrical and Topological Representation
        Learning. TopoModelX's layer of this name has vertices only, one width throughout, and a
        sigmoid on the result; on vertices, a sigmoid of what this layer gives is equal to it.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> HSNConv(3, 8, k=1)(torch.ones(4, 3), K).shape
        torch.Size([4, 8])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        k: int,
        *,
        activation: Callable[[Tensor], Tensor] = torch.sigmoid,
        signed: bool = False,
    ) -> None:
        super().__init__(in_channels, out_channels, k)
        self.activation, self.signed = activation, signed
        paths = ("upper", "cofacets", "facets") if k else ("upper", "cofacets")
        self.first = nn.ModuleDict({p: linear(in_channels, out_channels, False) for p in paths})
        self.second = LinearSum({p: linear(out_channels, out_channels, False) for p in paths})

    @property
    def reach(self) -> Reach | None:
        """How far it sees, see :class:`Reach`."""
        return union(along(("upper",), 2, k=self.k), along(("lower",)))

    def convolve(self, x: Tensor, complex: SimplicialComplex) -> Tensor:
        """There and back on each path, with a dense map and an activation between."""
        k, signed = self.k, self.signed
        there: dict[str, Callable[[Tensor], Tensor]] = {
            "upper": partial(self._neighbours, complex=complex),
            "cofacets": partial(apply_coboundary, complex, k=k, signed=signed),
            "facets": partial(apply_boundary, complex, k=k, signed=signed),
        }
        back: dict[str, Callable[[Tensor], Tensor]] = {
            "upper": there["upper"],
            "cofacets": partial(apply_boundary, complex, k=k + 1, signed=signed),
            "facets": partial(apply_coboundary, complex, k=k - 1, signed=signed),
        }
        returned = []
        for path, first in self.first.items():
            between = self.activation(first(there[path](x)))
            returned.append(back[path](between))
        result: Tensor = self.second(*returned)
        return result

    def _neighbours(self, x: Tensor, complex: SimplicialComplex) -> Tensor:
        """A_↑ x: the up Laplacian without its diagonal."""
        degree = neighbor_counts(complex, self.k, "coboundary").to(x.dtype)
        own = degree[:, None] * x
        return apply_up_laplacian(complex, x, self.k, signed=self.signed) - own


class HSN(StackedNetwork):
    r"""The high skip network on all dimensions of a complex.

    No message passes from one dimension to another; the readout brings them together.

    Args:
        in_channels, hidden_channels, out_channels, num_layers, max_dim, options: see
            :class:`StackedNetwork`.
        signed: for signals on oriented simplices; the network then needs an odd activation, such
            as ``torch.tanh``.
        activation: between the two steps of a layer, and after it; the logistic function.

    Laws:
        Invariant under relabelling; with ``signed`` under reorientation.

    Paper:
        Hajij et al. 2022, see :class:`HSNConv`; its network stops at the vertices.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = HSN(1, 16, 2, num_layers=2, max_dim=2)
        >>> model([torch.ones(n, 1) for n in K.f_vector], K).shape
        torch.Size([1, 2])
    """

    conv, defaults = HSNConv, {"activation": torch.sigmoid}
    activates = ("layer", "network")
