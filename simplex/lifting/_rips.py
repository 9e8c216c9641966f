"""The Vietoris-Rips complex of a point cloud or a distance matrix."""

import math
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, flag_complex, require_int, unique_edges
from simplex.lifting._points import read_points


_PAIRS_PER_CHUNK = 1 << 24


def vietoris_rips_complex(
    points: Any = None,
    max_edge_length: float = math.inf,
    max_dim: int = 2,
    *,
    distances: Any = None,
    max_simplices: int | None = None,
) -> SimplicialComplex:
    r"""All simplices whose vertices are pairwise at most ``max_edge_length`` apart.

    .. math:: K = \{σ : d(u, v) ≤ r \text{ for all } u, v ∈ σ\}, \qquad
              f(σ) = \max_{u, v ∈ σ} d(u, v)

    The filtration values f (0 on vertices, the length of an edge, the longest edge of a simplex)
    are kept in ``filtration``, in the dtype of the input, and are differentiable in it.

    Args:
        points: (n, d) coordinates, Euclidean distance; tensor, array or lists.
        max_edge_length: r, in the unit of the coordinates; the bound itself is included.
        max_dim: top dimension kept.
        distances: (n, n) symmetric matrix with zero diagonal, instead of ``points``.
        max_simplices: most simplices that may be built; ``None`` for what fits in half of the free
            memory.

    Returns:
        The complex, on the device of the input.

    Raises:
        TypeError: input that is not numeric.
        ValueError: NaN or infinite coordinates, NaN distances, a matrix that is not symmetric with
            zero diagonal, a negative length, or a lift larger than allowed.

    Cost:
        On the CPU the pairs come from a k-d tree, O(n log n + n_1) in low dimension d; with
        ``distances``, or on an accelerator, O(n²) in chunks.

    Example:
        >>> K = vietoris_rips_complex([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], max_edge_length=1.2)
        >>> K.f_vector, K.filtration[1].tolist()
        ((3, 2), [1.0, 1.0])
    """
    require_int("max_dim", max_dim, least=0)
    if (points is None) == (distances is None):
        raise ValueError("exactly one of points and distances must be given.")
    radius = float(max_edge_length)
    if math.isnan(radius) or radius < 0:
        raise ValueError(f"max_edge_length must be a number ≥ 0, got {max_edge_length}.")
    if distances is None:
        place = read_points(points)
        pairs = _close_points(place.detach(), radius)
    else:
        place = _read_distances(distances)
        pairs = torch.triu(place.detach() <= radius, diagonal=1).nonzero().T
    edges = unique_edges(pairs, len(place))
    K = flag_complex(len(place), edges, max_dim, max_simplices)
    u, v = K.simplices(1).unbind(1)
    lengths = place[u, v] if distances is not None else (place[u] - place[v]).norm(dim=1)
    return with_flag_filtration(K, lengths)


def with_flag_filtration(K: SimplicialComplex, lengths: Tensor) -> SimplicialComplex:
    """A flag complex filtered by edges (n_1,): vertices 0, a simplex the maximum of its facets."""
    values = [lengths.new_zeros(K.num_simplices(0)), lengths]
    for k in range(2, K.dim + 1):
        values.append(values[-1][K.facets(k)].amax(1))  # (n_k, k+1) -> (n_k,)
    return K.with_filtration(values[: K.dim + 1])


def _close_points(points: Tensor, radius: float) -> Tensor:
    """(2, E) pairs u < v at distance at most ``radius``."""
    if math.isinf(radius):
        return torch.triu_indices(len(points), len(points), offset=1, device=points.device)
    if points.device.type == "cpu":
        from scipy.spatial import cKDTree

        pairs = cKDTree(points.double().numpy()).query_pairs(radius, output_type="ndarray")
        return torch.from_numpy(pairs).to(torch.int64).T
    rows = max(1, _PAIRS_PER_CHUNK // max(1, len(points)))
    found = [
        (torch.cdist(chunk, points) <= radius).nonzero() + torch.tensor([start, 0]).to(chunk.device)
        for start, chunk in zip(range(0, len(points), rows), torch.split(points, rows), strict=True)
    ]
    pairs = torch.cat(found).T
    return pairs[:, pairs[0] < pairs[1]]


def _read_distances(distances: Any) -> Tensor:
    matrix = distances if isinstance(distances, Tensor) else torch.as_tensor(distances)
    if not matrix.is_floating_point():
        matrix = matrix.to(torch.get_default_dtype())
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"distances must have shape (n, n), got {tuple(matrix.shape)}.")
    if bool(matrix.isnan().any()) or bool((matrix < 0).any()):
        raise ValueError("distances must be numbers ≥ 0, got NaN or negative entries.")
    if not torch.equal(matrix, matrix.T) or bool(matrix.diagonal().any()):
        raise ValueError(
            "distances must be symmetric with zero diagonal, got another matrix. "
            "Symmetrise it with torch.minimum(D, D.T)."
        )
    return matrix
