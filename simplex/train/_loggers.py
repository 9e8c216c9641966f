"""Who else is told how a run goes: anything with three methods, such as TensorBoard."""

import importlib.util
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from simplex.complexes import shown
from simplex.train._records import EpochRecord


@runtime_checkable
class Logger(Protocol):
    """What is told of a run. A run that is resumed tells its past epochs again."""

    def start(self, settings: Mapping[str, Any]) -> None:
        """Before the first epoch, with the experiment and the task as plain values."""

    def log(self, record: EpochRecord) -> None:
        """After an epoch."""

    def finish(self, summary: Mapping[str, float]) -> None:
        """After the last one, with the scores: ``"xu/accuracy mean"``, ``"xu/accuracy std"`` …."""


class TensorBoardLogger:
    """The curves for TensorBoard, in a folder that is made anew.

    Args:
        folder: where the events go; what an earlier sitting has left there is removed.
        metric: the name of the score.
    """

    def __init__(self, folder: Path, metric: str = "score") -> None:
        if importlib.util.find_spec("tensorboard") is None:
            raise ImportError(
                "tensorboard must be installed for log='tensorboard', got no such package. Install "
                "it: pip install 'simplex-networks[tensorboard]'."
            )
        self.folder, self.metric = folder, metric

    def start(self, settings: Mapping[str, Any]) -> None:
        """Begin, with the settings as text."""
        from torch.utils.tensorboard import SummaryWriter

        shutil.rmtree(self.folder, ignore_errors=True)
        self.writer = SummaryWriter(str(self.folder))
        lines = "\n".join(f"    {key}: {value}" for key, value in settings.items())
        self.writer.add_text("settings", lines)

    def log(self, record: EpochRecord) -> None:
        """One point of every curve."""
        place = f"{record.protocol}/split {record.fold}/configuration {record.configuration}"
        points = {
            "train loss": record.train_loss,
            f"train {self.metric}": record.train_score,
            "validation loss": record.validation_loss,
            f"validation {self.metric}": record.validation_score,
            f"test {self.metric}": record.test_score,
        }
        for name, value in points.items():
            if value is not None:
                self.writer.add_scalar(f"{place}/{name}", value, record.epoch)

    def finish(self, summary: Mapping[str, float]) -> None:
        """The scores, and the end of the file."""
        for name, value in summary.items():
            self.writer.add_scalar(f"final/{name}", value, 0)
        self.writer.close()


def loggers(log: Any, folder: Path, metric: str) -> Sequence[Logger]:
    """Loggers by name or as they are; ``None`` for none."""
    result: list[Logger] = []
    for each in [] if log is None else log if isinstance(log, (list, tuple)) else [log]:
        if isinstance(each, str) and each == "tensorboard":
            result.append(TensorBoardLogger(folder / "tensorboard", metric))
        elif isinstance(each, Logger):
            result.append(each)
        else:
            raise TypeError(
                "log must be 'tensorboard' or an object with the methods start, log and finish, "
                f"got {shown(each)}."
            )
    return result
