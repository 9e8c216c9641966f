"""Counting from the edges of an oriented graph, in tasks: on arrays, or on a folder of them."""

import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from simplex.complexes import require_memory, usable_threads
from simplex.lifting._edge_tables import EdgeTable
from simplex.storage import (
    Folder,
    Format,
    Place,
    place_of,
    read_folder,
    row_ranges,
    run_tasks,
    under_construction,
)


if TYPE_CHECKING:
    from simplex.lifting._degeneracy_numba import Oriented

_ORIENTED = Format("simplex-oriented-edges", 1, "count_cliques")


def oriented_edges(table: EdgeTable) -> "Oriented":
    """The edges, each from the vertex that is peeled first."""
    from simplex.lifting._degeneracy_numba import oriented_by_degeneracy

    count, size = table.num_vertices, len(table.edges)
    what = f"the lists of {size} edges between {count} vertices"
    remedy = "Count on a machine with more memory."
    require_memory(12 * size + 36 * count, torch.device("cpu"), what, remedy)
    heads = np.empty(size, np.uint32)
    for first, edges in table.blocks():
        heads[first : first + len(edges)] = edges[:, 1]
    return oriented_by_degeneracy(table.pointer(), heads)


def degeneracy_of(oriented: "Oriented") -> int:
    """The most edges that leave a vertex; no clique has more vertices than one more than these."""
    return int(np.diff(oriented.pointer).max(initial=0))


def places_of(oriented: "Oriented", edges: np.ndarray) -> np.ndarray:
    """Which oriented edge each edge is."""
    from simplex.lifting._degeneracy_numba import find_edges

    rank = np.empty_like(oriented.order)
    rank[oriented.order] = np.arange(len(rank), dtype=rank.dtype)
    ends = np.sort(rank[edges], axis=1)
    return find_edges(oriented, ends)


def edge_ranges(oriented: "Oriented", most: int) -> list[tuple[int, int]]:
    """Ranges of edges of about equal Σ outdeg²; a vertex that has more is divided.

    A task begins or ends with a table over all vertices or edges, which should not be most of it.
    """
    lengths, ranges = np.diff(oriented.pointer), []
    for first, stop in row_ranges(lengths * lengths, most_work=most):
        work = int(lengths[first]) ** 2 if stop == first + 1 else 0
        start, size = int(oriented.pointer[first]), int(lengths[first:stop].sum())
        for low, high in row_ranges(size, pieces=max(1, -(-work // most))):
            ranges.append((start + low, start + high))
    return ranges


@contextmanager
def results_of(
    task: Any,
    args: tuple[int, ...],
    ranges: list[tuple[int, int]],
    oriented: "Oriented",
    executor: Executor | None,
    beside: Path | None,
) -> Iterator[Iterator[Any]]:
    """What a task gives for all ranges: of arrays by threads, of a folder by an executor.

    The folder lies beside that of the graph, or among the temporary files of this machine.
    """
    if executor is None:
        ended = np.zeros(1, np.bool_)
        tasks = [(oriented.pointer, oriented.later, ended, *args, *each) for each in ranges]
        with ThreadPoolExecutor(usable_threads(), "simplex") as threads:
            try:
                yield run_tasks(task, tasks, threads)
            except BaseException:
                ended[...] = True  # for a task that would take long
                raise
        return
    place_of_graph = None if beside is None else beside.parent
    try:
        folder = Path(tempfile.mkdtemp(prefix="simplex-oriented-", dir=place_of_graph))
    except OSError as error:
        raise OSError(
            f"the folder of the graph must lie in one that can be written to, got {beside} "
            f"({error.strerror}). Copy it to another place, or count without an executor."
        ) from error
    try:
        with under_construction(folder / "graph") as site:
            for name in ("pointer", "later"):
                np.save(site.file(name), getattr(oriented, name))
            site.finish(_ORIENTED, {}, ["pointer", "later"])
        place = place_of(folder / "graph")
        yield run_tasks(_on_folder, [(task, place, *args, *each) for each in ranges], executor)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# --- tasks ----------------------------------------------------------------------------------------


def _on_folder(task: Any, place: Place, *args: int) -> Any:
    folder = _opened(place)
    return task(folder.table("pointer"), folder.table("later"), np.zeros(1, np.bool_), *args)


@lru_cache(1)
def _opened(place: Place) -> Folder:
    return read_folder(place.found(), _ORIENTED)


def count_task(
    pointer: Any, later: Any, ended: Any, max_dim: int, first: int, stop: int
) -> list[int]:
    """How many simplices of each dimension begin with these edges; 0 below dimension 2."""
    from simplex.lifting._clique_count_numba import count_from_edges

    counts = np.zeros(max_dim + 1, np.int64)
    count_from_edges(first, stop, max_dim, pointer, later, counts, ended)
    plain: list[int] = counts.tolist()
    return plain


def degree_task(
    pointer: Any, later: Any, ended: Any, k: int, max_dim: int, first: int, stop: int
) -> tuple[np.ndarray, np.ndarray]:
    """Which faces the simplices that begin with these edges have, and how many are above each."""
    from simplex.lifting._clique_count_numba import credit_from_edges

    count = (len(pointer) - 1, len(later))[k]
    above = np.zeros((count, max_dim + 1), np.int64)
    credit_from_edges(first, stop, k, max_dim, pointer, later, above, ended)
    rows = np.flatnonzero(above.any(1))
    return rows, above[rows]
