"""The simplicial attention network: signed attention that is equivariant under reorientation."""

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex, require_int, require_real
from simplex.nn._frame.stacked import StackedNetwork
from simplex.nn._layer import DegreeConv
from simplex.nn._modules import Scores, linear
from simplex.nn._networks.attention import attend
from simplex.nn._reach import Reach, along


class SATConv(DegreeConv):
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
        in_channels, k: see :class:`DegreeConv`.
        out_channels: width of the result, H heads together; a multiple of ``heads``.
        heads: H.
        slope: of the LeakyReLU for negative scores; 1 for none.
        max_pairs: pairs of neighbours held at once.

    Laws:
        Those of :class:`DegreeConv`; equivariant under reorientation, f(Tx, T∂) = T f(x, ∂).

    Cost:
        O(pairs): quadratic in the degree of a hub for lower neighbours.

    Trained by local losses, its maps are problems of their own as in :class:`SANConv`.

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
        super().__init__(in_channels, out_channels, k)
        require_int("heads", heads, 1)
        require_real("slope", slope)
        require_int("max_pairs", max_pairs, 1)
        if out_channels % heads:
            raise ValueError(
                f"out_channels must be a multiple of heads, got {out_channels} and {heads}."
            )
        self.heads, self.slope, self.max_pairs = heads, slope, max_pairs
        adjacencies = ("lower", "upper") if k > 0 else ("upper",)
        self.maps = nn.ModuleDict(
            {a: linear(in_channels, out_channels, bias=False) for a in adjacencies}
        )
        self.score = Scores({a: torch.empty(2, heads, out_channels // heads) for a in adjacencies})
        self.score.reset_parameters()

    @property
    def reach(self) -> Reach | None:
        """How far it sees, see :class:`Reach`."""
        return along(("lower", "upper"), k=self.k)

    def convolve(self, x: Tensor, complex: SimplicialComplex) -> Tensor:
        """The sum of what both neighbourhoods bring."""
        return torch.stack([self._attend(x, complex, adjacency) for adjacency in self.maps]).sum(0)

    def _attend(self, x: Tensor, complex: SimplicialComplex, adjacency: str) -> Tensor:
        k, slope, max_pairs = self.k, self.slope, self.max_pairs
        value = self.maps[adjacency](x).unflatten(-1, (self.heads, -1))  # (…, n_k, H, F)
        query, key = ((value.abs() * half).sum(-1) for half in self.score[adjacency])
        heads = attend(
            complex, query, key, value, k, adjacency, signed=True, slope=slope, max_pairs=max_pairs
        )
        return heads.flatten(-2)  # (…, n_k, out_channels)


class SAT(StackedNetwork):
    r"""Layers of :class:`SATConv` on the cochains of each degree, and a readout of absolute values.

    Args:
        in_channels, hidden_channels, out_channels, num_layers, max_dim, options: see
            :class:`StackedNetwork`.
        heads, slope, max_pairs: of :class:`SATConv`; ``hidden_channels`` is a multiple of
            ``heads``.
        activation: a, an odd function: tanh.

    Laws:
        Invariant under relabelling and reorientation.

    Paper:
        Goh, Bodnar, Liò 2022, arXiv 2204.09455.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = SAT(1, 16, 2, num_layers=2, max_dim=2, heads=2, readout_dims=[1])
        >>> model([torch.ones(n, 1) for n in K.f_vector], K).shape
        torch.Size([1, 2])
    """

    conv, defaults = SATConv, {"activation": torch.tanh, "oriented": True}
