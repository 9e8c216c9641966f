"""
Which network can see the difference?
=====================================

What a network cannot see before training it does not learn. Six pairs of graphs, lifted to their
cliques, and networks with random weights: a dark field says that the answers for the two graphs
differ. GIN, which sees the graph alone, answers alike for all of them. Three pairs have other
triangles or tetrahedra, so that every network on the complex sees them, and a mere count does too;
two others are seen where each vertex is marked in turn. The last pair is one graph twice.

More: :doc:`/choose-a-model`, :doc:`/telling-apart`.
"""

from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import torch

from simplex.datasets import classical_pairs
from simplex.lifting import clique_complex
from simplex.nn import GIN, SCCNN, SIN, FVectorMLP, HiGCN, MarkedSIN, SaNN


networks = {
    "counts": FVectorMLP,
    "GIN": GIN,
    "HiGCN": HiGCN,
    "SCCNN": partial(SCCNN, signed=False),
    "SaNN": SaNN,
    "SIN": SIN,
    "SIN, each\nvertex marked": MarkedSIN,
}
_ = torch.manual_seed(0)
models = [kind(1, 8, 4, num_layers=3, max_dim=3).double().eval() for kind in networks.values()]
pairs = classical_pairs()
differ = np.zeros((len(pairs), len(models)))
for i, (_, *graphs) in enumerate(pairs):
    K = clique_complex(graphs, max_dim=3)
    x = [torch.ones(n, 1).double() for n in K.f_vector]
    x += [torch.ones(0, 1).double()] * (4 - len(x))
    for j, model in enumerate(models):
        with torch.no_grad():
            first, second = model(x, K)
        differ[i, j] = (first - second).norm() / first.norm()
seen = differ > 1e-9
print("pairs seen:", *seen.sum(0))

# %%
fig, ax = plt.subplots(figsize=(7.8, 3.6), layout="constrained")
ax.imshow(seen, cmap="Blues", vmin=0, vmax=1.3, aspect="auto")
ax.set_xticks(range(len(networks)), list(networks))
ax.set_yticks(range(len(pairs)), [name.replace(" / ", "\n") for name, *_ in pairs], fontsize=8)
for (i, j), yes in np.ndenumerate(seen):
    color, word = ("white", "apart") if yes else ("#888888", "=")
    ax.text(j, i, word, ha="center", va="center", color=color)
ax.set_xticks(np.arange(-0.5, len(networks)), minor=True)
ax.set_yticks(np.arange(-0.5, len(pairs)), minor=True)
ax.grid(which="minor", color="white", lw=2)
_ = ax.tick_params(which="both", length=0)
