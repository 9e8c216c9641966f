r"""Design matrices of torch's own layers: Z with ``output = Z W``, bias as a column of ones."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


def linear_rows(module: Any, input: Tensor) -> Tensor:
    """``[x | 1]``, one row for each position of all leading dimensions.

    Args:
        module: An ``nn.Linear``.
        input: (…, n).

    Returns:
        (R, n), or (R, n + 1) with a bias, R the product of the leading dimensions.

    >>> linear_rows(nn.Linear(2, 5), torch.tensor([[3.0, 4.0]])).tolist()
    [[3.0, 4.0, 1.0]]
    """
    return _with_ones(input.reshape(-1, input.shape[-1]), module.bias)


def convolution_rows(module: Any, input: Tensor) -> Tensor:
    """The patches under the kernel, one row for each sample and output position.

    ``A[(b, o), c] = Σ_{i, k} x[b, i, o·stride + k·dilation] W[c, i, k] + bias[c]`` for each group
    of channels i and outputs c, x the padded input whatever the padding mode.

    Args:
        module: An ``nn.Conv1d``, ``nn.Conv2d`` or ``nn.Conv3d``.
        input: (B, C, …) or (C, …), as many spatial dimensions as the convolution has.

    Returns:
        (R, n) for one group, (groups, R, n) for more; R = B times output positions, n = C / groups
        times kernel size, plus 1 with a bias.

    >>> convolution_rows(nn.Conv1d(1, 1, 2, bias=False), torch.tensor([[1.0, 2.0, 3.0]])).tolist()
    [[1.0, 2.0], [2.0, 3.0]]
    """
    spatial, groups = len(module.kernel_size), module.groups
    mode = "constant" if module.padding_mode == "zeros" else module.padding_mode
    batch = input if input.ndim == spatial + 2 else input.unsqueeze(0)
    patches = functional.pad(batch, _padding(module), mode=mode)
    for axis in range(spatial):
        kernel, dilation = module.kernel_size[axis], module.dilation[axis]
        patches = patches.unfold(axis + 2, dilation * (kernel - 1) + 1, module.stride[axis])
        patches = patches[..., ::dilation]
    patches = torch.unflatten(patches, 1, (groups, -1))  # (B, G, C / G, positions…, kernel…)
    positions, kernels = range(3, spatial + 3), range(spatial + 3, 2 * spatial + 3)
    rows = patches.permute(1, 0, *positions, 2, *kernels).flatten(spatial + 2)
    rows = _with_ones(rows.flatten(1, -2), module.bias)
    return rows[0] if groups == 1 else rows


def _padding(module: Any) -> list[int]:
    """Padding as ``functional.pad`` wants it, last axis first; "same" puts the odd one behind."""
    if module.padding == "valid":
        return [0] * (2 * len(module.kernel_size))
    if module.padding == "same":
        totals = [d * (k - 1) for d, k in zip(module.dilation, module.kernel_size, strict=True)]
        pairs = [(total // 2, total - total // 2) for total in totals]
    else:
        pairs = [(padding, padding) for padding in module.padding]
    return [amount for pair in reversed(pairs) for amount in pair]


def _with_ones(rows: Tensor, bias: nn.Parameter | None) -> Tensor:
    return rows if bias is None else torch.cat([rows, rows.new_ones(*rows.shape[:-1], 1)], dim=-1)
