"""
Who met, and in which circles?
==============================

Eighteen women and the fourteen evenings at which they met, as Davis, Gardner and Gardner wrote
them down in 1941. In the Dowker complex a group is a simplex where all of it was at one evening.
Taken are the evenings with at most six guests: the picture shows two circles of friends, two
women who come to the second one by another door, and four who came to large evenings only.

More: :doc:`/lifting`, :doc:`/files`.
"""

import matplotlib.pyplot as plt
import networkx as nx

from simplex.lifting import dowker_complex
from simplex.operators import betti_numbers
from simplex.plot import draw_complex


graph = nx.davis_southern_women_graph()
women, evenings = graph.graph["top"], graph.graph["bottom"]
attended = nx.bipartite.biadjacency_matrix(graph, women, evenings).toarray()
names = [name.split()[0] for name in women]

# %%
# Groups at evenings of at most six guests; a layout puts women close who met often.
K = dowker_complex(attended[:, attended.sum(0) <= 6], max_dim=2).with_vertex_labels(names)
print(betti_numbers(K)[0], "pieces;", dowker_complex(attended), "of all evenings")
met = nx.from_numpy_array(attended @ attended.T)
for _, _, each in met.edges(data=True):
    each["distance"] = each["weight"] ** -0.5
place = nx.kamada_kawai_layout(met, weight="distance")
fig, ax = plt.subplots(figsize=(7.8, 5), layout="constrained")
draw_complex(K, [place[v] for v in range(18)], ax=ax)
for v, name in enumerate(names):
    ax.annotate(name, place[v], (5, 5), textcoords="offset points", fontsize=9)
