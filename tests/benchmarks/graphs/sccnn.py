"""One SCCNN layer beside TopoModelX's: ``python -m tests.benchmarks.graphs.sccnn``.

Numbers of points may be given.

Both have the same weights, take turns in one process, and give the same result, which is checked
first. TopoModelX is no requirement of this project: install ``topomodelx==0.0.1`` without its
requirements into an environment that has ours, or put this repository on PYTHONPATH there.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

import torch
from torch import Tensor

from simplex import SimplicialComplex
from simplex.lifting import delaunay_complex
from simplex.nn import SCCNNConv
from simplex.operators import boundary_matrix, down_laplacian, up_laplacian
from tests.benchmarks.speed.nn import step, turns


WIDTH, ORDER = 16, 2
POINTS = (1_000, 2_000, 5_000, 10_000, 20_000)  # 20,000 points have 60,000 edges
OURS, THEIRS, WITHOUT = "ours", "TopoModelX", "with sparse identities"


def the_complex(num_points: int) -> SimplicialComplex:
    """The Delaunay triangulation of random points in the square."""
    generator = torch.Generator().manual_seed(0)
    return delaunay_complex(torch.rand(num_points, 2, dtype=torch.float64, generator=generator))


def load(conv: SCCNNConv, layer: Any) -> None:
    """Give ours the weights of theirs: (in, out, terms), in another order on the edges."""
    n = ORDER + 1
    edge = layer.weight_1.detach().split((n, 1, ORDER, ORDER, n), dim=2)
    ours = (layer.weight_0, torch.cat([edge[i] for i in (1, 2, 0, 3, 4)], dim=2), layer.weight_2)
    for lin, weight in zip(conv.lins, ours, strict=True):
        lin.weight.data = weight.detach().permute(1, 2, 0).flatten(1).contiguous()


def peer(K: SimplicialComplex) -> tuple[Any, list[Tensor], list[Tensor]] | None:
    """Their layer and its operators, in the format of their own examples; None where absent."""
    try:
        from topomodelx.nn.simplicial.sccnn_layer import SCCNNLayer
    except ImportError as error:
        print(f"  {THEIRS} skipped: {error}")
        return None
    up, down = up_laplacian, down_laplacian
    laplacians = [up(K, 0), down(K, 1), up(K, 1), down(K, 2)]
    boundaries = [boundary_matrix(K, 1), boundary_matrix(K, 2)]
    layer = SCCNNLayer((WIDTH,) * 3, (WIDTH,) * 3, conv_order=ORDER, sc_order=2)
    return layer, *(
        [m.to_sparse_coo().float().coalesce() for m in each] for each in (laplacians, boundaries)
    )


@contextmanager
def sparse_identities() -> Iterator[None]:
    """``torch.eye`` makes sparse matrices: what their layer would cost without its dense ones."""
    dense = torch.eye

    def sparse(n: int) -> Tensor:
        index = torch.arange(n)
        return torch.sparse_coo_tensor(
            torch.stack([index, index]), torch.ones(n), (n, n), is_coalesced=True
        )

    torch.eye = sparse  # type: ignore[assignment]
    try:
        yield
    finally:
        torch.eye = dense


def measure(num_points: int) -> None:
    """Forward alone, and forward with backward, on one triangulation."""
    K = the_complex(num_points)
    torch.manual_seed(0)
    x = [torch.randn(n, WIDTH, requires_grad=True) for n in K.f_vector]
    conv = SCCNNConv(WIDTH, WIDTH, 2, down_order=ORDER, up_order=ORDER)
    needed = 4 * sum(n * n for n in K.f_vector) / 1e9
    print(f"SCCNN {WIDTH} to {WIDTH}, order {ORDER}, {K}, {torch.get_num_threads()} threads")
    print(f"  dense identities of {THEIRS}: {needed:.1f} GB")

    tasks: dict[str, Callable[[], list[Tensor]]] = {OURS: lambda: conv(x, K)}
    found = peer(K)
    if found is not None:
        layer, laplacians, boundaries = found
        load(conv, layer)

        def theirs() -> list[Tensor]:
            return list(layer(x, laplacians, boundaries))

        def without() -> list[Tensor]:
            with sparse_identities():
                return theirs()

        tasks[WITHOUT] = without
        for y, z in zip(conv(x, K), without(), strict=True):
            torch.testing.assert_close(y, z, rtol=1e-3, atol=1e-2)
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
        if needed < memory / 3:
            tasks[THEIRS] = theirs
        else:
            print(f"  {THEIRS} as it is skipped: over a third of the {memory:.0f} GB here")

    def forward(task: Callable[[], list[Tensor]]) -> Callable[[], None]:
        def run() -> None:
            with torch.no_grad():
                task()

        return run

    repeats = 2 if THEIRS in tasks and needed > 1 else 5
    for name, way in (("forward", forward), ("forward and backward", step)):
        print(f"  {name}, {repeats} turns")
        times = turns({each: way(task) for each, task in tasks.items()}, repeats)
        for each, values in times.items():
            ratio = median(v / own for v, own in zip(values, times[OURS], strict=True))
            spread = f"({min(values):.3f}–{max(values):.3f})"
            print(f"    {each:24s} {median(values):8.3f} s {spread}  {ratio:6.1f} times ours")


if __name__ == "__main__":
    torch.set_num_threads(1)
    for number in map(int, sys.argv[1:] or POINTS):
        measure(number)
