"""The four adjacencies of a simplicial complex, as index tensors and as sparse matrices."""

from typing import NamedTuple

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_memory
from simplex.operators._boundary import boundary_index, boundary_matrix, require_rank
from simplex.operators._incidence import incidences
from simplex.operators._laplacian import down_laplacian, up_laplacian
from simplex.operators._sparse import select_entries


class Adjacency(NamedTuple):
    """Pairs of adjacent simplices, with the simplex they share and their relative sign.

    Attributes:
        index: (2, E) int64; ``index[0]`` sends, ``index[1]`` receives.
        shared: (E,) int64 id of the shared simplex; ``None`` for boundary and coboundary.
        sign: (E,) int8 relative orientation, +1 or -1.
    """

    index: Tensor  # type: ignore[assignment]  # hides tuple.index, which nobody misses
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
    require_rank(K, k, 0)
    facets = K.facets(k)
    simplex = torch.arange(len(facets), device=K.device)[:, None].expand(facets.shape)
    index = torch.stack([facets.flatten(), simplex.flatten()])
    return Adjacency(index, None, K.facet_signs(k).flatten())


def coboundary_adjacency(K: SimplicialComplex, k: int) -> Adjacency:
    r"""Cofacets send to their facets: C(σ) = {τ : σ ≺ τ}.

    Args:
        K: the complex.
        k: dimension of the receiving simplices, 0 … dim.

    Returns:
        ``index`` (2, (k+2)·n_{k+1}): (k+1)-simplex, k-simplex, in the order of ``K.facets(k+1)``;
        ``sign`` the entries [τ : σ] of ∂_{k+1}.

    Raises:
        ValueError: ``k`` beyond the dimension.

    Reference:
        Bodnar et al., ICML 2021.

    Example:
        >>> from simplex import SimplicialComplex
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> coboundary_adjacency(K, 0).index.tolist()
        [[0, 0, 1, 1], [1, 0, 2, 1]]
    """
    require_rank(K, k, 0)
    facets = K.facets(k + 1)
    cofacet = torch.arange(len(facets), device=K.device)[:, None].expand(facets.shape)
    index = torch.stack([cofacet.flatten(), facets.flatten()])
    return Adjacency(index, None, K.facet_signs(k + 1).flatten())


