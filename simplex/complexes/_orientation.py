"""Orientation signs: ±1 per simplex, multiplied by every reorientation."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from simplex.complexes._arrays import real_tensor
from simplex.complexes._checks import shown
from simplex.complexes._validate import require_degree


if TYPE_CHECKING:
    from simplex.complexes._complex import SimplicialComplex


def turned_orientation(K: "SimplicialComplex", signs: Any) -> list[Tensor]:
    """The orientation of the complex times the given signs, for every dimension, checked."""
    if not isinstance(signs, (Mapping, Sequence)) or isinstance(signs, (str, bytes)):
        raise TypeError(
            f"signs must be a mapping from k or a sequence over k = 0, 1, …, got {shown(signs)}."
        )
    orientation = [K.orientation(k) for k in range(K.dim + 1)]
    for k, values in signs.items() if isinstance(signs, Mapping) else enumerate(signs):
        count = K.num_simplices(require_degree(k))
        sign = real_tensor(f"signs[{k}]", values, "Give +1 or -1 for each simplex.")
        if sign.shape != (count,):
            got = tuple(sign.shape)
            raise ValueError(f"signs[{k}] must be of shape ({count},), got {got}.")
        if not isinstance(values, Tensor):
            sign = sign.to(K.device)
        if sign.device != K.device:
            raise ValueError(
                f"signs[{k}] must be on the complex's device {K.device}, got {sign.device}."
            )
        allowed = (sign == 1) if k == 0 else (sign.abs() == 1)
        if not bool(allowed.all()):
            what = "+1 (a vertex has one orientation)" if k == 0 else "+1 or -1"
            bad = sign[~allowed][0].item()
            raise ValueError(f"signs[{k}] must be {what}, got {bad}.")
        if k <= K.dim:
            orientation[k] = orientation[k] * sign.to(torch.int8)
    return orientation


def orientation_of(K: "SimplicialComplex", k: int) -> Tensor:
    """The signs o of the k-simplices, (n_k,) int8."""
    k = require_degree(k)
    if K._orientation is not None and k <= K.dim:
        return K._orientation[k]
    return torch.ones(K.num_simplices(k), dtype=torch.int8, device=K.device)


def facet_signs(K: "SimplicialComplex", k: int, rows: slice = slice(None)) -> Tensor:
    """The signs [s : s_i] = (-1)^i o(s) o(s_i) of some k-simplices s, (rows, k+1) int8."""
    facets = K.facets(k)[rows]
    if len(facets) == 0:
        return facets.to(torch.int8)
    signs = torch.ones(facets.shape[1], dtype=torch.int8, device=K.device)
    signs[1::2] = -1
    if K._orientation is None or k == 0:
        return signs.expand(facets.shape)
    return signs * K.orientation(k)[rows, None] * K.orientation(k - 1)[facets]
