"""Flag complexes of nearest neighbours, and of a graph joined with closeness of features."""

from typing import Any

import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    flag_complex,
    interruptible,
    on_free_threads,
    require_flag,
    require_int,
    require_memory,
    unique_edges,
)
from simplex.interop import read_graph
from simplex.lifting._points import read_bound, read_points
from simplex.lifting._rips import _close_points, lengths_of, unit_of, with_flag_filtration


@on_free_threads()
def knn_complex(
    points: Any,
    num_neighbors: int,
    max_dim: int = 2,
    *,
    mutual: bool = False,
    max_simplices: int | None = None,
) -> SimplicialComplex:
    """The clique complex of nearest neighbours, filtered by the longest edge.

    Two points are joined where one is among the nearest of the other; equally near points are told
    apart by their order.

    Args:
        points: (n, d) coordinates or features, Euclidean distance. Dtypes as for
            :func:`vietoris_rips_complex`.
        num_neighbors: how many each point has, itself not counted, from 0 to n-1.
        max_dim: top dimension kept.
        mutual: whether both must be among the nearest of the other.
        max_simplices: most simplices that may be built; ``None`` for what fits in memory.

    Returns:
        The complex, on the device of the points; the filtration is differentiable in them.

    Raises:
        TypeError: points that are no numbers.
        ValueError: NaN or infinite coordinates, more neighbours than points, or a complex larger
            than allowed.

    Cost:
        A k-d tree on the CPU: O(n log n + n k) in low dimension, O(n²) in high.

    Example:
        >>> K = knn_complex([[0.0], [1.0], [3.0], [7.0]], num_neighbors=1)
        >>> K.simplices(1).tolist(), K.filtration[1].tolist()
        ([[0, 1], [1, 2], [2, 3]], [1.0, 2.0, 4.0])
    """
    require_int("max_dim", max_dim, least=0)
    require_flag("mutual", mutual)
    place = read_points(points)
    num_neighbors = require_int("num_neighbors", num_neighbors, 0, max(len(place) - 1, 0))
    what = f"the {num_neighbors} neighbours of {len(place)} points"
    require_memory(64 * len(place) * (num_neighbors + 1), place.device, what, "Ask for fewer.")
    unit = unit_of(place.detach())
    place = place / unit
    directed = _nearest(place.detach(), num_neighbors)
    if mutual:
        directed = _both_ways(directed, len(place))
    edges = unique_edges(directed if max_dim else directed[:, :0], len(place))
    K = flag_complex(len(place), edges, max_dim, max_simplices)
    return with_flag_filtration(K, lengths_of(place, K.simplices(1).T) * unit)


@on_free_threads()
def feature_rips_complex(
    graph: Any,
    x: Any,
    max_edge_length: float,
    max_dim: int = 2,
    *,
    num_vertices: int | None = None,
    max_simplices: int | None = None,
) -> SimplicialComplex:
    r"""The clique complex of a graph whose vertices are joined where their features are close too.

    .. math:: \{u, v\} ∈ K \iff \{u, v\} ∈ E \ \text{ or } \ ‖x_u - x_v‖ ≤ r

    The filtration value of a simplex is its longest edge, in distance of features.

    Args:
        graph: one graph, as for :func:`clique_complex`.
        x: (n_0, d) features of the vertices. Dtypes as for :func:`vietoris_rips_complex`.
        max_edge_length: r, the bound itself included.
        max_dim: top dimension kept.
        num_vertices: n_0 of an ``edge_index``; ``None`` for the number of rows of ``x``.
        max_simplices: most simplices that may be built; ``None`` for what fits in memory.

    Returns:
        The complex, with the labels of the graph, on the device of the features.

    Raises:
        TypeError: no graph, features that are no numbers.
        ValueError: a directed graph or several, another number of rows, NaN or infinite features, a
            negative length, or a complex larger than allowed.

    Cost:
        The close pairs from a k-d tree on the CPU, O(n log n + pairs) in low dimension and O(n²) in
        high, and the cliques of these and the graph's edges together.

    Example:
        >>> import networkx as nx
        >>> feature_rips_complex(nx.path_graph(3), [[0.0], [5.0], [1.0]], 1.0).f_vector
        (3, 3, 1)
    """
    require_int("max_dim", max_dim, least=0)
    place = read_points(x)
    bare = isinstance(graph, Tensor) and graph.shape[:1] == (2,) and num_vertices is None
    read = read_graph(graph, len(place) if bare else num_vertices)
    if read.part_pointer is not None:
        raise ValueError("graph must be one graph, got several. Lift each with its own features.")
    if read.num_vertices != len(place):
        raise ValueError(
            f"x must have one row for each of {read.num_vertices} vertices, got {len(place)}."
        )
    unit = unit_of(place.detach())
    bound = read_bound("max_edge_length", max_edge_length, place.dtype)
    place = place / unit
    pairs = [read.edge_index.to(place.device), _close_points(place.detach(), bound / unit)]
    joined = torch.cat(pairs if max_dim else [pairs[0][:, :0]], dim=1)
    K = flag_complex(len(place), unique_edges(joined, len(place)), max_dim, max_simplices)
    K = with_flag_filtration(K, lengths_of(place, K.simplices(1).T) * unit)
    return K.with_vertex_labels(read.labels)


def _nearest(points: Tensor, count: int) -> Tensor:
    """(2, n·count) from each point to its nearest others."""
    from scipy.spatial import cKDTree

    n = len(points)
    if not count:
        return torch.empty(2, 0, dtype=torch.int64, device=points.device)
    array = points.double().cpu().numpy()
    tree = cKDTree(array)
    # One more, as a point finds itself; where it coincides with others, not always itself.
    _, found = interruptible(lambda: tree.query(array, count + 1))
    near = torch.from_numpy(found).long()
    own = torch.arange(n)
    itself = near == own[:, None]
    itself[~itself.any(1), -1] = True  # left out in its place: the farthest
    ends = near[~itself].view(n, count)
    starts = own.repeat_interleave(count)
    return torch.stack([starts, ends.flatten()]).to(points.device)


def _both_ways(directed: Tensor, count: int) -> Tensor:
    there, back = directed[0] * count + directed[1], directed[1] * count + directed[0]
    return directed[:, torch.isin(there, back)]
