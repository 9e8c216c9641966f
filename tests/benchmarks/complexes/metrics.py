"""What two sets of complexes differ in: kernels on descriptors, shares of what is well formed.

The descriptors and kernels of graphs are those of the benchmarks that report them: histograms of
degrees and clustering compared by exp(-EMD²/2σ²), counts of orbits by a Gaussian. The estimate is
the unbiased one, which published tables do not use; :func:`mmd2` gives theirs too.
"""

from collections.abc import Callable, Sequence
from itertools import combinations

import networkx as nx
import numpy as np
import torch
from torch import Tensor

from simplex import SimplicialComplex
from simplex.operators import betti_numbers, hodge_laplacian
from simplex.wl import distinguish, is_isomorphic


BINS = 100
Descriptor = Callable[[Sequence[SimplicialComplex]], Tensor]


# --- descriptors: one row per complex ------------------------------------------------------


def skeleton(K: SimplicialComplex) -> nx.Graph:
    """The 1-skeleton."""
    graph = nx.empty_graph(K.num_simplices(0))
    graph.add_edges_from(K.simplices(1).tolist())
    return graph


def _histogram(values: Tensor, top: float) -> Tensor:
    """Cumulative shares of values in [0, top]: the 1-norm between them, over the bins, is EMD."""
    counts = torch.histc(values.double().clamp(0, top), BINS, 0, top)
    return (counts / counts.sum().clamp(min=1)).cumsum(0) / BINS


def degrees(complexes: Sequence[SimplicialComplex]) -> Tensor:
    """Cumulative shares of the degrees 0 … 63."""
    rows = [
        torch.bincount(torch.bincount(K.simplices(1).flatten(), minlength=n), minlength=64) / n
        for K in complexes
        for n in [K.num_simplices(0)]
    ]
    return torch.stack(rows).double().cumsum(1)


def clustering(complexes: Sequence[SimplicialComplex]) -> Tensor:
    """Histograms of the local clustering coefficients."""
    values = (list(nx.clustering(skeleton(K)).values()) for K in complexes)
    return torch.stack([_histogram(torch.tensor(each), 1.0) for each in values])


def spectra(complexes: Sequence[SimplicialComplex]) -> Tensor:
    """Histograms of the eigenvalues of L_1 over n_0, which none exceeds."""
    rows = []
    for K in complexes:
        size = K.num_simplices(0)
        values = torch.zeros(0)
        if K.dim >= 1:
            values = torch.linalg.eigvalsh(hodge_laplacian(K, 1).to_dense().double()) / size
        rows.append(_histogram(values, 1.0))
    return torch.stack(rows)


def f_vectors(complexes: Sequence[SimplicialComplex]) -> Tensor:
    """Edges and triangles per vertex."""
    return torch.tensor(
        [[K.num_simplices(k) / K.num_simplices(0) for k in (1, 2)] for K in complexes]
    ).double()


