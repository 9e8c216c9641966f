"""The four adjacencies of a simplicial complex, as index tensors and as sparse matrices."""

from typing import NamedTuple

import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    on_free_threads,
    ragged,
    require_memory,
    require_word,
)
from simplex.operators._boundary import boundary_matrix
from simplex.operators._checks import require_rank
from simplex.operators._incidence import cofacet_counts, incidence_signs, incidences
from simplex.operators._laplacian import down_laplacian, up_laplacian
from simplex.operators._sparse import select_entries


ADJACENCIES = ("boundary", "coboundary", "lower", "upper")
"""The four adjacencies of Bodnar et al. (2021)."""


class Adjacency(NamedTuple):
    """Pairs of adjacent simplices, with the simplex they share and their relative sign.

    Receivers ascend, so that the pairs of one receiver are consecutive.

    Attributes:
        index: (2, E) int64; ``index[0]`` sends, ``index[1]`` receives.
        shared: (E,) int64 id of the shared simplex; ``None`` for boundary and coboundary.
        sign: (E,) int8 relative orientation, +1 or -1.
    """

    index: Tensor  # type: ignore[assignment]  # hides the method of tuples
    shared: Tensor | None
    sign: Tensor


def boundary_adjacency(K: SimplicialComplex, k: int) -> Adjacency:
    r"""Facets send to their simplex: B(σ) = {τ : τ ≺ σ}.

    Args:
        K: the complex.
        k: dimension of the receiving simplices, 0 … dim.

    Returns:
        ``index`` (2, (k+1)·n_k): (k-1)-simplex, k-simplex, in the order of ``K.facets(k)``;
        ``sign`` the entries [σ : τ] of ∂_k.

    Raises:
        ValueError: ``k`` beyond the dimension.

    Reference:
        Bodnar et al., "Weisfeiler and Lehman Go Topological: Message Passing Simplicial Networks",
        ICML 2021, Eq. 2.

    Example:
        >>> from simplex import SimplicialComplex
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2)])
        >>> boundary_adjacency(K, 2).index.tolist(), boundary_adjacency(K, 2).sign.tolist()
        ([[2, 1, 0], [0, 0, 0]], [1, -1, 1])
    """
    return neighbor_pairs(K, require_rank(K, k, 0), "boundary")


def coboundary_adjacency(K: SimplicialComplex, k: int) -> Adjacency:
    r"""Cofacets send to their facets: C(σ) = {τ : σ ≺ τ}.

    Args:
        K: the complex.
        k: dimension of the receiving simplices, 0 … dim.

    Returns:
        ``index`` (2, (k+2)·n_{k+1}): (k+1)-simplex, k-simplex, by the latter, cofacets ascending;
        ``sign`` the entries [τ : σ] of ∂_{k+1}.

    Raises:
        ValueError: ``k`` beyond the dimension.

    Reference:
        Bodnar et al., ICML 2021.

    Example:
        >>> from simplex import SimplicialComplex
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> coboundary_adjacency(K, 0).index.tolist()
        [[0, 0, 1, 1], [0, 1, 1, 2]]
    """
    return neighbor_pairs(K, require_rank(K, k, 0), "coboundary")


