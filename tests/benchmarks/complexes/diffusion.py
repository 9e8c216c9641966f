"""Complexes generated as complexes: cliques of two communities and Delaunay triangulations.

``python -m tests.benchmarks.complexes.diffusion run --data community delaunay --seeds 0 --out DIR``
draws data from the seed, trains a scorer of candidates on the face-survival process, generates as
many complexes as there are test ones, and writes a line of JSON for each; ``report`` prints the
tables and ``picture`` draws ``diffusion_complexes.png``.

The triangles have no clock of their own, a_t(2) = 1: one dies with its edges. Three edges without
their triangle then say that there is none, and where a triangle lies no edge is missing.
"""

import argparse
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import nn

from simplex import SimplicialComplex
from simplex.datasets import community_complexes, delaunay_complexes
from simplex.diffusion import (
    ExponentialAverage,
    FaceSurvival,
    complex_elbo,
    complex_loss,
    sample_complexes,
)
from tests.benchmarks.complexes.denoiser import WalkScorer
from tests.benchmarks.complexes.events import sample_by_events
from tests.benchmarks.complexes.laws import IndependentSimplices, community_nats
from tests.benchmarks.complexes.report import compared, report
from tests.benchmarks.sample_metrics import write_down


NAME = "diffusion_complexes"
DRAW: dict[str, Callable[..., list[SimplicialComplex]]] = {
    "community": community_complexes,
    "delaunay": delaunay_complexes,
}
STEPS, BATCH, RATE, DECAY, HIDDEN, LAYERS = 64, 16, 4e-3, 0.998, 24, 2


def process(num_steps: int, clocks: str) -> FaceSurvival:
    """Edges die at equal rates; triangles too (``"both"``), or only with their edges."""
    linear = FaceSurvival.linear(num_steps, 2)
    if clocks == "both":
        return linear
    table = linear.survival.clone()
    table[:, 2] = 1
    return FaceSurvival(table)


def train(
    model: WalkScorer,
    data: Sequence[SimplicialComplex],
    seconds: float,
    generator: torch.Generator,
) -> tuple[nn.Module, int]:
    """The averaged network after so many seconds of core, and the number of steps.

    Times are drawn with a probability proportional to 1/t: of the bound of -log p the term at t
    has the weight r = 1/t.
    """
    optimizer = torch.optim.AdamW(model.parameters(), RATE, weight_decay=1e-4)
    average = ExponentialAverage(model, DECAY)
    often = 1 / torch.arange(1, model.process.num_steps + 1).double()
    start, steps = time.process_time(), 0
    while (spent := time.process_time() - start) < seconds:
        rate = RATE * min(1, (steps + 1) / 50) * (1 + math.cos(math.pi * spent / seconds)) / 2
        optimizer.param_groups[0]["lr"] = rate
        chosen = torch.randint(len(data), (BATCH,), generator=generator).tolist()
        union = SimplicialComplex.disjoint_union([data[i] for i in chosen])
        t = 1 + torch.multinomial(often, BATCH, replacement=True, generator=generator)
        optimizer.zero_grad()
        complex_loss(model, model.process, union, t, generator=generator).mean().backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        average.update(model)
        steps += 1
    return average.network, steps


def sizes(complexes: Sequence[SimplicialComplex]) -> list[int]:
    """Their numbers of vertices."""
    return [K.num_simplices(0) for K in complexes]


@torch.no_grad()
def nats(model: WalkScorer, held: Sequence[SimplicialComplex], seed: int) -> list[float]:
    """The bound of -log p for each."""
    union = SimplicialComplex.disjoint_union(held)
    generator = torch.Generator().manual_seed(seed)
    bound = complex_elbo(model, model.process, union, generator=generator)
    return [float(value) for value in bound.nats]


def mean_and_error(values: Sequence[float]) -> list[float]:
    """Mean and its standard error."""
    each = torch.tensor(values, dtype=torch.float64)
    return [round(float(each.mean()), 2), round(float(each.std() / len(each) ** 0.5), 2)]


def run(name: str, seed: int, args: argparse.Namespace) -> None:
    """Train, generate, compare."""
    draws = [torch.Generator().manual_seed(1000 * (i + 1) + seed) for i in range(4)]
    data, test, fresh = (
        DRAW[name](n, generator=generator)
        for n, generator in zip((args.train, args.samples, args.samples), draws, strict=False)
    )
    torch.manual_seed(seed)
    model = WalkScorer(
        process(args.steps, args.clocks),
        HIDDEN,
        LAYERS,
        structure="structure" in args.told,
        pairs="pairs" in args.told,
        links="links" in args.told,
    )
    start = time.process_time()
    averaged, steps = train(model, data[: args.copies or None], args.seconds, draws[3])
    trained = time.process_time()
    made = sample_complexes(averaged, model.process, sizes(fresh), generator=draws[3]).split()
    sampled = time.process_time()
    sets = {"fresh draw": fresh, "training copies": data[: args.samples], "diffusion": made}
    if args.events:
        sets["by events"] = sample_by_events(averaged, sizes(fresh), draws[3]).split()
    happened = time.process_time()
    naive = IndependentSimplices(data)
    sets["independent edges"] = naive.sample(sizes(fresh), draws[3])
    held = test[: args.held]
    record = {
        "data": name,
        "seed": seed,
        "told": args.told,
        "clocks": args.clocks,
        "steps": args.steps,
        "copies": args.copies,
        "train": len(data),
        "samples": len(made),
        "parameters": sum(each.numel() for each in model.parameters()),
        "updates": steps,
        "nats": {
            "diffusion": mean_and_error(nats(averaged, held, seed)),
            "independent edges": mean_and_error([naive.nats(K) for K in held]),
        },
        "seconds": {
            "training": round(trained - start, 1),
            "sampling": round(sampled - trained, 1),
            "by events": round(happened - sampled, 1),
        },
    }
    if name == "community":
        record["nats"]["the law itself"] = mean_and_error([community_nats(K) for K in held])
    record["rows"] = compared(test, data, sets)
    record["seconds"]["everything"] = round(time.process_time() - start, 1)
    write_down(args.out, NAME, record)
    if args.keep:
        torch.save(
            {"model": averaged, "made": sets.get("by events", made)[:64]},
            args.out / f"{name}_{seed}.pt",
        )


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=["run", "report", "picture"])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data", choices=DRAW, nargs="+", default=list(DRAW))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--seconds", type=float, default=150, help="of one core, for training")
    parser.add_argument("--steps", type=int, default=STEPS, help="T")
    parser.add_argument("--train", type=int, default=1000)
    parser.add_argument("--samples", type=int, default=500)
    parser.add_argument("--held", type=int, default=100, help="complexes for the bound")
    parser.add_argument("--copies", type=int, default=0, help="train on so many only; 0 for all")
    parser.add_argument("--clocks", choices=["edges", "both"], default="edges")
    parser.add_argument("--told", nargs="*", default=["structure", "pairs", "links"])
    parser.add_argument("--events", action="store_true", help="generate edge by edge as well")
    parser.add_argument("--keep", action="store_true", help="network and samples, for the picture")
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.task == "report":
        report(args.out, NAME)
    elif args.task == "picture":
        from tests.benchmarks.complexes.picture import picture

        picture(args.out, {name: DRAW[name] for name in args.data}, args.seeds[0])
    else:
        for seed in args.seeds:
            for name in args.data:
                run(name, seed, args)


if __name__ == "__main__":
    main()
