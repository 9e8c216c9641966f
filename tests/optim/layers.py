"""Tables of linear maps: each with the shape of an input, and layers that are maps by protocol."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn


class Propagation(nn.Module):
    """y = Σ_k A_k X W_k + 1 bᵀ, the bias after the aggregation."""

    def __init__(self, num_rows: int, inputs: int, outputs: int, num_operators: int = 2) -> None:
        super().__init__()
        self.operators = torch.randn(num_operators, num_rows, num_rows)
        self.weights = nn.ParameterList(torch.randn(outputs, inputs) for _ in range(num_operators))
        self.bias = nn.Parameter(torch.randn(outputs))

    def forward(self, x: Tensor) -> Tensor:
        moved = self.operators.to(x) @ x
        return sum(m @ w.T for m, w in zip(moved, self.weights, strict=True)) + self.bias

    def locoprop_rows(self, x: Tensor) -> Tensor:
        moved = self.operators.to(x) @ x
        return torch.cat([*moved, x.new_ones(x.shape[0], 1)], dim=-1)

    def locoprop_weights(self) -> Sequence[nn.Parameter]:
        return [*self.weights, self.bias]


class BiasFirst(nn.Module):
    """y = A (X W + 1 bᵀ): an inner linear layer before the aggregation, bias column A 1."""

    def __init__(self, num_rows: int, inputs: int, outputs: int) -> None:
        super().__init__()
        self.operator = torch.randn(num_rows, num_rows)
        self.linear = nn.Linear(inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.operator.to(x) @ self.linear(x)

    def locoprop_rows(self, x: Tensor) -> Tensor:
        operator = self.operator.to(x)
        return torch.cat([operator @ x, operator.sum(1, keepdim=True)], dim=-1)

    def locoprop_weights(self) -> Sequence[nn.Parameter]:
        return [self.linear.weight, self.linear.bias]


LAYERS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "linear": (lambda: nn.Linear(4, 3), (5, 4)),
    "linear-1d": (lambda: nn.Linear(4, 3), (4,)),
    "linear-3d": (lambda: nn.Linear(4, 3), (2, 5, 4)),
    "linear-4d": (lambda: nn.Linear(4, 3), (2, 3, 2, 4)),
    "linear-no-bias": (lambda: nn.Linear(4, 3, bias=False), (5, 4)),
    "linear-no-bias-3d": (lambda: nn.Linear(4, 3, bias=False), (2, 5, 4)),
    "conv1d": (lambda: nn.Conv1d(3, 4, 3), (2, 3, 8)),
    "conv1d-unbatched": (lambda: nn.Conv1d(3, 4, 3), (3, 8)),
    "conv1d-stride-dilation": (
        lambda: nn.Conv1d(3, 4, 3, stride=2, padding=1, dilation=2),
        (2, 3, 11),
    ),
    "conv1d-same-even": (lambda: nn.Conv1d(3, 4, 4, padding="same"), (2, 3, 7)),
    "conv1d-circular": (
        lambda: nn.Conv1d(3, 4, 3, padding=2, padding_mode="circular"),
        (2, 3, 7),
    ),
    "conv2d": (lambda: nn.Conv2d(2, 3, 3, padding=1), (2, 2, 5, 6)),
    "conv2d-unbatched": (lambda: nn.Conv2d(2, 3, (3, 2)), (2, 5, 6)),
    "conv2d-oblong": (
        lambda: nn.Conv2d(2, 3, (3, 2), stride=(2, 1), padding=(0, 2), dilation=(1, 3)),
        (2, 2, 7, 6),
    ),
    "conv2d-groups": (lambda: nn.Conv2d(4, 6, 3, groups=2), (2, 4, 5, 5)),
    "conv2d-depthwise": (lambda: nn.Conv2d(4, 4, 3, groups=4, bias=False), (2, 4, 5, 5)),
    "conv2d-valid": (lambda: nn.Conv2d(2, 3, 2, padding="valid"), (2, 2, 4, 4)),
    "conv2d-same-dilated": (
        lambda: nn.Conv2d(2, 3, (2, 3), padding="same", dilation=(3, 1)),
        (2, 2, 6, 5),
    ),
    "conv2d-reflect": (
        lambda: nn.Conv2d(2, 3, 3, padding=(1, 2), padding_mode="reflect"),
        (2, 2, 5, 6),
    ),
    "conv2d-same-replicate": (
        lambda: nn.Conv2d(2, 3, (4, 3), padding="same", padding_mode="replicate"),
        (2, 2, 5, 6),
    ),
    "conv2d-channels-last": (
        lambda: nn.Conv2d(2, 3, 3).to(memory_format=torch.channels_last),
        (2, 2, 5, 6),
    ),
    "conv3d": (lambda: nn.Conv3d(2, 3, 2, stride=(1, 2, 1), padding=1), (2, 2, 3, 4, 3)),
    "conv3d-groups": (lambda: nn.Conv3d(2, 4, (1, 2, 3), groups=2), (2, 2, 3, 4, 5)),
    "propagation": (lambda: Propagation(6, 4, 3), (6, 4)),
    "bias-first": (lambda: BiasFirst(6, 4, 3), (6, 4)),
}
"""Name -> (maker of the module, shape of its input)."""


def as_rows(module: nn.Module, output: Tensor) -> Tensor:
    """The output (or its gradient) as pre-activations (…, R, d), from the meaning of the layer."""
    if not isinstance(module, nn.Conv1d | nn.Conv2d | nn.Conv3d):
        return output.reshape(-1, output.shape[-1])
    spatial = len(module.kernel_size)
    batch = output if output.ndim == spatial + 2 else output.unsqueeze(0)
    flat = batch.movedim(1, -1).reshape(-1, module.groups, module.out_channels // module.groups)
    return flat.movedim(1, 0) if module.groups > 1 else flat[:, 0]
