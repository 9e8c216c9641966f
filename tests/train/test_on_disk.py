"""Training on a data set on disk gives the numbers of the one in memory."""

import dataclasses

import pytest
import torch
from torch_geometric.data import Data

from simplex.data import SimplicialDataset
from simplex.datasets import stratified_folds
from simplex.nn import SIN
from simplex.train import Configuration, Experiment, TrainSettings, run_experiment, run_protocols
from simplex.transforms import lift_dataset


def graphs():
    """Triangles against paths, with features that say nothing."""
    generator = torch.Generator().manual_seed(0)
    triangle, path = [[0, 1, 0, 2], [1, 2, 2, 3]], [[0, 1, 2], [1, 2, 3]]
    return [
        Data(
            x=torch.randn(4, 2, generator=generator),
            edge_index=torch.tensor(path if i % 2 else triangle),
            y=torch.tensor([i % 2]),
        )
        for i in range(16)
    ]


def test_the_numbers_are_those_in_memory(tmp_path):
    memory = lift_dataset(graphs())
    disk = SimplicialDataset.to_disk(tmp_path / "data", iter(graphs()), block_size=3)
    folds = stratified_folds(memory.y, 2, generator=torch.Generator().manual_seed(0))
    points = [Configuration(lambda: SIN(2, 4, 2, 2, 2), TrainSettings(epochs=2, batch_size=4))]
    checkpoint = tmp_path / "state.pt"
    ours, theirs = (
        run_protocols(dataset, folds, points, checkpoint=place)
        for dataset, place in ((disk, checkpoint), (memory, None))
    )
    assert list(map(dataclasses.astuple, ours.records)) == [
        dataclasses.astuple(each) for each in theirs.records
    ]
    assert ours.choices == theirs.choices
    again = run_protocols(memory, folds, points, checkpoint=checkpoint, resume=True)
    assert again.records == ours.records


def test_an_experiment_on_the_folder_is_that_on_the_graphs(tmp_path):
    torch.save(graphs(), tmp_path / "graphs.pt")
    SimplicialDataset.to_disk(tmp_path / "data", graphs())
    settings = TrainSettings(epochs=1, batch_size=8)
    curves = []
    for name in ("graphs.pt", "data"):
        experiment = Experiment(
            str(tmp_path / name),
            hidden_channels=4,
            num_layers=1,
            folds=2,
            protocol="xu",
            train=settings,
        )
        run_experiment(experiment, tmp_path / f"run-{name}", report=lambda line: None)
        curves.append((tmp_path / f"run-{name}" / "curves.csv").read_bytes())
    assert curves[0] == curves[1]
    wrong = Experiment(str(tmp_path / "data"), max_dim=1)
    with pytest.raises(ValueError, match=r"max_dim must be 2 for .*, which was lifted so, got 1"):
        run_experiment(wrong, tmp_path / "wrong", report=lambda line: None)
