"""Where the vertices are: given in any of several forms, or laid out."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_int
from simplex.plot._checks import as_numbers
from simplex.plot._pivots import pivot_layout
from simplex.plot._spring import spring_layout


_MOST_SPRINGS = 200  # vertices; beyond, distances show more, and springs soon take seconds


def read_positions(
    K: SimplicialComplex, positions: Any, dims: int | None = None, seed: int = 0
) -> Tensor:
    """The (n_0, 2) or (n_0, 3) float64 places, on the CPU; ``dims`` those of a layout alone."""
    if dims is not None:
        dims = require_int("dims", dims, 2, 3)
    if positions is None:
        layout = spring_layout if K.num_simplices(0) <= _MOST_SPRINGS else pivot_layout
        return layout(K, dims=dims or 2, seed=seed)
    if isinstance(positions, Mapping):
        positions = _listed(K, positions)
    place = as_numbers("positions", positions)
    allowed = (dims,) if dims is not None else (2, 3)
    fits = place.ndim == 2 and len(place) == K.num_simplices(0) and place.shape[1] in allowed
    if not fits:
        raise ValueError(
            f"positions must be finite and of shape ({K.num_simplices(0)}, "
            f"{' or '.join(map(str, allowed))}), got {tuple(place.shape)}."
        )
    wrong = (~place.isfinite()).any(1).nonzero()[:, 0].tolist()
    if wrong:
        v = wrong[0]
        name = "" if K.vertex_labels is None else f", {K.vertex_labels[v]!r}"
        raise ValueError(
            f"positions must be finite, got {tuple(place[v].tolist())} for vertex {v}{name}"
            + (f" and others like it for {len(wrong) - 1} more." if len(wrong) > 1 else ".")
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
