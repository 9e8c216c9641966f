"""MLP-Mixer on simplicial complexes: blocks of token mixing and channel mixing, and a readout."""

from collections.abc import Callable, Sequence
from typing import Literal, TypedDict, Unpack

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex
from simplex.nn._checks import require_positive
from simplex.nn._cochain_mixer.block import SimplicialMixerConv, mixer_norms
from simplex.nn._cochain_mixer.channel import ChannelMixerConv
from simplex.nn._cochain_mixer.kernel import KernelMixerConv
from simplex.nn._cochain_mixer.operator import OperatorMixerConv
from simplex.nn._frame.encoder import CochainEncoder, make_encoder
from simplex.nn._modules import Widths, widths_of
from simplex.nn._network import SimplicialNetwork


class MixerOptions(TypedDict, total=False):
    """Keyword arguments that go to :class:`SimplicialNetwork`."""

    dropout: float
    jumping_knowledge: Literal["cat", "max"] | None
    reduce_dims: Literal["sum", "mean"]
    readout_dims: Sequence[int] | None
    level: int | None
    signed_output: bool


_TOKEN_MIXINGS: dict[str, Callable[..., nn.Module]] = {
    "kernel": KernelMixerConv,
    "operator": OperatorMixerConv,
}


class SimplicialMixer(SimplicialNetwork):
    r"""Dense maps into the network, blocks that mix tokens and channels by turns, a readout.

    .. math::
        h^{(0)}_k = x_k W_k \, (+ b_k), \qquad h^{(l+1)} = \text{block}_l(h^{(l)}, K), \qquad
        y = \text{Readout}\big( \text{norm}(h^{(L)}), K \big)

    with blocks :class:`SimplicialMixerConv`. Call it as ``model(x, complex)``; for a batch,
    ``model(batch.cochains(), batch.complex)``; with a condition, such as the time of a diffusion,
    ``model.encode(x, complex, cond)`` gives the cochains that it predicts.

    The token mixing is an operator between simplices, a function of codes (``"kernel"``, of low
    rank and global) or polynomials of Laplacians (``"operator"``, local), with a non-linearity on
    the token axis and weights shared by all channels. This sharing, and the mixing by turns, are
    what MLP-Mixer is; messages are passed all the same.

    Args:
        in_channels, hidden_channels, out_channels, num_layers, max_dim: see
            :class:`StackedNetwork`; hidden_channels is C.
        embed: the maps into the network, where they are not linear: see :class:`CochainEncoder`.
        mixing: ``"kernel"`` for :class:`KernelMixerConv`, ``"operator"`` for
            :class:`OperatorMixerConv`; or what makes it, called as ``mixing(tokens_mlp_dim,
            max_dim, signed=signed)``, such as ``partial(OperatorMixerConv, up_order=4)``.
        tokens_mlp_dim: width of the token MLP, D_S; ``None`` for C/2 as in the paper.
        channels_mlp_dim: width of the channel MLP, D_C; ``None`` for 4 C as in the paper.
        neighbors: whether the channels of facets and cofacets enter the channel mixing.
        norm: as in :class:`SimplicialMixerConv`.
        layer_dropout: probability, on what each half of a block adds.
        reduce: how the simplices of one dimension are pooled; the mean, as in the paper, because
            after the last norm all of them are large.
        cond_channels: width of a condition for each part, or ``None`` for none.
        signed: whether the cochains are oriented; ``False`` for features without orientation, such
            as sums over vertices.
        activation, odd_activation: of the channel MLP, see :class:`ChannelMixerConv`; those of the
            token MLP are arguments of its layer.
        options: dropout, jumping_knowledge, reduce_dims, readout_dims, level and signed_output, see
            :class:`SimplicialNetwork`.

    Raises:
        TypeError: a size is no integer, ``signed`` no bool, or an activation no function.
        ValueError: a size is too small, or an option is none of its values or breaks the laws.

    Laws:
        Invariant under relabelling; under reorientation if signed. In evaluation mode a batch gives
        what its items give.

    Cost:
        Linear in the incidences.

    Paper:
        Tolstikhin et al., "MLP-Mixer: An all-MLP Architecture for Vision", NeurIPS 2021,
        arXiv:2105.01601. The step to complexes is ours.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = SimplicialMixer(1, 8, 2, num_layers=2, max_dim=2, mixing="kernel")
        >>> x = [torch.ones(n, 1) for n in K.f_vector]
        >>> model(x, K).shape, model.encode(x, K)[1].shape
        (torch.Size([1, 2]), torch.Size([4, 8]))
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
        mixing: Literal["kernel", "operator"] | Callable[..., nn.Module] = "operator",
        tokens_mlp_dim: int | None = None,
        channels_mlp_dim: int | None = None,
        neighbors: bool = True,
        norm: Literal["layer", "rms", "batch", "graph"] = "layer",
        layer_dropout: float = 0.0,
        reduce: Literal["sum", "mean", "max"] = "mean",
        cond_channels: int | None = None,
        signed: bool = True,
        activation: Callable[[Tensor], Tensor] = nn.functional.gelu,
        odd_activation: Callable[[Tensor], Tensor] = torch.tanh,
        **options: Unpack[MixerOptions],
    ) -> None:
        require_positive(
            hidden_channels=hidden_channels, out_channels=out_channels, num_layers=num_layers
        )
        widths_of(in_channels, max_dim)
        D_S = max(1, hidden_channels // 2) if tokens_mlp_dim is None else tokens_mlp_dim
        D_C = 4 * hidden_channels if channels_mlp_dim is None else channels_mlp_dim
        if not callable(mixing) and not (isinstance(mixing, str) and mixing in _TOKEN_MIXINGS):
            raise ValueError(
                f"mixing must be 'kernel', 'operator' or what makes a layer, got {mixing!r}."
            )
        make = _TOKEN_MIXINGS[mixing] if isinstance(mixing, str) else mixing
        convs = [
            SimplicialMixerConv(
                make(D_S, max_dim, signed=signed),
                ChannelMixerConv(
                    hidden_channels,
                    D_C,
                    max_dim,
                    neighbors=neighbors,
                    signed=signed,
                    activation=activation,
                    odd_activation=odd_activation,
                ),
                hidden_channels,
                max_dim,
                norm=norm,
                dropout=layer_dropout,
                cond_channels=cond_channels,
                signed=signed,
            )
            for _ in range(num_layers)
        ]
        super().__init__(
            convs, hidden_channels, out_channels, max_dim, reduce=reduce, oriented=signed, **options
        )
        self.stems = make_encoder(embed, in_channels, hidden_channels, max_dim, signed)
        read = hidden_channels * (num_layers if self.jumping_knowledge == "cat" else 1)
        self.final_norms = mixer_norms(norm, read, max_dim, signed)

    def encode(
        self, x: Sequence[Tensor], complex: SimplicialComplex, cond: Tensor | None = None
    ) -> list[Tensor]:
        """The cochains after all blocks and the last norm.

        Args:
            x: one cochain (n_k, in_channels) per dimension 0 … max_dim; left as they are.
            complex: the complex, or the disjoint union of a batch.
            cond: (num_parts, cond_channels), for networks made with a condition.

        Returns:
            One cochain per dimension, (n_k, hidden_channels), or with ``"cat"`` of that times
            ``num_layers`` channels.

        Raises:
            TypeError: x is no list of floating-point tensors.
            ValueError: the cochains do not fit the complex, ``max_dim`` or ``in_channels``; or a
                condition is missing, unasked for or of another shape.
        """
        h, layers = self._inputs(x, complex), []
        for number in range(len(self.convs)):
            h = self._layer_on(number, h, complex, cond)
            layers.append(h)
        return self._finished(layers, complex)

    def _inputs(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        encoded: list[Tensor] = self.stems(self._dropped(x), complex)
        return encoded

    def _layer_on(
        self,
        number: int,
        h: Sequence[Tensor],
        complex: SimplicialComplex,
        cond: Tensor | None = None,
    ) -> list[Tensor]:
        """A block, which has its own norms and skips."""
        mixed: list[Tensor] = self.convs[number](h, complex, cond)
        return mixed

    def _finished(
        self, layers: Sequence[Sequence[Tensor]], complex: SimplicialComplex
    ) -> list[Tensor]:
        """The last norm of what the blocks leave."""
        seen = zip(self.final_norms, super()._finished(layers, complex), strict=True)
        return [norm(values, complex, k) for k, (norm, values) in enumerate(seen)]

    def forward(
        self, x: Sequence[Tensor], complex: SimplicialComplex, cond: Tensor | None = None
    ) -> Tensor:
        """One row per part, or per simplex of the level; arguments as of :meth:`encode`."""
        result: Tensor = self.readout(self.encode(x, complex, cond), complex)
        return result
