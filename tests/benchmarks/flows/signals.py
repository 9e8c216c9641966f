"""Flows that are measured on some roads, and rates of exchange: what fills them in.

``python -m tests.benchmarks.flows.signals``, with the folder of real data in ``SIMPLEX_DATA``.

Road networks with their equilibrium flows (net flow of each road, in the direction of its smaller
vertex to its larger one). A share of the roads is observed, the others are filled in; scored by the
relative error and the correlation on what was not observed, over ten draws. Rates: how much of
the logarithms is a gradient, and what noise does to it.
"""

import argparse
import csv
import os
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from simplex import SimplicialComplex
from simplex.lifting import clique_complex
from simplex.operators import hodge_decomposition
from simplex.signals import HodgeGP, denoise, hodge_rank, interpolate


NETWORKS = ("siouxfalls", "anaheim", "winnipeg", "chicago-sketch")
SHARES = (0.3, 0.5, 0.8)


def road_flow(folder: Path, name: str) -> tuple[SimplicialComplex, Tensor]:
    """The roads of a network with its triangles filled, and the (n_1,) net flows."""
    flows: dict[tuple[int, int], float] = {}
    for line in (folder / name / f"{name}_flow.tntp").read_text().splitlines()[1:]:
        words = line.replace(";", " ").replace(":", " ").split()
        if len(words) < 3 or words[0] == words[1]:
            continue
        u, v, volume = int(words[0]) - 1, int(words[1]) - 1, float(words[2])
        key, sign = ((u, v), 1) if u < v else ((v, u), -1)
        flows[key] = flows.get(key, 0.0) + sign * volume
    K = clique_complex(torch.tensor(list(flows)).T, 2)
    x = torch.tensor([flows[u, v] for u, v in K.simplices(1).tolist()], dtype=torch.float64)
    return K, x / x.std()


def methods(
    K: SimplicialComplex, x: Tensor, seen: Tensor, steps: int
) -> Iterator[tuple[str, Tensor]]:
    """What each says of all roads."""
    yield "0", torch.zeros_like(x)
    yield "interpolate, no sources", interpolate(K, x, seen, down=1.0, up=0.0)
    yield "interpolate, noise 0.1", interpolate(K, x, seen, down=1.0, up=0.0, noise=0.1)
    yield "interpolate, both", interpolate(K, x, seen)
    ids = seen.nonzero().flatten()
    gp = HodgeGP(K, noise=0.3)
    gp.fit(x[ids], ids, num_steps=steps, lr=0.1)
    yield "HodgeGP, fitted", gp.posterior_mean(x[ids], ids)


def roads(folder: Path, name: str, draws: int, steps: int) -> None:
    K, x = road_flow(folder, name)
    parts = hodge_decomposition(K, x)
    shares = ", ".join(f"{float(p.square().sum() / x.square().sum()):.2f}" for p in parts)
    print(f"\n{name}, f-vector {K.f_vector}; gradient, curl, harmonic: {shares}\n")
    print("| observed | method | relative error | correlation | seconds |\n|---|---|---|---|---|")
    for share in SHARES:
        found: dict[str, list[tuple[float, float]]] = {}
        seconds: dict[str, float] = {}
        for draw in range(draws):
            generator = torch.Generator().manual_seed(draw)
            seen = torch.rand(len(x), generator=generator) < share
            begin = time.process_time()
            for method, y in methods(K, x, seen, steps):
                seconds[method] = seconds.get(method, 0.0) + time.process_time() - begin
                mine, truth = y[~seen], x[~seen]
                error = float((mine - truth).norm() / truth.norm())
                both = torch.stack([mine, truth])
                agree = float(torch.corrcoef(both)[0, 1]) if float(mine.std()) > 0 else 0.0
                found.setdefault(method, []).append((error, agree))
                begin = time.process_time()
        for method, scores in found.items():
            error, agree = torch.tensor(scores).mean(0).tolist()
            line = f"| {share:.0%} | {method} | {error:.2f} | {agree:.2f} |"
            print(f"{line} {seconds[method] / draws:.2f} |", flush=True)


