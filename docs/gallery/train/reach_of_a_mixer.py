"""
How far does a mixing layer reach?
==================================

A mixer on a complex has one map from simplices to simplices, the same for all channels. Made of
powers of Laplacians it reaches a few steps, and a hole is in its way; made of positional codes it
reaches the whole complex at once, and the hole does not matter. The colour of an edge is how
strongly what comes out at the red edge depends on what goes in there, in one untrained layer.

More: :doc:`/mixer`.
"""

import matplotlib.pyplot as plt
import torch
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm

from simplex.lifting import alpha_complex, farthest_points
from simplex.nn import SimplicialMixer
from simplex.plot import draw_complex


generator = torch.Generator().manual_seed(0)
points = 2 * torch.rand(3000, 2, generator=generator) - 1
points = points[points.norm(dim=1) > 0.4]
points = points[farthest_points(points, 220)]
K = alpha_complex(points, 0.2)
lines = points[K.simplices(1)]
at = int((lines.mean(1) - torch.tensor([0.7, 0.0])).norm(dim=1).argmin())
flow = [torch.randn(n, 4, generator=generator) for n in K.f_vector]

influence = {}
for mixing, name in (("operator", "powers of Laplacians"), ("kernel", "codes of positions")):
    _ = torch.manual_seed(0)
    model = SimplicialMixer(4, 32, 4, num_layers=1, max_dim=2, mixing=mixing)
    x = [values.clone().requires_grad_() for values in flow]
    model.encode(x, K)[1][at].square().sum().backward()
    influence[name] = x[1].grad.norm(dim=1)

# %%
fig, axes = plt.subplots(1, 2, figsize=(7.8, 4.3), layout="constrained")
for ax, (name, strength) in zip(axes, influence.items(), strict=True):
    draw_complex(K.skeleton(1), points, ax=ax)
    share = strength / strength.max()
    heard = share > 1e-4
    edges = LineCollection(
        lines[heard].tolist(), array=share[heard], norm=LogNorm(1e-4, 1), cmap="Blues", lw=2.5
    )
    ax.add_collection(edges)
    ax.plot(*lines[at].T, color="#c44e52", lw=4)
    ax.set_title(f"{name}\n{int(heard.sum())} of {len(heard)} edges are heard")
fig.colorbar(edges, ax=axes, shrink=0.7, location="bottom", label="influence")
