"""
What does an encoding tell a network?
=====================================

Message passing tells a simplex what is around it. Encodings are columns that say where it stands:
how many neighbours it has, whether short walks come back, how it is cut off from the rest, where
the slow waves of the whole are high, and how much of what runs around the holes runs along it.
Dark is much.

More: :doc:`/encodings`.
"""

import matplotlib.pyplot as plt
import torch
from matplotlib.collections import LineCollection

from simplex.lifting import alpha_complex, farthest_points
from simplex.plot import draw_complex
from simplex.transforms import (
    Degrees,
    Electrostatics,
    HarmonicEnergies,
    HeatKernelDiagonals,
    HodgeEigenvectors,
    RandomWalkReturns,
)


generator = torch.Generator().manual_seed(1)
points = torch.rand(3000, 2, generator=generator).double() * torch.tensor([3.2, 2.0])
for x, y, radius in ((0.9, 0.9, 0.6), (2.4, 1.3, 0.4)):
    points = points[(points - torch.tensor([x, y])).norm(dim=1) > radius]
points = points[farthest_points(points, 150)]
K = alpha_complex(points, 0.2)

on_vertices = {
    "degree": Degrees(["upper"]),
    "returns of walks of 3": RandomWalkReturns([3], walks=["upper"]),
    "heat kept at time 4": HeatKernelDiagonals([4.0]),
    "a slow wave": HodgeEigenvectors(2),
}
on_edges = {"resistance": Electrostatics(), "around the holes": HarmonicEnergies([1024])}
columns = {name: encode.columns(K, 0)[:, -1] for name, encode in on_vertices.items()}
columns |= {name: encode.columns(K, 1)[:, -1] for name, encode in on_edges.items()}

# %%
fig, axes = plt.subplots(3, 2, figsize=(7.8, 7.6), layout="constrained")
for ax, (name, values) in zip(axes.flat, columns.items(), strict=True):
    draw_complex(K, points, ax=ax, color="#dddddd").set_title(name)
    if len(values) == len(points):
        ax.scatter(*points.T, c=values, cmap="viridis_r", s=40, zorder=5)
    else:
        lines = points[K.simplices(1)].tolist()
        ax.add_collection(LineCollection(lines, array=values, cmap="viridis_r", lw=2, zorder=5))
