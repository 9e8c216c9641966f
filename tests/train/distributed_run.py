"""A training in float64, alone or under torchrun: ``… ROOT``."""

import dataclasses
import json
import sys
from pathlib import Path

import torch

from simplex.data import SimplicialDataset
from simplex.datasets import stratified_folds, tu_dataset
from simplex.nn import SIN
from simplex.train import Configuration, TrainSettings, run_protocols, torchrun_processes
from tests.train.tiny import write_tiny


def doubled(dataset):
    """The data set with cochains in float64."""
    batch = dataset.to_batch()
    cochains = [each.double() for each in batch.cochains()]
    return SimplicialDataset.from_union(batch.complex, cochains, max_dim=2, fields={"y": batch.y})


def make_model():
    return SIN(3, 4, 2, 2, 2).double()


def train(root):
    with torchrun_processes() as (processes, device):
        if processes.is_first:
            write_tiny(root)
        processes.total(torch.zeros(1))  # wait for the files
        dataset = doubled(tu_dataset("TINY", root))
        # 8 or 7 training graphs in batches of 3: shards of 2 and 1, and of 1 and 0
        settings = TrainSettings(epochs=4, batch_size=3, lr=0.01, schedule="cosine")
        folds = stratified_folds(dataset.y, 2, generator=torch.Generator().manual_seed(0))
        points = [Configuration(make_model, settings)]
        outcome = run_protocols(dataset, folds, points, device=device, processes=processes)
        rows = [dataclasses.astuple(each) for each in (*outcome.records, *outcome.choices)]
        disk = processes.of_first(lambda: SimplicialDataset.to_disk(root / "disk", dataset))
        by_rows = TrainSettings(epochs=3, batch_size=3, lr=0.1, optimizer="locoprop")
        points = [Configuration(make_model, by_rows)]
        outcome = run_protocols(disk, folds, points, ["nested"], device=device, processes=processes)
        rows += [dataclasses.astuple(each) for each in (*outcome.records, *outcome.choices)]
        (root / f"records-{processes.rank}.json").write_text(json.dumps(rows))


if __name__ == "__main__":
    torch.set_num_threads(1)
    train(Path(sys.argv[1]))
