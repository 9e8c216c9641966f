"""
My graph has arrows: do they matter?
====================================

A hundred and fifty papers, each of which cites earlier ones and some of what these cite. Ordered
cliques of the citation graph are counted, and those of the same graph with every arrow turned at
random.
Chance turns most triangles into cycles, which fill nothing: the order in the arrows is what the
high bars on the right are made of.

More: :doc:`/directed`.
"""

import matplotlib.pyplot as plt
import numpy as np

from simplex.lifting import directed_flag_complex


random = np.random.default_rng(0)
cites: list[set[int]] = [set()]
for paper in range(1, 150):
    read = set(random.integers(max(0, paper - 30), paper, size=2).tolist())
    copied = {old for one in read for old in cites[one] if random.random() < 0.4}
    cites.append(read | copied)
arrows = np.array([(new, old) for new, each in enumerate(cites) for old in each])
K = directed_flag_complex(arrows.tolist(), max_dim=6)

turned = []
for _ in range(20):
    flip = random.random(len(arrows)) < 0.5
    shuffled = np.where(flip[:, None], arrows[:, ::-1], arrows)
    f_vector = directed_flag_complex(shuffled.tolist(), max_dim=6).f_vector
    turned.append(f_vector + (0,) * (7 - len(f_vector)))
print("cited:", K.f_vector)

# %%
fig, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
dims = np.arange(7)
counts = np.array(K.f_vector + (0,) * (7 - len(K.f_vector)))
ax.bar(dims - 0.2, counts, 0.4, label="as cited")
ax.bar(dims + 0.2, np.mean(turned, 0), 0.4, label="arrows turned at random", color="#bbbbbb")
ax.errorbar(dims + 0.2, np.mean(turned, 0), np.std(turned, 0), fmt="none", color="black")
ax.set_yscale("symlog", linthresh=1)
ax.set_xlabel("dimension")
ax.set_ylabel("ordered cliques")
ax.legend(loc="upper right")
