"""
One graph, too large for memory: what does a batch see?
=======================================================

What a network of two layers says of a vertex depends on two steps around it, not on the rest. A
batch is some seeds, in red, and all that lies so near to them, lifted at once: the rows of the
seeds are those of the whole complex. With a fanout each vertex takes some of its neighbours only.
The batch grows with the seeds and the layers, and not with the graph.

More: :doc:`/giant-graph`.
"""

import matplotlib.pyplot as plt
import torch
from torch_geometric.data import Data

from simplex.lifting import vietoris_rips_complex
from simplex.loader import BallLoader
from simplex.nn import SIN
from simplex.plot import draw_complex
from simplex.transforms import clique_lift


generator = torch.Generator().manual_seed(0)
place = torch.rand(2000, 2, generator=generator)
roads = vietoris_rips_complex(place, 0.045, max_dim=1)
data = Data(x=torch.randn(2000, 3, generator=generator), edge_index=roads.simplices(1).T)
seeds = torch.cdist(torch.tensor([[0.3, 0.7], [0.7, 0.4]]), place).argmin(1)

_ = torch.manual_seed(0)
model = SIN(3, 16, 2, num_layers=2, max_dim=2, level=0, norm="layer").eval()
exact = next(iter(BallLoader(data, seeds, model.hops, batch_size=2)))
sampled = next(
    iter(BallLoader(data, seeds, model.hops, fanout=4, batch_size=2, generator=generator))
)

whole = clique_lift(data)
with torch.no_grad():
    expected = model(whole.cochains(), whole.complex)[seeds]
    rows = model(exact.cochains(), exact.complex)[exact.seed]
print("as on the whole complex:", torch.allclose(rows, expected, atol=1e-5))

# %%
fig, axes = plt.subplots(1, 2, figsize=(7.8, 4.2), layout="constrained")
for ax, name, batch in zip(
    axes, ("all within two steps", "fanout 4"), (exact, sampled), strict=True
):
    draw_complex(whole.complex.skeleton(1), place, ax=ax)
    for part in ax.collections:
        part.set_alpha(0.15)
    draw_complex(batch.complex, place[batch.n_id], ax=ax)
    ax.scatter(*place[seeds].T, s=60, color="#c44e52", zorder=6)
    ax.set(xlim=(0.08, 0.92), ylim=(0.18, 0.92))
    ax.set_title(f"{name}\n{batch.complex.f_vector} of {whole.complex.f_vector}")
