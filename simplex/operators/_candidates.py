"""Scores of simplices that may come: what is known without learning."""

from collections.abc import Iterator
from typing import Any, Literal

import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    integer_tensor,
    on_free_threads,
    ragged,
    real_tensor,
    require_complex,
    require_memory,
    require_undirected,
    require_word,
)


Score = Literal[
    "arithmetic",
    "geometric",
    "harmonic",
    "common_neighbors",
    "jaccard",
    "adamic_adar",
    "preferential_attachment",
    "katz",
    "pagerank",
]
_SCORES = Score.__args__  # type: ignore[attr-defined]
_ROWS = 1 << 22  # neighbours that are looked at together


@on_free_threads()
def candidate_scores(
    K: SimplicialComplex, candidates: Any, score: Score, *, weights: Any = None
) -> Tensor:
    r"""How likely sets of vertices are to become simplices, from the graph of the complex alone.

    With the neighbours N(v), degrees d_v = \|N(v)\| and weights w of the edges:

    - ``"arithmetic"``, ``"geometric"``, ``"harmonic"``: that mean of the weights of the edges of
      the candidate; an edge that is not there weighs 0.
    - ``"common_neighbors"``: :math:`|\bigcap_{v ∈ σ} N(v)|`;
      ``"jaccard"``: divided by :math:`|\bigcup_{v ∈ σ} N(v)|`;
      ``"adamic_adar"``: :math:`\sum_{z ∈ \bigcap N(v)} 1 / \log d_z`.
    - ``"preferential_attachment"``: :math:`\prod_{v ∈ σ} d_v`.
    - ``"katz"``: :math:`\sum_{u ≠ v ∈ σ} S_{uv}` with :math:`S = (I - βW)^{-1} - I`,
      β = min(0.25 / σ_1(W), 0.5); ``"pagerank"``: the same with
      :math:`S = (1 - α) (I - αWD^{-1})^{-1}`, α = 0.85.

    Args:
        K: the complex; edges and vertices are looked at.
        candidates: (m, k+1) vertex ids, k ≥ 1, in any order.
        score: see above.
        weights: (n_1,) of the edges, such as how often each was seen; ``None`` for ones.

    Returns:
        (m,) float64.

    Raises:
        TypeError: ``K`` is no complex, or candidates no integers.
        ValueError: candidates that are no sets of vertices, weights that are not one positive
            number an edge, or a union of several complexes for ``"katz"``.

    Cost:
        O(Σ_σ Σ_{v ∈ σ} d_v · log) for those of neighbours; O(n_0³), dense, for the last two.

    Paper:
        Benson et al., "Simplicial closure and higher-order link prediction", PNAS 115 (2018),
        supplement, for triangles; here for sets of any size.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (0, 2), (1, 3), (2, 3), (0, 4)])
        >>> candidate_scores(K, [(0, 3), (3, 4)], "common_neighbors").tolist()
        [2.0, 0.0]
    """
    require_complex("K", K)
    require_word("score", score, _SCORES)
    rows = require_candidates(K, candidates)
    w = _weights(K, weights)
    if score in ("arithmetic", "geometric", "harmonic"):
        return _mean(_of_pairs(K, rows, w), score)
    if score == "preferential_attachment":
        return K.cofacets(0)[0].diff().double()[rows].prod(1)
    if score in ("katz", "pagerank"):
        return _walks(K, rows, w, score)
    common, either, weighted = _neighborhoods(K, rows)
    if score == "common_neighbors":
        return common
    return weighted if score == "adamic_adar" else common / either.clamp(min=1)


def require_candidates(K: SimplicialComplex, candidates: Any, k: int | None = None) -> Tensor:
    """Sets of k+1 vertices of the complex, k ≥ 1, as (m, k+1) int64."""
    require_undirected("K", K)
    rows = integer_tensor("candidates", candidates)
    width = "k+1" if k is None else f"{k + 1}"
    if rows.ndim != 2 or rows.shape[1] < 2 or (k is not None and rows.shape[1] != k + 1):
        raise ValueError(
            f"candidates must be of shape (m, {width}), vertices of a simplex each, got "
            f"{tuple(rows.shape)}."
        )
    if isinstance(candidates, Tensor) and rows.device != K.device:
        raise ValueError(
            f"candidates must be on the complex's device {K.device}, got {rows.device}. Move one "
            "of them with .to(device)."
        )
    rows = rows.to(K.device)
    if rows.numel() and not 0 <= int(rows.min()) <= int(rows.max()) < K.num_simplices(0):
        raise ValueError(
            f"candidates must hold vertices of the complex, 0 … {K.num_simplices(0) - 1}, got "
            "others."
        )
    ordered = rows.sort(dim=1).values
    if bool((ordered[:, 1:] == ordered[:, :-1]).any()):
        raise ValueError("candidates must have distinct vertices, got one twice in a row.")
    return rows


