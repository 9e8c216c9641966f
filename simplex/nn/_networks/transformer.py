"""The simplicial transformer: the simplices of all dimensions as tokens of one attention."""

import math
from collections.abc import Callable, Sequence
from typing import Unpack

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex, require_int, require_word
from simplex.nn._checks import (
    require_adjacencies,
    require_functions,
    require_positive,
    require_rates,
)
from simplex.nn._frame.options import StackOptions
from simplex.nn._frame.stacked import StackedNetwork
from simplex.nn._layer import ComplexConv
from simplex.nn._modules import Module, Widths, linear
from simplex.nn._networks.tokens import attend_incidences, attend_parts, num_kinds
from simplex.nn._reach import Reach, along


ATTENTION: dict[str, tuple[Callable[..., Tensor], ...]] = {
    "incidence": (attend_incidences,),
    "global": (attend_parts,),
    "both": (attend_incidences, attend_parts),
}


class SimplicialTransformerConv(ComplexConv):
    r"""A pre-norm transformer block whose tokens are the simplices of all dimensions.

    .. math::
        h_σ &= W_{k} x_σ + e_{k}, \qquad k = \dim σ \\
        α_{στ}^i &= \underset{τ ∈ N(σ)}{\text{softmax}} \Big( \tfrac{1}{\sqrt d}
            \big⟨ Q_k^i \, \text{norm}(h_σ), \; K_l^i \, \text{norm}(h_τ) \big⟩
            + b^i_{κ(σ, τ)} \Big), \qquad l = \dim τ \\
        h'_σ &= h_σ + O_k \Big‖_{i=1}^{H} \sum_{τ ∈ N(σ)} α_{στ}^i \, V_l^i \, \text{norm}(h_τ) \\
        y_σ &= h'_σ + W''_k \, a\big( W'_k \, \text{norm}(h'_σ) \big)

    Where widths agree there is no first map, h = x. With ``attention="incidence"`` N(σ) is σ and
    its neighbours by ``adjacencies``; with ``"global"`` all simplices of its part; with ``"both"``
    the results of the two are added, each with Q, K, V, O and b of its own. The kind κ of a pair
    says both dimensions, and whether τ is σ itself, an incident or lower neighbour, an upper one,
    both or neither. The other maps are private to a dimension; biases tell it from the others.

    Departures from the paper: (1) Its attention is dense; here it is so in ``"global"`` alone, and
    ``"incidence"`` is masked by the relations whose matrices bias it there. (2) A number for each
    kind of pair is the bias, in place of a function of a matrix between two dimensions. (3) One
    softmax runs over the senders of all dimensions, as in its general attention, with its maps
    private to a dimension; its pairwise attention has maps and a softmax for each pair of
    dimensions. (4) Any number of dimensions; it has three. (5) Norms come first, as is usual
    since; ``"both"`` adds a local and a global attention, as GPS does. (6) Positional
    encodings are columns of the cochains, from ``simplex.transforms``.

    Args:
        in_channels, max_dim: see :class:`ComplexConv`.
        out_channels: width of the result, H heads of d together; a multiple of ``heads``.
        heads: H.
        attention: ``"incidence"``, ``"global"`` or ``"both"``.
        adjacencies: which simplices are neighbours, of ``"boundary"``, ``"coboundary"``,
            ``"lower"`` and ``"upper"``.
        expansion: how many times ``out_channels`` the two dense layers have between them.
        activation: a.
        attention_dropout: probability of each α being dropped, in training.
        branch_dropout: probability of each number being dropped that is added to h or h', in
            training.

    Laws:
        Those of :class:`ComplexConv`. There are no signs: a reorientation changes nothing.

    Cost:
        O(pairs) in time and memory, which is O(incidences) unless ``"lower"`` is among the
        adjacencies; ``"global"`` takes the square of the largest part for each part.

    Paper:
        Ballester et al., "Attending to Topological Spaces: The Cellular Transformer", 2024,
        arXiv 2405.14094; local and global attention after Rampášek et al., "Recipe for a General,
        Powerful, Scalable Graph Transformer", NeurIPS 2022, arXiv 2205.12454.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> conv = SimplicialTransformerConv(1, 8, max_dim=2)
        >>> [tuple(y.shape) for y in conv([torch.ones(n, 1) for n in K.f_vector], K)]
        [(4, 8), (4, 8), (1, 8)]
    """

    def __init__(
        self,
        in_channels: Widths,
        out_channels: int,
        max_dim: int,
        *,
        heads: int = 4,
        attention: str = "incidence",
        adjacencies: Sequence[str] = ("boundary", "coboundary", "upper"),
        expansion: int = 2,
        activation: Callable[[Tensor], Tensor] = nn.functional.gelu,
        attention_dropout: float = 0.0,
        branch_dropout: float = 0.0,
    ) -> None:
        super().__init__(in_channels, out_channels, max_dim)
        require_positive(out_channels=out_channels, expansion=expansion)
        require_int("heads", heads, 1)
        if out_channels % heads:
            raise ValueError(
                f"out_channels must be a multiple of heads, got {out_channels} and {heads}."
            )
        require_word("attention", attention, ATTENTION)
        require_adjacencies(adjacencies)
        require_functions(activation=activation)
        require_rates(attention_dropout=attention_dropout, branch_dropout=branch_dropout)
        self.heads, self.attention, self.adjacencies = heads, attention, tuple(adjacencies)
        self.expansion, self.activation = expansion, activation
        self.attention_dropout, self.branch_dropout = attention_dropout, branch_dropout
        dims = range(max_dim + 1)
        self.entry = nn.ModuleList(
            nn.Identity() if width == out_channels else linear(width, out_channels)
            for width in self.widths
        )
        self.attentions = nn.ModuleList(
            _Attention(attend, out_channels, max_dim, heads, attention_dropout)
            for attend in ATTENTION[attention]
        )
        self.drop = nn.Dropout(branch_dropout)
        wide = expansion * out_channels
        self.norms = nn.ModuleList(nn.LayerNorm(out_channels) for _ in dims)
        self.second_norms = nn.ModuleList(nn.LayerNorm(out_channels) for _ in dims)
        self.widen = nn.ModuleList(linear(out_channels, wide) for _ in dims)
        self.narrow = nn.ModuleList(linear(wide, out_channels) for _ in dims)

    @property
    def reach(self) -> Reach | None:
        """How far it sees, see :class:`Reach`."""
        return along(self.adjacencies) if self.attention == "incidence" else None

    def convolve(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """One block on all dimensions at once."""
        h = [entry(values) for entry, values in zip(self.entry, x, strict=True)]
        tokens = [norm(values) for norm, values in zip(self.norms, h, strict=True)]
        for attention in self.attentions:
            branch = attention(tokens, complex, self.adjacencies)
            h = [own + self.drop(new) for own, new in zip(h, branch, strict=True)]
        return [values + self.drop(self._dense(values, k)) for k, values in enumerate(h)]

    def _dense(self, h: Tensor, k: int) -> Tensor:
        wide = self.activation(self.widen[k](self.second_norms[k](h)))
        result: Tensor = self.narrow[k](wide)
        return result


class _Attention(Module):
    """The maps of one attention, and what it brings to the tokens of each dimension."""

    def __init__(
        self,
        attend: Callable[..., Tensor],
        channels: int,
        max_dim: int,
        heads: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.attend, self.max_dim, self.heads = attend, max_dim, heads
        self.maps = nn.ModuleList(linear(channels, 3 * channels) for _ in range(max_dim + 1))
        self.merge = nn.ModuleList(linear(channels, channels) for _ in range(max_dim + 1))
        self.bias = nn.Parameter(torch.zeros(num_kinds(max_dim), heads))
        self.drop = nn.Dropout(dropout)

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        super().reset_parameters()
        nn.init.zeros_(self.bias)

    def forward(
        self, tokens: Sequence[Tensor], complex: SimplicialComplex, adjacencies: Sequence[str]
    ) -> list[Tensor]:
        """One tensor like the tokens of each dimension."""
        mapped = torch.cat([of_k(x) for of_k, x in zip(self.maps, tokens, strict=True)])
        width = mapped.shape[1] // (3 * self.heads)
        query, key, value = mapped.view(-1, 3, self.heads, width).movedim(0, 2)  # (H, N, d) each
        query = query / math.sqrt(width)
        sent = self.attend(
            complex, query, key, value, self.bias, self.max_dim, adjacencies, drop=self.drop
        )
        rows = sent.movedim(0, 1).flatten(1)  # (N, H·d)
        pieces = torch.split(rows, [len(x) for x in tokens])
        return [merge(piece) for merge, piece in zip(self.merge, pieces, strict=True)]


class TransformerOptions(StackOptions, total=False):
    """The options of the network, with those of its blocks."""

    attention: str
    attention_dropout: float
    branch_dropout: float
    expansion: int


class SimplicialTransformer(StackedNetwork):
    r"""Blocks of :class:`SimplicialTransformerConv`, a norm of what they leave, and a readout.

    .. math:: y = \text{Readout}\big( \text{norm}( h^{(L)} ), K \big)

    Args:
        in_channels, hidden_channels, out_channels, num_layers, max_dim, options: see
            :class:`StackedNetwork`; ``skip`` and ``norm`` are in the blocks already.
        heads, attention, adjacencies, expansion, attention_dropout, branch_dropout: of
            :class:`SimplicialTransformerConv`; ``hidden_channels`` is a multiple of ``heads``.
        activation: a, within the blocks: GELU.

    Laws:
        Invariant under relabelling and reorientation.

    Paper:
        Ballester et al. 2024, arXiv 2405.14094; the readout is that of the other networks here.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = SimplicialTransformer(1, 16, 2, num_layers=2, max_dim=2, attention="both")
        >>> model([torch.ones(n, 1) for n in K.f_vector], K).shape
        torch.Size([1, 2])
    """

    conv, activates = SimplicialTransformerConv, ("layer",)

    def __init__(
        self,
        in_channels: Widths,
        hidden_channels: int,
        out_channels: int,
        num_layers: int,
        max_dim: int,
        **options: Unpack[TransformerOptions],
    ) -> None:
        sizes = (in_channels, hidden_channels, out_channels, num_layers, max_dim)
        super().__init__(*sizes, **options)  # type: ignore[misc]  # of the blocks as well
        width = hidden_channels * (num_layers if self.jumping_knowledge == "cat" else 1)
        self.last_norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(max_dim + 1))

    def _finished(
        self, layers: Sequence[Sequence[Tensor]], complex: SimplicialComplex
    ) -> list[Tensor]:
        """The last norm of what the blocks leave."""
        h = super()._finished(layers, complex)
        return [norm(values) for norm, values in zip(self.last_norms, h, strict=True)]
