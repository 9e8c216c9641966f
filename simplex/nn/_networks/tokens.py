"""Multi-head attention between simplices of all dimensions: along incidences, or within parts."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_memory
from simplex.nn._message_passing import BETWEEN, SENDERS
from simplex.nn._pairs import pair_table
from simplex.operators import (
    RowPattern,
    block_pattern,
    entry_dots,
    neighbor_counts,
    neighbor_pairs,
    row_pattern,
    segment_softmax,
    segments_at,
    sum_rows,
)


# What a pair of simplices may be to each other, as a sum: lower and upper neighbours are one pair.
FLAGS = {"boundary": 1, "coboundary": 1, "lower": 1, "upper": 2}
_SELF = 4
_KINDS = 5  # unrelated, 1, 2, both, and a simplex itself


def num_kinds(max_dim: int) -> int:
    """How many kinds of ordered pairs there are, in dimensions up to ``max_dim``.

    Example:
        >>> num_kinds(1)
        20
    """
    return _KINDS * (max_dim + 1) ** 2


class Pairs(NamedTuple):
    """Which tokens attend to which: receiver by receiver, each pair once.

    Attributes:
        receiver: (E,) ascending.
        sender: (E,).
        kind: (E,) number of the kind, from 0 to ``num_kinds(max_dim) - 1``.
    """

    receiver: Tensor
    sender: Tensor
    kind: Tensor


class Incidences(NamedTuple):
    """The pairs as the kernels take them.

    Attributes:
        heads: the pattern of the attention matrix, once for each head.
        segment: which receiver each pair is of.
        kind: (E,).
    """

    heads: RowPattern
    segment: RowPattern
    kind: Tensor


class PartTokens(NamedTuple):
    """The tokens of each part side by side, padded to the size of the largest.

    Attributes:
        place: (N,) of each token among num_parts · size.
        kind: (num_parts, size, size) of each pair; one more than there are where the sender is
            padding.
    """

    place: Tensor
    kind: Tensor


def token_pairs(K: SimplicialComplex, max_dim: int, adjacencies: Sequence[str]) -> Pairs:
    """Every simplex with itself and its neighbours; tokens are numbered dimension by dimension.

    Args:
        K: the complex.
        max_dim: the top dimension of the tokens.
        adjacencies: of ``"boundary"``, ``"coboundary"``, ``"lower"``, ``"upper"``; those whose
            other simplices are above ``max_dim`` have no pairs.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1)])
        >>> token_pairs(K, 1, ["boundary"])[:2]
        (tensor([0, 1, 2, 2, 2]), tensor([0, 1, 0, 1, 2]))
    """
    counts = [K.num_simplices(k) for k in range(max_dim + 1)]
    first = [sum(counts[:k]) for k in range(max_dim + 2)]
    every = torch.arange(first[-1], device=K.device)
    own = torch.cat([_kind(n, k, k, max_dim, _SELF, K) for k, n in enumerate(counts)])
    receivers, senders, kinds = [every], [every], [own]
    for k in range(max_dim + 1):
        for adjacency in adjacencies:
            if not 0 <= k + BETWEEN[adjacency] <= max_dim:
                continue
            other = k + SENDERS[adjacency]
            sender, receiver = neighbor_pairs(K, k, adjacency).index
            receivers.append(receiver + first[k])
            senders.append(sender + first[other])
            kinds.append(_kind(len(sender), k, other, max_dim, FLAGS[adjacency], K))
    receiver, sender, kind = map(torch.cat, (receivers, senders, kinds))
    key, order = torch.sort(receiver * first[-1] + sender)
    pairs = Pairs(receiver[order], sender[order], kind[order])
    if not {"lower", "upper"} <= set(adjacencies):
        return pairs
    new = torch.cat([key.new_ones(min(1, len(key))), key.diff().clamp(max=1)]).bool()
    kept = Pairs(*(values[new] for values in pairs))
    flags = torch.zeros_like(kept.kind).index_add(0, new.cumsum(0) - 1, pairs.kind % _KINDS)
    return kept._replace(kind=kept.kind - kept.kind % _KINDS + flags)


def _kind(count: int, k: int, other: int, max_dim: int, flag: int, K: SimplicialComplex) -> Tensor:
    number = (k * (max_dim + 1) + other) * _KINDS + flag
    return torch.full((count,), number, device=K.device)


def attend_incidences(
    K: SimplicialComplex,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    bias: Tensor,
    max_dim: int,
    adjacencies: Sequence[str],
    *,
    drop: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    r"""Each token attends to itself and its neighbours.

    .. math::
        y_i^h = \sum_{j ∈ N(i)} α_{ij}^h v_j^h, \qquad
        α_{ij}^h = \underset{j ∈ N(i)}{\text{softmax}} \big( ⟨q_i^h, k_j^h⟩ + b_{κ(i,j)}^h \big)

    Args:
        K: the complex.
        query: (H, N, F), the tokens of dimension 0 first.
        key: (H, N, F).
        value: (H, N, F).
        bias: (num_kinds, H), b.
        max_dim: the top dimension of the tokens.
        adjacencies: which simplices are neighbours.
        drop: of the weights α, such as a dropout.

    Returns:
        (H, N, F).

    Cost:
        O(pairs · H · F) in time, O(pairs · H) in memory beside the tokens.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1)])
        >>> same, bias = torch.zeros(1, 3, 1), torch.zeros(num_kinds(1), 1)
        >>> x = torch.tensor([[[1.0], [2.0], [6.0]]])
        >>> attend_incidences(K, same, same, x, bias, 1, ["boundary"]).flatten().tolist()
        [1.0, 2.0, 3.0]
    """
    heads, tokens, channels = value.shape
    names = " ".join(sorted(set(adjacencies)))

    def compute() -> Incidences:
        _require_room(K, max_dim, adjacencies, heads)
        receiver, sender, kind = token_pairs(K, max_dim, adjacencies)
        pattern = row_pattern(receiver, sender, tokens, tokens)
        assert pattern.row_pointer is not None
        segment = segments_at(receiver, pattern.row_pointer)
        return Incidences(block_pattern(pattern, heads), segment, kind)

    name = f"attention of {heads} heads along {names}"
    if "lower" in names:  # their number is data
        table = pair_table(K, name, max_dim, compute)
    else:
        table = K.cached(name, max_dim, compute)
    score = entry_dots(query.reshape(-1, channels), key.reshape(-1, channels), table.heads)
    score = score.view(heads, -1).T + bias[table.kind]  # (E, H)
    weight = segment_softmax(score, table.segment)
    weight = weight if drop is None else drop(weight)
    weight = weight.T.to(value.dtype).reshape(-1)
    return sum_rows(value.reshape(-1, channels), table.heads, weight).view(value.shape)


def attend_parts(
    K: SimplicialComplex,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    bias: Tensor,
    max_dim: int,
    adjacencies: Sequence[str],
    *,
    drop: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    r"""Each token attends to all tokens of its part; else as :func:`attend_incidences`.

    Cost:
        O(num_parts · T²) in time and memory for each head, T the tokens of the largest part.

    Raises:
        ValueError: that would not fit in memory.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1)])
        >>> same, bias = torch.zeros(1, 3, 1), torch.zeros(num_kinds(1), 1)
        >>> x = torch.tensor([[[1.0], [2.0], [6.0]]])
        >>> attend_parts(K, same, same, x, bias, 1, ["boundary"]).flatten().tolist()
        [3.0, 3.0, 3.0]
    """
    names = " ".join(sorted(set(adjacencies)))
    name = f"attention of parts, kinds of {names}"
    table = pair_table(K, name, max_dim, lambda: _part_tokens(K, max_dim, adjacencies, len(value)))
    num_parts, size, _ = table.kind.shape

    def padded(x: Tensor) -> Tensor:  # (num_parts, H, T, F)
        rows = x.movedim(0, 1).flatten(1)  # (N, H·F)
        wide = rows.new_zeros(num_parts * size, rows.shape[1]).index_copy(0, table.place, rows)
        return wide.view(num_parts, size, len(x), x.shape[2]).movedim(1, 2)

    none = bias.new_full((1, bias.shape[1]), torch.finfo(bias.dtype).min)
    of_kind = torch.cat([bias, none])[table.kind].movedim(3, 1)  # (num_parts, H, T, T)
    score = padded(query) @ padded(key).mT + of_kind
    weight = score.softmax(-1)
    weight = weight if drop is None else drop(weight)
    result = (weight.to(value.dtype) @ padded(value)).movedim(2, 1)  # (num_parts, T, H, F)
    return result.flatten(0, 1).index_select(0, table.place).movedim(1, 0)


def _part_tokens(
    K: SimplicialComplex, max_dim: int, adjacencies: Sequence[str], heads: int
) -> PartTokens:
    dims = range(max_dim + 1)
    sizes = torch.stack([K.part_pointer(k).diff() for k in dims])  # (max_dim + 1, num_parts)
    before = sizes.cumsum(0) - sizes  # of the lower dimensions, in each part
    size = max([1, *sizes.sum(0).tolist()])
    _require_room(K, max_dim, adjacencies, heads)
    require_memory(
        K.num_parts * size * size * (16 + 16 * heads),
        K.device,
        f"the pairs of {size} simplices in each of {K.num_parts} parts, {heads} heads,",
        'Take attention="incidence", smaller batches, fewer heads or a lower max_dim.',
    )
    part = torch.cat([K.part(k) for k in dims])
    slot = torch.cat(
        [
            before[k][K.part(k)]
            + torch.arange(K.num_simplices(k), device=K.device)
            - K.part_pointer(k)[K.part(k)]
            for k in dims
        ]
    )
    place = part * size + slot
    degree = torch.full((K.num_parts * size,), -1, device=K.device)
    degree[place] = torch.cat([torch.full_like(K.part(k), k) for k in dims])
    degree = degree.view(-1, size)
    kind = (degree[:, :, None].clamp(min=0) * (max_dim + 1) + degree[:, None]) * _KINDS
    kind = torch.where(degree[:, None] < 0, num_kinds(max_dim), kind)  # (num_parts, T, T)
    receiver, sender, flags = token_pairs(K, max_dim, adjacencies)
    kind.view(-1)[place[receiver] * size + slot[sender]] = flags
    return PartTokens(place, kind)


def _require_room(
    K: SimplicialComplex, max_dim: int, adjacencies: Sequence[str], heads: int
) -> None:
    """Ask before lower pairs are listed: all others are as many as incidences."""
    if "lower" not in adjacencies:
        return
    total = sum(int(neighbor_counts(K, k, "lower").sum()) for k in range(1, max_dim + 1))
    require_memory(
        total * (80 + 48 * heads),
        K.device,
        f"the {total} lower-adjacent pairs, {heads} heads,",
        'Leave "lower" out of the adjacencies, or take fewer heads.',
    )
