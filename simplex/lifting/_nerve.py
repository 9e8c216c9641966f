"""The nerve of a cover, and Mapper: the nerve of clusters over a covered range of values."""

from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    integer_tensor,
    on_free_threads,
    ragged,
    require_int,
    require_memory,
    require_real,
    shown,
)
from simplex.lifting._dowker import dowker_complex, dowker_of_pairs
from simplex.lifting._points import read_bound, read_numbers, read_points
from simplex.lifting._rips import _close_points
from simplex.operators import components_of


class Mapper(NamedTuple):
    """The complex of Mapper, and what its vertices stand for.

    Attributes:
        complex: a vertex for each cluster, a simplex for clusters with a common point.
        members: (2, M) int64: the cluster and the point of each membership, by cluster.
        cell: (n_0,) int64, the cell of the cover that a cluster lies over, in row-major order.
    """

    complex: SimplicialComplex
    members: Tensor
    cell: Tensor


@on_free_threads()
def nerve_complex(cover: Any, max_dim: int = 2) -> SimplicialComplex:
    r"""The nerve of a cover: sets that have a common element span a simplex.

    .. math:: K = \{σ : \bigcap_{i ∈ σ} U_i ≠ ∅\}

    It is the Dowker complex of the sets by their elements. Empty sets are isolated vertices.

    Args:
        cover: a list of sets of non-negative integers (lists, tuples, tensors); or an (m, n)
            matrix, as for :func:`dowker_complex`, with a row for each set.
        max_dim: top dimension kept.

    Returns:
        A complex on m vertices, one for each set, on the device of a tensor.

    Raises:
        TypeError: sets that are none, or elements that are no integers.
        ValueError: as for :func:`dowker_complex`; a negative element.

    Cost:
        O(Σ_element C(sets that have it, max_dim + 1)) time, and as many rows of ``max_dim`` + 1
        numbers, before repeated ones are dropped: an element of 1,000 sets has 166 million
        triangles. That is asked for before anything is listed.

    Example:
        >>> nerve_complex([{0, 1}, {1, 2}, {2, 3}, {3, 0}]).f_vector
        (4, 4)
    """
    require_int("max_dim", max_dim, least=0)
    if isinstance(cover, (Tensor, np.ndarray)) or hasattr(cover, "tocoo"):
        return dowker_complex(cover, max_dim)
    if isinstance(cover, (str, bytes, Mapping)) or not isinstance(cover, Iterable):
        raise TypeError(f"cover must be a list of sets of integers, got {shown(cover)}.")
    rows, elements = [], []
    for place, one in enumerate(cover):
        members = list(one) if isinstance(one, (set, frozenset, range)) else one
        element = integer_tensor(f"cover[{place}]", members).cpu()
        if element.ndim != 1:
            raise ValueError(
                f"cover[{place}] must be a set of integers, got shape {tuple(element.shape)}."
            )
        if element.numel() and int(element.min()) < 0:
            raise ValueError(
                f"cover[{place}] must hold non-negative integers, got {int(element.min())}."
            )
        elements.append(element)
        rows.append(torch.full_like(element, place))
    none = [torch.empty(0, dtype=torch.int64)]
    row, element = torch.cat(none + rows), torch.cat(none + elements)
    return dowker_of_pairs(row, element, len(rows), max_dim, torch.device("cpu"))


