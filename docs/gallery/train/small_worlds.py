"""
From graphs to a trained network
================================

Rings of twenty vertices, rewired a little or much. A network on the triangles learns to tell the
two kinds apart in some epochs; before training it guesses, and a network that looks at the
vertices alone learns more slowly.

More: :doc:`/quickstart`, :doc:`/training`.
"""

import matplotlib.pyplot as plt
import networkx as nx
import torch
from torch_geometric.data import Data
from torch_geometric.loader import DataLoader
from torch_geometric.utils import from_networkx

from simplex.nn import SIN, GraphNetwork
from simplex.plot import draw_complex
from simplex.transforms import CliqueLift


graphs = [nx.watts_strogatz_graph(20, 4, 0.1 + 0.8 * (i % 2), seed=i) for i in range(160)]
lift = CliqueLift(max_dim=2)
data = [
    lift(Data(x=torch.ones(20, 1), edge_index=from_networkx(graph).edge_index, y=i % 2))
    for i, graph in enumerate(graphs)
]
test = next(iter(DataLoader(data[80:], batch_size=80)))


def accuracies(model: torch.nn.Module, epochs: int = 12) -> list[float]:
    """Accuracy on the second half of the graphs, before and after each epoch on the first."""
    optimizer, found = torch.optim.Adam(model.parameters(), lr=0.01), []
    for _ in range(epochs + 1):
        model.eval()
        with torch.no_grad():
            answer = model(test.cochains(), test.complex).argmax(1)
        found.append((answer == test.y).float().mean().item())
        model.train()
        for batch in DataLoader(data[:80], batch_size=16, shuffle=True):
            logits = model(batch.cochains(), batch.complex)
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(logits, batch.y).backward()
            optimizer.step()
    return found


_ = torch.manual_seed(0)
on_triangles = accuracies(SIN(1, 16, 2, num_layers=2, max_dim=2))
on_vertices = accuracies(GraphNetwork(1, 16, 2, num_layers=2, max_dim=2, convolution="gin"))

# %%
fig = plt.figure(figsize=(7.8, 3.4), layout="constrained")
grid = fig.add_gridspec(2, 2, width_ratios=(1, 2.4))
ring = list(nx.circular_layout(graphs[0]).values())
for i, title in enumerate(("little", "much")):
    ax = draw_complex(data[i].complex, ring, ax=fig.add_subplot(grid[i, 0]))
    ax.set_title(f"rewired {title}")
ax = fig.add_subplot(grid[:, 1])
ax.plot(on_triangles, "o-", label="SIN, on triangles")
ax.plot(on_vertices, "s--", color="#888888", label="GIN, on vertices")
ax.set_xlabel("epochs")
ax.set_ylabel("accuracy on unseen graphs")
ax.legend(loc="lower right")
