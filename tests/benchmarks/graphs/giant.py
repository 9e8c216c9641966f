"""Vertices of one giant graph, whose classes are in its triangles alone, by balls and as a whole.

``python -m tests.benchmarks.graphs.giant`` takes 10⁴ and 10⁵ vertices; sizes may be given, and
``--only NAME``. Each row is a process of its own, that opens the graph from disk.

Communities of 100 vertices belong to one of two classes. Every vertex is in three triangles with
others of its community, and has six neighbours of the other class: of its neighbours, and of theirs
along edges, as many are of the one class as of the other. All degrees are near twelve. A vertex
knows its class but weakly, x = ±0.3 plus noise. What triangles join is of one class: who sees them
can average over it, and who sees edges alone averages it away.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from simplex.lifting import clique_complex
from simplex.loader import BallLoader
from simplex.nn import SIN, GraphNetwork
from simplex.storage import edges_to_disk, open_edges
from simplex.transforms import spread_features


COMMUNITY, TRIANGLES, SIGNAL = 100, 3, 0.3
BATCH, STEPS, TESTED, RATE = 128, 200, 4096, 0.01
LARGEST_WHOLE = 100_000  # vertices of the full batch
LONGER = "SIN, balls, 4 x steps"  # a step of the whole complex has all seeds, one of balls 128


def write_graph(n: int, folder: Path) -> None:
    """Edges, features and classes into a folder."""
    rng = np.random.default_rng(0)
    vertices = np.arange(n).reshape(-1, COMMUNITY)
    label = (np.arange(n) // COMMUNITY) % 2
    edges = []
    for _ in range(TRIANGLES):
        order = rng.permuted(vertices, axis=1)[:, : COMMUNITY // 3 * 3].reshape(-1, 3)
        edges += [order[:, [0, 1]], order[:, [0, 2]], order[:, [1, 2]]]
    for _ in range(2 * TRIANGLES):
        ends = [rng.permutation(np.flatnonzero(label == kind)) for kind in (0, 1)]
        edges.append(np.stack(ends, axis=1))
    edges_to_disk(np.concatenate(edges).T, folder / "edges", num_vertices=n)
    x = SIGNAL * (2 * label - 1) + rng.standard_normal(n)
    np.save(folder / "x.npy", x.astype(np.float32)[:, None])
    np.save(folder / "y.npy", label)


def sin() -> nn.Module:
    return SIN(1, 16, 2, num_layers=2, max_dim=2, level=0, norm="layer")


def graph_network(kind: str) -> Callable[[], nn.Module]:
    return lambda: GraphNetwork(
        1, 16, 2, num_layers=2, max_dim=1, level=0, convolution=kind, norm="layer"
    )


# name: the network, its lift, and the fanout
METHODS: dict[str, tuple[Callable[[], nn.Module], int, list[int] | str | None]] = {
    "SIN, whole complex": (sin, 2, "whole"),
    "SIN, balls": (sin, 2, None),
    LONGER: (sin, 2, None),
    "SIN, balls of fanout 8": (sin, 2, [8, 8]),
    "GCN, balls": (graph_network("gcn"), 1, None),
    "MLP": (graph_network("mlp"), 1, None),
}


def seeds(n: int, folder: Path) -> tuple[Tensor, Tensor]:
    order = torch.randperm(n, generator=torch.Generator().manual_seed(1))
    return order[: max(n // 20, BATCH)], order[-min(TESTED, n // 2) :]


def optimizers(model: nn.Module, steps: int) -> tuple[torch.optim.Optimizer, Any]:
    optimizer = torch.optim.Adam(model.parameters(), RATE)
    return optimizer, torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)


def fit_balls(
    model: nn.Module, n: int, folder: Path, max_dim: int, fanout: list[int] | None, num_steps: int
) -> tuple[float, float]:
    """Accuracy, and seeds per second of the processor."""
    fields = {key: np.load(folder / f"{key}.npy", mmap_mode="r") for key in ("x", "y")}
    train, test = seeds(n, folder)
    options = {"max_dim": max_dim, "fields": fields}
    graph, hops = open_edges(folder / "edges"), int(model.hops)  # type: ignore[arg-type]
    loader = BallLoader(
        graph, train, hops, fanout and fanout[:hops], batch_size=BATCH, shuffle=True,
        drop_last=True, generator=torch.Generator().manual_seed(2), **options,
    )  # fmt: skip
    (optimizer, schedule), steps = optimizers(model, num_steps), 0
    start = time.process_time()
    while steps < num_steps:
        for batch in loader:
            rows = model(batch.cochains(), batch.complex)[batch.seed]
            loss = nn.functional.cross_entropy(rows, batch.y[batch.seed])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            steps += 1
            if steps == num_steps:
                break
    rate = num_steps * BATCH / (time.process_time() - start)
    model.eval()
    right = 0
    with torch.no_grad():
        for batch in BallLoader(graph, test, hops, batch_size=BATCH, **options):
            rows = model(batch.cochains(), batch.complex)[batch.seed]
            right += int((rows.argmax(1) == batch.y[batch.seed]).sum())
    return right / len(test), rate


def fit_whole(model: nn.Module, n: int, folder: Path, max_dim: int) -> tuple[float, float]:
    """The same for steps on the whole complex."""
    edges = open_edges(folder / "edges").edges
    K = clique_complex(torch.from_numpy(edges.T.astype(np.int64)), max_dim, num_vertices=n)
    x = spread_features(K, torch.from_numpy(np.load(folder / "x.npy")), max_dim)
    y = torch.from_numpy(np.load(folder / "y.npy"))
    train, test = seeds(n, folder)
    (optimizer, schedule), start = optimizers(model, STEPS), time.process_time()
    for _ in range(STEPS):
        loss = nn.functional.cross_entropy(model(x, K)[train], y[train])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    rate = STEPS * len(train) / (time.process_time() - start)
    with torch.no_grad():
        rows = model.eval()(x, K)[test]
    return float((rows.argmax(1) == y[test]).float().mean()), rate


def peak() -> float:
    """Bytes that this process has held at most; what it inherited does not count."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return 1024.0 * int(next(line.split()[1] for line in lines if line.startswith("VmHWM")))


