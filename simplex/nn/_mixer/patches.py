"""Images cut into patches, and patches put together to images, in any number of dimensions."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from simplex.nn._checks import require_image, require_positive, require_sizes
from simplex.nn._modules import LecunLinear


torch.fx.wrap("require_image")  # a step of its own in a symbolic trace


class PatchGrid:
    """How an image is cut: the sizes, and the number of patches along each axis.

    Args:
        image_size: the sizes of the axes; a number for a square of two axes.
        patch_size: the sizes of a patch; a number for all axes.

    Raises:
        ValueError: a size is no positive integer, or an axis of the image is no multiple of that
            of the patch.

    Example:
        >>> grid = PatchGrid((32, 64), 8)
        >>> grid.shape, grid.num_tokens, grid.patch_size
        ((4, 8), 32, (8, 8))
    """

    def __init__(self, image_size: int | Sequence[int], patch_size: int | Sequence[int]) -> None:
        require_sizes(image_size=image_size, patch_size=patch_size)
        image = (image_size,) * 2 if isinstance(image_size, int) else tuple(image_size)
        patch = (patch_size,) * len(image) if isinstance(patch_size, int) else tuple(patch_size)
        if not image or len(patch) != len(image):
            raise ValueError(
                f"patch_size must be a number or have one entry for each of the {len(image)} axes "
                f"of the image, at least one, got {patch_size} for image_size {image_size}."
            )
        if any(size % part for size, part in zip(image, patch, strict=True)):
            near = tuple(math.ceil(s / p) * p for s, p in zip(image, patch, strict=True))
            raise ValueError(
                f"image_size must be a multiple of patch_size {patch} along every axis, got "
                f"{image}. Resize or pad to {near}."
            )
        self.image_size, self.patch_size = image, patch
        self.shape = tuple(size // part for size, part in zip(image, patch, strict=True))
        self.num_tokens, self.patch_volume = math.prod(self.shape), math.prod(patch)

    def cut(self) -> tuple[list[int], list[int]]:
        """The axes of an image after (batch, channels), as places and pixels within; their order.

        In this order, of all axes, it is a table of patches.

        Example:
            >>> PatchGrid((6, 4), 2).cut()
            ([3, 2, 2, 2], [0, 2, 4, 1, 3, 5])
        """
        axes = [n for pair in zip(self.shape, self.patch_size, strict=True) for n in pair]
        dims = range(len(self.shape))
        return axes, [0, *(2 + 2 * i for i in dims), 1, *(3 + 2 * i for i in dims)]


def to_patches(x: Tensor, grid: PatchGrid) -> Tensor:
    """From images to patches (batch, num_tokens, channels · patch_volume), both row by row."""
    axes, order = grid.cut()
    x = x.reshape([x.shape[0], x.shape[1], *axes])  # (batch, channels, places 0, within 0, …)
    # (batch, places 0, places 1, …, channels, within 0, within 1, …)
    x = x.permute(order)
    return x.reshape(x.shape[0], grid.num_tokens, -1)


def from_patches(x: Tensor, grid: PatchGrid) -> Tensor:
    """From patches to images, the inverse of :func:`to_patches`."""
    d = len(grid.shape)
    channels = x.shape[-1] // grid.patch_volume
    x = x.reshape(x.shape[0], *grid.shape, channels, *grid.patch_size)  # places, channels, within
    # (batch, channels, places 0, within 0, places 1, …)
    x = x.permute(0, 1 + d, *(axis for i in range(d) for axis in (1 + i, 2 + d + i)))
    return x.reshape(x.shape[0], channels, *grid.image_size)


class PatchEmbedding(nn.Module):
    r"""The stem: one affine map of every patch to C channels, the patches being tokens row by row.

    Equal to a convolution with kernel and stride of one patch; as a matrix product it serves any
    number of axes and is no slower.
    """

    __jit_unused_properties__ = ("grid",)  # torch.jit.script takes lists of numbers alone

    def __init__(self, grid: PatchGrid, in_channels: int, hidden_channels: int) -> None:
        super().__init__()
        require_positive(in_channels=in_channels, hidden_channels=hidden_channels)
        self.in_channels = in_channels
        self.grid = grid
        self.proj = LecunLinear(in_channels * grid.patch_volume, hidden_channels)

    @property
    def grid(self) -> PatchGrid:
        """How images are cut."""
        return self._grid

    @grid.setter
    def grid(self, grid: PatchGrid) -> None:
        self._grid, (self.axes, self.order) = grid, grid.cut()
        self.image_shape = [self.in_channels, *grid.image_size]
        self.num_tokens, self.patch_channels = (
            grid.num_tokens,
            self.in_channels * grid.patch_volume,
        )

    def forward(self, x: Tensor) -> Tensor:
        """From ``(batch, in_channels, *image_size)`` to (batch, num_tokens, hidden_channels)."""
        if not torch.jit.is_scripting():  # type: ignore[attr-defined]
            require_image(x, self.image_shape)
        sizes = [x.shape[0], self.in_channels] + self.axes  # noqa: RUF005, for torch.jit.script
        patches = x.reshape(sizes).permute(self.order)
        result: Tensor = self.proj(
            patches.reshape([x.shape[0], self.num_tokens, self.patch_channels])
        )
        return result
