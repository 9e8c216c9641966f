"""Facet tables: from vertex tuples by downward closure, and back to vertex tuples.

A complex is its facet tables: row ``s`` of ``facets(k)`` holds the ids, in dimension k-1, of the
facets of the k-simplex ``s``; column ``i`` omits vertex ``i``. Because rows are in lexicographic
order, the last column (the simplex without its last vertex: its *parent*) is non-decreasing, so
the simplices that extend a simplex at its end are consecutive: the tables are a prefix tree.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from simplex.complexes._machine import require_memory


# The largest vertex count n for which the edge key v0·n + v1 stays below 2⁶³.
MAX_VERTICES = 3_037_000_499
_INT64_MAX = 2**63 - 1


def require_edge_keys(num_vertices: int) -> int:
    """The number itself; ``ValueError`` where the edge key v0·n + v1 would overflow 64 bits."""
    if num_vertices > MAX_VERTICES:
        raise ValueError(
            f"num_vertices must be at most {MAX_VERTICES}, so that the edge key v0·n + v1 fits in "
            f"64 bits, got {num_vertices}. Relabel the vertices 0, 1, 2, …"
        )
    return num_vertices


def ragged(counts: Tensor) -> tuple[Tensor, Tensor]:
    """A row for each thing that somebody owns: whose it is, and the how manieth of theirs.

    Args:
        counts: (n,) int64, how many things each owner has.

    Returns:
        ``owner`` (Σ counts,), ascending, and ``nth`` (Σ counts,), from 0 for each owner.

    Example:
        >>> [column.tolist() for column in ragged(torch.tensor([2, 0, 3]))]
        [[0, 0, 2, 2, 2], [0, 1, 0, 1, 2]]
    """
    owner = torch.arange(len(counts), device=counts.device).repeat_interleave(counts)
    first = counts.cumsum(0) - counts
    return owner, torch.arange(len(owner), device=counts.device) - first[owner]


def unique_rows(rows: Tensor, num_vertices: int) -> tuple[Tensor, Tensor]:
    """Distinct rows in lexicographic order, and for each given row its place among them.

    Rows are packed into 64-bit keys Σ vᵢ·nʷ⁻ⁱ; where the next digit would not fit, the keys so far
    are replaced by their ranks, which keeps the order.

    Args:
        rows: (m, w) int64 vertex ids in 0 … num_vertices-1.
        num_vertices: n, the base of the keys.

    Returns:
        The distinct rows (d, w) and the inverse (m,), so that ``distinct[inverse] == rows``.
    """
    key, size = rows[:, 0], num_vertices
    for column in rows.unbind(1)[1:]:
        if size > _INT64_MAX // num_vertices:
            ranks, key = torch.unique(key, return_inverse=True)
            size = len(ranks)
        key = key * num_vertices + column
        size *= num_vertices
    distinct, inverse = torch.unique(key, return_inverse=True)
    representative = torch.empty_like(distinct)
    representative[inverse] = torch.arange(len(rows), device=rows.device)
    return rows[representative], inverse


def faces_of_rows(rows: Tensor) -> Tensor:
    """The facets of each row, (n, w) to (n, w, w-1): entry ``[:, i]`` is without vertex i."""
    width = rows.shape[1]
    keep = torch.tensor([[j for j in range(width) if j != i] for i in range(width)])
    return rows[:, keep.to(rows.device)]


def close_downward(given: Mapping[int, Tensor], num_vertices: int, remedy: str) -> list[Tensor]:
    """Facet tables of the smallest complex that holds the given simplices.

    Works down from the top: the distinct rows of the given k-simplices and of the facets of the
    (k+1)-simplices are the k-simplices, and the inverse of that step is the table ``facets(k+1)``.

    Args:
        given: for each k ≥ 1 the given k-simplices, (m, k+1) int64 with increasing rows.
        num_vertices: n_0.
        remedy: what to do where a dimension would not fit in memory.

    Returns:
        ``[facets(1), …, facets(dim)]``, each (n_k, k+1) int64.

    Cost:
        A k-simplex has 2^(k+1) faces: exponential in the dimension, as the result is.
    """
    tables: list[Tensor] = []
    above: Tensor | None = None  # the (k+1)-simplices
    for k in range(max(given, default=0), 0, -1):
        candidates = [given[k]] if k in given else []
        num_given = sum(len(rows) for rows in candidates)
        if above is not None:
            count = above.shape[0] * (k + 2)
            # Rows twice, with the given ones and picked; keys, ranks and places while they sort.
            num_bytes = count * (2 * (k + 1) + 6) * 8
            require_memory(num_bytes, above.device, f"the {count} {k}-faces", remedy)
            candidates.append(faces_of_rows(above).flatten(0, 1))
        rows, inverse = unique_rows(torch.cat(candidates), num_vertices)
        if above is not None:
            tables.append(inverse[num_given:].view(-1, k + 2).contiguous())
        above = rows
    if above is not None:
        tables.append(above.flip(1))  # facets(1) = [v1, v0]
    return tables[::-1]


def simplices_from_facets(below: Tensor, facets: Tensor) -> Tensor:
    """Vertex tuples of dimension k: the parent's tuple and the last vertex of the facet without v0.

    Args:
        below: (n_{k-1}, k) vertex tuples of dimension k-1.
        facets: (n_k, k+1) facet ids.

    Returns:
        (n_k, k+1) vertex tuples.
    """
    return torch.cat([below[facets[:, -1]], below[facets[:, 0], -1:]], dim=1)


def child_pointer(parents: Tensor, num_parents: int) -> Tensor:
    """Where each parent's children start in a non-decreasing parent column: (num_parents+1,)."""
    pointer = parents.new_zeros(num_parents + 1)
    torch.cumsum(torch.bincount(parents, minlength=num_parents), 0, out=pointer[1:])
    return pointer


def find_children(
    parents: Tensor, last: Tensor, base: int, query: Tensor, vertex: Tensor
) -> Tensor:
    """Id of the child ``query ∪ {vertex}`` in a level of the prefix tree, -1 where there is none.

    Args:
        parents: (n,) parent of each simplex of the level, non-decreasing.
        last: (n,) its last vertex; increasing within a parent.
        base: n_0, the base of the key parent·n_0 + last.
        query: (m,) parent ids, -1 where the parent itself is absent.
        vertex: (m,) vertices.

    Returns:
        (m,) int64.
    """
    if len(parents) == 0:
        return torch.full_like(query, -1)
    keys, wanted = parents * base + last, query * base + vertex
    place = torch.searchsorted(keys, wanted).clamp_(max=len(keys) - 1)
    found = (keys[place] == wanted) & (query >= 0)
    return torch.where(found, place, -1)


def cofacet_table(facets: Tensor, num_facets: int) -> tuple[Tensor, Tensor]:
    """Invert a facet table: CSR pair (pointer (num_facets+1,), index), ids ascending per row."""
    order = torch.sort(facets.flatten(), stable=True)
    bounds = torch.arange(num_facets + 1, device=facets.device)
    return torch.searchsorted(order.values, bounds), order.indices // facets.shape[1]


def group_by_dimension(simplices: Sequence[Tensor], directed: bool = False) -> dict[int, Tensor]:
    """Collect (m, k+1) row blocks by k, rows sorted increasingly unless their order counts."""
    groups: dict[int, list[Tensor]] = {}
    for rows in simplices:
        groups.setdefault(rows.shape[1] - 1, []).append(rows)
    joined = {k: torch.cat(blocks) for k, blocks in groups.items()}
    return joined if directed else {k: rows.sort(dim=1).values for k, rows in joined.items()}
