"""Features of vertices spread to the higher simplices, and those of edges put on them."""

from typing import Any, Literal

import torch
from torch import Tensor

from simplex.complexes import (
    HIGHEST_DIM,
    SimplicialComplex,
    require_int,
    require_memory,
    require_word,
)
from simplex.data._checks import require_complex
from simplex.data._lift.checks import edge_features, require_mean, vertex_features


def spread_features(
    K: SimplicialComplex, x: Tensor, max_dim: int, *, reduce: Literal["sum", "mean"] = "sum"
) -> list[Tensor]:
    r"""Give every simplex the sum or the mean of the features of its vertices.

    .. math:: x_σ = \sum_{v ∈ σ} x_v \quad\text{or}\quad \frac{1}{|σ|} \sum_{v ∈ σ} x_v

    The sum of a constant feature is the number of vertices: it tells the network the dimension of a
    simplex, which the mean does not.

    Args:
        K: the complex.
        x: (n_0, F) vertex features, a tensor or an array.
        max_dim: the top dimension of the result.
        reduce: ``"sum"`` or ``"mean"``.

    Returns:
        ``[x, x_1, …]``, one (n_k, F) cochain per dimension 0 … max_dim.

    Raises:
        ValueError: another ``reduce``, ``x`` does not have one row per vertex or is on another
            device, or the result would not fit in memory.
        TypeError: ``K`` or ``x`` of another kind, or the mean of integer features.

    Example:
        >>> import torch
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2)])
        >>> spread_features(K, torch.tensor([[1.0], [2.0], [4.0]]), 2)[1].squeeze(1).tolist()
        [3.0, 5.0, 6.0]
    """
    require_complex("K", K)
    require_word("reduce", reduce, ("sum", "mean"))
    require_int("max_dim", max_dim, least=0, most=HIGHEST_DIM)
    x = vertex_features(x, K.num_simplices(0), K.device)
    require_mean("x", x, reduce)
    _require_room(K, x, max_dim)
    corners = [x[K.simplices(k)] for k in range(1, max_dim + 1)]  # (n_k, k+1, F)
    return [x, *((each.sum(1) if reduce == "sum" else each.mean(1)) for each in corners)]


def with_edge_features(
    K: SimplicialComplex,
    cochains: list[Tensor],
    edges: Tensor,
    edge_attr: Any,
    reduce: Literal["sum", "mean"],
) -> list[Tensor]:
    """The cochains, those of the edges with the reduced ``edge_attr`` as further channels.

    Args:
        K: the clique complex of the edges, of dimension at least 1 where there is an edge.
        cochains: one per dimension, or none.
        edges: (2, E) vertex ids, each edge in any directions and any number of times.
        edge_attr: (E, D), or (E,) for one channel.
        reduce: over all columns of an edge.
    """
    values = edge_features(edge_attr, edges.shape[1], reduce)
    if values.dtype == torch.bool:
        values = values.long()
    kept = edges[0] != edges[1]
    ids, values = K.index(edges.T[kept]), values[kept]  # (E',)
    count = K.num_simplices(1)
    reduced = values.new_zeros(count, values.shape[1]).index_add(0, ids, values)
    if reduce == "mean":
        times = torch.bincount(ids, minlength=count).clamp(min=1)
        reduced = reduced / times[:, None].to(reduced.dtype)
    if not cochains:
        return [reduced]
    if reduced.is_floating_point() and cochains[1].is_floating_point():
        reduced = reduced.to(cochains[1].dtype)
    return [cochains[0], torch.cat([cochains[1], reduced], dim=1), *cochains[2:]]


def _require_room(K: SimplicialComplex, x: Tensor, max_dim: int) -> None:
    ranks = range(1, min(max_dim, K.dim) + 1)
    width = x.shape[1] * x.element_size()
    num_bytes = sum(K.num_simplices(k) * (k + 2) * (width + 8) for k in ranks)
    require_memory(
        num_bytes,
        K.device,
        f"the features of {sum(K.f_vector)} simplices with {x.shape[1]} channels",
        "Lower max_dim, or spread fewer channels at a time.",
    )
