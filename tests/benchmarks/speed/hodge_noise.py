"""How fast coloured noise is drawn: ``python -m tests.benchmarks.speed.hodge_noise``.

Delaunay triangulations with square holes, one thread, CPU seconds. The target: under 0.5 s a draw
at 10⁵ edges, linear in the incidences.

2026-11-24, two shared cores, 22 411 → 89 067 → 177 945 edges, seconds a draw in float32 (float64):
Matérn .006 → .022 → .048 (.014 → .058 → .147); eight times as long .039 → .149 → .337 (.097 → .455
→ 1.09); heat .004 → .013 → .028 (.007 → .026 → .076); three kernels, so with projections,
.070 → .049 → .135 (.023 → .104 → .268), the first draw 6.6 s at 89 067 edges, for factorisations.
"""

import time
from collections.abc import Callable
from typing import Any

import torch

from simplex.diffusion import HeatKernel, HodgeNoise, MaternKernel
from simplex.operators import Kernel
from tests.benchmarks.speed.operators import delaunay, with_holes


CASES: dict[str, tuple[Kernel, ...]] = {
    "Matern, one kernel": (MaternKernel(),),
    "Matern, one kernel, long": (MaternKernel(length=8.0),),
    "heat, one kernel": (HeatKernel(),),
    "Matern, three kernels": (MaternKernel(), MaternKernel(0.5), MaternKernel(3.0)),
}


def cpu_seconds(task: Callable[[], Any], repeats: int = 5) -> float:
    """The least CPU time of a task, after one run to warm up."""
    task()
    times = []
    for _ in range(repeats):
        begin = time.process_time()
        task()
        times.append(time.process_time() - begin)
    return min(times)


def main() -> None:
    """Print the time of a draw, and of a whitening, by kernel, dtype and size."""
    torch.set_num_threads(1)
    for num_points in (8_750, 17_500, 35_000, 70_000):
        K = with_holes(*delaunay(num_points, 0))
        n = K.num_simplices(1)
        print(f"{n} edges, {2 * n + 3 * K.num_simplices(2)} incidences")
        for name, kernels in CASES.items():
            for dtype in (torch.float32, torch.float64):
                noise, like = HodgeNoise(K, *kernels), torch.zeros(n, 1, dtype=dtype)
                begin = time.process_time()
                x = noise.sample(like)
                first = time.process_time() - begin
                draw = cpu_seconds(lambda noise=noise, like=like: noise.sample(like))
                whiten = cpu_seconds(lambda noise=noise, x=x: noise.whiten(x))
                print(
                    f"  {name}, {dtype}: draw {draw:.3f} s (the first {first:.3f} s), "
                    f"whiten {whiten:.3f} s"
                )


if __name__ == "__main__":
    main()
