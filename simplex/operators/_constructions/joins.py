"""Join, cone, suspension and wedge: complexes put together along nothing, points or a vertex."""

from typing import Any

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, on_free_threads, require_int, require_undirected
from simplex.operators._constructions.arguments import vertex_ids
from simplex.operators._constructions.rows import (
    complex_of_rows,
    fresh_names,
    names_of,
    require_pair,
    require_room,
)


@on_free_threads()
def join(
    A: SimplicialComplex, B: SimplicialComplex, *, max_dim: int | None = None
) -> SimplicialComplex:
    r"""The join: every simplex of one complex spans one with every simplex of the other.

    .. math:: A * B = A ∪ B ∪ \{σ ⊔ τ : σ ∈ A,\ τ ∈ B\}, \qquad \dim = \dim A + \dim B + 1

    Args:
        A: the complex whose vertices come first.
        B: the complex whose vertices come after them; with the empty one the join is A.
        max_dim: top dimension kept; ``None`` for all.

    Returns:
        The complex. Labels are put one after the other (vertex numbers where only one complex has
        them); orientation and filtration are left behind.

    Raises:
        TypeError: no complex.
        ValueError: a union, directed complexes, two devices, or a result that does not fit in
            memory.

    Laws:
        n_k = Σ_{i+j=k-1} n_i(A) n_j(B) with n_{-1} = 1; reduced Betti numbers over a field obey the
        same rule, β̃_{k+1} = Σ_{i+j=k} β̃_i(A) β̃_j(B).

    Cost:
        That of the result.

    Example:
        >>> two = SimplicialComplex(2)
        >>> join(two, join(two, two)).f_vector
        (6, 12, 8)
    """
    require_pair(A, B)
    top = A.dim + B.dim + 1
    top = top if max_dim is None else min(top, require_int("max_dim", max_dim, 0))
    below_a, below_b = [1, *A.f_vector], [1, *B.f_vector]
    pairs = [
        [(i, k - 1 - i) for i in range(-1, k + 1) if i <= A.dim and k - 1 - i <= B.dim]
        for k in range(top + 1)
    ]
    sizes = [sum(below_a[i + 1] * below_b[j + 1] for i, j in of_k) for of_k in pairs]
    require_room(sizes, A, "the join")
    count = A.num_simplices(0) + B.num_simplices(0)
    rows = [torch.cat([_side_by_side(A, i, B, j) for i, j in of_k]) for of_k in pairs]
    K = complex_of_rows(rows, A, count)
    if A.vertex_labels is None and B.vertex_labels is None:
        return K
    return K.with_vertex_labels([*names_of(A), *names_of(B)])


@on_free_threads()
def cone(K: SimplicialComplex) -> SimplicialComplex:
    """The cone: the join with a point, which can be drawn together to that point.

    Args:
        K: the complex. Each part of a union gets an apex of its own, so that the cone of a union
            is the union of the cones.

    Returns:
        The complex; the apex is the last vertex of its part. Where there are labels it is called
        ``"apex"``; orientation and filtration are left behind.

    Raises:
        TypeError: ``K`` is no complex.
        ValueError: it is directed, or the cone does not fit in memory.

    Laws:
        Betti numbers 1, 0, 0, …: a cone has the homotopy type of a point.

    Example:
        >>> cone(SimplicialComplex.from_simplices([(0, 1), (1, 2), (0, 2)])).f_vector
        (4, 6, 3)
    """
    return _with_apexes(K, 1, "apex")


@on_free_threads()
def suspension(K: SimplicialComplex) -> SimplicialComplex:
    """The suspension: the join with two points, which raises all homology by a dimension.

    Args:
        K: the complex. Each part of a union gets two points of its own.

    Returns:
        The complex; the two points are the last vertices of their part. Where there are labels
        they are called ``"pole"`` and ``"pole 2"``; orientation and filtration are left behind.

    Raises:
        TypeError: ``K`` is no complex.
        ValueError: it is directed, or the suspension does not fit in memory.

    Laws:
        Reduced Betti numbers move up: β̃_{k+1}(suspension) = β̃_k. The suspension of a sphere is a
        sphere.

    Example:
        >>> suspension(suspension(SimplicialComplex(2))).f_vector
        (6, 12, 8)
    """
    return _with_apexes(K, 2, "pole")


