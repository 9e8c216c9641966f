"""How fast graphs are lifted: ``python -m tests.benchmarks.speed.lift``, one line per measurement.

Names of parts run these alone; ``--cpu`` counts seconds of the processor, for a busy machine, best
with ``OMP_NUM_THREADS=1``.

Every peer is timed side by side with the lift, in turns in one process; a ratio is the median of
the ratios of the turns. GUDHI's time is ``insert_batch`` and ``expansion`` alone: its tree then
holds the simplices, but neither ids nor boundary matrices, which the lift's time includes.
"""

import argparse
import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import gudhi
import networkx as nx
import numpy as np
import torch
from scipy.spatial import cKDTree

from simplex import SimplicialComplex
from simplex.lifting import clique_complex
from simplex.operators import lower_adjacency, upper_adjacency


def random_geometric_graph(num_vertices: int, mean_degree: float, seed: int) -> torch.Tensor:
    """Edges (2, E) between points of the unit cube; the mean degree away from its boundary."""
    points = np.random.default_rng(seed).random((num_vertices, 3))
    radius = (mean_degree / num_vertices * 3 / (4 * np.pi)) ** (1 / 3)
    pairs = cKDTree(points).query_pairs(radius, output_type="ndarray")
    return torch.from_numpy(pairs.T.astype(np.int64))


def power_law_graph() -> torch.Tensor:
    """The edges of networkx's power-law cluster graph with 50,000 nodes, m = 20, p = 0.5."""
    graph = nx.powerlaw_cluster_graph(50_000, 20, 0.5, seed=0)
    return torch.tensor(list(graph.edges)).T.contiguous()


def gudhi_expansion(num_vertices: int, edges: np.ndarray, max_dim: int) -> gudhi.SimplexTree:
    """GUDHI's fastest way from an edge list to the flag complex."""
    tree = gudhi.SimplexTree()
    tree.insert_batch(np.arange(num_vertices, dtype=np.int32)[None], np.zeros(num_vertices))
    tree.insert_batch(edges, np.zeros(edges.shape[1]))
    tree.expansion(max_dim)
    return tree


def python_boundaries(tree: gudhi.SimplexTree) -> list[list[tuple[int, int, int]]]:
    """What users write today: a dict of ids and a loop over boundaries, as (row, column, sign)."""
    simplices: list[list[tuple[int, ...]]] = [[] for _ in range(tree.dimension() + 1)]
    for simplex, _ in tree.get_simplices():
        simplices[len(simplex) - 1].append(tuple(simplex))
    ids = [{simplex: i for i, simplex in enumerate(sorted(rows))} for rows in simplices]
    return [
        [
            (ids[k - 1][simplex[:i] + simplex[i + 1 :]], column, (-1) ** i)
            for simplex, column in ids[k].items()
            for i in range(k + 1)
        ]
        for k in range(1, len(ids))
    ]


def published_tables(num_vertices: int, edges: np.ndarray, max_dim: int) -> list[Any]:
    """One graph as research code lifts it: edges one by one, boundaries by GUDHI's method, then the
    upper and lower neighbours with the simplex they share, in dicts and lists."""
    tree = gudhi.SimplexTree()
    for v in range(num_vertices):
        tree.insert([v])
    for u, v in edges.T.tolist():
        tree.insert([u, v])
    tree.expansion(max_dim)
    ids: list[dict[tuple[int, ...], int]] = [{} for _ in range(tree.dimension() + 1)]
    for simplex, _ in tree.get_simplices():
        level = ids[len(simplex) - 1]
        level[tuple(simplex)] = len(level)
    tables: list[Any] = []
    for k, level in enumerate(ids):
        boundaries = {
            simplex: [tuple(facet) for facet, _ in tree.get_boundaries(simplex)] if k else []
            for simplex in level
        }
        cofacets: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
        upper, lower = [], []
        for simplex, facets in boundaries.items():
            for a, b in itertools.permutations(facets, 2):
                upper.append((ids[k - 1][a], ids[k - 1][b], level[simplex]))
            for facet in facets:
                cofacets.setdefault(facet, []).append(simplex)
        for facet, above in cofacets.items():
            for a, b in itertools.permutations(above, 2):
                lower.append((level[a], level[b], ids[k - 1][facet]))
        tables.append((boundaries, cofacets, upper, lower))
    return tables


def lift_with_adjacencies(graphs: list[Any]) -> list[Any]:
    """The same content for all graphs: one lift, and the adjacencies in index form."""
    union = clique_complex(graphs, 3)
    degrees = range(union.dim + 1)
    return [
        (union.cofacets(k), upper_adjacency(union, k), lower_adjacency(union, k)) for k in degrees
    ]


class Clock:
    """Seconds, by the wall or of the processor."""

    now = staticmethod(time.perf_counter)


