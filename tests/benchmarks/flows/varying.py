"""One model for flows on many meshes, and flows of which some edges are known.

``python -m tests.benchmarks.flows.varying meshes --out DIR`` trains a Hodge denoiser on flows on
several annuli at once and samples on a mesh that it never saw, beside one trained on that mesh.
``impute`` fills in edges of planted flows by the same kind of model, beside a Gaussian process on
the edges and the best there is; ``report`` prints the tables. Runs that are there are not repeated.

The chain carries its noise: a Matérn law with the same kernels on every mesh.
"""

import argparse
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from simplex import SimplicialComplex
from simplex.datasets import PlantedFlows, planted_flows
from simplex.diffusion import (
    ExponentialAverage,
    GaussianMixture,
    HodgeNoise,
    MaternKernel,
    Schedule,
    cosine_schedule,
    ddim,
    dpmpp_2m,
    observed,
    simple_loss,
)
from simplex.nn import HodgeDenoiser
from simplex.signals import HodgeGP
from tests.benchmarks.flows.metrics import PARTS, measure
from tests.benchmarks.sample_metrics import mean_and_spread, read_down, write_down


NAME = "diffusion_varying"
SCHEDULE = cosine_schedule(100)
STEPS, BATCH, RATE = 25, 64, 1e-2
SEEN = [(3, 16), (3, 24), (4, 14), (4, 26), (5, 16), (5, 20), (6, 14), (6, 18)]
UNSEEN = (4, 20)
SHARES, MISSING, DRAWS = (0.1, 0.3, 0.6), 20, 8


def chain_of(K: SimplicialComplex) -> Schedule:
    """The chain on a mesh: smooth noise, most of it around the hole."""
    smooth = MaternKernel(length=3.0, smoothness=3.0)
    noise = HodgeNoise(K, smooth, harmonic=MaternKernel(scale=6.0)).standardized()
    return SCHEDULE.with_noise(noise)


class OnMesh:
    """The network on the flows of one mesh."""

    def __init__(self, network: nn.Module, made: PlantedFlows) -> None:
        self.network, self.made, self.fields = network, made, made.fields.float()

    def __call__(self, x: Tensor, t: Tensor) -> Tensor:
        result: Tensor = self.network(x, t, self.made.complex, self.fields)
        return result


def train(meshes: Sequence[PlantedFlows], seconds: float, seed: int) -> tuple[nn.Module, int]:
    """The averaged network after so many seconds of a core, a mesh at a time."""
    torch.manual_seed(seed)
    network = HodgeDenoiser(hidden_channels=8, num_fields=1)
    chains = [chain_of(made.complex) for made in meshes]
    optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=0.0)
    average, steps, start = ExponentialAverage(network, 0.99), 0, time.process_time()
    while (spent := time.process_time() - start) < seconds:
        which = steps % len(meshes)
        made, chain = meshes[which], chains[which]
        rate = RATE * min(1, (steps + 1) / 50) * (1 + math.cos(math.pi * spent / seconds)) / 2
        optimizer.param_groups[0]["lr"] = rate
        x0 = made.train[torch.randint(len(made.train), (BATCH,))]
        t = torch.randint(1, SCHEDULE.num_steps + 1, (BATCH,))
        model = OnMesh(network, made)
        optimizer.zero_grad()
        simple_loss(model, x0, t, chain, prediction="v").mean().backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        average.update(network)
        steps += 1
    return average.network.eval(), steps


def planted(size: tuple[int, int], seed: int, num_train: int = 400) -> PlantedFlows:
    generator = torch.Generator().manual_seed(1000 * seed + 31 * size[0] + size[1])
    return planted_flows("annulus", num_train, 500, size=size, generator=generator)


# --- many meshes ----------------------------------------------------------------------------------