def picture(folder: Path, name: str, out: Path) -> None:
    """What half of the roads are counted at, what that says of the others, and the truth."""
    import matplotlib.pyplot as plt
    from matplotlib.collections import LineCollection

    K, x = road_flow(folder, name)
    lines = (folder / name / f"{name}_node.tntp").read_text().splitlines()[1:]
    place = torch.tensor([[float(word) for word in line.split()[1:3]] for line in lines])
    seen = torch.rand(len(x), generator=torch.Generator().manual_seed(0)) < 0.5
    filled = interpolate(K, x, seen, down=1.0, up=0.0)
    missing = torch.stack([filled, x])[:, ~seen]
    error = float((missing[0] - missing[1]).norm() / missing[1].norm())
    fig, axes = plt.subplots(1, 3, figsize=(10, 2.9), layout="constrained")
    panels = {"all traffic": x, "counted": x * seen, f"filled in, error {error:.2f}": filled}
    for ax, (title, flow) in zip(axes, panels.items(), strict=True):
        colors = ["#4c72b0" if known else "#c44e52" for known in seen.tolist()]
        roads = place[K.simplices(1)].tolist()
        ax.add_collection(LineCollection(roads, colors="#dddddd", lw=0.5))
        ax.add_collection(LineCollection(roads, colors=colors, lw=1.6 * flow.abs()))
        ax.set_title(title)
        ax.autoscale()
        ax.set_aspect(1 / float((place[:, 1].mean() * torch.pi / 180).cos()))
        ax.set_axis_off()
    fig.savefig(out, dpi=120)


def exchange(folder: Path) -> None:
    """Logarithms of rates: all currencies with one another."""
    with (folder / "exchange" / "FX_1538755200.csv").open() as file:
        rows = list(csv.DictReader(file))
    names = sorted({row["base_currency"] for row in rows})
    rates = {(row["base_currency"], row["quote_currency"]): row for row in rows}
    K = SimplicialComplex.from_simplices(
        [(a, b, c) for a in range(len(names)) for b in range(a) for c in range(b)]
    )
    print(f"\nexchange, {len(names)} currencies, f-vector {K.f_vector}\n")
    for kind in ("midpoint", "ask"):
        pairs = [(names[u], names[v]) for u, v in K.simplices(1).tolist()]
        x = torch.tensor([float(rates[pair][kind]) for pair in pairs], dtype=torch.float64).log()
        gap = (K.facet_signs(2).double() * x[K.facets(2)]).sum(1).abs()  # (n_2,)
        ranking = hodge_rank(K, x)
        shares = f"gradient {ranking.gradient:.10f}, curl {ranking.curl:.1e}"
        print(f"{kind}: {shares}; largest gain around three: {float(gap.max().expm1()):.2e}")
        noisy = x + 0.05 * torch.randn(len(x), generator=torch.Generator().manual_seed(0)).double()
        for weight in (1.0, 100.0):
            clean = denoise(K, noisy, down=0.0, up=weight)
            error = [float((y - x).norm() / x.norm()) for y in (noisy, clean)]
            print(f"  noise 0.05: error {error[0]:.4f}, denoised (up={weight:g}) {error[1]:.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", default=NETWORKS)
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--steps", type=int, default=60, help="of fitting HodgeGP")
    parser.add_argument("--picture", type=Path, help="draw the first network there, and stop")
    options = parser.parse_args()
    if "SIMPLEX_DATA" not in os.environ:
        parser.error("SIMPLEX_DATA must name a folder with flows/anaheim and others.")
    folder = Path(os.environ["SIMPLEX_DATA"]) / "flows"
    if options.picture:
        picture(folder, options.networks[0], options.picture)
        return
    for name in options.networks:
        roads(folder, name, options.draws, options.steps)
    exchange(folder)


if __name__ == "__main__":
    main()
