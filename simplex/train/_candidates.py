"""Experiments on candidate simplices: links and triangles held out at random, and closure."""

import torch

from simplex.data import SimplicialData, SimplicialDataset
from simplex.datasets import closure_data, read_benson
from simplex.train._experiment import Experiment
from simplex.train._splits import Split
from simplex.train._task import Task
from simplex.transforms import split_simplices


_METRICS = {
    "links": ("auroc", "average_precision"),
    "triangles": ("auroc", "average_precision"),
    "closure": ("average_precision", "auroc"),
}


def closure_items(experiment: Experiment, path: str) -> list[SimplicialData]:
    """The items of a folder of timed simplices: to train on, to choose by and to test on."""
    return closure_data(read_benson(path, max(experiment.max_dim, 2)))


def held_out_items(experiment: Experiment, dataset: SimplicialDataset) -> list[SimplicialData]:
    """Three items of one complex for each seed, with links or triangles held out.

    Raises:
        ValueError: several complexes, or no features.
    """
    if len(dataset) != 1:
        raise ValueError(
            f"dataset must be one complex for task={experiment.task!r}, got {len(dataset)}. Take a "
            "graph with many edges, not many graphs."
        )
    k = 1 if experiment.task == "links" else 2
    item = dataset[0]
    for name in [key for key, _ in item if key.startswith(("y", "train_", "val_", "test_"))]:
        del item[name]
    items: list[SimplicialData] = []
    for seed in experiment.seeds:
        generator = torch.Generator().manual_seed(seed)
        kind = "open" if k == 1 else "one-swapped"  # a clique complex has no open triangle
        items += split_simplices(item, k, kind=kind, generator=generator)  # type: ignore[arg-type]
    return items


def candidate_splits(
    experiment: Experiment, items: list[SimplicialData]
) -> tuple[SimplicialDataset, Task, list[Split]]:
    """The items as a data set, their task, and three of them in each split."""
    data, slices = SimplicialDataset.collate(items)
    dataset = SimplicialDataset(data, slices)
    task = Task.of(
        dataset,
        metrics=tuple(experiment.metrics) or _METRICS[str(experiment.task)],
        class_weights=experiment.class_weights,  # type: ignore[arg-type]  # a tuple by now
        candidates=True,
    )
    thirds = torch.arange(len(items)).view(-1, 3, 1)
    return dataset, task, [Split(*third) for third in thirds]


def require_candidates(experiment: Experiment) -> None:
    """Options that mean nothing for candidates are refused."""
    for name in ("target", "level", "kind", "loss"):
        if getattr(experiment, name) is not None:
            raise ValueError(
                f"{name} must be left out with task={experiment.task!r}, whose targets are whether "
                f"the candidates are there, got {getattr(experiment, name)!r}."
            )
    if experiment.protocol not in ("topobench", "fixed"):
        raise ValueError(
            f"protocol must be 'topobench' with task={experiment.task!r}, as a validation part is "
            f"drawn for every seed, got {experiment.protocol!r}."
        )
