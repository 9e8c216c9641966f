"""What a run leaves in its folder: metrics as a table, settings, rows for papers, the weights."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isnan
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any

import torch

from simplex.complexes import write_whole
from simplex.train._curves import Summary
from simplex.train._experiment import Experiment
from simplex.train._records import EpochRecord, FoldChoice
from simplex.train._task import Task
from simplex.train._trainings import Outcome, TrainedModel


_SHARES = {
    "accuracy", "balanced_accuracy", "auroc", "average_precision", "f1_macro", "f1_micro",
}  # fmt: skip


@dataclass(frozen=True)
class SplitScores:
    """The metrics of the test part of one split, at the epoch that counts."""

    protocol: str
    split: int
    configuration: int
    epoch: int
    validation: float | None
    test: tuple[float, ...]


def split_scores(outcome: Outcome, xu: Summary | None) -> list[SplitScores]:
    """One per split and protocol: under Xu's at the epoch of all folds, else at its own choice."""
    rows = []
    for record in outcome.records if xu is not None else ():
        at = record.epoch, record.configuration
        if record.protocol != "xu" or record.test_score is None or xu is None:
            continue
        if at == (xu.best_epoch, xu.configuration):
            rows.append(_of_record(record))
    return rows + [_of_choice(choice) for choice in outcome.choices]


def _of_record(record: EpochRecord) -> SplitScores:
    assert record.test_score is not None
    scores = record.test_score, *record.further
    return SplitScores("xu", record.fold, record.configuration, record.epoch, None, scores)


def _of_choice(choice: FoldChoice) -> SplitScores:
    return SplitScores(
        choice.protocol,
        choice.fold,
        choice.configuration,
        choice.epoch,
        choice.validation_score,
        (choice.test_score, *choice.further),
    )


def means(
    scores: Sequence[SplitScores], metrics: Sequence[str]
) -> dict[str, dict[str, tuple[float, float]]]:
    """Mean and standard deviation over the splits, by protocol and metric."""
    result: dict[str, dict[str, tuple[float, float]]] = {}
    for protocol in dict.fromkeys(each.protocol for each in scores):
        own = [each.test for each in scores if each.protocol == protocol]
        result[protocol] = {}
        for name, column in zip(metrics, zip(*own, strict=True), strict=True):
            known = [each for each in column if not isnan(each)] or [float("nan")]
            result[protocol][name] = fmean(known), pstdev(known)
    return result


def write_metrics(path: Path, scores: Sequence[SplitScores], task: Task) -> None:
    """One line per split, and mean and standard deviation over them."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [f"test_{name}" for name in task.metrics]
    writer.writerow(
        ["protocol", "split", "configuration", "epoch", f"validation_{task.metric}", *names]
    )
    for each in scores:
        validation = "" if each.validation is None else each.validation
        place = [each.protocol, each.split, each.configuration, each.epoch, validation]
        writer.writerow([*place, *each.test])
    for protocol, by_metric in means(scores, task.metrics).items():
        for row, name in enumerate(("mean", "std")):
            writer.writerow(
                [protocol, name, "", "", "", *(by_metric[m][row] for m in task.metrics)]
            )
    _write_text(path, text.getvalue())


def write_rows(
    folder: Path,
    scores: Sequence[SplitScores],
    experiment: Experiment,
    task: Task,
    seconds: float,
) -> None:
    """``row.md`` and ``row.tex``: data, model, protocol, the metrics and the seconds."""
    markdown = [
        f"| data | model | protocol | {' | '.join(task.metrics)} | seconds |",
        "|---" * (4 + len(task.metrics)) + "|",
    ]
    latex = []
    for protocol, by_metric in means(scores, task.metrics).items():
        name = experiment.protocol if protocol == "held-out" else protocol
        place = [experiment.dataset, experiment.model, name]
        plain = [_cell(metric, *by_metric[metric]) for metric in task.metrics]
        markdown.append(f"| {' | '.join([*place, *plain, f'{seconds:.0f}'])} |")
        latex.append(in_latex([*place, *plain, f"{seconds:.0f}"]))
    _write_text(folder / "row.md", "\n".join(markdown) + "\n")
    _write_text(folder / "row.tex", "\n".join(latex) + "\n")


def _cell(metric: str, mean: float, std: float) -> str:
    """Shares in percent, numbers in their units."""
    if metric in _SHARES:
        return f"{100 * mean:.2f} ± {100 * std:.2f}"
    return f"{mean:.4g} ± {std:.2g}"


def in_latex(cells: Sequence[str]) -> str:
    """A row of a table; what has a ± is mathematics."""
    each = [f"${c.replace('±', chr(92) + 'pm')}$" if "±" in c else _escaped(c) for c in cells]
    return " & ".join(each) + r" \\"


def _escaped(text: str) -> str:
    for mark in "&%$#_{}":
        text = text.replace(mark, f"\\{mark}")
    return text


def plain_settings(experiment: Experiment, task: Task) -> dict[str, Any]:
    """The experiment and the task as values that JSON has."""
    from simplex import __version__

    return {
        "experiment": asdict(experiment) | {"root": None},  # of this machine
        "task": asdict(task),
        "versions": {"simplex": __version__, "torch": str(torch.__version__)},
    }


def write_settings(path: Path, settings: Mapping[str, Any]) -> None:
    """The settings as JSON; what it has no values for by their words."""
    _write_text(path, json.dumps(settings, indent=2, default=str) + "\n")


def write_model(path: Path, model: TrainedModel) -> None:
    """The weights and what belongs to them, as plain tensors and values."""
    content = vars(model) | {"state": dict(model.state)}
    write_whole(path, lambda file: torch.save(content, file))


def _write_text(path: Path, text: str) -> None:
    write_whole(path, lambda file: file.write(text.encode()))
