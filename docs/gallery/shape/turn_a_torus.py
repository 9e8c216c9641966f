"""
Can I turn it, and point at it?
===============================

A torus of triangles, filtered by height. Its two holes are the two ways around it, and each has a
flow that runs along it and is nowhere a gradient or a curl. The page below is one file without
network: turn it, point at a simplex for its name and values, let the water rise with the slider,
choose one of the flows.

More: :doc:`/operators`, :doc:`/api/plot`.
"""

import matplotlib.pyplot as plt
import torch

from simplex import SimplicialComplex
from simplex.operators import betti_numbers, harmonic_basis, product
from simplex.persistence import lower_star, persistence
from simplex.plot import draw_complex, view_complex


def circle(n: int) -> SimplicialComplex:
    """A circle of n edges."""
    return SimplicialComplex.from_simplices([(i, (i + 1) % n) for i in range(n)])


K = product(circle(20), circle(9))  # vertex (i, j) is 9i + j
u = 2 * torch.pi * torch.arange(20).repeat_interleave(9) / 20
v = 2 * torch.pi * torch.arange(9).repeat(20) / 9
r = 1 + 0.42 * v.cos()
place = torch.stack([0.42 * v.sin(), r * u.cos(), r * u.sin()], dim=1)

K = lower_star(K, place[:, 2])
print("pieces, ways around, voids:", betti_numbers(K))
for k, name in enumerate(("pieces", "ways around", "voids")):
    begins = persistence(K).essential().of(k).birth
    print(f"{name} that stay are there from height", [round(h, 2) for h in begins.tolist()])

# %%
fig = plt.figure(figsize=(5, 4.2), layout="constrained")
ax = draw_complex(K, place, ax=fig.add_subplot(projection="3d"))

# %%
# A basis of the harmonic flows; each is a mixture of the two ways around.
first, second = harmonic_basis(K, 1, dtype=torch.float64).T
view_complex(K, place, flows={"first flow": first, "second flow": second}, title="torus")
