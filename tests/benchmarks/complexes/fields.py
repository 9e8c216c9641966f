"""The field's small graphs under the field's metrics: community-small, ego-small, ENZYMES-small.

``python -m tests.benchmarks.complexes.fields run --out DIR`` makes the sets by their published
recipes, trains a scorer of candidates on the face-survival process, generates as many graphs as the
test set has, several times, and writes a line of JSON for each run; runs that are there are not
repeated. ``report`` prints the tables, with the published rows and the floors.

The recipes, the split (the first fifth is the test set), the kernels and the biased estimate are
those of the code of GDSS. A graph is taken with its triangles filled; what is generated counts by
its edges, without isolated vertices, as there.
"""

import argparse
import os
import pickle
import time
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import torch
from torch import Tensor

from simplex import SimplicialComplex
from simplex.diffusion import sample_complexes
from simplex.lifting import clique_complex
from simplex.wl import canonical_form
from tests.benchmarks.complexes.denoiser import WalkScorer
from tests.benchmarks.complexes.diffusion import HIDDEN, LAYERS, STEPS, process, train
from tests.benchmarks.complexes.metrics import Mmd, clustering, degrees, orbits, skeleton
from tests.benchmarks.sample_metrics import mean_and_spread, read_down, write_down


NAME = "field_sets"
ROUNDS = 10


# --- the sets -------------------------------------------------------------------------------------


def community_small(generator: np.random.Generator, count: int = 100) -> list[nx.Graph]:
    """Two random graphs, G(n/2, 0.7), with few edges between them; n in 12 … 20.

    In the published code the two are drawn with the seeds 0 and 1 each time: there are five pairs,
    and graphs of one size differ by the edges between the two alone.
    """
    made = []
    while len(made) < count:
        half = int(generator.integers(12, 21)) // 2
        pair = [nx.gnp_random_graph(half, 0.7, seed=i) for i in range(2)]
        graph = nx.disjoint_union_all(pair)
        bridge, parts = 0.05 * 2 / half, [sorted(c) for c in nx.connected_components(graph)]
        for i, one in enumerate(parts):
            for other in parts[i + 1 :]:
                chosen = generator.random((len(one), len(other))) < bridge
                chosen[0, 0] |= not chosen.any()
                graph.add_edges_from((one[u], other[v]) for u, v in np.argwhere(chosen))
        made.append(graph)
    return made


def ego_small(folder: Path) -> list[nx.Graph]:
    """The first 200 neighbourhoods of 4 to 18 vertices in Citeseer's largest component."""
    with (folder / "planetoid" / "ind.citeseer.graph").open("rb") as file:
        whole = nx.from_dict_of_lists(pickle.load(file, encoding="latin1"))
    largest = whole.subgraph(max(nx.connected_components(whole), key=len))
    graph = nx.convert_node_labels_to_integers(largest)
    graph.remove_edges_from(list(nx.selfloop_edges(graph)))
    balls = (nx.ego_graph(graph, v, radius=1) for v in graph)
    return [ball for ball in balls if 4 <= len(ball) <= 18][:200]


def enzymes_small(folder: Path) -> list[nx.Graph]:
    """The graphs of ENZYMES of at most 12 vertices, at least 10, as in the raw files."""
    raw = folder / "tu" / "ENZYMES" / "raw"
    graph = nx.Graph(np.loadtxt(raw / "ENZYMES_A.txt", delimiter=",", dtype=int).tolist())
    which = np.loadtxt(raw / "ENZYMES_graph_indicator.txt", dtype=int)
    parts = [graph.subgraph((np.flatnonzero(which == i) + 1).tolist()) for i in np.unique(which)]
    return [nx.Graph(part) for part in parts if 10 <= len(part) <= 12]


def graphs_of(name: str) -> list[nx.Graph]:
    """A set by name; FileNotFoundError where its file is not at hand."""
    folder = Path(os.environ.get("SIMPLEX_DATA", "data"))
    if name == "community-small":
        return community_small(np.random.default_rng(0))
    return ego_small(folder) if name == "ego-small" else enzymes_small(folder)


SETS = ("community-small", "ego-small", "ENZYMES-small")


def lifted(graph: nx.Graph) -> SimplicialComplex:
    """With its triangles filled."""
    return clique_complex(nx.convert_node_labels_to_integers(graph), 2)


