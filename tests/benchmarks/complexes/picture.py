"""The picture of generated complexes: data, the chain back from bare vertices, samples."""

from collections.abc import Callable, Mapping
from pathlib import Path

import networkx as nx
import numpy as np
import torch
from torch import Tensor

from simplex import SimplicialComplex
from simplex.diffusion import Candidates, ComplexState, sample_complexes
from simplex.plot import draw_complex
from tests.benchmarks.complexes.denoiser import WalkScorer
from tests.benchmarks.complexes.metrics import is_disc, skeleton


SHOWN = 6


def layout(K: SimplicialComplex) -> Tensor:
    """Without crossings where there is such a layout, relaxed by springs."""
    graph = skeleton(K)
    place = nx.kamada_kawai_layout(graph) if nx.is_connected(graph) else None
    place = nx.spring_layout(graph, pos=place, seed=0, iterations=30 if place is None else 0)
    return torch.from_numpy(np.stack([place[v] for v in range(K.num_simplices(0))]))


@torch.no_grad()
def chain(model: WalkScorer, num_vertices: int, seed: int) -> list[tuple[int, SimplicialComplex]]:
    """The states (t, x_t) of one generation, from the bare vertices to x_0."""
    states: list[tuple[int, SimplicialComplex]] = []

    def watched(state: ComplexState, candidates: Candidates, t: Tensor) -> Tensor:
        if candidates.k == 1:
            states.append((int(t[0]), state.complex))
        return model(state, candidates, t)

    generator = torch.Generator().manual_seed(seed)
    last = sample_complexes(watched, model.process, [num_vertices], generator=generator)
    return [*states, (0, last)]


def picture(
    out: Path, draw: Mapping[str, Callable[..., list[SimplicialComplex]]], seed: int
) -> None:
    """Three rows for each data set, into ``diffusion_complexes.png``."""
    from matplotlib import pyplot
    from PIL import Image

    figure, axes = pyplot.subplots(
        3 * len(draw), SHOWN, figsize=(8.4, 4.0 * len(draw)), layout="constrained", squeeze=False
    )
    for number, (name, data) in enumerate(draw.items()):
        kept = torch.load(out / f"{name}_{seed}.pt", weights_only=False)
        model, made = kept["model"], kept["made"][:SHOWN]
        middle = {"community": 14, "delaunay": 20}[name]
        states = chain(model, middle, seed)
        T = model.process.num_steps
        frames = [states[T - t] for t in (T, 3 * T // 4, T // 2, T // 4, T // 12, 0)]
        where = layout(states[-1][1])
        real = data(SHOWN, generator=torch.Generator().manual_seed(99))
        block = axes[3 * number : 3 * number + 3]
        for ax, K in zip(block[0], real, strict=True):
            draw_complex(K, layout(K), ax=ax)
        for ax, (t, K) in zip(block[1], frames, strict=True):
            draw_complex(K, where, ax=ax)
            ax.set_title(f"t = {t}", fontsize=8)
        for ax, K in zip(block[2], made, strict=True):
            draw_complex(K, layout(K), ax=ax)
            if name == "delaunay" and is_disc(K):
                ax.set_title("a disc", fontsize=8)
        for row, what in zip(block, ("data", "one chain", "generated"), strict=True):
            row[0].set_axis_on()
            row[0].set_xticks([])
            row[0].set_yticks([])
            for side in row[0].spines.values():
                side.set_visible(False)
            row[0].set_ylabel(f"{name}: {what}", fontsize=8)
    path = out / "diffusion_complexes.png"
    figure.savefig(path, dpi=90)
    Image.open(path).convert("RGB").quantize(40).save(path, optimize=True)
