"""Past memory: ``python -m tests.benchmarks.speed.scale FOLDER``, a table at the end.

Every measurement runs in a process of its own, with a limit on its time and, for the peers, on its
memory; what it found is a line of ``FOLDER/results.jsonl``. A second call goes on with those that
are not there. FOLDER needs 8 GB for 10⁸ simplices and 2 GB for 5·10⁷ edges; ``--simplices 1e6
--edges 1e6`` is over in minutes.

``memory`` is the most that the process and its workers had for themselves alone (anonymous pages),
``resident`` with the pages of mapped files, which the system takes back when others need them.
"""

import argparse
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch

from simplex.lifting import clique_complex, clique_complex_to_disk, count_cliques
from simplex.operators import boundary_rows, boundary_sum
from simplex.storage import edges_to_disk, open_complex, open_edges, save_complex
from simplex.wl import simplicial_wl
from tests.benchmarks.speed.scale_graphs import geometric_edges, kronecker_edges


SECONDS = 900  # a measurement may take
GIB = 2**30
PEER_BYTES = 12 * GIB  # a peer may allocate
SIMPLICES_PER_VERTEX = 245  # of a geometric graph of mean degree 30, to dimension 3
PEERS = (10**5, 10**6, 10**7, 10**8, 4 * 10**8)  # simplices for the peers, as far as they get


class Bench:
    """The places of a run: graphs and complexes by size."""

    def __init__(self, folder: Path, simplices: int, edges: int) -> None:
        self.folder, self.simplices, self.edges = folder, simplices, edges

    def graph(self, simplices: int) -> Path:
        """The folder of a geometric graph with about so many simplices to dimension 3."""
        place = self.folder / f"geometric-{simplices}"
        if not place.exists():
            count = simplices // SIMPLICES_PER_VERTEX
            edges_to_disk(geometric_edges(count, 30, seed=0), place, num_vertices=count)
        return place

    def large_graph(self) -> Path:
        """The folder of a Kronecker graph with at least so many edges."""
        place = self.folder / f"kronecker-{self.edges}"
        scale = 10
        while 14 << scale < self.edges:  # of 16 edges a vertex, repetitions drop some
            scale += 1
        if not place.exists():
            edges_to_disk(kronecker_edges(scale, 16, seed=0), place, num_vertices=1 << scale)
        return place

    def edge_index(self, graph: Path) -> torch.Tensor:
        return torch.from_numpy(open_edges(graph).edges.T.astype(np.int64))

    def complex(self, simplices: int) -> Path:
        return self.folder / f"complex-{simplices}"


# --- what is measured: each returns what is to be said beside seconds and memory ------------------


def lift_in_memory(bench: Bench, simplices: int) -> dict[str, Any]:
    graph = bench.graph(simplices)
    edges, n = bench.edge_index(graph), open_edges(graph).num_vertices
    with watched() as watch:
        K = clique_complex(edges, 3, num_vertices=n, max_simplices=10**10)
    tables = sum(K.facets(k).nbytes for k in range(1, K.dim + 1))
    return watch | {
        "f_vector": K.f_vector,
        "tables": tables,
        "memory over tables": round(watch["memory"] / tables, 2),
    }


def lift_and_save(bench: Bench, simplices: int) -> dict[str, Any]:
    graph = bench.graph(simplices)
    edges, n = bench.edge_index(graph), open_edges(graph).num_vertices
    with watched() as watch:
        K = clique_complex(edges, 3, num_vertices=n, max_simplices=10**10)
        save_complex(K, bench.folder / "saved", overwrite=True)
    return watch


def lift_to_disk(bench: Bench, simplices: int) -> dict[str, Any]:
    graph = bench.graph(simplices)
    with watched() as watch:
        K = clique_complex_to_disk(graph, bench.complex(simplices), 3, overwrite=True)
    return watch | {"f_vector": K.f_vector}


def lift_by_workers(
    bench: Bench, simplices: int, kind: str, workers: int, task_size: int
) -> dict[str, Any]:
    graph = bench.graph(simplices)
    with executor_of(kind, workers) as executor, watched() as watch:
        clique_complex_to_disk(
            graph, bench.folder / "scaled", 3, executor, overwrite=True, task_size=task_size
        )
    return watch


def count(bench: Bench, graph: Path, max_dim: int) -> dict[str, Any]:
    with watched() as watch:
        counts = count_cliques(graph, max_dim)
    return watch | {"f_vector": counts}


