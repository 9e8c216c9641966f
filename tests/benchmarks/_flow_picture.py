"""The picture of the experiment on planted flows."""

from pathlib import Path

import torch
from torch import Tensor

from simplex.plot import draw_flow
from tests.benchmarks._flow_runs import (
    OnComplex,
    ResidualMLP,
    Task,
    chain,
    generate,
    set_up,
)


NAMES = {"mlp": "MLP", "simplicial": "simplicial"}
_SHOWN = (0, 18, 26, 33)  # steps of the chain that are drawn, and the end


def draw(out: Path, picture: Path, size: int) -> None:
    """The chain on the annulus, flows of data and samples, circulations of the four cells."""
    from matplotlib.figure import Figure

    task = set_up("annulus", size, 0)
    made = task.made
    figure = Figure(figsize=(10, 9), layout="constrained")
    chained, drawn, counted = figure.subfigures(3, 1, height_ratios=(1, 1, 1.15))
    states: list[Tensor] = []
    samples = {
        (noise, kind): _samples(task, out, size, noise, kind, states)
        for noise in ("white", "hodge")
        for kind in ("mlp", "simplicial")
    }
    ends = samples["hodge", "simplicial"]
    kept = [task.noises["hodge"].colour(states[i]) for i in _SHOWN]  # type: ignore[attr-defined]
    axes = chained.subplots(1, 5)
    chained.suptitle("Hodge noise becomes a flow", fontsize=10)
    for ax, flows in zip(axes, [*kept, ends], strict=True):
        draw_flow(made.complex, made.positions, flows[0].double(), ax=ax)
    axes = drawn.subplots(1, 5)
    drawn.suptitle("two flows of the data, three generated ones", fontsize=10)
    for ax, flow in zip(axes, [*made.test[:2], *ends[1:4]], strict=True):
        draw_flow(made.complex, made.positions, flow.double(), ax=ax)
        around = float(made.circulation(flow[None])) / made.level
        ax.set_title(f"circulation {around:+.2f} c", fontsize=9)
    axes = counted.subplots(1, 4, sharey=True)
    bins = torch.linspace(-2, 2, 41).numpy()
    for ax, ((noise, kind), flows) in zip(axes, samples.items(), strict=True):
        for sample, style in ((task.fresh, {"color": "#bbbbbb"}), (flows, _LINE)):
            ax.hist((made.circulation(sample) / made.level)[:, 0].numpy(), bins=bins, **style)
        ax.set_title(f"{noise.capitalize()} noise, {NAMES[kind]}", fontsize=10)
        ax.set_xlabel("circulation / c")
    counted.suptitle(f"1000 flows generated (red) and of the data, {size} trained on", fontsize=10)
    _save(figure, picture)


_LINE = {"histtype": "step", "color": "#c44e52", "linewidth": 1.8}


def _samples(
    task: Task, out: Path, size: int, noise: str, kind: str, states: list[Tensor]
) -> Tensor:
    """What the kept network generates; ``states`` gets the chain that it saw, from the noise on."""
    K = task.made.complex
    network = (
        ResidualMLP(K.num_simplices(1)) if kind == "mlp" else OnComplex(K, task.made.fields)
    ).eval()
    network.load_state_dict(torch.load(out / f"annulus-{size}-{noise}, {kind}.pt"))
    states.clear()

    def model(x: Tensor, t: Tensor) -> Tensor:
        states.append(x[:1])
        predicted: Tensor = network(x, t)
        return predicted

    return generate(task, noise, chain(), model, 1000, 0)


def _save(figure: object, path: Path) -> None:
    """With 64 colours: a third of the bytes."""
    from io import BytesIO

    from PIL import Image

    memory = BytesIO()
    figure.savefig(memory, dpi=90)  # type: ignore[attr-defined]
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.open(memory).convert("RGB").quantize(64).save(path, optimize=True)
