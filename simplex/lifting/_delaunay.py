"""Delaunay and alpha complexes of a point cloud."""

import math
from typing import Any

import torch

from simplex.complexes import SimplicialComplex, require_int
from simplex.interop import from_gudhi
from simplex.lifting._points import read_points, require_distinct


def delaunay_complex(points: Any, max_dim: int | None = None) -> SimplicialComplex:
    """The Delaunay triangulation: simplices with an empty circumscribed sphere.

    Args:
        points: (n, d) distinct coordinates, d ≥ 2, not all in one hyperplane.
        max_dim: top dimension kept; ``None`` for d.

    Returns:
        The complex, of dimension d, on the device of the points; computed on the CPU by Qhull.

    Raises:
        ValueError: fewer than d+1 points, coinciding points, or all points in a hyperplane.

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
    from scipy.spatial import Delaunay, QhullError

    try:
        triangulation = Delaunay(place.detach().double().cpu().numpy())
    except QhullError:
        raise ValueError(
            f"points must not all lie in one hyperplane of the {ambient}-dimensional space, got a "
            "degenerate cloud. Project it to its own dimension first."
        ) from None
    if len(triangulation.coplanar):
        lost = int(triangulation.coplanar[0, 0])
        raise ValueError(
            f"points must be distinct beyond rounding, got point {lost} on top of another. "
            "Remove near-duplicates, or rescale the coordinates."
        )
    cells = torch.from_numpy(triangulation.simplices).to(torch.int64)
    K = SimplicialComplex.from_simplices(cells, num_vertices=count)
    return K.skeleton(top).to(place.device)


def alpha_complex(
    points: Any, max_alpha: float = math.inf, max_dim: int | None = None
) -> SimplicialComplex:
    """The Delaunay simplices whose smallest empty circumscribed sphere has radius ≤ ``max_alpha``.

    The filtration value of a simplex is that radius (not its square, which GUDHI returns), 0 on
    vertices, in the dtype of the points. The complex has the homotopy type of the union of balls of
    radius ``max_alpha`` around the points.

    Args:
        points: (n, d) distinct coordinates.
        max_alpha: largest radius, in the unit of the coordinates.
        max_dim: top dimension kept; ``None`` for all.

    Returns:
        The complex, on the device of the points; computed on the CPU by GUDHI, predicates exact.

    Raises:
        ValueError: NaN or infinite coordinates, coinciding points, or a negative radius.

    Example:
        >>> K = alpha_complex([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]], max_alpha=1.2)
        >>> K.f_vector, K.filtration[1].tolist()
        ((3, 2), [1.0, 1.0])
    """
    place = read_points(points)
    require_distinct(place)
    if math.isnan(max_alpha) or max_alpha < 0:
        raise ValueError(f"max_alpha must be a number ≥ 0, got {max_alpha}.")
    if max_dim is not None:
        require_int("max_dim", max_dim, least=0)
    if not len(place):
        return SimplicialComplex(0, device=place.device).with_filtration([])
    import gudhi

    cloud = gudhi.AlphaComplex(points=place.detach().double().cpu().numpy())
    tree = cloud.create_simplex_tree(max_alpha_square=float(max_alpha) ** 2)
    K = from_gudhi(tree)
    if max_dim is not None:
        K = K.skeleton(max_dim)
    values = [value.sqrt().to(place.dtype) for value in K.filtration or ()]
    return K.with_filtration(values).to(place.device)
