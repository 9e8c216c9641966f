"""A complex as plain values and back, and on another device."""

import logging
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from simplex.complexes._checks import require_int, shown
from simplex.complexes._validate import require_tables
from simplex.complexes._vertices import require_room_for_vertices


if TYPE_CHECKING:
    from simplex.complexes._complex import SimplicialComplex

logger = logging.getLogger("simplex")


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
        # An empty tensor, which torch.load(map_location=...) moves as it moves tables.
        "device": None if K._facets else torch.empty(0, device=K.device),
    } | ({"directed": True} if K.directed else {})


def kept_in_cache(K: "SimplicialComplex", *, tables: bool) -> dict[tuple[str, int], Any]:
    """What is cached and does not depend on orientation and parts, with or without its tables."""
    names = ("simplices", "cofacets", "children", ON_DISK) if tables else (ON_DISK,)
    return {key: value for key, value in K._cache.items() if key[0] in names}


def is_on_disk(K: "SimplicialComplex") -> bool:
    """Whether the tables are maps of files: nothing of their size should be built to be kept."""
    return (ON_DISK, 0) in K._cache


def pickled(K: "SimplicialComplex") -> tuple[Any, ...]:
    """What a pickle calls: of a complex in a folder, what opens it; else the tables.

    Tables that were written to are no longer those of the folder.
    """
    way: tuple[Any, ...] | None = K._cache.get((OPENED_BY, 0))
    if way is not None:
        tables = [*K._facets, *(K._orientation or ()), *(K.filtration or ())]
        if not any(table is not None and table._version for table in tables):
            return way
    return from_state, (state_of(K),)


def are_equal(A: "SimplicialComplex", B: "SimplicialComplex") -> bool:
    """Same simplices, orientation, parts and device."""
    return (
        A.f_vector == B.f_vector
        and A.directed == B.directed
        and A.num_parts == B.num_parts
        and A.device == B.device
        and torch.equal(A.part_pointer(0), B.part_pointer(0))
        and all(map(torch.equal, A._facets, B._facets))
        and all(torch.equal(A.orientation(k), B.orientation(k)) for k in range(A.dim + 1))
    )


def moved_state(K: "SimplicialComplex", device: torch.device) -> dict[str, Any]:
    """The arguments of the constructor, with all tensors on the device."""

    def moved(value: Any) -> Any:
        if isinstance(value, Tensor):
            return value.to(device)
        return list(map(moved, value)) if isinstance(value, list) else value

    return {name: moved(value) for name, value in state_of(K).items()} | {"device": device}


class LateLabels(Sequence[Hashable]):
    """Labels of vertices that are read from a file when they are asked for.

    Args:
        count: how many there are.
        read: gives them.
    """

    def __init__(self, count: int, read: Callable[[], Sequence[Hashable]]) -> None:
        self._count, self._read = count, read

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, place: Any) -> Any:
        return self._read()[place]


def labels_of(K: "SimplicialComplex") -> tuple[Hashable, ...] | None:
    """The labels of the vertices, read now if they were not before."""
    labels = K._vertex_labels
    if labels is not None and not isinstance(labels, tuple):
        labels = K._vertex_labels = tuple(labels[:])
    return labels


def plain_labels(labels: Any) -> tuple[Hashable, ...] | LateLabels:
    """The labels with numpy's scalars as Python's, which ``torch.load`` can read back."""
    if isinstance(labels, LateLabels):
        return labels
    if not isinstance(labels, Iterable) or isinstance(labels, (Mapping, Tensor)):
        raise TypeError(
            f"vertex_labels must be a sequence of labels, one per vertex, got {shown(labels)}."
        )
    return tuple(label.item() if isinstance(label, np.generic) else label for label in labels)


def require_device(device: Any) -> torch.device:
    """A device of this machine, with an index where tensors have one; the CPU by default."""
    device = "cpu" if device is None else device
    if not isinstance(device, (str, torch.device, int)) or isinstance(device, bool):
        raise TypeError(f"device must be a torch.device or its name, got {shown(device)}.")
    try:
        return torch.empty(0, device=device).device
    except (RuntimeError, AssertionError, TypeError, ValueError, OverflowError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ValueError(f"device must be one of this machine, got {device!r}: {reason}") from None


def require_state(state: Any) -> dict[str, Any]:
    """The arguments of the constructor, as a file has them; refused before anything is allocated.

    A complex of vertices only that was saved on a GPU comes to the CPU where there is none.
    """
    names = {"num_vertices", "facets", *_OPTIONAL}
    if not isinstance(state, Mapping) or not {"num_vertices", "facets"} <= set(state) <= names:
        got = sorted(map(str, state)) if isinstance(state, Mapping) else type(state).__name__
        raise ValueError(f"a state must be what complex.state() gives, got {got}.")
    count = require_int("num_vertices", state["num_vertices"], 0)
    device = state.get("device")
    device = device.device if isinstance(device, Tensor) else device
    if isinstance(device, str) and device.startswith("cuda") and not torch.cuda.is_available():
        logger.warning("The complex was saved on %s, which is not here: it is on the CPU.", device)
        device = "cpu"
    tables = require_tables(state["facets"])
    where = tables[0].device if tables else require_device(device)
    require_room_for_vertices(count, where)
    return dict(state) | {"num_vertices": count, "facets": tables, "device": where}


def from_state(state: Mapping[str, Any]) -> "SimplicialComplex":
    """What a pickled complex calls."""
    from simplex.complexes._complex import SimplicialComplex

    return SimplicialComplex.from_state(state)


# Names in the cache of a complex whose tables lie in a folder.
OPENED_BY = "opened by"
ON_DISK = "on disk"
_OPTIONAL = ("orientation", "filtration", "vertex_labels", "part_pointer", "device", "directed")

torch.serialization.add_safe_globals(
    [from_state, (from_state, "simplex.complexes._complex._from_state")]  # the name it once had
)
