"""What edges are read from: text, Parquet, ``.npy`` files, arrays, and several of them."""

import os
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from simplex.complexes import shown
from simplex.storage._edge_text import TextEdges, edge_columns
from simplex.storage._sorting import SortedRuns


_PARQUET = (".parquet", ".pq")
_BINARY = (".npz", ".pt", ".pth", ".pkl", ".feather", ".arrow", ".h5", ".hdf5", ".zip", ".zst")
_ENTRIES = 1 << 20  # edges of an array that are looked at together


class Limits(NamedTuple):
    """Which vertex ids are taken, and the advice for others."""

    largest: int
    remedy: str


class EdgeReader:
    """Reads edges into keys to be sorted, and counts.

    Args:
        runs: where the keys go.
        limits: of the ids.
        columns: of tables, the two ends of an edge.
    """

    def __init__(self, runs: SortedRuns, limits: Limits, columns: Any) -> None:
        self._runs, self._limits, self._columns = runs, limits, columns
        self._in_rows: bool | None = None  # whether an array is (m, 2) and not (2, m)
        self.edges = self.loops = 0  # given, of which loops
        self.largest = -1  # id

    def read(self, source: Any) -> None:
        """Read a source, or one after the other."""
        if isinstance(source, (str, os.PathLike)):
            self._read_path(Path(source).expanduser())
        elif isinstance(source, (np.ndarray, Tensor)):
            self._read_array("an array of edges", np.asarray(source))
        elif isinstance(source, Iterable) and not hasattr(source, "nodes"):  # no graph of networkx
            for each in source:
                if not isinstance(each, (str, os.PathLike, np.ndarray, Tensor)):
                    raise _unknown(each)
                self.read(each)
        else:
            raise _unknown(source)

    def _read_path(self, path: Path) -> None:
        if path.is_dir():
            parts = sorted(p for p in path.iterdir() if p.suffix.lower() in (*_PARQUET, ".npy"))
            if not parts or (path / "manifest.json").exists():
                raise ValueError(
                    f"source must be a file, or a folder of .parquet or .npy files, got {path}. "
                    "Name the files of another folder in a list; open one of this library with "
                    "open_edges or open_complex."
                )
            self.read(parts)
        elif not path.is_file():
            raise ValueError(f"source must be a file of edges, got {path}: there is no such file.")
        elif path.suffix.lower() == ".npy":
            try:
                array = np.load(path, mmap_mode="r") if path.stat().st_size else np.load(path)
            except (ValueError, EOFError) as error:
                raise ValueError(f"{path} must be a whole .npy file, got {error}.") from error
            self._read_array(str(path), array)
        elif path.suffix.lower() in _PARQUET:
            self._read_parquet(path)
        elif path.suffix.lower() in _BINARY:
            raise ValueError(
                f"source must be text, Parquet or .npy, got {path}. Save its edges with numpy.save."
            )
        else:
            text = TextEdges(path, self._columns, *self._limits)
            text.into(self._runs.room, self._runs.put)
            edges, loops, _, largest = text.counts.tolist()
            self.edges += edges + loops
            self.loops += loops
            self.largest = max(self.largest, largest)

    def _read_array(self, place: str, array: np.ndarray) -> None:
        """An edge_index (2, m), or rows (m, 2); two edges are in the rows of earlier arrays."""
        if array.ndim != 2 or 2 not in array.shape:
            raise ValueError(
                f"{place} must have shape (2, m), as an edge_index, or (m, 2), got "
                f"{tuple(array.shape)}."
            )
        if array.shape != (2, 2):
            in_rows = array.shape[1] == 2
            if self._in_rows is not None and in_rows != self._in_rows:
                raise ValueError(
                    f"{place} must have shape {'(m, 2)' if self._in_rows else '(2, m)'} as those "
                    f"before, got {tuple(array.shape)}. Transpose it."
                )
            self._in_rows = in_rows
        ends = array.T if self._in_rows else array
        for first in range(0, ends.shape[1], _ENTRIES):
            self._take(place, *ends[:, first : first + _ENTRIES])

    def _read_parquet(self, path: Path) -> None:
        try:
            parquet: Any = import_module("pyarrow.parquet")
        except ImportError as error:
            raise ImportError(
                f"to read {path} pyarrow must be installed: pip install 'simplex-networks[scale]'."
            ) from error
        try:
            file = parquet.ParquetFile(path)
        except Exception as error:  # of pyarrow's own kinds
            raise ValueError(f"{path} must be a Parquet file, got {error}") from error
        with file:
            names = file.schema_arrow.names
            columns = edge_columns(str(path), [name.lower() for name in names], self._columns)
            wanted = [names[column] for column in columns]
            for batch in file.iter_batches(_ENTRIES, columns=wanted):
                ends = []
                for name in wanted:
                    column = batch.column(name)
                    if column.null_count:
                        raise ValueError(f"{path}: {name} must have no missing entries.")
                    ends.append(column.to_numpy(zero_copy_only=False))
                self._take(str(path), *ends)

    def _take(self, place: str, u: np.ndarray, v: np.ndarray) -> None:
        for ids in (u, v):
            if ids.dtype.kind not in "iu":
                raise TypeError(
                    f"{place} must hold vertex ids 0, 1, 2, …, got {ids.dtype}. Number vertices "
                    "that have names first, as with pandas.factorize."
                )
            low, high = (int(ids.min()), int(ids.max())) if len(ids) else (0, -1)
            if low < 0:
                raise ValueError(f"{place}: vertex ids must be non-negative, got {low}.")
            if high > self._limits.largest:
                raise ValueError(
                    f"{place}: vertex ids must be at most {self._limits.largest}, got {high}. "
                    f"{self._limits.remedy}"
                )
            self.largest = max(self.largest, high)
        u, v = u.astype(np.uint64), v.astype(np.uint64)
        keys = (np.minimum(u, v) << np.uint64(32)) | np.maximum(u, v)
        proper = keys[u != v]
        self.edges += len(keys)
        self.loops += len(keys) - len(proper)
        self._runs.add(proper)


def _unknown(source: object) -> TypeError:
    return TypeError(
        "source must be a path, an array or tensor of edges, or a list of such, got "
        f"{shown(source)}. A graph in memory needs no folder: lift it with "
        "simplex.lifting.clique_complex."
    )