@on_free_threads()
def mapper_complex(
    points: Any,
    values: Any,
    max_edge_length: float,
    max_dim: int = 1,
    *,
    num_intervals: int = 10,
    overlap: float = 0.3,
) -> Mapper:
    """Mapper: the nerve of the clusters of points over overlapping intervals of some values.

    The range of each column of ``values`` is covered by intervals of equal length, the cells are
    their products. In each cell the points within ``max_edge_length`` are joined, and a component
    is a cluster (single linkage). Clusters of several cells that have a common point are joined.

    Args:
        points: (n, d) coordinates, Euclidean distance.
        values: (n,) or (n, q) numbers, the values that points are cut by ("lens", "filter").
        max_edge_length: up to which points of a cell are in one cluster, the bound included.
        max_dim: top dimension kept; 1 for the graph that Mapper is usually drawn as.
        num_intervals: how many intervals cover a column.
        overlap: the part of an interval that it shares with the next, in [0, 1).

    Returns:
        The complex, the members and the cells of its vertices, on the device of the points.

    Raises:
        TypeError: input that is no numbers.
        ValueError: NaN or infinite input, another number of values, an overlap of 1 or more, or
            more memberships or pairs than fit in memory.

    Cost:
        The close pairs, O(n log n + pairs) in low dimension, once for every cell that has both.

    Paper:
        Singh, Mémoli, Carlsson, "Topological methods for the analysis of high dimensional data sets
        and 3D object recognition", 2007. Departure: the cover is of equal intervals, and the
        clusters are of single linkage at one length.

    Example:
        >>> angle = torch.linspace(0, 6.2832, 101)[:-1]
        >>> circle = torch.stack([angle.cos(), angle.sin()], 1)
        >>> mapper_complex(circle, circle[:, 0], 0.1, num_intervals=4).complex.f_vector
        (6, 6)
    """
    require_int("max_dim", max_dim, least=0)
    num_intervals = require_int("num_intervals", num_intervals, 1, 2**31)
    require_real("overlap", overlap, 0, 1)
    if overlap == 1:
        raise ValueError("overlap must be below 1, got 1: the intervals would be infinitely many.")
    place = read_points(points).detach()
    lens = read_numbers("values", values).detach().to(place.device, torch.float64)
    lens = lens[:, None] if lens.ndim == 1 else lens
    if lens.ndim != 2 or len(lens) != len(place) or not lens.shape[1]:
        raise ValueError(
            f"values must be of shape ({len(place)},) or ({len(place)}, q), got "
            f"{tuple(lens.shape)}."
        )
    if not bool(lens.isfinite().all()):
        raise ValueError("values must be finite, got NaN or infinity.")
    pairs = _close_points(place, read_bound("max_edge_length", max_edge_length, place.dtype))
    point, cell = _memberships(lens, num_intervals, overlap)
    head, tail = _pairs_in_cells(pairs, point, cell, len(place))
    cluster = components_of(len(point), head, tail)
    order = cluster.argsort(stable=True)
    count = int(cluster.max()) + 1 if len(cluster) else 0
    of_cluster = cell.new_empty(count)
    of_cluster[cluster] = cell
    members = torch.stack([cluster[order], point[order]])
    K = dowker_of_pairs(members[0], members[1], count, max_dim, place.device)
    return Mapper(K, members, of_cluster)


def _memberships(lens: Tensor, count: int, overlap: float) -> tuple[Tensor, Tensor]:
    """The points and cells of all memberships, (M,) each, by point and then by cell.

    With n intervals of length s on a range of 1, s (n - (n-1)·overlap) = 1, and interval i begins
    at i·s·(1 - overlap): a value t is in those i with (t - s) ≤ i·s·(1 - overlap) ≤ t.
    """
    n, q = lens.shape
    size = 1 / (count - (count - 1) * overlap)
    low = lens.amin(0) if n else lens.new_zeros(q)
    spread = lens.amax(0) - low if n else lens.new_zeros(q)
    scaled = (lens - low) / torch.where(spread > 0, spread, 1)
    step, slack = size * (1 - overlap), 1e-12
    first = ((scaled - size - slack) / step).ceil().clamp(0, count - 1).long()
    last = ((scaled + slack) / step).floor().clamp(0, count - 1).long()
    widths = last - first + 1
    most = [int(widths[:, j].max()) if n else 0 for j in range(q)]
    total = int(widths.double().prod(1).sum())
    what = f"the {total} memberships of {n} points"
    require_memory(total * 48, lens.device, what, "Lower overlap or the number of columns.")
    if q * float(np.log2(count)) >= 62:
        raise ValueError(f"values must give fewer than 2⁶² cells, got {count} to the power {q}.")
    points, cells = [], []
    for shift in product(*map(range, most)):
        inside = (torch.tensor(shift, device=lens.device) < widths).all(1).nonzero().squeeze(1)
        cell = torch.zeros_like(inside)
        for j, by in enumerate(shift):
            cell = cell * count + first[inside, j] + by
        points.append(inside)
        cells.append(cell)
    point = torch.cat([first.new_empty(0), *points])
    cell = torch.cat([first.new_empty(0), *cells])
    order = cell.argsort(stable=True)
    order = order[point[order].argsort(stable=True)]
    return point[order], cell[order]


def _pairs_in_cells(
    pairs: Tensor, point: Tensor, cell: Tensor, count: int
) -> tuple[Tensor, Tensor]:
    """Close pairs of points in every cell that has both, as places of their memberships."""
    cells, number = torch.unique(cell, return_inverse=True)
    key = point * max(len(cells), 1) + number  # ascending
    pointer = torch.searchsorted(point, torch.arange(count + 1, device=point.device))
    sizes = pointer.diff()[pairs[0]]
    what = f"the {int(sizes.sum())} pairs in cells"
    require_memory(int(sizes.sum()) * 48, pairs.device, what, "Lower max_edge_length or overlap.")
    owner, nth = ragged(sizes)
    head = pointer[pairs[0][owner]] + nth
    wanted = pairs[1][owner] * max(len(cells), 1) + number[head]
    tail = torch.searchsorted(key, wanted).clamp(max=max(len(key) - 1, 0))
    found = key[tail] == wanted if len(key) else wanted.bool()
    return head[found], tail[found]
