"""SaNN, features gathered once and dense maps after: layer and network."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex
from simplex.nn._checks import (
    require_adjacencies,
    require_flags,
    require_orders,
    require_positive,
)
from simplex.nn._frame.stacked import StackedNetwork
from simplex.nn._layer import ComplexConv
from simplex.nn._modules import Widths, linear
from simplex.nn._reach import Reach, along
from simplex.operators import ADJACENCIES, gather_hops, hop_widths


class SaNNConv(ComplexConv):
    r"""Features gathered from several hops around each simplex, and one dense map of them.

    .. math::
        X'_k = \sum_{t=0}^{T} Z_k^{(t)} W_k^{(t)} + b_k

    with the blocks Z of :func:`simplex.transforms.gathered_features`, whose columns are those of
    each hop and each adjacency: the map has weights of its own for every one of them.

    Args:
        in_channels, out_channels, max_dim: see :class:`ComplexConv`.
        hops: T; 0 for the own features alone.
        adjacencies, channels, signed: of :func:`simplex.transforms.gathered_features`.
        bias: whether b is added.

    Laws:
        Those of :class:`ComplexConv`. Unsigned, it does not see the orientation; signed and without
        bias it is orientation equivariant.

    Cost:
        O(T · incidences · width) for the gathering, none of it where that was done before, and one
        dense product per dimension.

    Paper:
        Gurugubelli, Chepuri, "SaNN: Simple Yet Powerful Simplicial-aware Neural Networks", ICLR
        2024. Departures: see :class:`SaNN`.

    Example:
        >>> import torch
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> conv = SaNNConv(8, 16, max_dim=2, hops=1)
        >>> [tuple(y.shape) for y in conv([torch.ones(n, 8) for n in K.f_vector], K)]
        [(4, 16), (4, 16), (1, 16)]
    """

    def __init__(
        self,
        in_channels: Widths,
        out_channels: int,
        max_dim: int,
        *,
        hops: int = 2,
        adjacencies: Sequence[str] = ADJACENCIES,
        channels: int | None = None,
        signed: bool = False,
        bias: bool = True,
    ) -> None:
        super().__init__(in_channels, out_channels, max_dim)
        require_orders(hops=hops)
        require_adjacencies(adjacencies)
        require_flags(signed=signed)
        if channels is not None:
            require_positive(channels=channels)
        self.hops, self.adjacencies, self.channels = hops, tuple(adjacencies), channels
        self.signed, self.bias = signed, bias
        wide = hop_widths(self.widths, hops, adjacencies=adjacencies, channels=channels)
        self.lins = nn.ModuleList(linear(width, out_channels, bias) for width in wide)

    @property
    def reach(self) -> Reach | None:
        """How far it sees, see :class:`Reach`."""
        return along(self.adjacencies, self.hops)

    def convolve(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """Gather, and apply the map of each dimension."""
        return [lin(z) for lin, z in zip(self.lins, self.gather(x, complex), strict=True)]

    def gather(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """The gathered features that the maps are given."""
        options = {"adjacencies": self.adjacencies, "channels": self.channels}
        return gather_hops(complex, x, self.hops, signed=self.signed, **options)  # type: ignore[arg-type]


class SaNN(StackedNetwork):
    r"""The simplicial-aware network: features gathered once over hops, then dense maps alone.

    .. math::
        h_k^{(1)} &= a\Big( \text{norm}\Big( \sum_{t=0}^{T} Z_k^{(t)} W_k^{(t)} + b_k \Big)\Big)
        \qquad
        h_k^{(l+1)} = a\big( \text{norm}( h_k^{(l)} V_k^{(l)} + c_k^{(l)} ) \big) \\
        y &= \text{Readout}(h^{(L)}, K)

    with the blocks Z of :func:`simplex.transforms.gathered_features`. They have nothing to learn:
    :class:`simplex.transforms.GatheredFeatures` appends them to a whole data set once, and a
    network of ``hops=0``, as wide as they are, has the same parameters and gives the same. A
    training step then costs the same whatever the adjacencies between the simplices.

    Departures from the paper: (1) It maps each hop by a perceptron of its own and those together;
    here the first layer is one map of all hops, each with weights of its own, and the layers after
    it are those of one perceptron. (2) The sums are over adjacent simplices, without the simplex
    itself and without normalisation, and log(1 + y) is taken of them. (3) ``channels``, fixed sines
    between the hops, is not in it: its theorem asks for injective maps there, and sums of sums are
    not injective.

    Args:
        in_channels, hidden_channels, out_channels, num_layers, max_dim, options: see
            :class:`StackedNetwork`.
        hops: of :func:`simplex.transforms.gathered_features`; 0 where the transform has gathered.
        adjacencies, channels: of the same.
        signed: whether the sums have signs, for cochains that turn with the orientation. The
            network then takes ``bias=False``, an odd activation such as tanh, and the norm
            ``"rms"`` or ``None``.
        bias: whether the maps have one.
        norm: after every map, ``"batch"``.
        embed: False, as the first map takes any width; an encoder stands before the gathering,
            which then is no longer done once.

    Laws:
        Invariant under relabelling. Unsigned sums do not see the orientation at all; signed, and
        without bias, the network is invariant under reorientation. It tells apart at most what the
        SWL test does. With ``channels``, 2 T hops suffice for T rounds of the test, but for
        rounding and a null set of maps: a cofacet that has heard its facets tells each of them
        which others it has. Plain sums count walks; on all graphs of up to seven vertices, four
        hops of them tell apart what the test does, but for larger ones there is no such theorem.

    Cost:
        After the transform, one dense product per dimension and layer: O(simplices · width).

    Paper:
        Gurugubelli, Chepuri, "SaNN: Simple Yet Powerful Simplicial-aware Neural Networks", ICLR
        2024.

    Example:
        >>> import torch
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = SaNN(1, 16, 2, num_layers=2, max_dim=2, hops=1)
        >>> model([torch.ones(n, 1) for n in K.f_vector], K).shape
        torch.Size([1, 2])
    """

    conv, defaults = SaNNConv, {"activation": torch.relu, "norm": "batch", "embed": False}

    def _of_layer(self, number: int, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """Only the first layer gathers."""
        return options if number == 0 else {**options, "hops": 0}
