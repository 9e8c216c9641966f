"""Operators of a complex on batches of cochains (…, n_k, C), prepared once for many calls."""

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.diffusion._checks import require_cochain
from simplex.operators import (
    ImageProjection,
    LinearMap,
    boundary_matrix,
    coboundary_matrix,
    laplacian_halves,
    self_adjoint,
)


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


def apply_to_cochains(operator: LinearMap, x: Tensor, count: int) -> Tensor:
    """A symmetric linear map of (count, columns) on cochains; differentiable.

    Args:
        operator: symmetric.
        x: (…, count, C) floats, or (count,) for one channel.
        count: number of simplices.

    Raises:
        TypeError: x holds no real floats.
        ValueError: x has another number of simplices.
    """
    return from_columns(self_adjoint(operator, as_columns(x, count).contiguous()), x)


def as_columns(x: Tensor, count: int) -> Tensor:
    """Cochains side by side: (count, columns), for operators that are matrices of the complex."""
    require_cochain(x, count)
    moved = x.movedim(cochain_axis(x), 0)  # (n_k, …, C)
    return moved.reshape(count, -1) if x.numel() else moved.reshape(count, 0)


def from_columns(columns: Tensor, like: Tensor) -> Tensor:
    """The inverse of :func:`as_columns`, for cochains of the shape of ``like``."""
    axis = cochain_axis(like)
    return columns.reshape(like.movedim(axis, 0).shape).movedim(0, axis)  # (…, n_k, C)


def cochain_axis(x: Tensor) -> int:
    """Which axis runs over the simplices: the last but one, or that of a plain vector."""
    return max(x.dim() - 2, 0)
