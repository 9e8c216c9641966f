"""How fast layers are: ``python -m tests.benchmarks.speed.nn``, or with the names of some parts.

Everything that is compared takes turns in one run; memory is measured in processes of their own.
"""

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import elu, embedding_bag, linear

from simplex import SimplicialComplex
from simplex.nn import SINConv, upper_pair_sum
from simplex.operators import (
    boundary_adjacency,
    boundary_matrix,
    boundary_sum,
    lower_sum,
    upper_adjacency,
)
from tests.benchmarks.speed.wl import random_geometric


WIDTH = 64
SIZES = {"small": 2_000, "middle": 6_000, "large": 20_000}  # vertices


def the_complex(num_points: int) -> SimplicialComplex:
    """A random geometric graph in the cube, mean degree 30 inside, lifted to triangles."""
    return random_geometric(num_points, 30, 0).skeleton(2)


class Layer:
    """SIN's layer on one complex, three ways, all with the same weights."""

    def __init__(self, K: SimplicialComplex) -> None:
        torch.manual_seed(0)
        self.K, self.conv = K, SINConv(WIDTH, WIDTH, 2)
        self.x = [torch.randn(n, WIDTH, requires_grad=True) for n in K.f_vector]

    def list_pairs(self) -> None:
        """What a library with materialised pairs stores beforehand; not timed."""
        self.upper = [upper_adjacency(self.K, k) for k in range(2)]
        self.boundary = [boundary_adjacency(self.K, k) for k in range(1, 3)]

    def messages(self) -> list[Tensor]:
        """Boundary and upper messages of all dimensions, ours."""
        out = []
        for k in range(2):
            out.append(boundary_sum(self.K, self.x[k], k + 1))
            own, shared = self.conv.message[k](self.x[k], self.x[k + 1])
            out.append(upper_pair_sum(self.K, own, shared, k, elu))
        return out

    def messages_of_pairs(self) -> list[Tensor]:
        """The same over listed pairs: gather, concatenate, dense map, scatter."""
        out = []
        for k in range(2):
            out.append(self._boundary_of_pairs(k + 1))
            out.append(self._upper_of_pairs(k))
        return out

    def layer(self) -> list[Tensor]:
        """The whole layer, ours."""
        return self.conv(self.x, self.K)  # type: ignore[no-any-return]

    def layer_of_pairs(self) -> list[Tensor]:
        """The whole layer over listed pairs."""
        conv, out = self.conv, []
        for k, h in enumerate(self.x):
            b = h + self._boundary_of_pairs(k) if k > 0 else h
            u = h + self._upper_of_pairs(k) if k < 2 else h
            both = (conv.boundary_update[k](b), conv.upper_update[k](u))
            out.append(conv.combine[k](torch.cat(both, dim=1)))
        return out

    def _boundary_of_pairs(self, k: int) -> Tensor:
        sender, receiver = self.boundary[k - 1].index
        sent = self.x[k - 1].index_select(0, sender)
        return torch.zeros_like(self.x[k]).index_add(0, receiver, sent)

    def _upper_of_pairs(self, k: int) -> Tensor:
        adjacency, maps = self.upper[k], self.conv.message[k]
        sender, receiver = adjacency.index
        assert adjacency.shared is not None
        pair = [self.x[k].index_select(0, sender), self.x[k + 1].index_select(0, adjacency.shared)]
        message = elu(linear(torch.cat(pair, dim=1), maps.weight, maps.bias))
        return torch.zeros_like(self.x[k]).index_add(0, receiver, message)


def step(task: Callable[[], list[Tensor]]) -> Callable[[], None]:
    """Forward and backward of the sum of all outputs."""
    return lambda: sum(y.sum() for y in task()).backward()  # type: ignore[union-attr]


def turns(tasks: dict[str, Callable[[], Any]], repeats: int) -> dict[str, list[float]]:
    """The times of all tasks, in turns, after one turn to warm up."""
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for turn in range(repeats + 1):
        for name, task in tasks.items():
            begin = time.perf_counter()
            task()
            if turn:
                times[name].append(time.perf_counter() - begin)
    return times


def report(times: dict[str, list[float]], base: str) -> None:
    """Median, least, most, and the median of the ratios to the base of each turn."""
    for name, values in times.items():
        ratio = median(b / v for b, v in zip(times[base], values, strict=True))
        print(
            f"  {name:28s} {median(values):8.3f} s ({min(values):.3f}–{max(values):.3f})"
            f"  {ratio:6.1f} times as fast as {base}"
        )


def sin(sizes: tuple[str, str] = ("large", "middle"), repeats: int = 2) -> None:
    """SIN's messages and its whole layer beside listed pairs; eager and compiled.

    The whole layer takes the middle size: over pairs, a step of it at the large one needs more than
    24 GB.
    """
    for size, ours, theirs in (
        (sizes[0], "messages", "messages_of_pairs"),
        (sizes[1], "layer", "layer_of_pairs"),
    ):
        task = Layer(the_complex(SIZES[size]))
        task.list_pairs()
        with torch.no_grad():
            for y, z in zip(getattr(task, ours)(), getattr(task, theirs)(), strict=True):
                torch.testing.assert_close(y, z, rtol=1e-3, atol=1e-2)
        threads = torch.get_num_threads()
        print(f"SIN, width {WIDTH}, forward and backward, {task.K}, {threads} threads", flush=True)
        tasks = {theirs: step(getattr(task, theirs)), ours: step(getattr(task, ours))}
        report(turns(tasks, repeats), theirs)
        run = torch.compile(getattr(task, ours), fullgraph=True)
        tasks = {ours: tasks[ours], f"{ours}, compiled": step(run)}
        report(turns(tasks, repeats), ours)


