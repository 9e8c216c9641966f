"""Distance matrices, dense, condensed or sparse, read as the pairs within a bound."""

from typing import Any

import torch
from torch import Tensor

from simplex.complexes import require_memory
from simplex.lifting._points import from_array, read_numbers, rounding


BYTES_PER_PAIR = 128  # two ids and a length, while they are found, sorted and made unique
_ENTRIES_PER_CHUNK = 1 << 24
_TILE = 2048


def require_room_for_pairs(
    num_pairs: int, device: torch.device, bound: str = "max_edge_length"
) -> None:
    """Ask before so many pairs are listed."""
    require_memory(
        num_pairs * BYTES_PER_PAIR,
        device,
        f"the {num_pairs} pairs within {bound}",
        f"Lower {bound}, or max_dim to 0.",
    )


def close_pairs(distances: Any, radius: Any, wanted: bool) -> tuple[int, Tensor, Tensor]:
    """Pairs at most ``radius(dtype)`` apart.

    Args:
        distances: as for :func:`vietoris_rips_complex`.
        radius: from the dtype of the distances to the bound in it.
        wanted: whether the pairs are needed; the matrix is checked anyway.

    Returns:
        n, the pairs u < v, (E, 2) in lexicographic order, and their lengths (E,), differentiable.
    """
    if hasattr(distances, "tocoo") and not isinstance(distances, Tensor):
        distances = _from_scipy(distances)
    if isinstance(distances, Tensor) and distances.layout != torch.strided:
        size, pairs, lengths = _read_sparse(distances)
    else:
        matrix = read_numbers("distances", distances)
        if matrix.ndim == 1:
            size, pairs, lengths = _read_condensed(matrix)
        else:
            return _dense_pairs(matrix, radius(matrix.dtype), wanted)
    close = lengths.detach() <= min(radius(lengths.dtype), torch.finfo(lengths.dtype).max)
    pairs, lengths = pairs[close], lengths[close]
    return (size, pairs, lengths) if wanted else (size, pairs[:0], lengths[:0])