def in_turns(tasks: Sequence[Callable[[], Any]], turns: int) -> list[list[float]]:
    """Seconds of each task in each turn, after one turn to warm up."""
    times: list[list[float]] = [[] for _ in tasks]
    for turn in range(turns + 1):
        for task, record in zip(tasks, times, strict=True):
            begin = Clock.now()
            result = task()
            if turn:
                record.append(Clock.now() - begin)
            del result
    return times


def compare(name: str, tasks: dict[str, Callable[[], Any]], turns: int) -> None:
    """Print the median time of each task and the median ratio to the first."""
    times = in_turns(list(tasks.values()), turns)
    print(f"{name}:")
    for label, record in zip(tasks, times, strict=True):
        ratio = median(other / own for other, own in zip(record, times[0], strict=True))
        spread = f"{min(record):.3f} to {max(record):.3f}"
        print(f"  {label}: {median(record):.3f} s ({spread}), {ratio:.2f} times", flush=True)


def lift_beside_gudhi(name: str, edges: torch.Tensor, max_dim: int, turns: int) -> None:
    """One graph, edges given: the lift with its facet tables beside GUDHI's expansion."""
    count = int(edges.max()) + 1
    pairs = edges.numpy()
    small = pairs.astype(np.int32)
    complex_ = clique_complex(edges, max_dim, num_vertices=count)
    assert sum(complex_.f_vector) == gudhi_expansion(count, small, max_dim).num_simplices()
    sizes = f"f-vector {complex_.f_vector}, {sum(complex_.f_vector):,} simplices"
    del complex_
    compare(
        f"{name}, {sizes}",
        {
            "clique_complex": lambda: clique_complex(edges, max_dim, num_vertices=count),
            "GUDHI insert_batch + expansion": lambda: gudhi_expansion(count, small, max_dim),
        },
        turns,
    )


def boundaries_beside_python(edges: torch.Tensor) -> None:
    """The same, and for GUDHI the Python loop that builds the boundary matrices; one turn."""
    count, small = int(edges.max()) + 1, edges.numpy().astype(np.int32)
    compare(
        "random geometric graph, boundary matrices too",
        {
            "clique_complex": lambda: clique_complex(edges, 3, num_vertices=count),
            "GUDHI + Python loop": lambda: python_boundaries(gudhi_expansion(count, small, 3)),
        },
        turns=1,
    )