def run_one(name: str, n: int, folder: Path) -> None:
    """One row, as json."""
    torch.manual_seed(0)
    make, max_dim, fanout = METHODS[name]
    model, before = make(), peak()
    if fanout == "whole":
        accuracy, rate = fit_whole(model, n, folder, max_dim)
    else:
        assert not isinstance(fanout, str)
        steps = 4 * STEPS if name == LONGER else STEPS
        accuracy, rate = fit_balls(model, n, folder, max_dim, fanout, steps)
    print(json.dumps({"accuracy": accuracy, "rate": rate, "bytes": peak() - before}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[10_000, 100_000])
    parser.add_argument("--only", choices=METHODS, action="append")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        run_one(options.one, options.sizes[0], options.folder)
        return
    print(f"{'vertices':>9}  {'method':24s} accuracy  seeds/s  peak MiB beyond imports")
    for n in options.sizes:
        with tempfile.TemporaryDirectory() as folder:
            write_graph(n, Path(folder))
            for name in options.only or METHODS:
                if METHODS[name][2] == "whole" and n > LARGEST_WHOLE:
                    continue
                command = [sys.executable, "-m", "tests.benchmarks.graphs.giant", str(n)]
                command += ["--one", name, "--folder", folder]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                row = json.loads(done.stdout.splitlines()[-1])
                print(
                    f"{n:9d}  {name:24s} {row['accuracy']:8.3f} {row['rate']:8.0f} "
                    f"{row['bytes'] / 2**20:8.0f}",
                    flush=True,
                )


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
