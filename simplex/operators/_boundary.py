"""The boundary maps ∂_k of a complex as sparse matrices."""

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, on_free_threads, require_flag
from simplex.operators._checks import require_rank, require_room_for_maps, require_signed_dtype
from simplex.operators._sparse import row_major_order, sorted_sparse


@on_free_threads()
def boundary_matrix(
    K: SimplicialComplex, k: int, *, signed: bool = True, dtype: torch.dtype | None = None
) -> Tensor:
    r"""The boundary map ∂_k from the k-simplices to the (k-1)-simplices.

    .. math:: \partial_k \, s = \sum_{i=0}^{k} [s : s_i] \, s_i, \qquad
              [s : s_i] = (-1)^i \, o(s) \, o(s_i),

    where s_i is s without its i-th vertex and o the orientation of the complex.

    Args:
        K: the complex.
        k: 0 … dim+1; the empty complex counts as of dimension 0. ∂_0 is the (0, n_0) zero map, not
            the row of ones of the augmented complex; ∂_{dim+1} is the (n_dim, 0) one.
        signed: ``False`` for |∂_k|, every entry 1.
        dtype: of the entries, signed numbers; ``None`` for torch's default.

    Returns:
        Sparse COO (n_{k-1}, n_k), coalesced: row = facet, column = simplex; k+1 entries a column.

    Raises:
        ValueError: ``k`` beyond the ranks above, a dtype that cannot hold -1, or a matrix that does
            not fit in memory.

    Laws:
        ∂_{k-1} ∂_k = 0. Reorienting by T turns ∂_k into T_{k-1} ∂_k T_k.

    Example:
        >>> from simplex import SimplicialComplex
        >>> boundary_matrix(SimplicialComplex.from_simplices([(0, 1, 2)]), 1).to_dense()
        tensor([[-1., -1.,  0.],
                [ 1.,  0., -1.],
                [ 0.,  1.,  1.]])
    """
    k = require_rank(K, k, 0, above=1)
    dtype = require_signed_dtype(dtype, torch.complex64, torch.complex128)
    require_flag("signed", signed)
    index, order = boundary_index(K, k)
    signs = K.facet_signs(k).flatten()[order] if signed else torch.ones_like(order)
    num_facets = K.num_simplices(k - 1) if k else 0
    return sorted_sparse(index, signs.to(dtype), (num_facets, K.num_simplices(k)))


@on_free_threads()
def coboundary_matrix(
    K: SimplicialComplex, k: int, *, signed: bool = True, dtype: torch.dtype | None = None
) -> Tensor:
    r"""The coboundary map δ_k = ∂_{k+1}ᵀ from k-cochains to (k+1)-cochains.

    .. math:: (\delta_k x)(s) = \sum_{i=0}^{k+1} [s : s_i] \, x(s_i)

    δ_0 takes differences along edges (the gradient), δ_1 sums around triangles (the curl).

    Args:
        K: the complex.
        k: -1 … dim; the empty complex counts as of dimension 0. δ_{-1} is the (n_0, 0) zero map.
        signed: ``False`` for |δ_k|, every entry 1.
        dtype: of the entries, signed numbers; ``None`` for torch's default.

    Returns:
        Sparse COO (n_{k+1}, n_k), coalesced; k+2 entries a row.

    Raises:
        ValueError: ``k`` beyond the ranks above, or a dtype that cannot hold -1.

    Laws:
        δ_{k+1} δ_k = 0.

    Example:
        >>> from simplex import SimplicialComplex
        >>> coboundary_matrix(SimplicialComplex.from_simplices([(0, 1, 2)]), 1).to_dense()
        tensor([[ 1., -1.,  1.]])
    """
    k = require_rank(K, k, -1)
    return boundary_matrix(K, k + 1, signed=signed, dtype=dtype).t().coalesce()


@on_free_threads()
def incidence_matrix(K: SimplicialComplex, k: int, *, dtype: torch.dtype | None = None) -> Tensor:
    r"""The incidence matrix |∂_k|: 1 where the (k-1)-simplex is a facet of the k-simplex.

    TopoNetX's ``incidence_matrix`` is :func:`boundary_matrix`, signed unless told otherwise.

    Args:
        K: the complex.
        k: 0 … dim+1, as for :func:`boundary_matrix`.
        dtype: of the entries; ``None`` for torch's default.

    Returns:
        Sparse COO (n_{k-1}, n_k), coalesced.

    Raises:
        ValueError: ``k`` beyond the ranks above.

    Example:
        >>> from simplex import SimplicialComplex
        >>> incidence_matrix(SimplicialComplex.from_simplices([(0, 1, 2)]), 2).to_dense()
        tensor([[1.],
                [1.],
                [1.]])
    """
    return boundary_matrix(K, k, signed=False, dtype=dtype)


def boundary_index(K: SimplicialComplex, k: int) -> tuple[Tensor, Tensor]:
    """Places of the entries of ∂_k in row-major order.

    Returns:
        ``index`` (2, E) int64, [facet, simplex], and ``order`` (E,), the place of each entry in
        ``K.facets(k).flatten()``.
    """
    remedy = "Take some of its rows by boundary_rows, or apply it by apply_boundary."
    require_room_for_maps(K, [k], 40, f"the boundary map ∂_{k}", remedy)
    facets = K.facets(k)
    order = row_major_order(facets, K.num_simplices(k - 1) if k else 0)
    simplex = order.div(k + 1, rounding_mode="floor")
    return torch.stack([facets.flatten()[order], simplex]), order
