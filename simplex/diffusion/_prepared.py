"""What a fixed complex lends to every step of a chain: kept with it, computed once."""

import torch

from simplex.complexes import SimplicialComplex
from simplex.operators import boundary_matrix, coboundary_matrix
from simplex.operators._least_squares import ImageProjection
from simplex.operators._spectral import LinearMap, laplacian_halves


def prepared_halves(
    K: SimplicialComplex, k: int, dtype: torch.dtype
) -> tuple[LinearMap, LinearMap]:
    """The maps L_d and L_u of (n_k, channels)."""
    halves: tuple[LinearMap, LinearMap] = K.cached(
        f"laplacian halves of {dtype}", k, lambda: laplacian_halves(K, k, dtype)
    )
    return halves


def prepared_projections(K: SimplicialComplex, k: int) -> tuple[ImageProjection, ImageProjection]:
    """The projections of float64 (n_k, channels) onto gradients im ∂_kᵀ and curls im ∂_{k+1}."""

    def compute() -> tuple[ImageProjection, ImageProjection]:
        matrices = (
            coboundary_matrix(K, k - 1, dtype=torch.float64),
            boundary_matrix(K, k + 1, dtype=torch.float64),
        )
        return ImageProjection(matrices[0]), ImageProjection(matrices[1])

    projections: tuple[ImageProjection, ImageProjection] = K.cached("hodge projections", k, compute)
    return projections
