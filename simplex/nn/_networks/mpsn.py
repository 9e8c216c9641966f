"""The general message passing simplicial network: any of the four adjacencies, dense messages."""

from collections.abc import Callable, Iterable, Sequence
from typing import Unpack

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex
from simplex.nn._checks import require_cochains
from simplex.nn._message_passing import SimplicialMessagePassing
from simplex.nn._modules import dense, reset_submodules, widths_of
from simplex.nn._network import NetworkOptions, SimplicialNetwork, layer_widths
from simplex.operators import ADJACENCIES


class MPSNConv(SimplicialMessagePassing):
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
        in_channels: width of all cochains; or one per dimension; or -1, taken from the first input.
        out_channels: width of messages and result.
        max_dim: the top dimension of the cochains.
        adjacencies: which messages are sent, some of ``"boundary"``, ``"coboundary"``, ``"lower"``,
            ``"upper"``.
        aggr: an aggregation of PyG by name, or an instance of one.
        num_layers: dense layers in each M and U.
        activation: after each of them.
        max_pairs: as in :class:`SimplicialMessagePassing`.

    Shapes:
        ``x[k]`` (n_k, in_channels) to (n_k, out_channels), k = 0 … max_dim; empty ones as well.

    Laws:
        Permutation equivariant; blind to the orientation, as no sign enters; a disjoint union gives
        what its parts give.

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
        in_channels: int | Sequence[int],
        out_channels: int,
        max_dim: int,
        *,
        adjacencies: Sequence[str] = ("boundary", "upper"),
        aggr: str | nn.Module = "sum",
        num_layers: int = 2,
        activation: Callable[[Tensor], Tensor] = torch.relu,
        max_pairs: int = 1 << 20,
    ) -> None:
        super().__init__(aggr, max_pairs=max_pairs)
        if not adjacencies or not set(adjacencies) <= set(ADJACENCIES):
            raise ValueError(
                f"adjacencies must be some of {', '.join(map(repr, ADJACENCIES))}, got "
                f"{list(adjacencies)}."
            )
        if num_layers < 1:
            raise ValueError(f"num_layers must be at least 1, got {num_layers}.")
        self.in_channels, self.out_channels, self.max_dim = in_channels, out_channels, max_dim
        self._messages = {a: self._messages[a] for a in ADJACENCIES if a in adjacencies}
        widths = widths_of(in_channels, max_dim)
        self.message = nn.ModuleDict()
        for adjacency in self._messages:
            self.message[adjacency] = nn.ModuleList(
                dense(_sum(widths[j] for j in seen), out_channels, num_layers, activation)
                for seen in (_seen(adjacency, k, max_dim) for k in range(max_dim + 1))
                if seen
            )
        self.combine = nn.ModuleList()
        for k, own in enumerate(widths):
            number = sum(bool(_seen(adjacency, k, max_dim)) for adjacency in self._messages)
            width = _sum([own, number * out_channels])
            self.combine.append(dense(width, out_channels, num_layers, activation))

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        reset_submodules(self)

    def forward(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """One round of messages on all dimensions at once.

        Args:
            x: one cochain (n_k, in_channels) per dimension 0 … max_dim; left as they are.
            complex: the complex, or the disjoint union of a batch.

        Returns:
            One cochain (n_k, out_channels) per dimension.

        Raises:
            ValueError: the cochains do not fit the complex or ``max_dim``.
        """
        require_cochains(complex, x, self.max_dim, self.in_channels)
        return super().forward(x, complex)

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

    def __repr__(self) -> str:
        return (
            f"MPSNConv({self.in_channels}, {self.out_channels}, max_dim={self.max_dim}, "
            f"adjacencies={self.adjacencies})"
        )


class MPSN(SimplicialNetwork):
    r"""The general message passing simplicial network for whole complexes.

    .. math:: h^{(l+1)} = \text{MPSNConv}_l(h^{(l)}, K), \qquad y = \text{Readout}(h^{(L)}, K)

    :class:`SIN` is the member of this family that the paper's experiments use; it costs less.

    Args:
        in_channels: width of the cochains; or one per dimension; or -1, taken from the first input.
        hidden_channels: width of the layers.
        out_channels: width of the result.
        num_layers: number of :class:`MPSNConv` layers.
        max_dim: the top dimension of the cochains.
        adjacencies: which messages are sent, as in :class:`MPSNConv`.
        aggr: how they are aggregated.
        activation: of all layers and of the readout.
        **options: as in :class:`SimplicialNetwork`; a norm stands after each layer.

    Laws:
        Invariant under relabelling. In evaluation mode, batched equals one by one.

    Paper:
        Bodnar et al. 2021, Section 4.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = MPSN(1, 16, 2, num_layers=2, max_dim=2, aggr="mean")
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
        adjacencies: Sequence[str] = ("boundary", "upper"),
        aggr: str = "sum",
        activation: Callable[[Tensor], Tensor] = torch.relu,
        **options: Unpack[NetworkOptions],
    ) -> None:
        convs = [
            MPSNConv(
                width,
                hidden_channels,
                max_dim,
                adjacencies=adjacencies,
                aggr=aggr,
                activation=activation,
            )
            for width in layer_widths(in_channels, hidden_channels, num_layers)
        ]
        super().__init__(
            convs,
            hidden_channels,
            out_channels,
            max_dim,
            readout_activation=activation,
            **options,
        )


def _seen(adjacency: str, k: int, max_dim: int) -> list[int]:
    """The dimensions of what a message to a k-simplex is made of; none if there are no messages."""
    step = 1 if adjacency in ("coboundary", "upper") else -1
    if not 0 <= k + step <= max_dim:
        return []
    return [k, k, k + step] if adjacency in ("lower", "upper") else [k, k + step]


def _sum(widths: Iterable[int]) -> int:
    """The width of a concatenation, -1 where one is not known yet."""
    known = list(widths)
    return -1 if -1 in known else sum(known)
