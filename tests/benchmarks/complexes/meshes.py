"""Meshes grown triangle by triangle: Delaunay triangulations and closed surfaces.

``python -m tests.benchmarks.complexes.meshes run --data delaunay sphere torus --out DIR`` draws
data from the seed, trains a ``MeshScorer``, generates as many meshes as there are test ones with
and without constraints, beside the constraint alone under a network that knows nothing, and writes
a line of JSON; what is there already is not run again. ``report`` prints the tables and ``picture``
draws ``diffusion_meshes.png``.
"""

import argparse
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import networkx as nx
import torch
from torch import Tensor, nn

from simplex import SimplicialComplex
from simplex.datasets import delaunay_complexes, random_surface
from simplex.diffusion import (
    ExponentialAverage,
    MeshScorer,
    MeshState,
    mesh_elbo,
    mesh_loss,
    mesh_questions,
    sample_meshes,
)
from simplex.operators import genus, is_orientable, is_surface
from tests.benchmarks.complexes.mesh_metrics import MESH_DESCRIPTORS
from tests.benchmarks.complexes.metrics import Mmd, classes, closure_violations, is_disc, skeleton
from tests.benchmarks.sample_metrics import mean_and_spread, read_down, write_down


NAME = "diffusion_meshes"
BATCH, RATE, DECAY, POOL, QUESTIONS = 64, 4e-3, 0.995, 250, 8
KIND: dict[str, Any] = {
    "delaunay": "disc",
    "sphere": (0, True),
    "torus": (1, True),
    "projective plane": (1, False),
    "genus 2": (2, True),
}
SIZES = {"sphere": (8, 20), "torus": (9, 20), "projective plane": (8, 20), "genus 2": (12, 20)}


def draw(name: str, number: int, generator: torch.Generator) -> list[SimplicialComplex]:
    """Data of that name."""
    if name == "delaunay":
        return delaunay_complexes(number, generator=generator)
    low, high = SIZES[name]
    sizes = torch.randint(low, high + 1, (number,), generator=generator).tolist()
    return [random_surface(name, n, generator=generator) for n in sizes]


def is_of(name: str, K: SimplicialComplex) -> bool:
    """Whether a mesh is of the topology of the data."""
    if name == "delaunay":
        return is_disc(K)
    handles, orientable = KIND[name]
    closed = K.dim == 2 and is_surface(K) and bool((K.cofacets(1)[0].diff() == 2).all())
    if not closed or not nx.is_connected(skeleton(K)):
        return False
    return is_orientable(K) == orientable and genus(K) == handles


def train(
    data: Sequence[SimplicialComplex], seconds: float, generator: torch.Generator
) -> tuple[MeshScorer, int]:
    """The averaged network after so many seconds of core, and the number of steps."""
    model = MeshScorer()
    optimizer = torch.optim.AdamW(model.parameters(), RATE, weight_decay=1e-4)
    average = ExponentialAverage(model, DECAY)
    start, steps = time.process_time(), 0
    while (spent := time.process_time() - start) < seconds:
        chosen = torch.randperm(len(data), generator=generator)[:POOL].tolist()
        union = SimplicialComplex.disjoint_union([data[i] for i in chosen])
        questions = mesh_questions(union, QUESTIONS, generator=generator)
        for rows in torch.arange(len(questions.answer)).split(BATCH):
            spent = min(time.process_time() - start, seconds)
            rate = RATE * min(1, (steps + 1) / 50) * (1 + math.cos(math.pi * spent / seconds)) / 2
            optimizer.param_groups[0]["lr"] = rate
            optimizer.zero_grad()
            mesh_loss(model, questions.rows(rows)).mean().backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            average.update(model)
            steps += 1
    network = average.network
    assert isinstance(network, MeshScorer)
    return network.eval(), steps


def knows_nothing(state: MeshState, edge: Tensor) -> Tensor:
    """All answers alike."""
    return torch.zeros(len(edge), state.paths.shape[1] + 1)


