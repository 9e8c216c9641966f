"""Bounds of the eigenvalues of a Hodge Laplacian, part by part."""

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.operators._incidence import boundary_sum, cofacet_counts


def part_bound(K: SimplicialComplex, k: int) -> Tensor:
    r"""For each part an upper bound of λ_max(∂_kᵀ ∂_k) = λ_max(∂_k ∂_kᵀ), signed or unsigned.

    .. math:: b_k = \max_{σ ∈ K_k} \sum_{δ ∈ B(σ)} |C(δ)|

    the largest row sum of |∂_k|ᵀ|∂_k| (Gershgorin); for a graph the largest deg(u) + deg(v) of an
    edge uv (Anderson and Morley 1985). λ_max itself would cost an iteration. Each part has its own
    bound, so that a batch gives what its items give.

    Args:
        K: the complex, or the disjoint union of a batch.
        k: the degree, 0 … dim+1.

    Returns:
        (num_parts,) int64; 0 for a part without k-simplices, and for k = 0. Kept with the complex.

    Example:
        >>> part_bound(SimplicialComplex.from_simplices([(0, 1), (1, 2)]), 1).tolist()
        [3]
    """

    def compute() -> Tensor:
        bound = torch.zeros(K.num_parts, dtype=torch.int64, device=K.device)
        if k == 0:
            return bound
        row_sums = boundary_sum(K, cofacet_counts(K, k - 1).double(), k).long()  # (n_k,)
        return bound.scatter_reduce(0, K.part(k), row_sums, "amax")

    result: Tensor = K.cached("bound of each part", k, compute)
    return result


def hodge_bound(K: SimplicialComplex, k: int, *, signed: bool = True) -> Tensor:
    r"""A bound on the largest eigenvalue of L_k, for each k-simplex that of its part.

    .. math:: λ_{max}(L_k) = \max\big( λ_{max}(∂_k^⊤ ∂_k), \, λ_{max}(∂_{k+1} ∂_{k+1}^⊤) \big)

    as the two products annihilate each other; :func:`part_bound` bounds each. Unsigned they do not,
    and λ_max is at most their sum.

    Args:
        K: the complex, or the disjoint union of a batch.
        k: the degree.
        signed: ``False`` for the Laplacian built from |∂|.

    Returns:
        (n_k,) int64, at least 1. Kept with the complex.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> hodge_bound(K, 0).tolist(), hodge_bound(K, 1).tolist()  # λ_max = 3
        ([3, 3, 3], [3, 3])
    """

    def compute() -> Tensor:
        down, up = part_bound(K, k), part_bound(K, k + 1)
        bound = torch.maximum(down, up) if signed else down + up
        return bound.clamp(min=1)[K.part(k)]

    result: Tensor = K.cached("Hodge bound" if signed else "unsigned Hodge bound", k, compute)
    return result
