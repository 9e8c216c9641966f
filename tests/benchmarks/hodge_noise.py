"""How fast coloured noise is drawn: ``python -m tests.benchmarks.hodge_noise``.

Delaunay triangulations with square holes, one thread. The target: under 0.5 s a draw at 10⁵ edges,
linear in the incidences.
"""

import time

import torch

from simplex.diffusion import HeatKernel, HodgeNoise, Kernel, MaternKernel
from tests.benchmarks.operators import delaunay, seconds, with_holes


CASES: dict[str, tuple[Kernel, ...]] = {
    "Matern, one kernel": (MaternKernel(),),
    "Matern, one kernel, long": (MaternKernel(length=8.0),),
    "heat, one kernel": (HeatKernel(),),
    "Matern, three kernels": (MaternKernel(), MaternKernel(0.5), MaternKernel(3.0)),
}


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
                begin = time.perf_counter()
                x = noise.sample(like)
                first = time.perf_counter() - begin
                draw = seconds(lambda noise=noise, like=like: noise.sample(like), 3)
                whiten = seconds(lambda noise=noise, x=x: noise.whiten(x), 3)
                print(
                    f"  {name}, {dtype}: draw {draw:.3f} s (the first {first:.3f} s), "
                    f"whiten {whiten:.3f} s"
                )


if __name__ == "__main__":
    main()
