"""Witness complexes: few landmarks as vertices, all points as witnesses of their simplices."""

from typing import Any

import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    interruptible,
    on_free_threads,
    require_int,
    require_memory,
    require_subsets,
    restrict,
    shown,
)
from simplex.interop import from_gudhi
from simplex.lifting._delaunay import as_array
from simplex.lifting._dowker import dowker_of_pairs
from simplex.lifting._points import read_bound, read_numbers, read_points


_ENTRIES_PER_CHUNK = 1 << 22


@on_free_threads()
def farthest_points(points: Any, num_landmarks: int, *, start: int = 0) -> Tensor:
    """Landmarks that cover a cloud: each is the point farthest from those before it.

    Args:
        points: (n, d) coordinates.
        num_landmarks: how many, from 0 to n.
        start: the first one.

    Returns:
        (num_landmarks,) int64 ids; of equally far points the first is taken.

    Raises:
        TypeError: points that are no numbers.
        ValueError: NaN or infinite coordinates, more landmarks than points, no such start.

    Cost:
        O(n · num_landmarks).

    Reference:
        Gonzalez, "Clustering to minimize the maximum intercluster distance", 1985.

    Example:
        >>> farthest_points([[0.0], [1.0], [5.0], [9.0]], 3).tolist()
        [0, 3, 2]
    """
    place = read_points(points).detach()
    count = require_int("num_landmarks", num_landmarks, 0, len(place))
    if not count:
        return torch.empty(0, dtype=torch.int64, device=place.device)
    chosen = [require_int("start", start, 0, len(place) - 1)]
    apart = (place - place[chosen[0]]).norm(dim=1)
    while len(chosen) < count:
        apart[chosen[-1]] = -1
        chosen.append(int(apart.argmax()))
        apart = torch.minimum(apart, (place - place[chosen[-1]]).norm(dim=1))
    return torch.tensor(chosen, device=place.device)


@on_free_threads()
def witness_complex(
    points: Any, landmarks: Any, max_alpha: float = 0.0, max_dim: int = 2
) -> SimplicialComplex:
    r"""The weak witness complex: simplices of landmarks that some point is near to, faces too.

    A point w is a witness of σ up to α where no landmark outside σ is much nearer than those in it,

    .. math:: \max_{v ∈ σ} d(w, v)^2 ≤ \min_{v ∉ σ} d(w, v)^2 + α^2,

    and σ is in the complex where it and all its faces have one. The filtration value of a simplex
    is the least such α (not its square, which GUDHI returns).

    Args:
        points: (n, d) coordinates of the witnesses.
        landmarks: the vertices: (m,) ids of points, as :func:`farthest_points` chooses them, or
            (m, d) coordinates.
        max_alpha: α, in the unit of the coordinates; the bound itself is included.
        max_dim: top dimension kept.

    Returns:
        The complex on the m landmarks that witnesses reach, all of them unless ``vertex_labels``
        names fewer; on the device of the points, computed on the CPU by GUDHI.

    Raises:
        TypeError: input that is no numbers.
        ValueError: NaN or infinite coordinates, ids out of range, another dimension, a negative α,
            or more simplices than fit in memory.

    Cost:
        O(n · m) distances of n points and m landmarks, 24 bytes for each pair, and the sets of at
        most ``max_dim`` + 1 landmarks that are near enough to one point. 20,000 points and 200
        landmarks take 0.3 s; α counts more than n, as all landmarks within reach of a point are
        one set.

    Paper:
        De Silva, Carlsson, "Topological estimation using witness complexes", 2004.

    Example:
        >>> points = [[0.0], [1.0], [2.0], [3.0], [4.0]]
        >>> witness_complex(points, landmarks=[0, 2, 4]).simplices(1).tolist()
        [[0, 1], [1, 2]]
    """
    place, vertices, alpha = _read(points, landmarks, max_alpha, max_dim)
    if not len(place) or not len(vertices):
        return SimplicialComplex(0, device=place.device).with_filtration([])
    import gudhi

    top = min(max_dim, len(vertices) - 1)
    _require_near(place, vertices, alpha, top, nth=min(top + 1, len(vertices) - 1))
    reach = alpha * (1 + 4 * torch.finfo(place.dtype).eps)
    cloud = interruptible(
        lambda: gudhi.EuclideanWitnessComplex(
            landmarks=as_array(vertices), witnesses=as_array(place)
        )
    )
    K = from_gudhi(interruptible(lambda: cloud.create_simplex_tree(reach**2, top)))
    values = [value.clamp(min=0).sqrt().to(place.dtype) for value in K.filtration or ()]
    return K.with_filtration(values, monotone=False).to(place.device)


