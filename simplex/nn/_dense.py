"""Dense layers in a row: the maps inside a message passing layer."""

from collections.abc import Callable

from torch import Tensor, nn

from simplex.nn._norm import SimplexBatchNorm
from simplex.nn._widths import linear


def dense(
    in_channels: int,
    out_channels: int,
    num_layers: int,
    activation: Callable[[Tensor], Tensor],
    norm: str | None = None,
) -> nn.Sequential:
    """Dense layers, each followed by the norm, where asked for, and the activation.

    Args:
        in_channels: width of the input; -1 to take it from the first one.
        out_channels: width of all layers.
        num_layers: their number, at least 1.
        activation: after each.
        norm: ``"batch"`` or ``None``.

    Raises:
        ValueError: another norm.

    Example:
        >>> import torch
        >>> dense(3, 8, 2, torch.relu)(torch.ones(5, 3)).shape
        torch.Size([5, 8])
    """
    if norm not in (None, "batch"):
        raise ValueError(f"norm must be 'batch' or None, got {norm!r}.")
    layers: list[nn.Module] = []
    for i in range(num_layers):
        layers.append(linear(in_channels if i == 0 else out_channels, out_channels))
        if norm == "batch":
            layers.append(SimplexBatchNorm(out_channels))
        layers.append(Activation(activation))
    return nn.Sequential(*layers)


class Activation(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        """Apply the function."""
        return self.function(x)

    def extra_repr(self) -> str:
        """The name of the function."""
        return str(getattr(self.function, "__name__", self.function))
