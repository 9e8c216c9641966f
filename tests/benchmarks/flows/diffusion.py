"""Planted edge flows generated: ``python -m tests.benchmarks.flows.diffusion run --out DIR``.

Noise {white, Hodge} × denoiser {MLP, simplicial}, each with the same seconds of one core; flow
matching with independent and optimal coupling and around the heat drift; beside them two draws of
the data, a Gaussian, a memoriser, and the exact denoiser with the same sampler. ``report`` prints
the tables, ``winding`` what heat alone does to the circulation, ``picture`` draws.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from simplex.diffusion import GaussianMixture
from tests.benchmarks.flows.metrics import PARTS, measure
from tests.benchmarks.flows.runs import Task, chain, exact, generate, method_of, set_up, train
from tests.benchmarks.flows.winding import winding_table
from tests.benchmarks.sample_metrics import mean_and_spread, read_down, write_down


NAME = "diffusion_flows"
CELLS = [(noise, kind) for noise in ("white", "hodge") for kind in ("mlp", "simplicial")]
FLOWS = [("white", "I-CFM"), ("white", "OT-CFM"), ("white", "I-TFM"), ("hodge", "I-CFM")]
SAMPLES = 1000


def baselines(task: Task, seed: int) -> Iterator[tuple[str, Tensor]]:
    """What to read the distances by."""
    generator = torch.Generator().manual_seed(200 + seed)
    made = task.made
    yield "two draws", made.draw(SAMPLES, generator=generator)
    gaussian = GaussianMixture.fit(made.train[..., 0])  # of rows of n_1 numbers
    yield "Gaussian", gaussian.sample(SAMPLES, generator=generator)[..., None]
    yield "memoriser", made.train[torch.randint(len(made.train), (SAMPLES,), generator=generator)]
    for noise in ("white", "hodge"):
        yield f"exact, {noise}", generate(task, noise, chain(), exact(task, noise), SAMPLES, seed)


def run(args: argparse.Namespace) -> None:
    """All runs of the arguments, one line each."""
    done = {(r["domain"], r["size"], r["seed"], r["row"]) for r in read_down(args.out, NAME)}
    for seed in args.seeds:
        for domain in args.domains:
            for size in args.sizes:
                task = set_up(domain, size, seed)

                def note(row: str, flows: Tensor, **facts: Any) -> None:
                    record = measure(task.made, flows, task.fresh)  # noqa: B023
                    where = {"domain": domain, "size": size, "seed": seed, "row": row}  # noqa: B023
                    write_down(args.out, NAME, where | facts | record)

                if (domain, size, seed, "two draws") not in done:
                    for row, flows in baselines(task, seed):
                        note(row, flows)
                jobs = [(noise, kind, "chain") for noise, kind in CELLS]
                if args.flows:
                    jobs += [(noise, "simplicial", path) for noise, path in FLOWS]
                for noise, kind, path in jobs:
                    row = f"{noise}, {kind}" if path == "chain" else f"{path}, {noise}"
                    if (domain, size, seed, row) in done:
                        continue
                    method = method_of(path, task.made.complex)
                    network, facts = train(task, noise, kind, method, args.seconds, seed)
                    flows = generate(task, noise, method, network, SAMPLES, seed)
                    note(row, flows, **facts)
                    if args.keep and path == "chain":
                        torch.save(
                            network.state_dict(), args.out / f"{domain}-{size}-{seed}-{row}.pt"
                        )


def report(args: argparse.Namespace) -> None:
    """Markdown tables, mean ± standard deviation over the seeds."""
    records = read_down(args.out, NAME)
    for domain, size in sorted({(r["domain"], r["size"]) for r in records}):
        here = [r for r in records if (r["domain"], r["size"]) == (domain, size)]
        print(f"\n**{domain}, {size} training flows** ({len({r['seed'] for r in here})} seeds)\n")
        heads = [f"modes, {p}" for p in PARTS] + [f"energy, {p}" for p in PARTS]
        print(f"| | {' | '.join(heads)} | modulus | shares | between | nearest | steps |")
        print("|" + "---|" * 12)
        for row in dict.fromkeys(r["row"] for r in here):
            runs = [r for r in here if r["row"] == row]
            cells = [
                mean_and_spread([r[metric][p] for r in runs])
                for metric in ("modes", "energy")
                for p in PARTS
            ]
            cells.append(mean_and_spread([r["modulus"] for r in runs]))
            shares = " ".join(f"{sum(r['share'][p] for r in runs) / len(runs):.2f}" for p in PARTS)
            cells.append(shares)
            for name, form in (("between", ".3f"), ("nearest", ".2f"), ("steps", ".0f")):
                values = [r[name] for r in runs if name in r]
                cells.append(format(sum(values) / len(values), form) if values else "–")
            print(f"| {row} | {' | '.join(cells)} |")
        print("\nW1 in R^n by part, and parameters:")
        for row in dict.fromkeys(r["row"] for r in here):
            runs = [r for r in here if r["row"] == row]
            space = [mean_and_spread([r["space"][p] for r in runs], 2) for p in PARTS]
            print(f"| {row} | {' | '.join(space)} | {runs[0].get('parameters', '–')} |")
    spent = sum(r.get("seconds", 0) for r in records)
    print(f"\n{spent:.0f} core-seconds of training in {sum('steps' in r for r in records)} runs")


def picture(args: argparse.Namespace) -> None:
    """Data, the chain, samples, and the circulations of every cell."""
    from tests.benchmarks.flows.picture import draw

    draw(args.out, args.picture, args.sizes[0], args.seeds[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=("run", "report", "winding", "picture"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--domains", nargs="+", default=["annulus", "torus"])
    parser.add_argument("--sizes", type=int, nargs="+", default=[200, 1000])
    parser.add_argument("--seconds", type=float, default=16.0, help="of training, each run")
    parser.add_argument("--flows", action="store_true", help="flow matching too")
    parser.add_argument("--keep", action="store_true", help="the networks, for the picture")
    parser.add_argument("--picture", type=Path, default=Path("docs/pictures/diffusion_flows.png"))
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.task == "winding":
        print(winding_table())
        return
    args.out.mkdir(parents=True, exist_ok=True)
    {"run": run, "report": report, "picture": picture}[args.task](args)


if __name__ == "__main__":
    main()
