"""A complex as plain values and back, and on another device."""

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor


if TYPE_CHECKING:
    from simplex.complexes._complex import SimplicialComplex


def state_of(K: "SimplicialComplex") -> dict[str, Any]:
    """The arguments of the constructor, as plain tensors, numbers and lists."""

    def listed(values: Sequence[Any] | None) -> list[Any] | None:
        return None if values is None else list(values)

    return {
        "num_vertices": K.num_simplices(0),
        "facets": list(K._facets),
        "orientation": listed(K._orientation),
        "filtration": listed(K.filtration),
        "vertex_labels": listed(K.vertex_labels),
        "part_pointer": K._part_pointer,
        "device": None if K._facets else str(K.device),
    }


def moved_state(K: "SimplicialComplex", device: torch.device) -> dict[str, Any]:
    """The arguments of the constructor, with all tensors on the device."""

    def moved(value: Any) -> Any:
        if isinstance(value, Tensor):
            return value.to(device)
        return list(map(moved, value)) if isinstance(value, list) else value

    return {name: moved(value) for name, value in state_of(K).items()} | {"device": device}


def plain_labels(labels: Sequence[Hashable]) -> tuple[Hashable, ...]:
    """The labels with numpy's scalars as Python's, which ``torch.load`` can read back."""
    return tuple(label.item() if isinstance(label, np.generic) else label for label in labels)


def from_state(state: Mapping[str, Any]) -> "SimplicialComplex":
    """What a pickled complex calls."""
    from simplex.complexes._complex import SimplicialComplex

    return SimplicialComplex.from_state(state)


torch.serialization.add_safe_globals([from_state])