@on_free_threads()
def lower_adjacency(K: SimplicialComplex, k: int) -> Adjacency:
    r"""k-simplices that share a facet: N↓(σ) = {τ ≠ σ : ∃δ, δ ≺ σ and δ ≺ τ}.

    Each unordered pair is there in both directions; the shared facet σ∩τ is unique.

    Args:
        K: the complex.
        k: dimension of the simplices, 0 … dim. Vertices have no lower neighbours.

    Returns:
        ``index`` (2, E) k-simplices, ``shared`` (E,) ids of (k-1)-simplices;
        ``sign`` = [σ : δ]·[τ : δ], the off-diagonal entries of ∂_kᵀ∂_k.

    Raises:
        ValueError: ``k`` beyond the dimension, or the pairs would not fit in memory.

    Cost:
        O(pairs) = O(Σ_δ d(δ)²) with d(δ) the number of cofacets: quadratic at a hub. Message
        passing and colour refinement get by with O(incidences) instead, total minus own term.

    Reference:
        Bodnar et al., ICML 2021.

    Example:
        >>> from simplex import SimplicialComplex
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> lower_adjacency(K, 1)
        Adjacency(index=tensor([[1, 0],
                [0, 1]]), shared=tensor([1, 1]), sign=tensor([-1, -1], dtype=torch.int8))
    """
    k = require_rank(K, k, 0)
    total = int(neighbor_counts(K, k, "lower").sum())
    require_memory(total * 8 * 8, K.device, f"the {total} lower-adjacent pairs of dimension {k}")
    return neighbor_pairs(K, k, "lower")


@on_free_threads()
def upper_adjacency(K: SimplicialComplex, k: int) -> Adjacency:
    r"""k-simplices that share a cofacet: N↑(σ) = {τ ≠ σ : ∃δ, σ ≺ δ and τ ≺ δ}.

    Each unordered pair is there in both directions; the shared cofacet σ∪τ is unique. At k = 0
    this is the adjacency of the graph, paired with the edges.

    Args:
        K: the complex.
        k: dimension of the simplices, 0 … dim. Top simplices have no upper neighbours.

    Returns:
        ``index`` (2, (k+2)(k+1)·n_{k+1}) k-simplices, ``shared`` (E,) ids of (k+1)-simplices;
        ``sign`` = [δ : σ]·[δ : τ], the off-diagonal entries of ∂_{k+1}∂_{k+1}ᵀ.

    Raises:
        ValueError: ``k`` beyond the dimension.

    Reference:
        Bodnar et al., ICML 2021, Eq. 5.

    Example:
        >>> from simplex import SimplicialComplex
        >>> upper_adjacency(SimplicialComplex.from_simplices([(0, 1)]), 0)
        Adjacency(index=tensor([[1, 0],
                [0, 1]]), shared=tensor([0, 0]), sign=tensor([-1, -1], dtype=torch.int8))
    """
    k = require_rank(K, k, 0)
    total = (k + 2) * (k + 1) * K.num_simplices(k + 1)
    require_memory(total * 8 * 8, K.device, f"the {total} upper-adjacent pairs of dimension {k}")
    return neighbor_pairs(K, k, "upper")


@on_free_threads()
def adjacency_matrix(
    K: SimplicialComplex,
    k: int,
    adjacency: str = "upper",
    *,
    signed: bool = False,
    dtype: torch.dtype | None = None,
) -> Tensor:
    r"""One of the four adjacencies as a sparse matrix A: row = receiver, column = sender.

    A x sums, for every k-simplex, the signals of its neighbours.

    Args:
        K: the complex.
        k: dimension of the receiving simplices, 0 … dim.
        adjacency: ``"boundary"`` (n_k, n_{k-1}), ``"coboundary"`` (n_k, n_{k+1}), ``"lower"`` or
            ``"upper"`` (n_k, n_k). The upper one of the vertices is the graph's adjacency matrix.
        signed: ``True`` for the relative orientation ±1 as entries in place of 1.
        dtype: of the entries, float32 or float64; ``None`` for torch's default.

    Returns:
        Sparse COO, coalesced, no explicit zeros, and none on the diagonal.

    Raises:
        ValueError: ``k`` beyond the dimension, another ``adjacency`` or dtype, or lower neighbours
            at hubs that would not fit in memory.

    Laws:
        Signed, they are ∂_kᵀ, ∂_{k+1}, and ∂_kᵀ∂_k and ∂_{k+1}∂_{k+1}ᵀ off the diagonal.

    Example:
        >>> from simplex import SimplicialComplex
        >>> adjacency_matrix(SimplicialComplex.from_simplices([(0, 1), (1, 2)]), 0).to_dense()
        tensor([[0., 1., 0.],
                [1., 0., 1.],
                [0., 1., 0.]])
    """
    k = require_rank(K, k, 0)
    require_word("adjacency", adjacency, ADJACENCIES)
    if adjacency == "boundary":
        return boundary_matrix(K, k, signed=signed, dtype=dtype).t().coalesce()
    if adjacency == "coboundary":
        return boundary_matrix(K, k + 1, signed=signed, dtype=dtype)
    of = down_laplacian if adjacency == "lower" else up_laplacian
    laplacian = of(K, k, signed=signed, dtype=dtype)
    return select_entries(laplacian, lambda index, values: index[0] != index[1])


