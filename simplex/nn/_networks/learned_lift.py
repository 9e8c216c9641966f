"""A lift that is learned: neighbours in a learned metric, with weights that gradients reach."""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from simplex.complexes import (
    SimplicialComplex,
    require_int,
    require_real,
    require_undirected,
    require_word,
    restrict,
)
from simplex.interop import GraphEdges
from simplex.lifting import lift_edges
from simplex.nn._checks import (
    require_cochain,
    require_flags,
    require_functions,
    require_positive,
)
from simplex.nn._modules import Activation, Module, linear
from simplex.nn._networks.nearest import near_pairs
from simplex.operators import boundary_sum
from simplex.transforms import spread_features


class Lifted(NamedTuple):
    """What a learned lift returns.

    Attributes:
        complex: the clique complex of the graph that was found, with the parts of the given one.
        x: one cochain (n_k, in_channels) for each dimension 0 … max_dim, times its weights.
        weights: (n_k,) for each of these dimensions; ones for the vertices.
    """

    complex: SimplicialComplex
    x: list[Tensor]
    weights: list[Tensor]


class LearnedLift(Module):
    r"""Lifts vertices to the clique complex of their neighbours in a learned metric.

    .. math::
        z_v &= W_2 \, a(W_1 x_v + b_1) + b_2, \qquad
        p_{uv} = \exp\big( -|z_u - z_v|^2 / τ \big) \\
        E &= \{uv : v \text{ is among the } m \text{ nearest of } u \text{, or } u \text{ of } v\}
             \quad\text{or}\quad \{uv : |z_u - z_v| ≤ r\} \\
        p_σ &= \prod_{uv ⊂ σ} p_{uv}, \qquad w_σ = 1 + p_σ - \text{sg}(p_σ), \qquad
        x_σ = w_σ \, \text{mean}_{v ∈ σ} \, x_v

    for all cliques σ of E, with distances within one part alone. sg stops gradients: forwards every
    weight is 1, and the network after it sees the complex as it is; backwards the metric hears what
    a larger or smaller x_σ would be worth. What is chosen is piecewise constant, and has no
    gradient itself. The features that the metric looks at may come from any network before it.

    Departures from the papers: (1) The nearest are taken, not drawn with Gumbel noise (DGM) or by
    α-entmax (the cell module), so that a call is deterministic. (2) Edges have no direction.
    (3) Triangles and higher simplices are cliques with the product of their edges' probabilities,
    cut at ``min_weight``; the cell module scores polygons by a map of its own. (4) The metric is
    trained by the weights of what was chosen and by the loss of the task alone; DGM adds a loss
    that rewards edges of rows that are answered well.

    Args:
        in_channels: width of the vertex features; or -1, taken from the first input.
        hidden_channels: width of z, and of the layer before it.
        neighbors: m. Exactly one of ``neighbors`` and ``radius`` is given.
        radius: r, the bound included.
        max_dim: the top dimension.
        temperature: τ at the start; log τ is learned.
        min_weight: simplices with a smaller p are left out, and with them those above.
        keep_edges: whether the edges of the given complex stay, with p = 1.
        hard: w as above; or, with ``False``, w = p, which the network sees as well.
        reduce: how vertex features are put on simplices, ``"mean"`` or ``"sum"``.
        activation: a.
        max_simplices: most simplices that may be built; ``None`` for what fits in memory.

    Laws:
        Permutation equivariant where no two distances tie; of equally near points those of the
        lowest numbers are taken. A disjoint union gives what its parts give.

    Cost:
        O(Σ_p n_p²) distances for parts of n_p vertices, held in chunks; and the clique lift.

    Paper:
        Kazi, Cosmo, Ahmadi, Navab, Bronstein, "Differentiable Graph Module (DGM) for Graph
        Convolutional Networks", 2020, arXiv 2002.04999; Battiloro et al., "From Latent Graph to
        Latent Topology Inference: Differentiable Cell Complex Module", ICLR 2024, arXiv 2305.16174.

    Example:
        >>> lift = LearnedLift(2, 8, neighbors=2)
        >>> K, x, weights = lift(torch.eye(4, 2), SimplicialComplex(4))
        >>> K.num_simplices(0), [len(w) for w in weights] == list(K.f_vector)
        (4, True)
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        *,
        neighbors: int | None = None,
        radius: float | None = None,
        max_dim: int = 2,
        temperature: float = 0.1,
        min_weight: float = 0.0,
        keep_edges: bool = False,
        hard: bool = True,
        reduce: str = "mean",
        activation: Callable[[Tensor], Tensor] = torch.relu,
        max_simplices: int | None = None,
    ) -> None:
        super().__init__()
        if (neighbors is None) == (radius is None):
            raise ValueError(
                "exactly one of neighbors and radius must be given, got "
                f"{'neither' if radius is None else 'both'}."
            )
        if neighbors is not None:
            require_int("neighbors", neighbors, 1)
        if radius is not None:
            radius = require_real("radius", radius, 0)
        require_positive(hidden_channels=hidden_channels)
        require_int("max_dim", max_dim, 1)
        if max_simplices is not None:
            require_int("max_simplices", max_simplices, 0)
        require_flags(keep_edges=keep_edges, hard=hard)
        require_word("reduce", reduce, ("mean", "sum"))
        require_functions(activation=activation)
        self.in_channels, self.hidden_channels = in_channels, hidden_channels
        self.neighbors, self.radius, self.max_dim = neighbors, radius, max_dim
        self.temperature = require_real("temperature", temperature, 0, open=True)
        self.min_weight = require_real("min_weight", min_weight, 0, 1)
        self.keep_edges, self.hard, self.reduce = keep_edges, hard, reduce
        self.max_simplices = max_simplices
        self.embed = nn.Sequential(
            linear(in_channels, hidden_channels),
            Activation(activation),
            linear(hidden_channels, hidden_channels),
        )
        self.log_temperature = nn.Parameter(torch.tensor(math.log(self.temperature)))

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        super().reset_parameters()
        nn.init.constant_(self.log_temperature, math.log(self.temperature))

    def forward(self, x: Tensor, complex: SimplicialComplex) -> Lifted:
        """Lift the vertices of a complex, or of a batch.

        Args:
            x: (n_0, in_channels) vertex features.
            complex: says which vertices are of one part; of its simplices nothing but edges
                counts, and these only with ``keep_edges``. ``SimplicialComplex(n)`` for points
                without any.

        Raises:
            TypeError: x is no floating-point tensor, or complex is none.
            ValueError: x does not fit the complex, features that are not finite, or a lift larger
                than allowed.
        """
        require_cochain(complex, x, 0, self.in_channels, self.log_temperature)
        require_undirected("complex", complex)
        if x.ndim != 2:
            raise ValueError(
                f"x must have shape (n_0, in_channels), one signal, got {tuple(x.shape)}."
            )
        z = self.embed(x)
        if not bool(z.detach().isfinite().all()):
            raise ValueError(
                "the learned features must be finite, got others. Look at x for NaN and infinity, "
                "or lower the learning rate."
            )
        K = self._lift(z.detach(), complex)
        logs = self._logs(z, K, complex)
        if self.min_weight > 0:
            K, logs = self._cut(K, logs)
        soft = [values.exp() for values in logs]
        weights = [p - p.detach() + 1 for p in soft] if self.hard else soft
        spread = spread_features(K, x, self.max_dim, reduce=self.reduce)  # type: ignore[arg-type]
        weighted = [w[:, None].to(h.dtype) * h for w, h in zip(weights, spread, strict=True)]
        self.in_channels = x.shape[1]  # the maps have taken theirs, for good
        return Lifted(K, weighted, weights)

    def _lift(self, z: Tensor, given: SimplicialComplex) -> SimplicialComplex:
        """The clique complex of the near pairs."""
        radius = math.inf if self.radius is None else self.radius
        pairs = near_pairs(z, given, neighbors=self.neighbors, radius=radius)
        if self.keep_edges:
            pairs = torch.cat([pairs, given.simplices(1).T], dim=1)
        pointer = None if given.num_parts == 1 else given.part_pointer(0)
        graph = GraphEdges(len(z), pairs, given.vertex_labels, pointer)
        return lift_edges(graph, self.max_dim, self.max_simplices)

    def _logs(self, z: Tensor, K: SimplicialComplex, given: SimplicialComplex) -> list[Tensor]:
        """Log p of the simplices of each dimension 0 … max_dim."""
        tail, head = K.simplices(1).unbind(1)
        apart = (z.index_select(0, tail) - z.index_select(0, head)).square().sum(1)  # (n_1,)
        edges = -apart / self.log_temperature.exp()
        if self.keep_edges:
            edges = edges.masked_fill(given.index(K.simplices(1)) >= 0, 0.0)
        logs = [z.new_zeros(len(z)), edges]
        for k in range(2, self.max_dim + 1):  # an edge is in k - 1 of the facets
            logs.append(boundary_sum(K, logs[-1], k) / (k - 1))
        return logs

    def _cut(
        self, K: SimplicialComplex, logs: list[Tensor]
    ) -> tuple[SimplicialComplex, list[Tensor]]:
        """The subcomplex of the simplices that are likely enough."""
        present = [torch.ones(K.num_simplices(0), dtype=torch.bool, device=K.device)]
        for k in range(1, K.dim + 1):
            likely = logs[k].detach().exp() >= self.min_weight
            present.append(likely & present[-1][K.facets(k)].all(1))
        kept = restrict(K, present[: K.dim + 1])
        beyond = range(K.dim + 1, self.max_dim + 1)
        ids = [*kept.ids, *(K.facets(0).new_empty(0) for _ in beyond)]
        return kept.complex, [values[rows] for values, rows in zip(logs, ids, strict=True)]

    def extra_repr(self) -> str:
        """What the repr of the module shows."""
        near = f"neighbors={self.neighbors}" if self.radius is None else f"radius={self.radius}"
        return f"{near}, max_dim={self.max_dim}"
