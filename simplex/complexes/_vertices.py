"""User input to increasing int64 vertex rows: every check that a simplex or an index must pass."""

from collections.abc import Hashable, Iterable, Mapping
from itertools import chain
from numbers import Integral, Number
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from simplex.complexes._arrays import integer_tensor
from simplex.complexes._checks import require_int, shown
from simplex.complexes._machine import require_memory
from simplex.complexes._tables import require_edge_keys


_NUMBER_THEM = (
    "Number the vertices 0, 1, 2, …, or name them by strings (the labels of a networkx graph are "
    "kept by simplex.interop.from_networkx)."
)
# Numbers that are no ids, what stands for nothing, and what is more likely a simplex than a name.
_NO_NAMES = (Number, bool, np.generic, type(None), tuple, frozenset, range, Tensor, type)


class Simplices(NamedTuple):
    """Simplices as they were given, sorted by kind.

    Attributes:
        blocks: (m, k+1) int64 rows of vertex ids.
        tuples: single tuples of vertex ids, or of names.
        named: whether the vertices are called by strings.
    """

    blocks: list[Tensor]
    tuples: list[tuple[Any, ...]]
    named: bool

    def rows(self, number: Mapping[Hashable, int] | None = None) -> list[Tensor]:
        """Blocks of equally long vertex tuples, each (m, k+1) int64; an unknown name is -1."""
        groups: dict[int, list[tuple[int, ...]]] = {}
        for simplex in self.tuples:
            ids = simplex if number is None else tuple(number.get(v, -1) for v in simplex)
            groups.setdefault(len(simplex), []).append(ids)
        return self.blocks + [_block(ids) for ids in groups.values()]

    def names(self) -> list[Hashable]:
        """The names of the vertices, in the order of their first appearance."""
        return list(dict.fromkeys(chain.from_iterable(self.tuples)))


def read_simplices(simplices: Any) -> Simplices:
    """Sort what is given as simplices into blocks and tuples.

    Args:
        simplices: an (m, k+1) integer tensor or array, or an iterable of vertex tuples of any
            lengths, of integers or of names; an item may also be such a tensor.

    Raises:
        TypeError: a vertex is neither an integer nor a name.
        ValueError: a simplex has no vertex.
    """
    if isinstance(simplices, np.ndarray) and simplices.dtype.kind in "OUS":
        simplices = simplices.tolist()
    if isinstance(simplices, (Tensor, np.ndarray)):
        return Simplices([_block(simplices)], [], named=False)
    if hasattr(simplices, "is_directed") or hasattr(simplices, "edge_index"):
        raise TypeError(
            f"simplices must be a list of vertex tuples, got the graph {type(simplices).__name__}. "
            "Lift a graph with simplex.lifting.clique_complex."
        )
    if not isinstance(simplices, Iterable) or isinstance(simplices, (str, bytes, Mapping)):
        raise TypeError(
            "simplices must be a list of vertex tuples or an integer tensor of shape (m, k+1), got "
            f"{type(simplices).__name__}."
        )
    blocks: list[Tensor] = []
    tuples: list[tuple[Any, ...]] = []
    kinds: set[type] = set()
    for simplex in simplices:
        if isinstance(simplex, (Tensor, np.ndarray)) and simplex.ndim > 1:
            blocks.append(_block(simplex))
            continue
        vertices = _vertices_of(simplex)
        tuples.append(vertices)
        kinds.update(map(type, vertices))
    named = _are_names(kinds)
    if named and blocks:
        raise TypeError("simplices must be all on names or all on numbers, got tensors and names.")
    return Simplices(blocks, tuples, named)


