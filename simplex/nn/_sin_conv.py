"""The message passing layer of the simplicial isomorphism network."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex
from simplex.nn._dense import dense
from simplex.nn._messages import boundary_sum, require_cochains
from simplex.nn._pair_linear import LazyPairLinear, PairLinear
from simplex.nn._pair_sum import upper_pair_sum
from simplex.nn._reset import reset_submodules
from simplex.nn._widths import widths_of


class SINConv(nn.Module):
    r"""The simplicial isomorphism layer: boundary and upper messages, the shared cofacet paired.

    .. math::
        h'_σ &= \text{MLP}_{comb}\big( b_σ ‖ u_σ \big) \\
        b_σ &= \text{MLP}_B\Big( (1 + ε_B) h_σ + \sum_{δ ∈ B(σ)} h_δ \Big) \\
        u_σ &= \text{MLP}_↑\Big( (1 + ε_↑) h_σ
               + \sum_{τ ∈ N_↑(σ),\, δ = σ ∪ τ} \text{MLP}_M(h_τ ‖ h_δ) \Big)

    MLP_B and MLP_↑ have two dense layers, MLP_M and MLP_comb have one; an activation follows each.
    All maps are private to their dimension. With injective maps, layers of this form are as strong
    as the SWL test (Theorem 10); that needs δ in the message.

    Departures from the paper: (1) MLP_M is computed by ``PairLinear``, at a cost linear in the
    incidences; the values are the same. (2) The top dimension has no cofacets and no MLP_M. (3)
    Where the widths of two neighbouring dimensions differ, a bias-free dense map brings the
    boundary features to the receiver's width, as the sum needs. (4) Batch norm, where asked for,
    stands before each activation except in MLP_M.

    Args:
        in_channels: width of all cochains; or one per dimension; or -1, taken from the first input.
        out_channels: width of the result, and of the hidden layers.
        max_dim: the top dimension of the cochains, K.
        eps: ε_B and ε_↑ at the start.
        train_eps: whether they are learned, two per dimension.
        activation: the activation of every dense layer.
        norm: ``"batch"`` or ``None``.

    Shapes:
        ``x[k]`` (n_k, in_channels) to (n_k, out_channels), k = 0 … max_dim; empty ones as well.

    Laws:
        Permutation equivariant; a disjoint union gives what its parts give.

    Paper:
        Bodnar et al. 2021, Supplement Eq. 35.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> conv = SINConv(8, 16, max_dim=2)
        >>> [tuple(y.shape) for y in conv([torch.ones(n, 8) for n in K.f_vector], K)]
        [(4, 16), (4, 16), (1, 16)]
    """

    def __init__(
        self,
        in_channels: int | Sequence[int],
        out_channels: int,
        max_dim: int,
        *,
        eps: float = 0.0,
        train_eps: bool = False,
        activation: Callable[[Tensor], Tensor] = nn.functional.elu,
        norm: str | None = None,
    ) -> None:
        super().__init__()
        widths = widths_of(in_channels, max_dim)
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.max_dim = max_dim
        self.activation = activation
        self.initial_eps = eps
        start = torch.full((max_dim + 1, 2), float(eps))
        if train_eps:
            self.eps: Tensor = nn.Parameter(start)
        else:
            self.register_buffer("eps", start)
        above = widths[1:]
        self.project = nn.ModuleList(
            nn.Identity() if low == own else nn.Linear(low, own, bias=False)
            for low, own in zip(widths, above, strict=False)
        )
        self.message = nn.ModuleList(
            LazyPairLinear() if own == -1 else PairLinear(own, high)
            for own, high in zip(widths, above, strict=False)
        )
        steps = (activation, norm)
        self.boundary_update = nn.ModuleList(dense(w, out_channels, 2, *steps) for w in widths)
        self.upper_update = nn.ModuleList(dense(w, out_channels, 2, *steps) for w in widths)
        self.combine = nn.ModuleList(
            dense(2 * out_channels, out_channels, 1, *steps) for _ in widths
        )

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        reset_submodules(self)
        with torch.no_grad():
            self.eps.fill_(self.initial_eps)

    def forward(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """One round of messages on all dimensions at once.

        Args:
            x: one cochain (n_k, in_channels) per dimension 0 … max_dim; left as they are.
            complex: the complex, or the disjoint union of a batch.

        Returns:
            One cochain (n_k, out_channels) per dimension.

        Raises:
            ValueError: the cochains do not fit the complex or ``max_dim``.
        """
        require_cochains(x, complex, self.max_dim, self.in_channels)
        return [self._update(k, x, complex) for k in range(self.max_dim + 1)]

    def _update(self, k: int, x: Sequence[Tensor], complex: SimplicialComplex) -> Tensor:
        from_boundary = (1 + self.eps[k, 0]) * x[k]
        if k > 0:
            below = self.project[k - 1](x[k - 1])
            from_boundary = from_boundary + boundary_sum(below, complex, k)
        from_upper = (1 + self.eps[k, 1]) * x[k]
        if k < self.max_dim:
            own, shared = self.message[k](x[k], x[k + 1])
            messages = upper_pair_sum(own, shared, self.activation, complex, k)
            from_upper = from_upper + messages
        both = (self.boundary_update[k](from_boundary), self.upper_update[k](from_upper))
        updated: Tensor = self.combine[k](torch.cat(both, dim=-1))
        return updated

    def __repr__(self) -> str:
        return f"SINConv({self.in_channels}, {self.out_channels}, max_dim={self.max_dim})"