@on_free_threads()
def strong_witness_complex(
    points: Any, landmarks: Any, max_alpha: float = 0.0, max_dim: int = 2
) -> SimplicialComplex:
    r"""The strong witness complex: simplices of landmarks that are all nearest to some point.

    .. math:: \max_{v ∈ σ} d(w, v)^2 ≤ \min_v d(w, v)^2 + α^2 \text{ for some point } w

    The filtration value of a simplex is the least such α. At α = 0 there is an edge only where a
    point is equally far from both ends, so that α > 0 is wanted.

    Args:
        points: (n, d) coordinates of the witnesses.
        landmarks: as for :func:`witness_complex`.
        max_alpha: α, in the unit of the coordinates; the bound itself is included.
        max_dim: top dimension kept.

    Returns:
        The complex on the landmarks that are nearest, up to α, to some point, all of them unless
        ``vertex_labels`` names fewer; on the device of the points.

    Raises:
        TypeError, ValueError: as for :func:`witness_complex`.

    Cost:
        As for :func:`witness_complex`; the values are minima over all witnesses, O(n) for each
        simplex.

    Laws:
        It is a subcomplex of the weak one of the same α.

    Example:
        >>> points = [[0.0], [1.0], [2.0], [3.0], [4.0]]
        >>> strong_witness_complex(points, landmarks=[0, 2, 4]).simplices(1).tolist()
        [[0, 1], [1, 2]]
    """
    place, vertices, alpha = _read(points, landmarks, max_alpha, max_dim)
    if not len(place) or not len(vertices):
        return SimplicialComplex(0, device=place.device).with_filtration([])
    _require_near(place, vertices, alpha, min(max_dim, len(vertices) - 1), nth=0)
    square = _squares(vertices, place)
    beyond = square - square.detach().amin(0)  # (m, n)
    landmark, witness = (beyond.detach() <= alpha**2 * (1 + _slack(place))).nonzero().unbind(1)
    K = dowker_of_pairs(landmark, witness, len(vertices), max_dim, place.device)
    values = [_least(beyond.detach(), K.simplices(k)).sqrt() for k in range(K.dim + 1)]
    present = [value <= alpha * (1 + _slack(place)) for value in values]
    L = restrict(K, present)
    if len(L.ids[0]) < len(vertices):
        L = L._replace(complex=L.complex.with_vertex_labels(L.ids[0].tolist()))
    kept = [values[k][ids].to(place.dtype) for k, ids in enumerate(L.ids)]
    return L.complex.with_filtration(kept[: L.complex.dim + 1])


def _read(
    points: Any, landmarks: Any, max_alpha: float, max_dim: int
) -> tuple[Tensor, Tensor, float]:
    require_int("max_dim", max_dim, least=0)
    place = read_points(points).detach()
    vertices = _landmarks(place, landmarks).detach()
    return place, vertices, read_bound("max_alpha", max_alpha, place.dtype)


def _slack(place: Tensor) -> float:
    """Of what is compared with α: squares of lengths are rounded, and differences of them."""
    return 16 * torch.finfo(place.dtype).eps


def _squares(vertices: Tensor, place: Tensor) -> Tensor:
    """(m, n) squared distances of landmarks and witnesses, by direct differences."""
    apart = torch.cdist(vertices, place, compute_mode="donot_use_mm_for_euclid_dist")
    return apart.square()


def _least(beyond: Tensor, simplices: Tensor) -> Tensor:
    """The minimum over all witnesses of the maximum over the vertices of each simplex."""
    rows = max(1, _ENTRIES_PER_CHUNK // max(1, beyond.shape[1] * simplices.shape[1]))
    found = [beyond[chunk].amax(1).amin(1) for chunk in torch.split(simplices, rows)]
    return torch.cat([beyond.new_empty(0), *found])


def _landmarks(place: Tensor, landmarks: Any) -> Tensor:
    """(m, d) coordinates, of ids or as they are."""
    given = read_numbers("landmarks", landmarks).to(place.device)
    if given.ndim == 1 and bool((given == given.round()).all()):
        if given.numel() and not 0 <= float(given.min()) <= float(given.max()) < len(place):
            raise ValueError(
                f"landmarks must be ids of points, 0 … {len(place) - 1}, got {shown(landmarks)}."
            )
        return place[given.long()]
    if given.ndim != 2 or given.shape[1] != place.shape[1]:
        raise ValueError(
            f"landmarks must be ids of points, or coordinates of shape (m, {place.shape[1]}), got "
            f"shape {tuple(given.shape)}."
        )
    if not bool(given.isfinite().all()):
        raise ValueError("landmarks must be finite, got NaN or infinity.")
    return given.to(place.dtype)


def _require_near(place: Tensor, vertices: Tensor, alpha: float, top: int, nth: int) -> None:
    """Ask before more simplices than the sets of landmarks that are near enough to one point.

    None of them is farther from it than the landmark that is the nth nearest, up to α.
    """
    n, m = len(place), len(vertices)
    what = f"the distances of {n} points from {m} landmarks"
    require_memory(24 * m * n, place.device, what, "Take fewer landmarks.")
    square = _squares(vertices, place)
    edge = square.kthvalue(nth + 1, dim=0).values + alpha * alpha
    require_subsets((square <= edge).sum(0), top + 1)
