"""
Where does the net leak?
========================

What flows into a joint of pipes flows out again, but at three joints something is lost. The
meters are noisy, so every joint seems to leak a little. A trend filter looks for the flow near
the measured one that leaks at as few joints as possible, and finds the three.

More: :doc:`/signals`.
"""

import matplotlib.pyplot as plt
import torch

from simplex.lifting import alpha_complex, farthest_points
from simplex.operators import apply_boundary, boundary_matrix
from simplex.plot import draw_complex
from simplex.signals import trend_filter


generator = torch.Generator().manual_seed(2)
place = torch.rand(1000, 2, generator=generator).double()
place = place[farthest_points(place, 80)]
K = alpha_complex(place, max_dim=1)

# %%
# Water enters at one joint and leaves at three; the rest is what the laws of pipes make of it.
source, leaks = 0, torch.tensor([23, 41, 66])
loss = torch.zeros(80).double()
loss[leaks], loss[source] = 1.0, -3.0
flow = torch.linalg.lstsq(
    boundary_matrix(K, 1, dtype=torch.float64).to_dense(), loss[:, None], driver="gelsd"
).solution[:, 0]
measured = flow + 0.08 * torch.randn(flow.shape, generator=generator)
found = trend_filter(K, measured, down=0.12)

# %%
fig, axes = plt.subplots(1, 2, figsize=(7.8, 4), layout="constrained")
for ax, title, x in zip(axes, ("as measured", "trend filter"), (measured, found), strict=True):
    lost = apply_boundary(K, x, 1)
    draw_complex(K, place, ax=ax)
    ax.scatter(*place.T, s=200 * lost.clamp(min=0), color="#c44e52", zorder=5)
    ax.scatter(*place[leaks].T, s=300, fc="none", ec="black", lw=1, zorder=6)
    ax.set_title(f"{title}: {int((lost > 0.02).sum())} joints seem to lose water")
