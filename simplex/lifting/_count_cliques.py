"""How many cliques a graph has, in all or above each vertex or edge, without a list of them."""

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
from torch import Tensor

from simplex.complexes import require_int, require_memory, usable_threads
from simplex.lifting._edge_tables import EdgeTable, read_edge_table
from simplex.storage import (
    Folder,
    Format,
    Place,
    place_of,
    read_folder,
    require_executor,
    row_ranges,
    run_tasks,
    under_construction,
)


if TYPE_CHECKING:
    from simplex.lifting._degeneracy_numba import Oriented

_ORIENTED = Format("simplex-oriented-edges", 1, "count_cliques")
_TASK = 1 << 24  # outdeg² of a task: about 0.2 s to dimension 2 or 3


def count_cliques(
    graph: Any,
    max_dim: int = 2,
    executor: Executor | None = None,
    *,
    num_vertices: int | None = None,
    task_size: int | None = None,
) -> tuple[int, ...]:
    r"""The f-vector of the clique complex of a graph, without the complex.

    .. math:: f_k = \#\{σ ⊆ V : \{u, v\} ∈ E \text{ for all } u ≠ v ∈ σ,\ |σ| = k + 1\}

    Vertices are taken in an order in which few neighbors of each, at most as many as the degeneracy
    d, come later. The cliques that begin at a vertex lie among these; sets of them are rows of
    bits, and the largest cliques are counted, not met.

    Args:
        graph: as :func:`clique_complex` takes it, or the folder of a graph by
            :func:`~simplex.storage.edges_to_disk`.
        max_dim: top dimension counted.
        executor: runs the tasks, edges with about equal Σ outdeg²: any
            ``concurrent.futures.Executor``, as a process pool or a Dask cluster's
            ``client.get_executor()``. The oriented graph is then put into a folder that the workers
            map, beside the folder of the graph or, for a graph in memory, among the temporary
            files of this machine. ``None`` for as many threads as are free.
        num_vertices: n_0 of an ``edge_index``; ``None`` for the largest id plus one.
        task_size: Σ outdeg² of a task, about; ``None`` for 2²⁴, which take some tenths of a second
            to dimension 2 or 3, and more where there are millions of vertices.

    Returns:
        ``(n_0, n_1, …)`` as far as there are cliques, as integers of Python.

    Raises:
        TypeError: an object that is no graph, or no executor.
        ValueError: as :func:`clique_complex`, or the graph does not fit: 12 bytes for each edge and
            36 for each vertex, on the machine that calls.
        OSError: a worker does not see the folder.
        RuntimeError: a worker was lost and its task is not run again by the executor.

    Laws:
        ``count_cliques(graph, k) == clique_complex(graph, k).f_vector``; of a complete graph the
        binomial coefficients.

    Cost:
        O(n + m) for the order, then O(Σ outdeg² + Σ_{k < max_dim} f_k · d / 64).

    Paper:
        Danisch, Balalau & Sozio, "Listing k-cliques in Sparse Real-World Graphs", WWW 2018, whose
        induced subgraphs are here bits and whose last level is counted by population counts.

    Example:
        >>> import networkx as nx
        >>> count_cliques(nx.complete_graph(6), max_dim=3)
        (6, 15, 20, 15)
    """
    max_dim = require_int("max_dim", max_dim, 0)
    require_executor(executor)
    if task_size is not None:
        task_size = require_int("task_size", task_size, 1)
    table = read_edge_table(graph, num_vertices)
    sizes = [table.num_vertices, len(table.edges)][: max_dim + 1]
    if max_dim >= 2 and len(table.edges) > 2:
        oriented = _oriented(table)
        top = min(max_dim, _degeneracy(oriented))
        total = [0] * (top + 1)
        ranges = _edge_ranges(oriented, task_size or max(_TASK, 4 * table.num_vertices))
        with _results(_count_task, table, oriented, (top,), executor, ranges) as results:
            for counts in results:
                total = [a + b for a, b in zip(total, counts, strict=True)]
        sizes += total[2:]
    return tuple(sizes[: sizes.index(0)] if 0 in sizes else sizes)


