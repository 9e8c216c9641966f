"""
What fills the rings of a molecule?
===================================

To the clique complex caffeine is a graph: its rings have five and six atoms, and no triangle
among them. The ring complex lays a cone over every chordless cycle, here two of them, and a
network can then send messages through the rings.

More: :doc:`/rings`.
"""

import matplotlib.pyplot as plt
import networkx as nx
import torch

from simplex.lifting import clique_complex, ring_complex, ring_lengths
from simplex.plot import draw_complex


atoms = list("CNCNCCCONCONCC")  # CN1C=NC2=C1C(=O)N(C(=O)N2C)C
bonds = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (1, 5), (5, 6), (6, 7), (6, 8), (8, 9), (9, 10)]
caffeine = nx.empty_graph(len(atoms))
caffeine.add_edges_from([*bonds, (9, 11), (4, 11), (11, 12), (8, 13)])
K = ring_complex(caffeine, max_length=6)
print(clique_complex(caffeine).f_vector, "becomes", K.f_vector)
print("apexes of rings of length", [n for n in ring_lengths(K).tolist() if n])

# %%
# An apex is drawn in the middle of its ring.
layout = nx.kamada_kawai_layout(caffeine)
place = torch.tensor([layout[v].tolist() for v in range(14)])
rings = [K.simplices(1)[K.simplices(1)[:, 1] == apex, 0] for apex in (14, 15)]
place = torch.cat([place, *(place[ring].mean(0, keepdim=True) for ring in rings)])

fig, ax = plt.subplots(figsize=(6, 4.2), layout="constrained")
draw_complex(K, place, ax=ax)
for v, name in enumerate(atoms):
    color = {"C": "#555555", "N": "#4c72b0", "O": "#c44e52"}[name]
    ax.text(
        *place[v],
        name,
        color="white",
        ha="center",
        va="center",
        weight="bold",
        bbox={"boxstyle": "circle,pad=0.25", "fc": color, "ec": "white"},
        zorder=5,
    )
