"""A layout by distances from a few vertices, for what has more than some hundred."""

from typing import Any

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, relax_stress, require_int
from simplex.operators import connected_components
from simplex.plot._checks import require_lifted


_LARGEST_LAYOUT = 100_000  # vertices; half a minute
_PIVOTS = 40
_STEPS = 60
_BY_CHANCE = 50  # components of at most so many vertices start anywhere: all are pivots then


def pivot_layout(K: SimplicialComplex, *, dims: int = 2, seed: int = 0) -> Tensor:
    r"""Positions whose distances are near those in the 1-skeleton, counted in edges.

    Some vertices, far from each other, are pivots; the distances to them place all others by
    classical scaling, and a few steps of stress majorization set right those and the edges. Each
    component is laid out by itself, and they are set side by side.

    Args:
        K: the complex.
        dims: 2 or 3.
        seed: of the first pivot and of where small components start.

    Returns:
        (n_0, dims) float64; an edge is about 1 long.

    Raises:
        TypeError: ``K`` is no complex, or ``dims`` or ``seed`` no integer.
        ValueError: more than 100,000 vertices.

    Reference:
        Brandes and Pich, "Eigensolver methods for progressive multidimensional scaling of large
        data", 2006; Ortmann, Klimenta and Brandes, "A sparse stress model", 2017.

    Example:
        >>> pivot_layout(SimplicialComplex.from_simplices([(0, 1), (1, 2)]), dims=3).shape
        torch.Size([3, 3])
    """
    require_lifted(K)
    dims = require_int("dims", dims, 2, 3)
    generator = torch.Generator().manual_seed(require_int("seed", seed, 0, 2**32 - 1))
    count = K.num_simplices(0)
    if count > _LARGEST_LAYOUT:
        raise ValueError(
            f"a complex must have at most {_LARGEST_LAYOUT} vertices to be laid out, got {count}. "
            "Pass positions=, or draw a part of it."
        )
    edges, component = K.simplices(1).cpu(), connected_components(K).cpu()
    sizes = torch.bincount(component, minlength=1)
    place = torch.rand(count, dims, generator=generator, dtype=torch.float64)
    place *= sizes[component, None].double() ** (1 / dims)
    if len(edges):
        pivots, far = _distances(edges, component, sizes, generator)
        for c in (sizes > _BY_CHANCE).nonzero()[:, 0].tolist():
            rows = component == c
            place[rows] += _scaled(far[rows], dims) - place[rows] * 0.99
        place = _relaxed(place, edges, component, pivots, far)
    return _side_by_side(place, component, len(sizes))


def _distances(
    edges: Tensor, component: Tensor, sizes: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """For each component its pivots (C, p), each far from those before; (n, p) edges to them."""
    import numpy as np
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import dijkstra

    count, ends = len(component), edges.T.numpy().astype(np.int32)  # as scipy 1.14 wants them
    matrix: Any = coo_array((np.ones(len(edges)), (ends[0], ends[1])), (count, count)).tocsr()
    nearest = torch.rand(count, generator=generator, dtype=torch.float64)
    pivots, columns = [], []
    for nth in range(min(_PIVOTS, int(sizes.max()))):
        order = nearest.argsort(stable=True)
        rank = torch.empty_like(order)
        rank[order] = torch.arange(count)
        last = torch.zeros_like(sizes).scatter_reduce_(0, component, rank, "amax")
        farthest = order[last]
        column = torch.from_numpy(
            dijkstra(matrix, directed=False, unweighted=True, indices=farthest.numpy(),
                     min_only=True)
        )  # fmt: skip
        pivots.append(farthest)
        columns.append(column)
        nearest = column if nth == 0 else torch.minimum(nearest, column)
    return torch.stack(pivots, 1), torch.stack(columns, 1)


def _scaled(far: Tensor, dims: int) -> Tensor:
    """Classical scaling of (n, p) distances to pivots: (n, dims) places."""
    squares = far.square()
    centred = squares.mean(0) + squares.mean(1, keepdim=True) - squares - squares.mean()
    values, vectors = torch.linalg.eigh(centred.T @ centred)
    axes = centred @ vectors[:, -dims:].flip(1)
    lengths = values[-dims:].flip(0).clamp(min=1e-12) ** 0.25
    spread = axes / axes.norm(dim=0).clamp(min=1e-12)
    scaled: Tensor = spread * lengths * (len(far) / far.shape[1]) ** 0.25
    return scaled


def _relaxed(
    place: Tensor, edges: Tensor, component: Tensor, pivots: Tensor, far: Tensor
) -> Tensor:
    """Stress majorization over the edges and the pairs of a vertex and a pivot."""
    count = len(place)
    owner = torch.arange(count)[:, None].expand_as(far)
    of = pivots[component]
    apart = far > 1  # what is 1 apart is an edge
    both = torch.cat([edges, edges.flip(1)]).T
    pairs = torch.cat([both, torch.stack([owner[apart], of[apart]])], dim=1)
    distances = torch.cat([place.new_ones(both.shape[1]), far[apart]])
    return relax_stress(place, pairs, distances, 1 / distances.square(), _STEPS)


def _side_by_side(place: Tensor, component: Tensor, count: int) -> Tensor:
    """The components in rows, the tall ones first, about as wide as high; deeper axes stay."""
    if count <= 1:
        return place
    owner = component[:, None].expand_as(place)
    low, high = (
        place.new_zeros(count, place.shape[1]).scatter_reduce_(
            0, owner, place, how, include_self=False
        )
        for how in ("amin", "amax")
    )
    size = high - low + 1.5
    order = size[:, 1].argsort(descending=True, stable=True)
    width, height = size[order, 0], size[order, 1]
    total = float((width * height).sum() ** 0.5)
    right = width.cumsum(0)
    row = (right / max(1.1 * total, float(width.max()))).floor().long()
    rows = int(row.max()) + 1
    start = torch.full((rows,), torch.inf, dtype=place.dtype)
    start.scatter_reduce_(0, row, right - width, "amin")
    tall = place.new_zeros(rows).scatter_reduce_(0, row, height, "amax")
    corner = torch.zeros_like(low)
    corner[order, 0] = right - width - start[row]
    corner[order, 1] = -tall.cumsum(0)[row]
    return place - low[component] + corner[component]
