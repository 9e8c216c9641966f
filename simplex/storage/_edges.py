"""The edges of a graph in a folder: sorted, each once, in bounded memory."""

import os
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from simplex.complexes import require_flag, require_int, require_vertex_count
from simplex.storage._edge_sources import EdgeReader, Limits
from simplex.storage._folder import Site, under_construction
from simplex.storage._manifest import Format, read_folder
from simplex.storage._place import absolute
from simplex.storage._sorting import SortedRuns
from simplex.storage._tables import write_header


EDGES = Format("simplex-edges", 1, "edges_to_disk")
_LEAST_MEMORY = 1 << 16
_MOST_VERTICES = 3_037_000_499


class Edges(NamedTuple):
    """The edges of a graph on disk, by :func:`open_edges`.

    Args:
        edges: (m, 2) int32 or int64, a memory map: increasing pairs in lexicographic order.
        num_vertices: n_0.
    """

    edges: np.ndarray
    num_vertices: int


def edges_to_disk(
    source: Any,
    folder: str | os.PathLike[str],
    *,
    num_vertices: int | None = None,
    columns: tuple[int | str, int | str] | None = None,
    memory: int = 1 << 30,
    overwrite: bool = False,
) -> Edges:
    """Sort the edges of a graph that need not fit in memory into a folder, each once.

    Loops are dropped, as are repetitions in either direction; the manifest has their numbers. The
    folder appears whole or not at all.

    Args:
        source: a file, or several in a list, or an iterable of arrays. Text has an edge a line, ids
            between blanks, tabs, commas or semicolons, comments after ``#`` or ``%``, also packed
            (``.gz``, ``.bz2``, ``.xz``); ``.parquet`` needs pyarrow; ``.npy`` files, arrays and
            tensors have shape (2, m), as an edge_index, or (m, 2). A folder stands for the
            ``.parquet`` or ``.npy`` files in it. Vertices are numbers from 0; names are refused.
        folder: a path; the folders above are made.
        num_vertices: n_0; ``None`` for the largest id plus one.
        columns: in text and Parquet, numbers from 0 or headings of the two ends of an edge.
            ``None`` for tables of two columns and for headings such as source and target.
        memory: bytes to sort in, at least 64 KiB; all else takes about 64 MiB.
        overwrite: replace a folder of this library that is there. Other folders never are.

    Returns:
        The edges, on a memory map.

    Raises:
        TypeError: no ids, or a source of another kind.
        ValueError: a line that is no edge, by file and number; ids that are negative, not below
            ``num_vertices`` or above 3 037 000 498; the place is taken.
        OSError: it cannot be written, as on a full disk; nothing is left under the name.
        ImportError: pyarrow is missing.

    Cost:
        O(m log m) time; on disk 8 bytes for each given edge while it sorts, and 8 for each edge of
        the result, 16 from 2³¹ vertices on.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     edges_to_disk(np.array([[2, 1, 1], [0, 2, 1]]), f"{folder}/graph").edges.tolist()
        [[0, 2], [1, 2]]
    """
    require_flag("overwrite", overwrite)
    memory = require_int("memory", memory, _LEAST_MEMORY)
    columns = _require_columns(columns)
    limits = _limits(num_vertices)
    with under_construction(folder, overwrite=overwrite) as site:
        runs = SortedRuns(site.path, memory)
        reader = EdgeReader(runs, limits, columns)
        reader.read(source)
        count = require_vertex_count(num_vertices, reader.largest)
        num_edges = _write(site, runs, np.dtype(np.int32 if count <= 2**31 else np.int64))
        facts = {
            "num_vertices": count,
            "num_edges": num_edges,
            "dropped": {
                "loops": reader.loops,
                "repetitions": reader.edges - reader.loops - num_edges,
            },
        }
        site.finish(EDGES, facts, ["edges"])
    return open_edges(folder)


def open_edges(
    folder: str | os.PathLike[str], *, verify: bool = False, executor: Any = None
) -> Edges:
    """The edges in a folder, on a memory map: nothing is read before it is needed.

    Args:
        folder: as :func:`edges_to_disk` wrote it.
        verify: read the file and compare its checksum.
        executor: of the checksum; ``None`` for threads of this process.

    Returns:
        The edges and the number of vertices.

    Raises:
        ValueError: no such folder, one of another kind, of a newer version, still being written,
            incomplete, or damaged.
    """
    require_flag("verify", verify)
    opened = read_folder(absolute(folder), EDGES, verify=verify, executor=executor)
    edges, count = opened.table("edges"), opened.manifest.get("num_vertices")
    fits = edges.ndim == 2 and edges.shape[1] == 2 and edges.dtype in (np.int32, np.int64)
    looked_at = edges if verify else edges[-1:]  # the last row has the largest first end
    least = int(looked_at.max(initial=-1)) + 1 if fits else 0
    if not fits or type(count) is not int or count < least:
        raise opened.altered(f"{count} vertices for edges {edges.shape} of {edges.dtype}")
    return Edges(edges, count)


def _write(site: Site, runs: SortedRuns, dtype: np.dtype[Any]) -> int:
    """Write the sorted keys as rows; how many they are."""
    count = 0
    with site.file("edges").open("w+b") as file:
        write_header(file, (0, 2), dtype)
        for keys in runs.merged():
            rows = np.empty((len(keys), 2), dtype)
            rows[:, 0], rows[:, 1] = keys >> np.uint64(32), keys & np.uint64(2**32 - 1)
            file.write(rows.data)
            count += len(rows)
        _set_length(file, count, dtype)
    return count


def _set_length(file: BinaryIO, count: int, dtype: np.dtype[Any]) -> None:
    """Tell the number of rows in a header that has room for it, as numpy writes them."""
    file.flush()
    file.seek(0)
    write_header(file, (count, 2), dtype)
    file.flush()
    os.fsync(file.fileno())


def _require_columns(columns: Any) -> tuple[int | str, int | str] | None:
    if columns is None:
        return None
    pair = tuple(columns) if isinstance(columns, (tuple, list)) else ()
    if len(pair) != 2 or not all(type(each) in (int, str) for each in pair) or pair[0] == pair[1]:
        raise TypeError(
            f"columns must be two numbers or headings, as (0, 1), or None, got {columns!r}."
        )
    return pair


def _limits(num_vertices: int | None) -> Limits:
    most = _MOST_VERTICES
    if num_vertices is None:
        return Limits(most - 1, "Number the vertices 0, 1, 2, … first, as with pandas.factorize.")
    count = require_int("num_vertices", num_vertices, 0, most)
    return Limits(count - 1, "Raise num_vertices, or pass None.")
