"""Four ways to learn three toys of the plane, with floors, baselines and exact densities beside.

``python -m tests.benchmarks.toys.diffusion run --out DIR`` trains a network of 3 × 128 by the
simple loss of DDPM, by EDM, and by flow matching with independent and optimal coupling, on 5,000
points of each toy; then ``report`` prints the table and ``picture`` draws the samples of one seed.
Each row of the JSON lines is one sampler, baseline or floor.
"""

import argparse
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from simplex.diffusion import GaussianMixture
from tests.benchmarks.sample_metrics import (
    mean_and_spread,
    mmd2,
    read_down,
    wasserstein,
    write_down,
)
from tests.benchmarks.toys.laws import ASSIGNED, BANDWIDTH, Toy, distances, toys
from tests.benchmarks.toys.methods import METHODS, chain_frames, log_density, train
from tests.benchmarks.toys.picture import draw


NAME = "diffusion_toys"
TRAIN, POINTS, DENSITIES, FLOORS = 5000, 2000, 500, 4


def mixture_of_eight(data: Tensor, seed: int) -> GaussianMixture:
    """Eight Gaussians by expectation maximisation, the best of three starts."""
    from sklearn.mixture import GaussianMixture as Fit

    fit = Fit(8, n_init=3, random_state=seed).fit(data.double().numpy())
    return GaussianMixture(*(torch.tensor(p) for p in (fit.means_, fit.covariances_, fit.weights_)))


def baselines(data: Tensor, seed: int) -> Iterator[tuple[str, Tensor, GaussianMixture | None]]:
    """Names, samples and densities of what needs no network."""
    generator = torch.Generator().manual_seed(10_000 + seed)
    copies = data[torch.randint(len(data), (POINTS,), generator=generator)]
    yield "memoriser", copies, None
    for name, law in (
        ("Gaussian", GaussianMixture.fit(data)),
        ("8 parts, EM", mixture_of_eight(data, seed)),
    ):
        yield name, law.sample(POINTS, generator=generator).to(data.dtype), law


def floor(toy: Toy, held: Tensor, generator: torch.Generator) -> dict[str, float]:
    """Fresh draws against the held-out one: means and standard deviations."""
    draws = [toy.draw(POINTS, generator=generator) for _ in range(FLOORS)]
    w2 = torch.tensor([wasserstein(x[:ASSIGNED], held[:ASSIGNED]) for x in draws])
    squares = torch.tensor([mmd2(x, held, BANDWIDTH) for x in draws])
    return {
        "w2": float(w2.mean()),
        "w2_std": float(w2.std()),
        "mmd2": float(squares.mean()),
        "mmd2_std": float(squares.std()),
    }


def run(name: str, toy: Toy, seed: int, steps: int, out: Path) -> None:
    """All methods on one draw of one toy."""
    generator = torch.Generator().manual_seed(seed)
    data, held = (toy.draw(n, generator=generator) for n in (TRAIN, POINTS))
    points = held[:DENSITIES]
    exact = toy.law.log_prob(points.double())
    pictures = {"data": held}

    def note(method: str, sampler: str, result: dict[str, Any]) -> None:
        where = {"toy": name, "seed": seed, "method": method, "sampler": sampler}
        write_down(out, NAME, where | {key: _short(value) for key, value in result.items()})

    def excess(log_prob: Tensor) -> dict[str, float]:
        """Nats above the entropy, a divergence; paired with the exact density."""
        gap = exact - log_prob.double()
        return {"nll": -float(log_prob.mean()), "kl": float(gap.mean()),
                "kl_error": float(gap.std()) / math.sqrt(len(gap))}  # fmt: skip

    note("floor", "", floor(toy, held, generator) | excess(exact))
    for baseline, samples, law in baselines(data, seed):
        density = {} if law is None else excess(law.log_prob(points.double()))
        note(baseline, "", distances(samples, data, held) | density)
    for method, parts in METHODS.items():
        network, seconds = train(method, data, steps, seed)
        density = excess(log_density(method, network, points))
        for sampler, walk in parts.samplers.items():
            spent = time.process_time()
            z = torch.randn(POINTS, 2, generator=generator)
            samples = walk(network, z, generator)
            spent = time.process_time() - spent
            cost = {"train_seconds": seconds, "sample_seconds": spent, "steps": steps}
            note(method, sampler, distances(samples, data, held) | density | cost)
            pictures[f"{method}: {sampler}"] = samples
        if method == "ddpm":
            pictures |= chain_frames(network, torch.randn(POINTS, 2, generator=generator))
    torch.save(pictures, out / f"{name}_{seed}.pt")


def _short(value: Any) -> Any:
    return float(f"{value:.5g}") if isinstance(value, float) else value


def report(out: Path) -> None:
    """A table per toy: means and standard deviations over the seeds."""
    rows = read_down(out, NAME)
    for toy in dict.fromkeys(row["toy"] for row in rows):
        heads = [toy, "W₂", "– over floor", "MMD² · 10³", "its 95 % interval, first seed",
                 "neighbour ratio", "nats above the entropy"]  # fmt: skip
        print("\n| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|")
        here = [row for row in rows if row["toy"] == toy]
        floors = {row["seed"]: row["w2"] for row in here if row["method"] == "floor"}
        for method, sampler in dict.fromkeys((row["method"], row["sampler"]) for row in here):
            chosen = [r for r in here if (r["method"], r["sampler"]) == (method, sampler)]
            first = chosen[0]
            interval = "–"
            if "mmd2_low" in first:
                interval = f"{1e3 * first['mmd2_low']:.2f} … {1e3 * first['mmd2_high']:.2f}"
            cells = [
                f"{method}, {sampler}" if sampler else method,
                mean_and_spread([r["w2"] for r in chosen]),
                mean_and_spread([r["w2"] / floors[r["seed"]] for r in chosen], 2),
                mean_and_spread([1e3 * r["mmd2"] for r in chosen], 2),
                interval,
                *(
                    mean_and_spread([r[key] for r in chosen], digits) if key in first else "–"
                    for key, digits in (("neighbour", 2), ("kl", 3))
                ),
            ]
            print("| " + " | ".join(cells) + " |")
        floor_rows = [row for row in here if row["method"] == "floor"]
        w2, squares = (
            sum(row[key] for row in floor_rows) / len(floor_rows) for key in ("w2_std", "mmd2_std")
        )
        entropy = mean_and_spread([row["nll"] for row in floor_rows])
        print(f"\nExact NLL of held-out points: {entropy} nats. Between fresh draws the standard")
        print(f"deviation of W₂ is {w2:.3f} and that of MMD² · 10³ {1e3 * squares:.2f}.")
    seconds: dict[str, dict[tuple[str, int], float]] = {}
    for r in rows:
        if "train_seconds" in r:
            seconds.setdefault(r["method"], {})[r["toy"], r["seed"]] = r["train_seconds"]
    for method, own in seconds.items():
        print(f"training, {method}: {mean_and_spread(list(own.values()), 1)} core-seconds")


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=["run", "report", "picture"])
    parser.add_argument("--toys", nargs="+", choices=list(toys()), default=list(toys()))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--png", type=Path, default=Path("docs/pictures/diffusion_toys.png"))
    args = parser.parse_args()
    torch.set_num_threads(1)
    match args.task:
        case "run":
            for seed in args.seeds:
                for name in args.toys:
                    run(name, toys()[name], seed, args.steps, args.out)
        case "report":
            report(args.out)
        case "picture":
            draw({name: torch.load(args.out / f"{name}_{args.seeds[0]}.pt") for name in args.toys},
                 args.png)  # fmt: skip


if __name__ == "__main__":
    main()
