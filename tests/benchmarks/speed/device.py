"""What works on an accelerator and how fast: ``python -m tests.benchmarks.speed.device --out DIR``.

One command of less than eight minutes, for whoever has a device: the tests marked ``gpu``; the join
in torch operations beside the compiled one, whose tables must be the same; lifts of growing graphs,
up to 10⁸ simplices as memory and time allow; networks, samplers and LocoProp beside the same on the
CPU. ``DIR/device.md`` is the table and ``DIR/device.json`` the same for programs, rewritten after
each part. A part that fails is a line of the table, and the command ends with 1.

``--device cpu`` does all of it at small sizes, which shows that the command works and nothing else.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor, nn

import simplex
from optim import LocoProp
from simplex.complexes import available_bytes
from simplex.lifting import clique_complex
from simplex.nn import SCCNN, SIN, MLPMixer, SaNN, SimplicialMixer
from simplex.operators import boundary_matrix, hodge_laplacian
from tests.benchmarks.speed.diffusion import STEPS, ours


MINUTES = 7.5
PER_VERTEX = 232  # simplices to dimension 3 where vertices have 30 neighbours
BYTES = 90  # of device memory that a lift takes for each simplex, tables and what it computes with
WIDTH = 64
TESTS = 150  # seconds that the tests may take
ENOUGH = 150  # seconds left for which the CPU is measured too


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    part: str
    what: str
    size: str
    seconds: float | None
    remark: str = ""


class Bench:
    """A device, how large things are on it, and how much time is left.

    Args:
        device: where everything runs.
        minutes: after which nothing new is begun.
    """

    def __init__(self, device: torch.device, minutes: float) -> None:
        self.device, self.is_cpu = device, device.type == "cpu"
        self.end = time.monotonic() + 60 * minutes
        self.repeats = 2 if self.is_cpu else 10

    def left(self) -> float:
        """Seconds."""
        return self.end - time.monotonic()

    def size(self, on_device: int, on_cpu: int) -> int:
        """The one meant here."""
        return on_cpu if self.is_cpu else on_device

    def seconds(self, task: Callable[[], Any], repeats: int | None = None) -> float:
        """The median time of a task, what it started on the device included, after a first run."""
        times = []
        for turn in range((repeats or self.repeats) + 1):
            self.wait()
            begin = time.perf_counter()
            task()
            self.wait()
            if turn:
                times.append(time.perf_counter() - begin)
        return median(times)

    def wait(self) -> None:
        """Until the device has done all that it was given."""
        if not self.is_cpu:
            torch.accelerator.synchronize(self.device)


def geometric_edges(num_vertices: int) -> Tensor:
    """A random geometric graph in the unit cube, 30 neighbours away from its boundary: (2, E)."""
    points = np.random.default_rng(0).random((num_vertices, 3))
    radius = (30 / num_vertices * 3 / (4 * np.pi)) ** (1 / 3)
    pairs = cKDTree(points).query_pairs(radius, output_type="ndarray")
    return torch.from_numpy(np.ascontiguousarray(pairs.T, dtype=np.int64))


def by_torch() -> Any:
    """Within it the CPU lifts by torch operations too, as accelerators do."""
    return patch("simplex.complexes._flag._COMPILED_ON", ())


# --- parts ----------------------------------------------------------------------------------------


def gpu_tests(bench: Bench) -> Iterator[Row]:
    """The tests that need an accelerator."""
    if bench.device.type != "cuda":
        yield Row("tests", "marked gpu", "", None, f"not run: they need CUDA, not {bench.device}")
        return
    command = [sys.executable, "-m", "pytest", "-q", "-m", "gpu", "-p", "no:cacheprovider", "tests"]
    begin = time.perf_counter()
    run = subprocess.run(command, capture_output=True, text=True, timeout=TESTS)
    said = (run.stdout.strip().splitlines() or ["nothing said"])[-1]
    yield Row("tests", "marked gpu", said, time.perf_counter() - begin)
    if run.returncode:
        raise RuntimeError(f"a test failed:\n{run.stdout[-3000:]}{run.stderr[-1000:]}")


def join(bench: Bench) -> Iterator[Row]:
    """The join in torch operations beside the compiled one, on the same graph."""
    edges = geometric_edges(bench.size(20_000, 2_000))
    there = edges.to(bench.device)
    compiled = clique_complex(edges, 3)
    size = f"{sum(compiled.f_vector):,} simplices"
    yield Row("join", "compiled, on the CPU", size, bench.seconds(lambda: clique_complex(edges, 3)))
    with by_torch():
        lifted = clique_complex(there, 3)
        own = bench.seconds(lambda: clique_complex(there, 3))
    if lifted.to("cpu") != compiled:
        raise RuntimeError("the tables of the two joins differ")
    yield Row("join", f"in torch, on {bench.device.type}", size, own, "the same tables")


def lifts(bench: Bench) -> Iterator[Row]:
    """Growing graphs to dimension 3, as long as there are memory and time."""
    before = 0.0
    for goal in (10**5, 10**6) if bench.is_cpu else (10**6, 10**7, 3 * 10**7, 10**8):
        name = f"random geometric graph, about {goal:,} simplices"
        if BYTES * goal > available_bytes(bench.device) or 20 * before > bench.left():
            why = "too little memory" if 20 * before <= bench.left() else "too little time"
            yield Row("lift", name, "", None, f"left out: {why}")
            continue
        begin = time.perf_counter()
        edges = geometric_edges(goal // PER_VERTEX).to(bench.device)
        K = clique_complex(edges, 3, max_simplices=2 * goal)
        count = sum(K.f_vector)
        del K
        taken = bench.seconds(lambda e=edges, m=goal: clique_complex(e, 3, max_simplices=2 * m), 2)
        before = time.perf_counter() - begin
        remark = f"{count / taken / 1e6:.1f} million a second"
        yield Row("lift", name, f"{count:,} simplices", taken, remark)


def networks(bench: Bench) -> Iterator[Row]:
    """Forward and backward pass of networks, and operators, beside the CPU."""
    edges = geometric_edges(bench.size(2_000, 300))
    at_home = clique_complex(edges, 2)
    size = f"f-vector {at_home.f_vector}"
    operators = {
        "boundary_matrix 2": lambda K: boundary_matrix(K, 2),
        "hodge_laplacian 1": lambda K: hodge_laplacian(K, 1),
    }
    for name, operator in operators.items():
        yield from beside_cpu(bench, "operators", name, size, lambda K, f=operator: f(K), at_home)
    for network in (SIN, SCCNN, SaNN, SimplicialMixer):
        torch.manual_seed(0)
        model = network(WIDTH, WIDTH, 2, 2, 2)
        inputs = [torch.randn(n, WIDTH) for n in at_home.f_vector]

        def step(K: Any, model: nn.Module = model, inputs: list[Tensor] = inputs) -> None:
            model.to(K.device)([x.to(K.device) for x in inputs], K).sum().backward()

        yield from beside_cpu(bench, "networks", network.__name__, size, step, at_home)


def beside_cpu(
    bench: Bench, part: str, what: str, size: str, task: Callable[[Any], Any], at_home: Any
) -> Iterator[Row]:
    """A task on a complex on the device, then on the CPU, where the two are not the same."""
    there = at_home.to(bench.device)
    own = bench.seconds(lambda: task(there))
    if bench.is_cpu or bench.left() < ENOUGH:
        yield Row(part, what, size, own)
    else:
        home = bench.seconds(lambda: task(at_home), 1)
        yield Row(part, what, size, own, f"CPU {home:.4f} s, {home / own:.1f} times")


@torch.no_grad()
def samplers(bench: Bench) -> Iterator[Row]:
    """A step of each sampler, the network's part left out."""
    shape = (32, 3, 32, 32)
    x, out = (torch.randn(shape, device=bench.device) for _ in range(2))
    for name, walk in ours().items():
        taken = bench.seconds(lambda w=walk: w(x, out), 3) / STEPS
        yield Row("samplers", name, " × ".join(map(str, shape)), taken, "a step of 50")


