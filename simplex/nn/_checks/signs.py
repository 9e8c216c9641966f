"""What is refused of orientations and of flows that are written in them."""

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.nn._checks.cochains import require_complex
from simplex.nn._checks.tensors import require_tensor_of


def require_orientation(x: Tensor, orientation: Tensor) -> None:
    """Raise unless the signs are ±1, one for each simplex, or for each simplex of each signal."""
    require_tensor_of("orientation", orientation, "a tensor of ±1, one for each simplex")
    if orientation.shape not in (x.shape[-2:-1], x.shape[:-1]):
        raise ValueError(
            f"orientation must have shape {tuple(x.shape[-2:-1])} or {tuple(x.shape[:-1])}, got "
            f"{tuple(orientation.shape)}."
        )
    require_signs(orientation)


def require_signs(orientation: Tensor) -> None:
    """Raise unless all entries are ±1; inside a transform or a graph they are not looked at."""
    if orientation.is_complex() or orientation.dtype == torch.bool:
        raise TypeError(f"orientation must hold ±1, got {orientation.dtype}.")
    if torch.compiler.is_compiling():
        return
    if torch._C._functorch.is_functorch_wrapped_tensor(orientation):
        return
    if bool((orientation.abs() != 1).any()):
        raise ValueError("orientation must hold ±1, got other numbers.")


def require_flows(K: SimplicialComplex, flows: Tensor, orientation: Tensor, k: int) -> None:
    """Raise unless there are m rows of integer values on the k-simplices, and as many of signs."""
    require_complex(K)
    wanted = f"a tensor of shape (m, {K.num_simplices(k)})"
    for name, value in (("flows", flows), ("orientation", orientation)):
        require_tensor_of(name, value, wanted)
        if value.shape != (len(flows), K.num_simplices(k)):
            raise ValueError(f"{name} must be {wanted}, got {tuple(value.shape)}.")
    require_signs(orientation)
    if flows.is_complex() or bool((flows != flows.long()).any()):
        raise ValueError("flows must hold integers, got other numbers. Call the network itself.")
