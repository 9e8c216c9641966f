"""
Two graphs that graph networks confuse: what tells them apart?
==============================================================

The rook's graph of a small chess board and the Shrikhande graph have sixteen vertices with six
neighbours each, and no refinement of vertex colours sees a difference. As complexes they differ
at first sight: the neighbours of a vertex are two triangles in the first and a hexagon in the
second, so one has tetrahedra and the other has none.

More: :doc:`/telling-apart`.
"""

import matplotlib.pyplot as plt
import torch

from simplex.datasets import rook_graph, shrikhande_graph
from simplex.lifting import clique_complex
from simplex.operators import link
from simplex.plot import draw_complex
from simplex.wl import compare, weisfeiler_lehman


rook, shrikhande = (clique_complex(G, max_dim=3) for G in (rook_graph(4), shrikhande_graph()))
print("Vertex colours:", bool(compare(rook, shrikhande, weisfeiler_lehman)))
print("Simplices:", compare(rook, shrikhande).explanation)

# %%
# The sixteen vertices on a circle, and the neighbours of one of them with what they span.
angle = 2 * torch.pi * torch.arange(16) / 16
circle = torch.stack([angle.cos(), angle.sin()], dim=1)
fig, axes = plt.subplots(2, 2, figsize=(7, 6.6), layout="constrained")
for row, name, K in zip(
    axes, ("rook's graph", "Shrikhande graph"), (rook, shrikhande), strict=True
):
    draw_complex(K, circle, ax=row[0]).set_title(f"{name}, f-vector {K.f_vector}")
    draw_complex(link(K, 0), ax=row[1], color="#dd8452").set_title("around a vertex")
