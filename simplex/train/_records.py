"""What training comes to: one record per epoch, and the log of them."""

import csv
import io
import math
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from simplex.train._settings import PROTOCOLS


@dataclass(frozen=True)
class EpochRecord:
    """What one epoch of one fold came to.

    Args:
        fold: counted from 1.
        epoch: counted from 1.
        train_loss: mean cross-entropy over the training graphs, as they were met.
        train_accuracy: share of the training graphs that were right when they were met.
        test_accuracy: share of the test graphs that are right after the epoch; ``None`` under the
            nested protocol, which does not look.
        validation_loss: mean cross-entropy over the inner validation part; ``None`` where there is
            none.
        validation_accuracy: share of that part that is right after the epoch.
        protocol: ``"xu"`` or ``"nested"``.
        configuration: which of the configurations of a grid, counted from 1.
    """

    fold: int
    epoch: int
    train_loss: float
    train_accuracy: float
    test_accuracy: float | None
    validation_loss: float | None = None
    validation_accuracy: float | None = None
    protocol: str = "xu"
    configuration: int = 1

    @property
    def validation(self) -> tuple[float, float]:
        """What a choice makes large. Accuracy on the inner validation part, then minus the loss."""
        if self.validation_accuracy is None or self.validation_loss is None:
            raise ValueError(f"protocol must be 'nested' for a validation, got {self.protocol!r}.")
        return self.validation_accuracy, -self.validation_loss

    @property
    def run(self) -> tuple[int, str, int]:
        """Fold, protocol and configuration. Epochs that share them are one training."""
        return self.fold, self.protocol, self.configuration


@dataclass(frozen=True)
class FoldChoice:
    """What the inner validation of one fold chose, and what the one look at its test graphs gave.

    Args:
        fold: counted from 1.
        configuration: the one with the best validation, counted from 1.
        epoch: the one with the best validation, counted from 1.
        validation_accuracy: at that epoch; its use for the choice makes it optimistic.
        test_accuracy: of the model of that epoch.
    """

    fold: int
    configuration: int
    epoch: int
    validation_accuracy: float
    test_accuracy: float


def to_row(record: EpochRecord) -> Tensor:
    """The record as float64 numbers, (1, 9), from which :func:`from_table` makes it again."""
    *numbers, protocol, configuration = astuple(record)
    values = [math.nan if each is None else each for each in numbers]
    row = [*values, PROTOCOLS.index(protocol), configuration]
    return torch.tensor([row], dtype=torch.float64)


def from_table(table: Tensor) -> list[EpochRecord]:
    """The records whose rows are given."""
    records = []
    for fold, epoch, *numbers, protocol, configuration in table.tolist():
        values: list[Any] = [None if math.isnan(each) else each for each in numbers]
        values = [int(fold), int(epoch), *values, PROTOCOLS[int(protocol)], int(configuration)]
        records.append(EpochRecord(*values))
    return records


class CsvLog:
    """One line per epoch, on disk as soon as it is told: a killed run leaves a readable log."""

    def __init__(self, path: Path) -> None:
        self.path = path  # begun anew with the first record
        self.begun = False

    def add(self, record: EpochRecord) -> None:
        """Write one line, or nothing.

        Raises:
            OSError: it cannot be written.
        """
        text = io.StringIO()
        writer = csv.writer(text)
        if not self.begun:
            writer.writerow([each.name for each in fields(EpochRecord)])
        writer.writerow(astuple(record))
        line = text.getvalue().encode()
        try:
            with self.path.open("ab" if self.begun else "wb", buffering=0) as file:
                before = file.tell()
                try:
                    while line:
                        line = line[file.write(line) :]
                except OSError:
                    file.truncate(before)
                    raise
        except OSError as error:
            raise OSError(
                f"{self.path} could not be written ({error.strerror}); the run is saved up to this "
                "epoch. Make room and resume it."
            ) from error
        self.begun = True
