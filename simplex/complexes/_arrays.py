"""Numbers as people bring them, lists, arrays of numpy and tensors, read as tensors or refused."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor


_OF_SEQUENCES = (list, tuple, range)


def integer_tensor(name: str, values: Any, remedy: str = "") -> Tensor:
    """Integers as int64, on the device of a tensor.

    Taken: tensors and arrays of every integer dtype, byte order and layout; nested lists of
    integers.

    Raises:
        TypeError: values of another kind; bools are none.
        ValueError: masked entries, rows of unequal lengths, or a number beyond 64 bits.

    Example:
        >>> integer_tensor("ids", np.arange(3, dtype=">i2")[::-1]).tolist()
        [2, 1, 0]
    """
    tensor = any_tensor(name, values)
    if tensor.numel() == 0 and isinstance(values, _OF_SEQUENCES):
        return tensor.to(torch.int64)  # an empty list has no dtype of its own
    if tensor.is_floating_point() or tensor.is_complex() or tensor.dtype == torch.bool:
        kind = values.dtype if hasattr(values, "dtype") else tensor.dtype
        raise TypeError(f"{name} must be integers, got {kind}.{_after(remedy)}")
    result = tensor.to(torch.int64)
    if tensor.dtype == torch.uint64 and tensor.device.type != "meta" and bool((result < 0).any()):
        raise ValueError(f"{name} must be below 2⁶³, got larger numbers.")
    return result


def real_tensor(name: str, values: Any, remedy: str = "") -> Tensor:
    """Real numbers as a tensor: tensors as they are, lists and arrays of integers as float64.

    Raises:
        TypeError: values of another kind, such as bools, complex numbers or words.
        ValueError: masked entries, rows of unequal lengths.

    Example:
        >>> real_tensor("x", [1, 2]).dtype, real_tensor("x", torch.tensor([1, 2])).dtype
        (torch.float64, torch.int64)
    """
    tensor = any_tensor(name, values)
    if tensor.is_complex() or tensor.dtype == torch.bool:
        raise TypeError(f"{name} must be real numbers, got {tensor.dtype}.{_after(remedy)}")
    foreign = not isinstance(values, Tensor)
    keeps = isinstance(values, np.ndarray) and tensor.is_floating_point()
    return tensor.double() if foreign and not keeps else tensor


def any_tensor(name: str, values: Any) -> Tensor:
    """Numbers of any kind as a tensor: a dense one as it is, else a copy."""
    if isinstance(values, Tensor):
        if values.layout != torch.strided:
            raise TypeError(f"{name} must be a dense tensor, got {values.layout}.")
        return values
    if isinstance(values, np.ma.MaskedArray) and bool(np.ma.getmaskarray(values).any()):
        raise ValueError(f"{name} must have no masked entries. Remove them or fill them first.")
    if isinstance(values, np.ndarray) and values.dtype.kind == "O":
        values = values.tolist()
    if isinstance(values, _OF_SEQUENCES):
        values = _nested(name, values)
        if isinstance(values, Tensor):
            return values
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "biufc":
        got = values.dtype if isinstance(values, np.ndarray) else type(values).__name__
        raise TypeError(f"{name} must be a tensor, an array or a list of numbers, got {got}.")
    array = np.asarray(values)
    native = np.array(array, dtype=array.dtype.newbyteorder("="))  # a copy: ours, contiguous
    try:
        return torch.from_numpy(native)
    except TypeError:  # float128 and the like
        raise TypeError(f"{name} must be numbers of a dtype of torch, got {array.dtype}.") from None


def _nested(name: str, values: Sequence[Any]) -> np.ndarray | Tensor:
    """Nested lists as an array; tensors and arrays of one shape may stand in them."""
    if any(isinstance(value, Tensor) for value in values):
        rows = [
            any_tensor(name, value) if not isinstance(value, (int, float)) else torch.tensor(value)
            for value in values
        ]
        if len({row.shape for row in rows}) > 1 or len({row.device for row in rows}) > 1:
            raise ValueError(f"{name} must be rows of one length on one device.")
        return torch.stack(rows)
    try:
        return np.array(values)
    except (ValueError, OverflowError):  # numpy refuses rows of unequal lengths
        raise ValueError(f"{name} must be rows of one length, got rows of several.") from None


def _after(remedy: str) -> str:
    return f" {remedy}" if remedy else ""
