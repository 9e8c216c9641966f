"""
When do holes appear, and when are they filled?
===============================================

Let balls around the points grow. Each bar of the barcode is a piece or a hole, from the radius
at which it appears to the one at which it is gone. Two bars are long: the small and the large
circle. All the short ones are noise.

More: :doc:`/persistence`.
"""

import matplotlib.pyplot as plt
import torch

from simplex.lifting import alpha_complex
from simplex.persistence import persistence
from simplex.plot import draw_barcode, draw_complex


generator = torch.Generator().manual_seed(1)
angle = 2 * torch.pi * torch.rand(120, generator=generator)
radius = torch.where(torch.arange(120) < 80, 1.0, 0.5)
points = radius[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)
points[80:, 0] += 1.7
points += 0.06 * torch.randn(120, 2, generator=generator)

K = alpha_complex(points)
D = persistence(K)
two = D.of(1).lifetime.topk(2).values
print("the two longest holes live", [round(v, 2) for v in two.tolist()])

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(7.8, 3.6), layout="constrained")
draw_complex(alpha_complex(points, 0.25), points, ax=left).set_title("balls of radius 0.25")
draw_barcode(D.of(1), ax=right).axvline(0.25, color="#888888", ls="--", lw=1)
_ = right.set_title("holes: born, filled")
