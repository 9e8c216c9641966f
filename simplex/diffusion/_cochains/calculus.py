"""Operators of a complex on batches of cochains, prepared once for many calls."""

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
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


def apply_to_cochains(operator: LinearMap, x: Tensor, count: int, axis: int) -> Tensor:
    """A symmetric linear map of (count, channels) on the given axis of a tensor; differentiable.

    Args:
        operator: symmetric.
        x: floats, ``count`` of them along ``axis``.
        count: number of simplices.
        axis: which axis of x runs over the simplices.

    Raises:
        TypeError: x holds no real floats.
        ValueError: x has another size along the axis.
    """
    require_cochain(x, count, axis)
    moved = x.movedim(axis, 0)
    flat = moved.reshape(count, -1).contiguous() if x.numel() else moved.reshape(count, 0)
    return self_adjoint(operator, flat).reshape(moved.shape).movedim(0, axis)


def require_cochain(x: Tensor, count: int, axis: int) -> None:
    """Raise unless the axis of the float tensor runs over ``count`` simplices."""
    if not x.is_floating_point():
        raise TypeError(f"x must hold real floats, got {x.dtype}. Convert with .float().")
    if not -x.ndim <= axis < x.ndim or x.shape[axis] != count:
        raise ValueError(
            f"x must have one value per simplex, {count} along axis {axis}, got shape "
            f"{tuple(x.shape)}. Say with axis= where the simplices are."
        )
