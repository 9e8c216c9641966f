"""Dir-SNN, messages told apart by the faces through which they come: layer and network."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex, require_int, require_word
from simplex.nn._checks import require_adjacencies, require_flags
from simplex.nn._frame.stacked import StackedNetwork
from simplex.nn._layer import ComplexConv
from simplex.nn._message_passing import BETWEEN, SENDERS
from simplex.nn._modules import Widths, joint_width, linear
from simplex.nn._reach import Reach, along, union
from simplex.operators import (
    cofaces_by_position,
    face_relations,
    faces_by_position,
    related_counts,
    related_sum,
)


class DirSNNConv(ComplexConv):
    r"""A map for each way in which directed simplices share a face, d_i leaving out vertex i.

    .. math::
        X'_k = X_k W + \sum_{i,j} \sum_{p=1}^{P} (A^↓_{ij})^p X_k W^{↓}_{ijp}
             + \sum_{i ≠ j} \sum_{p=1}^{P} (A^↑_{ij})^p X_k W^{↑}_{ijp}
             + \sum_i D_i^⊤ X_{k-1} W^{B}_i + \sum_i D_i X_{k+1} W^{C}_i + b

    .. math::
        A^↓_{ij}(σ, τ) = [d_i σ = d_j τ,\ σ ≠ τ], \qquad
        A^↑_{ij}(σ, τ) = [∃ κ: d_i κ = σ,\ d_j κ = τ], \qquad D_i(σ, κ) = [d_i κ = σ]

    On vertices A^↑ are the edges and the reversed edges, as in Dir-GNN; on edges A^↓ tells common
    heads, common tails and the two ways of following one another apart.

    An *undirected* complex is taken too: its simplices stand for all their orders alike, so the
    mean over the pairs (i, j), or over i, stands for each A and D. Without directions that is a
    plain simplicial network; lift digraphs with ``simplex.lifting.directed_flag_complex``.

    Departures from the paper: (1) it leaves the aggregations open; here they are sums or means, and
    the results are added. (2) The powers are an option, of order 1 by default. (3) Undirected
    complexes, as said.

    Args:
        in_channels, out_channels, max_dim: see :class:`ComplexConv`.
        order: P.
        adjacencies: which terms there are, among ``"boundary"``, ``"coboundary"``, ``"lower"`` and
            ``"upper"``.
        aggr: ``"sum"``, or ``"mean"`` to divide each row of A by its sum, and of D.
        bias: whether there is a b.

    Laws:
        Those of :class:`ComplexConv`; it sees the direction of simplices, and not the orientation
        signs. With all arrows reversed it is the layer with i and k-i exchanged.

    Cost:
        O(P · R · incidences · in_channels) for R = (k+1)² lower and (k+1)(k+2) upper relations, and
        one dense map of (P · R + 2k + 4) · in_channels columns; a hub costs its degree.

    Paper:
        Lecha, Cavallo, Dominici, Isufi, Battiloro, "Higher-Order Topological Directionality and
        Directed Simplicial Neural Networks", ICASSP 2025, arXiv:2409.08389.

    Example:
        >>> from simplex.lifting import directed_flag_complex
        >>> K = directed_flag_complex([(0, 1), (1, 2), (0, 2), (2, 1)])
        >>> conv = DirSNNConv(2, 8, max_dim=2)
        >>> [tuple(y.shape) for y in conv([torch.ones(n, 2) for n in K.f_vector], K)]
        [(3, 8), (4, 8), (2, 8)]
    """

    def __init__(
        self,
        in_channels: Widths,
        out_channels: int,
        max_dim: int,
        *,
        order: int = 1,
        adjacencies: Sequence[str] = ("boundary", "coboundary", "lower", "upper"),
        aggr: Literal["sum", "mean"] = "sum",
        bias: bool = True,
    ) -> None:
        super().__init__(in_channels, out_channels, max_dim)
        require_int("order", order, 1)
        require_adjacencies(adjacencies)
        require_word("aggr", aggr, ("sum", "mean"))
        require_flags(bias=bias)
        self.order, self.aggr, self.bias = order, aggr, bias
        self.adjacencies = tuple(dict.fromkeys(adjacencies))
        self.lins = nn.ModuleList(
            linear(joint_width(self._widths_into(k)), out_channels, bias)
            for k in range(max_dim + 1)
        )

    @property
    def reach(self) -> Reach | None:
        """How far it sees, see :class:`Reach`."""
        between, within = {"boundary", "coboundary"}, {"lower", "upper"}
        once = along(between.intersection(self.adjacencies))
        return union(once, along(within.intersection(self.adjacencies), self.order))

    def convolve(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """All terms side by side, under one dense map per dimension."""
        result = []
        for k, lin in enumerate(self.lins):
            terms = [term for name in self._terms(k) for term in self._arrived(x, complex, k, name)]
            result.append(lin(torch.cat([x[k], *terms], dim=1)))
        return result

    def _terms(self, k: int) -> list[str]:
        return [a for a in self.adjacencies if 0 <= k + BETWEEN[a] <= self.max_dim]

    def _widths_into(self, k: int) -> list[int]:
        """The own width, and that of each term as often as it has relations and powers."""
        widths = [self.widths[k]]
        for name in self._terms(k):
            between = SENDERS[name] != 0
            faces = k + 1 if name == "boundary" else k + 2
            count = faces if between else self.order * len(face_relations(k, name))
            widths += [self.widths[k + SENDERS[name]]] * count
        return widths

    def _arrived(
        self, x: Sequence[Tensor], complex: SimplicialComplex, k: int, name: str
    ) -> list[Tensor]:
        """What one term brings, (n_k, relations · channels) for each power."""
        if name == "boundary":
            return [faces_by_position(complex, x[k - 1], k).flatten(1)]
        if name == "coboundary":
            sums = cofaces_by_position(complex, x[k + 1], k)
            if self.aggr == "mean":
                sums = sums / related_counts(complex, k, name, sums.dtype)
            return [sums.flatten(1)]
        count, powers = len(face_relations(k, name)), []
        related = x[k][:, None]  # (n_k, 1, channels)
        for _ in range(self.order):
            related = related_sum(complex, related, k, name)
            if self.aggr == "mean":
                related = related / related_counts(complex, k, name, related.dtype)
            powers.append(related.expand(-1, count, -1).flatten(1))
        return powers


class DirSNN(StackedNetwork):
    r"""Layers of :class:`DirSNNConv` and a readout: a network on directed complexes.

    Args:
        in_channels, hidden_channels, out_channels, num_layers, max_dim, options: see
            :class:`StackedNetwork`.
        order, adjacencies, aggr, bias: of :class:`DirSNNConv`.
        activation: after every layer, ReLU.

    Laws:
        Invariant under relabelling; not under the reversal of arrows.

    Paper:
        That of :class:`DirSNNConv`.

    Example:
        >>> from simplex.lifting import directed_flag_complex
        >>> K = directed_flag_complex([(0, 1), (1, 2), (0, 2), (2, 1)])
        >>> model = DirSNN(1, 16, 2, num_layers=2, max_dim=2, norm="batch")
        >>> model([torch.ones(n, 1) for n in K.f_vector], K).shape
        torch.Size([1, 2])
    """

    conv, defaults = DirSNNConv, {"activation": nn.functional.relu}