def count_by_workers(
    bench: Bench, graph: Path, kind: str, workers: int, task_size: int | None
) -> dict[str, Any]:
    with executor_of(kind, workers) as executor, watched() as watch:
        count_cliques(graph, 3, executor, task_size=task_size)
    return watch


def operator(bench: Bench, simplices: int) -> dict[str, Any]:
    K = open_complex(bench.complex(simplices))
    x = torch.ones(K.num_simplices(2), 1)
    with watched() as watch:
        sums = boundary_sum(K, x, 3)
    assert bool((sums == 4).all())
    return watch


def matrix_rows(bench: Bench, simplices: int) -> dict[str, Any]:
    K = open_complex(bench.complex(simplices))
    with watched() as watch:
        rows = boundary_rows(K, 3, 0, 10**5)
    return watch | {"entries": rows.nnz}


def wl_round(bench: Bench, simplices: int, on_disk: bool) -> dict[str, Any]:
    place = bench.complex(simplices)
    with watched() as watch:
        K = place if on_disk else open_complex(place)
        coloring = simplicial_wl(K, max_rounds=1)
    return watch | {"colors": [int(counts.numel()) for counts in coloring.histogram]}


def gudhi_expansion(bench: Bench, graph: Path, max_dim: int) -> dict[str, Any]:
    import gudhi

    edges = bench.edge_index(graph).numpy().astype(np.int32)
    limit_memory()
    with watched() as watch:
        tree = gudhi.SimplexTree()
        tree.insert_batch(edges, np.zeros(edges.shape[1]))
        tree.expansion(max_dim)
    return watch | {"simplices": tree.num_simplices()}


def networkx_cliques(bench: Bench, graph: Path, max_dim: int) -> dict[str, Any]:
    import networkx as nx

    edges = bench.edge_index(graph).T.tolist()
    limit_memory()
    with watched() as watch:
        found = [0] * (max_dim + 1)
        for clique in nx.enumerate_all_cliques(nx.Graph(edges)):
            if len(clique) > max_dim + 1:
                break
            found[len(clique) - 1] += 1
    return watch | {"f_vector": found}


def measurements(bench: Bench) -> dict[str, Callable[[], dict[str, Any]]]:
    """All of them, by name, in the order in which they are to run."""
    n, large = bench.simplices, bench.large_graph
    tenth = n // 10
    some: dict[str, Callable[[], dict[str, Any]]] = {
        f"lift in memory, {n}": lambda: lift_in_memory(bench, n),
        f"lift to disk, {n}": lambda: lift_to_disk(bench, n),
        f"boundary sum of all tetrahedra, {n}": lambda: operator(bench, n),
        f"10⁵ rows of ∂₃, {n}": lambda: matrix_rows(bench, n),
        f"WL round on disk, {n}": lambda: wl_round(bench, n, True),
        f"WL round in memory, {n}": lambda: wl_round(bench, n, False),
        "count to dimension 2, large graph": lambda: count(bench, large(), 2),
        "count to dimension 3, large graph": lambda: count(bench, large(), 3),
        f"count to dimension 3, {n}": lambda: count(bench, bench.graph(n), 3),
        f"lift in memory, {tenth}": lambda: lift_in_memory(bench, tenth),
        f"lift in memory and save, {tenth}": lambda: lift_and_save(bench, tenth),
    }
    for size in (1 << 18, 1 << 20, 1 << 22):
        for kind, workers in (("threads", 1), ("threads", 2), ("processes", 2), ("dask", 2)):
            some[f"lift to disk, {tenth}, {workers} {kind}, tasks of {size}"] = (
                lambda k=kind, w=workers, s=size: lift_by_workers(bench, tenth, k, w, s)
            )
    for kind, workers in (("threads", 1), ("threads", 2), ("processes", 2), ("dask", 2)):
        some[f"count, large graph, {workers} {kind}"] = lambda k=kind, w=workers: count_by_workers(
            bench, large(), k, w, None
        )
    for size in PEERS:
        if size <= 4 * n:
            graph = lambda s=size: bench.graph(s)  # noqa: E731
            some[f"GUDHI, {size}"] = lambda g=graph: gudhi_expansion(bench, g(), 3)
            some[f"networkx, {size}"] = lambda g=graph: networkx_cliques(bench, g(), 3)
    some["GUDHI, triangles of the large graph"] = lambda: gudhi_expansion(bench, large(), 2)
    some["networkx, triangles of the large graph"] = lambda: networkx_cliques(bench, large(), 2)
    return some


# --- how it is measured ---------------------------------------------------------------------------


def limit_memory() -> None:
    """From here on, so that what is there already does not count."""
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (taken + PEER_BYTES, resource.RLIM_INFINITY))


