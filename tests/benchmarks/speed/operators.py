"""How fast the operators are: ``python -m tests.benchmarks.speed.operators``.

Side by side with TopoNetX, on the same complex in one run, where it can be imported.
"""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
import torch

from simplex import SimplicialComplex
from simplex.lifting import delaunay_complex
from simplex.operators import (
    betti_numbers,
    boundary_matrix,
    dirac_operator,
    harmonic_basis,
    hodge_decomposition,
    hodge_laplacian,
    lower_adjacency,
    normalized_laplacian,
    upper_adjacency,
)
from tests.benchmarks.speed.wl import random_geometric


def delaunay(num_points: int, seed: int) -> tuple[torch.Tensor, SimplicialComplex]:
    """Uniform points in the unit square and their Delaunay triangulation."""
    points = torch.rand(
        (num_points, 2), generator=torch.Generator().manual_seed(seed), dtype=torch.float64
    )
    return points, delaunay_complex(points)


def with_holes(points: torch.Tensor, K: SimplicialComplex) -> SimplicialComplex:
    """The triangles outside a 5 × 5 pattern of square holes, without the vertices left over."""
    centre = points[K.simplices(2)].mean(1)
    inside = ((centre * 5 % 1) - 0.5).abs().amax(1) < 0.2
    rows = K.simplices(2)[~inside]
    return SimplicialComplex.from_simplices(torch.unique(rows, return_inverse=True)[1])


def seconds(task: Callable[[], Any], repeats: int = 9, warm: bool = True) -> float:
    """The median time of a task, after one run to warm up."""
    if warm:
        task()
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        task()
        times.append(time.perf_counter() - begin)
    return median(times)


def beside_toponetx(K: SimplicialComplex, repeats: int = 3) -> None:
    """Every boundary matrix and Hodge Laplacian, ours and theirs; the results must agree."""
    try:
        from toponetx.classes import SimplicialComplex as TopoNetX
    except ImportError:
        print("TopoNetX cannot be imported: pip install toponetx to compare with it.")
        theirs = None
    else:
        theirs = TopoNetX(K.simplices(K.dim).tolist())
    totals = np.zeros(2)
    for name, ranks, ours_of, theirs_of in (
        ("boundary_matrix", range(1, K.dim + 1), boundary_matrix, "incidence_matrix"),
        ("hodge_laplacian", range(K.dim + 1), hodge_laplacian, "hodge_laplacian_matrix"),
    ):
        for k in ranks:
            ours = seconds(lambda k=k, of=ours_of: of(K, k))
            line = f"{name} {k}: {1e3 * ours:.1f} ms"
            if theirs is not None:
                compute = getattr(theirs, theirs_of)
                expected = compute(k).tocoo()
                got = ours_of(K, k)
                reference = torch.sparse_coo_tensor(
                    np.stack([expected.row, expected.col]),
                    torch.from_numpy(expected.data).to(got.dtype),
                    got.shape,
                    check_invariants=False,
                )
                assert not (got - reference).coalesce().values().any()
                other = seconds(lambda compute=compute, k=k: compute(k), repeats, warm=False)
                totals += ours, other
                line += f"; TopoNetX {other:.2f} s; {other / ours:.0f}×"
            print(line, flush=True)
    if theirs is not None:
        print(f"all of them: {1e3 * totals[0]:.0f} ms; TopoNetX {totals[1]:.1f} s; "
              f"{totals[1] / totals[0]:.0f}×")  # fmt: skip


def main() -> None:
    """Print a line per measurement."""
    points, K = delaunay(20_000, seed=0)
    print(f"Delaunay triangulation of 20,000 points, f-vector {K.f_vector}")
    beside_toponetx(K)
    for name, task in (
        ("dirac_operator", lambda: dirac_operator(K)),
        ("upper_adjacency 1", lambda: upper_adjacency(K, 1)),
        ("lower_adjacency 1", lambda: lower_adjacency(K, 1)),
        ("normalized_laplacian 1, symmetric", lambda: normalized_laplacian(K, 1)),
        ("normalized_laplacian 1, spectral", lambda: normalized_laplacian(K, 1, "spectral")),
    ):
        print(f"{name}: {1e3 * seconds(task):.1f} ms", flush=True)

    H = with_holes(points, K)
    flow = torch.randn(H.num_simplices(1), 16, generator=torch.Generator().manual_seed(0))
    print(f"the same with 25 holes, f-vector {H.f_vector}, Betti numbers {betti_numbers(H)}")
    for name, task in (
        ("betti_numbers", lambda: betti_numbers(H)),
        ("hodge_decomposition, 1 channel", lambda: hodge_decomposition(H, flow[:, 0])),
        ("hodge_decomposition, 16 channels", lambda: hodge_decomposition(H, flow)),
        ("harmonic_basis 1", lambda: harmonic_basis(H, 1)),
    ):
        print(f"{name}: {seconds(task, 3):.2f} s", flush=True)

    R = random_geometric(9_000, 24.0, seed=0)
    print(f"random geometric clique complex, f-vector {R.f_vector}")
    flow = torch.randn(R.num_simplices(1), generator=torch.Generator().manual_seed(0))
    print(f"betti_numbers {betti_numbers(R)}: {seconds(lambda: betti_numbers(R), 3):.2f} s")
    print(
        f"hodge_decomposition, 1 channel: {seconds(lambda: hodge_decomposition(R, flow), 1):.2f} s"
    )


if __name__ == "__main__":
    main()
