"""The picture of generated meshes: data, one growth, samples, laid flat by Tutte's theorem."""

from pathlib import Path

import networkx as nx
import torch
from torch import Tensor

from simplex import SimplicialComplex
from simplex.diffusion import MeshState, sample_meshes
from simplex.plot import draw_complex


SHOWN = 6


def flat(K: SimplicialComplex) -> Tensor:
    """The boundary on a circle, every vertex inside in the middle of its neighbours."""
    n, edges = K.num_simplices(0), K.simplices(1)
    around = nx.Graph(edges[K.cofacets(1)[0].diff() == 1].tolist())
    cycle = [edge[0] for edge in nx.find_cycle(around)]
    A = torch.zeros(n, n, dtype=torch.float64)
    A[edges[:, 0], edges[:, 1]] = 1
    A = A + A.T
    L = A.sum(1).diag() - A
    turn = torch.arange(len(cycle)).double() * 2 * torch.pi / len(cycle)
    L[cycle] = torch.eye(n, dtype=torch.float64)[cycle]
    right = torch.zeros(n, 2, dtype=torch.float64)
    right[cycle] = torch.stack([turn.cos(), turn.sin()], dim=1)
    return torch.linalg.solve(L, right)


def mesh_picture(out: Path, kept: Path, model: Path, seed: int = 0) -> None:
    """Three rows of discs, into ``diffusion_meshes.png``."""
    from matplotlib import pyplot
    from PIL import Image

    meshes = torch.load(kept, weights_only=False)
    network = torch.load(model, weights_only=False)["model"]
    states: list[SimplicialComplex] = []

    def watched(state: MeshState, edge: Tensor) -> Tensor:
        states.append(state.complex())
        answer: Tensor = network(state, edge)
        return answer

    generator = torch.Generator().manual_seed(seed)
    sample_meshes(watched, [24], constraint="disc", generator=generator)
    place = flat(states[-1])
    chosen = [states[i * (len(states) - 1) // (SHOWN - 1)] for i in range(SHOWN)]
    figure, axes = pyplot.subplots(3, SHOWN, figsize=(8.4, 4.4), layout="constrained")
    rows = [[(K, flat(K)) for K in meshes[which][:SHOWN]] for which in ("test", "made")]
    rows.insert(1, [(K, place) for K in chosen])
    names = ("data", "one growth", "generated")
    for row, line, name in zip(axes, rows, names, strict=True):
        for ax, (K, where) in zip(row, line, strict=True):
            draw_complex(K, where, ax=ax)
        row[0].set_axis_on()
        row[0].set_xticks([])
        row[0].set_yticks([])
        for side in row[0].spines.values():
            side.set_visible(False)
        row[0].set_ylabel(name, fontsize=8)
    path = out / "diffusion_meshes.png"
    figure.savefig(path, dpi=90)
    Image.open(path).convert("RGB").quantize(40).save(path, optimize=True)
