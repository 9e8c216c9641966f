"""Sums over the neighbours of a simplex that are told apart by which face they share: face maps.

Two k-simplices σ, τ are (i, j)-lower adjacent where d_i σ = d_j τ, and (i, j)-upper adjacent where
some κ has d_i κ = σ and d_j κ = τ; d_i leaves out the i-th vertex, and σ ≠ τ.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.operators._incidence import gather_facets, lower_sum, upper_sum
from simplex.operators._row_pattern import RowPattern, row_pattern
from simplex.operators._rows import sum_rows


def face_relations(k: int, adjacency: str) -> list[tuple[int, int]]:
    """The pairs (i, j) of face maps by which k-simplices are related.

    Example:
        >>> face_relations(1, "lower"), face_relations(0, "upper"), face_relations(0, "lower")
        ([(0, 0), (0, 1), (1, 0), (1, 1)], [(0, 1), (1, 0)], [])
    """
    if adjacency == "lower":
        return [(i, j) for i in range(k + 1) for j in range(k + 1)] if k > 0 else []
    return [(i, j) for i in range(k + 2) for j in range(k + 2) if i != j]


def faces_by_position(K: SimplicialComplex, x: Tensor, k: int) -> Tensor:
    """What the faces of each k-simplex hold, in their order, (n_k, k+1, F).

    Of an undirected complex, whose simplices have no order, the mean stands in every place.

    Example:
        >>> K = SimplicialComplex.from_simplices([(1, 0)], directed=True)
        >>> faces_by_position(K, torch.tensor([[1.0], [2.0]]), 1).flatten().tolist()
        [1.0, 2.0]
    """
    faces = gather_facets(K, x, k)
    return faces if K.directed else faces.mean(1, keepdim=True).expand_as(faces)


def cofaces_by_position(K: SimplicialComplex, x: Tensor, k: int) -> Tensor:
    """The sum of what the cofaces of each k-simplex hold whose i-th face it is, (n_k, k+2, F).

    Of an undirected complex the mean over the positions stands in every place.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (0, 2)], directed=True)
        >>> cofaces_by_position(K, torch.tensor([[1.0], [2.0]]), 0).squeeze(2).tolist()
        [[0.0, 3.0], [1.0, 0.0], [2.0, 0.0]]
    """
    pattern = _pattern(K, "cofaces by position", k, _cofaces)
    sums = sum_rows(x, pattern).view(K.num_simplices(k), k + 2, x.shape[1])
    return sums if K.directed else sums.mean(1, keepdim=True).expand_as(sums)


def related_sum(K: SimplicialComplex, x: Tensor, k: int, adjacency: str) -> Tensor:
    r"""The sum over the related k-simplices, for each pair of face maps.

    .. math:: y_{σ,r} = \sum_{τ:\, d_i σ = d_j τ} x_{τ,r} \quad\text{or}\quad
              \sum_{κ:\, d_i κ = σ} x_{d_j κ,\,r}, \qquad r = (i, j), \ τ ≠ σ

    Of an undirected complex, whose simplices have no order, the mean over all pairs of face maps
    stands for each of them.

    Args:
        K: the complex.
        x: (n_k, 1, F) for all relations, or (n_k, R, F) with one for each.
        k: degree of the simplices.
        adjacency: ``"lower"`` or ``"upper"``; the R relations are :func:`face_relations`.

    Returns:
        (n_k, R, F); (n_k, 1, F) of an undirected complex with x alike for all.

    Cost:
        O(R · incidences): a hub of degree d costs d, not d².

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)], directed=True)
        >>> x = torch.tensor([1.0, 2.0, 4.0]).view(3, 1, 1)
        >>> related_sum(K, x, 0, "upper").squeeze(2).tolist()  # from sources, from targets
        [[0.0, 2.0], [1.0, 4.0], [2.0, 0.0]]
    """
    pairs = face_relations(k, adjacency)
    if not K.directed:
        flat = x.flatten(1)
        if adjacency == "lower":
            total = lower_sum(K, flat[:, None].expand(-1, k + 1, -1), k)
        else:
            total = upper_sum(K, gather_facets(K, flat, k + 1), k)
        return total.view(x.shape) / len(pairs)
    again = x.shape[1] > 1
    flat = x.reshape(-1, x.shape[2])
    if adjacency == "upper":
        related = sum_rows(flat, _pattern(K, f"upper by position, {again}", k, _upper(again)))
        return related.view(len(x), len(pairs), x.shape[2])
    at_faces = sum_rows(flat, _pattern(K, f"faces by position, {again}", k, _to_faces(again)))
    related = sum_rows(at_faces, _pattern(K, f"lower by position, {again}", k, _back(again)))
    own = torch.tensor([i == j for i, j in pairs], dtype=x.dtype, device=x.device)
    return related.view(len(x), len(pairs), x.shape[2]) - x * own[:, None]


def related_counts(K: SimplicialComplex, k: int, adjacency: str, dtype: torch.dtype) -> Tensor:
    """How many simplices the sums add, 1 where there is none; kept.

    Args:
        K: the complex.
        k: degree of the simplices that receive.
        adjacency: ``"lower"`` or ``"upper"`` for :func:`related_sum`, ``"coboundary"`` for
            :func:`cofaces_by_position`.
        dtype: of the counts; in an undirected complex they are means, and no integers.

    Returns:
        (n_k, R or 1, 1), or (n_k, k+2, 1).
    """

    def compute() -> Tensor:
        above = adjacency == "coboundary"
        ones = torch.ones(K.num_simplices(k + above), 1, dtype=dtype, device=K.device)
        counts = (
            cofaces_by_position(K, ones, k)
            if above
            else related_sum(K, ones[:, None], k, adjacency)
        )
        return torch.where(counts > 0, counts, 1)

    result: Tensor = K.cached(f"{adjacency} counts by position, {dtype}", k, compute)
    return result


# --- patterns -------------------------------------------------------------------------------------

Entries = tuple[Tensor, Tensor, int, int]  # rows, columns, and how many of each there are


def _pattern(
    K: SimplicialComplex,
    name: str,
    k: int,
    entries: Callable[[SimplicialComplex, int], Entries],
) -> RowPattern:
    """The pattern with these entries, kept with the complex."""

    def compute() -> RowPattern:
        row, column, num_rows, num_columns = entries(K, k)
        order = row.flatten().argsort(stable=True)
        return row_pattern(
            row.flatten()[order], column.expand_as(row).flatten()[order], num_rows, num_columns
        )

    result: RowPattern = K.cached(name, k, compute)
    return result


def _maps(K: SimplicialComplex, k: int, adjacency: str) -> tuple[Tensor, Tensor, Tensor]:
    """The i and the j of each relation, and its number, (R,) each."""
    i, j = torch.tensor(face_relations(k, adjacency), device=K.device).unbind(1)
    return i, j, torch.arange(len(i), device=K.device)


def _cofaces(K: SimplicialComplex, k: int) -> Entries:
    """From κ to (d_i κ, i)."""
    facets = K.facets(k + 1)
    row = facets * (k + 2) + torch.arange(k + 2, device=K.device)
    column = torch.arange(len(facets), device=K.device)[:, None]
    return row, column, K.num_simplices(k) * (k + 2), len(facets)


def _upper(again: bool) -> Callable[[SimplicialComplex, int], Entries]:
    """From d_j κ, of the relation where it has one for each, to (d_i κ, r)."""

    def entries(K: SimplicialComplex, k: int) -> Entries:
        i, j, r = _maps(K, k, "upper")
        facets, count = K.facets(k + 1), K.num_simplices(k)
        column = facets[:, j] * len(r) + r if again else facets[:, j]
        return facets[:, i] * len(r) + r, column, count * len(r), count * (len(r) if again else 1)

    return entries


def _to_faces(again: bool) -> Callable[[SimplicialComplex, int], Entries]:
    """From τ to (d_j τ, j); with one for each relation, from (τ, r) to (d_j τ, r)."""

    def entries(K: SimplicialComplex, k: int) -> Entries:
        if not again:
            return _cofaces(K, k - 1)
        _, j, r = _maps(K, k, "lower")
        facets = K.facets(k)
        column = torch.arange(len(facets), device=K.device)[:, None] * len(r) + r
        rows, columns = K.num_simplices(k - 1) * len(r), len(facets) * len(r)
        return facets[:, j] * len(r) + r, column, rows, columns

    return entries


def _back(again: bool) -> Callable[[SimplicialComplex, int], Entries]:
    """From (d_i σ, j), or (d_i σ, r), to (σ, r)."""

    def entries(K: SimplicialComplex, k: int) -> Entries:
        i, j, r = _maps(K, k, "lower")
        facets = K.facets(k)
        row = torch.arange(len(facets), device=K.device)[:, None] * len(r) + r
        width = len(r) if again else k + 1
        column = facets[:, i] * width + (r if again else j)
        return row, column, len(facets) * len(r), K.num_simplices(k - 1) * width

    return entries
