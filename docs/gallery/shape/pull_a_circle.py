"""
Can the shape be a loss?
========================

Births and deaths have gradients. Sixty points without a hole worth the name are pulled until
their longest loop lives long and all other gaps and loops are gone: they become a circle, and
nobody told them where.

More: :doc:`/persistence`.
"""

import matplotlib.pyplot as plt
import torch

from simplex.lifting import alpha_complex
from simplex.persistence import persistence
from simplex.plot import draw_complex


_ = torch.manual_seed(0)
angle = 2 * torch.pi * torch.rand(60)
points = torch.stack([angle.cos(), angle.sin()], dim=1) + 0.35 * torch.randn(60, 2)
points.requires_grad_()
optimizer = torch.optim.Adam([points], lr=0.02)
seen = {}
for step in range(121):
    D = persistence(alpha_complex(points))
    loops = D.of(1).lifetime.sort(descending=True).values
    loss = D.of(0).finite().lifetime.square().sum() + loops[1:].sum() - loops[0].clamp(max=1)
    if step in (0, 40, 120):
        seen[step] = points.detach().clone(), loops[0].item()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

# %%
fig, axes = plt.subplots(1, 3, figsize=(7.8, 3), layout="constrained", sharex=True, sharey=True)
for ax, (step, (place, longest)) in zip(axes, seen.items(), strict=True):
    draw_complex(alpha_complex(place, 0.2), place, ax=ax)
    ax.set_title(f"step {step}: longest loop {longest:.2f}")
