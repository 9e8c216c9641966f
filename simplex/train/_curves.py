"""Learning curves of a cross-validation, and the numbers that the literature reads off them."""

import csv
import os
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import torch
from torch import Tensor


@dataclass(frozen=True)
class EpochRecord:
    """What one epoch of one fold came to.

    Args:
        fold: counted from 1.
        epoch: counted from 1.
        train_loss: mean cross-entropy over the training graphs, as they were met.
        train_accuracy: share of the training graphs that were right when they were met.
        test_accuracy: share of the test graphs that are right after the epoch.
    """

    fold: int
    epoch: int
    train_loss: float
    train_accuracy: float
    test_accuracy: float


@dataclass(frozen=True)
class Summary:
    """Accuracy over the folds, mean and standard deviation (of the folds, not of their mean).

    Args:
        best_epoch: the epoch, counted from 1, whose test accuracy is highest on average.
        best_mean: the accuracy at that epoch. It is optimistic: the test folds chose the epoch.
        best_std: over the folds, at that epoch.
        last_mean: the accuracy at the last epoch, which nothing has chosen.
        last_std: over the folds, at the last epoch.
    """

    best_epoch: int
    best_mean: float
    best_std: float
    last_mean: float
    last_std: float


def curve(records: Sequence[EpochRecord], field: str) -> Tensor:
    """One number per fold and epoch, (folds, epochs) float64; every fold must be complete."""
    num_folds = max(record.fold for record in records)
    values = torch.tensor([getattr(record, field) for record in records], dtype=torch.float64)
    return values.view(num_folds, -1)


def summarize(records: Sequence[EpochRecord]) -> Summary:
    """The protocol of Xu et al. 2019: one epoch for all folds, the best on average; and the last.

    Example:
        >>> pairs = [(1, 1, 0.5), (1, 2, 0.75), (2, 1, 1.0), (2, 2, 0.5)]
        >>> summarize([EpochRecord(f, e, 0.0, 0.0, accuracy) for f, e, accuracy in pairs])
        Summary(best_epoch=1, best_mean=0.75, best_std=0.25, last_mean=0.625, last_std=0.125)
    """
    accuracy = curve(records, "test_accuracy")
    mean, std = accuracy.mean(0), accuracy.std(0, correction=0)
    best = int(mean.argmax())
    return Summary(best + 1, float(mean[best]), float(std[best]), float(mean[-1]), float(std[-1]))


def write_csv(records: Sequence[EpochRecord], path: Path) -> None:
    """One line per fold and epoch."""
    fresh = path.with_name(path.name + ".new")
    with fresh.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([field.name for field in fields(EpochRecord)])
        writer.writerows(map(astuple, records))
    os.replace(fresh, path)


def draw_curves(records: Sequence[EpochRecord], path: Path, title: str) -> None:
    """A picture of the accuracies: mean over the folds, the spread of the test, the best epoch."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    test, train = curve(records, "test_accuracy"), curve(records, "train_accuracy")
    mean, std = test.mean(0), test.std(0, correction=0)
    epochs, summary = range(1, test.shape[1] + 1), summarize(records)
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.plot(epochs, train.mean(0).numpy(), color="0.6", label="training folds")
    axes.plot(epochs, mean.numpy(), color="C0", label="test folds")
    band = ((mean - std).numpy(), (mean + std).numpy())
    axes.fill_between(epochs, *band, color="C0", alpha=0.2, linewidth=0)
    axes.axvline(summary.best_epoch, color="C3", linestyle=":", label="best epoch on average")
    axes.set(xlabel="epoch", ylabel="accuracy", title=title)
    axes.legend(frameon=False, loc="lower right")
    figure.savefig(path, dpi=120)
