"""A data set in a folder, as memory maps."""

from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from simplex.data._disk.values import StoredValues, VertexCounts
from simplex.data._simplicial_data import SimplicialData
from simplex.storage import Folder, Format, Place, place_of, read_folder


class Opened(NamedTuple):
    """What a folder holds, and where it lies.

    Attributes:
        place: the folder.
        data: all items in one object, ids counting from each item.
        slices: where the items start in each field.
        tables: the tensors of ``data``.
    """

    place: Place
    data: SimplicialData
    slices: dict[str, Tensor]
    tables: dict[str, Any]

    def is_as_read(self, data: Any, slices: Any) -> bool:
        """Whether a data set still holds what was read, and nothing else."""
        if data is not self.data or slices is not self.slices:
            return False
        now = dict(data._store.items())
        return now.keys() == self.tables.keys() and all(
            value is self.tables[key] and getattr(value, "_version", 0) == 0
            for key, value in now.items()
        )


def read_dataset_folder(path: Path, form: Format, *, verify: bool, executor: Any) -> Opened:
    """The tables of a folder, none of them read.

    Raises:
        ValueError: no such folder, one of another kind, incomplete, or damaged.
    """
    folder = read_folder(path, form, verify=verify, executor=executor)
    manifest = folder.manifest
    try:
        count, top = int(manifest["num_items"]), int(manifest["max_dim"])
        starts = {table: folder.table(table) for table in manifest["starts"].values()}
        bounds = {table: torch.from_numpy(values) for table, values in starts.items()}
        data, slices = SimplicialData(), {}
        for key, field in manifest["fields"].items():
            content, ends = folder.table(field["table"]), bounds[field["starts"]]
            if "dtype" in field:
                values: Any = torch.from_numpy(content).view(_dtype(field["dtype"]))
                rows = len(values)
                values = values.movedim(0, field["dim"])
            else:
                values = StoredValues(content, folder.table(field["values"]))
                rows = len(values)
                values = values[0] if count == 1 else values
            _require(folder, key, len(ends) == count + 1 and int(ends[-1]) == rows)
            data._store[key], slices[key] = values, ends
        of_vertices = starts[manifest["starts"]["0"]]
        _require(folder, "num_simplices", data._store["num_simplices"].shape[1] == top + 1)
    except (KeyError, TypeError, AttributeError, RuntimeError, IndexError) as error:
        raise folder.altered(f"{type(error).__name__}: {error}") from error
    data._store["num_nodes"] = int(of_vertices[-1])
    data._num_nodes = VertexCounts(of_vertices)
    return Opened(place_of(path), data, slices, dict(data._store.items()))


def _dtype(name: Any) -> torch.dtype:
    dtype = getattr(torch, str(name), None)
    if not isinstance(dtype, torch.dtype):
        raise TypeError(f"no dtype {name!r}")
    return dtype


def _require(folder: Folder, key: str, fits: bool) -> None:
    if not fits:
        raise folder.altered(f"another number of rows or columns in {key!r}")
