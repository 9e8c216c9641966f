"""Point clouds and matrices read as tensors: the rule of dtypes, and what is refused."""

import math
from numbers import Real
from typing import Any

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import require_memory


def read_numbers(name: str, values: Any) -> Tensor:
    """A dense tensor of real numbers: tensors and arrays of floats keep their dtype.

    Integers and Python's numbers become float64, which holds what float32 would round; half
    precision becomes float32, in which lengths can be computed.

    Raises:
        TypeError: no numbers, or complex ones or truth values.
        ValueError: rows of unequal lengths, or integers that float64 cannot hold.
    """
    tensor = values if isinstance(values, Tensor) else _as_tensor(name, values)
    if tensor.is_complex() or tensor.dtype == torch.bool:
        raise TypeError(f"{name} must be real numbers, got {tensor.dtype}.")
    if tensor.is_meta:
        raise ValueError(f"{name} must hold numbers, got a tensor on the meta device.")
    if tensor.dtype in (torch.float32, torch.float64):
        return tensor
    if tensor.is_floating_point():
        return tensor.float()
    number = tensor.double()
    if not torch.equal(number.to(tensor.dtype), tensor):
        raise ValueError(
            f"{name} must be exact in float64, got integers beyond 2⁵³. Subtract their minimum."
        )
    return number


def _as_tensor(name: str, values: Any) -> Tensor:
    if isinstance(values, (list, tuple)) and any(isinstance(row, Tensor) for row in values):
        try:
            return torch.stack([torch.as_tensor(row) for row in values])
        except (RuntimeError, TypeError) as error:
            raise ValueError(f"{name} must have rows of one length, got {error}.") from None
    if hasattr(values, "tocoo"):
        raise TypeError(f"{name} must be dense, got a sparse matrix. Pass {name}.toarray().")
    if isinstance(values, np.ma.MaskedArray) and bool(np.ma.getmaskarray(values).any()):
        raise ValueError(f"{name} must have no masked entries. Remove them or fill them first.")
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} must have rows of one length, got unequal ones.") from None
    if array.dtype.kind == "O":  # fractions, decimals
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError):
            raise TypeError(f"{name} must be numbers, got {type(values).__name__}.") from None
    if array.dtype.kind not in "biufc":
        raise TypeError(f"{name} must be numbers, got {array.dtype} ({type(values).__name__}).")
    return from_array(array)


def from_array(array: np.ndarray) -> Tensor:
    """A tensor of a numeric array of any strides, byte order and width."""
    kind, width = array.dtype.kind, array.dtype.itemsize
    if kind == "f" and width > 8:
        array = array.astype(np.float64)
    elif kind == "u" and width > 1 and array.size and array.max() > np.iinfo(np.int64).max:
        raise ValueError(f"integers must be below 2⁶³, got {array.max()}.")
    elif kind == "u" and width > 1:  # torch can do little with these dtypes
        array = array.astype(np.int64)
    native = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))
    return torch.from_numpy(native if native.flags.writeable else native.copy())


def read_points(points: Any) -> Tensor:
    """An (n, d) tensor of finite coordinates, float32 or float64."""
    tensor = read_numbers("points", points)
    if tensor.layout != torch.strided:
        raise TypeError("points must be dense, got a sparse tensor. Pass points.to_dense().")
    if tensor.ndim != 2:
        raise ValueError(
            f"points must have shape (n, d), one row per point, got {tuple(tensor.shape)}."
        )
    if tensor.shape[1] == 0 and len(tensor):
        raise ValueError(f"points must have coordinates, got shape {tuple(tensor.shape)}.")
    what = f"copies of {tensor.numel()} coordinates"
    require_memory(3 * tensor.numel() * tensor.element_size(), tensor.device, what, "Give fewer.")
    finite = tensor.detach().isfinite()
    if not bool(finite.all()):
        row = int((~finite).nonzero()[0, 0])
        raise ValueError(f"points must be finite, got {tensor[row].tolist()} in row {row}.")
    if _looks_like_distances(tensor.detach()):
        raise ValueError(
            f"points must be coordinates, got a symmetric {len(tensor)} × {len(tensor)} matrix "
            "with zero diagonal. Did you mean distances=, as "
            "vietoris_rips_complex(distances=...) takes them? If these are coordinates, append a "
            "column of zeros."
        )
    return tensor


def _looks_like_distances(matrix: Tensor) -> bool:
    if matrix.shape[0] != matrix.shape[1] or not bool(matrix.any()):
        return False  # all zero: one and the same complex either way
    slack = rounding(matrix)
    return bool((matrix.diagonal().abs() <= slack).all()) and bool(
        ((matrix - matrix.T).abs() <= slack).all()
    )


def rounding(entries: Tensor) -> float:
    """How far distances may be from zero on the diagonal and from symmetry elsewhere: 4 √ε max d.

    As far as torch.cdist is, which takes the square roots of differences of squares.
    """
    largest = 0.0
    for block in torch.split(entries.detach(), 2048):
        low, high = map(float, block.aminmax()) if block.numel() else (0.0, 0.0)
        if math.isinf(low) or math.isinf(high):
            finite = block.nan_to_num(0.0, 0.0, 0.0)
            low, high = float(finite.min()), float(finite.max())
        largest = max(largest, -low, high)
    return 4 * math.sqrt(torch.finfo(entries.dtype).eps) * largest


def read_bound(name: str, value: Any, dtype: torch.dtype) -> float:
    """A length ≥ 0, possibly infinite, rounded to the dtype that it is compared in."""
    if isinstance(value, (Tensor, np.ndarray)) and value.ndim == 0:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {type(value).__name__}.")
    if math.isnan(value) or value < 0:
        raise ValueError(f"{name} must be a number ≥ 0, got {value}.")
    try:
        return float(torch.tensor(float(value), dtype=dtype))
    except OverflowError:  # an integer beyond the largest float
        return math.inf


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
