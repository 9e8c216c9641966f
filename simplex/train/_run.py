"""An experiment from its name to its numbers: load, lift, train by a protocol, report."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from simplex.complexes import only_run, remove_unfinished, require_flag
from simplex.train._artefacts import (
    means,
    plain_settings,
    split_scores,
    write_metrics,
    write_model,
    write_rows,
    write_settings,
)
from simplex.train._checkpoint import read_checkpoint
from simplex.train._checks import require_device, require_kind, require_path
from simplex.train._curves import NestedSummary, Summary, draw_curves, summarize, summarize_choices
from simplex.train._distributed import Processes
from simplex.train._experiment import Experiment
from simplex.train._grid import configurations
from simplex.train._loggers import Logger, loggers
from simplex.train._models import make_model, require_model
from simplex.train._protocols import run_protocols
from simplex.train._records import CsvLog, FoldChoice
from simplex.train._sources import Sourced, sourced
from simplex.train._task import Task
from simplex.train._trainings import Configuration, Outcome
from simplex.train._watch import Watch, say_result


ARTEFACTS = ("metrics.csv", "curves.png", "settings.json", "row.md", "row.tex", "model.pt")


@dataclass(frozen=True)
class Report:
    """The scores by protocol, ``None`` for one that was not run.

    Args:
        xu: as from :func:`summarize`, at one epoch and configuration for all folds, chosen by the
            test folds.
        nested: as from :func:`summarize_choices`, at the epoch and configuration that each fold
            chose by its inner validation.
        choices: those of the splits, under a protocol that chooses.
        held_out: as ``nested``, of splits with a validation part of their own.
        task: what was predicted, and by which metric.
    """

    xu: Summary | None
    nested: NestedSummary | None
    choices: tuple[FoldChoice, ...] = ()
    held_out: NestedSummary | None = None
    task: Task | None = None


def run_experiment(
    experiment: Experiment,
    out: str | Path,
    *,
    resume: bool = False,
    device: torch.device | str = "cpu",
    progress: bool = True,
    report: Callable[[str], None] = print,
    log: str | Logger | Sequence[str | Logger] | None = None,
    processes: Processes | None = None,
) -> Report:
    """Train and test a network by a protocol and leave everything in a folder.

    The folder gets ``checkpoint.pt`` every few seconds and a line in ``curves.csv`` after every
    epoch; at the end ``metrics.csv`` (every metric of every split, and their means),
    ``curves.png``, ``settings.json``, ``row.md`` and ``row.tex`` (a row of a table), and
    ``model.pt``, which :func:`read_run` reads. The folder is of one run at a time.

    Args:
        experiment: data, task, model and protocol.
        out: the folder; made if need be. A folder that holds a run is only continued.
        resume: continue the run in ``out``; it gives the numbers of an uninterrupted one.
        device: where to train.
        progress: whether to show a bar on standard error, if that is a terminal.
        report: called for each line of text.
        log: who else is told: ``"tensorboard"``, a :class:`Logger`, or several of them.
        processes: those that train together; only the first one writes and reports.

    Returns:
        The scores by the protocols.

    Raises:
        ValueError: no such data, settings out of range, a folder that holds a run without
            ``resume``, that another run is writing to or that cannot be written to, or a checkpoint
            that cannot be resumed from.
        OSError: the disk is full; the run is whole up to the epoch before.
    """
    require_kind("experiment", experiment, Experiment)
    require_path("out", out)
    require_flag("resume", resume)
    require_flag("progress", progress)
    device = require_device(device)
    if processes is not None:
        require_kind("processes", processes, Processes)
    folder = Path(out)
    together = processes or Processes()
    together.of_first(lambda: _require_place(folder, resume=resume))
    loggers(log, folder, "score")  # the same
    for _, each in configurations(experiment):
        require_model(each.model)
    first = processes is None or processes.is_first
    with _own_folder(folder, resume=resume) if first else nullcontext():
        say = report if first else _say_nothing
        started = time.perf_counter()
        given = sourced(experiment)
        say(_described(experiment, given, time.perf_counter() - started))
        for note in given.notes:
            say(f"  {note}")
        return _trained(
            folder,
            experiment,
            given,
            resume,
            device,
            progress,
            say,
            log if first else None,
            processes,
        )


def _described(experiment: Experiment, given: Sourced, seconds: float) -> str:
    """One line on the data."""
    dataset, task = given.dataset, given.task
    counts = ", ".join(map(str, dataset.num_simplices.sum(0).tolist()))
    items = f"{len(dataset)} graphs, " if len(dataset) > 1 else ""
    of = "" if task.level is None else f" of simplices of dimension {task.level}"
    kind = task.kind if task.num_outputs > 1 else task.kind[:-1]
    what = f"{items}{task.num_outputs} {kind}{of}, f-vector ({counts})"
    if task.candidates:
        last = dataset[len(dataset) - 1]
        rest = ", ".join(map(str, last.num_simplices.sum(0).tolist()))
        what = (
            f"{len(last.candidates)} candidates to test on for each of {len(given.splits)} seeds, "
            f"f-vector without those that are true ({rest})"
        )
    return f"{experiment.dataset}: {what}, loaded and lifted in {seconds:.1f} s"


def _trained(
    folder: Path,
    experiment: Experiment,
    given: Sourced,
    resume: bool,
    device: torch.device | str,
    progress: bool,
    say: Callable[[str], None],
    log: str | Logger | Sequence[str | Logger] | None,
    processes: Processes | None,
) -> Report:
    from tqdm import tqdm

    first = processes is None or processes.is_first
    dataset, task, splits = given.dataset, given.task, given.splits
    points = configurations(experiment)
    candidates = [
        Configuration(partial(make_model, each, dataset, task), each.train, name)
        for name, each in points
    ]
    for c, each in enumerate(candidates):
        each.make_model()  # what the model refuses is said before the work
        if each.name:
            say(f"configuration {c + 1}/{len(candidates)}: {each.name}")
    description = asdict(experiment)
    del description["root"], description["train"], description["protocol"]
    description["grid"] = {name: list(values) for name, values in experiment.grid.items()}
    epochs = [each.settings.epochs for each in candidates]
    total = len(splits) * len(experiment.protocols) * sum(epochs)
    curves = CsvLog(folder / "curves.csv", task.metrics[1:]) if first else None
    told = loggers(log, folder, task.metric)
    for logger in told:
        logger.start(plain_settings(experiment, task))
    with tqdm(total=total, disable=None if progress and first else True, unit="epoch") as bar:
        watch = Watch(task, len(splits), epochs, say, curves, bar, told)
        outcome = run_protocols(
            dataset,
            splits,
            candidates,
            experiment.protocols,
            task=task,
            checkpoint=folder / "checkpoint.pt",
            resume=resume,
            description=description,
            on_epoch=watch.on_epoch,
            on_choice=watch.on_choice,
            device=device,
            processes=processes,
        )
    higher = task.higher_is_better
    xu = (
        summarize(outcome.records, higher_is_better=higher)
        if "xu" in experiment.protocols
        else None
    )
    chosen = summarize_choices(outcome.choices) if outcome.choices else None
    held_out = "held-out" in experiment.protocols
    result = Report(
        xu,
        None if held_out else chosen,
        tuple(outcome.choices),
        chosen if held_out else None,
        task,
    )
    num = len(splits), len(candidates)
    say_result(xu, chosen, outcome, experiment, task, num, say)
    scores = split_scores(outcome, xu)
    for logger in told:
        logger.finish(
            {
                f"{protocol}/{name} {part}": value
                for protocol, by_metric in means(scores, task.metrics).items()
                for name, pair in by_metric.items()
                for part, value in zip(("mean", "std"), pair, strict=True)
            }
        )
    for name in task.metrics[1:]:
        of_protocols = [
            f"{protocol} {by_metric[name][0]:.4f} ± {by_metric[name][1]:.4f}"
            for protocol, by_metric in means(scores, task.metrics).items()
            if name in by_metric
        ]
        say(f"{name.replace('_', ' ')}: {', '.join(of_protocols)}")
    if first:
        _leave(folder, experiment, task, outcome, xu, given.form)
        say(f"results: {folder / 'metrics.csv'}, {folder / 'row.md'}, {folder / 'curves.png'}")
    return result


def _leave(
    folder: Path,
    experiment: Experiment,
    task: Task,
    outcome: Outcome,
    xu: Summary | None,
    form: Mapping[str, Any] | None,
) -> None:
    """Everything that is made of a finished run."""
    scores = split_scores(outcome, xu)
    write_metrics(folder / "metrics.csv", scores, task)
    write_rows(folder, scores, experiment, task, outcome.seconds)
    settings = plain_settings(experiment, task) | ({} if form is None else {"form": dict(form)})
    write_settings(folder / "settings.json", settings)
    if outcome.model is not None:
        write_model(folder / "model.pt", outcome.model)
    title = f"{experiment.model} on {experiment.dataset}"
    draw_curves(outcome.records, folder / "curves.png", title, outcome.choices, task)


def _say_nothing(line: str) -> None:
    pass


@contextmanager
def _own_folder(folder: Path, *, resume: bool) -> Iterator[None]:
    """Make the folder, for this run alone; one in which nothing was left is removed again."""
    absent = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(
                f"out must be a folder that can be written to, got {folder} ({error.strerror})."
            ) from error
        with only_run("out", folder, folder / "run.lock"):
            if not resume:
                _require_no_run(folder)  # none has come in between
            for name in ARTEFACTS:
                remove_unfinished(folder / name)
            yield
    finally:
        with suppress(OSError):  # not empty
            for made in absent:
                made.rmdir()


def _require_place(folder: Path, *, resume: bool) -> None:
    """A folder for a run, or the run to be continued: what is wrong is said before the work."""
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"out must be a folder, got the file {folder}.")
    if resume:
        read_checkpoint(folder / "checkpoint.pt")
    else:
        _require_no_run(folder)


def _require_no_run(folder: Path) -> None:
    if (folder / "checkpoint.pt").exists():
        raise ValueError(
            f"out must be a folder without a run, got {folder}, which holds checkpoint.pt. Pass "
            "resume to continue it, or choose another folder."
        )
