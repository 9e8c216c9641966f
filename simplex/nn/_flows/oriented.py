"""Networks on oriented cochains: turning a simplex around turns its output around."""

from collections.abc import Callable
from typing import Literal, cast

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex, require_int
from simplex.nn._checks import (
    known_odd,
    require_cochain,
    require_flags,
    require_flows,
    require_functions,
    require_odd,
    require_orientation,
    require_positive,
)
from simplex.nn._flows.heads import LevelHead, make_flow_head, pooled_head
from simplex.nn._flows.quotient import FlowQuotient, flow_quotient, require_quotient
from simplex.nn._layer import DegreeConv
from simplex.nn._modules import LinearSum, Module, linear
from simplex.nn._reach import Reach, Sighted, along, one_after_another, reach_of
from simplex.operators import (
    adjacency_matrix,
    boundary_sum,
    coboundary_sum,
    neighbor_counts,
)


_ZERO_AT_ZERO = (torch.relu, nn.functional.relu, nn.functional.elu, nn.functional.gelu)


class OrientedConv(DegreeConv):
    r"""Message passing on k-cochains with the relative orientations as signs.

    .. math:: x'_σ = a\Big( W x_σ + W_↑ \sum_{τ ∈ N_↑(σ)} s_↑(σ, τ)\, x_τ
              + W_↓ \sum_{τ ∈ N_↓(σ)} s_↓(σ, τ)\, x_τ \Big),

    where s_↑ and s_↓ = ±1 are the off-diagonal entries of ∂_{k+1} ∂_{k+1}ᵀ and ∂_kᵀ ∂_k. In matrix
    form, with the diagonals (the number of cofacets of each simplex, and k+1) taken off,

    .. math:: X' = a\big( X W^⊤ + (∂_{k+1} ∂_{k+1}^⊤ - D_↑) X W_↑^⊤
              + (∂_k^⊤ ∂_k - (k+1)) X W_↓^⊤ \big).

    There is no bias. The signs depend on the orientation of the k-simplices alone, as that of a
    shared facet or cofacet enters twice.

    Args:
        in_channels, out_channels, k: see :class:`DegreeConv`; batch axes of x may be signals.
        activation: a, applied to each entry; ``None`` for the identity.

    Laws:
        Those of :class:`DegreeConv`. Equivariant under reorientation, f(Tx, T∂) = T f(x), if the
        activation is odd (identity, tanh) and not in general if it is not (ReLU).

    Cost:
        O(incidences): each sum is a total over the shared simplices minus the own term.

    Paper:
        Bodnar et al., "Weisfeiler and Lehman Go Topological", ICML 2021, section on orientation
        equivariance; the ``OrientedConv`` of the authors' code, here in any degree.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> OrientedConv(1, 8)(torch.ones(4, 1), K).shape
        torch.Size([4, 8])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        k: int = 1,
        *,
        activation: Callable[[Tensor], Tensor] | None = torch.tanh,
    ) -> None:
        require_positive(in_channels=in_channels)
        require_functions(activation=activation)
        super().__init__(in_channels, out_channels, k)
        self.activation = activation
        names = ("own", "upper", "lower")
        self.maps = LinearSum({n: linear(in_channels, out_channels, False) for n in names})

    @property
    def reach(self) -> Reach | None:
        """How far it sees, see :class:`Reach`."""
        return along(("lower", "upper"), k=self.k)

    def forward(
        self, x: Tensor, complex: SimplicialComplex, orientation: Tensor | None = None
    ) -> Tensor:
        """Apply the layer, as in the base class.

        Args:
            x: (…, n_k, in_channels) cochains; left as they are.
            complex: where they live.
            orientation: ±1, (n_k,) or (…, n_k), to be multiplied with the orientation of the
                complex: the orientation in which x is written, if it is another one or differs from
                signal to signal.
        """
        require_cochain(complex, x, self.k, self.in_channels, self.maps["own"].weight)  # type: ignore[arg-type]
        sign = _signs(complex, x, self.k, orientation)
        complex = _in_increasing_order(complex)
        plain = sign * x  # written in increasing vertex order, as the sums are
        above = boundary_sum(complex, plain, self.k + 1, signed=True)
        upper = sign * coboundary_sum(complex, above, self.k, signed=True)
        num_cofacets = neighbor_counts(complex, self.k, "coboundary").to(x.dtype)
        upper = upper.addcmul(num_cofacets[:, None], x, value=-1)  # the diagonal of ∂∂ᵀ
        lower = torch.zeros_like(x)
        if self.k > 0:
            below = coboundary_sum(complex, plain, self.k - 1, signed=True)
            lower = sign * boundary_sum(complex, below, self.k, signed=True)
            lower = lower.sub(x, alpha=self.k + 1)
        out: Tensor = self.maps(x, upper, lower)
        return out if self.activation is None else self.activation(out)


class OrientedMPSN(Sighted, Module):
    r"""A network on oriented k-cochains whose answer does not depend on the orientation.

    Layers :class:`OrientedConv`, then the absolute value, which forgets the orientation, a sum or
    mean over the simplices of each part, and a two-layer head:

    .. math:: y = W_2 \, \text{ReLU}\big( W_1 \, \text{reduce}_σ |x_σ^{(L)}| + b_1 \big) + b_2

    Args:
        in_channels, k: see :class:`DegreeConv`.
        hidden_channels: width of the layers and of the head.
        out_channels: number of outputs for each part.
        num_layers: L.
        activation: of the layers, an odd function; ``None`` for the identity.
        reduce: ``"sum"`` or ``"mean"``.
        oriented: ``False`` for any activation, and no absolute value: the answer then depends on
            the orientation, as that of the network with ReLU does in the experiments of the paper.
        level: ``None`` for a row per part; j for a row per j-simplex, by a :class:`LevelReadout` in
            the place of the head.
        signed_output: whether these rows turn with the simplices, as a regression of flows needs.

    Shapes:
        x (…, n_k, in_channels), with any batch axes in front, to (…, num_parts, out_channels), or
        (…, n_j, out_channels).

    Raises:
        ValueError: the activation is not odd, and ``oriented``; or another ``reduce``.

    Laws:
        Invariant under relabelling of the vertices; under reorientation if ``oriented``.

    Paper:
        Bodnar et al., "Weisfeiler and Lehman Go Topological", ICML 2021; ``EdgeOrient`` in the
        authors' code.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> OrientedMPSN(1, 16, 2)(torch.ones(4, 1), K).shape
        torch.Size([1, 2])
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        out_channels: int,
        num_layers: int = 4,
        k: int = 1,
        *,
        activation: Callable[[Tensor], Tensor] | None = torch.tanh,
        reduce: Literal["sum", "mean"] = "sum",
        oriented: bool = True,
        level: int | None = None,
        signed_output: bool = False,
    ) -> None:
        super().__init__()
        require_flags(oriented=oriented)
        require_functions(activation=activation)
        if oriented:
            remedy = "Take torch.tanh; or oriented=False, if the answer may depend on orientations."
            require_odd("activation", activation, remedy)
        self.convs = nn.ModuleList(
            OrientedConv(width, hidden_channels, k, activation=activation)
            for width in _widths(in_channels, hidden_channels, num_layers)
        )
        self.activation, self.oriented = activation, oriented
        # A linear network is a linear map of 3^L values, worth it while these are few.
        self._collapses = activation is None and 3**num_layers <= 3 * hidden_channels
        require_int("k", k, 0)
        self.head = make_flow_head(
            hidden_channels,
            out_channels,
            k,
            reduce,
            level=level,
            signed_output=signed_output,
            absolute=oriented,
        )

    @property
    def reach(self) -> Reach | None:
        """How far it sees, see :class:`Reach`."""
        return one_after_another(map(reach_of, (*self.convs, self.head)))

    def forward(
        self, x: Tensor, complex: SimplicialComplex, orientation: Tensor | None = None
    ) -> Tensor:
        """Apply the network; the arguments are those of :meth:`OrientedConv.forward`."""
        for conv in self.convs:
            x = conv(x, complex, orientation)
        result: Tensor = self.head(x, complex, orientation)
        return result

    def quotient(
        self, complex: SimplicialComplex, flows: Tensor, orientation: Tensor
    ) -> FlowQuotient | None:
        """Flows as classes of simplices that this network cannot tell apart, to train on.

        Args:
            complex: where the flows live.
            flows: (m, n_k) integers, each in its own orientation.
            orientation: (m, n_k) ±1, relative to the complex.

        Returns:
            What :meth:`forward_quotient` takes; ``None`` if the activation is not known to be odd
            or to keep 0, or there is a row per simplex, for which classes do not suffice.
        """
        require_flows(complex, flows, orientation, self.head.k)
        known = known_odd(self.activation) is True
        if isinstance(self.head, LevelHead):
            return None
        if not known and self.activation not in _ZERO_AT_ZERO:
            return None
        odd = known and self.oriented  # opposite rows may be merged if signs are forgotten
        k, plain = self.head.k, _in_increasing_order(complex)
        turn = orientation * complex.orientation(k)
        operators = [adjacency_matrix(plain, k, kind, signed=True) for kind in ("upper", "lower")]
        quotient = flow_quotient(flows, turn, operators, len(self.convs), odd)
        return quotient.collapse() if self._collapses else quotient

    def forward_quotient(self, quotient: FlowQuotient) -> Tensor:
        """Apply the network to the flows of a quotient, as :meth:`forward` would: (m, channels).

        The layers' weights are used without calling the layers: to train so by local losses,
        exclude ``convs``.
        """
        require_quotient(quotient)
        head = pooled_head(self.head)
        x = quotient.start.to(head.lin1.weight.dtype)
        weights = [cast(OrientedConv, conv).maps.weight() for conv in self.convs]
        if self._collapses:  # one linear map of the values of all products of operators
            total = x.new_ones(1, 1)
            for weight in weights:
                total = torch.cat((weight @ total).chunk(3), dim=1)
            x = x @ total.T
        else:
            for weight, layer in zip(weights, quotient.layers, strict=True):
                x = layer @ (x @ weight.T).view(-1, len(weight) // 3)  # (3·classes, C), by class
                x = x if self.activation is None else self.activation(x)
        result: Tensor = head.of_classes(x.abs() if self.oriented else x, quotient)
        return result


class EdgeMPNN(Sighted, Module):
    r"""The graph-only counterpart of :class:`OrientedMPSN`: it sees no triangle and no sign.

    .. math:: x'_e = \text{ReLU}\Big( W x_e + W_↓ \sum_{f ∈ N_↓(e)} x_f \Big)

    on the absolute values of an edge flow: message passing on the line graph, invariant under
    reorientation from the start. Shapes and readout as there, with k = 1.

    Args:
        in_channels, hidden_channels, out_channels, num_layers, reduce, level: see
            :class:`OrientedMPSN`.

    Paper:
        ``EdgeMPNN``, the baseline "GNN inv" in the authors' code of Bodnar et al. 2021.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> EdgeMPNN(1, 16, 2)(torch.ones(4, 1), K).shape
        torch.Size([1, 2])
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        out_channels: int,
        num_layers: int = 4,
        *,
        reduce: Literal["sum", "mean"] = "sum",
        level: int | None = None,
    ) -> None:
        super().__init__()
        widths = _widths(in_channels, hidden_channels, num_layers)
        self.in_channels = in_channels
        own, lower = ([linear(w, hidden_channels, False) for w in widths] for _ in range(2))
        pairs = zip(own, lower, strict=True)
        self.maps = nn.ModuleList(LinearSum({"own": a, "lower": b}) for a, b in pairs)
        self.head = make_flow_head(hidden_channels, out_channels, 1, reduce, level=level)

    @property
    def reach(self) -> Reach | None:
        """How far it sees, see :class:`Reach`."""
        return one_after_another([along(("lower",), len(self.maps)), reach_of(self.head)])

    def forward(
        self, x: Tensor, complex: SimplicialComplex, orientation: Tensor | None = None
    ) -> Tensor:
        """Apply the network, called as :class:`OrientedMPSN`; orientation is not looked at."""
        require_cochain(complex, x, 1, self.in_channels, next(self.parameters()))
        x = x.abs()
        for maps in self.maps:
            lower = boundary_sum(complex, coboundary_sum(complex, x, 0), 1)
            x = torch.relu(maps(x, lower.sub(x, alpha=2)))
        result: Tensor = self.head(x, complex)
        return result

    def quotient(
        self, complex: SimplicialComplex, flows: Tensor, orientation: Tensor
    ) -> FlowQuotient | None:
        """As :meth:`OrientedMPSN.quotient`."""
        require_flows(complex, flows, orientation, 1)
        if isinstance(self.head, LevelHead):
            return None
        neighbors = adjacency_matrix(complex, 1, "lower")
        turn = torch.ones_like(orientation)
        return flow_quotient(flows.abs(), turn, [neighbors], len(self.maps), odd=False)

    def forward_quotient(self, quotient: FlowQuotient) -> Tensor:
        """As :meth:`OrientedMPSN.forward_quotient`; the layers are ``maps`` here."""
        require_quotient(quotient)
        head = pooled_head(self.head)
        x = quotient.start.to(head.lin1.weight.dtype)
        for maps, layer in zip(self.maps, quotient.layers, strict=True):
            weight = cast(LinearSum, maps).weight()
            x = torch.relu(layer @ (x @ weight.T).view(-1, head.lin1.in_features))
        result: Tensor = head.of_classes(x, quotient)
        return result


def _widths(in_channels: int, hidden_channels: int, num_layers: int) -> list[int]:
    require_int("num_layers", num_layers, 1)
    require_positive(in_channels=in_channels, hidden_channels=hidden_channels)
    return [in_channels] + [hidden_channels] * (num_layers - 1)


def _signs(K: SimplicialComplex, x: Tensor, k: int, orientation: Tensor | None) -> Tensor:
    """The signs of the k-simplices in the dtype of x, (n_k, 1) or (…, n_k, 1)."""
    signs = K.orientation(k).to(x.dtype)[:, None]
    if orientation is None:
        return signs
    require_orientation(x, orientation)
    return signs * orientation.to(x.dtype)[..., None]


def _in_increasing_order(K: SimplicialComplex) -> SimplicialComplex:
    """The complex without its orientation; kept with it, as its tables of incidences are."""

    def compute() -> SimplicialComplex:
        facets = [K.facets(k) for k in range(1, K.dim + 1)]
        return SimplicialComplex(K.num_simplices(0), facets, directed=K.directed, device=K.device)

    result: SimplicialComplex = K.cached("in increasing order", 0, compute)
    return result
