"""Maps of vertices that take simplices to simplices, their chain maps, images and quotients."""

from itertools import combinations
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, on_free_threads, require_int, require_undirected
from simplex.operators._checks import require_signed_dtype
from simplex.operators._constructions.arguments import vertex_map_of
from simplex.operators._constructions.rows import complex_of_rows
from simplex.operators._sparse import sorted_sparse


@on_free_threads()
def is_simplicial(K: SimplicialComplex, L: SimplicialComplex, vertex_map: Any) -> bool:
    """Whether a map of vertices takes every simplex of K to a simplex of L, of any dimension.

    Args:
        K: the complex that the map starts in.
        L: the complex that it ends in.
        vertex_map: (n_0,) int64, the vertex of L for each vertex of K.

    Raises:
        TypeError: no complexes, or images that are no integers.
        ValueError: directed complexes, two devices, another number of images, a negative one.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2)])
        >>> is_simplicial(K, K.skeleton(1), [0, 1, 1]), is_simplicial(K, K.skeleton(1), [0, 1, 2])
        (True, False)
    """
    image = _required(K, L, vertex_map)
    return all(_first_lost(K, L, image, k) is None for k in range(K.dim + 1))


@on_free_threads()
def simplex_map(K: SimplicialComplex, L: SimplicialComplex, vertex_map: Any, k: int) -> Tensor:
    """The ids of the images of the k-simplices under a simplicial map.

    Args:
        K: the complex that the map starts in.
        L: the complex that it ends in.
        vertex_map: as for :func:`is_simplicial`.
        k: the degree.

    Returns:
        (n_k,) int64 ids in dimension k of L; -1 where the image has a lower dimension.

    Raises:
        TypeError: as for :func:`is_simplicial`, or ``k`` is no integer.
        ValueError: as there, or the map takes a k-simplex to what is no simplex.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> simplex_map(K, SimplicialComplex.from_simplices([(0, 1)]), [0, 1, 1], 1).tolist()
        [0, -1]
    """
    return _mapped(K, L, _required(K, L, vertex_map), require_int("k", k, 0))[0]


@on_free_threads()
def chain_map(
    K: SimplicialComplex,
    L: SimplicialComplex,
    vertex_map: Any,
    k: int,
    *,
    dtype: torch.dtype | None = None,
) -> Tensor:
    r"""The matrix of a simplicial map on k-chains.

    .. math:: f_k\, [v_0, …, v_k] = [f(v_0), …, f(v_k)],

    which is ± the image, by the parity of the order of its vertices and both orientations, and 0
    where two of them coincide.

    Args:
        K: the complex that the map starts in.
        L: the complex that it ends in.
        vertex_map: as for :func:`is_simplicial`.
        k: the degree.
        dtype: of the entries, signed numbers; ``None`` for torch's default.

    Returns:
        Sparse COO (n_k(L), n_k(K)), coalesced; at most one entry ±1 a column. Its transpose takes
        cochains of L to cochains of K.

    Raises:
        TypeError, ValueError: as for :func:`simplex_map`, or a dtype that cannot hold -1.

    Laws:
        ∂_k f_k = f_{k-1} ∂_k; (g ∘ f)_k = g_k f_k.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> L = SimplicialComplex.from_simplices([(0, 1)])
        >>> chain_map(K, L, [1, 0, 1], 1).to_dense()
        tensor([[-1.,  1.]])
    """
    image = _required(K, L, vertex_map)
    dtype = require_signed_dtype(dtype)
    target, sign = _mapped(K, L, image, require_int("k", k, 0))
    source = (target >= 0).nonzero().squeeze(1)
    source = source[target[source].argsort(stable=True)]
    index = torch.stack([target[source], source])
    shape = (L.num_simplices(k), K.num_simplices(k))
    return sorted_sparse(index, sign[source].to(dtype), shape)


@on_free_threads()
def image_complex(
    K: SimplicialComplex, vertex_map: Any, *, num_vertices: int | None = None
) -> SimplicialComplex:
    r"""The complex of the images of all simplices under a map of vertices.

    .. math:: f(K) = \{ f(σ) : σ ∈ K \}

    Simplices whose vertices coincide become smaller ones: this is how an edge is contracted.

    Args:
        K: the complex.
        vertex_map: (n_0,) non-negative integers, the new vertex for each.
        num_vertices: n_0 of the result; ``None`` for the largest image plus one. Vertices that are
            no image are isolated.

    Returns:
        The complex; labels, parts, orientation and filtration are left behind.

    Raises:
        TypeError: ``K`` is no complex, or images that are no integers.
        ValueError: a directed complex, another number of images, a negative one, or one that is
            not below ``num_vertices``.

    Laws:
        The map is simplicial from K to its image.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> image_complex(K, [0, 0, 1, 2]).f_vector
        (3, 2)
    """
    require_undirected("K", K)
    image = vertex_map_of(K, vertex_map)
    count = int(image.max()) + 1 if image.numel() else 0
    if num_vertices is not None and require_int("num_vertices", num_vertices, 0) < count:
        raise ValueError(f"num_vertices must be at least {count}, got {num_vertices}.")
    rows = [_distinct(image[K.simplices(k)].sort(1).values) for k in range(K.dim + 1)]
    return complex_of_rows(rows, K, count if num_vertices is None else num_vertices)