def run(name: str, seed: int, args: argparse.Namespace) -> None:
    """Train, generate, compare."""
    draws = [torch.Generator().manual_seed(1000 * (i + 1) + seed) for i in range(4)]
    data, test, fresh = (
        draw(name, n, generator)
        for n, generator in zip((args.train, args.samples, args.samples), draws, strict=False)
    )
    kept = args.out / f"{NAME}_{name.replace(' ', '_')}_{seed}.pt"
    start = time.process_time()
    if kept.exists():
        saved = torch.load(kept, weights_only=False)
        model, steps, trained = saved["model"], saved["steps"], saved["seconds"]
    else:
        torch.manual_seed(seed)
        model, steps = train(data, args.seconds, draws[3])
        trained = round(time.process_time() - start, 1)
        torch.save({"model": model, "steps": steps, "seconds": trained}, kept)
    sizes = [K.num_simplices(0) for K in fresh]
    sets, took = {"fresh draw": fresh, "training copies": data[: args.samples]}, {}
    ways: list[tuple[str, Callable[..., Tensor], Any]] = [
        ("learned, no constraint", model, None),
        ("learned, surface", model, "surface"),
        ("learned, constraint", model, KIND[name]),
        ("constraint alone", knows_nothing, KIND[name]),
    ]
    for what, network, constraint in ways:
        begun = time.process_time()
        made = sample_meshes(network, sizes, constraint=constraint, generator=draws[3])
        sets[what] = made.split()
        took[what] = round(time.process_time() - begun, 1)
    held = SimplicialComplex.disjoint_union(test[: args.held])
    nats = {
        str(constraint): mesh_elbo(model, held, constraint=constraint, generator=draws[3]).nats
        for constraint in (None, KIND[name])
    }
    record = {
        "data": name,
        "seed": seed,
        "train": len(data),
        "samples": len(fresh),
        "parameters": sum(each.numel() for each in model.parameters()),
        "updates": steps,
        "nats": {
            which: [round(float(v), 2) for v in (each.mean(), each.std() / len(each) ** 0.5)]
            for which, each in nats.items()
        },
        "seconds": {"training": trained, **took},
        "rows": compared(name, test, data, sets),
    }
    record["seconds"]["everything"] = round(time.process_time() - start, 1)
    write_down(args.out, NAME, record)
    torch.save({"test": test[:64], "made": sets["learned, constraint"][:64]}, shown(args.out, name))


def shown(out: Path, name: str) -> Path:
    """Where the meshes for the picture lie."""
    return out / f"{NAME}_{name.replace(' ', '_')}_shown.pt"


def compared(
    name: str,
    test: Sequence[SimplicialComplex],
    train: Sequence[SimplicialComplex],
    sets: dict[str, list[SimplicialComplex]],
) -> dict[str, Any]:
    """For each set the share of the right topology, and MMD² from the test set."""
    rows: dict[str, Any] = {}
    for which, made in sets.items():
        own = classes([*train, *made])[len(train) :]
        right = [is_of(name, K) for K in made]
        rows[which] = {
            "topology": round(100 * sum(right) / len(right), 1),
            "closure violations": closure_violations(made),
            "unique": round(100 * len(set(own)) / len(own), 1),
            "novel": round(100 * sum(each >= len(train) for each in own) / len(own), 1),
        }
    for what, (descriptor, norm, bandwidth) in MESH_DESCRIPTORS.items():
        there = descriptor(test)
        for which, made in sets.items():
            mmd = Mmd(there, descriptor(made), norm, bandwidth)
            rows[which][what] = [round(v, 5) for v in (mmd.unbiased(), *mmd.interval())]
    return rows


def report(out: Path) -> None:
    """Print the tables, means over seeds."""
    runs = read_down(out, NAME)
    for name in dict.fromkeys(run["data"] for run in runs):
        group = [run for run in runs if run["data"] == name]
        first = group[0]
        print(f"\n{name}: seeds {[run['seed'] for run in group]}, updates {first['updates']}")
        print("seconds", [run["seconds"] for run in group], "nats", [r["nats"] for r in group])
        sets = list(first["rows"])
        print("\n| | " + " | ".join(sets) + " |\n|---|" + "---|" * len(sets))
        for what in first["rows"][sets[0]]:
            cells = [_cell([run["rows"][each][what] for run in group]) for each in sets]
            print(f"| {what} | " + " | ".join(cells) + " |")


def _cell(values: list[Any]) -> str:
    if not isinstance(values[0], list):
        return mean_and_spread(values, 1)
    low, high = (1000 * each for each in values[0][1:])
    return f"{mean_and_spread([1000 * v[0] for v in values], 1)} [{low:.1f}, {high:.1f}]"


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=["run", "report", "picture"])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data", choices=KIND, nargs="+", default=["delaunay", "sphere", "torus"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--seconds", type=float, default=60, help="of one core, for training")
    parser.add_argument("--train", type=int, default=1000)
    parser.add_argument("--samples", type=int, default=300)
    parser.add_argument("--held", type=int, default=100, help="meshes for the bound")
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.task == "report":
        report(args.out)
    elif args.task == "picture":
        from tests.benchmarks.complexes.mesh_picture import mesh_picture

        model = args.out / f"{NAME}_delaunay_{args.seeds[0]}.pt"
        mesh_picture(args.out, shown(args.out, "delaunay"), model, args.seeds[0])
    else:
        args.out.mkdir(parents=True, exist_ok=True)
        done = {(run["data"], run["seed"]) for run in read_down(args.out, NAME)}
        for seed in args.seeds:
            for name in args.data:
                if (name, seed) not in done:
                    run(name, seed, args)


if __name__ == "__main__":
    main()
