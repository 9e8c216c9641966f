"""The picture of the experiment on planted flows."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from simplex.plot import draw_flow
from tests.benchmarks.flows.runs import (
    OnComplex,
    ResidualMLP,
    Task,
    chain,
    generate,
    set_up,
)


NAMES = {"mlp": "MLP", "simplicial": "simplicial"}
_SHOWN = (0, 20, 28)  # steps of the chain that are drawn, and the end


def draw(out: Path, picture: Path, size: int, seed: int) -> None:
    """The chain on the annulus, flows of data and samples, circulations of the four cells."""
    from matplotlib.figure import Figure

    task = set_up("annulus", size, seed)
    made = task.made
    figure = Figure(figsize=(10, 9), layout="constrained")
    chained, drawn, counted = figure.subfigures(3, 1, height_ratios=(1, 1, 1.15))
    states: list[Tensor] = []
    samples = {
        (noise, kind): _samples(
            task, out / f"annulus-{size}-{seed}-{noise}, {kind}.pt", noise, kind, states
        )
        for noise in ("white", "hodge")
        for kind in ("mlp", "simplicial")
    }
    ends = samples["hodge", "simplicial"]
    kept = [task.noises["hodge"].color(states[i]) for i in _SHOWN]  # type: ignore[attr-defined]
    around = torch.stack([made.circulation(flows[:50])[:, 0] for flows in (*kept, ends)])
    shown = int((around[0].abs() - 0.4 * made.level).abs().argmin())  # undecided noise
    rows = (
        (chained, "Hodge noise becomes a flow", [flows[shown] for flows in (*kept, ends)]),
        (drawn, "two flows of the data, two generated ones", [*made.test[:2], *ends[:2]]),
    )
    for part, title, flows in rows:
        part.suptitle(title, fontsize=10)
        for ax, flow in zip(part.subplots(1, 4), flows, strict=True):
            _draw(task, flow, ax)
            winding = float(made.circulation(flow)) / made.level
            ax.set_title(f"circulation {winding:+.2f} c", fontsize=9)
    axes = counted.subplots(1, 4, sharey=True)
    bins = torch.linspace(-2, 2, 41).numpy()
    for ax, ((noise, kind), flows) in zip(axes, samples.items(), strict=True):
        for sample, style in ((task.fresh, {"color": "#bbbbbb"}), (flows, _LINE)):
            ax.hist((made.circulation(sample) / made.level)[:, 0].numpy(), bins=bins, **style)
        ax.set_title(f"{noise.capitalize()} noise, {NAMES[kind]}", fontsize=10)
        ax.set_xlabel("circulation / c")
    counted.suptitle(f"1000 flows generated (red) and of the data, {size} trained on", fontsize=10)
    _save(figure, picture)


def _draw(task: Task, flow: Tensor, ax: Any) -> None:
    """A flow on a panel this small: bold arrows, faint edges."""
    from matplotlib.collections import LineCollection, PathCollection
    from matplotlib.quiver import Quiver

    draw_flow(task.made.complex, task.made.positions, flow[:, 0].double(), ax=ax)
    for drawn in ax.collections:
        match drawn:
            case PathCollection():
                drawn.set_sizes([2])
            case LineCollection():
                drawn.set(alpha=0.2)
            case Quiver():
                drawn.width = 0.012


_LINE = {"histtype": "step", "color": "#c44e52", "linewidth": 1.8}


def _samples(task: Task, path: Path, noise: str, kind: str, states: list[Tensor]) -> Tensor:
    """What the kept network generates; ``states`` gets the chain that it saw, from the noise on."""
    K = task.made.complex
    network = (
        ResidualMLP(K.num_simplices(1)) if kind == "mlp" else OnComplex(K, task.made.fields)
    ).eval()
    network.load_state_dict(torch.load(path))
    states.clear()

    def model(x: Tensor, t: Tensor) -> Tensor:
        states.append(x[:50])
        predicted: Tensor = network(x, t)
        return predicted

    return generate(task, noise, chain(), model, 1000, 0)


def _save(figure: Any, path: Path) -> None:
    """With 64 colours: a third of the bytes."""
    from io import BytesIO

    from PIL import Image

    memory = BytesIO()
    figure.savefig(memory, dpi=90)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.open(memory).convert("RGB").quantize(64).save(path, optimize=True)
