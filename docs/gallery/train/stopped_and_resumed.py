"""
It was stopped in the middle: is the rest the same?
===================================================

A run writes a checkpoint as it goes. One run here is left alone; another one is killed twice and
resumed each time. The two curves are one, to the last digit. In the end a network is kept as a
folder of two files, without code, and what is loaded from it gives the same answers.

More: :doc:`/saving`, :doc:`/training`.
"""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import networkx as nx
import torch
from torch_geometric.utils import from_networkx

from simplex.datasets import stratified_folds
from simplex.nn import SIN, from_pretrained
from simplex.train import EpochRecord, TrainSettings, cross_validate
from simplex.transforms import lift_dataset


items = []
for i in range(80):
    graph = from_networkx(nx.watts_strogatz_graph(16, 4, 0.1 + 0.5 * (i % 2), seed=i))
    graph.x, graph.y = torch.ones(16, 1), torch.tensor([i % 2])
    items.append(graph)
dataset = lift_dataset(items, max_dim=2)
folds = stratified_folds(dataset.y, num_folds=4, generator=torch.Generator().manual_seed(0))[:1]
make = partial(SIN, 1, 8, 2, num_layers=2, max_dim=2)
run = partial(cross_validate, dataset, folds, make, TrainSettings(epochs=30, lr=0.003))
alone = run()

# %%
# The other run, killed after epochs 8 and 19.
folder = TemporaryDirectory()
checkpoint = Path(folder.name) / "checkpoint.pt"


def kill(record: EpochRecord, after: int) -> None:
    """As Ctrl-C would."""
    if record.epoch == after:
        raise KeyboardInterrupt


for stop, resume in ((8, False), (19, True)):
    try:
        run(checkpoint=checkpoint, resume=resume, on_epoch=partial(kill, after=stop))
    except KeyboardInterrupt:
        print("killed after epoch", stop)
resumed = run(checkpoint=checkpoint, resume=True)
print("the same records:", resumed == alone)

fig, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
ax.plot([record.train_loss for record in alone], color="#bbbbbb", lw=7, label="left alone")
for begin, end in ((0, 9), (9, 20), (20, 30)):
    losses = [record.train_loss for record in resumed[begin:end]]
    ax.plot(range(begin, end), losses, "o-", ms=4, label=f"epochs {begin} to {end - 1}")
ax.set_yscale("log")
ax.set_xlabel("epoch")
ax.set_ylabel("loss")
_ = ax.legend()

# %%
# A network as a folder, and loaded again.
model = make().eval()
saved = Path(folder.name) / "network"
model.save_pretrained(saved)
print(sorted(path.name for path in saved.iterdir()))
same, batch = from_pretrained(saved), dataset.to_batch()
answers = [network(batch.cochains(), batch.complex) for network in (model, same)]
print("the same answers:", torch.equal(*answers))
folder.cleanup()
