"""What training comes to: one record per epoch, and the log of them."""

import csv
import io
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields, replace
from math import isnan, nan
from pathlib import Path

import torch
from torch import Tensor


PROTOCOLS = ("xu", "nested", "held-out")


@dataclass(frozen=True)
class EpochRecord:
    """What one epoch of one split came to; a score is the metric of the task that chooses.

    Args:
        fold: which split, counted from 1.
        epoch: counted from 1.
        train_loss: the mean loss over the training part, as it was met.
        train_score: of the training part, as it was met.
        test_score: of the test part after the epoch, under the protocol of Xu et al.; ``None``
            under the others, which do not look, and where it was not an epoch to score.
        validation_loss: the mean loss over the validation part; ``None`` where there is none.
        validation_score: of that part after the epoch.
        protocol: ``"xu"``, ``"nested"`` or ``"held-out"``.
        configuration: which of the configurations of a grid, counted from 1.
        further: the other metrics of the task, of the part that was scored; not a number where
            none was.
    """

    fold: int
    epoch: int
    train_loss: float
    train_score: float
    test_score: float | None
    validation_loss: float | None = None
    validation_score: float | None = None
    protocol: str = "xu"
    configuration: int = 1
    further: tuple[float, ...] = ()

    @property
    def validation(self) -> tuple[float, float]:
        """The score of the validation part, and minus its loss."""
        if self.validation_score is None or self.validation_loss is None:
            raise ValueError(
                "validation must be of an epoch at which a validation part was scored, got epoch "
                f"{self.epoch} of protocol {self.protocol!r}."
            )
        return self.validation_score, -self.validation_loss

    @property
    def run(self) -> tuple[int, str, int]:
        """Fold, protocol and configuration. Epochs that share them are one training."""
        return self.fold, self.protocol, self.configuration


@dataclass(frozen=True)
class FoldChoice:
    """What the validation part of one split chose, and what the one look at its test part gave.

    Args:
        fold: which split, counted from 1.
        configuration: the one with the best validation, counted from 1.
        epoch: the one with the best validation, counted from 1.
        validation_score: at that epoch; its use for the choice makes it optimistic.
        test_score: of the model of that epoch.
        protocol: ``"nested"`` or ``"held-out"``.
        further: the other metrics of the task, of the test part.
    """

    fold: int
    configuration: int
    epoch: int
    validation_score: float
    test_score: float
    protocol: str = "nested"
    further: tuple[float, ...] = ()


def to_table(records: Sequence[EpochRecord], width: int) -> Tensor:
    """The records as float64 numbers, from which :func:`from_table` makes them again."""
    rows = []
    for record in records:
        *numbers, protocol, configuration, further = astuple(record)
        values = [nan if each is None else each for each in numbers]
        rows.append([*values, PROTOCOLS.index(protocol), configuration, *further])
    return torch.tensor(rows, dtype=torch.float64).view(-1, width)


def from_table(table: Tensor) -> list[EpochRecord]:
    """The records whose rows are given."""
    records = []
    for fold, epoch, loss, train, *scored, protocol, configuration in table[:, :9].tolist():
        test, validation_loss, validation = (None if isnan(each) else each for each in scored)
        record = EpochRecord(
            int(fold), int(epoch), loss, train, test, validation_loss, validation,
            PROTOCOLS[int(protocol)], int(configuration),
        )  # fmt: skip
        records.append(record)
    further = table[:, 9:].tolist()
    return [replace(each, further=tuple(own)) for each, own in zip(records, further, strict=True)]


class CsvLog:
    """One line per epoch, on disk as soon as it is told: a killed run leaves a readable log."""

    def __init__(self, path: Path, further: Sequence[str] = ()) -> None:
        self.path = path  # begun anew with the first record
        self.further = further  # names of the other metrics
        self.begun = False

    def add(self, record: EpochRecord) -> None:
        """Write one line, or nothing.

        Raises:
            OSError: it cannot be written.
        """
        text = io.StringIO()
        writer = csv.writer(text)
        if not self.begun:
            writer.writerow([*(each.name for each in fields(EpochRecord)[:-1]), *self.further])
        *values, further = astuple(record)
        writer.writerow([*values, *further])
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
