"""
Which side will a member take?
==============================

Of Zachary's karate club only the teacher and the president are told to the network; whom each of
the others follows it says from who trains with whom. A circle around a member marks a wrong
answer. The members on the border are those of whom it is least sure.

More: :doc:`/vertices`.
"""

import matplotlib.pyplot as plt
import networkx as nx
import torch

from simplex.lifting import clique_complex
from simplex.nn import SIN
from simplex.plot import draw_complex
from simplex.transforms import HodgeEigenvectors


club = nx.karate_club_graph()
K = clique_complex(club)
truth = torch.tensor([club.nodes[v]["club"] != "Mr. Hi" for v in club]).long()
teacher, president = 0, 33
known = torch.tensor([teacher, president])

x = [torch.ones(n, 1) for n in K.f_vector]
x[0] = HodgeEigenvectors(4).columns(K, 0).float()  # where a member stands
_ = torch.manual_seed(0)
model = SIN([4, 1, 1], 16, 2, num_layers=2, max_dim=2, level=0, reduce="mean")
optimizer = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=0.01)
for _ in range(60):
    loss = torch.nn.functional.cross_entropy(model(x, K)[known], truth[known])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
chance = model(x, K).softmax(1)[:, 1].detach()
wrong = (chance > 0.5).long() != truth
print(f"right: {int((~wrong).sum())} of {len(truth)}")

# %%
fig, ax = plt.subplots(figsize=(7.2, 4.2), layout="constrained")
layout = nx.kamada_kawai_layout(club, weight=None)
place = torch.tensor([layout[v][::-1].tolist() for v in club])
draw_complex(K, place, ax=ax, color="#aaaaaa")
dots = ax.scatter(*place.T, c=chance, cmap="coolwarm", s=110, ec="white", zorder=5, vmin=0, vmax=1)
ax.scatter(*place[wrong].T, s=300, fc="none", ec="black", lw=1.5, zorder=6)
for v, name in ((teacher, "teacher"), (president, "president")):
    ax.annotate(name, place[v], (8, 8), textcoords="offset points", weight="bold")
fig.colorbar(dots, ax=ax, shrink=0.7, label="follows the president")
