"""What is shown and written while a run goes on, and what is said at its end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from simplex.train._curves import NestedSummary, Summary
from simplex.train._experiment import Experiment
from simplex.train._loggers import Logger
from simplex.train._records import CsvLog, EpochRecord, FoldChoice
from simplex.train._task import Task
from simplex.train._trainings import Outcome


@dataclass
class Watch:
    """What is shown and written while training goes on."""

    task: Task
    num_splits: int
    epochs: Sequence[int]  # of each configuration, at most
    say: Callable[[str], None]
    log: CsvLog | None
    bar: Any  # of tqdm
    loggers: Sequence[Logger] = ()
    best: EpochRecord | None = None
    run: tuple[int, str, int] = (0, "", 0)
    done: int = 0

    def on_epoch(self, record: EpochRecord) -> None:
        """Log the epoch; at the end of a fold under the protocol of Xu et al., say how it went."""
        if self.log is not None:
            self.log.add(record)
        for logger in self.loggers:
            logger.log(record)
        self._advance(record)
        if record.test_score is None:
            return
        if self.best is None or record.fold != self.best.fold or self._is_better(record):
            self.best = record
        last = record.epoch == self.epochs[record.configuration - 1]
        if last and record.configuration == len(self.epochs):
            self._write(
                f"fold {record.fold:2d}/{self.num_splits} xu:     last "
                f"{record.test_score:.4f}, own best {self.best.test_score:.4f} "
                f"({self._point(self.best)})"
            )

    def _is_better(self, record: EpochRecord) -> bool:
        assert self.best is not None
        assert self.best.test_score is not None
        assert record.test_score is not None
        if self.task.higher_is_better:
            return record.test_score > self.best.test_score
        return record.test_score < self.best.test_score

    def on_choice(self, choice: FoldChoice) -> None:
        """Say what a split chose."""
        word = "fold" if choice.protocol == "nested" else "split"
        self._write(
            f"{word} {choice.fold:2d}/{self.num_splits} {choice.protocol}: test "
            f"{choice.test_score:.4f}, validation {choice.validation_score:.4f} "
            f"({self._point(choice)})"
        )

    def _advance(self, record: EpochRecord) -> None:
        """Move the bar; a run that patience ended jumps to its end when the next one begins."""
        if record.run != self.run and self.run[2]:
            self.bar.update(self.epochs[self.run[2] - 1] - self.done)
        self.run, self.done = record.run, record.epoch
        self.bar.set_postfix_str(
            f"fold {record.fold}/{self.num_splits} {record.protocol}, loss {record.train_loss:.3f}",
            refresh=False,
        )
        self.bar.update()

    def _point(self, at: EpochRecord | FoldChoice) -> str:
        return _point(at.epoch, at.configuration, len(self.epochs))

    def _write(self, line: str) -> None:
        with self.bar.external_write_mode():
            self.say(line)


def say_result(
    xu: Summary | None,
    chosen: NestedSummary | None,
    outcome: Outcome,
    experiment: Experiment,
    task: Task,
    num: tuple[int, int],
    say: Callable[[str], None],
) -> None:
    """The scores; both protocols over folds one below the other, whether they were run or not."""
    num_splits, num_configurations = num
    what = task.metric.replace("_", " ")
    if experiment.protocols == ("held-out",):
        assert chosen is not None
        splits = "1 split" if num_splits == 1 else f"{num_splits} splits"
        say(f"{what} over {splits}, mean ± standard deviation:")
        say(
            f"  {experiment.protocol}  {chosen.mean:.4f} ± {chosen.std:.4f}  each split at the "
            f"choice of its validation ({chosen.validation_mean:.4f}), the test part looked at once"
        )
        _say_seconds(outcome, say)
        return
    say(f"{what} over {num_splits} folds, mean ± standard deviation:")
    other = "not run: --protocol both"
    lines = {"xu": f"  xu      {other}", "nested": f"  nested  {other}"}
    if xu is not None:
        at = _point(xu.best_epoch, xu.configuration, num_configurations)
        lines["xu"] = (
            f"  xu      {xu.best_mean:.4f} ± {xu.best_std:.4f}  {at}, the best on "
            "average (optimistic: the test folds chose it); last epoch "
            f"{xu.last_mean:.4f} ± {xu.last_std:.4f}"
        )
    if chosen is not None:
        lines["nested"] = (
            f"  nested  {chosen.mean:.4f} ± {chosen.std:.4f}  each fold at the "
            f"choice of its inner validation ({chosen.validation_mean:.4f}), the test fold "
            "looked at once"
        )
    for line in lines.values():
        say(line)
    _say_seconds(outcome, say)


def _say_seconds(outcome: Outcome, say: Callable[[str], None]) -> None:
    epochs = len(outcome.records)
    say(f"{epochs} epochs in {outcome.seconds:.1f} s, {outcome.seconds / epochs:.3f} s each")


def _point(epoch: int, configuration: int, num_configurations: int) -> str:
    suffix = f", configuration {configuration}" if num_configurations > 1 else ""
    return f"epoch {epoch}{suffix}"
