"""The harmonic part of a cochain, approached by a polynomial of the Hodge Laplacian."""

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.nn._hodge import apply_hodge_laplacian
from simplex.nn._krylov import spectral_bound


def harmonic_filter(
    x: Tensor, complex: SimplicialComplex, k: int, order: int, epsilon: float | None = None
) -> Tensor:
    r"""Damp all but the harmonic part of a cochain: (I - ε L_k)^J x.

    A component with eigenvalue λ shrinks by 1 - ελ in each step; the kernel of L_k stays as it is.

    Args:
        x: (n_k, …).
        complex: the complex.
        k: the degree of x.
        order: J; 0 leaves x as it is.
        epsilon: ε, below 2 / λ_max(L_k) lest the powers grow; ``None`` for 1 / b with a bound
            b ≥ λ_max of the part that a simplex is of (:func:`hodge_bound`).

    Returns:
        (n_k, …).

    Laws:
        Orientation equivariant; a disjoint union gives what its parts give.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> x = torch.tensor([3.0, 0.0, 0.0])  # harmonic part: the mean
        >>> harmonic_filter(x, K, 0, 1).tolist(), harmonic_filter(x, K, 0, 40).round().tolist()
        ([2.0, 1.0, 0.0], [1.0, 1.0, 1.0])
    """
    if epsilon is None:
        step = 1 / hodge_bound(complex, k).to(x.dtype)
    else:
        step = x.new_full((len(x),), epsilon)
    step = step.view(-1, *(1,) * (x.ndim - 1))
    for _ in range(order):
        x = x - step * apply_hodge_laplacian(x, complex, k)
    return x


def hodge_bound(complex: SimplicialComplex, k: int) -> Tensor:
    r"""A bound on the largest eigenvalue of L_k, for each k-simplex that of its part.

    .. math:: λ_{max}(L_k) = \max\big( λ_{max}(∂_k^⊤ ∂_k), \, λ_{max}(∂_{k+1} ∂_{k+1}^⊤) \big)

    as the two products annihilate each other; :func:`spectral_bound` bounds each.

    Args:
        complex: the complex, or the disjoint union of a batch.
        k: the degree.

    Returns:
        (n_k,) int64, at least 1.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> hodge_bound(K, 0).tolist(), hodge_bound(K, 1).tolist()  # λ_max = 3
        ([3, 3, 3], [3, 3])
    """
    bound = torch.maximum(spectral_bound(complex, k), spectral_bound(complex, k + 1))
    return bound.clamp(min=1)[complex.part(k)]
