"""What the constructor of a complex checks, and the costly checks that are left to ``validate``."""

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from simplex.complexes._checks import require_flag, require_int, shown


if TYPE_CHECKING:
    from simplex.complexes._complex import SimplicialComplex


_DEGREES = 2**31  # no complex has simplices on more vertices; larger sizes are no shapes of torch


def require_degree(k: object) -> int:
    """A degree of simplices, 0, 1, …, as an integer of Python; beyond the dimension is right."""
    if type(k) is int and 0 <= k < _DEGREES:
        return k
    return require_int("k", require_int("k", k, 0), 0, _DEGREES - 1)


def require_tables(facets: Any) -> tuple[Tensor, ...]:
    """The facet tables of dimension 1, 2, …, the last not empty; refused by kind, dtype, shape."""
    if isinstance(facets, Tensor) or not isinstance(facets, Iterable):
        raise TypeError(
            "facets must be a list of int64 tensors, facets(1), facets(2), …, got "
            f"{type(facets).__name__}."
        )
    tables = list(facets)
    for k, table in enumerate(tables, start=1):
        if not isinstance(table, Tensor):
            raise TypeError(
                f"facets({k}) must be an int64 tensor of shape (n_{k}, {k + 1}), got "
                f"{shown(table)}."
            )
        if table.ndim != 2 or table.shape[1] != k + 1 or table.dtype != torch.int64:
            raise ValueError(
                f"facets({k}) must be an int64 tensor of shape (n_{k}, {k + 1}), got "
                f"{table.dtype} of shape {tuple(table.shape)}."
            )
    while tables and len(tables[-1]) == 0:
        tables.pop()
    return tuple(tables)


def per_simplex(
    K: "SimplicialComplex", name: str, values: Sequence[Tensor] | None
) -> tuple[Tensor, ...] | None:
    """One value for each simplex of every dimension, checked; ``None`` stays."""
    if values is None:
        return None
    if not isinstance(values, Sequence) or not all(isinstance(each, Tensor) for each in values):
        raise TypeError(
            f"{name} must be a list of tensors, one per dimension, got {shown(values)}."
        )
    shapes = [tuple(value.shape) for value in values[: K.dim + 1]]
    if shapes != [(n,) for n in K.f_vector]:
        raise ValueError(
            f"{name} must have one value per simplex, shapes {[(n,) for n in K.f_vector]}, got "
            f"{shapes}."
        )
    if any(value.device != K.device for value in values):
        raise ValueError(f"{name} must be on the complex's device {K.device}.")
    return tuple(values[: K.dim + 1])


def require_together(K: "SimplicialComplex") -> None:
    """Raise unless there is a label for each vertex, and all tensors are on one device."""
    require_flag("directed", K.directed)
    labels, count = K._vertex_labels, K.num_simplices(0)
    if labels is not None and len(labels) != count:
        raise ValueError(
            f"vertex_labels must have one label per vertex ({count}), got {len(labels)}."
        )
    pointer = K._part_pointer
    if pointer is not None and (
        not isinstance(pointer, Tensor)
        or (pointer.dtype, pointer.ndim) != (torch.int64, 1)
        or not len(pointer)
    ):
        raise ValueError(
            f"part_pointer must be an int64 tensor of shape (num_parts+1,), got {shown(pointer)}."
        )
    for tensor in (*K._facets, pointer):
        if tensor is not None and tensor.device != K.device:
            raise ValueError(
                f"all tensors must be on one device, got {K.device} and {tensor.device}."
            )


def validate(K: "SimplicialComplex") -> None:
    """Raise ``ValueError`` unless the tables describe a simplicial complex in our conventions."""
    _validate_parts(K.part_pointer(0), K.num_simplices(0))
    for k in range(1, K.dim + 1):
        facets, below = K.facets(k), K.num_simplices(k - 1)
        _require(((facets >= 0) & (facets < below)).all(1), k, f"facet ids in 0 … {below - 1}")
        if k >= 2:
            lower = K.facets(k - 1)
            for i, j in combinations(range(k + 1), 2):
                same = lower[facets[:, j], i] == lower[facets[:, i], j - 1]
                _require(same, k, f"one common face without vertices {i} and {j}")
        rows = K.simplices(k)
        if k == 1:
            part = K.part(0)
            _require(part[rows[:, 0]] == part[rows[:, 1]], k, "its vertices in one part")
        if K.directed:
            ordered = rows.sort(dim=1).values
            _require((ordered[:, 1:] > ordered[:, :-1]).all(1), k, "distinct vertices")
        else:
            _require((rows[:, 1:] > rows[:, :-1]).all(1), k, "strictly increasing vertices")
        _require(_follows(rows), k, "a place after its predecessor in lexicographic order")
    for k in range(K.dim + 1):
        sign = K.orientation(k)
        allowed = (sign == 1) if k == 0 else (sign.abs() == 1)
        _require(allowed, k, "orientation +1" if k == 0 else "orientation +1 or -1")
    if K.filtration is not None:
        for k in range(1, K.dim + 1):
            value, facet_value = K.filtration[k], K.filtration[k - 1]
            late = (facet_value[K.facets(k)] > value[:, None]).any(1)
            _require(~late, k, "a filtration value not below those of its facets")


def _validate_parts(pointer: Tensor, num_vertices: int) -> None:
    starts = pointer.tolist()
    if [starts[:1], starts[-1:]] != [[0], [num_vertices]] or starts != sorted(starts):
        raise ValueError(
            f"the parts must start at vertex 0, ascend and end at {num_vertices}, got the pointer "
            f"{starts[:10]}."
        )


def _follows(rows: Tensor) -> Tensor:
    """For each row, whether it is lexicographically after the row before it."""
    differs = rows[1:] != rows[:-1]
    column = differs.int().argmax(1, keepdim=True)
    after = differs.any(1) & (rows[1:] > rows[:-1]).gather(1, column).squeeze(1)
    return torch.cat([after.new_ones(min(1, len(rows))), after])


def _require(holds: Tensor, k: int, what: str) -> None:
    if not bool(holds.all()):
        first = int((~holds).nonzero()[0])
        raise ValueError(f"every {k}-simplex must have {what}; simplex {first} has not.")
