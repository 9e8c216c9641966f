"""
Noise that knows gradients, curls and holes
===========================================

To generate flows one first destroys them. White noise treats every edge alike; Hodge noise is as
strong in each part of a flow as the data are. The shares of gradient, curl and harmonic part stay
where they were on the way down, so the way back has less to repair.

More: :doc:`/diffusion`.
"""

import matplotlib.pyplot as plt
import torch

from simplex.datasets import planted_flows
from simplex.diffusion import WhiteNoise, cosine_schedule, fitted_hodge_noise, q_sample
from simplex.operators import hodge_decomposition
from simplex.plot import draw_flow


generator = torch.Generator().manual_seed(0)
flows = planted_flows("annulus", num_train=100, num_test=1, generator=generator)
K, data, schedule = flows.complex, flows.train.double(), cosine_schedule(100)
noises = {"white noise": WhiteNoise(), "Hodge noise": fitted_hodge_noise(K, data)}


def shares(x: torch.Tensor) -> list[float]:
    """Which share of the energy is gradient, curl, harmonic, over a batch of flows."""
    parts = torch.stack(hodge_decomposition(K, x))
    energy = parts.square().flatten(1).sum(1)
    return (energy / energy.sum()).tolist()


# %%
# Shares of gradient, curl and harmonic part at each time of the chain.
fig, axes = plt.subplots(1, 3, figsize=(7.8, 2.9), layout="constrained")
draw_flow(K, flows.positions, data[0, :, 0], ax=axes[0]).set_title("one of the flows")
for ax, (name, noise) in zip(axes[1:], noises.items(), strict=True):
    eps = noise.sample(data, generator=generator)
    times = range(5, 101, 5)
    at = [shares(data), *(shares(q_sample(data, t, schedule, eps)) for t in times)]
    ax.stackplot(
        [0, *times], torch.tensor(at).T.tolist(), alpha=0.8, labels=("gradient", "curl", "harmonic")
    )
    ax.set_title(name)
    ax.set_xlabel("time, from data to noise")
    ax.margins(0)
axes[2].legend(loc="center", reverse=True)
