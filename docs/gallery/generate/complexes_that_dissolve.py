"""
How does one generate a complex?
================================

By learning to undo its decay. Every simplex has a clock and dies with those below it, so that
each state in between is a complex again, down to a few vertices. A network is then trained to say
which simplex comes back.

More: :doc:`/diffusion`.
"""

import matplotlib.pyplot as plt
import torch

from simplex.complexes import restrict
from simplex.datasets import delaunay_complexes
from simplex.diffusion import FaceSurvival
from simplex.plot import draw_complex, spring_layout


generator = torch.Generator().manual_seed(0)
K = delaunay_complexes(1, (40, 40), generator=generator)[0]
place = spring_layout(K)
steps = torch.linspace(0, 1, 101)[:, None]
process = FaceSurvival(1 - steps * torch.tensor([0.7, 0.8, 0.9]))

# %%
fig, axes = plt.subplots(1, 4, figsize=(7.8, 2.4), layout="constrained", sharex=True, sharey=True)
for ax, t in zip(axes, (0, 15, 40, 80), strict=True):
    part = restrict(K, process.sample(K, t, generator=generator))
    draw_complex(part.complex, place[part.ids[0]], ax=ax)
    ax.set_title(f"t = {t}\n{part.complex.f_vector}", fontsize=9)
