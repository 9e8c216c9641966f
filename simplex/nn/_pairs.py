"""The pairs of neighbours of a range of simplices, receiver by receiver."""

from typing import NamedTuple

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.nn._messages import incidences


ADJACENCIES = ("boundary", "coboundary", "lower", "upper")


class Pairs(NamedTuple):
    """Neighbours (receiver, sender) with the simplex that they share and their relative sign.

    Attributes:
        receiver: (E,) int64 ids, ascending: the pairs of one receiver are consecutive.
        sender: (E,) int64 ids.
        shared: (E,) int64 ids of the shared facets or cofacets; ``None`` for boundary, coboundary.
        sign: (E,) int8 relative orientation.
    """

    receiver: Tensor
    sender: Tensor
    shared: Tensor | None
    sign: Tensor


def neighbor_counts(complex: SimplicialComplex, adjacency: str, k: int) -> Tensor:
    """How many neighbours each k-simplex has, (n_k,) int64, without listing them.

    Args:
        complex: the complex.
        adjacency: ``"boundary"``, ``"coboundary"``, ``"lower"`` or ``"upper"``.
        k: degree of the receiving simplices.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> neighbor_counts(K, "lower", 1).tolist(), neighbor_counts(K, "upper", 1).tolist()
        ([2, 3, 3, 2], [2, 2, 2, 0])
    """
    if adjacency in ("coboundary", "upper"):
        cofacets = incidences(complex, k + 1).pointer.diff()
        return cofacets if adjacency == "coboundary" else (k + 1) * cofacets
    if k == 0:
        return torch.zeros(complex.num_simplices(0), dtype=torch.int64, device=complex.device)
    table = incidences(complex, k)
    if adjacency == "lower":
        return (table.pointer.diff() - 1)[table.facets].sum(1)
    return torch.full_like(table.facets[:, 0], k + 1)


def neighbor_pairs(
    complex: SimplicialComplex, adjacency: str, k: int, receivers: range | None = None
) -> Pairs:
    """List the neighbours of a range of k-simplices, in the order of the receivers.

    Args:
        complex: the complex.
        adjacency: ``"boundary"``, ``"coboundary"``, ``"lower"`` or ``"upper"``; at k = 0 the first
            and the third are empty.
        k: degree of the receiving simplices.
        receivers: consecutive ids; ``None`` for all.

    Cost:
        O(pairs of these receivers); lower pairs are quadratic in the degree of a hub.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> pairs = neighbor_pairs(K, "lower", 1)
        >>> pairs.receiver.tolist(), pairs.sender.tolist(), pairs.shared.tolist()
        ([0, 1], [1, 0], [1, 1])
    """
    rows = range(complex.num_simplices(k)) if receivers is None else receivers
    if k == 0 and adjacency in ("boundary", "lower"):
        none = torch.empty(0, dtype=torch.int64, device=complex.device)
        shared = none if adjacency == "lower" else None
        return Pairs(none, none, shared, none.to(torch.int8))
    build = {"boundary": _boundary, "coboundary": _coboundary, "lower": _lower, "upper": _upper}
    return build[adjacency](complex, k, rows)


def receiver_chunks(
    complex: SimplicialComplex, adjacency: str, k: int, max_pairs: int, own: int = 0
) -> list[range]:
    """Consecutive receivers with at most ``max_pairs`` pairs together, or a single one with more.

    Args:
        complex: the complex.
        adjacency: ``"boundary"``, ``"coboundary"``, ``"lower"`` or ``"upper"``.
        k: degree of the receiving simplices.
        max_pairs: pairs in a chunk.
        own: rows of each receiver that come on top of its pairs, such as one for the diagonal.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> receiver_chunks(K, "upper", 0, max_pairs=2)
        [range(0, 1), range(1, 2), range(2, 3)]
    """
    count, above = complex.num_simplices(k), complex.num_simplices(k + 1)
    totals = {
        "boundary": count * (k + 1),
        "coboundary": above * (k + 2),
        "upper": above * (k + 2) * (k + 1),
    }
    total = totals.get(adjacency)
    if total is None:  # of lower pairs: depends on the data
        total = complex.cached(
            "number of lower pairs", k, lambda: int(neighbor_counts(complex, "lower", k).sum())
        )
    if total + own * count <= max_pairs:
        return [range(count)]
    ends = (neighbor_counts(complex, adjacency, k) + own).cumsum(0).cpu()
    chunks, start, base = [], 0, 0
    while start < count:
        stop = max(start + 1, int(torch.searchsorted(ends, base + max_pairs, right=True)))
        chunks.append(range(start, stop))
        start, base = stop, int(ends[stop - 1])
    return chunks


