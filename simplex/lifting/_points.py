"""Point clouds read as tensors: the checks that every geometric lift shares."""

from typing import Any

import torch
from torch import Tensor


def read_points(points: Any) -> Tensor:
    """An (n, d) floating tensor of finite coordinates, from a tensor, an array or nested lists."""
    tensor = points if isinstance(points, Tensor) else torch.as_tensor(points)
    if tensor.is_complex() or tensor.dtype == torch.bool:
        raise TypeError(f"points must have real coordinates, got {tensor.dtype}.")
    if not tensor.is_floating_point():
        tensor = tensor.to(torch.get_default_dtype())
    if tensor.ndim != 2:
        raise ValueError(
            f"points must have shape (n, d), one row per point, got {tuple(tensor.shape)}."
        )
    finite = tensor.isfinite()
    if not bool(finite.all()):
        row = int((~finite).nonzero()[0, 0])
        raise ValueError(f"points must be finite, got {tensor[row].tolist()} in row {row}.")
    return tensor


def require_distinct(points: Tensor) -> None:
    """Raise ``ValueError`` where two points coincide: a triangulation would lose one of them."""
    distinct, inverse = torch.unique(points.detach(), dim=0, return_inverse=True)
    if len(distinct) < len(points):
        order = inverse.sort(stable=True)
        twin = int((order.values[1:] == order.values[:-1]).nonzero()[0])
        pair = order.indices[twin : twin + 2].tolist()
        raise ValueError(
            f"points must be distinct, got the same coordinates in rows {pair[0]} and {pair[1]}. "
            "Remove duplicates with torch.unique(points, dim=0)."
        )
