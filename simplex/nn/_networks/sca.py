"""SCA, the simplicial complex autoencoder's layers and network."""

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex, require_word
from simplex.nn._checks import require_flags
from simplex.nn._frame.options import StackOptions
from simplex.nn._frame.stacked import StackedNetwork
from simplex.nn._layer import ComplexConv
from simplex.nn._message_passing import BETWEEN, SENDERS, SimplicialMessagePassing
from simplex.nn._modules import Widths, linear
from simplex.nn._reach import Reach, along
from simplex.operators import RowPattern, segment_softmax


SCHEMES = {
    "adjacency": ("upper", "coboundary"),
    "coadjacency": ("lower", "boundary"),
    "homology": ("boundary", "coboundary"),
}


class SCAConv(ComplexConv, SimplicialMessagePassing):
    r"""A layer of one of the schemes AMPS, CMPS and HCMPS: two neighbourhoods, averaged.

    .. math::
        h'_σ = W h_σ + b + \text{mean}_{𝒩 ∈ S} \, \text{aggr}_{τ ∈ 𝒩(σ)} \, Θ_𝒩 h_τ

    The scheme S says from where a simplex hears: ``"coadjacency"`` (CMPS) from its lower
    neighbours and its facets, ``"adjacency"`` (AMPS) from its upper neighbours and its cofacets,
    ``"homology"`` (HCMPS) from its facets and its cofacets. All maps are private to their
    dimension. The mean is over the neighbourhoods that the dimension has; a vertex has none in
    CMPS, and keeps W h + b. All dimensions are updated at once, from the old values.

    Departures from the paper: (1) it leaves the message function, the aggregation and the update
    open; these are linear maps, a sum and an addition. (2) The activation is left to the network.
    (3) Attention is in :class:`SCAAttentionConv`.

    Args:
        in_channels, out_channels, max_dim: see :class:`ComplexConv`.
        scheme: ``"coadjacency"``, ``"adjacency"`` or ``"homology"``.
        aggr: an aggregation of PyG by name, within a neighbourhood.

    Laws:
        Those of :class:`ComplexConv`; blind to the orientation, as no sign enters.

    Cost:
        O(incidences · channels) with aggregations sum and mean.

    Trained by local losses, each map is a problem of its own before the aggregation, which need
    not be linear.

    Paper:
        Hajij, Zamzmi, Papamarkou, Maroulas, Cai, "Simplicial Complex Representation Learning",
        2021, arXiv 2103.04046. TopoModelX's ``SCACMPSLayer`` differs: it updates one dimension
        after the other, so that each is computed from the new values of the one below, in the
        caller's own list; it leaves x_0 as it is; and it weights each message by a sum over the
        whole complex, so that the parts of a batch would change each other.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> conv = SCAConv(8, 16, max_dim=2, scheme="adjacency")
        >>> [tuple(y.shape) for y in conv([torch.ones(n, 8) for n in K.f_vector], K)]
        [(4, 16), (4, 16), (1, 16)]
    """

    def __init__(
        self,
        in_channels: Widths,
        out_channels: int,
        max_dim: int,
        *,
        scheme: str = "coadjacency",
        aggr: str | nn.Module = "sum",
    ) -> None:
        super().__init__(in_channels, out_channels, max_dim, aggr=aggr)
        require_word("scheme", scheme, SCHEMES)
        self.scheme = scheme
        self._messages = {a: self._messages[a] for a in SCHEMES[scheme]}
        self.own = nn.ModuleList(linear(width, out_channels) for width in self.widths)
        self.send = nn.ModuleDict()
        for adjacency in self._messages:
            senders = _senders(adjacency, max_dim)
            self.send[adjacency] = nn.ModuleDict(
                {str(k): linear(self.widths[j], out_channels, False) for k, j in senders.items()}
            )

    @property
    def reach(self) -> Reach | None:
        """How far it sees, see :class:`Reach`."""
        return along(self._messages)

    def convolve(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """One round of messages on all dimensions at once."""
        return SimplicialMessagePassing.convolve(self, x, complex)

    def message_boundary(self, k: int, sender: Tensor) -> Tensor:
        """Θ_B of the facets."""
        return self._map(sender, k, "boundary")

    def message_coboundary(self, k: int, sender: Tensor) -> Tensor:
        """Θ_C of the cofacets."""
        return self._map(sender, k, "coboundary")

    def message_lower(self, k: int, sender: Tensor) -> Tensor:
        """Θ_↓ of the lower neighbours."""
        return self._map(sender, k, "lower")

    def message_upper(self, k: int, sender: Tensor) -> Tensor:
        """Θ_↑ of the upper neighbours."""
        return self._map(sender, k, "upper")

    def _map(self, values: Tensor, k: int, adjacency: str) -> Tensor:
        result: Tensor = self.send[adjacency][str(k)](values)  # type: ignore[index]
        return result

    def update(self, k: int, x: Tensor, messages: dict[str, Tensor]) -> Tensor:
        """The own value and the mean over the neighbourhoods."""
        own: Tensor = self.own[k](x)
        return own + sum(messages.values()) / len(messages) if messages else own


class SCAAttentionConv(SCAConv):
    r"""The same schemes with attention: a softmax over the neighbours weighs their messages.

    .. math::
        h'_σ &= W h_σ + b + \text{mean}_{𝒩 ∈ S} \sum_{τ ∈ 𝒩(σ)} α_{στ} \, Θ_𝒩 h_τ \\
        α_{στ} &= \text{softmax}_{τ ∈ 𝒩(σ)} \,
                  \text{LeakyReLU}\big( a_𝒩^⊤ Θ_𝒩 h_τ + b_𝒩^⊤ h_σ \big)

    Departure from the paper: it leaves the attention function open; this is the additive one, in
    which receiver and sender each have a map, as their widths may differ.

    Args:
        in_channels, out_channels, max_dim: see :class:`ComplexConv`.
        scheme: as in :class:`SCAConv`.

    Laws:
        As :class:`SCAConv`.

    Cost:
        O(pairs of neighbours): quadratic in the degree of a hub for lower neighbours.

    Paper:
        Hajij et al. 2021, as :class:`SCAConv`.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> conv = SCAAttentionConv(8, 16, max_dim=2)
        >>> [tuple(y.shape) for y in conv([torch.ones(n, 8) for n in K.f_vector], K)]
        [(4, 16), (4, 16), (1, 16)]
    """

    def __init__(
        self, in_channels: Widths, out_channels: int, max_dim: int, *, scheme: str = "coadjacency"
    ) -> None:
        super().__init__(in_channels, out_channels, max_dim, scheme=scheme)
        self.of_sender, self.of_receiver = nn.ModuleDict(), nn.ModuleDict()
        for adjacency in SCHEMES[scheme]:
            receivers = _senders(adjacency, max_dim)
            self.of_sender[adjacency] = nn.ModuleDict(
                {str(k): nn.Linear(out_channels, 1, bias=False) for k in receivers}
            )
            self.of_receiver[adjacency] = nn.ModuleDict(
                {str(k): linear(self.widths[k], 1, bias=False) for k in receivers}
            )

    def message_boundary(  # type: ignore[override]
        self, k: int, sender: Tensor, receiver: Tensor, segment: RowPattern
    ) -> Tensor:
        """Θ_B of the facets, weighed."""
        return self._weigh("boundary", k, sender, receiver, segment)

    def message_coboundary(  # type: ignore[override]
        self, k: int, sender: Tensor, receiver: Tensor, segment: RowPattern
    ) -> Tensor:
        """Θ_C of the cofacets, weighed."""
        return self._weigh("coboundary", k, sender, receiver, segment)

    def message_lower(  # type: ignore[override]
        self, k: int, sender: Tensor, receiver: Tensor, segment: RowPattern
    ) -> Tensor:
        """Θ_↓ of the lower neighbours, weighed."""
        return self._weigh("lower", k, sender, receiver, segment)

    def message_upper(  # type: ignore[override]
        self, k: int, sender: Tensor, receiver: Tensor, segment: RowPattern
    ) -> Tensor:
        """Θ_↑ of the upper neighbours, weighed."""
        return self._weigh("upper", k, sender, receiver, segment)

    def _weigh(
        self, adjacency: str, k: int, sender: Tensor, receiver: Tensor, segment: RowPattern
    ) -> Tensor:
        value, place = self._map(sender, k, adjacency), str(k)
        score = self.of_sender[adjacency][place](value)  # type: ignore[index]
        score = score + self.of_receiver[adjacency][place](receiver)  # type: ignore[index]
        score = nn.functional.leaky_relu(score, 0.2)
        return segment_softmax(score, segment) * value  # (E, out_channels)


def _senders(adjacency: str, max_dim: int) -> dict[int, int]:
    """For each receiving dimension that has the neighbourhood, the dimension of the senders."""
    received = (k for k in range(max_dim + 1) if 0 <= k + BETWEEN[adjacency] <= max_dim)
    return {k: k + SENDERS[adjacency] for k in received}


class SCA(StackedNetwork):
    r"""The encoder of the simplicial complex autoencoder with a readout.

    ``model.encode(x, complex)`` gives the embedding of every simplex.

    Departure from the paper: it trains the embeddings to reproduce proximities of simplices, by a
    decoder of inner products; here a label of the complex, or any loss on ``encode``, trains them.

    Args:
        in_channels, hidden_channels, out_channels, num_layers, max_dim, options: see
            :class:`StackedNetwork`.
        scheme: ``"coadjacency"`` (CMPS), ``"adjacency"`` (AMPS) or ``"homology"`` (HCMPS). In each
            of the first two, information moves one way through the dimensions.
        aggr: of :class:`SCAConv`; a sum with attention.
        attention: whether a softmax weighs the neighbours.
        activation: after every layer, and of the readout, ReLU.

    Laws:
        Invariant under relabelling.

    Paper:
        Hajij et al. 2021, arXiv 2103.04046, see :class:`SCAConv`.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = SCA(1, 16, 2, num_layers=2, max_dim=2, attention=True)
        >>> model([torch.ones(n, 1) for n in K.f_vector], K).shape
        torch.Size([1, 2])
    """

    conv, defaults = SCAConv, {"activation": torch.relu}
    activates = ("network", "readout")

    def __init__(
        self,
        in_channels: Widths,
        hidden_channels: int,
        out_channels: int,
        num_layers: int,
        max_dim: int,
        *,
        attention: bool = False,
        **options: Unpack[StackOptions],
    ) -> None:
        require_flags(attention=attention)
        self.attention = attention  # before the layers are made
        super().__init__(in_channels, hidden_channels, out_channels, num_layers, max_dim, **options)

    def _layer(
        self, in_channels: Widths, out_channels: int, max_dim: int, options: Mapping[str, Any]
    ) -> nn.Module:
        layer = SCAAttentionConv if self.attention else SCAConv
        return layer(in_channels, out_channels, max_dim, **options)
