"""The Vietoris-Rips complex of a point cloud or a distance matrix."""

import math
from collections.abc import Iterator
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
    unique_edges,
)
from simplex.lifting._collapse import collapsed_edges
from simplex.lifting._distances import close_pairs, require_room_for_pairs
from simplex.lifting._points import read_bound, read_points


_ENTRIES_PER_CHUNK = 1 << 22


@on_free_threads()
def vietoris_rips_complex(
    points: Any = None,
    max_edge_length: float = math.inf,
    max_dim: int = 2,
    *,
    distances: Any = None,
    collapse_edges: bool = False,
    max_simplices: int | None = None,
) -> SimplicialComplex:
    r"""All simplices whose vertices are pairwise at most ``max_edge_length`` apart.

    .. math:: K = \{σ : d(u, v) ≤ r \text{ for all } u, v ∈ σ\}, \qquad
              f(σ) = \max_{u, v ∈ σ} d(u, v)

    The filtration values f (0 on vertices, the length of an edge, the longest edge of a simplex)
    are kept in ``filtration`` and are differentiable in the input. They are the very numbers that
    are compared with r, so that r taken from a filtration includes its simplex.

    Args:
        points: (n, d) coordinates, Euclidean distance; tensor, array or lists. float32 and float64
            stay as they are; half precision becomes float32, integers and Python numbers float64.
        max_edge_length: r, in the unit of the coordinates; the bound itself is included. It is
            rounded to the dtype of the lengths.
        max_dim: top dimension kept.
        distances: instead of ``points``, an (n, n) matrix, symmetric with zero diagonal up to
            4 √ε times its largest entry, as ``torch.cdist`` is (the mean of both directions is
            taken); or one triangle, (n(n-1)/2,), as scipy's ``pdist`` gives it; or a sparse matrix
            of scipy or torch, whose stored entries are the pairs that may be joined.
        collapse_edges: whether to take the flag complex of fewer edges, some of which enter later,
            that has the same persistence in the degrees below ``max_dim`` (by GUDHI, on the CPU).
            It is another complex: ask it for diagrams alone.
        max_simplices: most simplices that may be built; ``None`` for what fits in half of the free
            memory.

    Returns:
        The complex, on the device of the input.

    Raises:
        TypeError: input that is not numeric.
        ValueError: NaN or infinite coordinates, NaN distances, a matrix that is not symmetric with
            zero diagonal, a matrix of distances in place of points, a negative length, or a lift
            larger than allowed.

    Cost:
        On the CPU the pairs come from a k-d tree, O(n log n + n_1) in low dimension d; with
        ``distances``, or on an accelerator, O(n²) in chunks.

    Paper:
        Glisse, Pritam, "Swap, Shift and Trim to Edge Collapse a Filtration", SoCG 2022 (collapse).

    Example:
        >>> K = vietoris_rips_complex([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], max_edge_length=1.2)
        >>> K.f_vector, K.filtration[1].tolist()
        ((3, 2), [1.0, 1.0])
    """
    require_int("max_dim", max_dim, least=0)
    require_flag("collapse_edges", collapse_edges)
    if (points is None) == (distances is None):
        raise ValueError("exactly one of points and distances must be given.")

    def radius(dtype: torch.dtype) -> float:
        return read_bound("max_edge_length", max_edge_length, dtype)

    if distances is not None:
        size, edges, lengths = close_pairs(distances, radius, wanted=max_dim > 0)
        if collapse_edges:
            edges, lengths = collapsed_edges(size, edges, lengths)
        K = flag_complex(size, edges, max_dim, max_simplices)
        return with_flag_filtration(K, lengths)
    place = read_points(points)
    bound = radius(place.dtype)
    unit = unit_of(place.detach())
    place = (
        place / unit
    )  # a power of two: exact, and squares of lengths neither over- nor underflow
    pairs = place.new_empty(2, 0, dtype=torch.int64)
    if max_dim > 0:
        pairs = _close_points(place.detach(), bound / unit)
    edges = unique_edges(pairs, len(place))
    lengths = lengths_of(place, edges.T) * unit
    if not bool(lengths.detach().isfinite().all()):
        raise ValueError(
            f"distances between the points must be finite in {place.dtype}, got infinite ones. "
            "Rescale the coordinates."
        )
    if collapse_edges:
        edges, lengths = collapsed_edges(len(place), edges, lengths)
    K = flag_complex(len(place), edges, max_dim, max_simplices)
    return with_flag_filtration(K, lengths)


