"""Where the data of an experiment come from: adding a source is one line in ``SOURCES``."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from simplex.data import SimplicialDataset, cochain_keys
from simplex.datasets import (
    DATASETS,
    DatasetEntry,
    FileData,
    dataset_entry,
    read_dataset,
    stratified_folds,
    tu_dataset,
    tu_folds,
)
from simplex.train._candidates import (
    candidate_splits,
    closure_items,
    held_out_items,
    require_candidates,
)
from simplex.train._encodings import encoded
from simplex.train._experiment import Experiment
from simplex.train._splits import Split, fold_splits, mask_splits, random_splits
from simplex.train._task import Task


_FEWEST = 4  # that a quarter of them is a row


class Sourced(NamedTuple):
    """What a source gives: the data, what is predicted of them, and the splits of the protocol.

    Attributes:
        dataset: lifted, with its encodings.
        task: as from ``Task.of``.
        splits: one for each seed, fold or column of masks.
        form: how files were read, for others to be read alike; ``None`` where there are none.
        notes: what was guessed or left out, for the user.
    """

    dataset: SimplicialDataset
    task: Task
    splits: list[Split]
    form: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()


Source = Callable[[Experiment, str], Sourced]  # the second is the name within the source


def task_of(
    experiment: Experiment, dataset: SimplicialDataset, *, candidates: bool = False
) -> Task:
    """The task that an experiment sets on the data, what it leaves open seen from the targets."""
    return Task.of(
        dataset,
        level=experiment.level,
        target=experiment.target,
        kind=experiment.kind,  # type: ignore[arg-type]  # a word of KINDS
        metrics=tuple(experiment.metrics),
        loss=experiment.loss,
        class_weights=experiment.class_weights,  # type: ignore[arg-type]  # a tuple by now
        candidates=candidates,
    )


def splits_of(
    experiment: Experiment,
    dataset: SimplicialDataset,
    task: Task,
    folds: Callable[[Tensor, torch.Generator], Sequence[tuple[Tensor, Tensor]]] | None = None,
) -> list[Split]:
    """The splits of the protocol of an experiment.

    Args:
        experiment: names the protocol.
        dataset: the data.
        task: says whether the ids are items, or rows of the one complex.
        folds: the folds of the literature, from labels to stratify by; ``None`` to draw them.
    """
    by_row = (task.level is not None or task.candidates) and len(dataset) == 1
    if experiment.protocol == "fixed":
        return mask_splits(dataset, task.level or 0)
    targets = task.rows(dataset)
    known = _known(task, targets) if by_row else torch.arange(len(dataset))
    if len(known) < _FEWEST:
        raise ValueError(
            f"data must have targets in at least {_FEWEST} rows to be split into parts, got "
            f"{len(known)}. Take another target, another level, or more data."
        )
    if experiment.protocol == "topobench":
        return [_among(known, split) for split in random_splits(len(known), experiment.seeds)]
    plain = task.kind == "classes" and (by_row or len(targets) == len(dataset))
    labels = targets.cpu()[known] if plain else torch.zeros(len(known), dtype=torch.int64)
    generator = torch.Generator().manual_seed(experiment.train.seed)
    if folds is not None:
        return fold_splits(folds(labels, generator))
    drawn = fold_splits(stratified_folds(labels, experiment.folds, generator=generator))
    return [_among(known, split) for split in drawn]


def _known(task: Task, targets: Tensor) -> Tensor:
    """The rows of one complex that have a target."""
    if task.kind == "classes":
        return (targets >= 0).nonzero()[:, 0].cpu()
    return (~targets.isnan().all(1)).nonzero()[:, 0].cpu()


def _among(rows: Tensor, split: Split) -> Split:
    return Split(rows[split.train], rows[split.validation], rows[split.test])


def _tu(experiment: Experiment, name: str) -> Sourced:
    dataset = tu_dataset(
        name,
        experiment.root,
        **experiment.lift,
        use_node_attr=experiment.use_node_attr,
    )
    task = task_of(experiment, dataset)

    def folds(labels: Tensor, generator: torch.Generator) -> Sequence[tuple[Tensor, Tensor]]:
        return tu_folds(
            name, labels, experiment.root, num_folds=experiment.folds, generator=generator
        )

    return Sourced(dataset, task, splits_of(experiment, dataset, task, folds))


def _named(experiment: Experiment, name: str) -> Sourced:
    entry = dataset_entry(name)
    if experiment.rings is not None and not entry.takes_rings:
        raise ValueError(
            f"rings must be left out for {name}, got {experiment.rings}. They are filled in data "
            "of many graphs: of the TU collection, aqsol, or your own."
        )
    dataset = entry.load(root=experiment.root, **experiment.lift)
    filled = replace(
        experiment,
        level=entry.level if experiment.level is None else experiment.level,
        kind=experiment.kind or entry.kind,
        metrics=experiment.metrics or _published(entry),
    )
    if experiment.task is not None:
        return Sourced(dataset, Task(), [])
    task = task_of(filled, dataset)
    return Sourced(dataset, task, splits_of(filled, dataset, task))


def _closure(experiment: Experiment) -> Sourced:
    items = closure_items(experiment, experiment.dataset)
    dataset, task, splits = candidate_splits(experiment, items)
    encodings = experiment.encodings, experiment.train.seed
    return Sourced(encoded(dataset, *encodings), task, splits)


def _published(entry: DatasetEntry) -> tuple[str, ...]:
    """By which published results are measured, first."""
    return (f"{entry.metric}_deviations", entry.metric) if entry.in_deviations else (entry.metric,)


def _files(experiment: Experiment, name: str) -> Sourced:
    read = read_files(experiment, name)
    if experiment.task is not None:  # targets of the files, if any, are not those of candidates
        return Sourced(read.dataset, Task(), [], notes=read.notes)
    if experiment.target is None and read.form["source"] in ("tables", "hypergraph"):
        raise ValueError(
            f"target must name what is to be predicted in {name}, got none. Pass --target, in "
            "Python Experiment(…, target=…); --task links or triangles needs none."
        )
    filled = replace(
        experiment,
        target=read.target,
        level=read.level,
        kind=read.kind or experiment.kind,
    )
    task = task_of(filled, read.dataset)
    splits = splits_of(filled, read.dataset, task)
    return Sourced(read.dataset, task, splits, read.form, read.notes)


def read_files(
    experiment: Experiment, paths: str, form: Mapping[str, Any] | None = None
) -> FileData:
    """The files of an experiment, or others read as they were."""
    read = read_dataset(
        listed_paths(paths),
        experiment.target,
        level=experiment.level,
        kind=experiment.kind,  # type: ignore[arg-type]  # a word of KINDS
        features=experiment.features,
        categories=experiment.categories,
        **experiment.lift,
        use_node_attr=experiment.use_node_attr,
        form=form,
    )
    _to_default_dtype(read.dataset)
    return read


def _to_default_dtype(dataset: SimplicialDataset) -> None:
    """Features of another precision, as numpy makes them, in that of the models."""
    data, dtype = dataset._data, torch.get_default_dtype()
    for key in cochain_keys(data.max_dim):
        values = data.to_dict().get(key)
        if isinstance(values, Tensor) and values.is_floating_point() and values.dtype != dtype:
            data[key] = values.to(dtype)


def listed_paths(paths: str) -> list[str]:
    """The paths between commas; one that has a comma itself is there as it is."""
    return [paths] if Path(paths).exists() else [each for each in paths.split(",") if each]


def is_path(dataset: str) -> bool:
    """Whether it is a path by its ending or a slash, or a folder that is no name of a data set."""
    endings = (".csv", ".tsv", ".txt", ".gz", ".pt", ".pth", ".json", ".hif", ".edges", ".edgelist")
    if "/" in dataset or os.sep in dataset or dataset.lower().endswith(endings):
        return True
    return Path(dataset).is_dir() and not _is_known(dataset)


def _is_known(name: str) -> bool:
    try:
        dataset_entry(name)
    except ValueError:
        return False
    return True


SOURCES: dict[str, Source] = {
    "tu": _tu,
    "named": _named,
    "file": _files,
}


def sourced(experiment: Experiment) -> Sourced:
    """The data of an experiment, by the source that its name begins with, else by its name."""
    if experiment.task is not None:
        require_candidates(experiment)
    if experiment.task == "closure":
        return _closure(experiment)
    source, colon, name = experiment.dataset.partition(":")
    if is_path(experiment.dataset) and source not in SOURCES:
        source, name = "file", experiment.dataset
    elif not colon:
        name = experiment.dataset
        source = "named" if _is_named(name) else "tu"
    if source not in SOURCES:
        raise ValueError(
            f"dataset must be a name, or SOURCE:NAME with one of {', '.join(SOURCES)} as its "
            f"source, got {experiment.dataset!r}."
        )
    try:
        given = SOURCES[source](experiment, name)
    except ValueError as error:
        _require_known(experiment.dataset, error)
        raise
    if experiment.task is not None:
        items = held_out_items(experiment, given.dataset)
        given = Sourced(*candidate_splits(experiment, items), notes=given.notes)
    dataset = encoded(given.dataset, experiment.encodings, experiment.train.seed)
    return given._replace(dataset=dataset)


def _require_known(dataset: str, error: ValueError) -> None:
    """Where files of no such TU data set are found, near names of ours."""
    from difflib import get_close_matches

    near = get_close_matches(dataset.lower(), DATASETS, cutoff=0.5)
    if "must be the name of a TU data set" in str(error) and near and not _is_known(dataset):
        raise ValueError(
            f"dataset must be the path of your files or a name, such as {', '.join(near)}, got "
            f"{dataset!r}, of which the TU collection has no files here."
        ) from error


def protocol_of(dataset: str) -> str:
    """The protocol of published tables of a data set by its name; of others TopoBench's.

    Example:
        >>> protocol_of("MUTAG"), protocol_of("cora"), protocol_of("us-county-election")
        ('both', 'fixed', 'topobench')
    """
    if is_path(dataset):
        return "topobench"
    try:
        splits = dataset_entry(dataset.partition(":")[2] or dataset).splits
    except ValueError:
        return "both"
    return {"folds": "both", "masks": "fixed", "random": "topobench"}[splits]


def _is_named(name: str) -> bool:
    """Whether it is one of ``DATASETS`` that does not come with folds, as those of TU do."""
    try:
        return dataset_entry(name).splits != "folds"
    except ValueError:
        return False