def lower_adjacency(K: SimplicialComplex, k: int) -> Adjacency:
    r"""k-simplices that share a facet: N↓(σ) = {τ ≠ σ : ∃δ, δ ≺ σ and δ ≺ τ}.

    Each unordered pair is there in both directions; the shared facet σ∩τ is unique.

    Args:
        K: the complex.
        k: dimension of the simplices, 0 … dim. Vertices have no lower neighbours.

    Returns:
        ``index`` (2, E) k-simplices, ``shared`` (E,) ids of (k-1)-simplices, non-decreasing;
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
    require_rank(K, k, 0)
    (facet, simplex), order = boundary_index(K, k)
    num_facets = K.num_simplices(k - 1) if k else 0
    degree = torch.bincount(facet, minlength=num_facets)
    others = (degree - 1)[facet]  # for each incidence (δ, σ) the other cofacets of δ
    total = int(others.sum())
    require_memory(total * 8 * 8, K.device, f"the {total} lower-adjacent pairs of dimension {k}")
    receiver = torch.arange(len(order), device=K.device).repeat_interleave(others)
    first = (degree.cumsum(0) - degree)[facet]  # where the incidences of δ start
    nth = torch.arange(total, device=K.device) - (others.cumsum(0) - others)[receiver]
    sender = first[receiver] + nth
    sender += sender >= receiver  # step over the receiver itself
    sign = K.facet_signs(k).flatten()[order]
    index = torch.stack([simplex[sender], simplex[receiver]])
    return Adjacency(index, facet[receiver], sign[sender] * sign[receiver])


def upper_adjacency(K: SimplicialComplex, k: int) -> Adjacency:
    r"""k-simplices that share a cofacet: N↑(σ) = {τ ≠ σ : ∃δ, σ ≺ δ and τ ≺ δ}.

    Each unordered pair is there in both directions; the shared cofacet σ∪τ is unique. At k = 0
    this is the adjacency of the graph, paired with the edges.

    Args:
        K: the complex.
        k: dimension of the simplices, 0 … dim. Top simplices have no upper neighbours.

    Returns:
        ``index`` (2, (k+2)(k+1)·n_{k+1}) k-simplices, ``shared`` (E,) ids of (k+1)-simplices,
        non-decreasing; ``sign`` = [δ : σ]·[δ : τ], the off-diagonal entries of ∂_{k+1}∂_{k+1}ᵀ.

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
    require_rank(K, k, 0)
    facets, signs = K.facets(k + 1), K.facet_signs(k + 1)
    sender, receiver = (~torch.eye(k + 2, dtype=torch.bool, device=K.device)).nonzero().T
    index = torch.stack([facets[:, sender].flatten(), facets[:, receiver].flatten()])
    shared = torch.arange(len(facets), device=K.device).repeat_interleave(len(sender))
    return Adjacency(index, shared, (signs[:, sender] * signs[:, receiver]).flatten())


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
        ValueError: ``k`` beyond the dimension, or another ``adjacency`` or dtype.

    Laws:
        Signed, they are ∂_kᵀ, ∂_{k+1}, and ∂_kᵀ∂_k and ∂_{k+1}∂_{k+1}ᵀ off the diagonal.

    Example:
        >>> from simplex import SimplicialComplex
        >>> adjacency_matrix(SimplicialComplex.from_simplices([(0, 1), (1, 2)]), 0).to_dense()
        tensor([[0., 1., 0.],
                [1., 0., 1.],
                [0., 1., 0.]])
    """
    require_rank(K, k, 0)
    if adjacency == "boundary":
        return boundary_matrix(K, k, signed=signed, dtype=dtype).t().coalesce()
    if adjacency == "coboundary":
        return boundary_matrix(K, k + 1, signed=signed, dtype=dtype)
    laplacians = {"lower": down_laplacian, "upper": up_laplacian}
    if adjacency not in laplacians:
        raise ValueError(
            f"adjacency must be 'boundary', 'coboundary', 'lower' or 'upper', got {adjacency!r}."
        )
    laplacian = laplacians[adjacency](K, k, signed=signed, dtype=dtype)
    return select_entries(laplacian, lambda index, values: index[0] != index[1])


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


def neighbor_counts(K: SimplicialComplex, k: int, adjacency: str) -> Tensor:
    """How many neighbours each k-simplex has, (n_k,) int64, without listing them.

    Args:
        K: the complex.
        adjacency: ``"boundary"``, ``"coboundary"``, ``"lower"`` or ``"upper"``.
        k: degree of the receiving simplices.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> neighbor_counts(K, 1, "lower").tolist(), neighbor_counts(K, 1, "upper").tolist()
        ([2, 3, 3, 2], [2, 2, 2, 0])
    """
    if adjacency in ("coboundary", "upper"):
        cofacets = incidences(K, k + 1).pointer.diff()
        return cofacets if adjacency == "coboundary" else (k + 1) * cofacets
    if k == 0:
        return torch.zeros(K.num_simplices(0), dtype=torch.int64, device=K.device)
    table = incidences(K, k)
    if adjacency == "lower":
        return (table.pointer.diff() - 1)[table.facets].sum(1)
    return torch.full_like(table.facets[:, 0], k + 1)


def neighbor_pairs(
    K: SimplicialComplex, k: int, adjacency: str, receivers: range | None = None
) -> Pairs:
    """List the neighbours of a range of k-simplices, in the order of the receivers.

    Args:
        K: the complex.
        adjacency: ``"boundary"``, ``"coboundary"``, ``"lower"`` or ``"upper"``; at k = 0 the first
            and the third are empty.
        k: degree of the receiving simplices.
        receivers: consecutive ids; ``None`` for all.

    Cost:
        O(pairs of these receivers); lower pairs are quadratic in the degree of a hub.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> pairs = neighbor_pairs(K, 1, "lower")
        >>> pairs.receiver.tolist(), pairs.sender.tolist(), pairs.shared.tolist()
        ([0, 1], [1, 0], [1, 1])
    """
    rows = range(K.num_simplices(k)) if receivers is None else receivers
    if k == 0 and adjacency in ("boundary", "lower"):
        none = torch.empty(0, dtype=torch.int64, device=K.device)
        shared = none if adjacency == "lower" else None
        return Pairs(none, none, shared, none.to(torch.int8))
    build = {"boundary": _boundary, "coboundary": _coboundary, "lower": _lower, "upper": _upper}
    return build[adjacency](K, k, rows)


def receiver_chunks(
    K: SimplicialComplex, k: int, adjacency: str, max_pairs: int, own: int = 0
) -> list[range]:
    """Consecutive receivers with at most ``max_pairs`` pairs together, or a single one with more.

    Args:
        K: the complex.
        adjacency: ``"boundary"``, ``"coboundary"``, ``"lower"`` or ``"upper"``.
        k: degree of the receiving simplices.
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


