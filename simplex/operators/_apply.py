"""Boundary maps and Hodge Laplacians applied to cochains: two sums of rows, no matrices."""

from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.operators._adjacency import neighbor_counts
from simplex.operators._incidence import boundary_sum, coboundary_sum
from simplex.operators._layout import on_rows


@on_rows
def apply_boundary(K: SimplicialComplex, x: Tensor, k: int, *, signed: bool = True) -> Tensor:
    r"""∂_k x of a k-cochain.

    Args:
        K: the complex, whose orientation gives the signs.
        x: (…, n_k, C) values, or (n_k,).
        k: the degree of x.
        signed: ``False`` for |∂_k| x.

    Returns:
        (…, n_{k-1}, C), or (n_{k-1},); without a row for k = 0.

    Example:
        >>> import torch
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> apply_boundary(K, torch.tensor([1.0, 2.0]), 1).tolist()
        [-1.0, -1.0, 2.0]
    """
    if k == 0:
        return x.new_zeros(0, x.shape[1])
    return coboundary_sum(K, x, k - 1, signed=signed)


@on_rows
def apply_coboundary(K: SimplicialComplex, x: Tensor, k: int, *, signed: bool = True) -> Tensor:
    r"""∂_{k+1}ᵀ x of a k-cochain: its gradient for k = 0, its curl for k = 1.

    Args:
        K: the complex, whose orientation gives the signs.
        x: (…, n_k, C) values, or (n_k,).
        k: the degree of x.
        signed: ``False`` for |∂_{k+1}|ᵀ x.

    Returns:
        (…, n_{k+1}, C), or (n_{k+1},).

    Example:
        >>> import torch
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> apply_coboundary(K, torch.tensor([1.0, 2.0, 5.0]), 0).tolist()
        [1.0, 3.0]
    """
    return boundary_sum(K, x, k + 1, signed=signed)


@on_rows
def apply_down_laplacian(K: SimplicialComplex, x: Tensor, k: int, *, signed: bool = True) -> Tensor:
    r"""∂_kᵀ ∂_k x of a k-cochain: from each simplex to its facets and back.

    Args:
        K: the complex.
        x: (…, n_k, C) values, or (n_k,).
        k: the degree of x.
        signed: ``False`` for |∂_k|ᵀ |∂_k| x.

    Returns:
        (…, n_k, C), or (n_k,); zeros for k = 0.

    Cost:
        O(incidences): the matrix, quadratic in the degree of a hub, is never formed.

    Example:
        >>> import torch
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> apply_down_laplacian(K, torch.tensor([1.0, 2.0]), 1).tolist()
        [0.0, 3.0]
    """
    return boundary_sum(K, apply_boundary(K, x, k, signed=signed), k, signed=signed)


@on_rows
def apply_up_laplacian(K: SimplicialComplex, x: Tensor, k: int, *, signed: bool = True) -> Tensor:
    r"""∂_{k+1} ∂_{k+1}ᵀ x of a k-cochain: from each simplex to its cofacets and back.

    Args:
        K: the complex.
        x: (…, n_k, C) values, or (n_k,).
        k: the degree of x.
        signed: ``False`` for |∂_{k+1}| |∂_{k+1}|ᵀ x.

    Returns:
        (…, n_k, C), or (n_k,).

    Example:
        >>> import torch
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> apply_up_laplacian(K, torch.tensor([1.0, 2.0, 5.0]), 0).tolist()  # of the graph
        [-1.0, -2.0, 3.0]
    """
    return coboundary_sum(K, apply_coboundary(K, x, k, signed=signed), k, signed=signed)


@on_rows
def apply_hodge_laplacian(
    K: SimplicialComplex, x: Tensor, k: int, *, signed: bool = True
) -> Tensor:
    r"""L_k x = ∂_kᵀ ∂_k x + ∂_{k+1} ∂_{k+1}ᵀ x of a k-cochain.

    Args:
        K: the complex.
        x: (…, n_k, C) values, or (n_k,).
        k: the degree of x.
        signed: ``False`` to build both parts from |∂|; nothing cancels then.

    Returns:
        (…, n_k, C), or (n_k,).

    Laws:
        Equal to ``hodge_laplacian(K, k, signed=signed) @ x``.

    Example:
        >>> import torch
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2)])
        >>> apply_hodge_laplacian(K, torch.tensor([1.0, 2.0, 5.0]), 1).tolist()
        [3.0, 6.0, 15.0]
    """
    down = apply_down_laplacian(K, x, k, signed=signed)
    return down + apply_up_laplacian(K, x, k, signed=signed)


@on_rows
def apply_random_walk_laplacian(
    K: SimplicialComplex, x: Tensor, k: int, *, signed: bool = True
) -> Tensor:
    r"""The normalised Hodge Laplacian of a k-cochain, its spectrum in [0, 1].

    .. math::
        y = D_k \, ∂_k^⊤ W_{k-1}^{-1} ∂_k \, x + ∂_{k+1} W_{k+1} ∂_{k+1}^⊤ D_k^{-1} \, x

    with the weights of :func:`simplex.operators.normalizing_weights`.

    Args:
        K: the complex.
        x: (…, n_k, C) values, or (n_k,).
        k: the degree of x.
        signed: ``False`` to build both parts from |∂|.

    Returns:
        (…, n_k, C), or (n_k,).

    Laws:
        Equal to ``normalized_laplacian(K, k, "random_walk") @ x`` where ``signed``.

    Cost:
        O(incidences · channels).

    Paper:
        Schaub et al., "Random Walks on Simplicial Complexes and the Normalized Hodge 1-Laplacian",
        SIAM Review 2020; other degrees than 1 by the same pattern.

    Example:
        >>> import torch
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> apply_random_walk_laplacian(K, torch.tensor([[1.0], [0.0]]), 1).squeeze(1).tolist()
        [0.75, -0.25]
    """
    degree = neighbor_counts(K, k, "coboundary").clamp(min=1)[:, None].to(x.dtype)
    up = apply_boundary(K, apply_coboundary(K, x / degree, k, signed=signed), k + 1, signed=signed)
    if k == 0:
        return up / 2
    # A facet of some k-simplex weighs more than 1, so the clamp changes only those of none.
    below = (k + 1) * apply_boundary(K, degree, k, signed=False).clamp(min=1 / (k + 1))
    down = apply_coboundary(K, apply_boundary(K, x, k, signed=signed) / below, k - 1, signed=signed)
    return degree * down + up / (k + 2)