def meshes(args: argparse.Namespace, seed: int) -> None:
    made = planted(UNSEEN, seed, 1000)
    fresh = made.draw(1000, generator=torch.Generator().manual_seed(seed))
    chain = chain_of(made.complex)
    assert chain.noise is not None
    start = chain.noise.sample(fresh, generator=torch.Generator().manual_seed(100 + seed))
    again = made.draw(1000, generator=torch.Generator().manual_seed(7 + seed))
    rows = {"two draws": (again, 0), "the noise": (start, 0)}
    trainings = {"this mesh": [made], "8 other meshes": [planted(size, seed) for size in SEEN]}
    trainings["1 other mesh"] = trainings["8 other meshes"][:1]
    for name, data in trainings.items():
        network, steps = train(data, args.seconds, seed)
        with torch.no_grad():
            flows = dpmpp_2m(OnMesh(network, made), start, chain, STEPS, prediction="v")
        rows[f"trained on {name}"] = (flows, steps)
    for row, (flows, steps) in rows.items():
        record = measure(made, flows, fresh)
        write_down(args.out, NAME, {"task": "meshes", "seed": seed, "row": row, "steps": steps,
                                    "seconds": args.seconds} | record)  # fmt: skip


# --- missing edges --------------------------------------------------------------------------------


def law_of(made: PlantedFlows) -> GaussianMixture:
    """The planted law: normal parts, and two modes of the circulation."""
    width = made.level * made.spread * made.fields
    root = torch.cat([made.gradient, made.curl, width], dim=1).double()
    means = made.level * made.fields.double().T * torch.tensor([[-1.0], [1.0]]).double()
    return GaussianMixture(means, (root @ root.T).expand(2, -1, -1))


def best(made: PlantedFlows, x: Tensor, seen: Tensor) -> Tensor:
    """The mean of the planted law given the edges that are seen, (flows, n_1)."""
    law, errors = law_of(made), 1e-6
    C = (law.axes[0] * law.eigenvalues[0]) @ law.axes[0].T
    inner = C[seen][:, seen] + errors * torch.eye(int(seen.sum()), dtype=torch.float64)
    gain = torch.linalg.solve(inner, C[seen]).T  # (n_1, seen)
    given = [mean + (x[:, seen] - mean[seen]) @ gain.T for mean in law.means]
    gaps = [x[:, seen] - mean[seen] for mean in law.means]
    fits = torch.stack([-(gap * torch.linalg.solve(inner, gap.T).T).sum(1) / 2 for gap in gaps], 1)
    return (fits.softmax(1)[..., None] * torch.stack(given, 1)).sum(1)


