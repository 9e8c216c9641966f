"""
I have a file of ties: what is in it?
=====================================

A table with a heading, two names in a row and how strong the tie is: here the characters of Les
Misérables, and in how many chapters two of them meet. It is read with its names, its triangles
are filled in, and strong ties come first. Each bar is a group that holds together by its ties of
so many chapters, until a weaker tie joins it to another one: Valjean's people and the students
around Enjolras are two groups down to nine chapters.

More: :doc:`/files`, :doc:`/persistence`.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import networkx as nx
import torch

from simplex.complexes import restrict
from simplex.io import read, read_data, write
from simplex.lifting import clique_complex
from simplex.persistence import persistence, upper_star
from simplex.plot import draw_barcode, draw_complex


folder = TemporaryDirectory()
file = Path(folder.name) / "ties.csv"
ties = nx.les_miserables_graph().edges(data="weight")
file.write_text("source,target,chapters\n" + "".join(f"{u},{v},{w}\n" for u, v, w in ties))

# %%
# The graph, and the column of its edges. A clique enters with the weakest of its ties.
graph = read_data(file)
chapters = torch.tensor(graph.attributes[1]["chapters"])
K = upper_star(clique_complex(graph.complex, max_dim=2), chapters, 1)
groups = persistence(K, min_persistence=0.5).of(0)

# %%
# The ties of ten chapters and more with their names, and the groups, strongest first.
strong = restrict(K, [values <= -10 for values in K.filtration or ()]).complex
fig, (left, right) = plt.subplots(
    1, 2, figsize=(7.8, 4.2), width_ratios=(1.7, 1), layout="constrained"
)
draw_complex(strong, ax=left, labels=True).set_title("ten chapters and more")
draw_barcode(groups, ax=right).get_legend().remove()
right.axvline(-10, color="#888888", ls="--", lw=1)
right.set_xlabel("minus the chapters")
_ = right.set_title("groups: begin, join a stronger one")

# %%
# What was found is kept in a file, with names and filtration.
write(K, file.with_name("found.json"))
again = read(file.with_name("found.json"))
print(again == K, again.vertex_labels == K.vertex_labels, again)
folder.cleanup()
