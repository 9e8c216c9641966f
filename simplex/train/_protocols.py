"""Cross-validation under two protocols, for data and models of one's own; it can be resumed."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import asdict, astuple, dataclass, field
from itertools import groupby, product
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from simplex.complexes import require_flag, shown
from simplex.data import SimplicialDataset
from simplex.datasets import stratified_folds
from simplex.train._checkpoint import load_checkpoint, save_checkpoint
from simplex.train._checks import (
    listed,
    listed_folds,
    require_callable,
    require_device,
    require_finite_loss,
    require_kind,
    require_path,
)
from simplex.train._distributed import Processes
from simplex.train._fold_run import Evaluation, FoldRun, mixed_seed
from simplex.train._identity import surroundings
from simplex.train._lock import only_run, remove_unfinished
from simplex.train._records import EpochRecord, FoldChoice, from_table, to_row
from simplex.train._settings import PROTOCOLS, TrainSettings


@dataclass(frozen=True)
class Configuration:
    """One point of a hyper-parameter grid.

    Args:
        make_model: returns a fresh model, called as ``model(x, complex)`` for logits per graph.
        settings: how to train it; all configurations of a run share seed.
        name: says what is special about it.
    """

    make_model: Callable[[], nn.Module]
    settings: TrainSettings
    name: str = ""


@dataclass
class Outcome:
    """What :func:`run_protocols` came to, which describes the fields."""

    records: list[EpochRecord] = field(default_factory=list)
    choices: list[FoldChoice] = field(default_factory=list)
    seconds: float = 0.0


def run_protocols(
    dataset: SimplicialDataset,
    folds: Sequence[tuple[Tensor, Tensor]],
    configurations: Sequence[Configuration],
    protocols: Sequence[str] = PROTOCOLS,
    *,
    checkpoint: Path | None = None,
    resume: bool = False,
    description: Mapping[str, Any] | None = None,
    on_epoch: Callable[[EpochRecord], None] | None = None,
    on_choice: Callable[[FoldChoice], None] | None = None,
    device: torch.device | str = "cpu",
    processes: Processes | None = None,
) -> Outcome:
    """Train every configuration on every fold, under each protocol.

    - ``"xu"`` (Xu et al. 2019): train on the whole training part and score the test graphs after
      every epoch. :func:`summarize` then takes the one configuration and the one epoch that are
      best on average over the folds. The test graphs have chosen both, so this is optimistic.
    - ``"nested"``: hold out a stratified tenth of the training part and train on the rest. In each
      fold, the epoch and configuration with the highest accuracy on the tenth are chosen (among
      equals the lowest loss, then the first), and that model is scored on the test graphs: once.

    Every training has its own seed, made of the fold and the epoch, and does not depend on those
    before it. With ``checkpoint`` the whole state is saved after every epoch; a resumed run gives
    exactly the numbers of an uninterrupted one, and is refused where it could not: with other data,
    folds, settings, versions, threads or processors. The global random state of torch is left as it
    was.

    Args:
        dataset: lifted graphs with ``y`` and cochains.
        folds: pairs of ids, to train on and to be scored on, as from ``simplex.datasets.tu_folds``.
        configurations: the models to try, and how to train them.
        protocols: ``"xu"``, ``"nested"`` or both.
        checkpoint: where to save the state; ``None`` to save nothing.
        resume: continue from the checkpoint, which must be there, with the same settings and
            description.
        description: plain values that say which data and model these are.
        on_epoch: called for every record, also for those read from the checkpoint.
        on_choice: called when the nested protocol is done with a fold.
        device: where to train.
        processes: those that train together; ``None`` for this one alone. The first one saves.

    Returns:
        ``records``, one per epoch of every training, in order; ``choices``, one per fold, of the
        nested protocol; and ``seconds`` spent in training and scoring, in all sittings.

    Raises:
        ValueError: the checkpoint cannot be resumed from, or another run is writing it, a loss is
            no longer finite, or a training part is too small to hold out some of it.
        OSError: the checkpoint cannot be written; the one before stays.

    Paper:
        Xu et al. 2019, Section 7; the published tables of simplicial networks follow it.
    """
    require_kind("dataset", dataset, SimplicialDataset, "Lift graphs with lift_dataset.")
    folds = listed_folds(folds, len(dataset))
    configurations = listed("configurations", configurations, Configuration)
    for each in configurations:
        require_callable("make_model", each.make_model, "make_model()")
        require_kind("settings", each.settings, TrainSettings)
    for name, told in (("on_epoch", on_epoch), ("on_choice", on_choice)):
        if told is not None:
            require_callable(name, told, f"{name}(record)")
    device = require_device(device)
    require_flag("resume", resume)
    if processes is not None:
        require_kind("processes", processes, Processes)
    if checkpoint is not None:
        require_path("checkpoint", checkpoint)
    identity = _identity(folds, configurations, protocols, processes) | dict(description or {})
    first = processes is None or processes.is_first
    if checkpoint is not None:
        checkpoint = Path(checkpoint)
        identity |= surroundings(dataset, folds, device)
    training = _CrossValidation(
        dataset,
        folds,
        configurations,
        protocols,
        identity,
        checkpoint,
        on_epoch,
        on_choice,
        device,
        processes or Processes(),
    )
    with _only_writer(checkpoint if first else None):
        if resume:
            training.resume()
        training.run()
    return training.outcome


def cross_validate(
    dataset: SimplicialDataset,
    folds: Sequence[tuple[Tensor, Tensor]],
    make_model: Callable[[], nn.Module],
    settings: TrainSettings,
    *,
    checkpoint: Path | None = None,
    resume: bool = False,
    description: Mapping[str, Any] | None = None,
    on_epoch: Callable[[EpochRecord], None] | None = None,
    device: torch.device | str = "cpu",
) -> list[EpochRecord]:
    """Train a fresh model per fold and score it on the test graphs after every epoch.

    It is the protocol ``"xu"`` of :func:`run_protocols` for one :class:`Configuration`, that of
    ``make_model`` and ``settings``. Errors as for that function.

    Args:
        dataset: lifted graphs with ``y`` and cochains.
        folds: pairs of ids, to train on and to be scored on, as from ``simplex.datasets.tu_folds``.
        make_model: returns a fresh model, called as ``model(x, complex)`` for logits per graph.
        settings: how to train.
        checkpoint: where to save the state after every epoch; ``None`` to save nothing.
        resume: continue from the checkpoint, which must exist, with equal settings and description.
        description: plain values that say which data and model these are.
        on_epoch: called for every record, also for those read from the checkpoint.
        device: where to train.

    Returns:
        One record per fold and epoch, in order.
    """
    outcome = run_protocols(
        dataset,
        folds,
        [Configuration(make_model, settings)],
        ["xu"],
        checkpoint=checkpoint,
        resume=resume,
        description=description,
        on_epoch=on_epoch,
        device=device,
    )
    return outcome.records


@dataclass
class _CrossValidation:
    """The state of :func:`run_protocols`, between epochs."""

    dataset: SimplicialDataset
    folds: Sequence[tuple[Tensor, Tensor]]
    configurations: Sequence[Configuration]
    protocols: Sequence[str]
    identity: Mapping[str, Any]
    checkpoint: Path | None
    on_epoch: Callable[[EpochRecord], None] | None
    on_choice: Callable[[FoldChoice], None] | None
    device: torch.device
    processes: Processes
    outcome: Outcome = field(default_factory=Outcome)
    by_run: dict[tuple[int, str, int], list[EpochRecord]] = field(default_factory=dict)
    table: Tensor = field(default_factory=lambda: torch.empty(0, 9, dtype=torch.float64))
    best: EpochRecord | None = None  # of the current fold, under the nested protocol
    best_model: Mapping[str, Any] = field(default_factory=dict)
    run_state: Mapping[str, Any] = field(default_factory=dict)  # of the run to be continued

    def resume(self) -> None:
        """Read the checkpoint, and tell again what has been told."""
        if self.checkpoint is None:
            raise ValueError("checkpoint must be a path for resume=True, got None.")
        state = load_checkpoint(self.checkpoint, self.identity)
        self.table = state["records"]
        self.outcome.seconds = state["seconds"]
        self.run_state, self.best_model = state["run"], state["best_model"]
        self.best = next(iter(from_table(state["best"])), None)
        choices = {values[0]: FoldChoice(*values) for values in state["choices"]}
        for _, records in groupby(from_table(self.table), lambda each: (each.fold, each.protocol)):
            for record in records:
                self._add(record)
            if record.protocol == "nested" and record.fold in choices:
                self._choose(choices[record.fold])

    def run(self) -> None:
        """All that is not yet done, in order."""
        for f, protocol in product(range(len(self.folds)), self.protocols):
            todo = [
                c
                for c, each in enumerate(self.configurations)
                if not _is_finished(self.by_run.get((f + 1, protocol, c + 1), []), each.settings)
            ]
            if not todo:
                continue
            if protocol == "nested" and (f + 1, protocol, 1) not in self.by_run:
                self.best = None
            train, scored = self.folds[f]
            if protocol == "nested":
                train, scored = _hold_out(train, self.dataset.y, self._seed)
            evaluation = self._evaluation(scored)
            for c in todo:
                with self._own_random_numbers(f):
                    self._train(f, protocol, c, train, evaluation)

    def _train(self, f: int, protocol: str, c: int, ids: Tensor, scored: Evaluation) -> None:
        """One configuration on one fold, from where it stands to its last epoch."""
        settings = self.configurations[c].settings
        run = FoldRun(
            self.dataset,
            ids,
            self._fresh_model(c),
            settings,
            seed=(self._seed, f),
            processes=self.processes,
            device=self.device,
        )
        past = self.by_run.setdefault((f + 1, protocol, c + 1), [])
        if past:
            try:
                run.restore(self.run_state)
            except (RuntimeError, KeyError, ValueError) as error:
                raise ValueError(
                    f"make_model must return the model of the run in {self.checkpoint} to resume "
                    f"it, got another one ({str(error).splitlines()[0]})."
                ) from error
        nested = protocol == "nested"
        while not _is_finished(past, settings):
            started = time.perf_counter()
            loss, train_accuracy = run.train_epoch()
            scored_loss, accuracy = scored.score(run.model)
            run.end_epoch(scored_loss if nested else loss)
            test = None if nested else accuracy
            inner_loss, inner = (scored_loss, accuracy) if nested else (None, None)
            means = loss, train_accuracy, test, inner_loss, inner
            record = EpochRecord(f + 1, run.epoch, *means, protocol, c + 1)
            choice = None
            if nested:
                require_finite_loss(scored_loss, settings.lr)  # nothing is better or worse than nan
                if self.best is None or record.validation > self.best.validation:
                    self.best, self.best_model = record, deepcopy(run.model.state_dict())
                if _is_finished([*past, record], settings) and c + 1 == len(self.configurations):
                    choice = self._look_once(f, self.best)
            self.outcome.seconds += time.perf_counter() - started
            self.table = torch.cat([self.table, to_row(record)])
            self._save(run, choice)
            self._add(record)
            if choice is not None:
                self._choose(choice)

    def _look_once(self, f: int, best: EpochRecord) -> FoldChoice:
        """The chosen model on the test graphs of the fold."""
        model = self._fresh_model(best.configuration - 1)
        model.load_state_dict(self.best_model)
        accuracy = self._evaluation(self.folds[f][1]).score(model)[1]
        return FoldChoice(f + 1, best.configuration, best.epoch, best.validation[0], accuracy)

    def _fresh_model(self, c: int) -> nn.Module:
        model = self.configurations[c].make_model()
        require_kind("what make_model returns", model, nn.Module)
        return model.to(self.device)

    def _save(self, run: FoldRun, choice: FoldChoice | None) -> None:
        if self.checkpoint is None or not self.processes.is_first:
            return
        choices = [*self.outcome.choices, *([choice] if choice else [])]
        state = {
            "run": run.state(),
            "best": torch.cat([self.table[:0], *([to_row(self.best)] if self.best else [])]),
            "best_model": self.best_model,
            "records": self.table,
            "choices": [astuple(each) for each in choices],
            "seconds": self.outcome.seconds,
        }
        save_checkpoint(self.checkpoint, self.identity, state)

    def _add(self, record: EpochRecord) -> None:
        self.outcome.records.append(record)
        self.by_run.setdefault(record.run, []).append(record)
        if self.on_epoch is not None:
            self.on_epoch(record)

    def _choose(self, choice: FoldChoice) -> None:
        self.outcome.choices.append(choice)
        if self.on_choice is not None:
            self.on_choice(choice)

    def _evaluation(self, ids: Tensor) -> Evaluation:
        return Evaluation(self.dataset, ids, self.processes, self.device)

    @property
    def _seed(self) -> int:
        return self.configurations[0].settings.seed

    @contextmanager
    def _own_random_numbers(self, f: int) -> Iterator[None]:
        cuda = [self.device] if self.device.type == "cuda" else []
        with torch.random.fork_rng(devices=cuda):
            torch.manual_seed(mixed_seed(self._seed, f))
            yield


@contextmanager
def _only_writer(checkpoint: Path | None) -> Iterator[None]:
    """Nobody else writes the checkpoint meanwhile."""
    if checkpoint is None:
        yield
        return
    lock = checkpoint.with_name(checkpoint.name + ".lock")
    with only_run("checkpoint", checkpoint, lock):
        remove_unfinished(checkpoint)
        yield


def _hold_out(ids: Tensor, labels: Tensor, seed: int) -> tuple[Tensor, Tensor]:
    """Divide training ids into those to train on and a stratified tenth to validate on."""
    if len(ids) < 2:
        raise ValueError(
            "the training part of a fold must have at least 2 graphs, one of them for the inner "
            f"validation, got {len(ids)}."
        )
    generator = torch.Generator().manual_seed(seed)
    train, validation = stratified_folds(labels[ids], min(10, len(ids)), generator=generator)[0]
    return ids[train], ids[validation]


def _is_finished(past: Sequence[EpochRecord], settings: TrainSettings) -> bool:
    """Whether all epochs are done, or no better validation came for too long."""
    if len(past) >= settings.epochs:
        return True
    if settings.patience is None or len(past) <= settings.patience or past[0].protocol != "nested":
        return False
    best = max(range(len(past)), key=lambda i: past[i].validation)
    return len(past) - 1 - best >= settings.patience


def _identity(
    folds: Sequence[tuple[Tensor, Tensor]],
    configurations: Sequence[Configuration],
    protocols: Sequence[str],
    processes: Processes | None,
) -> dict[str, Any]:
    """What a checkpoint must have been made with, to be continued."""
    if not configurations or len({each.settings.seed for each in configurations}) != 1:
        raise ValueError(
            "configurations must be at least one, all with one seed, got "
            f"{[each.settings.seed for each in configurations]}."
        )
    given = protocols if isinstance(protocols, (list, tuple)) else []
    if not given or not all(isinstance(each, str) and each in PROTOCOLS for each in given):
        raise ValueError(f"protocols must be some of {PROTOCOLS}, got {shown(protocols)}.")
    further = [[each.name, asdict(each.settings)] for each in configurations[1:]]
    return asdict(configurations[0].settings) | {
        "num_folds": len(folds),
        "protocols": list(protocols),
        "processes": processes.size if processes else 1,
        "further_configurations": further,
    }