def _vertices_of(simplex: Any) -> tuple[Any, ...]:
    """One simplex as a tuple of its vertices."""
    no_tuple = isinstance(simplex, (str, bytes, Mapping)) or not hasattr(simplex, "__len__")
    no_tuple = no_tuple or hasattr(simplex, "is_directed")  # a graph, which has a length
    if no_tuple or getattr(simplex, "ndim", 1) == 0:
        raise TypeError(
            f"a simplex must be a tuple of integer vertex ids or of names, got {shown(simplex)}. "
            "Write a single vertex as (v,)."
        )
    if len(simplex) == 0:
        raise ValueError("a simplex must have at least one vertex, got ().")
    if isinstance(simplex, (Tensor, np.ndarray)):
        return tuple(_plain(simplex).tolist())
    return tuple(simplex)


def _plain(row: Tensor | np.ndarray) -> Tensor | np.ndarray:
    """A row of words as it is, any other as int64."""
    words = isinstance(row, np.ndarray) and row.dtype.kind in "OUS"
    return row if words else integer_tensor("vertex ids", row, _NUMBER_THEM)


def _are_names(kinds: set[type]) -> bool:
    """Whether vertices of these types are names: anything hashable but numbers that are no ids."""
    numbers = {kind for kind in kinds if issubclass(kind, Integral)} - {bool}
    other = sorted(kind.__name__ for kind in kinds - numbers if not _names(kind))
    if other:
        raise TypeError(f"vertex ids must be integers, got {', '.join(other)}. {_NUMBER_THEM}")
    return bool(kinds - numbers)


def _names(kind: type) -> bool:
    """Whether values of a type may be names: hashable, and neither numbers nor nested simplices."""
    hashable = kind.__hash__ is not None and not issubclass(kind, _NO_NAMES)
    return issubclass(kind, str) or hashable


def as_rows(simplices: Any) -> list[Tensor]:
    """Blocks of equally long vertex tuples of integers, each (m, k+1) int64; no names."""
    given = read_simplices(simplices)
    if given.named:
        raise TypeError(f"vertex ids must be integers, got names. {_NUMBER_THEM}")
    return given.rows()


def _block(rows: Any) -> Tensor:
    if isinstance(rows, list):
        try:
            rows = np.array(rows, dtype=np.int64)
        except OverflowError:
            raise ValueError("vertex ids must be below 2⁶³, got larger numbers.") from None
    tensor = integer_tensor("vertex ids", rows, _NUMBER_THEM)
    if tensor.ndim != 2:
        raise ValueError(f"simplices must have shape (m, k+1), got {tuple(tensor.shape)}.")
    if tensor.shape[1] == 0:
        raise ValueError("a simplex must have at least one vertex, got ().")
    return tensor


def require_simplices(rows: Tensor) -> None:
    """Raise ``ValueError`` unless sorted rows hold distinct, non-negative vertex ids."""
    if rows.numel() and int(rows.min()) < 0:
        raise ValueError(f"vertex ids must be non-negative, got {int(rows.min())}.")
    repeated = (rows[:, 1:] == rows[:, :-1]).any(1)
    if bool(repeated.any()):
        bad = tuple(rows[repeated][0].tolist())
        raise ValueError(f"the vertices of a simplex must be distinct, got {bad}.")


def require_vertex_count(num_vertices: int | None, largest: int) -> int:
    """The number of vertices: as given, or just enough for the largest id."""
    if num_vertices is None:
        return largest + 1
    num_vertices = require_int("num_vertices", num_vertices, 0)
    if largest >= num_vertices:
        raise ValueError(
            f"vertex ids must be below num_vertices={num_vertices}, got {largest}. "
            "Raise num_vertices or leave it out."
        )
    return num_vertices


def require_room_for_vertices(
    count: int, device: torch.device, remedy: str = "Number the vertices in use 0, 1, 2, …"
) -> None:
    """Raise ``ValueError`` where edge keys would overflow, or arrays over all vertices not fit."""
    require_edge_keys(count)
    # An id, a pointer and a value for each vertex: the least that any function of it needs.
    require_memory(count * 24, device, f"arrays over {count} vertices", remedy)
