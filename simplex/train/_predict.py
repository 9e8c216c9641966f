"""What the model of a run says of files, in the words of the user."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from simplex.datasets import FileData
from simplex.train._saved import SavedRun, read_run
from simplex.train._sources import read_files
from simplex.train._task import Task


@dataclass(frozen=True)
class Predictions:
    """A table, ready for CSV.

    Attributes:
        header: the headings.
        rows: one for each graph, vertex or simplex.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[Any]]


def predict_files(folder: str | Path, paths: str | Path | Sequence[str | Path]) -> Predictions:
    """The predictions of a finished run for files, read and lifted as those of the run were.

    A row for each graph, vertex or simplex, by its names: of classes the most probable one and all
    probabilities, of labels their probabilities, of numbers their values in their units.

    Args:
        folder: of :func:`run_experiment`.
        paths: as for :func:`simplex.datasets.read_dataset`; targets are not needed.

    Raises:
        ValueError: no finished run, or files without the features of the run.
    """
    run = read_run(folder)
    if run.task.candidates:
        raise ValueError(
            f"folder must be of a run that predicts targets, got {folder}, which scores "
            "candidates. Give them to read_run(folder).predict(dataset) in Python."
        )
    listed = [paths] if isinstance(paths, (str, Path)) else list(paths)
    read = read_files(run.experiment, ",".join(map(str, listed)), run.form)
    outputs = run.predict(read.dataset)
    names, ids = _places(run.task, read)
    heads, values = _answers(run, outputs)
    rows = [[*place, *value] for place, value in zip(ids, values, strict=True)]
    return Predictions([*names, *heads], rows)


def _places(task: Task, read: FileData) -> tuple[list[str], list[list[Any]]]:
    """What a row is of: graph, vertex, or the vertices of a simplex."""
    dataset = read.dataset
    graphs = read.graph_names or [str(i) for i in range(len(dataset))]
    if task.level is None:
        return ["graph"], [[name] for name in graphs]
    k = task.level
    K = dataset.to_batch().complex
    vertices: Sequence[Any] = _vertex_names(read, K.part_pointer(0))
    heads = ["node"] if k == 0 else [f"node_{i}" for i in range(k + 1)]
    rows = [[vertices[v] for v in simplex] for simplex in K.simplices(k).tolist()]
    if len(dataset) == 1 and read.graph_names is None:
        return heads, rows
    owners = K.part(k).tolist()
    return ["graph", *heads], [[graphs[g], *row] for g, row in zip(owners, rows, strict=True)]


def _vertex_names(read: FileData, pointer: Tensor) -> Sequence[Any]:
    if read.vertex_names is not None:
        return read.vertex_names
    first = pointer[:-1].repeat_interleave(pointer.diff())
    numbers: list[int] = (torch.arange(len(first)) - first).tolist()  # as in its own graph
    return numbers


def _answers(run: SavedRun, outputs: Tensor) -> tuple[list[str], list[list[Any]]]:
    """The columns of the answers, and their values."""
    task, form = run.task, run.form or {}
    targets = [str(name) for name in form.get("target", [])] or [task.target]
    if task.kind == "classes":
        names = _classes(form, task.num_outputs)
        odds = outputs.double().softmax(1)
        chosen = [names[i] for i in odds.argmax(1).tolist()]
        heads = [targets[0], *(f"probability {name}" for name in names)]
        return heads, [[name, *row] for name, row in zip(chosen, odds.tolist(), strict=True)]
    if len(targets) != task.num_outputs:
        targets = [f"{targets[0]} {i}" for i in range(task.num_outputs)]
    if task.kind == "labels":
        targets = [f"probability {name}" for name in targets]
        return targets, outputs.double().sigmoid().tolist()
    return targets, outputs.tolist()


def _classes(form: Mapping[str, Any], count: int) -> list[str]:
    names = form.get("classes") or []
    return list(names) if len(names) == count else [str(i) for i in range(count)]
