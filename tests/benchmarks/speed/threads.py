"""What threads cost beside a busy process: ``python -m tests.benchmarks.speed.threads``.

Everything takes turns, one thread and the default, in one run; arguments choose some of the parts.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import torch

from simplex.lifting import clique_complex
from simplex.operators import betti_numbers
from tests.benchmarks.speed.wl import random_geometric


THREADS = torch.get_num_threads()
TURNS = 9
TRAIN = ["--dataset", "MUTAG", "--folds", "2", "--epochs", "2", "--num-layers", "3"]


def timed(job: Callable[[], Any]) -> float:
    began = time.perf_counter()
    job()
    return time.perf_counter() - began


def turns(name: str, ways: dict[str, Callable[[], Any]], count: int = TURNS) -> None:
    """The median of each way, and of the ratios of the single turns to the first way."""
    for job in ways.values():
        job()
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for turn in range(count):
        order = list(ways) if turn % 2 else list(ways)[::-1]
        for way in order:
            seconds[way].append(timed(ways[way]))
    base, *others = ways
    print(f"{name}: {base} {median(seconds[base]):.3f} s", end="")
    for way in others:
        ratio = median(a / b for a, b in zip(seconds[way], seconds[base], strict=True))
        print(f"; {way} {median(seconds[way]):.3f} s, ratio {ratio:.2f}", end="")
    print(flush=True)


def on(num_threads: int, job: Callable[[], Any]) -> Callable[[], Any]:
    def run() -> None:
        torch.set_num_threads(num_threads)
        job()

    return run


def compare(name: str, job: Callable[[], Any]) -> None:
    """A job on one thread, and with torch's own number, of which the library takes those free."""
    turns(name, {"one thread": on(1, job), f"default ({THREADS})": on(THREADS, job)})


def lift() -> None:
    K = random_geometric(12_000, 40, 0)
    pairs = K.simplices(1).T.contiguous()
    compare(f"lift, {clique_complex(pairs, 2)}", lambda: clique_complex(pairs, 2))


def betti() -> None:
    K = random_geometric(6_000, 30, 0).skeleton(2)
    compare(f"Betti numbers, {K}", lambda: betti_numbers(K))


def train() -> None:
    """The command, start included; its threads by default and one."""
    environment = {k: v for k, v in os.environ.items() if k != "OMP_NUM_THREADS"}

    def command(*options: str) -> Callable[[], Any]:
        def run() -> None:
            with tempfile.TemporaryDirectory() as out:
                line = [sys.executable, "-m", "simplex", "train", *TRAIN, *options, "--out", out]
                subprocess.run(line, env=environment, check=True, capture_output=True)

        return run

    turns("simplex train", {"--threads 1": command("--threads", "1"), "default": command()}, 3)


PARTS = {"lift": lift, "betti": betti, "train": train}


def main(names: list[str]) -> None:
    quiet = "quiet" in names
    parts = [name for name in names if name != "quiet"] or list(PARTS)
    command = [sys.executable, "-c", "while True: pass"]
    busy = None if quiet else subprocess.Popen(command)
    try:
        time.sleep(0.5)
        for name in parts:
            PARTS[name]()
    finally:
        if busy is not None:
            busy.kill()


if __name__ == "__main__":
    main(sys.argv[1:])
