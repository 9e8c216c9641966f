"""Features of a ring complex: those of vertices, of apexes from their rings, and of the others."""

from typing import Any, Literal

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.data._lift.checks import require_mean, vertex_features
from simplex.data._lift.spread import spread_features
from simplex.lifting import ring_lengths


Apex = Literal["sum", "mean", "token"]


def vertices_of_graph(K: SimplicialComplex) -> Tensor:
    """The vertices of a ring complex that are none of its apexes: (n,) ids, ascending."""
    return (ring_lengths(K) == 0).nonzero()[:, 0]


def ring_features(
    K: SimplicialComplex,
    x: Any,
    max_dim: int,
    *,
    reduce: Literal["sum", "mean"],
    apex: Apex,
    marker: bool,
) -> list[Tensor]:
    r"""Features of all simplices of a ring complex from those of the vertices of its graph.

    .. math:: x_{a_c} = \sum_{v ∈ c} x_v,\quad \frac{1}{|c|} \sum_{v ∈ c} x_v \quad\text{or}\quad 0

    Args:
        K: by :func:`ring_complex`, of dimension at least 1 where there is a ring.
        x: (n, F), one row for each vertex of the graph.
        max_dim: the top dimension of the result.
        reduce: how the features of vertices, apexes among them, are spread.
        apex: ``"sum"``, ``"mean"`` or ``"token"``, which are the three formulas.
        marker: append a channel, 1 on simplices with an apex and 0 on others.

    Returns:
        One (n_k, F) or (n_k, F+1) cochain per dimension.
    """
    places = vertices_of_graph(K)
    x = vertex_features(x, len(places), K.device)
    if apex == "mean":
        require_mean("x", x, "mean")
    rows = x.new_zeros(K.num_simplices(0), x.shape[1]).index_copy(0, places, x)
    if apex != "token" and K.dim > 0:
        ends = K.facets(1)[ring_lengths(K, 1) > 0]  # (E, 2): apex, vertex of its ring
        summed = rows.index_add(0, ends[:, 0], rows[ends[:, 1]])
        lengths = ring_lengths(K).clamp(min=1)[:, None].to(x.dtype)
        rows = summed / lengths if apex == "mean" else summed
    cochains = spread_features(K, rows, max_dim, reduce=reduce)
    if not marker:
        return cochains
    return [
        torch.cat([each, (ring_lengths(K, k) > 0)[:, None].to(each.dtype)], dim=1)
        for k, each in enumerate(cochains)
    ]
