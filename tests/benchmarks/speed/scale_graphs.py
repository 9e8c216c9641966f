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
    label = rng.permutation(1 << scale).astype(np.int32)
    # Of a bit of tail and head: both 0 with probability 0.57, one of them 1 with 0.19, both 0.05.
    one, two, three = (int(2**16 * part) for part in (0.57, 0.76, 0.95))
    left, block = per_vertex << scale, 1 << 22
    while left > 0:
        ends = np.zeros((2, min(left, block)), np.int32)
        for bit in range(scale):
            drawn = rng.integers(0, 2**16, ends.shape[1], np.uint16)
            ends[0] |= (drawn >= two).astype(np.int32) << bit
            ends[1] |= (((drawn >= one) & (drawn < two)) | (drawn >= three)).astype(np.int32) << bit
        yield label[ends].T
        left -= block
