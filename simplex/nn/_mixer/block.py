"""The two-layer perceptron of the Mixer, on channels or on tokens."""

from typing import Literal

import torch
from torch import Tensor, nn

from simplex.complexes import require_word
from simplex.nn._checks import (
    require_condition,
    require_positive,
    require_rates,
    require_tokens,
)
from simplex.nn._modules import LecunLinear, ZeroLinear, lecun_normal_


torch.fx.wrap("require_tokens")  # steps of their own in a symbolic trace
torch.fx.wrap("require_condition")

Gelu = Literal["erf", "tanh"]


class TokenLinear(nn.Module):
    r"""An affine map on the token axis, the same for every channel.

    .. math:: Y = W X + b 1^⊤, \qquad X ∈ R^{S × C}, \quad W ∈ R^{S' × S}

    Equal to ``nn.Linear(S, S')`` between two transpositions, without a transposed copy of X: one
    batched product with the bias as its summand.
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
        """From (batch, in_tokens, C) to (batch, out_tokens, C)."""
        weight = self.weight.expand(x.shape[0], -1, -1)  # (batch, out_tokens, in_tokens), no copy
        return torch.baddbmm(self.bias[:, None], weight, x)

    def locoprop_rows(self, x: Tensor) -> Tensor:
        """The map as rows times weights, for local-loss training: (batch · C, in_tokens + 1)."""
        rows = x.transpose(1, 2).flatten(0, 1)  # (batch · C, in_tokens)
        return torch.cat([rows, rows.new_ones(rows.shape[0], 1)], dim=1)

    def locoprop_weights(self) -> tuple[nn.Parameter, nn.Parameter]:
        """The parameters that the columns of :meth:`locoprop_rows` meet."""
        return self.weight, self.bias

    def __repr__(self) -> str:
        return f"TokenLinear({self.in_tokens}, {self.out_tokens})"


class MixerMLP(nn.Module):
    r"""Two affine maps with a GELU between them, :math:`W_2 \, \text{GELU}(W_1 X + b_1) + b_2`."""

    def __init__(
        self, fc1: nn.Module, fc2: nn.Module, gelu: Gelu = "erf", dropout: float = 0.0
    ) -> None:
        super().__init__()
        require_word("gelu", gelu, ("erf", "tanh"))
        self.fc1, self.fc2 = fc1, fc2
        self.act = nn.GELU(approximate="tanh" if gelu == "tanh" else "none")
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Apply both maps."""
        result: Tensor = self.drop(self.fc2(self.drop(self.act(self.fc1(x)))))
        return result


EPSILON = 1e-6  # of every layer norm here; torch's own default is 1e-5


