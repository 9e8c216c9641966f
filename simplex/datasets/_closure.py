"""Simplicial closure: which open triangles fill? The task of Benson et al. on timed simplices."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    fillable_simplices,
    on_free_threads,
    real_tensor,
    require_int,
    require_memory,
    require_real,
    restrict,
    shown,
)
from simplex.data import SimplicialData
from simplex.io import TimedSimplices
from simplex.lifting import small_subsets


@on_free_threads()
def closure_data(
    timed: TimedSimplices,
    k: int = 2,
    *,
    times: Sequence[float] = (0.4, 0.6, 0.8, 1.0),
) -> list[SimplicialData]:
    r"""What is open at one time, and whether it closes by the next: an item for each pair of times.

    The complex at a share q of the times has every face of what was listed up to
    t_q = round(quantile_q(times)). Its candidates are the sets of k+1 vertices all of whose facets
    are there and that never occurred together,

    .. math::
        \{ σ ∉ K_q : σ_i ∈ K_q \text{ for all } i \}, \qquad
        y_σ = [ σ ⊆ τ \text{ for some } τ \text{ listed in } (t_q, t_{q'}] ].

    With the default the three items are for training, validation and test, and the last one is the
    published test: open triangles at 80 % of the times, closed by the end. ``(0.6, 0.8, 1.0)`` are
    the two items of the published supervised method; ``(0.8, 1.0)`` the test alone, for scores
    that learn nothing (:func:`simplex.operators.candidate_scores`).

    Args:
        timed: from :func:`read_benson` or :func:`timed_simplices`, with ``max_dim`` at least k.
        k: dimension of the candidates, at least 2.
        times: two shares of the listed simplices or more, increasing.

    Returns:
        A list of objects on the same vertices, with ``candidates`` (m, k+1) int64 and
        ``y_candidates`` (m,) of 0.0 and 1.0; cochains (n_j, 1) in dimensions 0 … ``max_dim`` = k,
        the logarithm of 1 plus the number of listed simplices that a simplex is in; and
        ``weight_1`` (n_1,) int64, these numbers of the edges.

    Raises:
        TypeError: ``timed`` is of another kind.
        ValueError: ``k`` below 2 or above the dimension that was read, times that do not increase.

    Paper:
        Benson, Abebe, Schaub, Jadbabaie and Kleinberg, "Simplicial closure and higher-order link
        prediction", PNAS 115 (2018). Departure (1): an item earlier than theirs, for validation.

    Example:
        >>> from simplex.datasets import timed_simplices
        >>> early, late = [(0, 1), (1, 2), (0, 2), (2, 3), (0, 3)], [(0, 1, 2)]
        >>> (item,) = closure_data(timed_simplices(early + late, range(6)), times=(0.8, 1.0))
        >>> item.candidates.tolist(), item.y_candidates.tolist()
        ([[0, 1, 2], [0, 2, 3]], [1.0, 0.0])
    """
    if not isinstance(timed, TimedSimplices):
        raise TypeError(
            f"timed must be simplices with times, got {shown(timed)}. Make them with "
            "simplex.datasets.read_benson or timed_simplices."
        )
    require_int("k", k, 2, 63)
    K, listed = timed.complex, int(timed.pointer.diff().max()) if len(timed.times) else 0
    if K.dim < min(k, listed - 1):
        raise ValueError(
            f"timed must have been read to dimension {k}, got a complex of dimension {K.dim}. Read "
            f"it with max_dim={k}."
        )
    cuts = [_cut(timed.times, share) for share in _shares(times)]
    return [_item(timed, k, now, later) for now, later in pairwise(cuts)]


def _item(timed: TimedSimplices, k: int, now: float, later: float) -> SimplicialData:
    """What is open at one time, with what closes by another."""
    K, first = timed.complex.skeleton(k), timed.complex.filtration
    assert first is not None
    present = [values <= now for values in first[: k + 1]]
    if present:
        present[0] = torch.ones_like(present[0])  # vertices keep their numbers
    small = restrict(K.with_filtration(None), present).complex
    facets, below = fillable_simplices(small, k), small.simplices(k - 1)
    candidates = torch.cat([below[facets[:, -1]], below[facets[:, 0], -1:]], dim=1)
    ids = K.index(candidates)
    closed = torch.zeros(len(ids), dtype=torch.bool)
    closed[ids >= 0] = first[k][ids[ids >= 0]] <= later if k <= K.dim else False
    counts = _counts(timed, small, k, now)
    return SimplicialData.from_complex(
        small,
        [each.float().log1p()[:, None] for each in counts],
        max_dim=k,
        weight_1=counts[1],
        candidates=candidates,
        y_candidates=closed.float(),
    )


def _counts(timed: TimedSimplices, K: SimplicialComplex, k: int, until: float) -> list[Tensor]:
    """How many of the simplices listed up to a time each of dimension 0 … k is in, (n_j,) int64."""
    counts = [torch.zeros(K.num_simplices(j), dtype=torch.int64) for j in range(k + 1)]
    sizes = torch.where(timed.times <= until, timed.pointer.diff(), 0)
    for size in torch.unique(sizes[sizes > 0]).tolist():  # few
        places = timed.pointer[:-1][sizes == size][:, None] + torch.arange(size)
        rows = timed.vertices[places].sort(1).values  # (listed, size)
        width = min(size, k + 1)
        what = f"the faces of {len(rows)} simplices with {size} vertices"
        require_memory(len(rows) * math.comb(size, width) * (width + 3) * 16, K.device, what)
        whole = torch.tensor([0, size])
        for j, subsets in enumerate(small_subsets(torch.arange(size), whole, width, size)):
            ids = K.index(rows[:, subsets].flatten(0, 1))
            counts[j] += torch.bincount(ids, minlength=len(counts[j]))
    return counts


def _cut(times: Tensor, share: float) -> float:
    """The time up to which a share of the simplices is listed; all of them for 1."""
    if share == 1 or not len(times):
        return math.inf
    place = share * (len(times) - 1)  # torch.quantile ends at 16 million values
    low = times.sort().values[int(place) : int(place) + 2].tolist()
    between = low[0] + (low[-1] - low[0]) * (place - int(place))
    return float(round(between))


def _shares(times: Any) -> list[float]:
    given = real_tensor("times", times)
    flat = given.ndim == 1 and not given.is_meta
    shares = [require_real("times", share, 0, 1) for share in given.tolist()] if flat else []
    if len(shares) < 2 or any(a >= b for a, b in pairwise(shares)):
        raise ValueError(f"times must be two shares or more that increase, got {shown(times)}.")
    return shares
