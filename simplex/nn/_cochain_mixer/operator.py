"""Token mixing over a dictionary of operators: what each of them makes of a cochain is a token."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex
from simplex.nn._checks import parity_activations, require_flags, require_orders
from simplex.nn._cochain_mixer.token import TokenMixerConv
from simplex.nn._reach import Reach, along, union
from simplex.operators import chain_down, chain_up


class OperatorMixerConv(TokenMixerConv):
    r"""The token MLP of MLP-Mixer over what Hodge Laplacians and boundary maps make of cochains.

    .. math::
        Z_k &= \big[ X_k, \; ∂_k^⊤ X_{k-1}, \; L^d_k X_k, …, (L^d_k)^{T_d} X_k, \;
               L^u_k X_k, …, (L^u_k)^{T_u} X_k, \; ∂_{k+1} X_{k+1} \big] \\
        X'_k &= a\big( Z_k W_1 + b_1 \big) \, w_2 + b_2

    The MLP acts on the axis of the operators; simplices and channels share its weights. As
    L^d L^u = 0, powers of each are all words there are.

    Departures from the paper: (1) Tokens are operators, of which there are J for every complex, and
    one number comes out for each simplex and channel. (2) In dimensions whose cochains are oriented
    the biases are dropped and the activation is odd.

    Args:
        tokens_mlp_dim: width of the token MLP, D_S.
        max_dim: see :class:`ComplexConv`; the top dimension has no upper terms.
        down_order: T_d.
        up_order: T_u.
        normalize: divide each ∂_k by the root of a bound of λ_max(∂_kᵀ∂_k), part by part.
        signed: whether the cochains are oriented; ``False`` for |∂| and even values.
        activation, odd_activation: a; see :class:`ChannelMixerConv`.

    Raises:
        TypeError, ValueError: as :class:`ChannelMixerConv`.

    Laws:
        Those of :class:`ComplexConv`; without ``normalize`` a union is the same read as one part.
        Orientation equivariant if signed.

    Cost:
        O((T_d + T_u) incidences · channels), and O(J · tokens_mlp_dim) for each simplex and
        channel.

    Paper:
        That of :class:`SimplicialMixerConv`; the step to complexes is ours.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> conv = OperatorMixerConv(tokens_mlp_dim=16, max_dim=2)
        >>> [tuple(y.shape) for y in conv([torch.ones(n, 8) for n in K.f_vector], K)]
        [(4, 8), (4, 8), (1, 8)]
    """

    def __init__(
        self,
        tokens_mlp_dim: int,
        max_dim: int,
        *,
        down_order: int = 2,
        up_order: int = 2,
        normalize: bool = True,
        signed: bool = True,
        activation: Callable[[Tensor], Tensor] = nn.functional.gelu,
        odd_activation: Callable[[Tensor], Tensor] = torch.tanh,
    ) -> None:
        super().__init__(tokens_mlp_dim, max_dim)
        require_orders(down_order=down_order, up_order=up_order)
        require_flags(normalize=normalize, signed=signed)
        self.down_order, self.up_order = down_order, up_order
        self.normalize, self.signed = normalize, signed
        odd = [signed and k > 0 for k in range(max_dim + 1)]
        self.activations = parity_activations(activation, odd_activation, odd)
        self.lin1 = nn.ModuleList(
            nn.Linear(self.num_operators(k), tokens_mlp_dim, bias=not each)
            for k, each in enumerate(odd)
        )
        self.lin2 = nn.ModuleList(nn.Linear(tokens_mlp_dim, 1, bias=not each) for each in odd)

    def num_operators(self, k: int) -> int:
        """J, the number of tokens in dimension k."""
        down = self.down_order + 1 if k > 0 else 0
        up = self.up_order + 1 if k < self.max_dim else 0
        return 1 + down + up

    def tokens(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """Z_k, (n_k, channels, J) for each dimension."""
        terms: list[list[Tensor]] = [[values] for values in x]
        options = {"signed": self.signed, "normalize": self.normalize}
        for k, values in enumerate(x):
            if k > 0:
                down = chain_down(complex, values, k, max(1, 2 * self.down_order), **options)
                terms[k] += down[2 : 2 * self.down_order + 1 : 2]
                terms[k - 1].append(down[1])
            if k < self.max_dim:
                up = chain_up(complex, values, k, max(1, 2 * self.up_order), **options)
                terms[k] += up[2 : 2 * self.up_order + 1 : 2]
                terms[k + 1].append(up[1])
        return [torch.stack(each, dim=-1) for each in terms]

    @property
    def reach(self) -> Reach | None:
        """How far it sees, see :class:`Reach`."""
        if self.normalize:  # by a bound of the whole part
            return None
        down, up = along(("lower",), self.down_order), along(("upper",), self.up_order)
        return union(along(("boundary", "coboundary")), down, up)

    def convolve(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """Mix what the operators make of the cochains."""
        return [
            lin2(activation(lin1(z))).squeeze(-1)  # (n_k, channels, J) to (n_k, channels)
            for z, lin1, lin2, activation in zip(
                self.tokens(x, complex), self.lin1, self.lin2, self.activations, strict=True
            )
        ]

    def __repr__(self) -> str:
        tokens = [self.num_operators(k) for k in range(self.max_dim + 1)]
        return f"{super().__repr__()[:-1]}, tokens={tokens})"
