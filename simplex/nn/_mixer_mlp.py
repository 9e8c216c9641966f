"""The two-layer perceptron of the Mixer, on channels or on tokens."""

import math
from typing import Literal

import torch
from torch import Tensor, nn


Gelu = Literal["erf", "tanh"]


class TokenLinear(nn.Module):
    r"""An affine map on the token axis, the same for every channel.

    .. math:: Y = W X + b 1^⊤, \qquad X ∈ R^{S × C}, \quad W ∈ R^{S' × S}

    One batched product with the bias as its summand: no transposed copy of X is made.

    Args:
        in_tokens: S.
        out_tokens: S'.

    Shapes:
        x (batch, S, C) to (batch, S', C).

    Laws:
        Equal to ``nn.Linear(S, S')`` between two transpositions. The derivative of channel c of the
        result by channel c' of x is zero for c ≠ c'.

    Example:
        >>> TokenLinear(49, 256)(torch.ones(2, 49, 8)).shape
        torch.Size([2, 256, 8])
    """

    def __init__(self, in_tokens: int, out_tokens: int) -> None:
        super().__init__()
        self.in_tokens, self.out_tokens = in_tokens, out_tokens
        self.weight = nn.Parameter(torch.empty(out_tokens, in_tokens))
        self.bias = nn.Parameter(torch.empty(out_tokens))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights anew."""
        lecun_normal_(self.weight)
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the map.

        Args:
            x: (batch, in_tokens, C); left as it is.

        Returns:
            (batch, out_tokens, C).
        """
        weight = self.weight.expand(len(x), -1, -1)
        return torch.baddbmm(self.bias[:, None], weight, x)

    def locoprop_rows(self, x: Tensor) -> Tensor:
        """The map as rows times weights, for local-loss training: (batch · C, in_tokens + 1)."""
        rows = x.transpose(1, 2).flatten(0, 1)
        return torch.cat([rows, rows.new_ones(len(rows), 1)], dim=1)

    def locoprop_weights(self) -> tuple[nn.Parameter, nn.Parameter]:
        """The parameters that the columns of :meth:`locoprop_rows` meet."""
        return self.weight, self.bias

    def __repr__(self) -> str:
        return f"TokenLinear({self.in_tokens}, {self.out_tokens})"


class MixerMLP(nn.Module):
    r"""Two affine maps with a GELU between them.

    .. math:: Y = W_2\, \text{GELU}(W_1 X + b_1) + b_2

    Args:
        fc1: the first map.
        fc2: the second.
        gelu: ``"erf"`` for the exact x Φ(x), ``"tanh"`` for the approximation that the released
            weights were trained with.
        dropout: probability, after each map.

    Example:
        >>> MixerMLP(nn.Linear(8, 32), nn.Linear(32, 8))(torch.ones(2, 4, 8)).shape
        torch.Size([2, 4, 8])
    """

    def __init__(
        self, fc1: nn.Module, fc2: nn.Module, gelu: Gelu = "erf", dropout: float = 0.0
    ) -> None:
        super().__init__()
        if gelu not in ("erf", "tanh"):
            raise ValueError(f"gelu must be 'erf' or 'tanh', got {gelu!r}.")
        self.fc1, self.fc2 = fc1, fc2
        self.act = nn.GELU(approximate="tanh" if gelu == "tanh" else "none")
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Apply both maps."""
        result: Tensor = self.drop(self.fc2(self.drop(self.act(self.fc1(x)))))
        return result


def lecun_normal_(weight: Tensor) -> Tensor:
    """Draw a weight (out, in) as Flax does: normal, cut at two deviations, of variance 1 / in.

    Example:
        >>> w = lecun_normal_(torch.empty(400, 100, dtype=torch.float64))
        >>> bool((w.var() - 0.01).abs() < 5e-4)
        True
    """
    cut = 0.87962566103423978  # the deviation of a standard normal cut at ±2
    std = 1 / (math.sqrt(weight.shape[1]) * cut)
    return nn.init.trunc_normal_(weight, std=std, a=-2 * std, b=2 * std)


class LecunLinear(nn.Linear):
    """``nn.Linear`` as Flax draws it: :func:`lecun_normal_`, bias 0.

    Example:
        >>> LecunLinear(2, 3).bias.tolist()
        [0.0, 0.0, 0.0]
    """

    def reset_parameters(self) -> None:
        """Draw the weights anew."""
        lecun_normal_(self.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)


class ZeroLinear(nn.Linear):
    """``nn.Linear`` that starts at zero.

    Example:
        >>> ZeroLinear(2, 1)(torch.ones(2)).tolist()
        [0.0]
    """

    def reset_parameters(self) -> None:
        """Set the weights to zero."""
        nn.init.zeros_(self.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)
