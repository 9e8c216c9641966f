"""Hodge Laplacians with a spectrum in [0, 1]."""

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, on_free_threads, require_word
from simplex.operators._checks import require_operator_dtype, require_rank
from simplex.operators._laplacian import hodge_laplacian
from simplex.operators._sparse import sorted_sparse, to_csr


@on_free_threads()
def normalized_laplacian(
    K: SimplicialComplex,
    k: int,
    normalization: str = "symmetric",
    *,
    dtype: torch.dtype | None = None,
) -> Tensor:
    r"""The Hodge Laplacian of the k-simplices, scaled to a spectrum in [0, 1].

    With the weights D_k, W_{k-1}, W_{k+1} of :func:`normalizing_weights`,

    .. math::
        L^s &= D_k^{1/2} \partial_k^\top W_{k-1}^{-1} \partial_k D_k^{1/2}
               + D_k^{-1/2} \partial_{k+1} W_{k+1} \partial_{k+1}^\top D_k^{-1/2} \\
        L^{rw} &= D_k^{1/2} L^s D_k^{-1/2}
                = D_k \partial_k^\top W_{k-1}^{-1} \partial_k
                  + \partial_{k+1} W_{k+1} \partial_{k+1}^\top D_k^{-1}

    Args:
        K: the complex.
        k: 0 … dim; the empty complex counts as of dimension 0.
        normalization: ``"symmetric"`` L^s, ``"random_walk"`` L^rw, or ``"spectral"`` L_k / λ_max
            (the zero matrix stays as it is).
        dtype: float32 or float64; ``None`` for torch's default.

    Returns:
        Sparse COO (n_k, n_k), coalesced.

    Raises:
        ValueError: ``k`` beyond the dimension, or another normalization or dtype.

    Laws:
        Eigenvalues in [0, 1], of which β_k are 0. At k = 0, L^s is half the symmetric normalised
        graph Laplacian. Departure from the paper: it has k = 1 only, other k follow its pattern.

    Reference:
        Schaub, Benson, Horn, Lippner, Jadbabaie, "Random Walks on Simplicial Complexes and the
        Normalized Hodge 1-Laplacian", SIAM Review 62(2), 2020.

    Example:
        >>> from simplex import SimplicialComplex
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> normalized_laplacian(K, 1, "random_walk").to_dense()
        tensor([[ 0.7500, -0.2500],
                [-0.2500,  0.7500]])
    """
    k = require_rank(K, k, 0)
    require_word("normalization", normalization, ("symmetric", "random_walk", "spectral"))
    if normalization == "spectral":
        laplacian = hodge_laplacian(K, k, dtype=dtype)
        return _scaled(laplacian, 1 / (largest_eigenvalue(laplacian) or 1.0))
    weights = normalizing_weights(K, k, dtype)
    laplacian = hodge_laplacian(K, k, weights=weights, dtype=dtype)
    if normalization == "symmetric":
        return laplacian
    row, column = laplacian.indices()
    root = weights[k].sqrt()
    return _scaled(laplacian, root[row] / root[column])


def normalizing_weights(
    K: SimplicialComplex, k: int, dtype: torch.dtype | None = None
) -> dict[int, Tensor]:
    r"""The weights that turn the Hodge Laplacian of the k-simplices into the normalised one.

    .. math:: D_k = \max(|\partial_{k+1}| \mathbf 1, 1), \qquad
              W_{k-1} = (k+1) \, |\partial_k| D_k \mathbf 1, \qquad
              W_{k+1} = \tfrac{1}{k+2}

    At k = 1 these are D_2, D_1 and D_3 of Schaub et al. (2020).

    Args:
        K: the complex.
        k: 0 … dim; the empty complex counts as of dimension 0.
        dtype: float32 or float64; ``None`` for torch's default.

    Returns:
        For each j of k-1 (where ≥ 0), k and k+1 the (n_j,) weights, as ``weights=`` of
        :func:`hodge_laplacian` takes them. A (k-1)-simplex in no k-simplex weighs 1.

    Raises:
        ValueError: ``k`` beyond the dimension.

    Example:
        >>> from simplex import SimplicialComplex
        >>> weights = normalizing_weights(SimplicialComplex.from_simplices([(0, 1), (1, 2)]), 1)
        >>> {j: weight.tolist() for j, weight in weights.items()}
        {0: [2.0, 4.0, 2.0], 1: [1.0, 1.0], 2: []}
    """
    k = require_rank(K, k, 0)
    dtype = require_operator_dtype(dtype)
    facets, cofacet_facets = K.facets(k), K.facets(k + 1).flatten()
    degree = torch.bincount(cofacet_facets, minlength=K.num_simplices(k)).clamp(min=1).to(dtype)
    top = torch.full((K.num_simplices(k + 1),), 1 / (k + 2), dtype=dtype, device=K.device)
    weights = {k: degree, k + 1: top}
    if k:
        share = degree[:, None].expand(facets.shape).flatten()
        below = torch.zeros(K.num_simplices(k - 1), dtype=dtype, device=K.device)
        below.index_add_(0, facets.flatten(), share)
        weights = {k - 1: torch.where(below > 0, (k + 1) * below, 1), **weights}
    return weights


def largest_eigenvalue(laplacian: Tensor) -> float:
    """λ_max of a symmetric positive semidefinite sparse matrix; 0 where it has no entries."""
    from scipy.sparse.linalg import eigsh

    matrix = to_csr(laplacian.cpu().double())
    if matrix.shape[0] < 50:
        return (
            float(torch.linalg.eigvalsh(laplacian.double().to_dense()).max()) if matrix.nnz else 0.0
        )
    if not matrix.nnz:
        return 0.0
    start = torch.randn(matrix.shape[0], generator=torch.Generator().manual_seed(0))
    values = eigsh(matrix, k=1, which="LA", v0=start.double().numpy(), return_eigenvectors=False)
    return float(values[0])


def _scaled(matrix: Tensor, factor: Tensor | float) -> Tensor:
    shape = (matrix.shape[0], matrix.shape[1])
    return sorted_sparse(matrix.indices(), matrix.values() * factor, shape)
