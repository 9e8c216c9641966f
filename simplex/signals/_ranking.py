"""HodgeRank: scores from comparisons in pairs, and what in them contradicts itself."""

from typing import NamedTuple

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, real_tensor
from simplex.operators import (
    apply_boundary,
    apply_coboundary,
    column_units,
    conjugate_gradients,
    connected_components,
    read_cochain,
    require_finite,
    require_rank,
    require_representable,
)


class Ranking(NamedTuple):
    """What comparisons in pairs come to.

    Attributes:
        scores: (n_0,), of mean 0 in each connected component; higher is better.
        gradient: the share of the weighted energy of the comparisons that scores explain.
        curl: the share that contradicts itself within triples, the triangles.
        harmonic: the share that contradicts itself only around longer cycles.
    """

    scores: Tensor
    gradient: float
    curl: float
    harmonic: float


def hodge_rank(K: SimplicialComplex, x: Tensor, *, weight: Tensor | None = None) -> Ranking:
    r"""Rank the vertices by comparisons on the edges: weighted least squares.

    .. math:: \min_s \sum_{e = uv} w_e \big( s_v - s_u - x_e \big)^2

    The residual is split, orthogonally in the product with weights, into a curl and a harmonic
    part: local and global inconsistency. With log exchange rates, what is not gradient is
    arbitrage.

    Args:
        K: the complex; its triangles are the triples that count as local.
        x: (n_1,) comparisons, how much better the head of each oriented edge is than its tail, on
            average over those who compared.
        weight: (n_1,) positive numbers of comparisons; ``None`` for 1.

    Returns:
        :class:`Ranking`, without gradients.

    Raises:
        ValueError: no edge, comparisons that are not finite, or a weight that is not positive.
        RuntimeError: conjugate gradients did not converge.

    Laws:
        The shares sum to 1 (all are 0 where there is no energy). Reorienting K and x together
        changes nothing.

    Reference:
        Jiang, Lim, Yao, Ye, "Statistical ranking and combinatorial Hodge theory", Mathematical
        Programming 2011, equations 11 and 35.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2)])
        >>> ranking = hodge_rank(K, torch.tensor([1.0, 2.0, 1.0]))  # 0-1, 0-2, 1-2
        >>> ranking.scores.tolist(), round(ranking.gradient, 6)
        ([-1.0, 0.0, 1.0], 1.0)
    """
    require_rank(K, 1, 0)
    x = read_cochain(K, x, 1)
    if x.ndim != 1:
        raise ValueError(f"x must be of shape ({K.num_simplices(1)},), got {tuple(x.shape)}.")
    require_finite(x)
    unit = column_units(x.detach().double()[:, None])
    y = x.detach().double() / unit
    w = torch.ones_like(y) if weight is None else _read_weight(weight, y)
    w = w / column_units(w[:, None])  # as a whole they count for nothing
    scores = conjugate_gradients(
        lambda s: apply_boundary(K, w[:, None] * apply_coboundary(K, s, 0), 1),
        apply_boundary(K, (w * y)[:, None], 1),
    )[:, 0]
    component = connected_components(K)
    size = torch.bincount(component).to(y)
    mean = torch.zeros_like(size).index_add_(0, component, scores) / size
    scores = scores - mean[component]
    given = require_representable((scores * unit).to(x.dtype))
    residual = y - apply_coboundary(K, scores, 0)
    curl = torch.zeros_like(y)
    if K.num_simplices(2):
        # W-orthogonal to gradients is ∂ᵀ-invisible: the curls are W⁻¹ ∂₂ φ
        around = conjugate_gradients(
            lambda f: apply_coboundary(K, apply_boundary(K, f, 2) / w[:, None], 1),
            apply_coboundary(K, residual[:, None], 1),
        )
        curl = apply_boundary(K, around, 2)[:, 0] / w
    energy = [float((w * part.square()).sum()) for part in (y, curl, residual - curl)]
    total = energy[0]
    if not total:
        return Ranking(given, 0.0, 0.0, 0.0)
    inconsistent = float((w * residual.square()).sum()) / total
    return Ranking(given, 1 - inconsistent, energy[1] / total, energy[2] / total)


def _read_weight(weight: Tensor, like: Tensor) -> Tensor:
    w = real_tensor("weight", weight).detach().to(like)
    if w.shape != like.shape or not bool(((w > 0) & w.isfinite()).all()):
        raise ValueError(
            f"weight must be {tuple(like.shape)} positive finite numbers, one per edge, got shape "
            f"{tuple(w.shape)}, smallest {float(w.min()) if w.numel() else 0:g}. Leave edges out "
            "that nobody compared."
        )
    return w
