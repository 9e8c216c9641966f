"""Generalised simplicial attention: all degrees at once, joined by the Dirac operator."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex, require_int, require_real
from simplex.nn._frame.stacked import StackedNetwork
from simplex.nn._layer import ComplexConv
from simplex.nn._modules import Scores, Widths, linear
from simplex.nn._networks.attention import attention_filter
from simplex.nn._reach import Reach, along, then, union
from simplex.operators import apply_boundary, apply_coboundary, harmonic_filter


class GSANConv(ComplexConv):
    r"""Attention filters on the cochains of all degrees and on what their boundaries bring.

    .. math::
        X'_k &= D_k + U_k + (I - ε L_k)^J X_k W_{h,k} \\
        D_k &= \sum_{p=1}^{P} (A_k^↓)^p X_k W_{k,p}
               + \sum_{p=1}^{P} (B_k^↓)^p \, ∂_k^⊤ X_{k-1} V_{k,p} \\
        U_k &= \sum_{p=1}^{P} (A_k^↑)^p X_k W_{k+1,p}
               + \sum_{p=1}^{P} (B_k^↑)^p \, ∂_{k+1} X_{k+1} V_{k+1,p}

    with :math:`D_0 = 0`, and :math:`U_k = 0` at the top. The rows of the attention matrices are
    softmaxes on the supports of ∂_kᵀ∂_k (↓) and ∂_{k+1}∂_{k+1}ᵀ (↑), as in :class:`SANConv`; those
    of B score the features that ∂ has brought. The Dirac operator of dimensions k-1 and k has
    powers ∂ᵀ∂, ∂∂ᵀ, ∂ and ∂ᵀ: so W_k serves X_{k-1} from above and X_k from below, and V_k both
    ways between them. There is no bias.

    Departures from the paper: (1) any number of dimensions; it writes out three. (2) ε is 1 over a
    bound on λ_max(L_k), where not given. (3) A simplex without a cofacet has an empty row
    and gets nothing from above; the authors' dense code lets it attend to every simplex alike.
    (4) The harmonic part is there, which the authors' code sets to 0. (5) No dropout of
    coefficients.

    Args:
        in_channels: width of all cochains, as they share their maps; -1 to take it from the first
            input.
        out_channels, max_dim: see :class:`ComplexConv`.
        order, harmonic_order, epsilon, slope, max_pairs: P, J, ε …; see :class:`SANConv`.

    Laws:
        As :class:`SANConv`: not equivariant under reorientation.

    Cost:
        O(pairs) for each of the powers, never a dense matrix or a power of one.

    Trained by local losses, its maps are problems of their own as in :class:`SANConv`.

    Paper:
        Battiloro, Testa, Giusti, Sardellitti, Di Lorenzo, Barbarossa, "Generalized Simplicial
        Attention Neural Networks", 2023, arXiv 2309.02138.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> conv = GSANConv(2, 8, max_dim=2)
        >>> [tuple(y.shape) for y in conv([torch.ones(n, 2) for n in K.f_vector], K)]
        [(4, 8), (4, 8), (1, 8)]
    """

    def __init__(
        self,
        in_channels: Widths,
        out_channels: int,
        max_dim: int,
        *,
        order: int = 2,
        harmonic_order: int = 5,
        epsilon: float | None = None,
        slope: float = 0.2,
        max_pairs: int = 1 << 20,
    ) -> None:
        super().__init__(in_channels, out_channels, max_dim)
        require_int("order", order, 1)
        require_int("max_pairs", max_pairs, 1)
        require_real("slope", slope)
        if epsilon is not None:
            require_real("epsilon", epsilon)
        require_int("harmonic_order", harmonic_order, 0)
        width, wide = self.widths[0], order * out_channels
        if len(set(self.widths)) > 1:
            raise ValueError(
                f"in_channels must be one width for all dimensions, which share their maps, got "
                f"{self.widths}. Map the cochains to one width before."
            )
        self.order, self.harmonic_order, self.epsilon = order, harmonic_order, epsilon
        self.slope, self.max_pairs = slope, max_pairs
        self.within = nn.ModuleList(linear(width, wide, bias=False) for _ in range(max_dim))
        self.between = nn.ModuleList(linear(width, wide, bias=False) for _ in range(max_dim))
        self.harmonic = nn.ModuleList(linear(w, out_channels, bias=False) for w in self.widths)
        self.score = Scores(
            {
                f"{kind}_{adjacency}_{k}": torch.empty(2, wide)
                for k in range(max_dim + 1)
                for adjacency in self._adjacencies(k)
                for kind in ("within", "between")
            }
        )
        self.score.reset_parameters()

    @property
    def reach(self) -> Reach | None:
        """How far it sees, see :class:`Reach`."""
        if self.harmonic_order and self.epsilon is None:  # a bound of the whole part
            return None
        within = ("lower", "upper")
        attended = then(along(within, self.order), along(("boundary", "coboundary")))
        return union(attended, along(within, self.harmonic_order))

    def _adjacencies(self, k: int) -> list[str]:
        return ["lower"] * (k > 0) + ["upper"] * (k < self.max_dim)

    def convolve(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """One round on all dimensions at once."""
        return [self._update(x, complex, k) for k in range(self.max_dim + 1)]

    def _update(self, x: Sequence[Tensor], complex: SimplicialComplex, k: int) -> Tensor:
        smooth = harmonic_filter(complex, x[k], k, self.harmonic_order, self.epsilon)
        result: Tensor = self.harmonic[k](smooth)
        options = {"order": self.order, "max_pairs": self.max_pairs}
        for adjacency in self._adjacencies(k):
            if adjacency == "lower":
                block, brought = k - 1, apply_coboundary(complex, x[k - 1], k - 1)
            else:
                block, brought = k, apply_boundary(complex, x[k + 1], k + 1)
            within, between = self.within[block](x[k]), self.between[block](brought)
            for kind, mapped in (("within", within), ("between", between)):
                score = self.score[f"{kind}_{adjacency}_{k}"]
                result = result + attention_filter(
                    complex, mapped, score, k, adjacency, slope=self.slope, **options
                )
        return result


class GSAN(StackedNetwork):
    r"""Layers of :class:`GSANConv` and a readout.

    Args:
        in_channels, hidden_channels, out_channels, num_layers, max_dim, options: see
            :class:`StackedNetwork`.
        order, harmonic_order, epsilon, slope, max_pairs: of :class:`GSANConv`.
        activation: a, a leaky ReLU.

    Laws:
        Invariant under relabelling that carries the orientation.

    Paper:
        Battiloro et al. 2023, arXiv 2309.02138; the readout is that of the other networks here.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = GSAN(1, 16, 2, num_layers=2, max_dim=2)
        >>> model([torch.ones(n, 1) for n in K.f_vector], K).shape
        torch.Size([1, 2])
    """

    conv, defaults = GSANConv, {"activation": nn.functional.leaky_relu}