def locoprop(bench: Bench) -> Iterator[Row]:
    """A step of LocoProp beside one of Adam on an MLP-Mixer; the loss must fall."""
    torch.manual_seed(0)
    side = bench.size(64, 16)
    images = torch.randn(bench.size(128, 8), 3, side, side, device=bench.device)
    labels = torch.arange(len(images), device=bench.device) % 10
    for name in ("Adam", "LocoProp"):
        model = MLPMixer(3, bench.size(256, 32), 10, 4, side, 8).to(bench.device)
        opt = LocoProp(model) if name == "LocoProp" else torch.optim.Adam(model.parameters(), 1e-3)
        losses: list[Tensor] = []

        def step(model: nn.Module = model, opt: Any = opt, losses: list[Tensor] = losses) -> None:
            opt.zero_grad()
            loss = nn.functional.cross_entropy(model(images), labels)
            loss.backward()
            opt.step()
            losses.append(loss.detach())

        taken = bench.seconds(step, 10)
        first, last = losses[0].item(), losses[-1].item()
        if not last < first:
            raise RuntimeError(f"the loss of {name} must fall, got {first:.4f}, then {last:.4f}")
        size = f"MLPMixer, {sum(p.numel() for p in model.parameters()):,} parameters"
        yield Row("LocoProp", f"a step of {name}", size, taken, f"loss {first:.3f} to {last:.3f}")


