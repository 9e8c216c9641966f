"""What rows of whole numbers are: weighted edges, facets, points of a grid, or not to be told."""

import numpy as np


def kind_of_rows(ids: np.ndarray, counted: bool = False) -> str:
    """By the vertices that the rows would have in common.

    Args:
        ids: (n, w) int64, the numbers; w ≥ 2.
        counted: whether the first column may number the lines.

    Returns:
        ``"edges"``, ``"facets"`` of a closed manifold, ``"grid"`` of points, ``"numbered"`` lines,
        or ``"unclear"``: edges or facets.
    """
    if _is_grid(ids):
        return "grid"
    width = ids.shape[1]
    if width == 2:
        return "edges"
    if len(ids) == 1 and width > 3:
        return "unclear"
    ordered = np.sort(ids, axis=1)
    twice = (ordered[:, 1:] == ordered[:, :-1]).any() or repeats(ordered)
    if ordered.min() < 0 or twice:  # a facet has its vertices once each
        return "numbered" if counted and _is_numbered(ids) else "edges"
    if not _is_contiguous(np.unique(ids)) and any(_is_apart(ids, k) for k in range(2, width)):
        return "edges"  # a column of times, or of large weights
    return "facets" if _is_closed(ordered) else "unclear"


def repeats(rows: np.ndarray) -> bool:
    """Whether two rows are equal."""
    order = np.lexsort(rows.T)
    in_order = rows[order]
    return bool((in_order[1:] == in_order[:-1]).all(axis=1).any())


def _is_apart(ids: np.ndarray, k: int) -> bool:
    """Whether no number of column ``k`` is in another column."""
    return not np.intersect1d(ids[:, k], np.delete(ids, k, axis=1)).size


def _is_numbered(ids: np.ndarray) -> bool:
    """Whether the first column counts the lines, and the others alone could be vertices."""
    first = ids[:, 0]
    if len(ids) < 3 or first[0] not in (0, 1) or not (np.diff(first) == 1).all():
        return False
    shared = np.intersect1d(ids[:, 1], ids[:, 2]).size > 0
    return shared and _is_contiguous(np.unique(ids[:, 1:]))


def _is_contiguous(used: np.ndarray) -> bool:
    """Whether the sorted numbers in use are 0 … n or 1 … n."""
    return bool(used[0] in (0, 1) and used[-1] - used[0] + 1 == len(used))


def _is_closed(ordered: np.ndarray) -> bool:
    """Whether every face that leaves one vertex out is in exactly two rows: a closed manifold."""
    width = ordered.shape[1]
    faces = np.concatenate([np.delete(ordered, i, axis=1) for i in range(width)])
    _, counts = np.unique(faces, axis=0, return_counts=True)
    return len(ordered) > width and bool((counts == 2).all())


def _is_grid(ids: np.ndarray) -> bool:
    """Points of a grid: all pairs, or the same pair again and again, and pairs of equal ones."""
    if not (ids[:, 0] == ids[:, 1]).any():
        return False
    if ids.shape[1] == 2:
        sides = len(np.unique(ids[:, 0])), len(np.unique(ids[:, 1]))
        return min(sides) > 2 and sides[0] * sides[1] == len(ids) and not repeats(ids)
    if ids[:, 2].max() > 2 * max(ids[:, :2].max(), 1):
        return False
    pairs = np.unique(ids[:, :2], axis=0)
    return 3 * len(pairs) <= 2 * len(ids) and not repeats(ids)