@on_free_threads()
def quotient(K: SimplicialComplex, vertex_map: Any) -> SimplicialComplex:
    """The quotient that identifies vertices, and with them simplices on the same classes.

    Args:
        K: the complex.
        vertex_map: (n_0,) the class of each vertex, 0 … m-1, each of them in use.

    Returns:
        The complex on the m classes; labels, parts, orientation and filtration are left behind.

    Raises:
        TypeError: as for :func:`image_complex`.
        ValueError: as there; a class without vertex; or a simplex two of whose vertices are
            identified, which would be no simplex any more: subdivide the complex first, or
            take :func:`image_complex`, which makes it smaller.

    Example:
        >>> path = SimplicialComplex.from_simplices([(0, 1), (1, 2), (2, 3)])
        >>> quotient(path, [0, 1, 2, 0]).f_vector
        (3, 3)
    """
    require_undirected("K", K)
    classes = vertex_map_of(K, vertex_map)
    count = int(classes.max()) + 1 if classes.numel() else 0
    if count > K.num_simplices(0) or not bool((classes.bincount(minlength=count) > 0).all()):
        raise ValueError(f"vertex_map must use every class 0 … {count - 1}, got one left out.")
    if K.dim >= 1:
        ends = classes[K.simplices(1)]
        loop = (ends[:, 0] == ends[:, 1]).nonzero()
        if len(loop):
            edge = tuple(K.simplices(1)[int(loop[0])].tolist())
            raise ValueError(
                f"vertex_map must keep the vertices of a simplex apart, got one class for the edge "
                f"{edge}, which would be a loop. Subdivide the complex first, or contract the edge "
                "with image_complex."
            )
    return image_complex(K, classes)


def _required(K: SimplicialComplex, L: SimplicialComplex, vertex_map: Any) -> Tensor:
    require_undirected("K", K)
    require_undirected("L", L)
    if K.device != L.device:
        raise ValueError(f"K and L must be on one device, got {K.device} and {L.device}.")
    return vertex_map_of(K, vertex_map)


def _distinct(rows: Tensor) -> Tensor:
    """The rows, sorted, whose entries are distinct."""
    return rows[(rows[:, 1:] != rows[:, :-1]).all(1)]


def _images(
    K: SimplicialComplex, L: SimplicialComplex, image: Tensor, k: int
) -> tuple[Tensor, Tensor, Tensor]:
    """The images (n_k, k+1) in their order, which keep their dimension, and their ids or -1."""
    rows = image[K.simplices(k)]
    ascending = rows.sort(1).values
    whole = (ascending[:, 1:] != ascending[:, :-1]).all(1)
    return rows, whole, torch.where(whole, L.index(ascending), -1)


def _first_lost(K: SimplicialComplex, L: SimplicialComplex, image: Tensor, k: int) -> int | None:
    """The first k-simplex whose image is of its dimension and not in L."""
    _, whole, ids = _images(K, L, image, k)
    lost = (whole & (ids < 0)).nonzero()
    return int(lost[0]) if len(lost) else None


def _mapped(
    K: SimplicialComplex, L: SimplicialComplex, image: Tensor, k: int
) -> tuple[Tensor, Tensor]:
    """Ids of the images, -1 where degenerate, and their signs (n_k,) int8."""
    for j in range(min(k, K.dim) + 1):  # all faces too: a map of k-simplices alone is none
        lost = _first_lost(K, L, image, j)
        if lost is not None:
            simplex = K.simplices(j)[lost]
            raise ValueError(
                "vertex_map must take simplices of K to simplices of L, got "
                f"{tuple(simplex.tolist())} to {tuple(image[simplex].tolist())}."
            )
    rows, _, ids = _images(K, L, image, k)
    sign = K.orientation(k).clone()
    for i, j in combinations(range(k + 1), 2):
        sign = torch.where(rows[:, i] > rows[:, j], -sign, sign)
    found = ids >= 0
    sign[found] *= L.orientation(k)[ids[found]]
    return ids, sign
