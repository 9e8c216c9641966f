"""The harmonic part of a cochain, approached by a polynomial of the Hodge Laplacian."""

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.nn._hodge import apply_hodge_laplacian
from simplex.nn._pairs import neighbor_counts


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
        >>> x = torch.tensor([0.0, 3.0, 0.0])  # harmonic part: the mean
        >>> harmonic_filter(x, K, 0, 1).tolist(), harmonic_filter(x, K, 0, 40).round().tolist()
        ([0.75, 1.5, 0.75], [1.0, 1.0, 1.0])
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

    .. math:: λ_{max}(L_k) = \max(‖∂_k‖^2, ‖∂_{k+1}‖^2), \qquad
              ‖∂_{k+1}‖^2 ≤ (k+2) \max_σ |C(σ)|

    as the square of the norm of a matrix is at most its largest row sum times its largest column
    sum of absolute values.

    Args:
        complex: the complex, or the disjoint union of a batch.
        k: the degree.

    Returns:
        (n_k,) in torch's default dtype, at least 1.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> hodge_bound(K, 0).tolist(), hodge_bound(K, 1).tolist()  # λ_max = 3
        ([4.0, 4.0, 4.0], [4.0, 4.0])
    """

    def compute() -> Tensor:
        bound = torch.ones(complex.num_parts, dtype=torch.int64, device=complex.device)
        for below in range(max(k - 1, 0), k + 1):
            cofacets = neighbor_counts(complex, "coboundary", below)
            bound = bound.scatter_reduce(0, complex.part(below), (below + 2) * cofacets, "amax")
        return bound[complex.part(k)].to(torch.get_default_dtype())

    result: Tensor = complex.cached("bound on the Hodge spectrum", k, compute)
    return result
