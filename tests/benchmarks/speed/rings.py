"""How fast rings are found: ``python -m tests.benchmarks.speed.rings``.

Seconds of the processor, in turns in one process; the ratio is the median of those of the turns.
``chordless_cycles`` beside ``networkx.chordless_cycles`` to the same length, both of graphs that
are there as networkx has them, and the whole lift of many molecules.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import networkx as nx

from simplex.datasets import tu_dataset
from simplex.lifting import chordless_cycles, clique_complex, ring_complex


def graphs_of(name: str) -> Sequence[Any]:
    """What is measured, as a list of networkx graphs."""
    if name == "NCI1":
        plain = tu_dataset("NCI1", max_dim=0)
        made = []
        for item in plain:
            graph = nx.empty_graph(item.num_nodes)
            graph.add_edges_from(item.edge_index.T.tolist())
            made.append(graph)
        return made
    graph = {
        "hexagonal lattice, 450 rings": lambda: nx.hexagonal_lattice_graph(15, 30),
        "random, 4-regular, 500 vertices": lambda: nx.random_regular_graph(4, 500, seed=0),
        "G(60, 0.2)": lambda: nx.gnp_random_graph(60, 0.2, seed=0),
        "power law, 300 vertices": lambda: nx.barabasi_albert_graph(300, 2, seed=0),
    }[name]()
    return [nx.convert_node_labels_to_integers(graph)]


def by_networkx(graphs: Sequence[Any], longest: int) -> int:
    """How many chordless cycles of at least four vertices there are."""
    return sum(len(c) > 3 for graph in graphs for c in nx.chordless_cycles(graph, longest))


def seconds(call: Callable[..., Any], *args: Any) -> tuple[float, Any]:
    before = time.process_time()
    result = call(*args)
    return time.process_time() - before, result


NAMES = [
    "NCI1", "hexagonal lattice, 450 rings", "random, 4-regular, 500 vertices", "G(60, 0.2)",
    "power law, 300 vertices",
]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--names", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--longest", type=int, default=6)
    parser.add_argument("--turns", type=int, default=3)
    args = parser.parse_args()
    chordless_cycles(nx.cycle_graph(4))  # compiled, or read from the cache
    for name in args.names:
        graphs, turns = graphs_of(name), []
        for _ in range(args.turns):
            own, cycles = seconds(chordless_cycles, graphs, args.longest)
            peer, count = seconds(by_networkx, graphs, args.longest)
            assert len(cycles.pointer) - 1 == count
            turns.append((own, peer, peer / own))
        own, peer, ratio = (median(column) for column in zip(*turns, strict=True))
        print(
            f"{name}, to length {args.longest}: {count} cycles, {1000 * own:.1f} ms, networkx "
            f"{peer:.2f} s, {ratio:.0f} times",
            flush=True,
        )
        if len(graphs) > 1:
            rings, K = seconds(ring_complex, graphs)
            cliques, L = seconds(clique_complex, graphs)
            print(f"  ring_complex {K} {rings:.2f} s, clique_complex {L} {cliques:.2f} s")


if __name__ == "__main__":
    main()
