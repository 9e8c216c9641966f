"""Sums over what is incident with each simplex, in any dimension."""

import math

from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.operators import boundary_sum, coboundary_sum


def incident_sum(K: SimplicialComplex, x: Tensor, j: int, k: int) -> Tensor:
    r"""Sum over the j-simplices that are faces or cofaces of each k-simplex, of any codimension.

    .. math:: y_σ = \sum_{τ ∈ K_j,\; τ ⊆ σ \text{ or } σ ⊆ τ} x_τ

    A chain of sums over facets or cofacets meets each τ once for each order in which the |j-k|
    vertices come or go.

    Args:
        K: the complex.
        x: (…, n_j, C).
        j: degree of what is added up.
        k: degree of the receiving simplices.

    Returns:
        (…, n_k, C).

    Example:
        >>> import torch
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> incident_sum(K, torch.ones(1, 1), 2, 0).squeeze(1).tolist()
        [1.0, 1.0, 1.0, 0.0]
    """
    for degree in range(j + 1, k + 1):
        x = boundary_sum(K, x, degree)
    for degree in reversed(range(k, j)):
        x = coboundary_sum(K, x, degree)
    return x if abs(j - k) < 2 else x / math.factorial(abs(j - k))
