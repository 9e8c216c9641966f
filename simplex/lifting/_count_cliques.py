"""How many cliques a graph has, in all or above each vertex or edge, without a list of them."""

from concurrent.futures import Executor
from typing import Any

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import require_int, require_memory
from simplex.lifting._clique_tasks import (
    count_task,
    degeneracy_of,
    degree_task,
    edge_ranges,
    oriented_edges,
    places_of,
    results_of,
)
from simplex.lifting._edge_tables import read_edge_table
from simplex.storage import require_executor


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
        oriented = oriented_edges(table)
        top = min(max_dim, degeneracy_of(oriented))
        total = [0] * (top + 1)
        ranges = edge_ranges(oriented, task_size or max(_TASK, 4 * table.num_vertices))
        with results_of(count_task, (top,), ranges, oriented, executor, table.folder) as results:
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
        oriented = oriented_edges(table)
        top = min(max_dim, degeneracy_of(oriented))
        found = np.zeros((count, top + 1), np.int64)  # by ranks, or by oriented edges
        ranges = edge_ranges(oriented, task_size or max(_TASK, 4 * count))
        with results_of(degree_task, (k, top), ranges, oriented, executor, table.folder) as results:
            for rows, degrees in results:
                found[rows] += degrees
        if k == 0:
            above[oriented.order, 2 : top + 1] = found[:, 2:]
        else:
            for first, edges in table.blocks():
                place = places_of(oriented, edges)
                above[first : first + len(edges), 2 : top + 1] = found[place, 2:]
    return torch.from_numpy(above)
