"""
I have two tables: people, and who talks to whom
================================================

Forty people with their age, and for most of them the circle they belong to. A column of one table
is the target, the others are features, and who talks to whom are the edges. The run is a folder,
and the folder answers for everybody, in the names of the tables. Of those with a large dot nothing
was said; the inside is what the network says, the rim the truth.

More: :doc:`/your-data`.
"""

import csv
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import torch

from simplex.datasets import read_dataset
from simplex.plot import draw_complex, spring_layout
from simplex.train import Experiment, TrainSettings, predict_files, run_experiment


# Whoever made these tables knows all circles; a quarter is left empty.
generator = torch.Generator().manual_seed(3)
names = [f"p{i}" for i in range(40)]
circle = ["red" if i < 14 else "blue" if i < 27 else "green" for i in range(40)]
asked = torch.rand(40, generator=generator) < 0.75
chance = torch.tensor([[0.3 if a == b else 0.02 for a in circle] for b in circle])
talks = (torch.rand(40, 40, generator=generator) < chance).triu(1).nonzero().tolist()

folder = TemporaryDirectory()
tables = [Path(folder.name) / "people.csv", Path(folder.name) / "talks.csv"]
ages = torch.randint(20, 70, (40,), generator=generator).tolist()
said = [name if known else "" for name, known in zip(circle, asked.tolist(), strict=True)]
rows = {
    tables[0]: [("id", "age", "circle"), *zip(names, ages, said, strict=True)],
    tables[1]: [("source", "target"), *((names[a], names[b]) for a, b in talks)],
}
for path, lines in rows.items():
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(lines)

# %%
# Trained on half of those who said something, chosen by a quarter, tested on the last quarter.
experiment = Experiment(
    ",".join(map(str, tables)),
    target="circle",
    protocol="topobench",
    seeds=[0],
    model="sccnn",
    options={"signed": False},
    hidden_channels=16,
    num_layers=2,
    train=TrainSettings.preset("topobench", epochs=40, lr=0.01),
)
run_experiment(experiment, Path(folder.name) / "run", progress=False, report=lambda line: None)
answers = predict_files(Path(folder.name) / "run", tables)
told = [row[1] for row in answers.rows]  # in the order of the table
wrong = torch.tensor([a != b for a, b in zip(told, circle, strict=True)])
print("nothing was said of", int((~asked).sum()), "and wrong of these", int((wrong & ~asked).sum()))

# %%
K = read_dataset(tables, "circle").dataset[0].complex
place = spring_layout(K)
colors = {"red": "#c44e52", "blue": "#4c72b0", "green": "#55a868"}
fig, ax = plt.subplots(figsize=(7.2, 4.6), layout="constrained")
draw_complex(K, place, ax=ax, color="#bbbbbb")
for known, size in ((True, 90), (False, 210)):
    chosen = [v for v in range(40) if bool(asked[v]) == known]
    ax.scatter(
        *place[chosen].T,
        s=size,
        c=[colors[told[v]] for v in chosen],
        ec=[colors[circle[v]] for v in chosen],
        lw=3,
        zorder=5,
        label="said" if known else "not said",
    )
_ = ax.legend()
folder.cleanup()
