"""Cochains with any further axes, as the two-axis tensors that sparse products take."""

from torch import Tensor

from simplex.operators._spectral import LinearMap, self_adjoint


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
