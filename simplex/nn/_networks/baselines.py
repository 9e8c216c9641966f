"""The baselines: pooled features, f-vectors, and heat without messages."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex
from simplex.nn._checks import require_cochains, require_complex, require_positive, require_rates
from simplex.nn._frame.incident import incident_sum
from simplex.nn._frame.level_readout import require_level
from simplex.nn._modules import Module, Widths, joint_width, mlp, widths_of
from simplex.nn._norm import SimplexBatchNorm
from simplex.nn._reach import Reach, Sighted, Stage, along
from simplex.operators import heat_energy, pool_parts


class _OfFaces(Sighted, Module):
    """A network that reads of a simplex its faces and cofaces, or of a whole part everything."""

    level: int | None

    @property
    def reach(self) -> Reach | None:
        """How far it sees, see :class:`Reach`."""
        if self.level is None:
            return None
        return along(("boundary", "coboundary"), k=self.level)

    def stages(self) -> list[Stage]:
        """The whole network as one stage: what :func:`simplex.loader.infer` takes in blocks."""
        return [Stage(self, self.reach, (0,))]


class PooledMLP(_OfFaces):
    r"""A dense network on the f-vector and the pooled input features: no simplex sees another.

    .. math::
        z_k &= \log(1 + n_k) \;‖\; g\Big( \sum_{σ ∈ K_k} x_σ \Big) \;‖\;
               \frac{1}{n_k} \sum_{σ ∈ K_k} x_σ, \qquad g(s) = \text{sgn}(s) \log(1 + |s|) \\
        y &= \text{MLP}\big( \text{norm}(z_0 ‖ … ‖ z_{K}) \big)

    A dimension without simplices pools to zeros. What a network on complexes scores beyond this
    comes from how simplices lie to each other, or from functions of the features of one simplex
    that a sum does not keep. :class:`FVectorMLP` sees the counts alone.

    With a level k there is a row per k-simplex, and in the place of a whole dimension stand the
    simplices of it that are faces or cofaces of σ: σ itself and what it is part of, no neighbour.

    Args:
        in_channels, hidden_channels, out_channels, max_dim: see :class:`StackedNetwork`.
        num_layers: number of hidden layers.
        dropout: probability, before the last map.
        level: ``None`` for a row per part, or k.

    Laws:
        Invariant under relabelling. In evaluation mode, batched equals one by one.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = PooledMLP(1, 16, 2, num_layers=2, max_dim=2)
        >>> model([torch.ones(n, 1) for n in K.f_vector], K).shape
        torch.Size([1, 2])
    """

    def __init__(
        self,
        in_channels: Widths,
        hidden_channels: int,
        out_channels: int,
        num_layers: int,
        max_dim: int,
        *,
        dropout: float = 0.0,
        level: int | None = None,
    ) -> None:
        super().__init__()
        require_positive(
            num_layers=num_layers, hidden_channels=hidden_channels, out_channels=out_channels
        )
        require_rates(dropout=dropout)
        widths = widths_of(in_channels, max_dim)
        require_level(level, max_dim)
        self.level = level
        width = joint_width([max_dim + 1, *widths, *widths])
        self.max_dim = max_dim
        self.norm = LazySimplexBatchNorm() if width == -1 else SimplexBatchNorm(width)
        self.hidden = mlp(width, hidden_channels, num_layers, nn.functional.elu)
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(hidden_channels, out_channels)

    def forward(self, x: Sequence[Tensor], complex: SimplicialComplex) -> Tensor:
        """One row per part or simplex, as of :meth:`SimplicialNetwork.forward`."""
        require_cochains(complex, x, self.max_dim, parameter=next(self.parameters()))
        seen = []
        for k, values in enumerate(x):
            total = _collect(complex, values, k, self.level)
            count = _counts(complex, k, self.level, values)
            seen += [count.log1p(), total.sign() * total.abs().log1p(), total / count.clamp(min=1)]
        result: Tensor = self.classify(self.dropout(self.hidden(self.norm(torch.cat(seen, dim=1)))))
        return result


class LazySimplexBatchNorm(nn.LazyBatchNorm1d, SimplexBatchNorm):
    """A :class:`SimplexBatchNorm` that takes its width from its first input."""

    cls_to_become = SimplexBatchNorm


class FVectorMLP(_OfFaces):
    r"""A dense network on the f-vector: what a model knows that only counts simplices.

    .. math:: y = \text{MLP}\big( \text{norm}(\log(1 + n_0), …, \log(1 + n_K)) \big)

    Whatever a network on complexes scores beyond this comes from features and structure. With a
    level k there is a row per k-simplex σ, and n_j counts the j-simplices that are faces or cofaces
    of σ: of a vertex the edges, the triangles … that it is part of.

    Args:
        in_channels: width of the cochains, which are not looked at; so that it is made as the
            networks are that it is compared with.
        hidden_channels, out_channels, num_layers, max_dim, level: see :class:`PooledMLP`.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> FVectorMLP(1, 16, 2, num_layers=2, max_dim=2)([], K).shape
        torch.Size([1, 2])
    """

    def __init__(
        self,
        in_channels: Widths,
        hidden_channels: int,
        out_channels: int,
        num_layers: int,
        max_dim: int,
        *,
        level: int | None = None,
    ) -> None:
        super().__init__()
        widths_of(in_channels, max_dim)
        require_level(level, max_dim)
        self.max_dim, self.level = max_dim, level
        self.layers = _normed_mlp(max_dim + 1, hidden_channels, out_channels, num_layers)

    def forward(self, x: object, complex: SimplicialComplex) -> Tensor:
        """One row per part or simplex of the level; the cochains ``x`` are not looked at."""
        require_complex(complex)
        like = next(self.parameters())
        counts = [_counts(complex, k, self.level, like) for k in range(self.max_dim + 1)]
        result: Tensor = self.layers(torch.cat(counts, dim=1).log1p())
        return result


class HeatNet(Sighted, Module):
    r"""Classify complexes by the energy that oriented cochains keep under the heat flow.

    .. math::
        h_k^{(l)} &= (I - L_k / λ)^{2^l} \, x_k \qquad l = 0, …, L-1 \\
        e_{k,l} &= \tfrac{1}{\text{channels}} \, \| h_k^{(l)} \|^2 \\
        y &= \text{MLP}\big( \text{norm}(\log(1 + n_k), \; \log(1 + e_{k,l})) \big)

    The flow, :func:`simplex.operators.heat_flow`, is linear message passing with signs, to lower
    and upper neighbours, without weights; the last energies come after 2^(L-1) steps.

    Give it **random oriented cochains**, independent standard normal numbers on the simplices of
    each dimension (the transform ``simplex.transforms.RandomCochains``): then e_{k,l} estimates the
    trace of (I - L_k/λ)^(2^(l+1)), which falls to the Betti number β_k. A surface is orientable
    where β_2 = 1. The energies of features that are functions of the complex, such as degrees or
    ones, tell nothing of the kind: a covering has the same on every sheet, and there is none that
    turns its sign with the orientation.

    With a level k there is a row per k-simplex σ: n_j and e_{j,l} are the number and the energy
    of the j-simplices that are faces or cofaces of σ.

    Args:
        in_channels: width of the cochains; or one per dimension; or -1 for any: their mean energy
            is read.
        hidden_channels: width of the two hidden layers.
        out_channels, max_dim: see :class:`StackedNetwork`.
        num_layers: L, the number of times at which is read.
        level: ``None`` for a row per part, or k.

    Laws:
        Invariant under reorientation and relabelling; batched equals one by one.

    Cost:
        2^(L-1) steps of O(incidences · channels). There is no parameter before the energies:
        :meth:`energies` can be computed once for a whole data set, and :meth:`classify` trained.

    Paper:
        The traces, for graphs: Tsitsulin et al., "NetLSD: Hearing the Shape of a Graph", KDD 2018;
        estimation by random vectors: Hutchinson, Comm. Statist. Simulation Comput. 1989.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = HeatNet(8, 16, 2, num_layers=4, max_dim=2)
        >>> model([torch.randn(n, 8) for n in K.f_vector], K).shape
        torch.Size([1, 2])
    """

    def __init__(
        self,
        in_channels: Widths,
        hidden_channels: int,
        out_channels: int,
        num_layers: int,
        max_dim: int,
        *,
        level: int | None = None,
    ) -> None:
        super().__init__()
        require_positive(
            num_layers=num_layers, hidden_channels=hidden_channels, out_channels=out_channels
        )
        require_level(level, max_dim)
        self.level = level
        self.widths, self.max_dim = widths_of(in_channels, max_dim), max_dim
        self.num_steps = tuple(2**layer for layer in range(num_layers))
        width = (max_dim + 1) * (num_layers + 1)
        self.layers = _normed_mlp(width, hidden_channels, out_channels, 2)

    def energies(self, x: Sequence[Tensor], complex: SimplicialComplex) -> Tensor:
        """The counts and energies of each part or simplex, (rows, (max_dim+1)·(num_layers+1))."""
        read = []
        for k in range(self.max_dim + 1):
            read.append(_counts(complex, k, self.level, x[k]))
            energy = x[k].new_zeros(0, len(self.num_steps))
            if k <= complex.dim:
                energy = heat_energy(complex, x[k], k, self.num_steps)
            read.append(_collect(complex, energy, k, self.level))
        return torch.cat(read, dim=1)

    def classify(self, energies: Tensor) -> Tensor:
        """The dense part of the network, on the result of :meth:`energies`."""
        result: Tensor = self.layers(energies.log1p())
        return result

    def forward(self, x: Sequence[Tensor], complex: SimplicialComplex) -> Tensor:
        """One row, as of :meth:`SimplicialNetwork.forward`, of cochains oriented as the complex.

        Raises:
            ValueError: the cochains do not fit the complex, ``max_dim`` or ``in_channels``.
        """
        parameter = next(self.parameters())
        require_cochains(complex, x, self.max_dim, self.widths, parameter)
        return self.classify(self.energies(x, complex))


def _collect(K: SimplicialComplex, x: Tensor, k: int, level: int | None) -> Tensor:
    """The sum of a k-cochain over each part; or over what is incident with each simplex."""
    if level is None:
        return pool_parts(x, K.part_pointer(k), "sum")
    return incident_sum(K, x, k, level)


def _counts(K: SimplicialComplex, k: int, level: int | None, like: Tensor) -> Tensor:
    """Over how many k-simplices :func:`_collect` sums, (rows, 1), of the dtype of ``like``."""
    if level is None:
        return K.part_pointer(k).diff().to(like.dtype)[:, None]
    return incident_sum(K, like.new_ones(K.num_simplices(k), 1), k, level)


def _normed_mlp(
    in_channels: int, hidden_channels: int, out_channels: int, num_layers: int
) -> nn.Sequential:
    """Batch norm, hidden layers with ELU, and a last map."""
    require_positive(
        num_layers=num_layers, hidden_channels=hidden_channels, out_channels=out_channels
    )
    hidden = mlp(in_channels, hidden_channels, num_layers, nn.functional.elu)
    last = nn.Linear(hidden_channels, out_channels)
    return nn.Sequential(SimplexBatchNorm(in_channels), *hidden, last)
