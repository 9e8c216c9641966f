"""Sets of simplices and of vertices as people write them, read as masks."""

from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    integer_tensor,
    numbers_of_names,
    read_simplices,
    require_complex,
    require_masks,
    shown,
)


def marked(K: SimplicialComplex, simplices: Any) -> list[Tensor]:
    """For each dimension (n_k,) bools: which simplices of the complex are meant.

    Args:
        K: the complex.
        simplices: one simplex: a vertex, or a tuple of vertices; or several: a list of tuples of
            any lengths, an (m, k+1) integer tensor, a list of such; or the masks themselves.

    Raises:
        TypeError: something else.
        ValueError: a tuple that is no simplex of the complex; masks of other shapes.
    """
    require_complex("K", K)
    if _are_masks(simplices):
        require_masks("simplices", K, simplices)
        return list(simplices)
    if _is_vertex(simplices):
        simplices = [(simplices,)]
    elif isinstance(simplices, tuple) and simplices and all(map(_is_vertex, simplices)):
        simplices = [simplices]
    given = read_simplices(simplices)
    blocks = given.rows(numbers_of_names(K) if given.named else None)
    masks = [torch.zeros(n, dtype=torch.bool, device=K.device) for n in K.f_vector]
    for place, rows in enumerate(blocks):
        asked = rows if place < len(given.blocks) else rows.to(K.device)
        ids = K.index(asked)
        absent = (ids < 0).nonzero()
        if len(absent):
            named = [names for names in given.tuples if len(names) == rows.shape[1]]
            first = int(absent[0])
            bad = named[first] if given.named else tuple(rows[first].tolist())
            raise ValueError(f"simplices must be in the complex, got {bad}, which is not.")
        if len(ids):
            masks[rows.shape[1] - 1][ids] = True
    return masks


def vertex_mask(K: SimplicialComplex, vertices: Any) -> Tensor:
    """(n_0,) bools: ids or names of vertices, as a list, a set, a tensor or one of them, or bools.

    Raises:
        TypeError: something else.
        ValueError: a vertex that is not there; bools of another shape.
    """
    require_complex("K", K)
    if isinstance(vertices, Tensor) and vertices.dtype == torch.bool:
        if vertices.shape != (K.num_simplices(0),) or vertices.device != K.device:
            raise ValueError(
                f"vertices must be ids, or {K.num_simplices(0)} bools on {K.device}, got bools of "
                f"shape {tuple(vertices.shape)} on {vertices.device}."
            )
        return vertices
    mask = torch.zeros(K.num_simplices(0), dtype=torch.bool, device=K.device)
    mask[vertex_ids(K, "vertices", vertices)] = True
    return mask


def vertex_ids(K: SimplicialComplex, name: str, vertices: Any) -> Tensor:
    """Ids of vertices that are given by id or by name, (m,) int64 on the complex's device."""
    if _is_vertex(vertices):
        vertices = [vertices]
    if isinstance(vertices, (set, frozenset)):
        vertices = list(vertices)
    if isinstance(vertices, np.ndarray) and vertices.dtype.kind in "OUS":
        vertices = vertices.tolist()
    if not isinstance(vertices, (Tensor, np.ndarray)):
        words = isinstance(vertices, (str, bytes, Mapping)) or not isinstance(vertices, Iterable)
        if words or hasattr(vertices, "is_directed"):
            raise TypeError(f"{name} must be ids or names of vertices, got {shown(vertices)}.")
        vertices = list(vertices)
        if any(isinstance(v, str) for v in vertices):
            vertices = _numbers(K, name, vertices)
    ids = integer_tensor(name, vertices)
    if ids.ndim != 1 or ids.is_meta:
        raise ValueError(f"{name} must be a list of ids, got a tensor of shape {tuple(ids.shape)}.")
    outside = (ids < 0) | (ids >= K.num_simplices(0))
    if bool(outside.any()):
        raise ValueError(
            f"{name} must be in 0 … {K.num_simplices(0) - 1}, got {int(ids[outside][0])}."
        )
    return ids.to(K.device)


def vertex_map_of(K: SimplicialComplex, vertex_map: Any) -> Tensor:
    """The image of each vertex, (n_0,) int64, non-negative."""
    image = integer_tensor("vertex_map", vertex_map)
    if image.shape != (K.num_simplices(0),):
        raise ValueError(
            f"vertex_map must be one image per vertex, of shape ({K.num_simplices(0)},), got "
            f"{tuple(image.shape)}."
        )
    if isinstance(vertex_map, Tensor) and image.device != K.device:
        raise ValueError(
            f"vertex_map must be on the complex's device {K.device}, got {image.device}."
        )
    if image.numel() and int(image.min()) < 0:
        raise ValueError(f"vertex_map must be non-negative, got {int(image.min())}.")
    return image.to(K.device)


def require_one_part(name: str, K: SimplicialComplex) -> None:
    """Raise where a complex is a union, of which each part would have to be taken by itself."""
    if K.num_parts != 1:
        raise ValueError(
            f"{name} must be one complex, got a union of {K.num_parts} parts. Take those of "
            "split(), or read it as one space by with_parts(None)."
        )


def _numbers(K: SimplicialComplex, name: str, vertices: Sequence[Any]) -> list[int]:
    numbers = numbers_of_names(K)
    unknown = [v for v in vertices if not _is_vertex(v) or v not in numbers]
    if unknown:
        raise ValueError(f"{name} must be names of vertices, got {shown(unknown[0])}.")
    return [numbers[v] for v in vertices]


def _is_vertex(value: Any) -> bool:
    number = isinstance(value, Integral) and not isinstance(value, (bool, np.bool_))
    return number or isinstance(value, str)


def _are_masks(value: Any) -> bool:
    return (
        isinstance(value, (list, tuple))
        and len(value) > 0
        and all(isinstance(mask, Tensor) and mask.dtype == torch.bool for mask in value)
    )
