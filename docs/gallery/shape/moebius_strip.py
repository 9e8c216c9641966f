"""
What kind of space is it?
=========================

Glue the ends of a strip of triangles straight on, and glue them turned around. The counts of the
two are the same; the rims, in red, are not: the cylinder has two, the Möbius strip has one. The
second has no two sides either, which the library finds from the triangles alone.

More: :doc:`/constructions`.
"""

import matplotlib.pyplot as plt
import numpy as np

from simplex import SimplicialComplex
from simplex.operators import (
    betti_numbers,
    boundary_complex,
    is_orientable,
    product,
    quotient,
)


n = 24
path = SimplicialComplex.from_simplices([(i, i + 1) for i in range(n)])
strip = product(path, SimplicialComplex.from_simplices([(0, 1)]))  # vertex (i, j) is 2i + j
ends = list(range(2 * n))
spaces = {
    "cylinder": (quotient(strip, [*ends, 0, 1]), 0.0),
    "Möbius strip": (quotient(strip, [*ends, 1, 0]), 0.5),
}

# %%
fig = plt.figure(figsize=(7.8, 3.6), layout="constrained")
for i, (name, (K, twist)) in enumerate(spaces.items()):
    t, side = np.repeat(np.arange(n), 2) * 2 * np.pi / n, np.tile([-0.35, 0.35], n)
    r, z = 1 + side * np.sin(twist * t), side * np.cos(twist * t)
    x, y = r * np.cos(t), r * np.sin(t)
    ax = fig.add_subplot(1, 2, i + 1, projection="3d")
    triangles = K.simplices(2).numpy()
    ax.plot_trisurf(
        x,
        y,
        z,
        triangles=triangles,
        color="#4c72b0",
        alpha=0.6,
        shade=False,
        edgecolor="white",
        linewidth=0.5,
    )
    rim = boundary_complex(K)
    vertices = np.array(rim.vertex_labels or range(2 * n))
    for edge in vertices[rim.simplices(1).numpy()]:
        ax.plot(x[edge], y[edge], z[edge], color="#c44e52", lw=2.5)
    sides, rims = 2 if is_orientable(K) else 1, betti_numbers(rim)[0]
    ax.set_title(f"{name}\nf-vector {K.f_vector}, rims: {rims}, sides: {sides}")
    ax.view_init(elev=38, azim=-70)
    ax.set_axis_off()
    ax.set_box_aspect((1, 1, 0.4), zoom=1.5)
