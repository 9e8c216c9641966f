"""Token mixing by matrices that are functions of positional codes."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex, require_real
from simplex.nn._checks import parity_activations, require_flags
from simplex.nn._cochain_mixer.codes import PositionalCodes, StructuralCodes
from simplex.nn._cochain_mixer.token import TokenMixerConv
from simplex.nn._modules import ZeroLinear
from simplex.operators import RowPattern, segments, sum_columns, sum_rows


class KernelMixerConv(TokenMixerConv):
    r"""The token MLP of MLP-Mixer on the simplices of all dimensions, for complexes of any size.

    .. math::
        H &= a\Big( \sum_k n_k^{-p} \, Φ_k(P_k)^⊤ X_k + b \Big) \\
        X'_k &= Ψ_k(P_k) \, H + β_k(P_k)

    for each part on its own, with codes P_k (n_k, d_k) of the simplices and linear maps Φ_k, Ψ_k to
    ``tokens_mlp_dim`` numbers and β_k to one. H, (tokens_mlp_dim, channels), are the hidden units
    of the token MLP, shared by all dimensions, as the tokens are the simplices of all dimensions.

    Departures from the paper: (1) The token matrices W_1 = Φ(P)ᵀ and W_2 = Ψ(P) are functions of
    codes, so the number of tokens is free. (2) The factor n_k^{-p}.

    Args:
        tokens_mlp_dim: width of the token MLP, D_S.
        max_dim: the top dimension of the cochains.
        codes: P; ``None`` for :class:`StructuralCodes`.
        signed: whether the cochains are oriented: of the codes, if none are given.
        power: p.
        activation: a; any function, as the hidden units do not change with the orientation.

    Laws:
        Those of :class:`ComplexConv`, and orientation equivariance, if the codes have them. With
        :class:`OneHotCodes` and p = 0 it is the token MLP of MLP-Mixer.

    Cost:
        O(n_k · tokens_mlp_dim · (d_k + channels)) for each dimension.

    Paper:
        That of :class:`SimplicialMixerConv`; the step to complexes is ours.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> conv = KernelMixerConv(tokens_mlp_dim=16, max_dim=2)
        >>> [tuple(y.shape) for y in conv([torch.ones(n, 8) for n in K.f_vector], K)]
        [(4, 8), (4, 8), (1, 8)]
    """

    def __init__(
        self,
        tokens_mlp_dim: int,
        max_dim: int,
        *,
        codes: PositionalCodes | None = None,
        signed: bool = True,
        power: float = 0.5,
        activation: Callable[[Tensor], Tensor] = nn.functional.gelu,
    ) -> None:
        super().__init__(tokens_mlp_dim, max_dim)
        require_flags(signed=signed)
        (self.activation,) = parity_activations(activation, activation, [False])
        require_real("power", power)
        self.power = power
        given: object = codes
        if not (given is None or callable(getattr(given, "widths", None))):
            raise TypeError(f"codes must be StructuralCodes, OneHotCodes or None, got {given!r}.")
        self.codes = StructuralCodes(signed=signed) if codes is None else codes
        widths = self.codes.widths(max_dim)
        self.read = nn.ModuleList(_Read(width, tokens_mlp_dim, bias=False) for width in widths)
        self.bias = nn.Parameter(torch.zeros(tokens_mlp_dim))
        self.write = nn.ModuleList(_Write(width, tokens_mlp_dim, bias=False) for width in widths)
        self.shift = nn.ModuleList(ZeroLinear(width, 1, bias=False) for width in widths)

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        super().reset_parameters()
        nn.init.zeros_(self.bias)

    def convolve(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """Mix the simplices of each part."""
        codes = self.codes(complex, self.max_dim, x[0].dtype)
        blocks = [part_blocks(complex, k) for k in range(self.max_dim + 1)]
        hidden = self.bias[:, None]
        for k, (values, code, read) in enumerate(zip(x, codes, self.read, strict=True)):
            count = complex.part_pointer(k).diff().clamp(min=1).to(values.dtype)
            total = reduce_tokens(read(code), values, blocks[k])
            hidden = hidden + total * count.pow(-self.power)[:, None, None]
        hidden = self.activation(hidden)
        return [
            expand_tokens(write(code), hidden, block) + shift(code)
            for code, write, shift, block in zip(codes, self.write, self.shift, blocks, strict=True)
        ]


class _Read(nn.Linear):
    """Weights such that d columns of size 1 give values of size 1."""

    def reset_parameters(self) -> None:
        nn.init.normal_(self.weight, std=1 / math.sqrt(self.in_features))


class _Write(nn.Linear):
    """Weights such that a sum of all outputs, each times a value of size 1, has size 1."""

    def reset_parameters(self) -> None:
        nn.init.normal_(self.weight, std=1 / math.sqrt(self.in_features * self.out_features))


class Blocks(NamedTuple):
    """The simplices of one dimension in blocks of equal size, each within one part.

    Attributes:
        rows: the place of each simplex in the padded table.
        parts: the part of each block.
        size: places in a block.
    """

    rows: RowPattern
    parts: RowPattern
    size: int


def part_blocks(K: SimplicialComplex, k: int) -> Blocks:
    """The blocks of the k-simplices, about as large as a part; at least 16. Kept with the complex.

    A part of n simplices takes at most (n-1)/size + 1 blocks, so that their number is known from
    the shapes, n_k and num_parts, alone: at most n_k + size · num_parts places.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> part_blocks(SimplicialComplex.disjoint_union([K, K]), 0).rows.column.tolist()
        [0, 1, 2, 16, 17, 18]
    """

    def compute() -> Blocks:
        count, num_parts = K.num_simplices(k), K.num_parts
        size = max(16, -(-count // num_parts))
        pointer, part = K.part_pointer(k), K.part(k)
        number = torch.arange(num_parts, device=K.device)
        start = (pointer[:-1] - number).div(size, rounding_mode="floor") + number
        row = torch.arange(count, device=K.device)
        place = start[part] * size + row - pointer[part]
        num_blocks = (count - num_parts) // size + num_parts
        block = torch.arange(num_blocks, device=K.device)
        owner = torch.searchsorted(start[1:].contiguous(), block, right=True)
        return Blocks(segments(place, num_blocks * size), segments(owner, num_parts), size)

    result: Blocks = K.cached("blocks of parts", k, compute)
    return result


def reduce_tokens(weight: Tensor, x: Tensor, blocks: Blocks) -> Tensor:
    r"""Sums over the simplices of each part: ``weight.T @ x``, part by part.

    Args:
        weight: (n_k, S).
        x: (n_k, C).
        blocks: of the k-simplices.

    Returns:
        (num_parts, S, C).

    Cost:
        O(n_k · S · C) operations, without a row of S · C numbers for each simplex.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1)])
        >>> reduce_tokens(torch.ones(2, 3), torch.ones(2, 4), part_blocks(K, 0)).shape
        torch.Size([1, 3, 4])
    """
    padded = sum_columns(torch.cat([weight, x], dim=1), blocks.rows)  # (blocks · size, S + C)
    table = padded.view(-1, blocks.size, padded.shape[1])
    left, right = table[..., : weight.shape[1]], table[..., weight.shape[1] :]
    products = (left.mT @ right).flatten(1)  # (blocks, S · C)
    return sum_columns(products, blocks.parts).view(-1, weight.shape[1], x.shape[1])


def expand_tokens(weight: Tensor, hidden: Tensor, blocks: Blocks) -> Tensor:
    r"""Back to the simplices: ``weight @ hidden``, part by part.

    Args:
        weight: (n_k, S).
        hidden: (num_parts, S, C).
        blocks: of the k-simplices.

    Returns:
        (n_k, C).

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1)])
        >>> expand_tokens(torch.ones(2, 3), torch.ones(1, 3, 4), part_blocks(K, 0))[0].tolist()
        [3.0, 3.0, 3.0, 3.0]
    """
    left = sum_columns(weight, blocks.rows).view(-1, blocks.size, weight.shape[1])
    right = sum_rows(hidden.flatten(1), blocks.parts).view(-1, *hidden.shape[1:])  # (blocks, S, C)
    return sum_rows((left @ right).flatten(0, 1), blocks.rows)
