"""A WL round in memory and by tasks: ``python -m tests.benchmarks.speed.wl_on_disk [vertices]``.

Each way runs in a process of its own, which prints seconds of the processor per round, and the most
memory that was its own (neither shared nor of a file) above what it had at the start.
"""

import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch

from simplex.storage import open_complex, save_complex
from simplex.wl import simplicial_wl
from tests.benchmarks.speed.wl import random_geometric


ROUNDS = 3


def own_memory() -> int:
    """Bytes of this process that are neither shared nor of a file, on Linux."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))


def measure(folder: str, workers: int) -> None:
    """Print a line; no worker is in memory."""
    torch.set_num_threads(1)
    K = open_complex(folder)
    if workers == 0:  # tables that are memory of this process
        facets = [K.facets(k).clone() for k in range(1, K.dim + 1)]
        K = type(K)(K.num_simplices(0), facets)
    executor = ThreadPoolExecutor(workers) if workers else None
    simplicial_wl(K.skeleton(0), executor=executor)  # loads kernels
    start, most, over = own_memory(), [0], threading.Event()

    def watch() -> None:
        while not over.wait(0.01):
            most[0] = max(most[0], own_memory())

    watcher = threading.Thread(target=watch)
    watcher.start()
    seconds, clock = [], []
    for rounds in (1, 1 + ROUNDS):
        used, begin = time.process_time(), time.perf_counter()
        simplicial_wl(K, executor=executor, max_rounds=rounds)
        seconds.append(time.process_time() - used)
        clock.append(time.perf_counter() - begin)
    over.set()
    watcher.join()
    print(
        f"{f'{workers} workers' if workers else 'in memory'}: "
        f"{(seconds[1] - seconds[0]) / ROUNDS:.2f} s of the processor and "
        f"{(clock[1] - clock[0]) / ROUNDS:.2f} s on the clock per round, "
        f"{(most[0] - start) / 2**20:.0f} MiB",
        flush=True,
    )


def main() -> None:
    """Print a line per way."""
    if len(sys.argv) == 3:
        measure(sys.argv[1], int(sys.argv[2]))
        return
    K = random_geometric(int(sys.argv[1]) if len(sys.argv) > 1 else 80_000, 24.0, seed=0)
    print(f"{sum(K.f_vector):,} simplices {K.f_vector}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        save_complex(K, f"{folder}/K")
        del K
        for workers in (0, 1, 2):
            again = [sys.executable, "-m", "tests.benchmarks.speed.wl_on_disk"]
            subprocess.run([*again, f"{folder}/K", str(workers)], check=True)


if __name__ == "__main__":
    main()
