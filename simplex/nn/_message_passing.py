"""The base of layers on simplicial complexes: messages over the four adjacencies."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex, require_int
from simplex.nn._checks import require_cochains
from simplex.nn._pairs import by_chunks, pair_table
from simplex.operators import (
    ADJACENCIES,
    Adjacency,
    RowPattern,
    gather_facets,
    lower_sum,
    neighbor_counts,
    neighbor_pairs,
    receiver_chunks,
    scatter_to_facets,
    segments,
    sum_columns,
    sum_rows,
    upper_sum,
)


# How many dimensions above its receivers the senders of an adjacency live; and the simplices that
# the incidences lead to: the shared ones, or the senders themselves.
SENDERS = {"boundary": -1, "coboundary": 1, "lower": 0, "upper": 0}
BETWEEN = {"boundary": -1, "coboundary": 1, "lower": -1, "upper": 1}


class SimplicialMessagePassing(nn.Module):
    r"""Base class of layers that pass messages over the adjacencies of a complex.

    .. math::
        m_{𝒜,σ} = \text{aggr}_{(τ, δ) ∈ 𝒜(σ)} \, s_{στ} \, φ_𝒜(…), \qquad
        h'_σ = \text{update}\big( h_σ, m_{boundary,σ}, m_{coboundary,σ}, m_{lower,σ}, m_{upper,σ}
        \big)

    A subclass defines ``message_boundary``, ``message_coboundary``, ``message_lower``,
    ``message_upper``, as many of them as it uses, and :meth:`update`. What a message function
    depends on is read off the names of its arguments, any of

    - ``k``: the degree of the receiving simplices, an int, for maps private to a dimension;
    - ``sender``: the features of the neighbour τ;
    - ``shared``: those of the shared facet (lower) or cofacet (upper) δ;
    - ``receiver``: those of σ itself;
    - ``sign``: the relative orientation of σ and τ, +1 or -1;
    - ``segment``: which pairs are of one receiver, for a softmax over its neighbours
      (:func:`segment_softmax`).

    This chooses between two kinds of message:

    - **φ(sender, shared)**: without the last three. There is one message for each incidence of τ
      and δ, and a sum or mean over the neighbours is the total over the shared simplex minus the
      own term: O(incidences) in time and memory, a hub of degree d costs d. The function gets
      tables that broadcast, ``sender`` (n_{k+1}, k+2, F) with ``shared`` (n_{k+1}, 1, F') for
      upper, ``sender`` (n_k, 1, F) with ``shared`` (n_k, k+1, F') for lower messages; ``sender``
      (n_k, k+1, F) for boundary, (n_{k+1}, 1, F) for coboundary messages.
    - **φ(receiver, sender, shared)**: with any of them, or with another aggregation than sum and
      mean. There is one message for each pair of neighbours: O(pairs) in time, which is quadratic
      at a hub for lower messages. Pairs are listed receiver by receiver, at most about
      ``max_pairs`` at once; further chunks are computed anew in the backward pass, so memory stays
      bounded. The function gets rows, (E, F) each, ``sign`` (E, 1).

    Either way it must treat each row alone, and return (…, F'') of the same leading shape.

    Args:
        aggr: an aggregation of PyG by name (``"sum"``, ``"mean"``, ``"max"``, ``"median"``, …) or
            as an instance of ``torch_geometric.nn.aggr.Aggregation``.
        max_pairs: pairs of neighbours held at once, unless a single simplex has more.

    Shapes:
        ``x[k]`` (n_k, F_k), one for each dimension 0 … max_dim, of any widths; empty ones (0, F_k).

    Laws:
        Permutation equivariant. A disjoint union gives what its parts give. With the class
        attribute ``signed = True``, every message is multiplied by the relative orientation: a
        layer whose functions are odd is then equivariant under reorientation.

    Paper:
        Bodnar et al., "Weisfeiler and Lehman Go Topological", ICML 2021, Definition 4.

    Example:
        >>> class Mean(SimplicialMessagePassing):
        ...     def message_upper(self, sender, shared): return sender + shared
        ...     def update(self, k, x, messages): return x + messages.get("upper", 0)
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> Mean(aggr="mean")([torch.ones(3, 1), torch.zeros(2, 1)], K)[0].squeeze(1).tolist()
        [2.0, 2.0, 2.0]
    """

    signed: ClassVar[bool] = False

    def __init__(self, aggr: str | nn.Module = "sum", *, max_pairs: int = 1 << 20) -> None:
        super().__init__()
        require_int("max_pairs", max_pairs, 1)
        self.aggr: str | nn.Module = _resolve(aggr)
        self.max_pairs = max_pairs
        known = {f"message_{adjacency}" for adjacency in ADJACENCIES}
        named = {name for name in dir(self) if name.startswith("message_")}
        if not named or not named <= known:
            raise TypeError(
                f"{type(self).__name__} must define some of {', '.join(sorted(known))}, got "
                f"{', '.join(sorted(named)) or 'none of them'}."
            )
        self._messages: dict[str, tuple[Callable[..., Tensor], tuple[str, ...]]] = {
            adjacency: (function, _arguments(function, adjacency))
            for adjacency in ADJACENCIES
            if (function := getattr(self, f"message_{adjacency}", None)) is not None
        }

    @property
    def adjacencies(self) -> tuple[str, ...]:
        """The adjacencies that have a message function."""
        return tuple(self._messages)

    def forward(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """One round of messages on all dimensions at once, as :meth:`update` makes them.

        Args:
            x: one cochain (n_k, F_k) per dimension 0 … max_dim; left as they are.
            complex: the complex, or the disjoint union of a batch.

        Raises:
            ValueError: a cochain does not have one row per simplex.
        """
        top = len(x) - 1 if isinstance(x, Sequence) else 0
        require_cochains(complex, x, top, parameter=next(self.parameters(), None))
        return self.convolve(x, complex)

    def convolve(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """The round, of cochains that have been checked."""
        result = []
        for k in range(len(x)):
            arrived = {a: self.propagate(a, k, x, complex) for a in self._messages}
            messages = {a: message for a, message in arrived.items() if message is not None}
            result.append(self.update(k, x[k], messages))
        return result

    def update(self, k: int, x: Tensor, messages: dict[str, Tensor]) -> Tensor:
        """Combine the features of the k-simplices with what has reached them.

        Args:
            k: the dimension.
            x: (n_k, F_k) features.
            messages: for each adjacency with a message function the aggregated messages (n_k, F'');
                without those for which ``x`` has no dimension to come from: boundary and lower
                messages at k = 0, coboundary and upper messages at the top.

        Returns:
            (n_k, F_out).
        """
        raise TypeError(f"{type(self).__name__} must define update, got a class without it.")

    def propagate(
        self, adjacency: str, k: int, x: Sequence[Tensor], complex: SimplicialComplex
    ) -> Tensor | None:
        """The aggregated messages of one adjacency.

        Args:
            adjacency: ``"boundary"``, ``"coboundary"``, ``"lower"`` or ``"upper"``, one with a
                message function.
            k: degree of the receiving simplices.
            x: one cochain per dimension.
            complex: the complex.

        Returns:
            (n_k, F''), or ``None`` where no dimension is there for them: boundary and lower
            messages at k = 0, coboundary and upper messages at the top of ``x``.
        """
        if k + BETWEEN[adjacency] not in range(len(x)):
            return None
        _, names = self._messages[adjacency]
        if _OF_PAIRS & set(names) or self.aggr not in ("sum", "mean"):
            return self._over_pairs(adjacency, k, x, complex)
        total = self._over_incidences(adjacency, k, x, complex)
        if self.aggr == "mean":
            total = total / neighbor_counts(complex, k, adjacency).clamp(min=1)[:, None]
        return total

    # --- φ(sender, shared) ------------------------------------------------------------------------

    def _over_incidences(
        self, adjacency: str, k: int, x: Sequence[Tensor], complex: SimplicialComplex
    ) -> Tensor:
        function, names = self._messages[adjacency]
        given: dict[str, Any] = {"k": k}
        if adjacency == "boundary":
            given["sender"] = gather_facets(complex, x[k - 1], k)  # (n_k, k+1, F)
        elif adjacency == "coboundary":
            given["sender"] = x[k + 1][:, None]  # (n_{k+1}, 1, F)
        elif adjacency == "lower":
            given["sender"] = x[k][:, None]  # (n_k, 1, F)
            if "shared" in names:
                given["shared"] = gather_facets(complex, x[k - 1], k)
        else:
            given["sender"] = gather_facets(complex, x[k], k + 1)  # (n_{k+1}, k+2, F)
            given["shared"] = x[k + 1][:, None]
        message = function(**{name: given[name] for name in names})
        degree = k + max(BETWEEN[adjacency], 0)  # of the larger simplex of each incidence
        table = complex.facets(degree)
        _require_rows(message, adjacency, [(*table.shape,), (len(table), 1)])
        message = message.expand(*table.shape, message.shape[-1])
        if adjacency == "lower":
            return lower_sum(complex, message, k, signed=self.signed)
        if adjacency == "upper":
            return upper_sum(complex, message, k, signed=self.signed)
        if self.signed:
            message = message * complex.facet_signs(degree).to(message.dtype)[:, :, None]
        if adjacency == "boundary":
            return message.sum(1)
        return scatter_to_facets(complex, message, k + 1)

    # --- φ(receiver, sender, shared) --------------------------------------------------------------

    def _over_pairs(
        self, adjacency: str, k: int, x: Sequence[Tensor], complex: SimplicialComplex
    ) -> Tensor:
        function, names = self._messages[adjacency]
        between = x[k + BETWEEN[adjacency]] if "shared" in names else None
        sources = (x[k], x[k + SENDERS[adjacency]], between)

        def of_chunk(
            receiver: Tensor, sender: Tensor, between: Tensor | None, pairs: Adjacency, rows: range
        ) -> Tensor:
            segment = segments(pairs.index[1] - rows.start, len(rows))
            sign = pairs.sign[:, None].to(sender.dtype)
            given: dict[str, Any] = {"k": k, "sign": sign, "segment": segment}
            given["sender"] = sender.index_select(0, pairs.index[0])  # (E, F)
            if "receiver" in names:
                given["receiver"] = sum_rows(receiver[rows.start : rows.stop], segment)  # (E, F)
            if between is not None and pairs.shared is not None:
                given["shared"] = between.index_select(0, pairs.shared)
            message = function(**{name: given[name] for name in names})
            _require_rows(message, adjacency, [(len(pairs.sign),)])
            return self._aggregate(message * sign if self.signed else message, segment)

        def of_rows(
            rows: range, receiver: Tensor, sender: Tensor, between: Tensor | None
        ) -> Tensor:
            pairs = neighbor_pairs(complex, k, adjacency, receivers=rows)
            return of_chunk(receiver, sender, between, pairs, rows)

        chunks = receiver_chunks(complex, k, adjacency, self.max_pairs)
        if len(chunks) == 1:
            name = f"{adjacency} pairs"
            pairs = pair_table(complex, name, k, lambda: neighbor_pairs(complex, k, adjacency))
            return of_chunk(*sources, pairs, chunks[0])
        result: Tensor = by_chunks(of_rows, chunks, *sources)
        return result

    def _aggregate(self, message: Tensor, segment: RowPattern) -> Tensor:
        if isinstance(self.aggr, nn.Module):
            return _aggregate_by_pyg(self.aggr, message, segment)
        total = sum_columns(message, segment)
        if self.aggr == "sum":
            return total
        return total / segment.column_pointer.diff().clamp(min=1)[:, None]


def _aggregate_by_pyg(aggr: nn.Module, message: Tensor, segment: RowPattern) -> Tensor:
    size = len(segment.column_pointer) - 1
    result: Tensor
    if torch.compiler.is_compiling():
        result = aggr(message, segment.column, dim_size=size)
        return result
    # Some aggregations of PyG, the median for one, fail where a receiver has no message.
    has = segment.column_pointer.diff() > 0
    rows = has.nonzero()[:, 0]
    if len(rows) == 0:
        return message.new_zeros(size, message.shape[-1])
    index = (has.cumsum(0) - 1)[segment.column]
    result = aggr(message, index, dim_size=len(rows))
    return result.new_zeros(size, result.shape[-1]).index_copy(0, rows, result)


_NAMES = {"k", "sender", "shared", "receiver", "sign", "segment"}
_OF_PAIRS = {"receiver", "sign", "segment"}


def _arguments(function: Callable[..., Tensor], adjacency: str) -> tuple[str, ...]:
    """The names of the arguments of a message function, checked."""
    names = tuple(inspect.signature(function).parameters)
    allowed = _NAMES - ({"shared"} if adjacency in ("boundary", "coboundary") else set())
    if not set(names) <= allowed:
        raise TypeError(
            f"the arguments of message_{adjacency} must be among {sorted(allowed)}, got "
            f"{sorted(set(names) - allowed)}."
        )
    return names


def _resolve(aggr: str | nn.Module) -> str | nn.Module:
    if isinstance(aggr, nn.Module):
        return aggr
    if not isinstance(aggr, str):
        raise TypeError(f"aggr must be the name of an aggregation or a module, got {aggr!r}.")
    if aggr in ("sum", "add", "mean"):
        return "sum" if aggr == "add" else aggr
    from torch_geometric.nn.resolver import aggregation_resolver

    try:
        resolved: nn.Module = aggregation_resolver(aggr)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"aggr must be the name of an aggregation of PyG, got {aggr!r}."
        ) from error
    return resolved


def _require_rows(message: Tensor, adjacency: str, allowed: list[tuple[int, ...]]) -> None:
    if not isinstance(message, Tensor) or tuple(message.shape[:-1]) not in allowed:
        got = tuple(message.shape) if isinstance(message, Tensor) else type(message).__name__
        shapes = " or ".join(str((*shape, "channels")) for shape in allowed)
        raise ValueError(
            f"message_{adjacency} must return a row for each of its own, {shapes}, got {got}."
        )
