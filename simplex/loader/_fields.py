"""The fields that come along with a ball: rows of tensors, arrays, memory maps and lists."""

import mmap
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import ragged
from simplex.data import is_candidate_field


OWN_FIELDS = ("seed", "input_id", "n_id", "weight")  # of every batch; the last with a fanout


class EdgeColumns:
    """The columns of an ``edge_index`` and the fields that go with them, cut to balls.

    Args:
        edge_index: (2, E).
        fields: with a row for each column.
        num_vertices: n.
    """

    def __init__(self, edge_index: Tensor, fields: Mapping[str, Any], num_vertices: int) -> None:
        source, target = edge_index.as_subclass(Tensor).long().numpy()
        column = np.argsort(source, kind="stable")
        pointer = np.searchsorted(source[column], np.arange(num_vertices + 1))
        self.table, self.fields = (pointer, column, target[column].astype(np.int32)), fields

    def cut(self, vertices: np.ndarray) -> dict[str, Any]:
        """The ``edge_index`` between increasing vertices, and the rows of the fields."""
        from simplex.loader._ball_numba import columns_within

        columns, index = columns_within(*self.table, vertices)
        chosen = torch.from_numpy(columns)
        given = {key: rows_of(value, chosen) for key, value in self.fields.items()}
        return given | {"edge_index": torch.from_numpy(index)}


class _Mapped(NamedTuple):
    """A memory map on its way to another process, which maps the file too."""

    path: str
    dtype: np.dtype[Any]
    offset: int
    shape: tuple[int, ...]


def packed(fields: Mapping[str, Any]) -> dict[str, Any]:
    def as_place(value: Any) -> Any:
        whole = isinstance(value, np.memmap) and isinstance(value.base, mmap.mmap)
        if not whole or not value.flags.c_contiguous:
            return value
        return _Mapped(str(value.filename), value.dtype, value.offset, value.shape)

    return {key: as_place(value) for key, value in fields.items()}


def unpacked(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: np.memmap(value.path, value.dtype, "r", value.offset, value.shape)
        if isinstance(value, _Mapped)
        else value
        for key, value in fields.items()
    }


def rows_of(values: Any, ids: Tensor) -> Any:
    """Rows of a tensor, also a sparse one, or of an array, perhaps memory-mapped."""
    if isinstance(values, np.ndarray):
        return torch.from_numpy(np.ascontiguousarray(values[ids.numpy()]))
    if isinstance(values, Tensor):
        return (
            _csr_rows(values, ids)
            if values.layout == torch.sparse_csr
            else values.index_select(0, ids)
        )
    chosen = ids.tolist()
    return [values[i] for i in chosen]


def _csr_rows(matrix: Tensor, ids: Tensor) -> Tensor:
    """Rows of a sparse matrix of this layout, for which torch has no selection."""
    pointer = matrix.crow_indices()
    counts = pointer.diff()[ids]
    owner, nth = ragged(counts)
    place = pointer[ids][owner] + nth
    new = torch.nn.functional.pad(counts.cumsum(0), (1, 0))
    entries = matrix.col_indices()[place], matrix.values()[place]
    size = (len(ids), *matrix.shape[1:])
    return torch.sparse_csr_tensor(new, *entries, size, check_invariants=False)


def require_rows(fields: Mapping[str, Any], count: int) -> None:
    for key, value in fields.items():
        if key in OWN_FIELDS:
            raise ValueError(
                f"the fields of data must not be called {', '.join(OWN_FIELDS)}, as those of a "
                f"batch are, got {key!r}. Rename it."
            )
        if not hasattr(value, "__len__") or len(value) != count:
            got = tuple(value.shape) if hasattr(value, "shape") else type(value).__name__
            raise ValueError(f"{key} must have {count} rows, one per simplex, got {got}.")


def require_no_ids(key: str) -> None:
    """Fields that hold ids would be passed on with those of the whole graph."""
    if "index" in key or key == "face" or is_candidate_field(key):
        raise ValueError(
            f"data must hold no ids of vertices but its edge_index, got {key!r}: the vertices of a "
            "ball are numbered anew. Give the simplices as seeds, and take what belongs to them by "
            "batch.input_id."
        )
