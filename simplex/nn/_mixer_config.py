"""The seven published configurations of MLP-Mixer."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


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