def without_isolated(K: SimplicialComplex) -> SimplicialComplex:
    """The 1-skeleton on the vertices that have edges; one vertex where there are none."""
    graph = skeleton(K)
    graph.remove_nodes_from(list(nx.isolates(graph)))
    return clique_complex(nx.convert_node_labels_to_integers(graph or nx.empty_graph(1)), 1)


# --- the metrics ----------------------------------------------------------------------------------


def laplacian_spectra(complexes: Sequence[SimplicialComplex]) -> Tensor:
    """Cumulative shares of the eigenvalues of the normalised Laplacian in 200 bins on [0, 2]."""
    rows = []
    for K in complexes:
        values = np.linalg.eigvalsh(nx.normalized_laplacian_matrix(skeleton(K)).toarray())
        counts, _ = np.histogram(values, bins=200, range=(-1e-5, 2))
        rows.append(torch.from_numpy(counts / counts.sum()).cumsum(0))
    return torch.stack(rows)


# name: (descriptor, the norm of differences, σ); EMD of histograms with bins one apart, of the
# clustering coefficients with the bins on [0, 1].
KERNELS: dict[str, tuple[Callable[[Sequence[SimplicialComplex]], Tensor], float, float]] = {
    "degree": (degrees, 1, 1.0),
    "clustering": (clustering, 1, 0.1),
    "orbit": (orbits, 2, 30.0),
    "spectrum": (laplacian_spectra, 1, 1.0),
}


def described(complexes: Sequence[SimplicialComplex]) -> dict[str, Tensor]:
    return {name: descriptor(complexes) for name, (descriptor, _, _) in KERNELS.items()}


def distances(there: dict[str, Tensor], made: dict[str, Tensor], rows: Any) -> dict[str, float]:
    """The published MMD² of some rows of a set from the test set."""
    return {
        name: Mmd(there[name], made[name][rows], norm, sigma).biased()
        for name, (_, norm, sigma) in KERNELS.items()
    }


def spread_of(
    there: dict[str, Tensor], made: dict[str, Tensor], size: int, rounds: int
) -> dict[str, list[float]]:
    """Mean and deviation of the distances of so many rows, drawn several times."""
    generator = np.random.default_rng(0)
    count = len(made["degree"])
    runs = [
        distances(there, made, generator.choice(count, size, replace=count < size))
        for _ in range(rounds)
    ]
    for run in runs:
        run["mean of three"] = sum(run[name] for name in ("degree", "clustering", "orbit")) / 3
    return {
        name: [float(np.mean([run[name] for run in runs])), float(np.std([r[name] for r in runs]))]
        for name in runs[0]
    }


def shares(made: Sequence[SimplicialComplex], data: Sequence[SimplicialComplex]) -> dict[str, Any]:
    """Of graphs, in per cent: those that no training graph is isomorphic to, and distinct ones."""
    known = {canonical_form(K).key for K in data}
    keys = [canonical_form(K).key for K in made]
    return {
        "novel": round(100 * sum(key not in known for key in keys) / len(keys), 1),
        "unique": round(100 * len(set(keys)) / len(keys), 1),
        "classes": len(known),
    }


# --- runs -----------------------------------------------------------------------------------------


def run(name: str, seed: int, seconds: float, steps: int, out: Path) -> None:
    """Train, generate, compare, write."""
    graphs = graphs_of(name)
    fifth = len(graphs) // 5
    lifts = [lifted(graph) for graph in graphs]
    bare = [without_isolated(K) for K in lifts]
    test, data = bare[:fifth], bare[fifth:]
    there, known = described(test), described(data)
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model = WalkScorer(process(steps, "edges"), HIDDEN, LAYERS)
    start = time.process_time()
    averaged, updates = train(model, lifts[fifth:], seconds, generator)
    trained = time.process_time()
    which = torch.randint(len(data), (ROUNDS * fifth,), generator=generator).tolist()
    sizes = [data[i].num_simplices(0) for i in which]
    union = sample_complexes(averaged, model.process, sizes, generator=generator)
    made = [without_isolated(K) for K in union.split()]
    sampled = time.process_time()
    rows = {
        "diffusion": spread_of(there, described(made), fifth, ROUNDS),
        "training set, as many as the test set": spread_of(there, known, fifth, 200),
        "training set, all": {k: [v] for k, v in distances(there, known, slice(None)).items()},
    }
    if name == "community-small":
        fresh = [
            without_isolated(lifted(g)) for g in community_small(np.random.default_rng(1), 200)
        ]
        rows["a fresh draw of the recipe"] = spread_of(there, described(fresh), fifth, 200)
    record = {
        "set": name,
        "seed": seed,
        "graphs": len(graphs),
        "test": fifth,
        "made": len(made),
        "steps": steps,
        "updates": updates,
        "seconds": {"training": round(trained - start), "sampling": round(sampled - trained)},
        "parameters": sum(each.numel() for each in model.parameters()),
        "shares": {"diffusion": shares(made, data), "test": shares(test, data)},
        "rows": rows,
    }
    write_down(out, NAME, record)


