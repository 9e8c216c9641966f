"""
Make more of these points
=========================

A network learns the velocity that carries noise into eight heaps, and new points are made by
following it from fresh noise. The grey lines are the ways of some of them.

More: :doc:`/diffusion`.
"""

from itertools import pairwise

import matplotlib.pyplot as plt
import torch
from torch import nn

from simplex.datasets import eight_gaussians
from simplex.diffusion import flow_matching_loss, heun_flow


_ = torch.manual_seed(0)
data = eight_gaussians(2000)
data = 3 * data / data.std(0)
net = nn.Sequential(nn.Linear(15, 96), nn.SiLU(), nn.Linear(96, 96), nn.SiLU(), nn.Linear(96, 2))


def velocity(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    """Where to go from x at time t, one time per row."""
    waves = [wave(k * x) for k in (0.5, 1, 2) for wave in (torch.sin, torch.cos)]
    return net(torch.cat([x, t.view(-1, 1).expand(len(x), 1), *waves], dim=1))


optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 800)
for _ in range(800):
    x0, z = data[torch.randint(len(data), (256,))], torch.randn(256, 2)
    loss = flow_matching_loss(velocity, x0, z, torch.rand(256)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    schedule.step()

# %%
times = torch.linspace(0, 1, 21)
with torch.no_grad():
    way = [torch.randn(600, 2)]
    for here in pairwise(times):
        way.append(heun_flow(velocity, way[-1], torch.stack(here)))
path = torch.stack(way)
fig, axes = plt.subplots(1, 3, figsize=(7.8, 2.9), layout="constrained", sharex=True, sharey=True)
pictures = {"noise": way[0], "made": way[-1], "data": data[:600]}
for ax, (title, points) in zip(axes, pictures.items(), strict=True):
    ax.scatter(*points.T, s=5)
    ax.set_title(title)
    ax.set_axis_off()
for i in range(40):
    axes[1].plot(*path[:, i].T, color="#888888", lw=0.6, alpha=0.6, zorder=0)
