"""Token mixing by matrices that are functions of positional codes."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex
from simplex.nn._codes import PositionalCodes, StructuralCodes
from simplex.nn._messages import require_cochains
from simplex.nn._mixer_block import require_positive
from simplex.nn._parity import require_activations, require_flags
from simplex.nn._ragged import expand_tokens, part_blocks, reduce_tokens
from simplex.nn._reset import reset_submodules
from simplex.nn._scnn import require_orders


class KernelMixerConv(nn.Module):
    r"""The token MLP of MLP-Mixer on the simplices of all dimensions, for complexes of any size.

    .. math::
        H &= a\Big( \sum_k n_k^{-p} \, Φ_k(P_k)^⊤ X_k + b \Big) \\
        X'_k &= Ψ_k(P_k) \, H + β_k(P_k)

    for each part on its own, with codes P_k (n_k, d_k) of the simplices and linear maps Φ_k, Ψ_k to
    ``token_channels`` numbers and β_k to one. H, (token_channels, channels), are the hidden units
    of the token MLP, shared by all dimensions, as the tokens are the simplices of all dimensions.

    Departures from the paper: (1) The token matrices W_1 = Φ(P)ᵀ and W_2 = Ψ(P) are functions of
    codes, so the number of tokens is free. (2) The factor n_k^{-p}.

    Args:
        max_dim: the top dimension of the cochains.
        token_channels: width of the token MLP, D_S.
        codes: P; ``None`` for :class:`StructuralCodes`.
        signed: whether the cochains are oriented: of the codes, if none are given.
        power: p.
        activation: a; any function, as the hidden units do not change with the orientation.

    Shapes:
        ``x[k]`` (n_k, channels) to (n_k, channels), k = 0 … max_dim; empty ones as well.

    Laws:
        Permutation and orientation equivariant if the codes are. A disjoint union gives what its
        parts give. With :class:`OneHotCodes` and p = 0 it is the token MLP of MLP-Mixer.

    Cost:
        O(n_k · token_channels · (d_k + channels)) for each dimension.

    Paper:
        Tolstikhin et al., "MLP-Mixer: An all-MLP Architecture for Vision", NeurIPS 2021, Eq. 1; the
        step to complexes is ours.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> conv = KernelMixerConv(max_dim=2, token_channels=16)
        >>> [tuple(y.shape) for y in conv([torch.ones(n, 8) for n in K.f_vector], K)]
        [(4, 8), (4, 8), (1, 8)]
    """

    def __init__(
        self,
        max_dim: int,
        token_channels: int,
        *,
        codes: PositionalCodes | None = None,
        signed: bool = True,
        power: float = 0.5,
        activation: Callable[[Tensor], Tensor] = nn.functional.gelu,
    ) -> None:
        super().__init__()
        require_orders(max_dim=max_dim)
        require_positive(token_channels=token_channels)
        require_flags(signed=signed)
        require_activations(activation, activation, odd=False)
        self.max_dim, self.token_channels, self.power = max_dim, token_channels, power
        self.codes = StructuralCodes(signed=signed) if codes is None else codes
        self.activation = activation
        widths = self.codes.widths(max_dim)
        self.read = nn.ModuleList(_Read(width, token_channels, bias=False) for width in widths)
        self.bias = nn.Parameter(torch.zeros(token_channels))
        self.write = nn.ModuleList(_Write(width, token_channels, bias=False) for width in widths)
        self.shift = nn.ModuleList(_Zero(width, 1, bias=False) for width in widths)

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        reset_submodules(self)
        nn.init.zeros_(self.bias)

    def forward(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """Mix the simplices of each part.

        Args:
            x: one cochain (n_k, channels) per dimension 0 … max_dim, of one width; left as they
                are.
            complex: the complex, or the disjoint union of a batch.

        Returns:
            One cochain (n_k, channels) per dimension.

        Raises:
            ValueError: the cochains do not fit the complex, ``max_dim`` or one another.
        """
        require_cochains(x, complex, self.max_dim, x[0].shape[-1] if len(x) else -1)
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

    def extra_repr(self) -> str:
        """Sizes, as the width of the token MLP is easily taken for the number of tokens."""
        return f"max_dim={self.max_dim}, token_channels={self.token_channels}, codes={self.codes}"


class _Read(nn.Linear):
    """Weights such that d columns of size 1 give values of size 1."""

    def reset_parameters(self) -> None:
        nn.init.normal_(self.weight, std=1 / math.sqrt(self.in_features))


class _Write(nn.Linear):
    """Weights such that a sum of all outputs, each times a value of size 1, has size 1."""

    def reset_parameters(self) -> None:
        nn.init.normal_(self.weight, std=1 / math.sqrt(self.in_features * self.out_features))


class _Zero(nn.Linear):
    def reset_parameters(self) -> None:
        nn.init.zeros_(self.weight)