def _boundary(complex: SimplicialComplex, k: int, rows: range) -> Pairs:
    table, part = incidences(complex, k), slice(rows.start, rows.stop)
    receiver = torch.arange(rows.start, rows.stop, device=complex.device)[:, None]
    facets = table.facets[part]
    return Pairs(
        receiver.expand(facets.shape).flatten(),
        facets.flatten(),
        None,
        table.signs[part].flatten(),
    )


def _coboundary(complex: SimplicialComplex, k: int, rows: range) -> Pairs:
    table = incidences(complex, k + 1)
    place, cofacet = _cofacet_places(complex, k, rows)
    return Pairs(table.facets.flatten()[place], cofacet, None, table.signs.flatten()[place])


def _upper(complex: SimplicialComplex, k: int, rows: range) -> Pairs:
    table = incidences(complex, k + 1)
    place, cofacet = _cofacet_places(complex, k, rows)
    own = place % (k + 2)
    column = torch.arange(k + 1, device=complex.device) + torch.zeros_like(own)[:, None]
    column = column + (column >= own[:, None])  # step over the receiver itself
    signs = table.signs[cofacet].gather(1, torch.cat([own[:, None], column], dim=1))
    receiver = table.facets.flatten()[place]
    return Pairs(
        receiver[:, None].expand(column.shape).flatten(),
        table.facets[cofacet].gather(1, column).flatten(),
        cofacet[:, None].expand(column.shape).flatten(),
        (signs[:, :1] * signs[:, 1:]).flatten(),
    )


def _lower(complex: SimplicialComplex, k: int, rows: range) -> Pairs:
    table, part = incidences(complex, k), slice(rows.start, rows.stop)
    facet = table.facets[part].flatten()
    others = table.pointer.diff()[facet] - 1  # for each incidence (δ, σ) the other cofacets of δ
    owner = torch.arange(len(facet), device=complex.device).repeat_interleave(others)
    nth = torch.arange(len(owner), device=complex.device) - (others.cumsum(0) - others)[owner]
    sender = table.pointer[facet][owner] + nth
    own = _inverse(table.order)[rows.start * (k + 1) : rows.stop * (k + 1)]
    sender = sender + (sender >= own[owner])  # step over the receiver itself
    sign = table.signs.flatten()
    return Pairs(
        owner.div(k + 1, rounding_mode="floor") + rows.start,
        table.cofacets[sender],
        facet[owner],
        sign[table.order[sender]] * table.signs[part].flatten()[owner],
    )


def _cofacet_places(complex: SimplicialComplex, k: int, rows: range) -> tuple[Tensor, Tensor]:
    """The places in ``facets(k+1).flatten()`` where the given k-simplices stand, and their rows."""
    table = incidences(complex, k + 1)
    if rows == range(complex.num_simplices(k)):
        return table.order, table.cofacets
    part = slice(int(table.pointer[rows.start]), int(table.pointer[rows.stop]))
    return table.order[part], table.cofacets[part]


def _inverse(permutation: Tensor) -> Tensor:
    inverse = torch.empty_like(permutation)
    inverse[permutation] = torch.arange(len(permutation), device=permutation.device)
    return inverse
