"""
Which ties hold the club together?
==================================

Zachary's karate club, just before it broke in two; the colour of a member is the half he went to.
The effective resistance of a tie is one where no other way leads around it, as for the member who
knows the teacher alone, and low where many do. Forman's curvature is the more negative the less
the two ends have in common: it is strongest on ties from the leaders to the other half.

More: :doc:`/signals`.
"""

import matplotlib.pyplot as plt
import networkx as nx
from matplotlib.collections import LineCollection

from simplex.lifting import clique_complex
from simplex.plot import draw_complex
from simplex.signals import effective_resistance, forman_curvature


club = nx.karate_club_graph()
K = clique_complex(club)
layout = nx.kamada_kawai_layout(club, weight=None)
place = [layout[v][::-1] for v in range(len(club))]
colors = ["#4c72b0" if club.nodes[v]["club"] == "Mr. Hi" else "#dd8452" for v in club]

# %%
fig, axes = plt.subplots(2, 1, figsize=(7.4, 7.4), layout="constrained")
for ax, name, values in zip(
    axes,
    ("effective resistance", "negative curvature"),
    (effective_resistance(K), -forman_curvature(K)),
    strict=True,
):
    draw_complex(K.skeleton(1), place, ax=ax)
    lines = [[place[u], place[v]] for u, v in K.simplices(1).tolist()]
    ties = LineCollection(lines, array=values, cmap="Reds", lw=2.5)
    ax.add_collection(ties)
    x, y = zip(*place, strict=True)
    ax.scatter(x, y, c=colors, s=45, zorder=5)
    fig.colorbar(ties, ax=ax, shrink=0.7, label=name)
