"""Brute force: sets of frozensets, exact arithmetic, all permutations."""

import itertools
from collections.abc import Iterable

import networkx as nx


Simplices = set[tuple[int, ...]]


def closure(simplices: Iterable[Iterable[int]], num_vertices: int = 0) -> Simplices:
    """All faces of all simplices, and the vertices below the largest."""
    given = [tuple(sorted(set(s))) for s in simplices]
    top = max([num_vertices, *(s[-1] + 1 for s in given if s)])
    faces = {f for s in given for k in range(1, len(s) + 1) for f in itertools.combinations(s, k)}
    return faces | {(v,) for v in range(top)}


def f_vector(simplices: Simplices) -> tuple[int, ...]:
    sizes = [len(s) for s in simplices]
    return tuple(sizes.count(k) for k in range(1, max(sizes, default=0) + 1))


def cliques(graph: nx.Graph, max_dim: int) -> Simplices:
    """All cliques of at most max_dim + 1 vertices."""
    found: Simplices = {(v,) for v in graph}
    for size in range(2, max_dim + 2):
        found |= {
            c
            for c in itertools.combinations(sorted(graph), size)
            if all(graph.has_edge(u, v) for u, v in itertools.combinations(c, 2))
        }
    return found


def boundary(simplices: Simplices, k: int) -> list[list[int]]:
    """Rows of ∂_k, one for each (k-1)-simplex, both in lexicographic order."""
    below = sorted(s for s in simplices if len(s) == k)
    above = sorted(s for s in simplices if len(s) == k + 1)
    rows = [[0] * len(above) for _ in below]
    for j, s in enumerate(above):
        for i in range(k + 1):
            rows[below.index(s[:i] + s[i + 1 :])][j] = (-1) ** i
    return rows


def rank(matrix: list[list[int]], prime: int) -> int:
    """Rank over the field of that many elements."""
    rows = [[x % prime for x in row] for row in matrix]
    found = 0
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((i for i in range(found, len(rows)) if rows[i][column]), None)
        if pivot is None:
            continue
        rows[found], rows[pivot] = rows[pivot], rows[found]
        inverse = pow(rows[found][column], prime - 2, prime)
        rows[found] = [x * inverse % prime for x in rows[found]]
        for i, row in enumerate(rows):
            if i != found and row[column]:
                factor = row[column]
                rows[i] = [(a - factor * b) % prime for a, b in zip(row, rows[found], strict=True)]
        found += 1
    return found


def betti(simplices: Simplices, prime: int) -> tuple[int, ...]:
    """β_k = n_k - rank ∂_k - rank ∂_{k+1}."""
    sizes = f_vector(simplices)
    ranks = [0, *(rank(boundary(simplices, k), prime) for k in range(1, len(sizes))), 0]
    return tuple(n - ranks[k] - ranks[k + 1] for k, n in enumerate(sizes))


def isomorphic(A: Simplices, B: Simplices) -> bool:
    """Whether some renaming of vertices turns A into B."""
    if f_vector(A) != f_vector(B):
        return False
    n = sum(len(s) == 1 for s in A)
    tops = {s for s in A if len(s) > 1}
    return any(
        all(tuple(sorted(p[v] for v in s)) in B for s in tops)
        for p in itertools.permutations(range(n))
    )
