"""The general message passing simplicial network: any of the four adjacencies, dense messages."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex, require_int
from simplex.nn._checks import require_adjacencies
from simplex.nn._frame.stacked import StackedNetwork
from simplex.nn._layer import ComplexConv
from simplex.nn._message_passing import BETWEEN, SENDERS, SimplicialMessagePassing
from simplex.nn._modules import Widths, joint_width, mlp
from simplex.nn._reach import Reach, along
from simplex.operators import ADJACENCIES


class MPSNConv(ComplexConv, SimplicialMessagePassing):
    r"""Message passing over any of the four adjacencies, with dense maps for messages and update.

    .. math::
        m_{B,σ} &= \text{aggr}_{τ ∈ B(σ)} \, M_B(h_σ ‖ h_τ), &\qquad
        m_{↓,σ} &= \text{aggr}_{τ ∈ N_↓(σ)} \, M_↓(h_σ ‖ h_τ ‖ h_{σ ∩ τ}) \\
        m_{C,σ} &= \text{aggr}_{τ ∈ C(σ)} \, M_C(h_σ ‖ h_τ), &\qquad
        m_{↑,σ} &= \text{aggr}_{τ ∈ N_↑(σ)} \, M_↑(h_σ ‖ h_τ ‖ h_{σ ∪ τ}) \\
        h'_σ &= U(h_σ ‖ m_{B,σ} ‖ m_{C,σ} ‖ m_{↓,σ} ‖ m_{↑,σ})

    Each M and U is a dense network, an activation after every layer, private to its dimension.
    Messages that a dimension cannot have (boundary and lower at 0, coboundary and upper at the top)
    are left out of U. With injective maps the layer is as strong as the SWL test, and boundary with
    upper messages alone are as strong as all four (Theorems 10 and 6).

    Args:
        in_channels, out_channels, max_dim: see :class:`ComplexConv`; out_channels also of messages.
        adjacencies: which messages are sent, some of ``"boundary"``, ``"coboundary"``, ``"lower"``,
            ``"upper"``.
        aggr, max_pairs: see :class:`SimplicialMessagePassing`.
        num_layers: dense layers in each M and U.
        activation: after each of them.

    Laws:
        Those of :class:`ComplexConv`; blind to the orientation, as no sign enters.

    Cost:
        O(pairs of neighbours), as every message sees its receiver: quadratic in the degree of a hub
        for lower messages, at bounded memory. :class:`SINConv` costs O(incidences).

    Paper:
        Bodnar et al., "Weisfeiler and Lehman Go Topological: Message Passing Simplicial Networks",
        ICML 2021, arXiv 2103.03212, Definition 4.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> conv = MPSNConv(8, 16, max_dim=2, adjacencies=("lower", "upper"), aggr="max")
        >>> [tuple(y.shape) for y in conv([torch.ones(n, 8) for n in K.f_vector], K)]
        [(4, 16), (4, 16), (1, 16)]
    """

    def __init__(
        self,
        in_channels: Widths,
        out_channels: int,
        max_dim: int,
        *,
        adjacencies: Sequence[str] = ("boundary", "upper"),
        aggr: str | nn.Module = "sum",
        num_layers: int = 2,
        activation: Callable[[Tensor], Tensor] = torch.relu,
        max_pairs: int = 1 << 20,
    ) -> None:
        super().__init__(in_channels, out_channels, max_dim, aggr=aggr, max_pairs=max_pairs)
        require_adjacencies(adjacencies)
        require_int("num_layers", num_layers, 1)
        self._messages = {a: self._messages[a] for a in ADJACENCIES if a in adjacencies}
        widths = self.widths
        self.message = nn.ModuleDict()
        for adjacency in self._messages:
            self.message[adjacency] = nn.ModuleList(
                mlp(joint_width(widths[j] for j in seen), out_channels, num_layers, activation)
                for seen in (_seen(adjacency, k, max_dim) for k in range(max_dim + 1))
                if seen
            )
        self.combine = nn.ModuleList()
        for k, own in enumerate(widths):
            number = sum(bool(_seen(adjacency, k, max_dim)) for adjacency in self._messages)
            width = joint_width([own, number * out_channels])
            self.combine.append(mlp(width, out_channels, num_layers, activation))

    @property
    def reach(self) -> Reach | None:
        """How far it sees, see :class:`Reach`."""
        return along(self._messages)

    def convolve(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """One round of messages on all dimensions at once."""
        return SimplicialMessagePassing.convolve(self, x, complex)

    def message_boundary(self, k: int, receiver: Tensor, sender: Tensor) -> Tensor:
        """M_B of each pair of a k-simplex and a facet."""
        return self._send("boundary", k - 1, receiver, sender)

    def message_coboundary(self, k: int, receiver: Tensor, sender: Tensor) -> Tensor:
        """M_C of each pair of a k-simplex and a cofacet."""
        return self._send("coboundary", k, receiver, sender)

    def message_lower(self, k: int, receiver: Tensor, sender: Tensor, shared: Tensor) -> Tensor:
        """M_↓ of each pair of k-simplices with a common facet."""
        return self._send("lower", k - 1, receiver, sender, shared)

    def message_upper(self, k: int, receiver: Tensor, sender: Tensor, shared: Tensor) -> Tensor:
        """M_↑ of each pair of k-simplices with a common cofacet."""
        return self._send("upper", k, receiver, sender, shared)

    def _send(self, adjacency: str, place: int, *values: Tensor) -> Tensor:
        maps = self.message[adjacency]
        result: Tensor = maps[place](torch.cat(values, dim=-1))  # type: ignore[index]
        return result

    def update(self, k: int, x: Tensor, messages: dict[str, Tensor]) -> Tensor:
        """U of the features and of what has reached them."""
        result: Tensor = self.combine[k](torch.cat([x, *messages.values()], dim=-1))
        return result


class MPSN(StackedNetwork):
    r"""The general message passing simplicial network for whole complexes.

    :class:`SIN` is the member of this family that the paper's experiments use; it costs less.

    Args:
        in_channels, hidden_channels, out_channels, num_layers, max_dim, options: see
            :class:`StackedNetwork`.
        adjacencies, aggr, max_pairs: of :class:`MPSNConv`.
        activation: of all layers and of the readout, ReLU.

    Laws:
        Invariant under relabelling.

    Paper:
        Bodnar et al. 2021, Section 4.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = MPSN(1, 16, 2, num_layers=2, max_dim=2, aggr="mean")
        >>> model([torch.ones(n, 1) for n in K.f_vector], K).shape
        torch.Size([1, 2])
    """

    conv, defaults = MPSNConv, {"activation": torch.relu}
    activates = ("layer", "readout")


def _seen(adjacency: str, k: int, max_dim: int) -> list[int]:
    """The dimensions of what a message to a k-simplex is made of; none if there are no messages."""
    between = k + BETWEEN[adjacency]
    if not 0 <= between <= max_dim:
        return []
    return [k, k, between] if SENDERS[adjacency] == 0 else [k, between]