def impute(args: argparse.Namespace, seed: int) -> None:
    made = planted(UNSEEN, seed, 1000)
    K, chain = made.complex, chain_of(made.complex)
    truth = made.draw(MISSING, generator=torch.Generator().manual_seed(50 + seed))
    x = truth[..., 0].double()
    network, steps = train([made], args.seconds, seed)
    others, _ = train([planted(size, seed) for size in SEEN], args.seconds, seed)
    for share in SHARES:
        generator = torch.Generator().manual_seed(seed)
        seen = torch.rand(x.shape[1], generator=generator) < share
        ids = seen.nonzero().flatten()
        mean = made.train[..., 0].double().mean(0)
        C = torch.cov(made.train[..., 0].double().T)
        inner = C[seen][:, seen] + 1e-3 * torch.eye(len(ids), dtype=torch.float64)
        fitted = mean + (x[:, seen] - mean[seen]) @ torch.linalg.solve(inner, C[seen])
        answers: dict[str, Tensor] = {
            "0": torch.zeros_like(x),
            "the planted law": best(made, x, seen),
        }
        answers["covariance of the training flows"] = fitted
        seconds = {}
        begin = time.process_time()
        guesses = []
        for flow in x:
            gp = HodgeGP(K, noise=0.05)
            gp.fit(flow[ids], ids, num_steps=25, lr=0.2)
            guesses.append(gp.posterior_mean(flow[ids], ids).detach())
        answers["HodgeGP, fitted to each flow"] = torch.stack(guesses)
        seconds["HodgeGP, fitted to each flow"] = time.process_time() - begin
        spread = {}
        for name, net in (("this mesh", network), ("8 other meshes", others)):
            begin = time.process_time()
            model = OnMesh(net, made)
            values = truth.repeat_interleave(DRAWS, 0)
            told = observed(
                model, chain, values, seen[:, None], prediction="v", std=0.05, num_iterations=10
            )
            assert chain.noise is not None
            start = chain.noise.sample(values, generator=generator)
            draws = ddim(told, start, chain, STEPS)[..., 0].double().reshape(MISSING, DRAWS, -1)
            row = f"diffusion, trained on {name}, mean of {DRAWS}"
            answers[row], seconds[row] = draws.mean(1), time.process_time() - begin
            each = (draws[:, :, ~seen] - x[:, None][..., ~seen]).square().mean((0, 2)).sqrt()
            spread[row] = {
                "of a draw": float(each.mean() / x[:, ~seen].square().mean().sqrt()),
                "spread": float(draws[:, :, ~seen].var(1).mean().sqrt()),
                "error": float((draws.mean(1) - x)[:, ~seen].square().mean().sqrt()),
            }
        for row, answer in answers.items():
            error = (answer - x)[:, ~seen].square().sum().sqrt() / x[:, ~seen].square().sum().sqrt()
            signs = (made.circulation(answer[..., None].float()).sign()
                     == made.circulation(truth).sign()).double().mean()  # fmt: skip
            record: dict[str, Any] = {
                "task": "impute", "seed": seed, "share": share, "row": row,
                "error": float(error), "signs": float(signs), "seconds": seconds.get(row, 0.0),
                "steps": steps,
            } | ({"draws": spread[row]} if row in spread else {})  # fmt: skip
            write_down(args.out, NAME, record)


def report(args: argparse.Namespace) -> None:
    records = read_down(args.out, NAME)
    runs = [each for each in records if each["task"] == "meshes"]
    heads = [f"{what}, {part}" for what in ("modes", "energy") for part in PARTS]
    print(f"| | {' | '.join(heads)} | shares | between |\n" + 9 * "|---" + "|")
    for row in dict.fromkeys(each["row"] for each in runs):
        these = [each for each in runs if each["row"] == row]
        cells = [
            mean_and_spread([each[what][part] for each in these])
            for what in ("modes", "energy")
            for part in PARTS
        ]
        means = [sum(each["share"][part] for each in these) / len(these) for part in PARTS]
        between = sum(each["between"] for each in these) / len(these)
        cells += [" ".join(f"{mean:.2f}" for mean in means), f"{between:.2f}"]
        print(f"| {row} | {' | '.join(cells)} |")
    runs = [each for each in records if each["task"] == "impute"]
    print("\n| known | | relative error | sign of the circulation | seconds |\n" + 5 * "|---" + "|")
    for share in sorted({each["share"] for each in runs}):
        for row in dict.fromkeys(each["row"] for each in runs):
            these = [e for e in runs if e["row"] == row and e["share"] == share]
            cells = [mean_and_spread([each[what] for each in these]) for what in ("error", "signs")]
            spent = sum(each["seconds"] for each in these) / len(these)
            print(f"| {share:.0%} | {row} | {' | '.join(cells)} | {spent:.0f} |")
            if "draws" in these[0]:
                print(f"  {row}: {these[0]['draws']}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=("meshes", "impute", "report"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--seconds", type=float, default=8, help="of training, each")
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.task == "report":
        report(args)
        return
    done = {(each["task"], each["seed"]) for each in read_down(args.out, NAME)}
    for seed in args.seeds:
        if (args.task, seed) not in done:
            {"meshes": meshes, "impute": impute}[args.task](args, seed)


if __name__ == "__main__":
    main()
