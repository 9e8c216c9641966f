"""The simplicial attention network: signed attention that is equivariant under reorientation."""

from collections.abc import Callable, Sequence
from typing import Unpack

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex
from simplex.nn._modules import linear, reset_submodules, widths_of
from simplex.nn._network import EachDegree, NetworkOptions, SimplicialNetwork, layer_widths
from simplex.nn._networks.attention import attend


class SATConv(nn.Module):
    r"""Attention over lower and upper neighbours with relative orientations as signs.

    .. math::
        x'_σ &= \sum_{𝒜 ∈ \{↓, ↑\}} \Big‖_{h=1}^{H} \sum_{τ ∈ \bar N_𝒜(σ)} s_𝒜(σ, τ) \,
               α^{𝒜,h}_{στ} \, W_𝒜^h x_τ \\
        α^{𝒜,h}_{στ} &= \underset{τ ∈ \bar N_𝒜(σ)}{\text{softmax}} \; \text{LeakyReLU}\big(
               a_𝒜^{h⊤} [\, |W_𝒜^h x_σ| \;‖\; |W_𝒜^h x_τ| \,] \big)

    where :math:`\bar N` are the neighbours and σ itself (the row of σ in ∂ᵀ∂ or ∂∂ᵀ) and s = ±1 are
    the signs of these entries. Turning a simplex around flips x and s; the coefficients see
    absolute values alone and stay as they are. There is no bias: a constant has no orientation.

    Departures from the paper: (1) any degree k. (2) The two neighbourhoods are summed, each
    with H heads side by side; the authors' code gives each one head of the result.
    (3) The scores have no bias, and pass a LeakyReLU as in GAT.

    Args:
        in_channels: width of the cochain; -1 to take it from the first input.
        out_channels: width of the result, H heads together; a multiple of ``heads``.
        k: the degree of the cochain; 1 for edge flows.
        heads: H.
        slope: of the LeakyReLU for negative scores; 1 for none.
        max_pairs: pairs of neighbours held at once.

    Shapes:
        x: (…, n_k, in_channels) to (…, n_k, out_channels).

    Laws:
        Equivariant under relabelling and under reorientation, f(Tx, T∂) = T f(x, ∂). A disjoint
        union gives what its parts give.

    Cost:
        O(pairs): quadratic in the degree of a hub for lower neighbours.

    Trained by local losses, each map is a problem of its own before the aggregation, as its result
    also enters the scores; the vectors of the scores have none.

    Paper:
        Goh, Bodnar, Liò, "Simplicial Attention Networks", 2022, arXiv 2204.09455.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> SATConv(1, 8, k=1, heads=2)(torch.ones(4, 1), K).shape
        torch.Size([4, 8])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        k: int = 1,
        *,
        heads: int = 1,
        slope: float = 0.2,
        max_pairs: int = 1 << 20,
    ) -> None:
        super().__init__()
        if heads < 1 or out_channels % heads:
            raise ValueError(
                f"out_channels must be a multiple of heads, got {out_channels} and {heads}."
            )
        self.in_channels, self.out_channels, self.k = in_channels, out_channels, k
        self.heads, self.slope, self.max_pairs = heads, slope, max_pairs
        adjacencies = ("lower", "upper") if k > 0 else ("upper",)
        self.maps = nn.ModuleDict(
            {a: linear(in_channels, out_channels, bias=False) for a in adjacencies}
        )
        self.score = nn.ParameterDict(
            {a: torch.empty(2, heads, out_channels // heads) for a in adjacencies}
        )
        self._reset_scores()

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        reset_submodules(self)
        self._reset_scores()

    def _reset_scores(self) -> None:
        for score in self.score.values():
            nn.init.xavier_uniform_(score)

    def forward(self, x: Tensor, complex: SimplicialComplex) -> Tensor:
        """Apply the layer to one cochain.

        Args:
            x: (…, n_k, in_channels); left as it is.
            complex: the complex, or the disjoint union of a batch.

        Returns:
            (…, n_k, out_channels).
        """
        parts = [self._attend(adjacency, x, complex) for adjacency in self.maps]
        return torch.stack(parts).sum(0)

    def _attend(self, adjacency: str, x: Tensor, complex: SimplicialComplex) -> Tensor:
        mapped: Tensor = self.maps[adjacency](x)
        value = mapped.view(*mapped.shape[:-1], self.heads, self.out_channels // self.heads)
        query, key = ((value.abs() * half).sum(-1) for half in self.score[adjacency])
        result = attend(
            complex,
            query,
            key,
            value,
            self.k,
            adjacency,
            signed=True,
            slope=self.slope,
            max_pairs=self.max_pairs,
        )
        return result.flatten(-2)

    def __repr__(self) -> str:
        return f"SATConv({self.in_channels}, {self.out_channels}, k={self.k}, heads={self.heads})"


class SAT(SimplicialNetwork):
    r"""Layers of :class:`SATConv` on the cochains of each degree, and a readout of absolute values.

    .. math::
        h_k^{(l+1)} = a\big( \text{SATConv}_{l,k}(h_k^{(l)}, K) \big), \qquad
        y = \text{Readout}(|h^{(L)}|, K)

    Args:
        in_channels: width of the cochains; or one per dimension; or -1, taken from the first input.
        hidden_channels: width of the layers, a multiple of ``heads``.
        out_channels: width of the result.
        num_layers: number of layers.
        max_dim: the top dimension of the cochains.
        heads: H, of each neighbourhood.
        activation: a; an odd one, or equivariance under reorientation is lost.
        **options: see :class:`SimplicialNetwork`.

    Laws:
        Invariant under relabelling and reorientation; batched equals one by one.

    Paper:
        Goh, Bodnar, Liò 2022, arXiv 2204.09455.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = SAT(1, 16, 2, num_layers=2, max_dim=2, heads=2, readout_dims=[1])
        >>> model([torch.ones(n, 1) for n in K.f_vector], K).shape
        torch.Size([1, 2])
    """

    def __init__(
        self,
        in_channels: int | Sequence[int],
        hidden_channels: int,
        out_channels: int,
        num_layers: int,
        max_dim: int,
        *,
        heads: int = 1,
        activation: Callable[[Tensor], Tensor] = torch.tanh,
        **options: Unpack[NetworkOptions],
    ) -> None:
        convs = [
            EachDegree(
                [
                    SATConv(width, hidden_channels, k, heads=heads)
                    for k, width in enumerate(widths_of(widths, max_dim))
                ]
            )
            for widths in layer_widths(in_channels, hidden_channels, num_layers)
        ]
        super().__init__(
            convs,
            hidden_channels,
            out_channels,
            max_dim,
            activation=activation,
            oriented=True,
            **options,
        )