# MMD² as published, by degree, clustering, orbit, or their mean; ᵃ as quoted by other papers.
PUBLISHED: dict[str, list[tuple[str, str, str, str, str]]] = {
    "community-small": [
        ("EDP-GNN (Niu et al., AISTATS 2020)", "0.053", "0.144", "0.026", "0.074"),
        ("GDSS (Jo et al., ICML 2022) ᵃ", "–", "–", "–", "0.046"),
        ("DiGress (Vignac et al., ICLR 2023) ᵃ", "–", "–", "–", "0.038"),
        ("HOG-Diff (Huang, Birdal, ICLR 2026) ᵃ", "–", "–", "–", "0.010"),
    ],
    "ego-small": [
        ("EDP-GNN (Niu et al., AISTATS 2020)", "0.052", "0.093", "0.007", "0.050"),
        ("GDSS (Jo et al., ICML 2022) ᵃ", "–", "–", "–", "0.017"),
    ],
    "ENZYMES-small": [],
}


def report(out: Path) -> None:
    """Print a table for each set, mean ± deviation of draws, means over seeds."""
    records = read_down(out, NAME)
    for name, steps in product(SETS, sorted({each["steps"] for each in records})):
        runs = [each for each in records if (each["set"], each["steps"]) == (name, steps)]
        if not runs:
            continue
        first = runs[0]
        print(
            f"\n**{name}**, {first['graphs']} graphs, {first['test']} of them the test set; "
            f"T = {steps}\n"
        )
        columns = ("degree", "clustering", "orbit", "mean of three", "spectrum")
        print("\n".join([f"| | {' | '.join(columns)} |", 6 * "|---" + "|"]))
        for row in first["rows"]:
            cells = []
            for what in columns:
                values = [each["rows"][row].get(what) for each in runs]
                if values[0] is None:
                    three = [[each["rows"][row][k][0] for k in list(KERNELS)[:3]] for each in runs]
                    cells.append(f"{float(np.mean(three)):.4f}")
                    continue
                mean = float(np.mean([value[0] for value in values]))
                spread = f" ± {np.mean([v[1] for v in values]):.4f}" if len(values[0]) > 1 else ""
                cells.append(f"{mean:.4f}{spread}")
            print(f"| {row} | {' | '.join(cells)} |")
        for row, *cells in PUBLISHED[name]:
            print(f"| {row} | {' | '.join(cells)} | – |")
        for what in ("diffusion", "test"):
            text = ", ".join(
                f"{k} {mean_and_spread([each['shares'][what][k] for each in runs], 1)}"
                for k in ("novel", "unique")
            )
            print(f"\n{what}: {text} per cent; {first['shares'][what]['classes']} training classes")
        print(f"seeds {[each['seed'] for each in runs]}, parameters {first['parameters']}")
        print(f"updates {[each['updates'] for each in runs]}, {[each['seconds'] for each in runs]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=["run", "report"])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--seconds", type=float, default=120, help="of one core, for each training")
    parser.add_argument("--steps", type=int, default=STEPS, help="T")
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.task == "report":
        report(args.out)
        return
    done = {(each["set"], each["seed"], each["steps"]) for each in read_down(args.out, NAME)}
    for seed in args.seeds:
        for name in args.sets:
            if (name, seed, args.steps) in done:
                continue
            try:
                run(name, seed, args.seconds, args.steps, args.out)
            except FileNotFoundError as error:
                print(f"{name} is skipped: {error.filename} is not there.", flush=True)


if __name__ == "__main__":
    main()
