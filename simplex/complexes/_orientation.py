"""Orientation signs: ±1 per simplex, multiplied by every reorientation."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor


if TYPE_CHECKING:
    from simplex.complexes._complex import SimplicialComplex


def turned_orientation(
    K: "SimplicialComplex", signs: Mapping[int, Tensor] | Sequence[Tensor]
) -> list[Tensor]:
    """The orientation of the complex times the given signs, for every dimension, checked."""
    orientation = [K.orientation(k) for k in range(K.dim + 1)]
    for k, sign in signs.items() if isinstance(signs, Mapping) else enumerate(signs):
        count = K.num_simplices(k)
        if not isinstance(sign, Tensor) or sign.shape != (count,):
            got = tuple(sign.shape) if isinstance(sign, Tensor) else type(sign).__name__
            raise ValueError(f"signs[{k}] must be a tensor of shape ({count},), got {got}.")
        if sign.device != K.device:
            raise ValueError(
                f"signs[{k}] must be on the complex's device {K.device}, got {sign.device}."
            )
        allowed = (sign == 1) if k == 0 else (sign.abs() == 1)
        if not bool(allowed.all()):
            what = "+1 (a vertex has one orientation)" if k == 0 else "+1 or -1"
            raise ValueError(f"signs[{k}] must be {what}, got {sorted(set(sign.tolist()))}.")
        if k <= K.dim:
            orientation[k] = orientation[k] * sign.to(torch.int8)
    return orientation
