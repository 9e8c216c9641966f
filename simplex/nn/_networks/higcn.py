"""HiGCN, polynomials of flower-petals Laplacians on the vertices: layer and network."""

from collections.abc import Mapping
from typing import Any, Unpack

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex, require_int, require_real
from simplex.nn._checks import require_orders
from simplex.nn._frame.options import StackOptions
from simplex.nn._frame.stacked import StackedNetwork
from simplex.nn._layer import DegreeConv, EachDegree
from simplex.nn._modules import Widths, linear, widths_of
from simplex.nn._reach import Reach, along, with_counts
from simplex.operators import sum_columns, sum_rows, vertex_incidences


class HiGCNConv(DegreeConv):
    r"""A learned polynomial of the flower-petals Laplacian of each dimension, on vertex features.

    .. math::
        X' = \Big( \big\Vert_{p=1}^{K} \sum_{j=0}^{J} γ_{p,j} \, L_p^j \, (X W_p + b_p) \Big) V + c,
        \qquad
        L_p = \tfrac{1}{p+1} D_p^{-1/2} H_p H_p^⊤ D_p^{-1/2}

    with the incidences H_p ∈ {0, 1} of vertices and p-simplices and D_p, the number of p-simplices
    at each vertex. L_p is the walk from a vertex to a p-simplex around it and back; its spectrum
    lies in [0, 1]. γ_{p,j} starts as α (1 - α)^j, for j = J as (1 - α)^J, which is personalised
    PageRank; learned is what is added to that.

    Args:
        in_channels, out_channels: see :class:`DegreeConv`, with k = 0; out_channels also within.
        max_dim: K, the top dimension of the petals, at least 1.
        order: J, the degree of the polynomials.
        alpha: α.

    Laws:
        Those of :class:`DegreeConv`. Incidences have no signs: it does not see the orientation.

    Cost:
        O(J · Σ_p n_p · (p+1) · out_channels); no Laplacian is formed.

    Paper:
        Huang, Zeng, Wu, Lü, "Higher-Order Graph Convolutional Network with Flower-Petals Laplacians
        on Simplicial Complexes", AAAI 2024, arXiv:2309.12971, Eqs. 4 and 6. Departure: the dropouts
        are left to the network.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> HiGCNConv(3, 8, max_dim=2)(torch.ones(4, 3), K).shape
        torch.Size([4, 8])
    """

    start: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        max_dim: int,
        *,
        order: int = 10,
        alpha: float = 0.5,
    ) -> None:
        super().__init__(in_channels, out_channels, 0)
        require_int("max_dim", max_dim, 1)
        require_orders(order=order)
        require_real("alpha", alpha, 0, 1)
        self.max_dim, self.order, self.alpha = max_dim, order, alpha
        start = alpha * (1 - alpha) ** torch.arange(order + 1.0)
        start[-1] = (1 - alpha) ** order
        self.register_buffer("start", start, persistent=False)
        self.weights = nn.Parameter(torch.zeros(max_dim, order + 1))  # γ - start
        self.lins = nn.ModuleList(linear(in_channels, out_channels) for _ in range(max_dim))
        self.combine = nn.Linear(max_dim * out_channels, out_channels)

    @property
    def reach(self) -> Reach | None:
        """How far it sees, see :class:`Reach`."""
        return with_counts(along(("upper",), self.order), "coboundary")

    def reset_parameters(self) -> None:
        """Draw all parameters anew; γ as it was at the start."""
        super().reset_parameters()
        nn.init.zeros_(self.weights)

    def convolve(self, x: Tensor, complex: SimplicialComplex) -> Tensor:
        """The polynomials, side by side, and the map of them."""
        petals = [
            self._filter(lin(x), complex, p, gamma)
            for p, (lin, gamma) in enumerate(
                zip(self.lins, self.start + self.weights, strict=True), 1
            )
        ]
        result: Tensor = self.combine(torch.cat(petals, dim=-1))
        return result

    def _filter(self, x: Tensor, complex: SimplicialComplex, p: int, gamma: Tensor) -> Tensor:
        """Σ_j γ_j L_p^j x."""
        pattern = vertex_incidences(complex, p)
        degree = pattern.column_pointer.diff().to(x.dtype)[:, None]
        root = torch.where(degree > 0, degree, 1).rsqrt()
        total = gamma[0] * x
        for weight in gamma[1:]:
            x = root * sum_columns(sum_rows(root * x, pattern), pattern) / (p + 1)
            total = total + weight * x
        return total


class HiGCN(StackedNetwork):
    r"""Layers :class:`HiGCNConv` on the vertices; higher simplices carry, and hold nothing.

    Of ``x`` only the vertex features ``x[0]`` are used.

    Departures from the paper: (1) After each layer norm and activation, as the frame has them,
    where the authors' network for graphs has two dense layers with both. (2) The readout is the
    common one, of the vertices.

    Args:
        in_channels: width of the vertex features; or one per dimension, of which the first counts;
            or -1, taken from the first input.
        hidden_channels, out_channels, num_layers, options: see :class:`StackedNetwork`; a higher
            ``level`` is reached from the vertices.
        max_dim: the top dimension of the cochains that it is called with, and of the petals.
        order, alpha: of :class:`HiGCNConv`.
        norm: after each layer, ``"batch"``.
        embed: False, as the maps stand before the powers.

    Laws:
        Invariant under relabelling and, as no incidence has a sign, under reorientation.

    Paper:
        Huang, Zeng, Wu, Lü, AAAI 2024, arXiv:2309.12971.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = HiGCN(1, 16, 2, num_layers=2, max_dim=2)
        >>> model([torch.ones(n, 1) for n in K.f_vector], K).shape
        torch.Size([1, 2])
    """

    conv, defaults = HiGCNConv, {"activation": torch.relu, "norm": "batch", "embed": False}
    sees = 0

    def __init__(
        self,
        in_channels: Widths,
        hidden_channels: int,
        out_channels: int,
        num_layers: int,
        max_dim: int,
        **options: Unpack[StackOptions],
    ) -> None:
        self.petals = require_int("max_dim", max_dim, 1)
        super().__init__(in_channels, hidden_channels, out_channels, num_layers, max_dim, **options)

    def _layer(
        self, in_channels: Widths, out_channels: int, max_dim: int, options: Mapping[str, Any]
    ) -> nn.Module:
        (width,) = widths_of(in_channels, max_dim)
        return EachDegree([HiGCNConv(width, out_channels, self.petals, **options)])
