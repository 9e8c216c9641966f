"""The picture at the head of the README: ``python docs/pictures/front.py`` writes front.png."""

from pathlib import Path

import matplotlib.pyplot as plt
import torch

from simplex.complexes import restrict
from simplex.datasets import delaunay_complexes, rook_graph, shrikhande_graph
from simplex.diffusion import FaceSurvival
from simplex.lifting import alpha_complex, clique_complex, farthest_points
from simplex.operators import harmonic_basis, link
from simplex.plot import draw_complex, draw_flow, spring_layout


def main() -> None:
    generator = torch.Generator().manual_seed(0)
    fig, axes = plt.subplots(1, 4, figsize=(10, 2.8), layout="constrained")

    angle = 2 * torch.pi * torch.rand(90, generator=generator)
    points = 0.85 * torch.stack([angle.cos(), angle.sin()], dim=1)
    points += 0.09 * torch.randn(90, 2, generator=generator)
    draw_complex(alpha_complex(points, 0.25), points, ax=axes[0]).set_title("lift points, graphs")

    for graph, middle in ((rook_graph(4), 0.5), (shrikhande_graph(), -0.5)):
        around = link(clique_complex(graph, max_dim=3), 0)
        place = spring_layout(around)
        place -= (place.amax(0) + place.amin(0)) / 2
        place *= torch.tensor([0.9, 0.45]) / place.amax(0)
        draw_complex(around, place + torch.tensor([0.0, middle]), ax=axes[1], color="#dd8452")
    axes[1].set_title("tell them apart")

    place = torch.rand(1500, 2, generator=generator).double() * 2 - 1
    place = place[place.norm(dim=1) > 0.35]
    place = place[farthest_points(place, 80)]
    K = alpha_complex(place, 0.25)
    around = harmonic_basis(K, 1, dtype=torch.float64)[:, 0]
    draw_flow(K, place, around, ax=axes[2]).set_title("learn from holes, flows")

    K = delaunay_complexes(1, (30, 30), generator=generator)[0]
    place = spring_layout(K)
    place = 0.45 * place / place.abs().amax(0)
    fade = torch.linspace(0, 1, 11)[:, None] * torch.tensor([0.7, 0.8, 0.9])
    for t, middle in ((7, (-0.5, 0.5)), (4, (0.5, 0.5)), (2, (-0.5, -0.5)), (0, (0.5, -0.5))):
        part = restrict(K, FaceSurvival(1 - fade).sample(K, t, generator=generator))
        at = place[part.ids[0]] + torch.tensor(middle)
        draw_complex(part.complex, at, ax=axes[3], color="#55a868")
    axes[3].set_title("make new ones")

    for ax in axes:
        ax.set(xlim=(-1.1, 1.1), ylim=(-1.1, 1.1))
    fig.savefig(Path(__file__).with_suffix(".png"), dpi=110)


if __name__ == "__main__":
    main()
