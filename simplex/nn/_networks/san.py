"""SAN, the simplicial attention neural network: layer and network."""

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex, require_int, require_real
from simplex.nn._frame.stacked import StackedNetwork
from simplex.nn._layer import DegreeConv
from simplex.nn._modules import Scores, linear
from simplex.nn._networks.attention import attention_filter
from simplex.nn._reach import Reach, along
from simplex.operators import harmonic_filter


class SANConv(DegreeConv):
    r"""Polynomials of learned attention over lower and upper neighbours, and a harmonic part.

    .. math::
        X' = \sum_{p=1}^{P} A_↓^p X W_{↓,p} + \sum_{p=1}^{P} A_↑^p X W_{↑,p}
             + (I - ε L_k)^J X W_h

    The rows of A_↓ and A_↑ are softmaxes over the entries of a row of ∂_kᵀ∂_k and of
    ∂_{k+1}∂_{k+1}ᵀ: over the lower, or the upper, neighbours of a simplex and itself,

    .. math::
        (A_↓)_{στ} = \underset{τ}{\text{softmax}} \; \text{LeakyReLU}\big( a_↓^⊤ [\,
        ‖_p W_{↓,p}^⊤ x_σ \;‖\; ‖_p W_{↓,p}^⊤ x_τ \,] \big).

    There is no bias.

    Departures from the paper: (1) ε is 1 over a bound on λ_max(L_k), where not given; a fixed one
    makes the powers of I - εL explode at hubs. (2) A simplex without a cofacet (k = 0: vertices
    have no lower part at all) has an empty row and gets nothing; dense code that masks by a large
    negative number lets it attend to *every* simplex alike. (3) No dropout of coefficients.

    Args:
        in_channels, out_channels, k: see :class:`DegreeConv`.
        order: P.
        harmonic_order: J.
        epsilon: ε; ``None`` for one that keeps all eigenvalues of I - εL in [0, 1].
        slope: of the LeakyReLU for negative scores.
        max_pairs: pairs of neighbours held at once.

    Laws:
        Those of :class:`DegreeConv`, if the orientation moves along (the harmonic part sees it).
        *Not* equivariant under reorientation: attention forgets the signs of L_k;
        :class:`SATConv` keeps them.

    Cost:
        O(pairs) for each power, on the pairs alone; O(incidences) for the harmonic part.

    Trained by local losses, each map is a problem of its own before the aggregation, as its result
    also enters the scores; the vectors of the scores have none.

    Paper:
        Giusti, Battiloro, Di Lorenzo, Sardellitti, Barbarossa, "Simplicial Attention Neural
        Networks", 2022, arXiv 2203.07485. ``SANLayer`` of TopoModelX 0.0.1 has ELU in the place of
        LeakyReLU and gives the same numbers where no score is negative; it turns the attention
        into a dense n_k × n_k matrix and raises it to powers, as it does I - εL with ε = 0.1.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> SANConv(2, 8, k=1)(torch.ones(4, 2), K).shape
        torch.Size([4, 8])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        k: int = 1,
        *,
        order: int = 2,
        harmonic_order: int = 5,
        epsilon: float | None = None,
        slope: float = 0.2,
        max_pairs: int = 1 << 20,
    ) -> None:
        super().__init__(in_channels, out_channels, k)
        require_int("order", order, 1)
        require_int("max_pairs", max_pairs, 1)
        require_real("slope", slope)
        if epsilon is not None:
            require_real("epsilon", epsilon)
        require_int("harmonic_order", harmonic_order, 0)
        self.order, self.harmonic_order, self.epsilon = order, harmonic_order, epsilon
        self.slope, self.max_pairs = slope, max_pairs
        adjacencies = ("lower", "upper") if k > 0 else ("upper",)
        self.maps = nn.ModuleDict(
            {a: linear(in_channels, order * out_channels, bias=False) for a in adjacencies}
        )
        self.score = Scores({a: torch.empty(2, order * out_channels) for a in self.maps})
        self.harmonic = linear(in_channels, out_channels, bias=False)
        self.score.reset_parameters()

    @property
    def reach(self) -> Reach | None:
        """How far it sees, see :class:`Reach`."""
        if self.harmonic_order and self.epsilon is None:  # a bound of the whole part
            return None
        return along(("lower", "upper"), max(self.order, self.harmonic_order), k=self.k)

    def convolve(self, x: Tensor, complex: SimplicialComplex) -> Tensor:
        """The harmonic part, and the attention over each adjacency."""
        smooth = harmonic_filter(complex, x, self.k, self.harmonic_order, self.epsilon)
        result: Tensor = self.harmonic(smooth)
        options = {"order": self.order, "max_pairs": self.max_pairs}
        for adjacency, maps in self.maps.items():
            mapped, score = maps(x), self.score[adjacency]
            result = result + attention_filter(
                complex, mapped, score, self.k, adjacency, slope=self.slope, **options
            )
        return result


class SAN(StackedNetwork):
    r"""Layers of :class:`SANConv` on the cochains of each degree, and a readout.

    The degrees meet in the readout alone; :class:`GSAN` lets them meet in every layer.

    Args:
        in_channels, hidden_channels, out_channels, num_layers, max_dim, options: see
            :class:`StackedNetwork`.
        order, harmonic_order, epsilon, slope, max_pairs: of :class:`SANConv`.
        activation: a, a leaky ReLU.

    Laws:
        Invariant under relabelling that carries the orientation, not under reorientation.

    Paper:
        Giusti et al. 2022, arXiv 2203.07485. Departure: it has one degree; here are all of them.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = SAN(1, 16, 2, num_layers=2, max_dim=2)
        >>> model([torch.ones(n, 1) for n in K.f_vector], K).shape
        torch.Size([1, 2])
    """

    conv, defaults = SANConv, {"activation": nn.functional.leaky_relu}
