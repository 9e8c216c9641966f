"""
Can it predict numbers?
=======================

Rings of twenty vertices, more or less rewired; the network is to say how clustered each one is,
and how many steps two of its vertices are apart. Each dot is a graph that the networks have not
seen. To know how many edges and triangles there are gives the first answer away and not the
second; a network on the triangles sees more of that, too.

More: :doc:`/numbers`.
"""

import matplotlib.pyplot as plt
import networkx as nx
import torch
from torch_geometric.utils import from_networkx

from simplex.nn import SIN, FVectorMLP
from simplex.train import Configuration, TrainSettings, random_splits, run_protocols
from simplex.transforms import lift_dataset


graphs = [nx.connected_watts_strogatz_graph(20, 4, i / 160, seed=i) for i in range(160)]
items = [from_networkx(nx.Graph(graph.edges)) for graph in graphs]
for item, graph in zip(items, graphs, strict=True):
    item.x = torch.ones(20, 1)
    item.y = torch.tensor([[nx.average_clustering(graph), nx.average_shortest_path_length(graph)]])
dataset = lift_dataset(items, max_dim=2)
(split,) = random_splits(len(items), [0])
test = dataset[split.test.tolist()].to_batch()

# %%
# The weights of the best epoch by the validation part; the deviation brings answers to their unit.
answers = {}
for kind in (FVectorMLP, SIN):
    settings = TrainSettings(epochs=25, lr=0.01)
    point = Configuration(lambda kind=kind: kind(1, 16, 2, num_layers=2, max_dim=2), settings)
    trained = run_protocols(dataset, [split], [point], ["held-out"]).model
    model = kind(1, 16, 2, num_layers=2, max_dim=2).eval()
    model.load_state_dict(trained.state)
    with torch.no_grad():
        outputs = model(test.cochains(), test.complex)
    answers[kind.__name__] = outputs * trained.deviation + trained.mean

fig, axes = plt.subplots(1, 2, figsize=(7.8, 3.9), layout="constrained")
names = {"FVectorMLP": "counts of simplices", "SIN": "SIN"}
for ax, column, title in zip(axes, (0, 1), ("clustering", "mean distance"), strict=True):
    truth = test.y[:, column]
    for (kind, answer), color in zip(answers.items(), ("#bbbbbb", "#4c72b0"), strict=True):
        error = (answer[:, column] - truth).abs().mean()
        label = f"{names[kind]}, mean error {error:.3f}"
        ax.scatter(truth, answer[:, column], s=16, color=color, label=label)
    ax.axline((truth.min(), truth.min()), slope=1, color="black", lw=0.8)
    ax.set_xlabel("true")
    ax.set_ylabel("predicted")
    ax.set_title(title)
    ax.legend(loc="upper left", fontsize=8)
