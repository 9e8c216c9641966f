"""Neighbours of points within the parts of a batch, without a table of all distances."""

import math

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_memory


_ENTRIES = 1 << 22  # distances held at once
_FEW = 128  # rows that are worth a call


def near_pairs(
    points: Tensor,
    K: SimplicialComplex,
    *,
    neighbors: int | None = None,
    radius: float = math.inf,
    remedy: str = "Lower radius.",
) -> Tensor:
    r"""Pairs (u, v) of points of one part: v among the nearest of u, or within a radius of it.

    .. math:: \{(u, v) : u ≠ v,\ |z_u - z_v| ≤ r,\
              v \text{ is among the } m \text{ nearest of } u \}

    Of points that are equally far, those of the lowest numbers count as nearest.

    Args:
        points: (n_0, F), one for each vertex.
        K: the complex whose parts they belong to.
        neighbors: m; ``None`` for all.
        radius: r, the bound included.
        remedy: what to do where the pairs do not fit in memory.

    Returns:
        (2, E) int64, in the order of u, then of v.

    Raises:
        ValueError: the pairs do not fit in memory.

    Cost:
        O(F Σ_p n_p²) in time for parts of n_p points, in chunks: O(n_0 + E) in memory.

    Example:
        >>> K = SimplicialComplex(3)
        >>> near_pairs(torch.tensor([[0.0], [1.0], [3.0]]), K, neighbors=1).tolist()
        [[0, 1, 2], [1, 0, 1]]
    """
    pointer, part = K.part_pointer(0), K.part(0)
    bounds = torch.stack([pointer[part], pointer[part + 1]]).tolist()  # of the part of each point
    largest = max([1, *pointer.diff().tolist()])
    # A window of r rows reaches into two more parts: r (r + 2 largest) entries.
    most = math.isqrt(largest**2 + _ENTRIES) - largest
    rows = max(1, min(max(largest, _FEW), most))
    found, count = [pointer.new_empty(0, 2)], 0
    for start in range(0, len(points), rows):
        stop = min(start + rows, len(points))
        first, last = bounds[0][start], bounds[1][stop - 1]
        apart = torch.cdist(
            points[start:stop], points[first:last], compute_mode="donot_use_mm_for_euclid_dist"
        )
        apart[part[start:stop, None] != part[first:last]] = torch.inf
        own = torch.arange(start, stop, device=K.device)
        apart[own - start, own - first] = torch.inf
        near = _chosen(apart, neighbors, radius).nonzero()
        found.append(near + torch.tensor([start, first], device=K.device))
        count += len(near)
        require_memory(count * 64, K.device, f"the {count} or more pairs of near points", remedy)
    return torch.cat(found).T


def _chosen(apart: Tensor, neighbors: int | None, radius: float) -> Tensor:
    """Which entries of (rows, columns) count: the nearest of each row, within the radius."""
    near = (apart <= radius) & (apart < torch.inf)
    if neighbors is None or neighbors >= apart.shape[1]:
        return near
    bound = apart.topk(neighbors, dim=1, largest=False).values[:, -1:]
    nearer, equal = apart < bound, apart == bound
    left = neighbors - nearer.sum(1, keepdim=True)
    return near & (nearer | (equal & (equal.cumsum(1) <= left)))