def filled(complexes: Sequence[SimplicialComplex]) -> Tensor:
    """The share of the 3-cliques that are triangles; 1 where there are none."""
    cliques = (sum(nx.triangles(skeleton(K)).values()) // 3 for K in complexes)
    return torch.tensor(
        [[K.num_simplices(2) / n if n else 1.0] for K, n in zip(complexes, cliques, strict=True)]
    ).double()


def betti(complexes: Sequence[SimplicialComplex]) -> Tensor:
    """(b_0, b_1, b_2)."""
    return torch.tensor([[*betti_numbers(K), 0, 0][:3] for K in complexes]).double()


def orbits(complexes: Sequence[SimplicialComplex]) -> Tensor:
    """Mean over the vertices of the counts of the 15 orbits of connected graphs on 2 … 4."""
    rows = []
    for K in complexes:
        n = K.num_simplices(0)
        A = np.zeros((n, n), dtype=np.int64)
        A[tuple(K.simplices(1).T.numpy())] = 1
        A += A.T
        four = np.array(list(combinations(range(n), 4))).T
        code = sum(A[four[i], four[j]] << bit for bit, (i, j) in enumerate(_PAIRS))
        degree, triangles = A.sum(0), np.trace(A @ A @ A) // 6
        paths = (degree * (degree - 1) // 2).sum() - 3 * triangles
        small = np.array([degree.sum(), 2 * paths, paths, 3 * triangles])
        rows.append(np.concatenate([small, np.bincount(code, minlength=64) @ _ORBITS]) / n)
    return torch.from_numpy(np.stack(rows))


_PAIRS = list(combinations(range(4), 2))


def _orbit_table() -> np.ndarray:
    """(64, 11) for each graph on 4 vertices, how many of them lie in each orbit."""
    kinds: dict[tuple[object, ...], int] = {}
    table = np.zeros((64, 11))
    for code in range(64):
        graph = nx.empty_graph(4)
        graph.add_edges_from(pair for bit, pair in enumerate(_PAIRS) if code >> bit & 1)
        if not nx.is_connected(graph):
            continue
        whole = tuple(sorted(degree for _, degree in graph.degree()))
        for v in graph:  # on four vertices the degrees, own and around, tell the orbits apart
            around = tuple(sorted(graph.degree(w) for w in graph[v]))
            table[code, kinds.setdefault((whole, graph.degree(v), around), len(kinds))] += 1
    assert len(kinds) == 11
    return table


_ORBITS = _orbit_table()

# name: (descriptor, the norm of differences, σ)
DESCRIPTORS: dict[str, tuple[Descriptor, float, float]] = {
    "degree": (degrees, 1, 1.0),
    "clustering": (clustering, 1, 0.1),
    "orbit": (orbits, 2, 30.0),
    "f-vector": (f_vectors, 2, 0.3),
    "filled": (filled, 2, 0.1),
    "betti": (betti, 2, 1.0),
    "L1 spectrum": (spectra, 1, 0.1),
}


# --- MMD ----------------------------------------------------------------------------------------


class Mmd:
    """MMD² between two sets of descriptors.

    Args:
        x: (m, d).
        y: (n, d).
        norm: of differences.
        bandwidth: σ of exp(-|x - y|² / 2σ²).
    """

    def __init__(self, x: Tensor, y: Tensor, norm: float, bandwidth: float) -> None:
        both = torch.cat([x, y])
        self.kernel = torch.exp(-torch.cdist(both, both, p=norm).square() / (2 * bandwidth**2))
        self.sizes = len(x), len(y)

    def unbiased(self, weights: Tensor | None = None) -> float:
        """Without the pairs of a complex with itself, whatever weight it has."""
        m, n = self.sizes
        w = torch.ones(m + n, dtype=torch.float64) if weights is None else weights
        x, y = (torch.cat([w[:m], w.new_zeros(n)]), torch.cat([w.new_zeros(m), w[m:]]))
        value = -2 * (x @ self.kernel @ y) / (x.sum() * y.sum())
        for each in (x, y):
            alone = each.square().sum()
            inside = each @ self.kernel @ each - alone
            value = value + inside / (each.sum().square() - alone)
        return float(value)

    def biased(self) -> float:
        """The V-statistic of published tables: at least 0, and about 2/m under equality."""
        m, _ = self.sizes
        k = self.kernel
        return float(k[:m, :m].mean() + k[m:, m:].mean() - 2 * k[:m, m:].mean())

    def interval(self, rounds: int = 200, seed: int = 0) -> tuple[float, float]:
        """95 % by resampling both sets; two copies of one complex are no pair."""
        generator = np.random.default_rng(seed)
        values = []
        for _ in range(rounds):
            counts = [generator.multinomial(n, np.full(n, 1 / n)) for n in self.sizes]
            values.append(self.unbiased(torch.from_numpy(np.concatenate(counts)).double()))
        low, high = np.quantile(values, [0.025, 0.975])
        return float(low), float(high)


# --- shares -------------------------------------------------------------------------------------


def closure_violations(complexes: Sequence[SimplicialComplex]) -> int:
    """How many simplices lack a face, by vertex sets: no table of facets is believed."""
    missing = 0
    for K in complexes:
        have = {frozenset(row) for k in range(K.dim + 1) for row in K.simplices(k).tolist()}
        missing += sum(
            frozenset(face) not in have
            for simplex in have
            for size in range(1, len(simplex))
            for face in combinations(simplex, size)
        )
    return missing


def is_disc(K: SimplicialComplex) -> bool:
    """Whether it triangulates a disc: links of vertices are paths or cycles, connected, χ = 1."""
    graph = skeleton(K)
    n, m, f = (*K.f_vector, 0, 0)[:3]
    if n - m + f != 1 or not nx.is_connected(graph):
        return False
    links = [nx.Graph() for _ in range(n)]
    for a, b in K.simplices(1).tolist():
        links[a].add_node(b)
        links[b].add_node(a)
    for a, b, c in K.simplices(2).tolist():
        links[a].add_edge(b, c)
        links[b].add_edge(a, c)
        links[c].add_edge(a, b)
    good = all(
        len(L) > 1 and nx.is_connected(L) and max(dict(L.degree).values()) < 3 for L in links
    )
    return good and any(nx.is_tree(link) for link in links)


def planar(K: SimplicialComplex) -> bool:
    """Whether the 1-skeleton is."""
    return bool(nx.check_planarity(skeleton(K))[0])


def classes(complexes: Sequence[SimplicialComplex]) -> list[int]:
    """Isomorphism classes: equal SWL labels first, then the exact test among these."""
    labels = distinguish(list(complexes)).tolist()
    found: dict[int, list[int]] = {}
    result = []
    for i, label in enumerate(labels):
        same = found.setdefault(label, [])
        equal = (j for j in same if is_isomorphic(complexes[i], complexes[j]))
        first = next(equal, i)
        if first == i:
            same.append(i)
        result.append(first)
    return result
