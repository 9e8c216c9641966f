"""All trainings of a run, one after the other, and the state that they are resumed from."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import astuple, dataclass, field, replace
from itertools import groupby, product
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from simplex.complexes import only_run, remove_unfinished
from simplex.datasets import stratified_folds
from simplex.train._checkpoint import load_checkpoint, save_checkpoint
from simplex.train._checks import require_defined, require_finite_loss, require_kind
from simplex.train._distributed import Processes
from simplex.train._evaluation import Evaluation
from simplex.train._examples import Material
from simplex.train._fold_run import FoldRun, mixed_seed
from simplex.train._objective import Objective
from simplex.train._records import EpochRecord, FoldChoice, from_table, to_table
from simplex.train._settings import TrainSettings
from simplex.train._splits import Split
from simplex.train._stopping import Progress, standing


_SECONDS_BETWEEN_SAVES = 5.0  # a save takes as long as an epoch on small data


@dataclass(frozen=True)
class Configuration:
    """One point of a hyper-parameter grid.

    Args:
        make_model: returns a fresh model, called as ``model(x, complex)`` for the outputs of the
            task, a row for each of its rows.
        settings: how to train it; all configurations of a run share seed.
        name: says what is special about it.
    """

    make_model: Callable[[], nn.Module]
    settings: TrainSettings
    name: str = ""


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """The weights of one training, with what turns its outputs into numbers.

    Args:
        state: the ``state_dict`` of the model.
        fold: the split that it was trained on, counted from 1.
        configuration: counted from 1.
        epoch: counted from 1.
        protocol: under which it was trained.
        mean: of numbers, by column: a prediction is output times ``deviation`` plus ``mean``.
        deviation: of numbers, by column.
    """

    state: Mapping[str, Any]
    fold: int
    configuration: int
    epoch: int
    protocol: str
    mean: Tensor | None = None
    deviation: Tensor | None = None


@dataclass
class Outcome:
    """What :func:`run_protocols` came to, which describes the fields."""

    records: list[EpochRecord] = field(default_factory=list)
    choices: list[FoldChoice] = field(default_factory=list)
    seconds: float = 0.0
    model: TrainedModel | None = None


@dataclass
class Trainings:
    """The state of :func:`run_protocols`, between epochs."""

    material: Material
    splits: Sequence[Split]
    configurations: Sequence[Configuration]
    protocols: Sequence[str]
    identity: Mapping[str, Any]
    checkpoint: Path | None
    on_epoch: Callable[[EpochRecord], None] | None
    on_choice: Callable[[FoldChoice], None] | None
    device: torch.device
    processes: Processes
    outcome: Outcome = field(default_factory=Outcome)
    progress: dict[tuple[int, str, int], Progress] = field(default_factory=dict)
    best: EpochRecord | None = None  # of the current split, under a protocol that chooses
    best_model: Mapping[str, Any] = field(default_factory=dict)
    run_state: Mapping[str, Any] = field(default_factory=dict)  # of the run to be continued
    saved_at: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.task = self.material.task
        self.table = torch.empty(0, 8 + len(self.task.metrics), dtype=torch.float64)

    def resume(self) -> None:
        """Read the checkpoint, and tell again what has been told."""
        if self.checkpoint is None:
            raise ValueError("checkpoint must be a path for resume=True, got None.")
        path = self.checkpoint
        state = self.processes.of_first(lambda: load_checkpoint(path, self.identity))
        self.table = state["records"]
        self.outcome.seconds = state["seconds"]
        self.run_state, self.best_model = state["run"], state["best_model"]
        self.best = next(iter(from_table(state["best"])), None)
        if state["model"] is not None:
            self.outcome.model = TrainedModel(**state["model"])
        choices = {(each[0], each[5]): FoldChoice(*each) for each in state["choices"]}
        for place, records in groupby(
            from_table(self.table), lambda each: (each.fold, each.protocol)
        ):
            for record in records:
                self._add(record)
            if place in choices:
                self._choose(choices[place])

    def run(self) -> None:
        """All that is not yet done, in order."""
        for f, protocol in product(range(len(self.splits)), self.protocols):
            todo = [
                c
                for c in range(len(self.configurations))
                if not self._progress(f, protocol, c).is_finished
            ]
            if not todo:
                continue
            if protocol != "xu" and not self._progress(f, protocol, 0).epochs:
                self.best = None
            train, scored = self._parts(f, protocol)
            evaluation = self._evaluation(scored)
            targets = self.material.targets[self.material.rows(train)]
            objective = Objective.of(self.task, targets, self.device)
            for c in todo:
                with self._own_random_numbers(f):
                    self._train(f, protocol, c, train, objective, evaluation)

    def _parts(self, f: int, protocol: str) -> tuple[Tensor, Tensor]:
        """What is trained on, and what is scored meanwhile."""
        split = self.splits[f]
        if protocol == "xu":
            return split.train, split.test
        if protocol == "held-out":
            return split.train, split.validation
        generator = torch.Generator().manual_seed(self._seed)
        labels = self.material.labels(split.train)
        tenth = stratified_folds(labels, min(10, len(labels)), generator=generator)[0]
        return split.train[tenth.train], split.train[tenth.test]

    def _train(
        self,
        f: int,
        protocol: str,
        c: int,
        ids: Tensor,
        objective: Objective,
        scored: Evaluation,
    ) -> None:
        """One configuration on one split, from where it stands to its last epoch."""
        settings = self.configurations[c].settings
        run = FoldRun(
            self.material,
            objective,
            ids,
            self._fresh_model(c),
            settings,
            seed=(self._seed, f),
            processes=self.processes,
            device=self.device,
        )
        progress = self._progress(f, protocol, c)
        if progress.epochs:
            try:
                run.restore(self.run_state)
            except (RuntimeError, KeyError, ValueError) as error:
                raise ValueError(
                    f"make_model must return the model of the run in {self.checkpoint} to resume "
                    f"it, got another one ({str(error).splitlines()[0]})."
                ) from error
        while not progress.is_finished:
            started = time.perf_counter()
            record = self._epoch(run, f, protocol, c, scored, due=progress.is_due)
            after = replace(progress)
            after.add(record)
            choice = None
            if after.is_finished and c + 1 == len(self.configurations):
                if protocol != "xu":
                    choice = self._look_once(f, objective)
                elif set(self.protocols) == {"xu"}:
                    self._keep(run.model.state_dict(), record, objective)
            self.outcome.seconds += time.perf_counter() - started
            saved = self._save(run, record, choice, at_once=after.is_finished)
            try:
                self._add(record)
            except BaseException:
                if not saved:
                    self._save(run, None, None, at_once=True)
                raise
            if choice is not None:
                self._choose(choice)

    def _epoch(
        self, run: FoldRun, f: int, protocol: str, c: int, scored: Evaluation, *, due: bool
    ) -> EpochRecord:
        """One more epoch; where it is due, scored, and kept if it is the best."""
        settings = run.settings
        loss, train_scores = run.train_epoch()
        scored_loss: float | None = None
        score: float | None = None
        further = (torch.nan,) * (len(self.task.metrics) - 1)
        if due:
            if settings.recalibrate:
                run.recalibrate()
            scored_loss, (score, *others) = scored.score(run.model, run.objective, settings.amp)
            further = tuple(others)
            require_defined(self.task.metric, score)
        chooses = protocol != "xu"
        run.end_epoch(scored_loss if chooses else loss)
        test, validation = (None, score) if chooses else (score, None)
        validation_loss = scored_loss if chooses else None
        record = EpochRecord(
            f + 1, run.epoch, loss, train_scores[0], test, validation_loss, validation,
            protocol, c + 1, further,
        )  # fmt: skip
        if chooses and scored_loss is not None:
            require_finite_loss(scored_loss, settings.lr)  # nothing is better or worse than nan
            higher = self.task.higher_is_better
            if self.best is None or standing(record, higher) > standing(self.best, higher):
                self.best, self.best_model = record, deepcopy(run.model.state_dict())
        return record

    def _look_once(self, f: int, objective: Objective) -> FoldChoice:
        """The chosen model on the test part of the split."""
        best = self.best
        assert best is not None
        model = self._fresh_model(best.configuration - 1)
        model.load_state_dict(self.best_model)
        amp = self.configurations[best.configuration - 1].settings.amp
        _, (score, *further) = self._evaluation(self.splits[f].test).score(model, objective, amp)
        require_defined(self.task.metric, score)
        choice = FoldChoice(
            f + 1, best.configuration, best.epoch, best.validation[0], score, best.protocol,
            tuple(further),
        )  # fmt: skip
        sign = 1 if self.task.higher_is_better else -1
        before = [sign * each.validation_score for each in self.outcome.choices]
        if not before or sign * choice.validation_score > max(before):
            self._keep(self.best_model, best, objective)
        return choice

    def _keep(self, state: Mapping[str, Any], at: EpochRecord, objective: Objective) -> None:
        """The model that a user gets: so far the best by validation."""
        self.outcome.model = TrainedModel(
            deepcopy(state), at.fold, at.configuration, at.epoch, at.protocol,
            objective.mean, objective.deviation,
        )  # fmt: skip

    def _fresh_model(self, c: int) -> nn.Module:
        model = self.configurations[c].make_model()
        require_kind("what make_model returns", model, nn.Module)
        return model.to(self.device)

    def _save(
        self,
        run: FoldRun,
        record: EpochRecord | None,
        choice: FoldChoice | None,
        *,
        at_once: bool,
    ) -> bool:
        """Write the state, with a record that is not told yet, if it is time to; whether it was."""
        if self.checkpoint is None or not self.processes.is_first:
            return True
        if not at_once and time.monotonic() - self.saved_at < _SECONDS_BETWEEN_SAVES:
            return False
        width = self.table.shape[1]
        records = [*self.outcome.records, *([record] if record else [])]
        self.table = torch.cat([self.table, to_table(records[len(self.table) :], width)])
        choices = [*self.outcome.choices, *([choice] if choice else [])]
        model = self.outcome.model
        state = {
            "run": run.state(),
            "best": to_table([self.best] if self.best else [], width),
            "best_model": self.best_model,
            "records": self.table,
            "choices": [astuple(each) for each in choices],
            "seconds": self.outcome.seconds,
            "model": None if model is None else vars(model),
        }
        save_checkpoint(self.checkpoint, self.identity, state)
        self.saved_at = time.monotonic()
        return True

    def _progress(self, f: int, protocol: str, c: int) -> Progress:
        settings = self.configurations[c].settings
        new = Progress(settings, self.task.higher_is_better)
        return self.progress.setdefault((f + 1, protocol, c + 1), new)

    def _add(self, record: EpochRecord) -> None:
        self.outcome.records.append(record)
        self._progress(record.fold - 1, record.protocol, record.configuration - 1).add(record)
        if self.on_epoch is not None:
            self.on_epoch(record)

    def _choose(self, choice: FoldChoice) -> None:
        self.outcome.choices.append(choice)
        if self.on_choice is not None:
            self.on_choice(choice)

    def _evaluation(self, ids: Tensor) -> Evaluation:
        return Evaluation(self.material, ids, self.processes, self.device)

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
def only_writer(checkpoint: Path | None) -> Iterator[None]:
    """Nobody else writes the checkpoint meanwhile."""
    if checkpoint is None:
        yield
        return
    lock = checkpoint.with_name(checkpoint.name + ".lock")
    with only_run("checkpoint", checkpoint, lock):
        remove_unfinished(checkpoint)
        yield