def with_flag_filtration(K: SimplicialComplex, lengths: Tensor) -> SimplicialComplex:
    """A flag complex filtered by edges (n_1,): vertices 0, a simplex the maximum of its facets."""
    values = [lengths.new_zeros(K.num_simplices(0)), lengths]
    for k in range(2, K.dim + 1):
        values.append(values[-1][K.facets(k)].amax(1))  # (n_k, k+1) -> (n_k,)
    return K.with_filtration(values[: K.dim + 1])


def unit_of(points: Tensor) -> float:
    """A power of two of about the size of the largest coordinate."""
    largest = float(points.abs().max()) if points.numel() else 0.0
    most = -math.frexp(torch.finfo(points.dtype).tiny)[1]  # 125 in float32
    return 2.0 ** min(max(math.frexp(largest)[1], -most), most)


def lengths_of(points: Tensor, pairs: Tensor) -> Tensor:
    """Distances of pairs (2, E), by one formula wherever lengths are compared or handed out."""
    pieces = torch.split(pairs, max(1, _ENTRIES_PER_CHUNK // max(1, points.shape[1])), dim=1)
    found = [(points[u] - points[v]).norm(dim=1) for u, v in pieces]
    return torch.cat([points.new_empty(0), *found])


def _close_points(points: Tensor, radius: float) -> Tensor:
    """(2, E) pairs u < v whose length is at most ``radius``."""
    size, dtype = len(points), points.dtype
    if math.isinf(radius):
        require_room_for_pairs(size * (size - 1) // 2, points.device)
        return torch.triu_indices(size, size, offset=1, device=points.device)
    # Whoever proposes pairs measures otherwise than lengths_of, which alone decides.
    reach = radius * (1 + (points.shape[1] + 16) * torch.finfo(dtype).eps)
    if points.device.type == "cpu":
        pairs = _near_in_tree(points, reach)
        return pairs[:, lengths_of(points, pairs) <= radius]
    kept = [points.new_empty(2, 0, dtype=torch.int64)]
    for pairs in _near_in_chunks(points, reach):
        kept.append(pairs[:, lengths_of(points, pairs) <= radius])
        require_room_for_pairs(sum(block.shape[1] for block in kept), points.device)
    return torch.cat(kept, dim=1)


def _near_in_tree(points: Tensor, reach: float) -> Tensor:
    from scipy.spatial import cKDTree

    tree, size = cKDTree(points.double().numpy()), len(points)
    if size * (size - 1) // 2 > _ENTRIES_PER_CHUNK:  # could be many: count before they are listed
        pairs = int(interruptible(tree.count_neighbors, tree, reach) - size) // 2
        require_room_for_pairs(pairs, points.device)
    pairs = interruptible(tree.query_pairs, reach, 2.0, 0, "ndarray")
    return torch.from_numpy(pairs).to(torch.int64).T


def _near_in_chunks(points: Tensor, reach: float) -> Iterator[Tensor]:
    """Pairs by direct differences: matrix products would lose the digits of close points."""
    rows = max(1, _ENTRIES_PER_CHUNK // max(1, len(points)))
    for start in range(0, len(points), rows):
        chunk, later = points[start : start + rows], points[start:]
        apart = torch.cdist(chunk, later, compute_mode="donot_use_mm_for_euclid_dist")
        yield torch.triu(apart <= reach, diagonal=1).nonzero().T + start
