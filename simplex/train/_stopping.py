"""Where a training stands: what its validation has shown, and whether it is done."""

from dataclasses import dataclass

from simplex.train._records import EpochRecord
from simplex.train._settings import TrainSettings


def standing(record: EpochRecord, higher_is_better: bool) -> tuple[float, float]:
    """What a choice makes large: the score of the validation part, then minus its loss."""
    score, minus_loss = record.validation
    return (score if higher_is_better else -score), minus_loss


@dataclass
class Progress:
    """The epochs of one training so far."""

    settings: TrainSettings
    higher_is_better: bool
    epochs: int = 0
    best: float | None = None  # score, counted so that more is better
    looks_since: int = 0  # at the validation part, without a better score

    def add(self, record: EpochRecord) -> None:
        """Count one more epoch."""
        self.epochs = record.epoch
        if record.validation_score is None:
            return
        now = standing(record, self.higher_is_better)[0]  # a falling loss alone may fall for ever
        if self.best is None or now > self.best:
            self.best, self.looks_since = now, 0
        else:
            self.looks_since += 1

    @property
    def is_due(self) -> bool:
        """Whether the epoch after these is one to score."""
        epoch = self.epochs + 1
        return epoch % self.settings.check_every == 0 or epoch == self.settings.epochs

    @property
    def is_finished(self) -> bool:
        """Whether all epochs are done, or no better validation came for too long."""
        settings = self.settings
        if self.epochs >= settings.epochs:
            return True
        if settings.patience is None or self.epochs < settings.min_epochs:
            return False
        return self.looks_since >= settings.patience
