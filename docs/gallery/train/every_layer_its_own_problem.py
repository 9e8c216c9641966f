"""
Can every layer solve its own problem?
======================================

Back-propagation turns the gradient straight into a step. LocoProp uses the same backward pass to
give every linear map a small convex problem of its own, and takes the solution. A deep and narrow
network is to squeeze pictures of rings into three numbers and draw them again: after as many
steps LocoProp, with nothing set, is below Adam at each of three rates.

More: :doc:`/locoprop`.
"""

from itertools import pairwise

import matplotlib.pyplot as plt
import torch
from torch import nn

from simplex.optim import LocoProp


def rings(count: int) -> torch.Tensor:
    """Rings of all sizes and places on 14 × 14 pixels."""
    at = torch.linspace(-1, 1, 14)
    row, column = 0.8 * torch.rand(2, count, 1, 1) - 0.4
    away = ((at[:, None] - row).square() + (at - column).square()).sqrt()
    return torch.exp(-((away - 0.25 - 0.35 * torch.rand(count, 1, 1)) / 0.15).square()).flatten(1)


_ = torch.manual_seed(0)
train = rings(300)
curves, drawn = {}, {}
for rate in (None, 0.01, 0.003, 0.001):
    _ = torch.manual_seed(0)
    widths = pairwise((196, 64, 32, 3, 32, 64, 196))
    maps = [layer for a, b in widths for layer in (nn.Linear(a, b), nn.Tanh())]
    model = nn.Sequential(*maps[:-1])
    opt = torch.optim.Adam(model.parameters(), lr=rate) if rate else LocoProp(model)
    losses = []
    for _ in range(150):
        loss = nn.functional.mse_loss(model(train), train)
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    name = f"Adam, {rate:g}" if rate else "LocoProp"
    curves[name], drawn[name] = losses, model(train[:4]).detach()
best = min([name for name in curves if name != "LocoProp"], key=lambda name: curves[name][-1])

# %%
fig = plt.figure(figsize=(7.8, 3.6), layout="constrained")
left, right = fig.subfigures(1, 2, width_ratios=(1.4, 1))
ax = left.subplots()
for name, losses in curves.items():
    ax.semilogy(losses, label=name, lw=2 if name == "LocoProp" else 1)
ax.set_xlabel("steps")
ax.set_ylabel("mean squared error of a pixel")
ax.legend()
rows = {"rings": train[:4], best: drawn[best], "LocoProp": drawn["LocoProp"]}
for axes, (name, pictures) in zip(right.subplots(3, 4), rows.items(), strict=True):
    axes[0].set_ylabel(name)
    for ax, picture in zip(axes, pictures, strict=True):
        ax.imshow(picture.view(14, 14), cmap="Greys", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
