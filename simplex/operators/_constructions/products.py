"""The product of two complexes, triangulated by the order of their vertices."""

from functools import cache
from math import factorial

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, on_free_threads, require_int
from simplex.operators._constructions.rows import (
    complex_of_rows,
    names_of,
    require_pair,
    require_room,
)


Step = tuple[int, int]


@on_free_threads()
def product(
    A: SimplicialComplex, B: SimplicialComplex, *, max_dim: int | None = None
) -> SimplicialComplex:
    r"""The product of two complexes: chains of pairs of vertices that ascend in both.

    .. math:: \{(a_0, b_0) < … < (a_k, b_k)\} ∈ A × B \iff
              \{a_0, …, a_k\} ∈ A,\ \{b_0, …, b_k\} ∈ B, \qquad a_i ≤ a_{i+1},\ b_i ≤ b_{i+1}

    It triangulates the product of the spaces; the vertex order decides how prisms are cut, and
    nothing else. Vertex (a, b) has the number a · n_0(B) + b, so that ``v // n_0(B)`` and
    ``v % n_0(B)`` are the projections, which are simplicial maps.

    Args:
        A: the first factor.
        B: the second factor.
        max_dim: top dimension kept; ``None`` for all, dim A + dim B.

    Returns:
        The complex. Where a factor has labels, a vertex has the pair of its labels (vertex numbers
        where only one factor has them); orientation and filtration are left behind.

    Raises:
        TypeError: no complex.
        ValueError: a union, directed complexes, two devices, or a result that does not fit in
            memory.

    Laws:
        χ(A × B) = χ(A) χ(B). Over a field β_k = Σ_{i+j=k} β_i(A) β_j(B) (Künneth).

    Cost:
        A p-simplex and a q-simplex give C(p + q, p) simplices of dimension p + q.

    Reference:
        Eilenberg, Steenrod, "Foundations of Algebraic Topology", 1952, II.8.

    Example:
        >>> edge = SimplicialComplex.from_simplices([(0, 1)])
        >>> product(edge, edge).f_vector
        (4, 5, 2)
    """
    require_pair(A, B)
    top = A.dim + B.dim if min(A.dim, B.dim) >= 0 else -1
    top = top if max_dim is None else min(top, require_int("max_dim", max_dim, 0))
    pairs = [
        [(p, q) for p in range(min(k, A.dim) + 1) for q in range(max(k - p, 0), min(k, B.dim) + 1)]
        for k in range(top + 1)
    ]
    sizes = [
        sum(A.num_simplices(p) * B.num_simplices(q) * _num_paths(p, q, k) for p, q in of_k)
        for k, of_k in enumerate(pairs)
    ]
    require_room(sizes, A, "the product")
    count = A.num_simplices(0) * B.num_simplices(0)
    rows = [torch.cat([_chains(A, p, B, q, k) for p, q in of_k]) for k, of_k in enumerate(pairs)]
    K = complex_of_rows(rows, A, count)
    if A.vertex_labels is None and B.vertex_labels is None:
        return K
    return K.with_vertex_labels([(a, b) for a in names_of(A) for b in names_of(B)])


def _chains(A: SimplicialComplex, p: int, B: SimplicialComplex, q: int, k: int) -> Tensor:
    """The k-simplices that project onto a p-simplex of A and a q-simplex of B, (m, k+1)."""
    paths = torch.tensor(_paths(p, q, k), device=A.device).reshape(-1, k + 1, 2)
    first = A.simplices(p)[:, paths[:, :, 0]] * B.num_simplices(0)  # (n_p, paths, k+1)
    second = B.simplices(q)[:, paths[:, :, 1]]  # (n_q, paths, k+1)
    return (first[:, None] + second[None]).reshape(-1, k + 1)


@cache
def _paths(p: int, q: int, k: int) -> tuple[tuple[Step, ...], ...]:
    """Lattice paths of k steps (1, 0), (0, 1) or (1, 1) from (0, 0) to (p, q)."""
    if k == 0:
        return (((0, 0),),) if (p, q) == (0, 0) else ()
    before = [(p - 1, q), (p, q - 1), (p - 1, q - 1)]
    return tuple(
        (*path, (p, q)) for i, j in before if min(i, j) >= 0 for path in _paths(i, j, k - 1)
    )


def _num_paths(p: int, q: int, k: int) -> int:
    """How many there are: p + q - k diagonal steps, placed among k."""
    diagonal = p + q - k
    return factorial(k) // (factorial(diagonal) * factorial(p - diagonal) * factorial(q - diagonal))
