"""Training on a TU data set from its name to its numbers: load, lift, cross-validate, report."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from simplex.datasets import tu_dataset, tu_folds
from simplex.train._checkpoint import read_checkpoint
from simplex.train._curves import NestedSummary, Summary, draw_curves, summarize, summarize_choices
from simplex.train._distributed import Processes
from simplex.train._grid import configurations
from simplex.train._lock import only_run, remove_unfinished
from simplex.train._models import make_model
from simplex.train._protocols import Configuration, Outcome, run_protocols
from simplex.train._records import CsvLog, EpochRecord, FoldChoice
from simplex.train._settings import TUSettings


@dataclass(frozen=True)
class TUReport:
    """The accuracies of both protocols, ``None`` for one that was not run.

    Args:
        xu: as from :func:`summarize`, at one epoch and configuration for all folds, chosen by the
            test folds.
        nested: as from :func:`summarize_choices`, at the epoch and configuration that each fold
            chose by its inner validation.
        choices: those of the folds, under the nested protocol.
    """

    xu: Summary | None
    nested: NestedSummary | None
    choices: tuple[FoldChoice, ...] = ()


def train_tu(
    settings: TUSettings,
    out: str | Path,
    *,
    resume: bool = False,
    device: torch.device | str = "cpu",
    progress: bool = True,
    report: Callable[[str], None] = print,
    processes: Processes | None = None,
) -> TUReport:
    """Cross-validate a network on a TU data set and leave everything in a folder.

    The folder gets ``checkpoint.pt`` and a line in ``curves.csv`` after every epoch, and at the end
    ``curves.png``. The folder is of one run at a time.

    Args:
        settings: the experiment.
        out: the folder; made if need be. A folder that holds a run is only continued.
        resume: continue the run in ``out``; it gives the numbers of an uninterrupted one.
        device: where to train.
        progress: whether to show a bar on standard error, if that is a terminal.
        report: called for each line of text.
        processes: those that train together; only the first one writes and reports.

    Returns:
        The accuracies by both protocols.

    Raises:
        ValueError: no such data, settings out of range, a folder that holds a run without
            ``resume``, that another run is writing to or that cannot be written to, or a checkpoint
            that cannot be resumed from.
        OSError: the disk is full; the run is whole up to the epoch before.
    """
    folder = Path(out)
    checkpoint = folder / "checkpoint.pt"
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"out must be a folder, got the file {folder}.")
    if not resume:
        _require_no_run(folder)
    if resume:
        read_checkpoint(checkpoint)  # what is wrong with it is said before the work
    first = processes is None or processes.is_first
    with _own_folder(folder, resume=resume) if first else nullcontext():
        return _train_in(
            folder, settings, resume, device, progress, report if first else _say_nothing, processes
        )


def _train_in(
    folder: Path,
    settings: TUSettings,
    resume: bool,
    device: torch.device | str,
    progress: bool,
    say: Callable[[str], None],
    processes: Processes | None,
) -> TUReport:
    from tqdm import tqdm

    first = processes is None or processes.is_first
    points = configurations(settings)
    started = time.perf_counter()
    dataset = tu_dataset(
        settings.dataset,
        settings.root,
        max_dim=settings.max_dim,
        reduce=settings.reduce,
        use_node_attr=settings.use_node_attr,
    )
    if dataset.y.is_floating_point():
        raise ValueError(
            f"dataset must have classes of its graphs, got {settings.dataset} with real targets "
            "(graph_attributes). Train on it in Python, with a loss for regression."
        )
    folds = tu_folds(
        settings.dataset,
        dataset.y,
        settings.root,
        num_folds=settings.folds,
        generator=torch.Generator().manual_seed(settings.train.seed),
    )
    seconds = time.perf_counter() - started
    counts = ", ".join(map(str, dataset.num_simplices.sum(0).tolist()))
    say(
        f"{settings.dataset}: {len(dataset)} graphs, {dataset.num_classes} classes, f-vector "
        f"({counts}), loaded and lifted in {seconds:.1f} s"
    )
    candidates = [
        Configuration(partial(make_model, each, dataset), each.train, name) for name, each in points
    ]
    for c, each in enumerate(candidates):
        each.make_model()  # what the model refuses is said before the work
        if each.name:
            say(f"configuration {c + 1}/{len(candidates)}: {each.name}")
    description = asdict(settings)
    del description["root"], description["train"], description["protocol"]
    description["grid"] = {name: list(values) for name, values in settings.grid.items()}
    epochs = [each.settings.epochs for each in candidates]
    total = settings.folds * len(settings.protocols) * sum(epochs)
    log = CsvLog(folder / "curves.csv") if first else None
    with tqdm(total=total, disable=None if progress and first else True, unit="epoch") as bar:
        watch = _Watch(settings, epochs, say, log, bar)
        outcome = run_protocols(
            dataset,
            folds,
            candidates,
            settings.protocols,
            checkpoint=folder / "checkpoint.pt",
            resume=resume,
            description=description,
            on_epoch=watch.on_epoch,
            on_choice=watch.on_choice,
            device=device,
            processes=processes,
        )
    result = TUReport(
        summarize(outcome.records) if "xu" in settings.protocols else None,
        summarize_choices(outcome.choices) if outcome.choices else None,
        tuple(outcome.choices),
    )
    _say_result(result, outcome, settings, candidates, say)
    if first:
        title = f"{settings.model} on {settings.dataset}"
        draw_curves(outcome.records, folder / "curves.png", title, outcome.choices)
        say(f"curves: {folder / 'curves.csv'}, {folder / 'curves.png'}")
    return result


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
            remove_unfinished(folder / "curves.png")
            yield
    finally:
        with suppress(OSError):  # not empty
            for made in absent:
                made.rmdir()


def _require_no_run(folder: Path) -> None:
    if (folder / "checkpoint.pt").exists():
        raise ValueError(
            f"out must be a folder without a run, got {folder}, which holds checkpoint.pt. Pass "
            "resume to continue it, or choose another folder."
        )


@dataclass
class _Watch:
    """What is shown and written while training goes on."""

    settings: TUSettings
    epochs: Sequence[int]  # of each configuration, at most
    say: Callable[[str], None]
    log: CsvLog | None
    bar: Any  # of tqdm
    best: EpochRecord | None = None
    run: tuple[int, str, int] = (0, "", 0)
    done: int = 0

    def on_epoch(self, record: EpochRecord) -> None:
        """Log the epoch; at the end of a fold under the protocol of Xu et al., say how it went."""
        if self.log is not None:
            self.log.add(record)
        self._advance(record)
        if record.test_accuracy is None:
            return
        if record.epoch == 1 and record.configuration == 1:
            self.best = None
        if self.best is None or record.test_accuracy > (self.best.test_accuracy or 0.0):
            self.best = record
        last = record.epoch == self.epochs[record.configuration - 1]
        if last and record.configuration == len(self.epochs):
            self._write(
                f"fold {record.fold:2d}/{self.settings.folds} xu:     last "
                f"{record.test_accuracy:.4f}, own best {self.best.test_accuracy:.4f} "
                f"({self._point(self.best)})"
            )

    def on_choice(self, choice: FoldChoice) -> None:
        """Say what a fold chose."""
        self._write(
            f"fold {choice.fold:2d}/{self.settings.folds} nested: test {choice.test_accuracy:.4f}, "
            f"validation {choice.validation_accuracy:.4f} ({self._point(choice)})"
        )

    def _advance(self, record: EpochRecord) -> None:
        """Move the bar; a run that patience ended jumps to its end when the next one begins."""
        if record.run != self.run and self.run[2]:
            self.bar.update(self.epochs[self.run[2] - 1] - self.done)
        self.run, self.done = record.run, record.epoch
        self.bar.set_postfix_str(
            f"fold {record.fold}/{self.settings.folds} {record.protocol}, loss "
            f"{record.train_loss:.3f}",
            refresh=False,
        )
        self.bar.update()

    def _point(self, at: EpochRecord | FoldChoice) -> str:
        return _point(at.epoch, at.configuration, len(self.epochs))

    def _write(self, line: str) -> None:
        with self.bar.external_write_mode():
            self.say(line)


def _say_result(
    result: TUReport,
    outcome: Outcome,
    settings: TUSettings,
    candidates: Sequence[Configuration],
    say: Callable[[str], None],
) -> None:
    """Both protocols, one below the other, whether they were run or not."""
    say(f"accuracy over {settings.folds} folds, mean ± standard deviation:")
    other = "not run: --protocol both"
    xu, nested = f"  xu      {other}", f"  nested  {other}"
    if result.xu is not None:
        at = _point(result.xu.best_epoch, result.xu.configuration, len(candidates))
        xu = (
            f"  xu      {result.xu.best_mean:.4f} ± {result.xu.best_std:.4f}  {at}, the best on "
            "average (optimistic: the test folds chose it); last epoch "
            f"{result.xu.last_mean:.4f} ± {result.xu.last_std:.4f}"
        )
    if result.nested is not None:
        nested = (
            f"  nested  {result.nested.mean:.4f} ± {result.nested.std:.4f}  each fold at the "
            f"choice of its inner validation ({result.nested.validation_mean:.4f}), the test fold "
            "looked at once"
        )
    say(xu)
    say(nested)
    epochs = len(outcome.records)
    say(f"{epochs} epochs in {outcome.seconds:.1f} s, {outcome.seconds / epochs:.3f} s each")


def _point(epoch: int, configuration: int, num_configurations: int) -> str:
    suffix = f", configuration {configuration}" if num_configurations > 1 else ""
    return f"epoch {epoch}{suffix}"