def neighbor_counts(K: SimplicialComplex, k: int, adjacency: str) -> Tensor:
    """How many neighbours each k-simplex has, (n_k,) int64, without listing them.

    Args:
        K: the complex.
        k: degree of the receiving simplices.
        adjacency: ``"boundary"``, ``"coboundary"``, ``"lower"`` or ``"upper"``.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> neighbor_counts(K, 1, "lower").tolist(), neighbor_counts(K, 1, "upper").tolist()
        ([2, 3, 3, 2], [2, 2, 2, 0])
    """
    if adjacency in ("coboundary", "upper"):
        cofacets = cofacet_counts(K, k)
        return cofacets if adjacency == "coboundary" else (k + 1) * cofacets
    if k == 0:
        return torch.zeros(K.num_simplices(0), dtype=torch.int64, device=K.device)
    table = incidences(K, k)
    if adjacency == "lower":
        return (table.column_pointer.diff() - 1)[table.column].sum(1)  # (n_k,), of (n_k, k+1)
    return torch.full_like(table.column[:, 0], k + 1)


def neighbor_pairs(
    K: SimplicialComplex, k: int, adjacency: str, *, receivers: range | None = None
) -> Adjacency:
    """List the neighbours of a range of k-simplices, in the order of the receivers.

    Args:
        K: the complex.
        k: degree of the receiving simplices.
        adjacency: ``"boundary"``, ``"coboundary"``, ``"lower"`` or ``"upper"``; at k = 0 the first
            and the third are empty.
        receivers: consecutive ids; ``None`` for all.

    Cost:
        O(pairs of these receivers); lower pairs are quadratic in the degree of a hub.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> pairs = neighbor_pairs(K, 1, "lower")
        >>> pairs.index.tolist(), pairs.shared.tolist()
        ([[1, 0], [0, 1]], [1, 1])
    """
    rows = range(K.num_simplices(k)) if receivers is None else receivers
    if k == 0 and adjacency in ("boundary", "lower"):
        none = torch.empty((2, 0), dtype=torch.int64, device=K.device)
        return Adjacency(none, none[0] if adjacency == "lower" else None, none[0].to(torch.int8))
    build = {"boundary": _boundary, "coboundary": _coboundary, "lower": _lower, "upper": _upper}
    return build[adjacency](K, k, rows)


def receiver_chunks(
    K: SimplicialComplex, k: int, adjacency: str, max_pairs: int, own: int = 0
) -> list[range]:
    """Consecutive receivers with at most ``max_pairs`` pairs together, or a single one with more.

    Args:
        K: the complex.
        k: degree of the receiving simplices.
        adjacency: ``"boundary"``, ``"coboundary"``, ``"lower"`` or ``"upper"``.
        max_pairs: pairs in a chunk.
        own: rows of each receiver that come on top of its pairs, such as one for the diagonal.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> receiver_chunks(K, 0, "upper", max_pairs=2)
        [range(0, 1), range(1, 2), range(2, 3)]
    """
    count, above = K.num_simplices(k), K.num_simplices(k + 1)
    totals = {
        "boundary": count * (k + 1),
        "coboundary": above * (k + 2),
        "upper": above * (k + 2) * (k + 1),
    }
    total = totals.get(adjacency)
    if total is None:  # of lower pairs: depends on the data
        total = K.cached(
            "number of lower pairs", k, lambda: int(neighbor_counts(K, k, "lower").sum())
        )
    if total + own * count <= max_pairs:
        return [range(count)]
    ends = (neighbor_counts(K, k, adjacency) + own).cumsum(0).cpu()
    chunks, start, base = [], 0, 0
    while start < count:
        stop = max(start + 1, int(torch.searchsorted(ends, base + max_pairs, right=True)))
        chunks.append(range(start, stop))
        start, base = stop, int(ends[stop - 1])
    return chunks