def clique_degrees(
    graph: Any,
    k: int = 0,
    max_dim: int = 2,
    executor: Executor | None = None,
    *,
    num_vertices: int | None = None,
    task_size: int | None = None,
) -> Tensor:
    r"""How many simplices of the clique complex contain each vertex or edge, without the complex.

    .. math:: D_{σl} = \#\{τ : σ ⊆ τ,\ \dim τ = l\}

    Args:
        graph: as of :func:`count_cliques`.
        k: 0 for vertices, 1 for edges.
        max_dim: top dimension counted, at least k.
        executor: as of :func:`count_cliques`.
        num_vertices: n_0 of an ``edge_index``; ``None`` for the largest id plus one.
        task_size: as of :func:`count_cliques`.

    Returns:
        (n_k, max_dim+1) int64: row s is the k-simplex s of :func:`clique_complex`, column l counts
        the l-simplices that contain it, 0 for l < k and 1 for l = k. Column 1 of vertices is the
        degree, column 2 of edges the number of triangles.

    Raises:
        TypeError: an object that is no graph, or no executor.
        ValueError: as :func:`count_cliques`, or a result that does not fit in memory.

    Laws:
        Σ_σ D_σl = C(l+1, k+1) · f_l, of the f-vector by :func:`count_cliques`.

    Example:
        >>> clique_degrees([(0, 1), (0, 2), (1, 2), (2, 3)]).tolist()
        [[1, 2, 1], [1, 2, 1], [1, 3, 1], [1, 1, 0]]
    """
    k = require_int("k", k, 0, 1)
    max_dim = require_int("max_dim", max_dim, k)
    require_executor(executor)
    if task_size is not None:
        task_size = require_int("task_size", task_size, 1)
    table = read_edge_table(graph, num_vertices)
    count = (table.num_vertices, len(table.edges))[k]
    what = f"the degrees of {count} {('vertices', 'edges')[k]} in {max_dim + 1} dimensions"
    require_memory(24 * count * (max_dim + 1), torch.device("cpu"), what, "Lower max_dim.")
    above = np.zeros((count, max_dim + 1), np.int64)
    above[:, k : k + 1] = 1
    if max_dim >= 1 and k == 0:
        for _, edges in table.blocks():
            above[:, 1] += np.bincount(edges.ravel(), minlength=count)
    if max_dim >= 2 and len(table.edges) > 2:
        oriented = _oriented(table)
        top = min(max_dim, _degeneracy(oriented))
        found = np.zeros((count, top + 1), np.int64)  # by ranks, or by oriented edges
        ranges = _edge_ranges(oriented, task_size or max(_TASK, 4 * count))
        with _results(_degree_task, table, oriented, (k, top), executor, ranges) as results:
            for rows, degrees in results:
                found[rows] += degrees
        if k == 0:
            above[oriented.order, 2 : top + 1] = found[:, 2:]
        else:
            for first, edges in table.blocks():
                place = _places(oriented, edges)
                above[first : first + len(edges), 2 : top + 1] = found[place, 2:]
    return torch.from_numpy(above)


# --- the oriented graph ---------------------------------------------------------------------------


def _oriented(table: EdgeTable) -> "Oriented":
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


def _degeneracy(oriented: "Oriented") -> int:
    """The most edges that leave a vertex; no clique has more vertices than one more than these."""
    return int(np.diff(oriented.pointer).max(initial=0))


def _places(oriented: "Oriented", edges: np.ndarray) -> np.ndarray:
    """Which oriented edge each edge is."""
    from simplex.lifting._degeneracy_numba import find_edges

    rank = np.empty_like(oriented.order)
    rank[oriented.order] = np.arange(len(rank), dtype=rank.dtype)
    ends = np.sort(rank[edges], axis=1)
    return find_edges(oriented, ends)


def _edge_ranges(oriented: "Oriented", most: int) -> list[tuple[int, int]]:
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
def _results(
    task: Any,
    table: EdgeTable,
    oriented: "Oriented",
    args: tuple[int, ...],
    executor: Executor | None,
    ranges: list[tuple[int, int]],
) -> Iterator[Iterator[Any]]:
    """What the task gives for all ranges: of arrays by threads, of a folder by an executor."""
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
    beside = None if table.folder is None else table.folder.parent
    folder = Path(tempfile.mkdtemp(prefix="simplex-oriented-", dir=beside))
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


def _count_task(
    pointer: Any, later: Any, ended: Any, max_dim: int, first: int, stop: int
) -> list[int]:
    """How many simplices of each dimension begin with these edges; 0 below dimension 2."""
    from simplex.lifting._clique_count_numba import count_from_edges

    counts = np.zeros(max_dim + 1, np.int64)
    count_from_edges(first, stop, max_dim, pointer, later, counts, ended)
    plain: list[int] = counts.tolist()
    return plain


def _degree_task(
    pointer: Any, later: Any, ended: Any, k: int, max_dim: int, first: int, stop: int
) -> tuple[np.ndarray, np.ndarray]:
    """Which faces the simplices that begin with these edges have, and how many are above each."""
    from simplex.lifting._clique_count_numba import credit_from_edges

    count = (len(pointer) - 1, len(later))[k]
    above = np.zeros((count, max_dim + 1), np.int64)
    credit_from_edges(first, stop, k, max_dim, pointer, later, above, ended)
    rows = np.flatnonzero(above.any(1))
    return rows, above[rows]
