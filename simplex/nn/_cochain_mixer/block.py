"""A block of the simplicial mixer: token mixing, then channel mixing, each with a skip."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from torch import Tensor, nn

from simplex.complexes import SimplicialComplex
from simplex.nn._checks import (
    require_cochains,
    require_condition,
    require_flags,
    require_orders,
    require_positive,
    require_rates,
)
from simplex.nn._modules import Module, ZeroLinear
from simplex.nn._norm import SimplexGraphNorm, make_norm
from simplex.nn._reach import Reach, one_after_another, reach_of
from simplex.operators import segments_at, sum_rows


class SimplicialMixerConv(Module):
    r"""The block of MLP-Mixer on cochains.

    .. math::
        U &= X + γ \odot \text{TokenMix}\big( (1 + α) \odot \text{norm}(X) + δ, K \big) \\
        Y &= U + γ' \odot \text{ChannelMix}\big( (1 + α') \odot \text{norm}(U) + δ', K \big)

    Without a condition γ = 1 and α = δ = 0. With one, a vector c for each part, α, δ and γ - 1 are
    affine functions of SiLU(c), zero at the start, as in :class:`MixerBlock` (adaLN-zero). In
    dimensions whose cochains are oriented there is no shift δ, and the norm has no bias.

    Args:
        token_mixing: a layer on cochains that keeps their widths, such as
            :class:`KernelMixerConv` or :class:`OperatorMixerConv`.
        channel_mixing: the same, such as :class:`ChannelMixerConv`.
        channels: width of the cochains.
        max_dim: the top dimension of the cochains.
        norm: ``"layer"`` as in the paper; or ``"rms"``; or, not if signed, ``"batch"`` or
            ``"graph"``.
        dropout: probability, on what each half adds.
        cond_channels: width of the condition, or ``None`` for none.
        signed: whether the cochains are oriented.

    Laws:
        As the two layers: permutation and, if signed, orientation equivariant; a disjoint union
        gives what its parts give (in evaluation mode).

    Paper:
        Tolstikhin et al., "MLP-Mixer: An all-MLP Architecture for Vision", NeurIPS 2021, Eq. 1. The
        condition: Peebles, Xie, "Scalable Diffusion Models with Transformers", ICCV 2023, §3.2.

    Example:
        >>> import torch
        >>> from simplex.nn import ChannelMixerConv, OperatorMixerConv
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> halves = OperatorMixerConv(16, 2), ChannelMixerConv(8, 32, 2)
        >>> block = SimplicialMixerConv(*halves, channels=8, max_dim=2)
        >>> [tuple(y.shape) for y in block([torch.ones(n, 8) for n in K.f_vector], K)]
        [(4, 8), (4, 8), (1, 8)]
    """

    def __init__(
        self,
        token_mixing: nn.Module,
        channel_mixing: nn.Module,
        channels: int,
        max_dim: int,
        *,
        norm: Literal["layer", "rms", "batch", "graph"] = "layer",
        dropout: float = 0.0,
        cond_channels: int | None = None,
        signed: bool = True,
    ) -> None:
        super().__init__()
        require_positive(channels=channels)
        require_orders(max_dim=max_dim)
        require_flags(signed=signed)
        if cond_channels is not None:
            require_positive(cond_channels=cond_channels)
        self.channels, self.max_dim = channels, max_dim
        options = (norm, dropout, cond_channels, signed)
        self.token_half = _Half(token_mixing, channels, max_dim, *options)
        self.channel_half = _Half(channel_mixing, channels, max_dim, *options)

    @property
    def reach(self) -> Reach | None:
        """How far it sees, see :class:`Reach`."""
        halves = (self.token_half, self.channel_half)
        if any(isinstance(norm, SimplexGraphNorm) for half in halves for norm in half.norms):
            return None
        return one_after_another(reach_of(half.mixing) for half in halves)

    def forward(
        self, x: Sequence[Tensor], complex: SimplicialComplex, cond: Tensor | None = None
    ) -> list[Tensor]:
        """Apply the block; the arguments are those of :meth:`SimplicialMixer.encode`."""
        require_cochains(complex, x, self.max_dim, self.channels, next(self.parameters(), None))
        result: list[Tensor] = self.channel_half(self.token_half(x, complex, cond), complex, cond)
        return result


class _Half(nn.Module):
    """Norm, modulation, mixing, gate, skip."""

    def __init__(
        self,
        mixing: nn.Module,
        channels: int,
        max_dim: int,
        norm: str,
        dropout: float,
        cond_channels: int | None,
        signed: bool,
    ) -> None:
        super().__init__()
        require_rates(dropout=dropout)
        self.mixing = mixing
        self.norms = mixer_norms(norm, channels, max_dim, signed)
        self.dropout = nn.Dropout(dropout)
        self.cond_channels = cond_channels
        self.modulations = nn.ModuleList(
            _Modulation(cond_channels, channels, shift=not (signed and k > 0))
            for k in range(max_dim + 1)
            if cond_channels is not None
        )

    def forward(
        self, x: Sequence[Tensor], complex: SimplicialComplex, cond: Tensor | None
    ) -> list[Tensor]:
        h = [
            norm(values, complex, k)
            for k, (norm, values) in enumerate(zip(self.norms, x, strict=True))
        ]
        require_condition(cond, complex.num_parts, self.cond_channels)
        if cond is None:
            added = self.mixing(h, complex)
        else:
            each = [m(cond, complex, k) for k, m in enumerate(self.modulations)]
            h = [m.enter(values) for m, values in zip(each, h, strict=True)]
            added = [
                m.gate * values for m, values in zip(each, self.mixing(h, complex), strict=True)
            ]
        return [values + self.dropout(more) for values, more in zip(x, added, strict=True)]


class _Modulated(NamedTuple):
    """Factors and shift of the k-simplices, (n_k, channels) each."""

    scale: Tensor
    gate: Tensor
    shift: Tensor | None

    def enter(self, x: Tensor) -> Tensor:
        scaled = self.scale * x
        return scaled if self.shift is None else scaled + self.shift


class _Modulation(nn.Module):
    """From the condition of each part to the modulation of its simplices; zero at the start."""

    def __init__(self, cond_channels: int, channels: int, shift: bool) -> None:
        super().__init__()
        self.channels = channels
        self.lin = ZeroLinear(cond_channels, (3 if shift else 2) * channels)

    def forward(self, cond: Tensor, complex: SimplicialComplex, k: int) -> _Modulated:
        parts = segments_at(complex.part(k), complex.part_pointer(k))
        rows = sum_rows(self.lin(nn.functional.silu(cond)), parts)
        scale, gate, *shift = rows.view(len(rows), -1, self.channels).unbind(1)  # (n_k, C) each
        return _Modulated(1 + scale, 1 + gate, shift[0] if shift else None)


class _LayerNorm(nn.LayerNorm):
    """Layer norm with the ε of MLP-Mixer, called like a norm that looks at the complex."""

    def forward(  # type: ignore[override]
        self, input: Tensor, complex: SimplicialComplex, k: int
    ) -> Tensor:
        return super().forward(input)


def mixer_norms(name: str, channels: int, max_dim: int, signed: bool) -> nn.ModuleList:
    """The norm of each dimension; where cochains are oriented one that is odd.

    Raises:
        ValueError: another name, or a norm that would shift oriented values.
    """
    if signed and name in ("batch", "graph"):
        raise ValueError(
            f"norm must be 'layer' or 'rms' in a network that is equivariant under reorientation, "
            f"got {name!r}: it would shift the values."
        )
    if name != "layer":
        return nn.ModuleList(make_norm(name, channels) for _ in range(max_dim + 1))
    return nn.ModuleList(
        _LayerNorm(channels, eps=1e-6, bias=not (signed and k > 0)) for k in range(max_dim + 1)
    )