@on_free_threads()
def wedge(A: SimplicialComplex, B: SimplicialComplex, a: Any = 0, b: Any = 0) -> SimplicialComplex:
    """The wedge: both complexes, glued at a vertex of each.

    Args:
        A: a complex with a vertex; its vertices come first.
        B: a complex with a vertex; its other vertices come after those of A, in their order.
        a: the vertex of A that is glued, by id or name.
        b: the vertex of B that it is glued to.

    Returns:
        The complex. Labels are put one after the other (vertex numbers where only one complex has
        them), the glued vertex has that of A; orientation and filtration are left behind.

    Raises:
        TypeError: no complex, or no vertex.
        ValueError: a vertex that is not there, a union, directed complexes, or two devices.

    Laws:
        Reduced Betti numbers add up.

    Example:
        >>> circle = SimplicialComplex.from_simplices([(0, 1), (1, 2), (0, 2)])
        >>> wedge(circle, circle).f_vector
        (5, 6)
    """
    require_pair(A, B)
    here, there = _one_vertex(A, "a", a), _one_vertex(B, "b", b)
    count = A.num_simplices(0)
    others = torch.arange(B.num_simplices(0), device=B.device)
    place = count + others - (others > there).long()
    place[there] = here
    rows = [A.simplices(k) for k in range(A.dim + 1)]
    rows += [place[B.simplices(k)] for k in range(B.dim + 1)]
    K = complex_of_rows(rows, A, count + B.num_simplices(0) - 1)
    if A.vertex_labels is None and B.vertex_labels is None:
        return K
    behind = list(names_of(B))
    del behind[there]
    return K.with_vertex_labels([*names_of(A), *behind])


def _side_by_side(A: SimplicialComplex, i: int, B: SimplicialComplex, j: int) -> Tensor:
    """All pairs of an i-simplex of A and a j-simplex of B as rows; degree -1 has the empty set."""
    left = A.simplices(i) if i >= 0 else A.simplices(0).new_empty(1, 0)
    right = B.simplices(j) + A.num_simplices(0) if j >= 0 else B.simplices(0).new_empty(1, 0)
    return torch.cat([left.repeat_interleave(len(right), 0), right.repeat(len(left), 1)], 1)


def _with_apexes(K: SimplicialComplex, each: int, word: str) -> SimplicialComplex:
    """The join of every part with ``each`` points, which come after its vertices."""
    require_undirected("K", K)
    shifted = [1, *K.f_vector]
    sizes = [
        (K.num_simplices(k) + each * (shifted[k] if k else K.num_parts)) for k in range(K.dim + 2)
    ]
    require_room(sizes, K, "the cone")
    place = torch.arange(K.num_simplices(0), device=K.device) + each * K.part(0)
    pointer = K.part_pointer(0)
    pointer = pointer + each * torch.arange(len(pointer), device=K.device)
    apexes = pointer[1:, None] - each + torch.arange(each, device=K.device)  # (parts, each)
    rows = [place[K.simplices(k)] for k in range(K.dim + 1)]
    for k in range(K.dim + 1):
        below = rows[k].repeat_interleave(each, 0)
        rows.append(torch.cat([below, apexes[K.part(k)].reshape(-1, 1)], 1))
    result = complex_of_rows(rows, K, int(pointer[-1]))
    if K.num_parts != 1:
        result = result.with_parts(pointer)
    if K.vertex_labels is None:
        return result
    names: list[Any] = [None] * int(pointer[-1])
    new = fresh_names(word, each * K.num_parts, K.vertex_labels)
    for places, labels in ((place, K.vertex_labels), (apexes.flatten(), new)):
        for at, label in zip(places.tolist(), labels, strict=True):
            names[at] = label
    return result.with_vertex_labels(names)


def _one_vertex(K: SimplicialComplex, name: str, vertex: Any) -> int:
    ids = vertex_ids(K, name, vertex)
    if len(ids) != 1:
        raise ValueError(f"{name} must be one vertex, got {len(ids)} of them.")
    return int(ids)
