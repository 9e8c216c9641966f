"""A trained Mixer at a higher resolution: token mixing as block-diagonal copies."""

import copy
import math
from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import Tensor

from simplex.nn._checks import require_sizes
from simplex.nn._mixer.block import MixerBlock, TokenLinear
from simplex.nn._mixer.mixer import MixerTrunk
from simplex.nn._mixer.patches import PatchGrid


Mixer = TypeVar("Mixer", bound=MixerTrunk)


def expand_resolution(model: Mixer, factor: int | Sequence[int]) -> Mixer:
    r"""A Mixer for larger images that does to each part what the given one does to a whole image.

    An image M times as large along each axis is split into M × … × M parts; W_1 and W_2 become
    block-diagonal with one copy per part, so that S' = M^d S and D_S' = M^d D_S:

    .. math:: W_1' = Π (I ⊗ W_1) , \qquad W_2' = Π^⊤ (I ⊗ W_2)

    up to the order Π of the tokens, which run through the whole image row by row and not part by
    part. It is a start for training at the higher resolution, where the zeros may grow.

    Args:
        model: a Mixer, with or without a head or a condition; left as it is.
        factor: M, or one for each axis.

    Returns:
        A network of the same class, with the patch size of the model and an image ``factor`` times
        as large.

    Raises:
        TypeError: the model is no Mixer.
        ValueError: a factor is no positive integer, or there is not one per axis.

    Laws:
        Its tokens on a large image are those of the model on the parts; its logits are the mean of
        the model's on the parts.

    Paper:
        Tolstikhin et al., arXiv:2105.01601, appendix C.

    Example:
        >>> from simplex.nn._mixer.mixer import MLPMixer
        >>> small = MLPMixer(3, 8, 5, num_layers=1, image_size=(16, 8), patch_size=4)
        >>> expand_resolution(small, 2)(torch.ones(2, 3, 32, 16)).shape
        torch.Size([2, 5])
    """
    given: object = model
    if not isinstance(given, MixerTrunk):
        raise TypeError(
            f"model must be an MLPMixer or a MixerDenoiser, got {type(given).__name__}."
        )
    require_sizes(factor=factor)
    grid = model.grid
    factors = (factor,) * len(grid.shape) if isinstance(factor, int) else tuple(factor)
    if len(factors) != len(grid.shape):
        raise ValueError(
            f"factor must be a number or have one entry for each of the {len(grid.shape)} axes of "
            f"the image, got {factor}."
        )
    size = tuple(m * n for m, n in zip(factors, grid.image_size, strict=True))
    tokens = tokens_of_parts(grid.shape, factors)
    expanded = copy.deepcopy(model)
    expanded.stem.grid = PatchGrid(size, grid.patch_size)
    for block in expanded.blocks:
        assert isinstance(block, MixerBlock)
        mlp = block.mlp_tokens
        assert isinstance(mlp.fc1, TokenLinear)
        assert isinstance(mlp.fc2, TokenLinear)
        hidden = torch.arange(len(tokens) * block.tokens_mlp_dim).view(len(tokens), -1)
        mlp.fc1 = block_diagonal(mlp.fc1, tokens, hidden)
        mlp.fc2 = block_diagonal(mlp.fc2, hidden, tokens)
        block.num_tokens, block.tokens_mlp_dim = tokens.numel(), hidden.numel()
    expanded.remade_with(image_size=size, tokens_mlp_dim=block.tokens_mlp_dim)
    return expanded


def tokens_of_parts(shape: Sequence[int], factors: Sequence[int]) -> Tensor:
    """Which tokens of the large grid each part consists of, (parts, S), both row by row.

    Example:
        >>> tokens_of_parts((1, 2), (2, 2)).tolist()
        [[0, 1], [2, 3], [4, 5], [6, 7]]
    """
    d = len(shape)
    axes = [n for pair in zip(factors, shape, strict=True) for n in pair]
    tokens = torch.arange(math.prod(axes)).view(axes)  # (parts 0, places 0, parts 1, …)
    return tokens.permute(*range(0, 2 * d, 2), *range(1, 2 * d, 2)).reshape(math.prod(factors), -1)


def block_diagonal(linear: TokenLinear, columns: Tensor, rows: Tensor) -> TokenLinear:
    """One copy of the map per part: part q reads ``columns[q]`` and writes ``rows[q]``."""
    old = linear.weight
    with torch.device("meta"):  # nothing is drawn
        new = TokenLinear(columns.numel(), rows.numel()).to(old.dtype)
    new.to_empty(device=old.device)
    with torch.no_grad():
        new.weight.zero_()
        new.weight[rows[:, :, None], columns[:, None, :]] = old.detach()
        new.bias[rows] = linear.bias.detach()
    new.requires_grad_(old.requires_grad)
    return new
