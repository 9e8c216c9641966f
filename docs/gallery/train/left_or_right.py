"""
On which side did they pass?
============================

Walks through a field with two holes, from one corner to the other. Each walk is a flow on edges,
and its harmonic part has one number for each hole: on which side the walk went past it, whatever
else it did on the way. Two numbers are enough to sort the walks, without any training.

More: :doc:`/flows`.
"""

import matplotlib.pyplot as plt
import torch

from simplex.datasets import synthetic_flow
from simplex.operators import harmonic_basis
from simplex.plot import draw_complex


task = synthetic_flow(300, 60, 2, generator=torch.Generator().manual_seed(0))
K, place, walks = task.complex, task.positions, task.train
holes = harmonic_basis(K, 1, dtype=torch.float64)  # one column for each hole
numbers = walks.flows.double().flatten(1) @ holes

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(7.8, 3.9), layout="constrained")
draw_complex(K, place, ax=left, color="#c9d3e3")
for i in range(4):
    ends = place[K.simplices(1)[walks.flows[i].flatten() != 0]]
    for edge in ends:
        left.plot(*edge.T, color=f"C{int(walks.labels[i])}", lw=2)
left.set_title("four walks, two of each kind")
for label in (0, 1):
    chosen = numbers[walks.labels == label]
    right.scatter(*chosen.T, s=18, color=f"C{label}", label=f"class {label}")
right.set_xlabel("first harmonic number")
right.set_ylabel("second")
right.legend()
_ = right.set_title("all walks")