class MixerBlock(nn.Module):
    r"""A block of MLP-Mixer: one perceptron on the columns of X, one on its rows.

    .. math::
        U &= X + W_2\, \text{GELU}(W_1 \text{LN}(X) + b_1 1^⊤) + b_2 1^⊤ \\
        Y &= U + \text{GELU}(\text{LN}(U) W_3 + 1 b_3^⊤) W_4 + 1 b_4^⊤

    Both layer norms normalise over the channels. With a conditioning vector c, shift β, scale γ and
    gate α of either half are affine functions of SiLU(c), zero at first (adaLN-zero):

    .. math:: X ↦ X + (1 + α) ⊙ \text{MLP}((1 + γ) ⊙ \text{LN}(X) + β)

    Departures from the papers: (1) The gate is 1 + α where Peebles and Xie have α: at first a
    conditioned block is the block without condition, not the identity, so that trained weights can
    be taken over.

    Args:
        num_tokens: S, the number of patches.
        hidden_channels: C.
        tokens_mlp_dim: D_S, hidden width of the perceptron on tokens; independent of S. ``None``
            for C / 2, the paper's.
        channels_mlp_dim: D_C, hidden width of the perceptron on channels. ``None`` for 4 C.
        gelu: ``"erf"`` or ``"tanh"``, ``"erf"`` for the exact x Φ(x).
        dropout: probability, after each of the four maps.
        stochastic_depth: probability with which a sample passes by a half block.
        cond_channels: width of the conditioning vector, or ``None`` for none.

    Shapes:
        x (batch, S, C) to the same; cond (batch, cond_channels).

    Laws:
        Permuting the tokens together with the columns of W_1, the rows of W_2 and b_2 permutes the
        result. Token mixing alone, without the norm, keeps the channels apart.

    Cost:
        2 S D_S C + 2 S C D_C multiplications a sample: linear in S for a given D_S.

    Paper:
        Tolstikhin et al., "MLP-Mixer: An all-MLP Architecture for Vision", NeurIPS 2021,
        arXiv:2105.01601, eq. 1. The condition: Peebles, Xie, "Scalable Diffusion Models with
        Transformers", ICCV 2023, arXiv:2212.09748.

    Example:
        >>> MixerBlock(49, 8, tokens_mlp_dim=16, channels_mlp_dim=32)(torch.ones(2, 49, 8)).shape
        torch.Size([2, 49, 8])
    """

    def __init__(
        self,
        num_tokens: int,
        hidden_channels: int,
        tokens_mlp_dim: int | None = None,
        channels_mlp_dim: int | None = None,
        *,
        gelu: Gelu = "erf",
        dropout: float = 0.0,
        stochastic_depth: float = 0.0,
        cond_channels: int | None = None,
    ) -> None:
        super().__init__()
        require_positive(hidden_channels=hidden_channels)
        D_S = max(hidden_channels // 2, 1) if tokens_mlp_dim is None else tokens_mlp_dim
        D_C = 4 * hidden_channels if channels_mlp_dim is None else channels_mlp_dim
        require_positive(
            num_tokens=num_tokens,
            tokens_mlp_dim=D_S,
            channels_mlp_dim=D_C,
        )
        require_rates(dropout=dropout, stochastic_depth=stochastic_depth)
        self.num_tokens, self.hidden_channels = num_tokens, hidden_channels
        self.tokens_mlp_dim, self.channels_mlp_dim = D_S, D_C
        self.norm1 = nn.LayerNorm(hidden_channels, eps=EPSILON)
        self.mlp_tokens = MixerMLP(
            TokenLinear(num_tokens, D_S), TokenLinear(D_S, num_tokens), gelu, dropout
        )
        self.norm2 = nn.LayerNorm(hidden_channels, eps=EPSILON)
        self.mlp_channels = MixerMLP(
            LecunLinear(hidden_channels, D_C), LecunLinear(D_C, hidden_channels), gelu, dropout
        )
        self.depth = StochasticDepth(stochastic_depth)
        self.cond_channels = cond_channels
        self.modulation = (
            None if cond_channels is None else Modulation(cond_channels, hidden_channels, 6)
        )

    def forward(self, x: Tensor, cond: Tensor | None = None) -> Tensor:
        """Apply the block.

        Args:
            x: (batch, num_tokens, hidden_channels); left as it is.
            cond: (batch, cond_channels), where the block has a condition.

        Returns:
            (batch, num_tokens, hidden_channels).

        Raises:
            ValueError: x has another number of tokens or channels; cond is missing, not wanted, or
                of another shape.
        """
        if not torch.jit.is_scripting():  # type: ignore[attr-defined]
            require_tokens(x, self.num_tokens, self.hidden_channels)
            require_condition(cond, x.shape[0], self.cond_channels)
        if self.modulation is None or cond is None:
            x = x + self.depth(self.mlp_tokens(self.norm1(x)))
            plain: Tensor = x + self.depth(self.mlp_channels(self.norm2(x)))
            return plain
        shift1, scale1, gate1, shift2, scale2, gate2 = self.modulation(cond)
        x = x + self.depth(gate1 * self.mlp_tokens(torch.addcmul(shift1, scale1, self.norm1(x))))
        h = self.mlp_channels(torch.addcmul(shift2, scale2, self.norm2(x)))
        result: Tensor = x + self.depth(gate2 * h)
        return result

    def __repr__(self) -> str:
        return (
            f"MixerBlock(num_tokens={self.num_tokens}, hidden_channels={self.hidden_channels}, "
            f"tokens_mlp_dim={self.tokens_mlp_dim}, channels_mlp_dim={self.channels_mlp_dim})"
        )


class Modulation(nn.Module):
    r"""Shifts, scales and gates of channels from a conditioning vector, 0 and 1 and 1 at first.

    .. math:: (β, γ, α, …) = W\, \text{SiLU}(c) + b, \qquad \text{result: } (β, 1 + γ, 1 + α, …)

    Every third part, from the first, is a shift.
    """

    def __init__(self, cond_channels: int, hidden_channels: int, parts: int) -> None:
        super().__init__()
        require_positive(cond_channels=cond_channels)
        self.parts = parts
        self.lin = ZeroLinear(cond_channels, parts * hidden_channels)

    def forward(self, cond: Tensor) -> list[Tensor]:
        """The parts, each (batch, 1, hidden_channels)."""
        parts = self.lin(nn.functional.silu(cond))[:, None].chunk(self.parts, dim=-1)
        return [parts[i] if i % 3 == 0 else 1 + parts[i] for i in range(self.parts)]


class StochasticDepth(nn.Module):
    r"""Drop whole samples of a residual branch in training; the others grow by 1 / (1 - rate).

    Huang et al., "Deep Networks with Stochastic Depth", ECCV 2016, arXiv:1603.09382.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """Drop samples of (batch, tokens, channels)."""
        if not self.training or self.rate == 0:
            return x
        kept = torch.empty_like(x[:, :1, :1]).bernoulli_(1 - self.rate)  # (batch, 1, 1)
        return x * (kept / (1 - self.rate))

    def __repr__(self) -> str:
        return f"StochasticDepth({self.rate})"
