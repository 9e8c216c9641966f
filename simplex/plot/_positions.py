"""Where the vertices are: given in any of several forms, or laid out."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.plot._checks import as_numbers
from simplex.plot._spring import spring_layout


def read_positions(K: SimplicialComplex, positions: Any) -> Tensor:
    if positions is None:
        return spring_layout(K)
    if isinstance(positions, Mapping):
        positions = _listed(K, positions)
    place = as_numbers("positions", positions)
    if place.shape != (K.num_simplices(0), 2) or not bool(place.isfinite().all()):
        raise ValueError(
            f"positions must be finite and of shape ({K.num_simplices(0)}, 2), got "
            f"{tuple(place.shape)}."
        )
    return place


def _listed(K: SimplicialComplex, positions: Mapping[Any, Any]) -> Any:
    """The places of a layout in the order of the vertices; it may hold further ones."""
    names = K.vertex_labels or range(K.num_simplices(0))
    missing = [name for name in names if name not in positions]
    if missing:
        raise ValueError(
            f"positions must have a place for every vertex label, got none for {missing[0]!r}"
            + (f" and {len(missing) - 1} others." if len(missing) > 1 else ".")
        )
    return [positions[name] for name in names] or torch.zeros(0, 2)
