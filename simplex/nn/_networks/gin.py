"""The graph isomorphism network on the vertices and edges of a complex: the baseline of graphs."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex, require_real
from simplex.nn._checks import require_flags
from simplex.nn._frame.stacked import StackedNetwork
from simplex.nn._layer import DegreeConv, EachDegree
from simplex.nn._modules import Widths, mlp, widths_of
from simplex.nn._reach import Reach, along
from simplex.operators import gather_facets, scatter_to_facets


class GINConv(DegreeConv):
    r"""The graph isomorphism layer: the sum over the neighbours of each vertex, and a dense map.

    .. math:: h'_v = \text{MLP}\Big( (1 + ε)\, h_v + \sum_{w ∈ N(v)} h_w \Big), \qquad
              H' = \text{MLP}\big( (A + (1 + ε) I)\, H \big)

    The MLP has two dense layers, an activation after each, and batch norm before each activation
    where asked for.

    Args:
        in_channels, out_channels: see :class:`DegreeConv`, with k = 0; out_channels also within.
        eps: ε at the start.
        train_eps: whether it is learned.
        activation: the activation of both dense layers.
        norm: ``"batch"`` or ``None``.

    Laws:
        Those of :class:`DegreeConv`. Only vertices and edges are looked at; vertices have no
        orientation.

    Cost:
        O(edges · in_channels).

    Paper:
        Xu, Hu, Leskovec, Jegelka, "How Powerful are Graph Neural Networks?", ICLR 2019,
        arXiv 1810.00826, Eq. 4.1.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> GINConv(3, 8)(torch.ones(4, 3), K).shape
        torch.Size([4, 8])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        eps: float = 0.0,
        train_eps: bool = False,
        activation: Callable[[Tensor], Tensor] = torch.relu,
        norm: str | None = None,
    ) -> None:
        super().__init__(in_channels, out_channels, 0)
        require_real("eps", eps)
        require_flags(train_eps=train_eps)
        self.activation, self.initial_eps = activation, eps
        start = torch.tensor(float(eps))
        if train_eps:
            self.eps: Tensor = nn.Parameter(start)
        else:
            self.register_buffer("eps", start)
        self.mlp = mlp(in_channels, out_channels, 2, activation, norm)

    @property
    def reach(self) -> Reach | None:
        """How far it sees, see :class:`Reach`."""
        return along(("upper",))

    def reset_parameters(self) -> None:
        """Draw all parameters anew; ε as it was at the start."""
        super().reset_parameters()
        with torch.no_grad():
            self.eps.fill_(self.initial_eps)

    def convolve(self, x: Tensor, complex: SimplicialComplex) -> Tensor:
        """The sum over the neighbours, and the dense map."""
        if x.ndim != 2:
            raise ValueError(f"x must have shape (n_0, channels), got {tuple(x.shape)}.")
        # Each end of an edge gets the other: flipped, not total minus own, so nothing is rounded.
        ends = gather_facets(complex, x, 1)  # (n_1, 2, C)
        neighbours = scatter_to_facets(complex, ends.flip(1), 1)  # (n_0, C)
        result: Tensor = self.mlp((1 + self.eps) * x + neighbours)
        return result


class GIN(StackedNetwork):
    r"""The graph isomorphism network, on the 1-skeleton of a complex: no triangle is seen.

    It is called as the simplicial networks are, ``model(x, complex)``, and has their readout, so
    that a comparison is one of messages. Of ``x`` only the vertex features ``x[0]`` are used.

    Departures from the paper: (1) the readout is a dense layer, an activation and a classifier on
    the pooled vertices; the paper adds up one linear classifier per layer. (2) With jumping
    knowledge the layers 1 … L are read, without the input.

    Args:
        in_channels: width of the vertex features; or one per dimension, of which the first counts;
            or -1, taken from the first input.
        hidden_channels, out_channels: see :class:`StackedNetwork`.
        num_layers: number of :class:`GINConv` layers; the paper has 4.
        max_dim: the top dimension of the cochains that it is called with.
        norm: ``"batch"``, as in the paper, before each activation; another one after each layer; or
            ``None``.
        eps, train_eps: of :class:`GINConv`.
        activation: of all layers and of the readout, ReLU.
        options: those of :class:`SimplicialNetwork`; vertices alone are read.

    Laws:
        Invariant under relabelling; as strong as the Weisfeiler-Lehman test of the 1-skeleton at
        most. In evaluation mode, batched equals one by one.

    Paper:
        Xu et al. 2019, Eq. 4.1 and Section 7.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = GIN(1, 16, 2, num_layers=3, max_dim=2)
        >>> model([torch.ones(n, 1) for n in K.f_vector], K).shape
        torch.Size([1, 2])
    """

    conv, defaults = GINConv, {"activation": torch.relu}
    activates = ("layer", "readout")
    sees = 0

    def _layer(
        self, in_channels: Widths, out_channels: int, max_dim: int, options: Mapping[str, Any]
    ) -> nn.Module:
        (width,) = widths_of(in_channels, max_dim)
        return EachDegree([GINConv(width, out_channels, **options)])
