"""Delaunay and alpha complexes of a point cloud."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    interruptible,
    on_free_threads,
    require_int,
    require_memory,
    restrict,
)
from simplex.interop import from_gudhi
from simplex.lifting._circumradii import with_gradients
from simplex.lifting._points import read_bound, read_points, require_distinct


_ENOUGH_SIMPLICES = 500_000  # in a sample, to tell how many there will be
_SECONDS_PER_SQUARED_DIMENSION = 2.5e-7  # of a simplex of an alpha complex
_LONGEST = 60  # seconds, from seven dimensions on


@on_free_threads()
def delaunay_complex(points: Any, max_dim: int | None = None) -> SimplicialComplex:
    """The Delaunay triangulation: simplices with an empty circumscribed sphere.

    Points of which more than d+1 are on one empty sphere, as on a regular grid, are triangulated
    consistently: no simplex is flat, and no two cross.

    Args:
        points: (n, d) distinct coordinates, d ≥ 2, not all in one hyperplane.
        max_dim: top dimension kept; ``None`` for d.

    Returns:
        The complex, of dimension d, on the device of the points; computed on the CPU, by Qhull or,
        where points are on common spheres, by GUDHI with exact predicates.

    Raises:
        ValueError: fewer than d+1 points, coinciding points, all points in a hyperplane, or more
            cells than fit in memory (from seven dimensions on, than are computed in a minute), as
            the number in a sample lets expect.

    Cost:
        As for :func:`alpha_complex`.

    Example:
        >>> delaunay_complex([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.9, 0.9]]).f_vector
        (4, 5, 2)
    """
    place = read_points(points)
    require_distinct(place)
    count, ambient = place.shape
    top = ambient if max_dim is None else max_dim
    require_int("max_dim", top, least=0)
    if ambient < 2 or count < ambient + 1:
        raise ValueError(
            f"points must be at least d+1 in d ≥ 2 dimensions, got {count} in d = {ambient}."
        )
    array = as_array(place)
    require_room_for_cells(array)
    cells = _qhull(array)
    if _flat(array, cells).any():
        exact = _exact_cells(array)
        if _flat(array, exact).sum() < _flat(array, cells).sum():
            cells = exact
    K = SimplicialComplex.from_simplices(torch.from_numpy(cells), num_vertices=count)
    return K.skeleton(top).to(place.device)


@on_free_threads()
def alpha_complex(
    points: Any, max_alpha: float = math.inf, max_dim: int | None = None
) -> SimplicialComplex:
    """The Delaunay simplices whose smallest empty circumscribed sphere has radius ≤ ``max_alpha``.

    The filtration value of a simplex is that radius (not its square, which GUDHI returns), 0 on
    vertices, float32 for float32 points and float64 otherwise. It is the very number that is
    compared with ``max_alpha``, so that a bound taken from a filtration includes its simplex. Where
    the points require gradients, the values are differentiable in them. The complex has the
    homotopy type of the union of balls of radius ``max_alpha`` around the points.

    Args:
        points: (n, d) distinct coordinates.
        max_alpha: largest radius, in the unit of the coordinates; the bound itself is included.
        max_dim: top dimension kept; ``None`` for all.

    Returns:
        The complex, on the device of the points; computed on the CPU by GUDHI, predicates exact.

    Raises:
        ValueError: NaN or infinite coordinates, coinciding points, a negative radius, or more
            cells than fit in memory (from seven dimensions on, than are computed in a minute), as
            the number in a sample lets expect.

    Cost:
        That of the triangulation: O(n log n) in the plane, where 20,000 random points take 0.3 s
        and 50 MiB; in space O(n²) at worst and O(n) cells of random points, where 8,000 have
        230,000 simplices and take 1.7 s.

    Example:
        >>> K = alpha_complex([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]], max_alpha=1.2)
        >>> K.f_vector, K.filtration[1].tolist()
        ((3, 2), [1.0, 1.0])
    """
    place = read_points(points)
    require_distinct(place)
    radius = read_bound("max_alpha", max_alpha, place.dtype)
    if max_dim is not None:
        require_int("max_dim", max_dim, least=0)
    if not len(place):
        none = SimplicialComplex(0, device=place.device)
        return none.with_filtration([])
    import gudhi

    array = as_array(place)
    require_room_for_cells(array)
    reach = radius * (1 + 4 * torch.finfo(place.dtype).eps)  # the radii decide, below
    cloud = interruptible(lambda: gudhi.AlphaComplex(points=array))
    tree = interruptible(lambda: cloud.create_simplex_tree(max_alpha_square=reach**2))
    K = from_gudhi(tree)
    K = K.with_filtration([value.sqrt() for value in K.filtration or ()])
    if place.requires_grad:
        K = with_gradients(K, place)
    if max_dim is not None:
        K = K.skeleton(max_dim)
    radii = [value.to(place.dtype) for value in K.filtration or ()]
    K = K.with_filtration(radii)
    present = [value <= radius for value in radii]
    if not all(bool(mask.all()) for mask in present):
        K = restrict(K, present).complex
    return K.to(place.device)


def as_array(points: Tensor) -> np.ndarray:
    array: np.ndarray = points.detach().double().cpu().numpy()
    return array


def _qhull(points: np.ndarray) -> np.ndarray:
    """(m, d+1) int64 cells, by floating-point arithmetic with merged facets."""
    from scipy.spatial import Delaunay, QhullError

    try:
        triangulation = interruptible(Delaunay, points)
    except QhullError:
        raise ValueError(
            f"points must not all lie in one hyperplane of the {points.shape[1]}-dimensional "
            "space, got a degenerate cloud. Project it to its own dimension first."
        ) from None
    if len(triangulation.coplanar):
        lost = int(triangulation.coplanar[0, 0])
        raise ValueError(
            f"points must be distinct beyond rounding, got point {lost} on top of another. "
            "Remove near-duplicates, or rescale the coordinates."
        )
    cells: np.ndarray = triangulation.simplices.astype(np.int64)
    return cells


def _exact_cells(points: np.ndarray) -> np.ndarray:
    """(m, d+1) int64 cells, by exact predicates."""
    import gudhi

    width = points.shape[1] + 1
    tree = interruptible(lambda: gudhi.DelaunayComplex(points=points).create_simplex_tree())
    flat = [v for cell, _ in tree.get_simplices() if len(cell) == width for v in cell]
    return np.array(flat, dtype=np.int64).reshape(-1, width)


def _flat(points: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Which cells have no volume beyond rounding: bounded by the product of their edges."""
    edges = points[cells[:, 1:]] - points[cells[:, :1]]  # (m, d, d)
    lengths = np.linalg.norm(edges, axis=2, keepdims=True)
    volume = np.abs(np.linalg.det(edges / lengths))
    flat: np.ndarray = volume <= 64 * points.shape[1] * np.finfo(np.float64).eps
    return flat