def _boundary(K: SimplicialComplex, k: int, rows: range) -> Adjacency:
    part = slice(rows.start, rows.stop)
    facets = incidences(K, k).column[part]  # (rows, k+1)
    receiver = torch.arange(rows.start, rows.stop, device=K.device)[:, None].expand(facets.shape)
    index = torch.stack([facets.flatten(), receiver.flatten()])
    return Adjacency(index, None, _signs(K, k)[part].flatten())


def _coboundary(K: SimplicialComplex, k: int, rows: range) -> Adjacency:
    place, cofacet = _cofacet_places(K, k, rows)
    receiver = incidences(K, k + 1).column.flatten()[place]
    return Adjacency(torch.stack([cofacet, receiver]), None, _signs(K, k + 1).flatten()[place])


def _upper(K: SimplicialComplex, k: int, rows: range) -> Adjacency:
    place, cofacet = _cofacet_places(K, k, rows)
    facets = incidences(K, k + 1).column[cofacet]  # (cofacets, k+2)
    own = (place % (k + 2))[:, None]
    other = torch.arange(k + 1, device=K.device).expand(len(own), k + 1)
    other = other + (other >= own)  # step over the receiver itself
    signs = _signs(K, k + 1)[cofacet]
    receiver = facets.gather(1, own).expand(other.shape)
    index = torch.stack([facets.gather(1, other).flatten(), receiver.flatten()])
    sign = signs.gather(1, own) * signs.gather(1, other)  # (cofacets, k+1)
    return Adjacency(index, cofacet[:, None].expand(other.shape).flatten(), sign.flatten())


def _lower(K: SimplicialComplex, k: int, rows: range) -> Adjacency:
    table, part = incidences(K, k), slice(rows.start, rows.stop)
    order = table.places.row
    facet = table.column[part].flatten()
    others = table.column_pointer.diff()[facet] - 1  # the other cofacets of each δ, for each (δ, σ)
    incidence, nth = ragged(others)
    sender = table.column_pointer[facet][incidence] + nth  # a place in the lists by facet
    own = _inverse(order)[rows.start * (k + 1) : rows.stop * (k + 1)]
    sender = sender + (sender >= own[incidence])  # step over the receiver itself
    receiver = incidence.div(k + 1, rounding_mode="floor") + rows.start
    sign = _signs(K, k).flatten()
    return Adjacency(
        torch.stack([table.row[sender], receiver]),
        facet[incidence],
        sign[order[sender]] * _signs(K, k)[part].flatten()[incidence],
    )


def _signs(K: SimplicialComplex, k: int) -> Tensor:
    return incidence_signs(K, k, torch.int8)[0]


def _cofacet_places(K: SimplicialComplex, k: int, rows: range) -> tuple[Tensor, Tensor]:
    """The places in ``facets(k+1).flatten()`` where the given k-simplices stand, and their rows."""
    table = incidences(K, k + 1)
    if rows == range(K.num_simplices(k)):
        return table.places.row, table.row
    part = slice(int(table.column_pointer[rows.start]), int(table.column_pointer[rows.stop]))
    return table.places.row[part], table.row[part]


def _inverse(permutation: Tensor) -> Tensor:
    inverse = torch.empty_like(permutation)
    inverse[permutation] = torch.arange(len(permutation), device=permutation.device)
    return inverse