@contextmanager
def watched() -> Iterator[dict[str, Any]]:
    """Seconds, CPU seconds with those of workers, and the peaks above what was there before."""
    found: dict[str, Any] = {}
    ended = threading.Event()
    before, cpu, begin = memory_now(), cpu_now(), time.perf_counter()
    peaks = list(before)

    def look() -> None:
        while not ended.wait(0.02):
            peaks[:] = map(max, peaks, memory_now())

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    yield found
    found["seconds"] = round(time.perf_counter() - begin, 2)
    found["cpu"] = round(cpu_now() - cpu, 2)
    ended.set()
    watcher.join()
    peaks[:] = map(max, peaks, memory_now())
    found["memory"], found["resident"] = peaks[0] - before[0], peaks[1]


def memory_now() -> tuple[int, int]:
    """Bytes of anonymous pages, and of all resident ones, of this process and its children."""
    anonymous = resident = 0
    for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
        try:
            status = Path(f"/proc/{process.pid}/status").read_text()
        except OSError:
            continue
        sizes = dict(line.split(":", 1) for line in status.splitlines() if line.startswith("Rss"))
        anonymous += 1024 * int(sizes.get("RssAnon", "0 kB").split()[0])
        resident += 1024 * sum(int(size.split()[0]) for size in sizes.values())
    return anonymous, resident


def cpu_now() -> float:
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    return sum(sum(process.cpu_times()[:2]) for process in processes)


@contextmanager
def executor_of(kind: str, workers: int) -> Iterator[Any]:
    """An executor whose workers have loaded what tasks need."""
    if kind == "threads":
        with ThreadPoolExecutor(workers) as threads:
            yield threads
    elif kind == "processes":
        with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as processes:
            list(processes.map(warm, [0.5] * workers))
            yield processes
    else:
        import distributed

        with (
            distributed.LocalCluster(workers, threads_per_worker=1, dashboard_address=None) as c,
            distributed.Client(c) as client,
        ):
            client.run(warm, 0)
            yield client.get_executor()


def warm(seconds: float) -> int:
    """Load kernels; in workers, for so long that each of them gets one."""
    time.sleep(seconds)
    return len(count_cliques([(0, 1), (0, 2), (1, 2), (1, 3)])) + clique_complex([(0, 1)]).dim


def run_one(bench: Bench, name: str) -> dict[str, Any]:
    """A measurement in a process of its own, and how it ended."""
    options = ["--simplices", str(bench.simplices), "--edges", str(bench.edges), "--one", name]
    command = [sys.executable, "-m", __spec__.name, str(bench.folder), *options]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return {"ended": f"not within {SECONDS} s"}
    if run.returncode == 0:
        found: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
        return found
    last = (run.stderr.strip().splitlines() or [""])[-1]
    return {"ended": f"code {run.returncode}: {last[:200]}"}


def main() -> None:
    """Measure what is not measured yet; print all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--simplices", type=lambda text: int(float(text)), default=10**8)
    parser.add_argument("--edges", type=lambda text: int(float(text)), default=5 * 10**7)
    parser.add_argument("--only", default="", help="measurements whose names have this in them")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    bench = Bench(args.folder.absolute(), args.simplices, args.edges)
    if args.one:
        warm(0.0)
        print(json.dumps(measurements(bench)[args.one]()))
        return
    args.folder.mkdir(parents=True, exist_ok=True)
    log = args.folder / "results.jsonl"
    lines = log.read_text().splitlines() if log.exists() else []
    results = {line["name"]: line for line in map(json.loads, lines)}
    for name in measurements(bench):
        if args.only in name and name not in results:
            results[name] = {"name": name} | run_one(bench, name)
            with log.open("a") as file:
                file.write(json.dumps(results[name]) + "\n")
            print(line_of(results[name]), flush=True)
    print("\n| what | seconds | CPU seconds | memory, GiB | resident, GiB | |")
    print("|---|---|---|---|---|---|")
    for result in results.values():
        print(line_of(result))


def line_of(result: dict[str, Any]) -> str:
    """A row of the table."""
    sizes = [f"{result[key] / GIB:.2f}" if key in result else "" for key in ("memory", "resident")]
    known = {"name", "seconds", "cpu", "memory", "resident", "tables"}
    rest = "; ".join(f"{key} {value}" for key, value in result.items() if key not in known)
    cells = [result["name"], result.get("seconds", ""), result.get("cpu", ""), *sizes, rest]
    return "| " + " | ".join(map(str, cells)) + " |"


if __name__ == "__main__":
    main()
