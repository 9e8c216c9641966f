"""The halves of a Hodge Laplacian and the projections on its parts, kept with the complex."""

import torch

from simplex.complexes import SimplicialComplex
from simplex.operators._boundary import boundary_matrix, coboundary_matrix
from simplex.operators._bounds import part_bound
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
        gradients = ImageProjection(coboundary_matrix(K, k - 1, dtype=torch.float64))
        curls = ImageProjection(boundary_matrix(K, k + 1, dtype=torch.float64))
        return gradients, curls

    projections: tuple[ImageProjection, ImageProjection] = K.cached("hodge projections", k, compute)
    return projections


def spectral_bounds(K: SimplicialComplex, k: int) -> tuple[float, float]:
    """Bounds of the eigenvalues of L_d and L_u, 0 where there are no incidences."""
    down, up = (
        float(part_bound(K, j).max()) if K.num_parts and j <= K.dim else 0.0 for j in (k, k + 1)
    )
    return down, up
