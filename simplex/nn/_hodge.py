"""Boundary maps and Hodge Laplacians applied to cochains: two bag sums, no product of matrices."""

from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.nn._messages import boundary_sum, coboundary_sum


def apply_boundary(x: Tensor, complex: SimplicialComplex, k: int, signed: bool = True) -> Tensor:
    r"""∂_k x of a k-cochain.

    Args:
        x: (n_k, …) values, with any further dimensions.
        complex: the complex, whose orientation gives the signs.
        k: the degree of x.
        signed: ``False`` for |∂_k| x.

    Returns:
        (n_{k-1}, …); (0, …) for k = 0.

    Example:
        >>> import torch
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> apply_boundary(torch.tensor([1.0, 2.0]), K, 1).tolist()
        [-1.0, -1.0, 2.0]
    """
    if k == 0:
        return x.new_zeros(0, *x.shape[1:])
    return coboundary_sum(x, complex, k - 1, signed)


def apply_coboundary(x: Tensor, complex: SimplicialComplex, k: int, signed: bool = True) -> Tensor:
    r"""∂_{k+1}ᵀ x of a k-cochain: its gradient for k = 0, its curl for k = 1.

    Args:
        x: (n_k, …) values, with any further dimensions.
        complex: the complex, whose orientation gives the signs.
        k: the degree of x.
        signed: ``False`` for |∂_{k+1}|ᵀ x.

    Returns:
        (n_{k+1}, …).

    Example:
        >>> import torch
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> apply_coboundary(torch.tensor([1.0, 2.0, 5.0]), K, 0).tolist()
        [1.0, 3.0]
    """
    return boundary_sum(x, complex, k + 1, signed)


def apply_down_laplacian(
    x: Tensor, complex: SimplicialComplex, k: int, signed: bool = True
) -> Tensor:
    r"""∂_kᵀ ∂_k x of a k-cochain: from each simplex to its facets and back.

    Args:
        x: (n_k, …) values, with any further dimensions.
        complex: the complex.
        k: the degree of x.
        signed: ``False`` for |∂_k|ᵀ |∂_k| x.

    Returns:
        (n_k, …); zeros for k = 0.

    Cost:
        O(incidences): the matrix, quadratic in the degree of a hub, is never formed.

    Example:
        >>> import torch
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> apply_down_laplacian(torch.tensor([1.0, 2.0]), K, 1).tolist()
        [0.0, 3.0]
    """
    return boundary_sum(apply_boundary(x, complex, k, signed), complex, k, signed)


def apply_up_laplacian(
    x: Tensor, complex: SimplicialComplex, k: int, signed: bool = True
) -> Tensor:
    r"""∂_{k+1} ∂_{k+1}ᵀ x of a k-cochain: from each simplex to its cofacets and back.

    Args:
        x: (n_k, …) values, with any further dimensions.
        complex: the complex.
        k: the degree of x.
        signed: ``False`` for |∂_{k+1}| |∂_{k+1}|ᵀ x.

    Returns:
        (n_k, …).

    Example:
        >>> import torch
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> apply_up_laplacian(torch.tensor([1.0, 2.0, 5.0]), K, 0).tolist()  # of the graph
        [-1.0, -2.0, 3.0]
    """
    return coboundary_sum(apply_coboundary(x, complex, k, signed), complex, k, signed)


def apply_hodge_laplacian(
    x: Tensor, complex: SimplicialComplex, k: int, signed: bool = True
) -> Tensor:
    r"""L_k x = ∂_kᵀ ∂_k x + ∂_{k+1} ∂_{k+1}ᵀ x of a k-cochain.

    Args:
        x: (n_k, …) values, with any further dimensions.
        complex: the complex.
        k: the degree of x.
        signed: ``False`` to build both parts from |∂|; nothing cancels then.

    Returns:
        (n_k, …).

    Laws:
        Equal to ``hodge_laplacian(complex, k, signed=signed) @ x``.

    Example:
        >>> import torch
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2)])
        >>> apply_hodge_laplacian(torch.tensor([1.0, 2.0, 5.0]), K, 1).tolist()
        [3.0, 6.0, 15.0]
    """
    down = apply_down_laplacian(x, complex, k, signed)
    return down + apply_up_laplacian(x, complex, k, signed)
