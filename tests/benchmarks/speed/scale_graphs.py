"""Large random graphs in blocks of edges, by seed, for ``tests.benchmarks.speed.scale``."""

from collections.abc import Iterator

import numpy as np
from scipy.spatial import cKDTree


def geometric_edges(
    num_vertices: int, mean_degree: float, seed: int, slabs: int = 64
) -> Iterator[np.ndarray]:
    """The random geometric graph of ``speed.lift`` in the unit cube, (m, 2) slab by slab.

    Vertices are numbered at random: where they lie says nothing of where they are in memory.
    """
    points = np.random.default_rng(seed).random((num_vertices, 3))
    radius = (mean_degree / num_vertices * 3 / (4 * np.pi)) ** (1 / 3)
    order = np.argsort(points[:, 0])
    places = points[order, 0]
    for slab in range(slabs):
        first, stop = np.searchsorted(places, [slab / slabs, (slab + 1) / slabs])
        behind = np.searchsorted(places, (slab + 1) / slabs + radius)
        ids = order[first:behind]
        pairs = cKDTree(points[ids]).query_pairs(radius, output_type="ndarray")
        yield ids[pairs[pairs[:, 0] < stop - first]]


def kronecker_edges(scale: int, per_vertex: int, seed: int) -> Iterator[np.ndarray]:
    """The Kronecker graph of Graph500, (m, 2) with repetitions: hubs, and cliques around them."""
    rng = np.random.default_rng(seed)
    label = rng.permutation(1 << scale)
    left, block = per_vertex << scale, 1 << 22
    while left > 0:
        ends = np.zeros((min(left, block), 2), np.int64)
        for bit in range(scale):
            quarter = rng.random((len(ends), 1))
            ends |= ((quarter > [0.76, 0.57]) & (quarter < [2.0, 0.76])).astype(np.int64) << bit
            ends[:, 1] |= (quarter[:, 0] > 0.95).astype(np.int64) << bit
        yield label[ends]
        left -= block