PARTS = {
    "tests": gpu_tests,
    "join": join,
    "samplers": samplers,
    "LocoProp": locoprop,
    "networks": networks,
    "lift": lifts,  # last, as it takes what time there is
}


# --- the table ------------------------------------------------------------------------------------


def machine(device: torch.device) -> dict[str, str]:
    """What was measured on."""
    named = getattr(torch, device.type, None)
    name = named.get_device_name(device) if hasattr(named, "get_device_name") else str(device)
    if device.type == "cpu":
        name = "none: everything ran on the CPU at small sizes, so read no speeds from this table"
    return {
        "accelerator": name,
        "memory": f"{available_bytes(device) / 2**30:.1f} GiB free",
        "cpu": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, "
        f"{torch.get_num_threads()} threads",
        "versions": f"simplex {simplex.__version__}, torch {torch.__version__}, "
        f"Python {platform.python_version()}",
        "date": time.strftime("%Y-%m-%d"),
    }


def write(folder: Path, facts: dict[str, str], rows: list[Row]) -> None:
    """The table, for people and for programs."""
    lines = ["# On an accelerator", "", *(f"- {key}: {value}" for key, value in facts.items()), ""]
    lines += ["| part | what | size | seconds | remark |", "|---|---|---|---|---|"]
    for row in rows:
        taken = "–" if row.seconds is None else f"{row.seconds:.3g}"
        lines.append(f"| {row.part} | {row.what} | {row.size} | {taken} | {row.remark} |")
    (folder / "device.md").write_text("\n".join(lines) + "\n")
    content = {"machine": facts, "rows": [asdict(row) for row in rows]}
    (folder / "device.json").write_text(json.dumps(content, indent=1) + "\n")


def main() -> None:
    """Run the parts and write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; else all")
    parser.add_argument("--out", type=Path, required=True, help="folder of the table")
    parser.add_argument("--device", help="such as cuda:1 or cpu; else the accelerator there is")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="begin nothing after them")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"parts are {', '.join(PARTS)}, got {', '.join(sorted(unknown))}.")
    found = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    if options.device is None and found is None:
        parser.error("no accelerator was found. Pass --device cpu for a run at small sizes.")
    if (options.out / "device.md").exists():
        parser.error(f"{options.out}/device.md is there already. Choose another --out.")
    options.out.mkdir(parents=True, exist_ok=True)
    bench = Bench(torch.device(options.device or found), options.minutes)
    facts, rows, failed = machine(bench.device), [], False
    print(*(f"{key}: {value}" for key, value in facts.items()), sep="\n", flush=True)
    for name in options.parts or PARTS:
        try:
            if bench.left() < 0:
                rows.append(Row(name, "", "", None, "left out: too little time"))
                continue
            for row in PARTS[name](bench):
                rows.append(row)
                print(*(str(each) for each in asdict(row).values()), sep="  ", flush=True)
        except Exception as error:  # a rented device is there once: the other parts go on
            failed = True
            rows.append(Row(name, "failed", "", None, " ".join(f"{error}".split())[:300]))
            print(f"{name} failed: {type(error).__name__}: {error}", flush=True)
        write(options.out, facts, rows)
    sys.exit(int(failed))


if __name__ == "__main__":
    main()
