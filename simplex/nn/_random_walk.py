"""The random-walk normalised Hodge Laplacian applied to cochains."""

from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.nn._hodge import apply_boundary, apply_coboundary
from simplex.nn._pairs import neighbor_counts


def apply_random_walk_laplacian(
    x: Tensor, complex: SimplicialComplex, k: int, signed: bool = True
) -> Tensor:
    r"""The normalised Hodge Laplacian of a k-cochain, its spectrum in [0, 1].

    .. math::
        y = D_k \, ∂_k^⊤ W_{k-1}^{-1} ∂_k \, x + ∂_{k+1} W_{k+1} ∂_{k+1}^⊤ D_k^{-1} \, x

    with the weights of :func:`simplex.operators.normalizing_weights`.

    Args:
        x: (n_k, channels).
        complex: the complex.
        k: the degree of x.
        signed: ``False`` to build both parts from |∂|.

    Returns:
        (n_k, channels).

    Laws:
        Equal to ``normalized_laplacian(complex, k, "random_walk") @ x`` where ``signed``.

    Cost:
        O(incidences · channels).

    Paper:
        Schaub et al., "Random Walks on Simplicial Complexes and the Normalized Hodge 1-Laplacian",
        SIAM Review 2020; other degrees than 1 by the same pattern.

    Example:
        >>> import torch
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> apply_random_walk_laplacian(torch.tensor([[1.0], [0.0]]), K, 1).squeeze(1).tolist()
        [0.75, -0.25]
    """
    degree = neighbor_counts(complex, "coboundary", k).clamp(min=1)[:, None].to(x.dtype)
    up = apply_boundary(apply_coboundary(x / degree, complex, k, signed), complex, k + 1, signed)
    if k == 0:
        return up / 2
    # A facet of some k-simplex weighs more than 1, so the clamp changes only those of none.
    below = (k + 1) * apply_boundary(degree, complex, k, signed=False).clamp(min=1 / (k + 1))
    down = apply_coboundary(apply_boundary(x, complex, k, signed) / below, complex, k - 1, signed)
    return degree * down + up / (k + 2)
