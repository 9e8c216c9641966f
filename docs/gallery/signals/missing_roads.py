"""
Some roads were not counted: what runs on them?
===============================================

Twenty bus lines drive round trips through a town, so that on every crossing as many buses arrive
as leave. Six of ten roads have a counter. The flow that agrees with the counters and has the
least sources and sinks in between is close to the truth on the roads without one, in red.

More: :doc:`/signals`, where this is done for the traffic of cities.
"""

import matplotlib.pyplot as plt
import networkx as nx
import torch

from simplex.interop import from_networkx
from simplex.plot import draw_complex
from simplex.signals import interpolate


generator = torch.Generator().manual_seed(0)
town = nx.grid_2d_graph(9, 9)
town.remove_edges_from([e for e in [*town.edges] if torch.rand((), generator=generator) < 0.2])
town = town.subgraph(max(nx.connected_components(town), key=len))
place = torch.tensor([*town]).double()
place += 0.3 * torch.rand(place.shape, generator=generator).double()
K = from_networkx(nx.convert_node_labels_to_integers(town))
n, roads = K.f_vector

flow = torch.zeros(roads).double()
for _ in range(20):  # a line has its own way from each of three stops to the next
    streets = nx.Graph(K.simplices(1).tolist())
    stops = torch.randperm(n, generator=generator)[:3].tolist()
    for start, end in zip(stops, stops[1:] + stops[:1], strict=True):
        for u, v in streets.edges:
            streets.edges[u, v]["time"] = float(torch.rand((), generator=generator))
        way = torch.tensor(nx.shortest_path(streets, start, end, "time"))
        steps = torch.stack([way[:-1], way[1:]], dim=1)
        flow[K.index(steps)] += torch.where(steps[:, 0] < steps[:, 1], 1.0, -1.0).double()

counted = torch.rand(roads, generator=generator) < 0.6
filled = interpolate(K, flow, counted, down=1.0, up=0.0)
missing = torch.stack([filled, flow])[:, ~counted]
error = missing.diff(dim=0).norm() / missing[1].norm()
print(f"relative error where nothing was counted: {error:.2f}")

# %%
fig, axes = plt.subplots(1, 3, figsize=(7.8, 3), layout="constrained")
agree = torch.corrcoef(missing)[0, 1]
pictures = {"all buses": flow, "counted": flow * counted, f"filled in, r = {agree:.2f}": filled}
for ax, (title, x) in zip(axes, pictures.items(), strict=True):
    draw_complex(K, place, ax=ax).set_title(title)
    for road, buses, known in zip(K.simplices(1), x.abs().tolist(), counted.tolist(), strict=True):
        color = "#4c72b0" if known else "#c44e52"
        ax.plot(*place[road].T, color=color, lw=buses, solid_capstyle="round")