def memory() -> None:
    """Peak memory of a step of the layer, ours and over pairs, in processes of their own."""
    print("peak memory of a step above that of an idle process, GB, and per million incidences")
    for size, number in SIZES.items():
        K = the_complex(number)
        incidences = (2 * K.num_simplices(1) + 3 * K.num_simplices(2)) / 1e6
        ways = ("ours", "pairs") if size != "large" else ("ours",)  # pairs need more than 24 GB
        idle = _peak(f"idle:{size}")
        for way in ways:
            peak = _peak(f"{way}:{size}") - idle
            print(f"  {K.f_vector} {way}: {peak:.2f}, {peak / incidences:.2f}", flush=True)


def hub(leaves: int = 20_000) -> None:
    """Lower messages between the edges at one vertex: 4·10⁸ ordered pairs."""
    peak = _peak("hub:small") - _peak("nothing:small")
    print(
        f"lower messages of {leaves} edges at one vertex, width {WIDTH}, forward and backward: "
        f"{peak:.3f} GB above an idle process"
    )


def _peak(what: str) -> float:
    """The peak memory of a fresh process that does one thing, in GB."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.speed.nn", f"--only={what}"]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _only(what: str) -> None:
    way, size = what.split(":")
    if way == "hub":
        count = 20_000
        star = torch.stack([torch.zeros(count, dtype=torch.int64), torch.arange(1, count + 1)], 1)
        K = SimplicialComplex.from_simplices(star)
        x = torch.randn(count, WIDTH, requires_grad=True)
        lower_sum(K, torch.tanh(x)[:, None].expand(-1, 2, -1), 1).sum().backward()
    elif way != "nothing":
        task = Layer(the_complex(SIZES[size]))
        if way == "pairs":
            task.list_pairs()
            step(task.layer_of_pairs)()
        elif way == "ours":
            step(task.layer)()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)


def sums(num_points: int = 20_000) -> None:
    """The kernel of linear layers, ∂_1 x and ∂_1ᵀ x: bags, sparse products, index_add."""
    from simplex.lifting import delaunay_complex
    from simplex.operators import apply_boundary, apply_coboundary

    points = torch.rand(
        num_points, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)
    )
    K = delaunay_complex(points)
    x, v = torch.randn(K.num_simplices(1), WIDTH), torch.randn(num_points, WIDTH)
    matrix = boundary_matrix(K, 1)
    rows, columns = matrix.to_sparse_csr(), matrix.t().coalesce().to_sparse_csr()
    facets, signs = K.facets(1), K.facet_signs(1).float()[:, :, None]
    print(f"∂_1 and its transpose on {WIDTH} channels, {K}, {torch.get_num_threads()} threads")
    report(
        turns(
            {
                "∂x: index_add": lambda: torch.zeros_like(v).index_add(
                    0, facets.flatten(), (x[:, None] * signs).flatten(0, 1)
                ),
                "∂x: CSR product": lambda: rows @ x,
                "∂x: bags": lambda: apply_boundary(K, x, 1),
            },
            20,
        ),
        "∂x: index_add",
    )
    report(
        turns(
            {
                "∂ᵀx: gather": lambda: (v[facets] * signs).sum(1),
                "∂ᵀx: CSR product": lambda: columns @ v,
                "∂ᵀx: bags": lambda: apply_coboundary(K, v, 0),
                "bare embedding_bag": lambda: embedding_bag(facets, v, mode="sum"),
            },
            20,
        ),
        "∂ᵀx: gather",
    )


def epoch() -> None:
    """An epoch of SIN on PROTEINS lifted to dimension 2, batches of 128, with its batching."""
    from simplex.datasets import tu_dataset
    from simplex.nn import SIN

    dataset = tu_dataset("PROTEINS")
    model = SIN(dataset.num_features, 32, 2, 3, 2, norm="batch", jumping_knowledge="cat")
    optimizer = torch.optim.Adam(model.parameters(), fused=True)

    def one() -> None:
        for ids in torch.randperm(len(dataset)).split(128):
            batch = dataset[ids].to_batch()
            logits = model(batch.cochains(), batch.complex)
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(logits, batch.y).backward()
            optimizer.step()

    times = turns({"epoch": one}, 5)["epoch"]
    print(
        "epoch of SIN, 3 layers of width 32, 1,113 PROTEINS graphs, batches of 128, "
        f"{torch.get_num_threads()} threads: {median(times):.2f} s "
        f"({min(times):.2f}–{max(times):.2f})"
    )


PARTS = {"sums": sums, "sin": sin, "memory": memory, "hub": hub, "epoch": epoch}

if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1].startswith("--only="):
        _only(sys.argv[1].removeprefix("--only="))
    else:
        for name in sys.argv[1:] or PARTS:
            PARTS[name]()