def _dense_pairs(matrix: Tensor, radius: float, wanted: bool) -> tuple[int, Tensor, Tensor]:
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(
            f"distances must have shape (n, n), got {tuple(matrix.shape)}. Coordinates (n, d) are "
            "points, the first argument."
        )
    size, values = len(matrix), matrix.detach()
    symmetric = _require_distances(values)
    radius = min(radius, torch.finfo(values.dtype).max)  # what is infinitely far is never joined
    rows = max(1, _ENTRIES_PER_CHUNK // max(1, size))

    def close(start: int) -> Tensor:
        block = values[start : start + rows]
        if not symmetric:
            block = _middle(block, values[:, start : start + rows].T)
        return torch.triu(block <= radius, diagonal=start + 1)

    starts = range(0, size if wanted else 0, rows)
    require_room_for_pairs(sum(int(close(start).sum()) for start in starts), matrix.device)
    shift = torch.tensor([1, 0], device=matrix.device)
    found = [close(start).nonzero() + start * shift for start in starts]
    pairs = torch.cat([values.new_empty(0, 2, dtype=torch.int64), *found])
    u, v = pairs.unbind(1)
    return size, pairs, _middle(matrix[u, v], matrix[v, u])


def _middle(there: Tensor, back: Tensor) -> Tensor:
    """The mean of both directions, exact where they are equal, and without overflow."""
    return torch.where(there == back, there, there / 2 + back / 2)


def _require_distances(values: Tensor) -> bool:
    """Raise ``ValueError`` where a matrix is none of distances; whether it is exactly symmetric."""
    for block in torch.split(values, _TILE):
        require_lengths(block)
    slack = rounding(values)
    exact = True
    for i, rows in enumerate(
        torch.split(values, _TILE)
    ):  # tiles: a column of a matrix is slow to read
        columns = torch.split(values[:, i * _TILE : (i + 1) * _TILE], _TILE)
        for there, back in zip(torch.split(rows, _TILE, dim=1)[i:], columns[i:], strict=True):
            if torch.equal(there, back.T):
                continue
            exact = False
            if not bool(((there == back.T) | ((there - back.T).abs() <= slack)).all()):
                triangles = torch.triu(values, 1).any(), torch.tril(values, -1).any()
                raise ValueError(_asymmetric(triangle=not all(map(bool, triangles))))
    if bool((values.diagonal() > slack).any()):
        raise ValueError(
            f"distances must have a zero diagonal, got {float(values.diagonal().max()):.6g}. "
            "Similarities s in [0, 1] are no distances: pass 1 - s, say. Of points far from zero "
            "torch.cdist is inexact: pass points= instead, or subtract their mean before."
        )
    return exact


def _asymmetric(triangle: bool) -> str:
    advice = (
        "Only one triangle is filled: pass D + D.T."
        if triangle
        else "Choose one of both directions, or pass (D + D.T) / 2."
    )
    return f"distances must be symmetric with zero diagonal, got another matrix. {advice}"


def require_lengths(values: Tensor) -> None:
    """Raise ``ValueError`` at NaN and at negative distances; infinite ones are never joined."""
    if values.numel() and not bool(values.amin() >= 0):  # a NaN is the least of all
        raise ValueError("distances must be numbers ≥ 0, got NaN or negative entries.")


def _read_condensed(lengths: Tensor) -> tuple[int, Tensor, Tensor]:
    """One triangle, row by row, as scipy's pdist gives it."""
    size = (1 + round((1 + 8 * len(lengths)) ** 0.5)) // 2
    if size * (size - 1) // 2 != len(lengths):
        raise ValueError(
            f"distances must have shape (n, n) or (n(n-1)/2,), got {tuple(lengths.shape)}."
        )
    require_lengths(lengths.detach())
    require_room_for_pairs(len(lengths), lengths.device)
    return size, torch.triu_indices(size, size, 1, device=lengths.device).T, lengths


def _from_scipy(matrix: Any) -> Tensor:
    stored = matrix.tocoo()
    row, column = from_array(stored.row).long(), from_array(stored.col).long()
    values = read_numbers("distances", stored.data)
    return torch.sparse_coo_tensor(
        torch.stack([row, column]), values, tuple(stored.shape), check_invariants=True
    )


def _read_sparse(matrix: Tensor) -> tuple[int, Tensor, Tensor]:
    """What is stored, zeros included, are distances; pairs that are not stored are far apart."""
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"distances must have shape (n, n), got {tuple(matrix.shape)}.")
    size = len(matrix)
    stored = matrix.to_sparse(
        layout=torch.sparse_coo
    ).coalesce()  # sums duplicates, sorts by row and column
    (row, column), values = stored.indices(), read_numbers("distances", stored.values())
    require_lengths(values.detach())
    slack = rounding(values)
    if bool((values.detach()[row == column] > slack).any()):
        raise ValueError("distances must have a zero diagonal, got another one.")
    upper, lower = row < column, row > column
    pairs = torch.stack([row[upper], column[upper]], dim=1)
    turned = torch.stack([column[lower], row[lower]], dim=1)
    order = (turned[:, 0] * size + turned[:, 1]).argsort()
    if not torch.equal(pairs, turned[order]):
        if len(pairs) == 0 or len(turned) == 0:
            raise ValueError(_asymmetric(triangle=True))
        raise ValueError(
            "distances must have both entries of a pair, got a sparse matrix with one of them, as "
            "of nearest neighbours. Pass D.maximum(D.T) of scipy: the mean would halve distances."
        )
    there, back = values[upper], values[lower][order]
    apart = (there - back).detach().abs()
    if not bool(((there == back) | (apart <= slack)).all()):
        raise ValueError(_asymmetric(triangle=False))
    return size, pairs, _middle(there, back)
