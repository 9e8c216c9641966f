"""MLP-Mixer: the trunk, the classifier, and the seven published configurations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self, TypedDict, Unpack

import torch
from torch import Tensor, nn

from simplex.complexes import require_int, require_word
from simplex.nn._checks import require_condition, require_positive, require_rates
from simplex.nn._mixer.block import EPSILON, Gelu, MixerBlock, Modulation
from simplex.nn._mixer.patches import PatchEmbedding, PatchGrid
from simplex.nn._modules import Module, ZeroLinear


torch.fx.wrap("require_condition")  # a step of its own in a symbolic trace


@dataclass(frozen=True)
class MixerConfig:
    """Patch, widths and depth of a published Mixer: table 1 of arXiv:2105.01601."""

    patch_size: int
    hidden_channels: int
    num_layers: int
    tokens_mlp_dim: int
    channels_mlp_dim: int


MIXER_CONFIGS: Mapping[str, MixerConfig] = MappingProxyType(
    {
        "S/32": MixerConfig(32, 512, 8, 256, 2048),
        "S/16": MixerConfig(16, 512, 8, 256, 2048),
        "B/32": MixerConfig(32, 768, 12, 384, 3072),
        "B/16": MixerConfig(16, 768, 12, 384, 3072),
        "L/32": MixerConfig(32, 1024, 24, 512, 4096),
        "L/16": MixerConfig(16, 1024, 24, 512, 4096),
        "H/14": MixerConfig(14, 1280, 32, 640, 5120),
    }
)


class MLPMixerOptions(TypedDict, total=False):
    """Keyword arguments of every Mixer: see :class:`MLPMixer`."""

    tokens_mlp_dim: int | None
    channels_mlp_dim: int | None
    gelu: Gelu
    dropout: float
    stochastic_depth: float
    cond_channels: int | None


class MixerTrunk(Module):
    r"""Stem, blocks and last norm, without a head: what :class:`MLPMixer` and denoisers share.

    .. math:: X_0 = \text{stem}(x), \quad X_l = \text{Block}_l(X_{l-1}), \quad \text{LN}(X_L)

    With a condition the last norm too has a shift and a scale, at first 0 and 1. The arguments are
    those of :class:`MLPMixer`.
    """

    __jit_unused_properties__ = ("grid",)

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int,
        image_size: int | Sequence[int],
        patch_size: int | Sequence[int],
        *,
        tokens_mlp_dim: int | None = None,
        channels_mlp_dim: int | None = None,
        gelu: Gelu = "erf",
        dropout: float = 0.0,
        stochastic_depth: float = 0.0,
        cond_channels: int | None = None,
    ) -> None:
        super().__init__()
        require_positive(num_layers=num_layers)
        require_rates(stochastic_depth=stochastic_depth)
        grid = PatchGrid(image_size, patch_size)
        self.stem = PatchEmbedding(grid, in_channels, hidden_channels)
        self.blocks = nn.ModuleList(
            MixerBlock(
                grid.num_tokens,
                hidden_channels,
                tokens_mlp_dim,
                channels_mlp_dim,
                gelu=gelu,
                dropout=dropout,
                stochastic_depth=stochastic_depth * i / max(num_layers - 1, 1),
                cond_channels=cond_channels,
            )
            for i in range(num_layers)
        )
        self.norm = nn.LayerNorm(hidden_channels, eps=EPSILON)
        self.modulation = (
            None if cond_channels is None else Modulation(cond_channels, hidden_channels, 2)
        )
        self.hidden_channels, self.cond_channels = hidden_channels, cond_channels

    @property
    def grid(self) -> PatchGrid:
        """How images are cut into patches."""
        return self.stem.grid

    def forward_features(self, x: Tensor, cond: Tensor | None = None) -> Tensor:
        """The tokens after the last norm.

        Args:
            x: ``(batch, in_channels, *image_size)``; left as it is.
            cond: (batch, cond_channels), where the network has a condition.

        Returns:
            (batch, S, C).

        Raises:
            ValueError: x or cond has another shape.
        """
        if not torch.jit.is_scripting():  # type: ignore[attr-defined]
            require_condition(cond, x.shape[0], self.cond_channels)
        x = self.stem(x)
        for block in self.blocks:
            x = block(x, cond)
        x = self.norm(x)
        if self.modulation is None or cond is None:
            return x
        shift, scale = self.modulation(cond)
        return torch.addcmul(shift, scale, x)

    out_channels: int

    def sizes(self) -> str:
        """The sizes in words: number of tokens and width of token mixing stand apart."""
        block = self.blocks[0]
        assert isinstance(block, MixerBlock)
        return (
            f"in_channels={self.stem.in_channels}, hidden_channels={self.hidden_channels}, "
            f"out_channels={self.out_channels}, num_layers={len(self.blocks)}, "
            f"image_size={self.grid.image_size}, patch_size={self.grid.patch_size}, "
            f"num_tokens={self.grid.num_tokens}, "
            f"tokens_mlp_dim={block.tokens_mlp_dim}, channels_mlp_dim={block.channels_mlp_dim}"
        )


class MLPMixer(MixerTrunk):
    r"""MLP-Mixer for classification.

    .. math:: y = W\, \text{mean}_s\, \text{LN}(X_L)_s + b

    The head starts at zero, all other maps as Flax draws them. Without a condition the state dict
    has timm's key names.

    Departures from the paper: (1) GELU is the exact one unless ``gelu="tanh"``, which the released
    weights were trained with. (2) A conditioning vector may be given.

    Args:
        in_channels: channels of the image.
        hidden_channels: C.
        out_channels: width of the result, the number of classes; 0 for no head: the network returns
            the mean of the tokens.
        num_layers: L, the number of blocks.
        image_size: the sizes of the axes, one, two, three or more; a number for a square image.
        patch_size: the sizes of a patch; a number for all axes.
        head_dropout: probability, before the head.
        tokens_mlp_dim, channels_mlp_dim: widths of token mixing, D_S, and of channel mixing, D_C;
            ``None`` for C / 2 and 4 C.
        gelu: ``"erf"``; or ``"tanh"`` for the approximation that Google's weights had in training.
        dropout: probability, after each map of the blocks.
        stochastic_depth: rate of the last block; it grows linearly from 0 in the first.
        cond_channels: width of the conditioning vector, or ``None`` for none.

    Shapes:
        x ``(batch, in_channels, *image_size)`` to (batch, out_channels).

    Laws:
        A permutation of the patches is absorbed by the token mixing, one of the pixels shared by
        all patches by the stem. A convolutional network with depth-wise kernels as large as the
        grid, shared by all channels, gives the same.

    Paper:
        Tolstikhin et al., "MLP-Mixer: An all-MLP Architecture for Vision", NeurIPS 2021,
        arXiv:2105.01601.

    Example:
        >>> model = MLPMixer(3, 16, 10, num_layers=2, image_size=32, patch_size=8)
        >>> model(torch.ones(2, 3, 32, 32)).shape
        torch.Size([2, 10])
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        out_channels: int,
        num_layers: int,
        image_size: int | Sequence[int],
        patch_size: int | Sequence[int],
        *,
        head_dropout: float = 0.0,
        **options: Unpack[MLPMixerOptions],
    ) -> None:
        super().__init__(
            in_channels, hidden_channels, num_layers, image_size, patch_size, **options
        )
        require_rates(head_dropout=head_dropout)
        self.head_drop = nn.Dropout(head_dropout)
        self.head: nn.Module
        self.reset_classifier(out_channels)

    @classmethod
    def from_config(
        cls,
        name: str,
        *,
        image_size: int | Sequence[int] = 224,
        in_channels: int = 3,
        out_channels: int = 1000,
        head_dropout: float = 0.0,
        **options: Unpack[MLPMixerOptions],
    ) -> Self:
        """A published configuration.

        Args:
            name: ``"S/32"``, ``"S/16"``, ``"B/32"``, ``"B/16"``, ``"L/32"``, ``"L/16"`` or
                ``"H/14"``.
            image_size: as in the class.
            in_channels: as in the class.
            out_channels: as in the class.
            head_dropout: as in the class.
            options: as in the class; a width given here wins over the configuration's.

        Returns:
            The network, with weights drawn anew.

        Raises:
            TypeError: a size is given that the configuration fixes.
            ValueError: there is no configuration of that name.

        Example:
            >>> with torch.device("meta"):
            ...     model = MLPMixer.from_config("B/16")
            >>> sum(p.numel() for p in model.parameters())
            59880472
        """
        require_word("name", name, MIXER_CONFIGS)
        config = MIXER_CONFIGS[name]
        for word, value in options.items():
            if word in ("patch_size", "hidden_channels", "num_layers"):
                raise TypeError(
                    f"{word} must be left to the configuration {name!r}, got {value!r}. For other "
                    f"sizes call the class itself."
                )
        options.setdefault("tokens_mlp_dim", config.tokens_mlp_dim)
        options.setdefault("channels_mlp_dim", config.channels_mlp_dim)
        return cls(
            in_channels,
            config.hidden_channels,
            out_channels,
            config.num_layers,
            image_size,
            config.patch_size,
            head_dropout=head_dropout,
            **options,
        )

    def forward_head(self, features: Tensor) -> Tensor:
        """Mean over the tokens (batch, S, C) of ``forward_features``, then the head."""
        result: Tensor = self.head(self.head_drop(features.mean(dim=1)))
        return result

    def forward(self, x: Tensor, cond: Tensor | None = None) -> Tensor:
        """Classify images.

        Args:
            x: ``(batch, in_channels, *image_size)``; left as it is.
            cond: (batch, cond_channels), where the network has a condition.

        Returns:
            (batch, out_channels), or (batch, C) without a head.
        """
        return self.forward_head(self.forward_features(x, cond))

    def reset_classifier(self, out_channels: int) -> None:
        """Replace the head by one of another number of classes, at zero; by none for 0."""
        require_int("out_channels", out_channels, 0)
        self.out_channels = out_channels
        self.remade_with(out_channels=out_channels)
        if out_channels == 0:
            self.head = nn.Identity()
            return
        like = self.norm.weight
        self.head = ZeroLinear(
            self.hidden_channels, out_channels, device=like.device, dtype=like.dtype
        )

    def macs(self) -> int:
        """Multiplications and additions of one sample in the matrix products.

        Example:
            >>> with torch.device("meta"):
            ...     model = MLPMixer.from_config("S/32")
            >>> round(model.macs() / 1e9, 3)
            1.002
        """
        block = self.blocks[0]
        assert isinstance(block, MixerBlock)
        S, C = self.grid.num_tokens, self.hidden_channels
        stem = S * self.stem.in_channels * self.grid.patch_volume * C
        mixing = 2 * S * C * (block.tokens_mlp_dim + block.channels_mlp_dim)
        return stem + len(self.blocks) * mixing + C * self.out_channels

    def __repr__(self) -> str:
        return f"MLPMixer({self.sizes()})"
