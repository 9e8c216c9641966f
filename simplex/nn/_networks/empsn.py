"""EMPSN, equivariant message passing on geometric complexes: layer and network."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex, require_int
from simplex.nn._checks import (
    require_cochains,
    require_flags,
    require_positive,
    require_tensor_of,
)
from simplex.nn._frame.encoder import CochainEncoder, make_encoder
from simplex.nn._frame.level_readout import make_readout, require_level
from simplex.nn._layer import Layer
from simplex.nn._modules import Module, Widths, joint_width, linear, widths_of
from simplex.nn._networks.geometry import boundary_invariants, facet_pairs, upper_invariants
from simplex.nn._reach import Reach, Sighted, along, one_after_another, reach_of
from simplex.operators import gather_facets, neighbor_counts, scatter_to_facets


class EMPSNConv(Layer):
    r"""Messages from facets and upper neighbours that see volumes, distances and angles.

    .. math::
        h'_σ &= S h_σ + φ_k\big( h_σ ‖ m_{B,σ} ‖ m_{↑,σ} \big) \\
        m_{B,σ} &= \sum_{τ ∈ B(σ)} g(M_B(h_σ, h_τ, I_{στ})), \qquad
        m_{↑,σ} = \sum_{τ ∈ N_↑(σ)} g(M_↑(h_σ, h_τ, I_{στ})) \\
        g(m) &= \text{sigmoid}(w^⊤ m + b) \, m \\
        x'_v &= x_v + \frac{1}{|N_↑(v)|} \sum_{u ∈ N_↑(v)} (x_v - x_u) \, ψ(m_{vu})

    I are invariants of motions: of a facet, the distances to the other vertex and both volumes; of
    an upper neighbour, distances, both volumes and the cosine of the angle between the two. M has
    two dense layers with SiLU; φ and ψ have two; S is the identity, or a dense map where widths
    differ. All maps are private to their dimension and adjacency.

    Departures from the paper: (1) any dimension k; the invariants are written for all k at once.
    (2) The cosine of the angle, which is smooth, in place of the angle. (3) No angles between a
    simplex and its facet: for triangles they follow from the side lengths and the area, which are
    there. (4) The volume of a vertex is 1; the authors' code says 0. (5) Positions move by a mean
    over the neighbours, so that a batch gives what its items give.

    Args:
        in_channels, out_channels, max_dim: see :class:`ComplexConv`; out_channels also of messages.
        update_pos: whether the positions move.

    Shapes:
        Those of :class:`ComplexConv`; positions (n_0, D).

    Laws:
        Features are invariant, positions equivariant, under rotations, reflections and
        translations. Permutation equivariant; the orientation is not seen. A disjoint union gives
        what its parts give. The angle between two triangles is seen where a tetrahedron holds both:
        in dimension 2 a bend along an edge goes unseen, unless positions move.

    Cost:
        O((k+1) · incidences): a hub of degree d costs d. The first dense layer is applied once per
        simplex, not per pair.

    Paper:
        Eijkelboom, Hesselink, Bekkers, "E(n) Equivariant Message Passing Simplicial Networks", ICML
        2023, arXiv 2305.07100; the positions move as in Satorras et al., "E(n) Equivariant Graph
        Neural Networks", ICML 2021.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> conv = EMPSNConv(2, 8, max_dim=2)
        >>> h, pos = conv([torch.ones(n, 2) for n in K.f_vector], K, torch.randn(4, 3))
        >>> [tuple(y.shape) for y in h], tuple(pos.shape)
        ([(4, 8), (4, 8), (1, 8)], (4, 3))
    """

    def __init__(
        self, in_channels: Widths, out_channels: int, max_dim: int, *, update_pos: bool = True
    ) -> None:
        super().__init__()
        widths = widths_of(in_channels, max_dim)
        require_positive(out_channels=out_channels)
        require_flags(update_pos=update_pos)
        self.in_channels, self.out_channels, self.max_dim = in_channels, out_channels, max_dim
        self.update_pos = update_pos
        self.skip = nn.ModuleList(
            nn.Identity() if width == out_channels else linear(width, out_channels, bias=False)
            for width in widths
        )
        self.boundary = nn.ModuleList(
            GeometricMessage(own, below, 3, out_channels)
            for own, below in zip(widths[1:], widths, strict=False)
        )
        self.upper = nn.ModuleList(
            GeometricMessage(own, own, 6, out_channels) for own in widths[:-1]
        )
        self.update = nn.ModuleList(
            _two_layers(
                joint_width([width, *[out_channels] * ((k > 0) + (k < max_dim))]),
                out_channels,
                out_channels,
            )
            for k, width in enumerate(widths)
        )
        self.move = None
        if update_pos and max_dim > 0:
            self.move = _two_layers(out_channels, out_channels, 1, bias=False)

    @property
    def reach(self) -> Reach | None:
        """How far it sees, see :class:`Reach`."""
        return along(("boundary", "upper"))

    def forward(
        self, x: Sequence[Tensor], complex: SimplicialComplex, pos: Tensor
    ) -> tuple[list[Tensor], Tensor]:
        """One round of messages on all dimensions at once.

        Args:
            x: one cochain (n_k, in_channels) per dimension 0 … max_dim; left as they are.
            complex: the complex, or the disjoint union of a batch.
            pos: (n_0, D) positions of the vertices; left as they are.

        Returns:
            One cochain (n_k, out_channels) per dimension, and the positions, moved or as they were.

        Raises:
            ValueError: the cochains or positions do not fit the complex or ``max_dim``.
        """
        require_cochains(complex, x, self.max_dim, self.in_channels, next(self.parameters()))
        require_tensor_of("pos", pos, "a tensor of shape (n_0, D)")
        if pos.ndim != 2 or len(pos) != complex.num_simplices(0):
            raise ValueError(
                f"pos must have shape (n_0, D) with n_0 = {complex.num_simplices(0)}, got "
                f"{tuple(pos.shape)}."
            )
        result, moved = [], pos
        for k in range(self.max_dim + 1):
            state = [x[k]]
            if k > 0:
                state.append(self._from_boundary(x, complex, pos, k))
            if k < self.max_dim:
                messages = self._from_upper(x[k], complex, pos, k)
                state.append(scatter_to_facets(complex, messages, k + 1))
                if k == 0 and self.move is not None:
                    moved = pos + self._shift(messages, complex, pos)
            result.append(self.skip[k](x[k]) + self.update[k](torch.cat(state, dim=-1)))
        return result, moved

    def _from_boundary(
        self, x: Sequence[Tensor], complex: SimplicialComplex, pos: Tensor, k: int
    ) -> Tensor:
        message: GeometricMessage = self.boundary[k - 1]  # type: ignore[assignment]
        receiver = message.receive(x[k])[:, None]  # (n_k, 1, out_channels)
        sender = gather_facets(complex, message.send(x[k - 1]), k)  # (n_k, k+1, out_channels)
        total: Tensor = message(receiver, sender, boundary_invariants(complex, pos, k)).sum(1)
        return total

    def _from_upper(self, x: Tensor, complex: SimplicialComplex, pos: Tensor, k: int) -> Tensor:
        """What each cofacet has for each of its facets: (n_{k+1}, k+2, out_channels)."""
        message: GeometricMessage = self.upper[k]  # type: ignore[assignment]
        _, senders, _ = facet_pairs(k + 2)
        receiver = gather_facets(complex, message.receive(x), k + 1)[:, :, None]  # (…, k+2, 1, C)
        sender = gather_facets(complex, message.send(x), k + 1)[:, senders]
        # (n_{k+1}, k+2, k+1, C): for each facet the others. A -1 is not inferred of no rows.
        sender = sender.view(len(sender), k + 2, k + 1, -1 if len(sender) else self.out_channels)
        total: Tensor = message(receiver, sender, upper_invariants(complex, pos, k)).sum(2)
        return total

    def _shift(self, messages: Tensor, complex: SimplicialComplex, pos: Tensor) -> Tensor:
        """A vertex has one neighbour on each edge, so messages of edges are those of pairs."""
        ends = gather_facets(complex, pos, 1)  # (n_1, 2, D)
        weight: Tensor = self.move(messages)  # type: ignore[misc]  # (n_1, 2, 1)
        shift = (ends - ends.flip(1)) * weight.to(pos.dtype)
        degree = neighbor_counts(complex, 0, "upper").clamp(min=1)
        return scatter_to_facets(complex, shift, 1) / degree[:, None]


def _two_layers(
    in_channels: int, hidden_channels: int, out_channels: int, bias: bool = True
) -> nn.Sequential:
    first = linear(in_channels, hidden_channels)
    return nn.Sequential(first, nn.SiLU(), nn.Linear(hidden_channels, out_channels, bias=bias))


class GeometricMessage(nn.Module):
    r"""The gated message g(M(h_σ, h_τ, I)); its first layer is split by what it sees.

    .. math:: W (h_σ ‖ h_τ ‖ I) + b = (W_1 h_σ + b) + W_2 h_τ + W_3 I
    """

    def __init__(
        self, receiver_channels: int, sender_channels: int, num_invariants: int, out_channels: int
    ) -> None:
        super().__init__()
        self.receive = linear(receiver_channels, out_channels)
        self.send = linear(sender_channels, out_channels, bias=False)
        self.see = nn.Linear(num_invariants, out_channels, bias=False)
        self.second = nn.Linear(out_channels, out_channels)
        self.gate = nn.Linear(out_channels, 1)

    def forward(self, receiver: Tensor, sender: Tensor, invariants: Tensor) -> Tensor:
        """Messages of rows whose features ``receive`` and ``send`` have mapped already."""
        first = nn.functional.silu(receiver + sender + self.see(invariants))
        message = nn.functional.silu(self.second(first))
        return message * torch.sigmoid(self.gate(message))


class EMPSN(Sighted, Module):
    r"""An embedding of each dimension, layers of :class:`EMPSNConv`, and a readout.

    .. math::
        h_k^{(0)} = W_k x_k, \qquad
        (h^{(l+1)}, p^{(l+1)}) = \text{EMPSNConv}_l(h^{(l)}, K, p^{(l)}), \qquad
        y = \text{Readout}(h^{(L)}, K)

    Call it as ``model(x, complex, pos)``; for a batch,
    ``model(batch.cochains(), batch.complex, batch.pos)``.

    Args:
        in_channels, hidden_channels, out_channels, num_layers, max_dim: see
            :class:`StackedNetwork`.
        embed: the embedding, where it is not a linear map of each dimension: see
            :class:`CochainEncoder`.
        update_pos: whether every layer moves the positions; :meth:`encode` gives the last ones, for
            tasks on them. A call reads features alone.
        dropout, reduce, reduce_dims, readout_dims, level: see :class:`SimplicialNetwork`.

    Laws:
        Invariant under rotations, reflections, translations, relabelling and reorientation; batched
        equals one by one.

    Paper:
        Eijkelboom, Hesselink, Bekkers, ICML 2023, arXiv 2305.07100. Departure: the readout is that
        of the other networks here.

    Example:
        >>> import torch
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = EMPSN(1, 16, 2, num_layers=2, max_dim=2)
        >>> model([torch.ones(n, 1) for n in K.f_vector], K, torch.randn(4, 3)).shape
        torch.Size([1, 2])
    """

    def __init__(
        self,
        in_channels: Widths,
        hidden_channels: int,
        out_channels: int,
        num_layers: int,
        max_dim: int,
        *,
        embed: CochainEncoder | None = None,
        update_pos: bool = False,
        dropout: float = 0.0,
        reduce: Literal["sum", "mean", "max"] = "sum",
        reduce_dims: Literal["sum", "mean"] = "sum",
        readout_dims: Sequence[int] | None = None,
        level: int | None = None,
    ) -> None:
        super().__init__()
        require_int("num_layers", num_layers, 1)
        require_int("hidden_channels", hidden_channels, 1)
        require_level(level, max_dim)
        self.max_dim, self.level = max_dim, level
        self.embed = make_encoder(embed, in_channels, hidden_channels, max_dim, oriented=False)
        self.convs = nn.ModuleList(
            EMPSNConv(hidden_channels, hidden_channels, max_dim, update_pos=update_pos)
            for _ in range(num_layers)
        )
        self.readout = make_readout(
            hidden_channels,
            2 * hidden_channels,
            out_channels,
            list(range(max_dim + 1)) if readout_dims is None else readout_dims,
            reduce=reduce,
            reduce_dims=reduce_dims,
            dropout=dropout,
            activation=nn.functional.silu,
            level=level,
        )

    @property
    def reach(self) -> Reach | None:
        """How far it sees, see :class:`Reach`."""
        return one_after_another(map(reach_of, (*self.convs, self.readout)))

    def encode(
        self, x: Sequence[Tensor], complex: SimplicialComplex, pos: Tensor
    ) -> tuple[list[Tensor], Tensor]:
        """The cochains after all layers, and the positions, moved or as they were."""
        h = self.embed(x, complex)
        for conv in self.convs:
            h, pos = conv(h, complex, pos)
        return h, pos

    def forward(self, x: Sequence[Tensor], complex: SimplicialComplex, pos: Tensor) -> Tensor:
        """One row per part, or simplex of the level; arguments as of :class:`EMPSNConv`."""
        result: Tensor = self.readout(self.encode(x, complex, pos)[0], complex)
        return result