def _boundary(K: SimplicialComplex, k: int, rows: range) -> Pairs:
    table, part = incidences(K, k), slice(rows.start, rows.stop)
    receiver = torch.arange(rows.start, rows.stop, device=K.device)[:, None]
    facets = table.facets[part]
    return Pairs(
        receiver.expand(facets.shape).flatten(),
        facets.flatten(),
        None,
        table.signs[part].flatten(),
    )


def _coboundary(K: SimplicialComplex, k: int, rows: range) -> Pairs:
    table = incidences(K, k + 1)
    place, cofacet = _cofacet_places(K, k, rows)
    return Pairs(table.facets.flatten()[place], cofacet, None, table.signs.flatten()[place])


def _upper(K: SimplicialComplex, k: int, rows: range) -> Pairs:
    table = incidences(K, k + 1)
    place, cofacet = _cofacet_places(K, k, rows)
    own = place % (k + 2)
    column = torch.arange(k + 1, device=K.device) + torch.zeros_like(own)[:, None]
    column = column + (column >= own[:, None])  # step over the receiver itself
    signs = table.signs[cofacet].gather(1, torch.cat([own[:, None], column], dim=1))
    receiver = table.facets.flatten()[place]
    return Pairs(
        receiver[:, None].expand(column.shape).flatten(),
        table.facets[cofacet].gather(1, column).flatten(),
        cofacet[:, None].expand(column.shape).flatten(),
        (signs[:, :1] * signs[:, 1:]).flatten(),
    )


def _lower(K: SimplicialComplex, k: int, rows: range) -> Pairs:
    table, part = incidences(K, k), slice(rows.start, rows.stop)
    facet = table.facets[part].flatten()
    others = table.pointer.diff()[facet] - 1  # for each incidence (δ, σ) the other cofacets of δ
    owner = torch.arange(len(facet), device=K.device).repeat_interleave(others)
    nth = torch.arange(len(owner), device=K.device) - (others.cumsum(0) - others)[owner]
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


def _cofacet_places(K: SimplicialComplex, k: int, rows: range) -> tuple[Tensor, Tensor]:
    """The places in ``facets(k+1).flatten()`` where the given k-simplices stand, and their rows."""
    table = incidences(K, k + 1)
    if rows == range(K.num_simplices(k)):
        return table.order, table.cofacets
    part = slice(int(table.pointer[rows.start]), int(table.pointer[rows.stop]))
    return table.order[part], table.cofacets[part]


def _inverse(permutation: Tensor) -> Tensor:
    inverse = torch.empty_like(permutation)
    inverse[permutation] = torch.arange(len(permutation), device=permutation.device)
    return inverse
