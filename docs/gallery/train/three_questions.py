"""
Several questions at once, some without an answer
=================================================

Has the graph a bridge, a clique of four, a vertex in no triangle? A third of the answers is
missing, and is left out of the loss. Each curve is how many of the true yes are found at the
price of how many false ones, as the bar for a yes is lowered, on graphs that were not seen.

More: :doc:`/labels`.
"""

import matplotlib.pyplot as plt
import networkx as nx
import torch
from torch_geometric.utils import from_networkx

from simplex.nn import SIN
from simplex.train import Configuration, TrainSettings, random_splits, run_protocols
from simplex.transforms import lift_dataset


questions = ("a bridge", "a clique of four", "a vertex in no triangle")
items, truth = [], []
for seed in range(200):
    graph = nx.gnp_random_graph(10, 0.35, seed=seed)
    cliques, triangles = nx.find_cliques(graph), nx.triangles(graph).values()
    answers = nx.has_bridges(graph), max(map(len, cliques)) > 3, 0 in triangles
    truth.append(answers)
    item = from_networkx(graph)
    item.x, item.y = torch.ones(10, 1), torch.tensor([answers]).long()
    item.y[0, seed % 3] = -1  # nobody knows
    items.append(item)
dataset = lift_dataset(items, max_dim=2)
(split,) = random_splits(len(items), [0])

settings = TrainSettings(epochs=12, lr=0.01)
point = Configuration(lambda: SIN(1, 16, 3, num_layers=2, max_dim=2), settings)
trained = run_protocols(dataset, [split], [point], ["held-out"]).model
model = SIN(1, 16, 3, num_layers=2, max_dim=2).eval()
model.load_state_dict(trained.state)
test = dataset[split.test.tolist()].to_batch()
with torch.no_grad():
    scores = model(test.cochains(), test.complex)

# %%
# Here the missing answers are known after all.
known = torch.tensor(truth)[split.test]
fig, ax = plt.subplots(figsize=(4.8, 4.2), layout="constrained")
for name, score, yes in zip(questions, scores.T, known.T, strict=True):
    ranked = yes[score.argsort(descending=True)]
    found = torch.cat([torch.zeros(1), ranked.cumsum(0) / ranked.sum()])
    false = torch.cat([torch.zeros(1), (~ranked).cumsum(0) / (~ranked).sum()])
    area = torch.trapezoid(found, false)
    ax.plot(false, found, label=f"{name}: area {area:.2f}")
ax.plot([0, 1], [0, 1], color="#bbbbbb", ls="--", label="guessing: 0.50")
ax.set_xlabel("share of the no that is taken for a yes")
ax.set_ylabel("share of the yes that is found")
_ = ax.legend(loc="lower right")
