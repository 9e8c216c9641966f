"""Persistence beside GUDHI: ``OMP_NUM_THREADS=1 python -m tests.benchmarks.speed.persistence``.

CPU seconds, medians of turns that alternate, on one thread; every pair of diagrams is compared.
"""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import gudhi
import numpy as np
import torch

from simplex import SimplicialComplex
from simplex.interop import to_gudhi
from simplex.lifting import alpha_complex, linial_meshulam_complex, vietoris_rips_complex
from simplex.persistence import lower_star, persistence
from tests.benchmarks.speed.encodings import molecules


TURNS = 3


def cpu(function: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of a call, and its result."""
    start = time.process_time()
    result = function()
    return time.process_time() - start, result


def compare(name: str, K: SimplicialComplex, top: int) -> None:
    """One row: the tree, GUDHI's persistence and ours; the diagrams must be equal."""
    times = []
    for _ in range(TURNS):
        tree_time, tree = cpu(lambda: to_gudhi(K))
        theirs, _ = cpu(
            lambda tree=tree: tree.compute_persistence(persistence_dim_max=top == K.dim)
        )
        ours, D = cpu(lambda: persistence(K, top))
        times.append((tree_time, theirs, ours))
    for k in range(top + 1):
        found, expected = D.of(k).pairs.numpy(), tree.persistence_intervals_in_dimension(k)
        expected = expected.reshape(-1, 2)
        found, expected = (rows[np.lexsort(rows.T)] for rows in (found, expected))
        np.testing.assert_array_equal(found, expected)
    tree_time, theirs, ours = (median(column) for column in zip(*times, strict=True))
    ratio = median(b / c for _, b, c in times)
    count = f"{sum(K.f_vector):,}"
    print(
        f"| {name} | {count} | {tree_time:.2f} s | {theirs:.2f} s | {ours:.2f} s | {ratio:.1f} |",
        flush=True,
    )


def collapse(size: int, top: int) -> None:
    """One row: a Rips lift and its persistence, without and with edge collapse."""
    points = torch.rand(size, 3, dtype=torch.float64)
    rows = []
    for option in (False, True):
        seconds, (K, D) = cpu(
            lambda option=option: (
                K := vietoris_rips_complex(points, 0.5, max_dim=top, collapse_edges=option),
                persistence(K, top - 1),
            )
        )
        rows.append((seconds, sum(K.f_vector), D))
    (plain, many, D), (less, few, E) = rows
    assert torch.equal(D.of(1).pairs.sort(0).values, E.of(1).pairs.sort(0).values)
    print(
        f"| Rips, {size} points, dimension {top} | {many:,} | {plain:.2f} s "
        f"| {few:,} | {less:.2f} s |"
    )


def main() -> None:
    torch.manual_seed(0)
    persistence(lower_star(SimplicialComplex.from_simplices([(0, 1, 2)]), [0, 1, 2]))  # compiles
    print("| complex | simplices | tree | GUDHI | ours | GUDHI / ours |\n|---|---|---|---|---|---|")
    cloud = torch.rand(36000, 3, dtype=torch.float64)
    alpha = alpha_complex(cloud)
    compare("alpha, 36,000 points in the cube", alpha, 3)
    noise = torch.rand(len(cloud), dtype=torch.float64)
    compare("the same, lower star of noise", lower_star(alpha, noise), 3)
    compare("the same, lower star of a wave", lower_star(alpha, (7 * cloud).sin().sum(1)), 3)
    plane = alpha_complex(torch.rand(170000, 2, dtype=torch.float64))
    compare("alpha, 170,000 points in the square", plane, 2)
    rips = vietoris_rips_complex(torch.rand(270, 3, dtype=torch.float64), 0.45, max_dim=3)
    compare("Rips, 270 points in the cube", rips, 2)
    random = linial_meshulam_complex(80, 0.04, max_dim=2)
    values = [torch.zeros(n) for n in random.f_vector[:2]] + [torch.rand(random.num_simplices(2))]
    compare("random triangles at random times", random.with_filtration(values), 2)

    batch = molecules(10000).to_batch().complex
    filtered = lower_star(batch, torch.rand(batch.num_simplices(0), dtype=torch.float64))
    parts = [part.with_vertex_labels(None) for part in filtered.split()[:1000]]
    theirs, _ = cpu(lambda: [to_gudhi(part).compute_persistence() for part in parts])
    ours, _ = cpu(lambda: persistence(filtered))
    print(
        f"\n10,000 small graphs in one call: {ours:.2f} s; a GUDHI tree each: {10 * theirs:.1f} s"
    )

    print(
        "\n| lift and persistence | simplices | plain | collapsed | time |\n|---|---|---|---|---|"
    )
    collapse(300, 2)
    collapse(300, 3)
    points = torch.rand(20000, 2, dtype=torch.float64, requires_grad=True)
    K = alpha_complex(points)
    forward, D = cpu(lambda: persistence(K))
    backward, _ = cpu(lambda: D.finite().lifetime.sum().backward())
    print(f"\ngradients of {sum(K.f_vector):,} alpha values: {forward:.2f} + {backward:.2f} s")
    print(f"GUDHI {gudhi.__version__}")


if __name__ == "__main__":
    main()
