"""Attention over the neighbours of each simplex: a sparse operator whose entries are learned."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex
from simplex.nn._pairs import by_chunks, pair_table
from simplex.operators import (
    Adjacency,
    RowPattern,
    neighbor_counts,
    neighbor_pairs,
    receiver_chunks,
    row_pattern,
    segment_softmax,
    segments_at,
    sum_rows,
    to_rows,
)


def attend(
    K: SimplicialComplex,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    k: int,
    adjacency: str,
    *,
    signed: bool = False,
    slope: float = 0.2,
    max_pairs: int = 1 << 20,
) -> Tensor:
    r"""Mean of the values on the support of a Laplacian, with weights by softmax: masked attention.

    .. math::
        y_σ = \sum_{τ ∈ \bar N(σ)} s_{στ} \, α_{στ} \, v_τ, \qquad
        α_{στ} = \underset{τ ∈ \bar N(σ)}{\text{softmax}} \; \text{LeakyReLU}(q_σ + k_τ)

    where :math:`\bar N(σ)` are the upper or lower neighbours of σ, and σ itself if it has a cofacet
    (upper) or a facet (lower): the row of σ in ∂∂ᵀ or ∂ᵀ∂.

    Args:
        query: (…, n_k, H) scores of the receivers, one per head.
        key: (…, n_k, H) scores of the senders.
        value: (…, n_k, H, F).
        K: the complex.
        adjacency: ``"lower"`` or ``"upper"``.
        k: degree of the cochains.
        signed: with the relative orientation s = ±1 (+1 for σ itself) before each value.
        slope: of the LeakyReLU for negative scores.
        max_pairs: pairs held at once, unless a single simplex has more; further chunks are computed
            anew in the backward pass, so memory stays bounded.

    Returns:
        (…, n_k, H, F); zeros where a simplex has no row.

    Cost:
        O(pairs · F) in time, O(pairs) in memory for each head: quadratic in the degree of a hub for
        lower neighbours, never n_k × n_k.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> same, x = torch.zeros(3, 1), torch.tensor([[[1.0]], [[2.0]], [[4.0]]])
        >>> attend(K, same, same, x, 0, "upper").flatten().tolist()  # means over the edges' ends
        [1.5, 2.3333334922790527, 3.0]
    """

    def of_table(
        support: _Support, rows: range, query: Tensor, key: Tensor, value: Tensor
    ) -> Tensor:
        table, segment, sign = support
        own = sum_rows(query[rows.start : rows.stop], segment)  # (E, H)
        other = sum_rows(key, table.places)  # (E, H)
        weight = segment_softmax(nn.functional.leaky_relu(own + other, slope), segment)
        if signed:
            weight = weight * sign[:, None].to(weight.dtype)
        weight = weight.to(value.dtype)
        heads = zip(value.unbind(1), weight.unbind(1), strict=True)
        return torch.stack([sum_rows(each, table, by) for each, by in heads], dim=1)

    def of_rows(rows: range, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        return of_table(_support(K, k, adjacency, rows), rows, query, key, value)

    values = value.movedim(-3, 0)  # (n_k, …, H, F)
    scores_and_values = (to_rows(query), to_rows(key), values.flatten(1, -2))  # (n_k, …·H[, F])
    chunks = receiver_chunks(K, k, adjacency, max_pairs, own=1)
    if len(chunks) == 1:
        name = f"{adjacency} support"
        support = pair_table(K, name, k, lambda: _support(K, k, adjacency, chunks[0]))
        result = of_table(support, chunks[0], *scores_and_values)
    else:
        result = by_chunks(of_rows, chunks, *scores_and_values)
    return result.view(values.shape).movedim(0, -3)


def attention_filter(
    K: SimplicialComplex,
    mapped: Tensor,
    score: Tensor,
    k: int,
    adjacency: str,
    *,
    order: int,
    slope: float = 0.2,
    max_pairs: int = 1 << 20,
) -> Tensor:
    r"""A polynomial of the attention operator, applied power by power.

    .. math::
        Y = \sum_{p=1}^{P} A^p X W_p, \qquad
        A_{στ} = \underset{τ ∈ \bar N(σ)}{\text{softmax}} \; \text{LeakyReLU}\big(
        a^⊤ [\, ‖_p W_p^⊤ x_σ \;‖\; ‖_p W_p^⊤ x_τ \,] \big)

    ``mapped``, (…, n_k, P · out_channels), holds X W_1 … X W_P side by side, ``score``,
    (2, P · out_channels), the two halves of a; P is ``order``, the rest is as in :func:`attend`.
    The result is (…, n_k, out_channels).

    Cost:
        P passes over the pairs, at the width of the result; no power of a matrix is formed.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> x = torch.tensor([[0.0, 0.0], [0.0, 6.0], [0.0, 0.0]])  # X W_2 alone
        >>> attention_filter(K, x, torch.zeros(2, 2), 0, "upper", order=2).flatten().tolist()
        [2.5, 2.6666667461395264, 2.5]
    """
    query, key = nn.functional.linear(mapped, score).chunk(2, dim=-1)
    terms = mapped.chunk(order, dim=-1)
    result = torch.zeros_like(terms[0])
    for term in reversed(terms):  # Horner: A(x W_1 + A(x W_2 + …))
        value = (result + term).unsqueeze(-2)  # (…, n_k, 1, out_channels): one head
        sent = attend(K, query, key, value, k, adjacency, slope=slope, max_pairs=max_pairs)
        result = sent.squeeze(-2)
    return result


def support_pairs(
    K: SimplicialComplex, k: int, adjacency: str, receivers: range | None = None
) -> Adjacency:
    """The pairs of neighbours with the diagonal: where ∂ᵀ∂ or ∂∂ᵀ has entries, row by row.

    Args:
        K: the complex.
        adjacency: ``"lower"`` for ∂ᵀ∂, ``"upper"`` for ∂∂ᵀ.
        k: degree of the simplices.
        receivers: consecutive ids; ``None`` for all.

    Returns:
        The pairs in the order of the receivers, without the shared simplices.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (2,)])
        >>> support_pairs(K, 0, "upper").index.tolist()
        [[0, 1, 1, 0], [0, 0, 1, 1]]
    """
    rows = range(K.num_simplices(k)) if receivers is None else receivers
    pairs = neighbor_pairs(K, k, adjacency, receivers=rows)
    own = torch.arange(rows.start, rows.stop, device=K.device)
    through = neighbor_counts(K, k, {"lower": "boundary", "upper": "coboundary"}[adjacency])
    own = own[through[rows.start : rows.stop] > 0]
    index = torch.cat([own.expand(2, -1), pairs.index], dim=1)  # (2, own + pairs)
    order = torch.sort(index[1], stable=True).indices
    sign = torch.cat([torch.ones_like(own, dtype=torch.int8), pairs.sign])
    return Adjacency(index[:, order], None, sign[order])


class _Support(NamedTuple):
    """Where the entries of a range of rows are, which row each is of, and their signs."""

    table: RowPattern
    segment: RowPattern
    sign: Tensor


def _support(K: SimplicialComplex, k: int, adjacency: str, rows: range) -> _Support:
    (sender, receiver), _, sign = support_pairs(K, k, adjacency, rows)
    receiver = receiver - rows.start
    table = row_pattern(receiver, sender, len(rows), K.num_simplices(k))
    assert table.row_pointer is not None
    return _Support(table, segments_at(receiver, table.row_pointer), sign)
