"""How fast the SWL test runs: ``python -m tests.benchmarks.speed.wl``, one line per measurement."""

import time
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

import numpy as np
import torch
from scipy.spatial import cKDTree

from simplex import SimplicialComplex
from simplex.complexes import flag_complex, unique_edges
from simplex.wl import compare, distinguish, is_isomorphic, simplicial_wl
from tests.wl.graphs import csl, lift, relabel


def random_geometric(num_vertices: int, mean_degree: float, seed: int) -> SimplicialComplex:
    """The flag complex, to dimension 3, of a random geometric graph in the unit cube."""
    points = np.random.default_rng(seed).random((num_vertices, 3))
    radius = (mean_degree / num_vertices * 3 / (4 * np.pi)) ** (1 / 3)
    pairs = cKDTree(points).query_pairs(radius, output_type="ndarray")
    edges = unique_edges(torch.from_numpy(pairs.T.astype(np.int64)), num_vertices)
    return flag_complex(num_vertices, edges, 3)


def random_graphs(count: int, num_vertices: int, num_edges: int, seed: int) -> SimplicialComplex:
    """The flag complexes, to dimension 3, of uniform random graphs of one size, as one union."""
    generator = torch.Generator().manual_seed(seed)
    possible = torch.combinations(torch.arange(num_vertices))
    chosen = torch.rand(count, len(possible), generator=generator).topk(num_edges).indices
    edges = possible[chosen] + num_vertices * torch.arange(count)[:, None, None]
    total = count * num_vertices
    union = flag_complex(total, unique_edges(edges.flatten(0, 1).T, total), 3)
    return SimplicialComplex(
        total,
        [union.facets(k) for k in range(1, union.dim + 1)],
        part_pointer=torch.arange(0, total + 1, num_vertices),
    )


def seconds(task: Callable[[], Any], repeats: int = 5) -> float:
    """The median time of a task, after one run to warm up."""
    times = []
    for _ in range(repeats + 1):
        begin = time.perf_counter()
        task()
        times.append(time.perf_counter() - begin)
    return median(times[1:])


def main() -> None:
    """Print a line per measurement."""
    K = random_geometric(9_000, 24.0, seed=0)
    simplicial_wl(K)  # derived tables are cached by the complex
    rounds = 3
    for name, adjacencies in (
        ("boundary + upper", ("boundary", "upper")),
        ("all four", ("boundary", "coboundary", "lower", "upper")),
    ):
        refine = partial(simplicial_wl, K, adjacencies=adjacencies, max_rounds=rounds)
        time_ = seconds(refine) / rounds
        print(f"SWL, {sum(K.f_vector):,} simplices, {name}: {time_:.3f} s per round")

    U = random_graphs(4_000, 35, 280, seed=0)
    rounds = simplicial_wl(U).rounds
    print(
        f"SWL, union of 4,000 graphs, {sum(U.f_vector):,} simplices: "
        f"{seconds(lambda: simplicial_wl(U), 3):.2f} s to the stable colouring ({rounds} rounds)"
    )
    print(f"distinguish, the same union: {seconds(lambda: distinguish(U), 3):.2f} s")
    print(f"is_isomorphic, {sum(K.f_vector):,} simplices, relabelled: ", end="")
    L, _ = relabel(K, 0)
    print(f"{seconds(lambda: is_isomorphic(K, L), 3):.2f} s")
    for name, A, B in (
        ("CSL(41, 3), CSL(41, 5)", lift(csl(3)), lift(csl(5))),
        ("CSL(41, 3), relabelled", lift(csl(3)), relabel(lift(csl(3)), 0)[0]),
    ):
        assert not compare(A, B)
        print(f"is_isomorphic, {name}: {seconds(lambda A=A, B=B: is_isomorphic(A, B)):.3f} s")


if __name__ == "__main__":
    main()
