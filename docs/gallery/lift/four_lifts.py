"""
Which complex of these points?
==============================

A hundred and fifty noisy points on two circles, and four ways to join them. The Rips and the
nearest-neighbour complex fill every clique and need many triangles; the alpha complex keeps
to the Delaunay triangles; the witness complex stands on thirty of the points and the others
only vote. The titles count pieces and holes: one piece with two holes is right, and the
nearest-neighbour complex, which knows no radius, finds one hole too many.

More: :doc:`/lifting`.
"""

import matplotlib.pyplot as plt
import torch

from simplex.lifting import (
    alpha_complex,
    farthest_points,
    knn_complex,
    vietoris_rips_complex,
    witness_complex,
)
from simplex.operators import betti_numbers
from simplex.plot import draw_complex


generator = torch.Generator().manual_seed(0)
angle = 2 * torch.pi * torch.rand(150, generator=generator)
circles = torch.stack([angle.cos(), angle.sin()], dim=1)
circles[::2, 0] += 2.0
points = circles + 0.08 * torch.randn(150, 2, generator=generator)
landmarks = farthest_points(points, 30)

lifts = {
    "Rips, radius 0.5": (vietoris_rips_complex(points, 0.5), points),
    "six nearest neighbours": (knn_complex(points, 6), points),
    "alpha, radius 0.25": (alpha_complex(points, 0.25), points),
    "witness, 30 landmarks": (witness_complex(points, landmarks, 0.1), points[landmarks]),
}

# %%
# The Betti numbers are the counts of pieces and of holes.
fig, axes = plt.subplots(2, 2, figsize=(7.8, 5.6), layout="constrained")
for ax, (name, (K, place)) in zip(axes.flat, lifts.items(), strict=True):
    pieces, holes = betti_numbers(K)[:2]
    draw_complex(K, place, ax=ax)
    ax.set_title(f"{name}\n{K.num_simplices(2)} triangles; pieces {pieces}, holes {holes}")
