"""The clique complex of a graph, written to disk by tasks on ranges of rows."""

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np

from simplex.complexes import (
    LAST_VERTEX,
    MOST_ROWS,
    SimplicialComplex,
    count_rows,
    fill_rows,
    require_int,
)
from simplex.lifting._edge_tables import EdgeTable, read_edge_table
from simplex.lifting._stages import (
    Shape,
    files_of_task,
    require_room,
    run_stage,
    write_table,
)
from simplex.storage import (
    COMPLEX,
    Place,
    Site,
    absolute,
    complex_facts,
    label_tables,
    open_complex,
    pointer_ranges,
    require_executor,
    row_ranges,
    save_table,
    table_to_read,
    under_construction,
    write_rows,
)


_ROWS = 1 << 18  # simplices of a task: of dimension 3 8 MiB, memory that is used again
_BLOCK = 1 << 22  # rows that are summed, or cut into ranges, at a time


def clique_complex_to_disk(
    graph: Any,
    folder: str | os.PathLike[str],
    max_dim: int = 2,
    executor: Executor | None = None,
    *,
    num_vertices: int | None = None,
    overwrite: bool = False,
    task_size: int | None = None,
) -> SimplicialComplex:
    """The clique complex of a graph in a folder, for complexes that do not fit in memory.

    Dimension by dimension, tasks count the simplices that extend those of a range of rows, and then
    write them to their places; a task maps the tables it needs and leaves a mark when its rows are
    on the disk. Whatever ends the work, a worker, the machine or a full disk: calling again goes on
    with the tasks that left no mark, and ends with the same bytes.

    Args:
        graph: as :func:`clique_complex` takes it, or the folder of a graph by
            :func:`~simplex.storage.edges_to_disk`, whose edges are read in blocks.
        folder: a path; the folders above are made. Until all is there the files are in
            ``folder.partial`` beside it.
        max_dim: top dimension kept.
        executor: runs the tasks: any ``concurrent.futures.Executor``, as a process pool or a Dask
            cluster's ``client.get_executor()``, whose workers see the folder under the same path.
            ``None`` for as many threads as are free.
        num_vertices: n_0 of an ``edge_index``; ``None`` for the largest id plus one.
        overwrite: replace a folder of this library that is there, and unfinished work at another
            complex beside it. Other folders never are.
        task_size: how many simplices a task counts or writes, about; ``None`` for 2¹⁸, or a quarter
            of the vertices where these are more.

    Returns:
        The complex, opened from the folder as memory maps.

    Raises:
        TypeError: an object that is no graph, or no executor.
        ValueError: as :func:`clique_complex`; the place is taken, or another run is writing there.
        OSError: the disk is full, which is said before a dimension is begun where its size tells,
            or a worker does not see the folder.
        RuntimeError: a worker was lost and its task is not run again by the executor.

    Laws:
        The folder has the bytes of ``save_complex(clique_complex(graph, max_dim), folder)``.

    Cost:
        Time as of :func:`clique_complex`, and that of the disk. Memory: a task takes about 8 MiB
        and 4 bytes for each vertex, and maps what it reads; on disk 8·(k+1) bytes for each
        k-simplex and, while it runs, up to 16 more below the top dimension.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     clique_complex_to_disk([(0, 1), (0, 2), (1, 2), (2, 3)], f"{folder}/K").f_vector
        (4, 4, 1)
    """
    max_dim = require_int("max_dim", max_dim, 0)
    require_executor(executor)
    if task_size is not None:
        task_size = require_int("task_size", task_size, 1, MOST_ROWS)
    table = read_edge_table(graph, num_vertices)
    if table.folder is not None and table.folder == absolute(folder):
        raise ValueError(
            f"folder must be another one than that of the graph, got {folder}, whose edges would "
            "be replaced by the complex. Choose another place."
        )
    labels = label_tables(table.labels)
    with under_construction(folder, job=_job(table, max_dim), overwrite=overwrite) as site:
        # A task begins with a table over the vertices.
        rows = task_size or max(_ROWS, table.num_vertices // 4)
        f_vector = _lift(site, table, max_dim, rows, executor)
        small = dict(labels.tables)
        if table.part_pointer is not None:
            small = {"part_pointer": table.part_pointer.cpu(), **small}
        for name, values in small.items():
            save_table(site.file(name), values)
        parts = 1 if table.part_pointer is None else len(table.part_pointer) - 1
        facts = complex_facts(f_vector, parts, vertex_labels=labels.kind)
        names = [*(f"facets_{k}" for k in range(1, len(f_vector))), *small]
        site.finish(COMPLEX, facts, names, executor)
    return open_complex(folder)


def _job(table: EdgeTable, max_dim: int) -> dict[str, Any]:
    """What determines every file but the small ones, which are written each time."""
    digest = hashlib.sha256()
    for _, edges in table.blocks():
        digest.update(np.ascontiguousarray(edges, np.int64).data)
    return {
        "work": "clique_complex_to_disk",
        "num_vertices": table.num_vertices,
        "max_dim": max_dim,
        "edges": digest.hexdigest(),
        "last_vertex": LAST_VERTEX.str,
    }


def _lift(
    site: Site, table: EdgeTable, max_dim: int, rows: int, executor: Executor | None
) -> tuple[int, ...]:
    """Write the tables of facets; the f-vector.

    To extend the k-simplices tasks read ``facets_k``; ``last_k`` (n_k,), the last vertex of each;
    and ``children_{k-1}`` (n_{k-1}+1,), where those with the same facet without it start.
    """
    sizes = [table.num_vertices, len(table.edges)][: max_dim + 1]
    if min(sizes) == 0 or max_dim == 0:
        return tuple(sizes[: sizes.index(0)] if 0 in sizes else sizes)
    _write_edges(site, table)
    for k in range(1, max_dim):
        _write_children(site, k, sizes, rows, executor)
        children = table_to_read(site.file(f"children_{k}"))
        sizes.append(int(children[-1]))
        if sizes[-1] == 0:
            return tuple(sizes[:-1])
        tables = {f"facets_{k + 1}": Shape((sizes[-1], k + 2), np.int64)}
        if k + 1 < max_dim:
            tables[f"last_{k + 1}"] = Shape((sizes[-1],), LAST_VERTEX)
        ranges = (
            (first + start, first + stop)
            for first in range(0, sizes[k], _BLOCK)
            for start, stop in pointer_ranges(children[first : first + _BLOCK + 1], most_work=rows)
        )
        args = sizes[0], k, k + 1 < max_dim
        run_stage(site, f"facets_{k + 1}", tables, _fill_task, ranges, executor, *args)
    return tuple(sizes)


def _write_edges(site: Site, table: EdgeTable) -> None:
    """The tables of edges, and where those of a vertex start."""
    size = len(table.edges)
    shapes = {"facets_1": Shape((size, 2), np.int64), "last_1": Shape((size,), LAST_VERTEX)}
    for name, shape in shapes.items():
        if not site.file(name).exists():
            require_room(site, {name: shape})
            heads_only = name == "last_1"
            blocks = (
                (first, edges[:, 1] if heads_only else edges[:, ::-1])
                for first, edges in table.blocks()
            )
            write_table(site, name, shape, blocks)
    if not site.file("children_0").exists():
        pointer = table.pointer()
        write_table(site, "children_0", Shape(pointer.shape, np.int64), [(0, pointer)])


def _write_children(
    site: Site, k: int, sizes: list[int], rows: int, executor: Executor | None
) -> None:
    """Where the children of each k-simplex start, as tasks count them."""
    if site.file(f"children_{k}").exists():
        return
    name = f"counts_{k}"
    shapes = {name: Shape((sizes[k],), np.int64)}
    ranges = row_ranges(sizes[k], most_work=rows)
    run_stage(site, name, shapes, _count_task, ranges, executor, sizes[0], k)
    counts = table_to_read(site.file(name))
    shape = Shape((sizes[k] + 1,), np.int64)
    require_room(site, {f"children_{k}": shape})
    write_table(site, f"children_{k}", shape, _summed(counts))
    site.file(name).unlink()


def _summed(counts: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Blocks of a pointer behind its first entry, 0, and the place of each."""
    total = 0
    for first in range(0, len(counts), _BLOCK):
        sums = np.cumsum(counts[first : first + _BLOCK]) + total
        total = int(sums[-1])
        yield first + 1, sums


# --- tasks ----------------------------------------------------------------------------------------


def _level(place: Place, k: int) -> list[np.ndarray]:
    """What the join reads to extend k-simplices."""
    folder, names = Path(place.path), (f"facets_{k}", f"children_{k - 1}", f"last_{k}")
    return [table_to_read(folder / f"{name}.npy") for name in names]


def _count_task(place: Place, stage: str, num_vertices: int, k: int, first: int, stop: int) -> None:
    """Count the vertices that extend each of some k-simplices."""
    with files_of_task(place, stage, first, stop, f"counts_{k}") as (counts,):
        write_rows(counts, first, count_rows(first, stop, num_vertices, *_level(place, k)))


def _fill_task(
    place: Place, stage: str, num_vertices: int, k: int, extended: bool, first: int, stop: int
) -> None:
    """Write the children of some k-simplices, and their last vertices where they are needed."""
    names = [f"facets_{k + 1}", *([f"last_{k + 1}"] if extended else [])]
    with files_of_task(place, stage, first, stop, *names) as files:
        children = table_to_read(Path(place.path) / f"children_{k}.npy")
        facets, pointer, last = _level(place, k)
        rows = fill_rows(first, stop, num_vertices, facets, pointer, last, children)
        begin = int(children[first])
        write_rows(files[0], begin, rows)
        if extended:
            write_rows(files[1], begin, last[rows[:, -2]])
