"""A Mixer from images to images under a time, as a denoiser."""

import math
from collections.abc import Sequence
from typing import Unpack

from torch import Tensor, nn

from simplex.nn._checks import require_dtype_of, require_positive, require_tensor, require_times
from simplex.nn._mixer.mixer import MixerTrunk, MLPMixerOptions
from simplex.nn._mixer.patches import from_patches
from simplex.nn._modules import LecunLinear, TimeEmbedding, ZeroLinear


class MixerDenoiser(MixerTrunk):
    r"""A Mixer that maps a noisy image and a time to an image, patch by patch.

    .. math:: c = \text{MLP}(\text{TimeEmbedding}(t)) + E y, \qquad
        \hat x = \text{from\_patches}(W\, \text{LN}(X_L \mid c) + b)

    The blocks are those of :class:`MLPMixer` with a condition; the last map starts at zero, and so
    does the result.

    Args:
        in_channels, hidden_channels, num_layers, image_size, patch_size: see :class:`MLPMixer`.
        out_channels: channels of the result; twice those of the image for a learned variance.
        label_channels: width of a further condition y, such as a one-hot class; ``None`` for none.
            To train with dropped labels, as guidance without a classifier needs, either zero their
            rows, and then sample without a class by ``label=None``; or take one channel more than
            there are classes, for the null class, and then always give a label.
        time_scale: factor of the time, see :class:`TimeEmbedding`.
        options: as in :class:`MLPMixer`; ``cond_channels``, width of c, is C by default.

    Shapes:
        x ``(batch, in_channels, *image_size)``, time (batch,) or (); the result is like x.

    Example:
        >>> import torch
        >>> model = MixerDenoiser(1, 16, 1, num_layers=2, image_size=8, patch_size=2)
        >>> model(torch.ones(3, 1, 8, 8), torch.tensor([0, 500, 999])).shape
        torch.Size([3, 1, 8, 8])
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
        label_channels: int | None = None,
        time_scale: float = 1.0,
        **options: Unpack[MLPMixerOptions],
    ) -> None:
        width = options.get("cond_channels")
        width = hidden_channels if width is None else width
        if label_channels is not None:
            require_positive(label_channels=label_channels)
        options["cond_channels"] = width
        super().__init__(
            in_channels, hidden_channels, num_layers, image_size, patch_size, **options
        )
        require_positive(out_channels=out_channels)
        self.out_channels = out_channels
        self.time = nn.Sequential(
            TimeEmbedding(2 * math.ceil(width / 2), scale=time_scale),
            LecunLinear(2 * math.ceil(width / 2), width),
            nn.SiLU(),
            LecunLinear(width, width),
        )
        self.label = nn.Linear(label_channels, width, bias=False) if label_channels else None
        self.label_channels = label_channels
        self.head = ZeroLinear(hidden_channels, self.out_channels * self.grid.patch_volume)

    def forward(self, x: Tensor, time: Tensor, label: Tensor | None = None) -> Tensor:
        """Denoise images.

        Args:
            x: ``(batch, in_channels, *image_size)``; left as it is.
            time: (batch,), or a single one.
            label: (batch, label_channels) of any type, where the network takes one; ``None`` is
                the same as rows of zeros.

        Returns:
            ``(batch, out_channels, *image_size)``.

        Raises:
            TypeError: the time is no tensor.
            ValueError: an argument has another shape, x another dtype than the parameters, or a
                label is not wanted.
        """
        for name, given in (("x", x), ("label", x if label is None else label)):
            require_tensor(name, given)
        require_times(time, len(x))
        require_dtype_of(self.head.weight, x)
        cond = self.time(time.expand(len(x)))
        if label is not None:
            if self.label is None:
                raise ValueError(
                    "label must be None in a network without labels, got a tensor. Give "
                    "label_channels to the constructor."
                )
            if label.shape != (len(x), self.label_channels):
                classes = label.ndim < 2 and not label.is_floating_point()
                remedy = " One-hot: torch.nn.functional.one_hot(label, n).float()."
                raise ValueError(
                    f"label must have shape ({len(x)}, {self.label_channels}) or be None, got "
                    f"{tuple(label.shape)}.{remedy if classes else ''}"
                )
            cond = cond + self.label(label.to(self.label.weight.dtype))
        return from_patches(self.head(self.forward_features(x, cond)), self.grid)

    def __repr__(self) -> str:
        return f"MixerDenoiser({self.sizes()})"
