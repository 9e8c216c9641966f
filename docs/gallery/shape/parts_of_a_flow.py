"""
What is a flow made of?
=======================

A flow on a net of triangles with a hole is a sum of three parts that have nothing to do with each
other: one from sources to sinks, one that swirls around triangles, one that runs around the hole.
One call splits them; the shares are those of the energy.

More: :doc:`/operators`, :doc:`/signals`.
"""

import matplotlib.pyplot as plt
import torch

from simplex.lifting import alpha_complex, farthest_points
from simplex.operators import hodge_decomposition
from simplex.plot import draw_flow


generator = torch.Generator().manual_seed(3)
points = torch.rand(2000, 2, generator=generator) * 2 - 1
points = points[points.norm(dim=1) > 0.35].double()
points = points[farthest_points(points, 130)]  # spread evenly
K = alpha_complex(points, 0.2)

# %%
# A wind that blows out of one point, turns around another, and circles the hole.
ends = points[K.simplices(1)]
middle, along = ends.mean(1), ends[:, 1] - ends[:, 0]
turn = torch.tensor([[0.0, 1.0], [-1.0, 0.0]]).double()


def away(center: list[float]) -> torch.Tensor:
    """The wind out of a point, of a strength that decays."""
    step = middle - torch.tensor(center).double()
    return step * torch.exp(-4 * step.square().sum(1, keepdim=True))


around = (middle @ turn) / middle.square().sum(1, keepdim=True)
wind = 3 * away([-0.6, -0.6]) + 4 * away([0.6, 0.6]) @ turn + 0.3 * around
flow = (wind * along).sum(1)

parts = [flow, *hodge_decomposition(K, flow)]
names = ["the flow", "sources and sinks", "swirls", "around the hole"]
fig, axes = plt.subplots(2, 2, figsize=(7.2, 7.2), layout="constrained")
for ax, name, part in zip(axes.flat, names, parts, strict=True):
    share = float(part.square().sum() / flow.square().sum())
    draw_flow(K, points, part, ax=ax).set_title(f"{name}: {share:.0%}")
