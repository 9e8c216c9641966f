"""
Is there arbitrage between currencies?
======================================

The logarithm of an exchange rate is a flow on the edge between two currencies. Without arbitrage
it is a gradient: every currency has a worth, and a rate is a difference of two. What is left is
a curl, the gain of a round trip. The table is made here, with one rate quoted half a percent
off: it is the edge on which all gainful round trips meet.

More: :doc:`/signals`.
"""

import matplotlib.pyplot as plt
import torch

from simplex import SimplicialComplex
from simplex.operators import apply_boundary, apply_coboundary
from simplex.plot import draw_complex
from simplex.signals import hodge_rank


names = ["USD", "EUR", "GBP", "JPY", "CHF", "CAD", "AUD", "SEK"]
in_dollars = torch.tensor([1.0, 1.09, 1.27, 0.0067, 1.13, 0.74, 0.66, 0.096]).double()
n = len(names)
K = SimplicialComplex.from_simplices(
    [(a, b, c) for c in range(n) for b in range(c) for a in range(b)]
)
generator = torch.Generator().manual_seed(0)
a, b = K.simplices(1).T
rates = (in_dollars[a] / in_dollars[b]).log()  # one of a buys this many of b
rates += 1e-4 * torch.randn(len(rates), generator=generator)  # the spread of the market
wrong = K.index([[1, 4]])  # one euro in francs
rates[wrong] += 0.005

ranking = hodge_rank(K, -rates)
print(f"not a gradient: {ranking.curl + ranking.harmonic:.1e} of the energy")
gain = apply_coboundary(K, rates, 1)  # of each round trip: buy, buy, back
best = K.simplices(2)[gain.abs().argmax()].tolist()
print("the best round trip", [names[v] for v in best], f"gains {gain.abs().max().expm1():.2%}")

# %%
# Edges by the gains of the round trips that use them.
angle = 2 * torch.pi * torch.arange(n) / n
place = torch.stack([angle.cos(), angle.sin()], dim=1)
on_edges = apply_boundary(K, gain.abs(), 2, signed=False)

fig, ax = plt.subplots(figsize=(5.4, 5), layout="constrained")
draw_complex(K.skeleton(1), place, ax=ax)
for (u, v), heat in zip(K.simplices(1).tolist(), (on_edges / on_edges.max()).tolist(), strict=True):
    ax.plot(*place[[u, v]].T, color="#c44e52", lw=5 * heat, alpha=heat, solid_capstyle="round")
for name, at in zip(names, 1.13 * place, strict=True):
    ax.text(*at, name, ha="center", va="center", weight="bold")
fig.suptitle(f"{names[a[wrong]]} for {names[b[wrong]]} is quoted off")
