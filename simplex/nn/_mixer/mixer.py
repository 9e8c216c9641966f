"""The seven published configurations of MLP-Mixer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self, TypedDict, Unpack

import torch
from torch import Tensor, nn

from simplex.nn._checks import require_positive, require_rates
from simplex.nn._mixer.block import EPSILON, Gelu, MixerBlock, Modulation, require_condition
from simplex.nn._mixer.patches import PatchEmbedding, PatchGrid
from simplex.nn._modules import ZeroLinear, reset_submodules


@dataclass(frozen=True)
class MixerConfig:
    """Patch, widths and depth of a published Mixer: table 1 of arXiv:2105.01601.

    Example:
        >>> mixer_config("B/16").token_width
        384
    """

    patch_size: int
    hidden_channels: int
    num_blocks: int
    token_width: int
    channel_width: int


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


def mixer_config(name: str) -> MixerConfig:
    """The configuration of a name.

    Args:
        name: ``"S/32"``, ``"S/16"``, ``"B/32"``, ``"B/16"``, ``"L/32"``, ``"L/16"`` or ``"H/14"``.

    Returns:
        The configuration.

    Raises:
        ValueError: there is none of that name.

    Example:
        >>> mixer_config("H/14").num_blocks
        32
    """
    if name not in MIXER_CONFIGS:
        known = ", ".join(repr(known) for known in MIXER_CONFIGS)
        raise ValueError(f"name must be one of {known}, got {name!r}.")
    return MIXER_CONFIGS[name]


class MLPMixerOptions(TypedDict, total=False):
    """Keyword arguments of every Mixer: see :class:`MixerTrunk`."""

    token_width: int | None
    channel_width: int | None
    gelu: Gelu
    dropout: float
    stochastic_depth: float
    cond_channels: int | None


class MixerTrunk(nn.Module):
    r"""Stem, blocks and last norm, without a head: what :class:`MLPMixer` and denoisers share.

    .. math:: X_0 = \text{stem}(x), \quad X_l = \text{Block}_l(X_{l-1}), \quad \text{LN}(X_L)

    With a condition the last norm too has a shift and a scale, at first 0 and 1.

    Args:
        image_size: the sizes of the axes, one, two, three or more; a number for a square image.
        patch_size: the sizes of a patch; a number for all axes.
        in_channels: channels of the image.
        hidden_channels: C.
        num_blocks: L.
        token_width: D_S, hidden width of token mixing; ``None`` for C / 2.
        channel_width: D_C, hidden width of channel mixing; ``None`` for 4 C.
        gelu: ``"erf"`` or ``"tanh"``, see :class:`MixerMLP`.
        dropout: probability, after each map of the blocks.
        stochastic_depth: rate of the last block; it grows linearly from 0 in the first.
        cond_channels: width of the conditioning vector, or ``None`` for none.

    Example:
        >>> MixerTrunk(32, 8, 3, 16, 2).forward_features(torch.ones(2, 3, 32, 32)).shape
        torch.Size([2, 16, 16])
    """

    def __init__(
        self,
        image_size: int | Sequence[int],
        patch_size: int | Sequence[int],
        in_channels: int,
        hidden_channels: int,
        num_blocks: int,
        *,
        token_width: int | None = None,
        channel_width: int | None = None,
        gelu: Gelu = "erf",
        dropout: float = 0.0,
        stochastic_depth: float = 0.0,
        cond_channels: int | None = None,
    ) -> None:
        super().__init__()
        require_positive(num_blocks=num_blocks)
        require_rates(stochastic_depth=stochastic_depth)
        grid = PatchGrid(image_size, patch_size)
        self.stem = PatchEmbedding(grid, in_channels, hidden_channels)
        self.blocks = nn.ModuleList(
            MixerBlock(
                grid.num_tokens,
                hidden_channels,
                token_width,
                channel_width,
                gelu=gelu,
                dropout=dropout,
                stochastic_depth=stochastic_depth * i / max(num_blocks - 1, 1),
                cond_channels=cond_channels,
            )
            for i in range(num_blocks)
        )
        self.norm = nn.LayerNorm(hidden_channels, eps=EPSILON)
        self.modulation = (
            None if cond_channels is None else Modulation(cond_channels, hidden_channels, 2)
        )
        self.hidden_channels = hidden_channels

    def reset_parameters(self) -> None:
        """Draw the weights anew; heads and modulations start at zero."""
        reset_submodules(self)

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
        require_condition(cond, self.modulation, len(x))
        x = self.stem(x)
        for block in self.blocks:
            x = block(x, cond)
        x = self.norm(x)
        if self.modulation is None or cond is None:
            return x
        shift, scale = self.modulation(cond)
        return torch.addcmul(shift, scale, x)

    def sizes(self) -> str:
        """The sizes in words: number of tokens and width of token mixing stand apart."""
        block = self.blocks[0]
        assert isinstance(block, MixerBlock)
        return (
            f"image_size={self.grid.image_size}, patch_size={self.grid.patch_size}, "
            f"in_channels={self.stem.in_channels}, num_tokens={self.grid.num_tokens}, "
            f"hidden_channels={self.hidden_channels}, num_blocks={len(self.blocks)}, "
            f"token_width={block.token_width}, channel_width={block.channel_width}"
        )


class MLPMixer(MixerTrunk):
    r"""MLP-Mixer for classification.

    .. math:: y = W\, \text{mean}_s\, \text{LN}(X_L)_s + b

    The head starts at zero, all other maps as Flax draws them. Without a condition the state dict
    has timm's key names.

    Departures from the paper: (1) GELU is the exact one unless ``gelu="tanh"``, which the released
    weights were trained with. (2) A conditioning vector may be given.

    Args:
        image_size: the sizes of the axes, one, two, three or more; a number for a square image.
        patch_size: the sizes of a patch; a number for all axes.
        in_channels: channels of the image.
        num_classes: width of the result; 0 for none: the network returns the mean of the tokens.
        hidden_channels: C.
        num_blocks: L.
        head_dropout: probability, before the head.
        options: ``token_width``, ``channel_width``, ``gelu``, ``dropout``, ``stochastic_depth``,
            ``cond_channels``, see :class:`MixerTrunk`.

    Shapes:
        x ``(batch, in_channels, *image_size)`` to (batch, num_classes).

    Laws:
        A permutation of the patches is absorbed by the token mixing, one of the pixels shared by
        all patches by the stem. A convolutional network with depth-wise kernels as large as the
        grid, shared by all channels, gives the same.

    Paper:
        Tolstikhin et al., "MLP-Mixer: An all-MLP Architecture for Vision", NeurIPS 2021,
        arXiv:2105.01601.

    Example:
        >>> model = MLPMixer(32, 8, 3, num_classes=10, hidden_channels=16, num_blocks=2)
        >>> model(torch.ones(2, 3, 32, 32)).shape
        torch.Size([2, 10])
    """

    def __init__(
        self,
        image_size: int | Sequence[int],
        patch_size: int | Sequence[int],
        in_channels: int,
        num_classes: int,
        hidden_channels: int,
        num_blocks: int,
        *,
        head_dropout: float = 0.0,
        **options: Unpack[MLPMixerOptions],
    ) -> None:
        super().__init__(
            image_size, patch_size, in_channels, hidden_channels, num_blocks, **options
        )
        require_rates(head_dropout=head_dropout)
        self.head_drop = nn.Dropout(head_dropout)
        self.head: nn.Module
        self.reset_classifier(num_classes)

    @classmethod
    def from_config(
        cls,
        name: str,
        *,
        image_size: int | Sequence[int] = 224,
        in_channels: int = 3,
        num_classes: int = 1000,
        head_dropout: float = 0.0,
        **options: Unpack[MLPMixerOptions],
    ) -> Self:
        """A published configuration.

        Args:
            name: ``"S/32"``, ``"S/16"``, ``"B/32"``, ``"B/16"``, ``"L/32"``, ``"L/16"`` or
                ``"H/14"``.
            image_size: as in the class.
            in_channels: as in the class.
            num_classes: as in the class.
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
        config = mixer_config(name)
        for word, value in options.items():
            if word in ("patch_size", "hidden_channels", "num_blocks"):
                raise TypeError(
                    f"{word} must be left to the configuration {name!r}, got {value!r}. For other "
                    f"sizes call the class itself."
                )
        options.setdefault("token_width", config.token_width)
        options.setdefault("channel_width", config.channel_width)
        return cls(
            image_size,
            config.patch_size,
            in_channels,
            num_classes,
            config.hidden_channels,
            config.num_blocks,
            head_dropout=head_dropout,
            **options,
        )

    def forward_head(self, features: Tensor) -> Tensor:
        """Mean over the tokens, then the head.

        Args:
            features: (batch, S, C), of :meth:`MixerTrunk.forward_features`.

        Returns:
            (batch, num_classes), or (batch, C) without a head.
        """
        result: Tensor = self.head(self.head_drop(features.mean(dim=1)))
        return result

    def forward(self, x: Tensor, cond: Tensor | None = None) -> Tensor:
        """Classify images.

        Args:
            x: ``(batch, in_channels, *image_size)``; left as it is.
            cond: (batch, cond_channels), where the network has a condition.

        Returns:
            (batch, num_classes), or (batch, C) without a head.

        Raises:
            ValueError: x or cond has another shape.
        """
        return self.forward_head(self.forward_features(x, cond))

    def reset_classifier(self, num_classes: int) -> None:
        """Replace the head by one of another number of classes, at zero; by none for 0."""
        if isinstance(num_classes, bool) or not isinstance(num_classes, int) or num_classes < 0:
            raise ValueError(f"num_classes must be a non-negative integer, got {num_classes!r}.")
        self.num_classes = num_classes
        if num_classes == 0:
            self.head = nn.Identity()
            return
        like = self.norm.weight
        self.head = ZeroLinear(
            self.hidden_channels, num_classes, device=like.device, dtype=like.dtype
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
        mixing = 2 * S * C * (block.token_width + block.channel_width)
        return stem + len(self.blocks) * mixing + C * self.num_classes

    def __repr__(self) -> str:
        return f"MLPMixer({self.sizes()}, num_classes={self.num_classes})"
