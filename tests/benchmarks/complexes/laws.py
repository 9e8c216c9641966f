"""What a complex costs in nats: under a law of independent edges, and under the true one."""

import math
from collections.abc import Sequence
from functools import cache
from itertools import combinations

import torch
from torch import Tensor

from simplex import SimplicialComplex
from simplex.complexes import fillable_simplices


class IndependentSimplices:
    """Edges with the probability that pairs have in training data of that size, then triangles.

    The Erdős-Rényi law of each number of vertices (of all, where the data has no such), and each
    triangle of the graph filled with the probability that it has in the data.

    Args:
        complexes: the training data.
    """

    def __init__(self, complexes: Sequence[SimplicialComplex]) -> None:
        edges, pairs = torch.zeros(256), torch.zeros(256)
        filled = hollow = 0
        for K in complexes:
            n, m = K.num_simplices(0), K.num_simplices(1)
            edges[n] += m
            pairs[n] += math.comb(n, 2)
            filled += K.num_simplices(2)
            hollow += len(fillable_simplices(K, 2))
        everywhere = edges.sum() / pairs.sum()
        self.edge = torch.where(pairs > 0, edges / pairs.clamp(min=1), everywhere).double()
        self.fill = (filled + 0.5) / (filled + hollow + 1)

    def nats(self, K: SimplicialComplex) -> float:
        """-log p(K), given the number of vertices."""
        n, m = K.num_simplices(0), K.num_simplices(1)
        filled, hollow, p = K.num_simplices(2), len(fillable_simplices(K, 2)), float(self.edge[n])
        graph = m * math.log(p) + (math.comb(n, 2) - m) * math.log1p(-p)
        return -graph - filled * math.log(self.fill) - hollow * math.log1p(-self.fill)

    def sample(
        self, num_vertices: Sequence[int], generator: torch.Generator
    ) -> list[SimplicialComplex]:
        """Draw one complex for each number of vertices."""
        made = []
        for n in num_vertices:
            pairs = torch.triu_indices(n, n, 1)
            draw = torch.rand(pairs.shape[1], generator=generator, dtype=torch.float64)
            edges = pairs[:, draw < self.edge[n]].T
            graph = SimplicialComplex.from_simplices(edges, num_vertices=n)
            facets = fillable_simplices(graph, 2) if graph.dim >= 1 else pairs.new_empty(0, 3)
            kept = torch.rand(len(facets), generator=generator, dtype=torch.float64) < self.fill
            tables = [graph.facets(1), facets[kept]]
            made.append(SimplicialComplex(n, tables))
        return made


@cache
def _halves(n: int) -> Tensor:
    """(number of ways, n) ±1: all ways to split n vertices into two halves, vertex 0 in one."""
    rows = torch.full((math.comb(n - 1, n // 2 - 1), n), -1.0, dtype=torch.float64)
    chosen = torch.tensor(list(combinations(range(1, n), n // 2 - 1))).reshape(len(rows), -1)
    rows[:, 0] = 1
    return rows.scatter(1, chosen, 1.0)


def community_nats(
    K: SimplicialComplex, most: int = 20, within: float = 0.7, bridges: float = 0.05
) -> float:
    """-log p(K) under the law of ``community_complexes``, given the number of vertices.

    A sum over all ways to split the vertices. An n drawn even and the next make the same number of
    vertices: a mixture of two probabilities of bridges, unless n is the most that is drawn.
    """
    n, m = K.num_simplices(0), K.num_simplices(1)
    A = torch.zeros(n, n, dtype=torch.float64)
    A[tuple(K.simplices(1).T)] = 1
    A = A + A.T
    split = _halves(n)
    across = ((A.sum() - ((split @ A) * split).sum(1)) / 4).round()
    inside, pairs, half = m - across, math.comb(n, 2), n // 2
    log_inside = inside * math.log(within) + (pairs - half**2 - inside) * math.log1p(-within)
    terms = []
    drawn_sizes = range(n, min(n + 1, most) + 1)
    for drawn in drawn_sizes:
        p = bridges * drawn / half**2
        log_across = across * math.log(p) + (half**2 - across) * math.log1p(-p)
        alone = half**2 * math.log1p(-p) - math.log(half**2)  # none was drawn, so one was put
        log_across = torch.where(
            across == 1, torch.logaddexp(log_across, torch.full_like(across, alone)), log_across
        )
        terms.append(torch.where(across == 0, -math.inf, log_across) + log_inside)
    return float(math.log(len(drawn_sizes) * len(split)) - torch.logsumexp(torch.cat(terms), 0))