def common_neighbors(K: SimplicialComplex, candidates: Tensor) -> Tensor:
    """How many vertices see all of a candidate's, (m,) float64."""
    return _neighborhoods(K, candidates)[0]


def _neighborhoods(K: SimplicialComplex, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Of each candidate the common neighbours, those of any vertex, Σ 1 / log d of the former."""
    width = rows.shape[1]
    common, either, weighted = (torch.zeros(len(rows), device=K.device).double() for _ in "123")
    degree = K.cofacets(0)[0].diff().double()
    for candidate, vertex, times in _seen(K, rows):
        either += torch.bincount(candidate, minlength=len(rows))
        candidate, vertex = candidate[times == width], vertex[times == width]
        common += torch.bincount(candidate, minlength=len(rows))
        weighted.index_add_(0, candidate, 1 / degree[vertex].log())
    return common, either, weighted


def _seen(K: SimplicialComplex, rows: Tensor) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Candidate, vertex, and how many of the candidate's vertices it neighbours; in chunks."""
    n, width = K.num_simplices(0), rows.shape[1]
    pointer, edges = K.cofacets(0)
    degree = pointer.diff()
    owner, _ = ragged(degree)
    neighbor = K.simplices(1).sum(1)[edges] - owner  # of each vertex, in the order of its edges
    ends = degree[rows].sum(1).cumsum(0)
    chunk = ends // _ROWS
    bounds = torch.unique_consecutive(chunk, return_counts=True)[1].tolist() if len(rows) else []
    start = 0
    for count in bounds:
        vertices = rows[start : start + count].flatten()
        whose, nth = ragged(degree[vertices])
        candidate = start + whose // width
        key = candidate * n + neighbor[pointer[vertices[whose]] + nth]
        distinct, times = torch.unique(key, return_counts=True)
        yield distinct // n, distinct % n, times
        start += count


def _of_pairs(K: SimplicialComplex, rows: Tensor, weights: Tensor) -> Tensor:
    """The weights of the edges of each candidate, (m, k (k+1) / 2); 0 where there is none."""
    pairs = torch.combinations(torch.arange(rows.shape[1], device=rows.device))
    ids = K.index(rows[:, pairs].flatten(0, 1))
    if not len(weights):
        return weights.new_zeros(len(rows), len(pairs))
    return torch.where(ids >= 0, weights[ids.clamp(min=0)], 0).view(len(rows), len(pairs))


def _mean(values: Tensor, score: str) -> Tensor:
    if score == "arithmetic":
        return values.mean(1)
    return values.log().mean(1).exp() if score == "geometric" else 1 / (1 / values).mean(1)


def _walks(K: SimplicialComplex, rows: Tensor, weights: Tensor, score: str) -> Tensor:
    n = K.num_simplices(0)
    if K.num_parts != 1 and score == "katz":
        raise ValueError("K must be one complex for 'katz', got a union. Split it first.")
    require_memory(8 * 4 * n * n, K.device, f"{score} of {n} vertices", "Take another score.")
    W = weights.new_zeros(n, n)
    low, high = K.simplices(1).unbind(1)
    W[low, high] = W[high, low] = weights
    eye = torch.eye(n, dtype=W.dtype, device=W.device)
    if score == "katz":
        largest = torch.linalg.eigvalsh(W).abs().max() if n else W.sum()
        beta = (0.25 / largest).clamp(max=0.5)
        S = torch.linalg.inv(eye - beta * W) - eye
    else:
        total = W.sum(0)
        S = 0.15 * torch.linalg.inv(eye - 0.85 * W / torch.where(total > 0, total, 1))
    columns = range(rows.shape[1])
    entries = [S[rows[:, i], rows[:, j]] for i in columns for j in columns if i != j]
    return torch.stack(entries).sum(0)


def _weights(K: SimplicialComplex, weights: Any) -> Tensor:
    if weights is None:
        return torch.ones(K.num_simplices(1), dtype=torch.float64, device=K.device)
    given = real_tensor("weights", weights)
    if given.shape != (K.num_simplices(1),) or given.device != K.device:
        raise ValueError(
            f"weights must be of shape ({K.num_simplices(1)},), one for each edge, on the device "
            f"{K.device} of the complex, got {tuple(given.shape)} on {given.device}."
        )
    if not bool((given > 0).all() & given.isfinite().all()):
        raise ValueError("weights must be positive and finite, got others.")
    return given.double()
