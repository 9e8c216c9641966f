"""
Which links come next?
======================

A fifth of the ties between the characters of Les Misérables is taken away, and a network that has
seen the rest is asked of pairs of strangers whether they belong together. It finds most of the
ties that were taken; a few pairs that never met look to it as if they should have.

More: :doc:`/links`.
"""

import matplotlib.pyplot as plt
import networkx as nx
import torch
from torch_geometric.data import Data
from torch_geometric.utils import from_networkx

from simplex.nn import SIN, CandidateNetwork
from simplex.transforms import CliqueLift, split_simplices


book = nx.les_miserables_graph()
graph = Data(x=torch.ones(len(book), 1), edge_index=from_networkx(book).edge_index)
data = CliqueLift(max_dim=2, reduce="mean")(graph)
split = split_simplices(data, k=1, generator=torch.Generator().manual_seed(0))
train, test = split.train, split.test

_ = torch.manual_seed(0)
model = CandidateNetwork(SIN(1, 16, 16, num_layers=2, max_dim=2), 16, 1, k=1)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for _ in range(60):
    logits = model(train.cochains(), train.complex, train.candidates)[:, 0]
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, train.y_candidates)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
model.eval()
with torch.no_grad():
    chance = model(test.cochains(), test.complex, test.candidates)[:, 0].sigmoid()
met = test.y_candidates.bool()
better = (chance[met][:, None] > chance[~met]).float().mean()
print(f"a tie is ranked above a pair of strangers in {better:.0%} of cases")

# %%
fig, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
bins = torch.linspace(0, 1, 21).tolist()
ax.hist(chance[met].tolist(), bins, alpha=0.7, label="ties that were taken away")
ax.hist(chance[~met].tolist(), bins, alpha=0.7, label="pairs that never met", color="#bbbbbb")
ax.set_xlabel("the network's answer, on pairs it has not seen")
ax.set_ylabel("pairs")
_ = ax.legend(loc="upper center")
