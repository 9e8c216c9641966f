"""
Which test tells which pair apart?
==================================

Six pairs of graphs, lifted to their cliques, and tests from cheap to exact. A dark field is a
proof that the two are different. Colours on simplices see what colours on vertices miss as soon
as there are triangles or tetrahedra, one marked vertex sees the rest; the last pair is one graph
twice, and no test is fooled by it.

More: :doc:`/ladder`.
"""

from functools import partial

import matplotlib.pyplot as plt
import numpy as np

from simplex.datasets import classical_pairs
from simplex.lifting import clique_complex
from simplex.wl import compare, folklore_wl, is_isomorphic, weisfeiler_lehman


tests = {
    "WL": partial(compare, test=weisfeiler_lehman),
    "SWL on\ntriangles": lambda A, B: compare(A.skeleton(2), B.skeleton(2)),
    "SWL": compare,
    "2-FWL": partial(compare, test=folklore_wl),
    "SWL, one\nmark": partial(compare, marks=1),
    "exact": lambda A, B: not is_isomorphic(A, B),
}
pairs = [
    (name, clique_complex(first, max_dim=3), clique_complex(second, max_dim=3))
    for name, first, second in classical_pairs()
]
apart = np.array([[bool(test(A, B)) for test in tests.values()] for _, A, B in pairs])

# %%
fig, ax = plt.subplots(figsize=(7.8, 3.6), layout="constrained")
ax.imshow(apart, cmap="Blues", vmin=0, vmax=1.3, aspect="auto")
ax.set_xticks(range(len(tests)), list(tests))
ax.set_yticks(range(len(pairs)), [name.replace(" / ", "\n") for name, *_ in pairs], fontsize=8)
for (i, j), answer in np.ndenumerate(apart):
    ax.text(
        j,
        i,
        "apart" if answer else "=",
        ha="center",
        va="center",
        color="white" if answer else "#888888",
    )
ax.set_xticks(np.arange(-0.5, len(tests)), minor=True)
ax.set_yticks(np.arange(-0.5, len(pairs)), minor=True)
ax.grid(which="minor", color="white", lw=2)
_ = ax.tick_params(which="both", length=0)
