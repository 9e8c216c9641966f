"""The four adjacencies of a simplicial complex, as index tensors and as sparse matrices."""

from typing import NamedTuple

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.complexes._memory import require_memory
from simplex.operators._boundary import boundary_index, boundary_matrix, require_rank
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
        return boundary_matrix(K, k, signed, dtype).t().coalesce()
    if adjacency == "coboundary":
        return boundary_matrix(K, k + 1, signed, dtype)
    laplacians = {"lower": down_laplacian, "upper": up_laplacian}
    if adjacency not in laplacians:
        raise ValueError(
            f"adjacency must be 'boundary', 'coboundary', 'lower' or 'upper', got {adjacency!r}."
        )
    laplacian = laplacians[adjacency](K, k, signed=signed, dtype=dtype)
    return select_entries(laplacian, lambda index, values: index[0] != index[1])
