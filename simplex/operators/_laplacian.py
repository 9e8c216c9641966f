"""Hodge Laplacians: up, down and their sum; signed and unsigned, with weights."""

from collections.abc import Mapping

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, on_free_threads
from simplex.operators._boundary import boundary_matrix
from simplex.operators._checks import (
    read_weight,
    require_operator_dtype,
    require_range,
    require_rank,
    require_room_for_pairs,
)
from simplex.operators._sparse import gram_sum, sorted_sparse


@on_free_threads()
def hodge_laplacian(
    K: SimplicialComplex,
    k: int,
    *,
    signed: bool = True,
    weights: Mapping[int, Tensor] | None = None,
    dtype: torch.dtype | None = None,
) -> Tensor:
    r"""The Hodge Laplacian of the k-simplices, down plus up.

    .. math:: L_k = S_k^\top S_k + S_{k+1} S_{k+1}^\top, \qquad
              S_k = W_{k-1}^{-1/2} \, \partial_k \, W_k^{1/2},

    which without weights is ∂_kᵀ∂_k + ∂_{k+1}∂_{k+1}ᵀ. L_0 is the graph Laplacian.

    Args:
        K: the complex.
        k: 0 … dim; the empty complex counts as of dimension 0.
        signed: ``False`` to build it from |∂|: the sum of |S_k|ᵀ|S_k| and |S_{k+1}||S_{k+1}|ᵀ, in
            which nothing cancels.
        weights: for each degree j in k-1 … k+1 to be weighted, W_j as (n_j,) positive numbers;
            degrees left out weigh 1, other degrees have no effect.
        dtype: float32 or float64; ``None`` for torch's default.

    Returns:
        Sparse COO (n_k, n_k), coalesced, without the zeros where down and up cancel.

    Raises:
        TypeError: ``K`` is no complex, or weights that are no mapping to real numbers.
        ValueError: ``k`` beyond the dimension, another dtype, weights that are not (n_j,) positive
            finite numbers on the complex's device or lead beyond the dtype, or a matrix that would
            not fit in memory, as at a hub.

    Laws:
        Symmetric and positive semidefinite; the signed one has a kernel of dimension β_k, whatever
        the weights. Reorienting by T turns the signed one into T_k L_k T_k, and leaves the other.

    Cost:
        O(incidences + pairs): as many entries as there are lower and upper neighbours.

    Example:
        >>> from simplex import SimplicialComplex
        >>> hodge_laplacian(SimplicialComplex.from_simplices([(0, 1, 2)]), 1).to_dense()
        tensor([[3., 0., 0.],
                [0., 3., 0.],
                [0., 0., 3.]])
    """
    k = require_rank(K, k, 0)
    require_room_for_pairs(K, k, lower=True, upper=True)
    down = scaled_boundary(K, k, signed, weights, dtype)
    up = scaled_boundary(K, k + 1, signed, weights, dtype)
    return gram_sum(down, up)


@on_free_threads()
def down_laplacian(
    K: SimplicialComplex,
    k: int,
    *,
    signed: bool = True,
    weights: Mapping[int, Tensor] | None = None,
    dtype: torch.dtype | None = None,
) -> Tensor:
    r"""The lower part S_kᵀ S_k of the Hodge Laplacian; ∂_kᵀ∂_k without weights, zero at k = 0.

    Result and errors as for :func:`hodge_laplacian`. Off the diagonal an entry is the sign
    of a pair of :func:`lower_adjacency`; on it stands k+1, for k ≥ 1.

    Args:
        K: the complex.
        k: 0 … dim; the empty complex counts as of dimension 0.
        signed: ``False`` for |S_k|ᵀ|S_k|, in which nothing cancels.
        weights: W_j as (n_j,) positive numbers, by degree j; degrees left out weigh 1.
        dtype: float32 or float64; ``None`` for torch's default.

    Example:
        >>> from simplex import SimplicialComplex
        >>> down_laplacian(SimplicialComplex.from_simplices([(0, 1), (1, 2)]), 1).to_dense()
        tensor([[ 2., -1.],
                [-1.,  2.]])
    """
    k = require_rank(K, k, 0)
    require_room_for_pairs(K, k, lower=True, upper=False)
    down = scaled_boundary(K, k, signed, weights, dtype)
    return gram_sum(down, _zero_map(K.num_simplices(k), down))


@on_free_threads()
def up_laplacian(
    K: SimplicialComplex,
    k: int,
    *,
    signed: bool = True,
    weights: Mapping[int, Tensor] | None = None,
    dtype: torch.dtype | None = None,
) -> Tensor:
    r"""The upper part S_{k+1} S_{k+1}ᵀ of the Hodge Laplacian; zero at the top dimension.

    Result and errors as for :func:`hodge_laplacian`. Off the diagonal an entry is the sign
    of a pair of :func:`upper_adjacency`; on it stands the number of cofacets.

    Args:
        K: the complex.
        k: 0 … dim; the empty complex counts as of dimension 0.
        signed: ``False`` for |S_{k+1}||S_{k+1}|ᵀ, in which nothing cancels.
        weights: W_j as (n_j,) positive numbers, by degree j; degrees left out weigh 1.
        dtype: float32 or float64; ``None`` for torch's default.

    Example:
        >>> from simplex import SimplicialComplex
        >>> up_laplacian(SimplicialComplex.from_simplices([(0, 1), (1, 2)]), 0).to_dense()
        tensor([[ 1., -1.,  0.],
                [-1.,  2., -1.],
                [ 0., -1.,  1.]])
    """
    k = require_rank(K, k, 0)
    require_room_for_pairs(K, k, lower=False, upper=True)
    up = scaled_boundary(K, k + 1, signed, weights, dtype)
    return gram_sum(_zero_map(K.num_simplices(k), up).t().coalesce(), up)


def scaled_boundary(
    K: SimplicialComplex,
    k: int,
    signed: bool,
    weights: Mapping[int, Tensor] | None,
    dtype: torch.dtype | None,
) -> Tensor:
    """S_k = W_{k-1}^{-1/2} ∂_k W_k^{1/2}, sparse (n_{k-1}, n_k); S_{k-1} S_k = 0 where signed."""
    dtype = require_operator_dtype(dtype)
    matrix = boundary_matrix(K, k, signed=signed, dtype=dtype)
    if weights is None:
        return matrix
    below, own = (read_weight(K, j, weights) for j in (k - 1, k))
    values, (facet, simplex) = matrix.values().double(), matrix.indices()
    if below is not None:
        values = values / below.sqrt()[facet]
    if own is not None:
        values = values * own.sqrt()[simplex]
    values = require_range(values, dtype)
    return sorted_sparse(matrix.indices(), values, (matrix.shape[0], matrix.shape[1]))


def _zero_map(num_rows: int, like: Tensor) -> Tensor:
    """The sparse (num_rows, 0) matrix, in the dtype and on the device of ``like``."""
    index = torch.empty((2, 0), dtype=torch.int64, device=like.device)
    return sorted_sparse(index, like.values()[:0], (num_rows, 0))