def star(leaves: int) -> None:
    """A hub with many leaves, networkx not involved."""
    edges = torch.stack([torch.zeros(leaves, dtype=torch.int64), torch.arange(1, leaves + 1)])
    middle = edges.clone()
    middle[0], middle[1, : leaves // 2] = leaves // 2, torch.arange(leaves // 2)
    for name, graph in (("first", edges), ("middle", middle)):
        times = in_turns([lambda graph=graph: clique_complex(graph, 3)], 5)[0]
        print(f"star with {leaves:,} leaves, hub {name}: {median(times):.3f} s")


def proteins(folder: Path) -> None:
    """All PROTEINS graphs as one union, beside one GUDHI tree per graph and Python tables."""
    from simplex.datasets import tu_dataset

    graphs = list(tu_dataset("PROTEINS", folder))

    inputs = [(g.num_nodes, g.edge_index.numpy().astype(np.int32), 3) for g in graphs]
    size = f"{len(graphs)} graphs, {sum(clique_complex(graphs, 3).f_vector):,} simplices"
    compare(
        f"PROTEINS, {size}, facet tables",
        {
            "clique_complex of the list": lambda: clique_complex(graphs, 3),
            "a GUDHI tree per graph by insert_batch + Python boundary loop": lambda: [
                python_boundaries(gudhi_expansion(*graph)) for graph in inputs
            ],
        },
        turns=7,
    )
    compare(
        "PROTEINS, cofacets, upper and lower neighbours with the shared simplex too",
        {
            "clique_complex of the list + adjacencies": lambda: lift_with_adjacencies(graphs),
            "a GUDHI tree per graph + Python tables": lambda: [
                published_tables(*graph) for graph in inputs
            ],
        },
        turns=3,
    )


FRESH = """
import sys, time; clock = getattr(time, sys.argv[1]); begin = clock()
import torch; torch_done = clock()
import simplex; simplex_done = clock()
from simplex.lifting import clique_complex
edges = torch.tensor([[0, 0, 1, 2], [1, 2, 2, 3]])
before = clock(); clique_complex(edges, max_dim=3); after = clock()
print(simplex_done - torch_done, after - before)
"""


def fresh_process(repeats: int) -> None:
    """Import time over torch's, and the first lift with a cold and with a warm kernel cache."""
    cold, warm, imports = [], [], []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as cache:
            environment = os.environ | {"NUMBA_CACHE_DIR": cache}
            for record in (cold, warm, warm):
                run = subprocess.run(
                    [sys.executable, "-c", FRESH, Clock.now.__name__],
                    env=environment,
                    capture_output=True,
                    text=True,
                    check=True,
                )
                import_time, first_call = map(float, run.stdout.split())
                imports.append(import_time)
                record.append(first_call)
    print(f"import simplex after import torch: {median(imports):.3f} s")
    print(f"first lift, cold kernel cache: {median(cold):.2f} s; warm: {median(warm):.2f} s")


PEAK = """
from pathlib import Path
from tests.benchmarks.speed.lift import clique_complex, random_geometric_graph, result_bytes
def resident(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))
edges = random_geometric_graph(20_000, 30.0, 0)
clique_complex(edges[:, :1000], 3)
Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
before = resident("VmRSS")
K = clique_complex(edges, 3)
print((resident("VmHWM") - before) / result_bytes(K))
"""


def result_bytes(complex_: SimplicialComplex) -> int:
    """Bytes of the facet tables."""
    return sum(complex_.facets(k).nbytes for k in range(1, complex_.dim + 1))


def peak_memory() -> None:
    """Growth of the resident set's peak during one lift, over the bytes of its facet tables."""
    if not Path("/proc/self/clear_refs").exists():
        print("peak memory of the lift: needs Linux, skipped")
        return
    run = subprocess.run([sys.executable, "-c", PEAK], capture_output=True, text=True, check=True)
    print(f"peak memory of the lift: {float(run.stdout):.2f} times its facet tables")


def many_small_graphs(count: int) -> None:
    """Small random graphs in one call, as they come; seconds in proportion for a million."""
    from torch_geometric.data import Batch, Data

    random = np.random.default_rng(0)
    sizes = 15 + np.arange(count) % 16
    pairs = [torch.from_numpy(random.integers(n, size=(2, n + 10))) for n in sizes.tolist()]
    tensors = [torch.cat([edges, edges.flip(0)], dim=1) for edges in pairs]
    lone = [edges[:, edges[0] != edges[1]] for edges in pairs]
    graphs = [
        Data(x=torch.zeros(n, 1), edge_index=edges)
        for n, edges in zip(sizes.tolist(), tensors, strict=True)
    ]
    lines = []
    for n, edges in zip(sizes[:2000].tolist(), lone, strict=False):
        graph = nx.empty_graph(n)
        graph.add_edges_from(edges.T.tolist())
        lines.append(nx.to_graph6_bytes(graph, header=False))
    code = b"".join(lines * (count // len(lines)))
    batch = Batch.from_data_list(graphs)
    kinds = {"tensors": tensors, "Data": graphs, "a Batch": batch, "graph6": code}
    print(f"{count:,} graphs of 15 to 30 vertices, {clique_complex(tensors)}:")
    for name, given in kinds.items():
        times = in_turns([lambda given=given: clique_complex(given)], 3)[0]
        print(f"  {name}: {median(times):.2f} s, a million {median(times) * 1e6 / count:.1f} s")


def lifts() -> None:
    """Two graphs beside GUDHI."""
    lift_beside_gudhi("random geometric graph, dimension 3", the_geometric_graph(), 3, turns=11)
    lift_beside_gudhi("power-law graph, dimension 3", power_law_graph(), 3, turns=11)


def the_geometric_graph() -> torch.Tensor:
    """The first of the two."""
    return random_geometric_graph(20_000, 30.0, seed=0)


def tables_of_proteins() -> None:
    """PROTEINS, only where SIMPLEX_DATA or shared data hold it."""
    from tests.conftest import data_folder

    folder = data_folder()
    if folder is None:
        print("PROTEINS: real data absent, skipped")
    else:
        proteins(folder / "tu")


PARTS: dict[str, Callable[[], None]] = {
    "lifts": lifts,
    "star": lambda: star(1_000_000),
    "small": lambda: many_small_graphs(100_000),
    "proteins": tables_of_proteins,
    "boundaries": lambda: boundaries_beside_python(the_geometric_graph()),
    "memory": peak_memory,
    "fresh": lambda: fresh_process(5),
}


def main() -> None:
    """Print every measurement, or those of some parts."""
    parser = argparse.ArgumentParser(description="How fast graphs are lifted.")
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; else all")
    parser.add_argument("--cpu", action="store_true", help="seconds of the processor")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"parts are {', '.join(PARTS)}, got {', '.join(sorted(unknown))}.")
    if options.cpu:
        Clock.now = staticmethod(time.process_time)
    print(f"threads: {torch.get_num_threads()}")
    for part in options.parts or PARTS:
        PARTS[part]()


if __name__ == "__main__":
    main()