def require_room_for_cells(points: np.ndarray) -> None:
    """Ask before a triangulation that would not fit, or in many dimensions not end.

    There may be n^(d/2) cells. The number in a growing sample is continued as a power of n, of an
    exponent halfway between that of the sample and 1, to which it comes down.
    """
    count, d = points.shape
    if d < 3:
        return
    order = np.random.default_rng(0).permutation(count)
    size, cells = d + 1, 1
    history = [(size, cells)]
    while size < count and sum(_expected_faces(cells, size, d)) < _ENOUGH_SIMPLICES:
        size = min(count, max(size + 1, int(size * (1 + 2 / d))))
        cells = _cells_of_sample(points[order[:size]])
        history.append((size, cells))
    if size == count or cells == 0:  # few, or all in a hyperplane
        return
    earlier, fewer = next(entry for entry in history if 4 * entry[1] >= cells)
    growth = math.log(cells / fewer) / math.log(size / earlier) if earlier < size else 1.0
    exponent = min((max(growth, 1.0) + 1) / 2, 50.0)
    faces = _expected_faces(int(cells * (count / size) ** exponent), count, d)
    what = f"the about {faces[-1]:.1g} cells of {count} points in {d} dimensions and their faces"
    remedy = "Give fewer points, project them, or take vietoris_rips_complex."
    need = max(24 * n * (k + 1) * k for k, n in enumerate(faces)) + 64 * (d + 1) * faces[-1]
    require_memory(need, torch.device("cpu"), what, remedy)
    seconds = sum(faces) * d * d * _SECONDS_PER_SQUARED_DIMENSION
    if d >= 7 and seconds > _LONGEST:
        raise ValueError(
            f"{what} must be computed within {_LONGEST} s, got about {seconds:.0f} s. {remedy}"
        )


def _expected_faces(cells: int, count: int, d: int) -> list[int]:
    """About how many faces of dimension 0 … d: inside, a k-face is in at least d-k+1 cells."""
    return [
        min(math.comb(count, k + 1), cells * math.comb(d + 1, k + 1) // (d - k + 1))
        for k in range(d + 1)
    ]


def _cells_of_sample(points: np.ndarray) -> int:
    from scipy.spatial import Delaunay, QhullError

    try:
        return len(interruptible(Delaunay, points).simplices)
    except QhullError:  # in a hyperplane
        return 0
