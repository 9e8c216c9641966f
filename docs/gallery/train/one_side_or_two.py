"""
Can a network see that a surface has one side?
==============================================

A torus and a Klein bottle of equal counts look alike around every vertex, and passing messages
between counts cannot tell them apart. Give the triangles random numbers with signs instead and
let them diffuse: on a torus a part stays for ever, because its triangles can be turned alike; on
a Klein bottle all of it dies.

More: :doc:`/surfaces`.
"""

import matplotlib.pyplot as plt
import torch

from simplex.datasets import random_surface
from simplex.operators import apply_hodge_laplacian


generator = torch.Generator().manual_seed(0)
steps, curves = range(0, 121), {"torus": [], "Klein bottle": []}
for name, found in curves.items():
    for _ in range(8):
        K = random_surface(name, 14, generator=generator)
        x = torch.randn(K.num_simplices(2), 64, generator=generator)
        x /= x.norm()
        energy = []
        for _ in steps:
            energy.append(float(x.square().sum()))
            x = x - apply_hodge_laplacian(K, x, 2) / 6  # no eigenvalue exceeds 6
        found.append(energy)

# %%
fig, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
for i, (name, found) in enumerate(curves.items()):
    for j, energy in enumerate(found):
        ax.plot(steps, energy, color=f"C{i}", alpha=0.7, label=name if j == 0 else None)
ax.set_yscale("log")
ax.set_ylim(1e-6, 1.5)
ax.set_xlabel("steps of diffusion")
ax.set_ylabel("energy left on the triangles")
_ = ax.legend()
