"""What the literature reads off the learning curves, and pictures of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import require_flag, write_whole
from simplex.train._checks import listed
from simplex.train._records import EpochRecord, FoldChoice
from simplex.train._task import Task


@dataclass(frozen=True)
class Summary:
    """What :func:`summarize` reads off, which describes the fields."""

    best_epoch: int
    best_mean: float
    best_std: float
    last_mean: float
    last_std: float
    configuration: int = 1


@dataclass(frozen=True)
class NestedSummary:
    """What :func:`summarize_choices` reads off, which describes the fields."""

    mean: float
    std: float
    validation_mean: float


def curve(records: Sequence[EpochRecord], field: str) -> Tensor:
    """One number per fold and epoch, (folds, epochs) float64; every fold must be complete."""
    num_folds = max(record.fold for record in records)
    values = torch.tensor([getattr(record, field) for record in records], dtype=torch.float64)
    if num_folds < 1 or len(records) % num_folds:
        raise ValueError(
            f"records must hold all epochs of each of the {num_folds} folds, got {len(records)}."
        )
    return values.view(num_folds, -1)


def summarize(records: Sequence[EpochRecord], *, higher_is_better: bool = True) -> Summary:
    """The protocol of Xu et al. 2019: one epoch for all folds, the best on average; and the last.

    Args:
        records: those of all folds; of several configurations the best one counts. Records of the
            other protocols, and of epochs that were not scored, are left out.
        higher_is_better: whether a larger score is better, as of an accuracy.

    Returns:
        Scores over the folds, mean and standard deviation (of the folds, not of their mean):

        - ``best_epoch``, counted from 1, whose test score is best on average; ``best_mean``,
          the score there, which is optimistic, since the test folds chose the epoch;
          ``best_std``;
        - ``last_mean`` and ``last_std``, at the last epoch, which nothing has chosen but the
          configuration;
        - ``configuration``, the one whose best epoch is best; chosen by the test folds as well.

    Example:
        >>> pairs = [(1, 1, 0.5), (1, 2, 0.75), (2, 1, 1.0), (2, 2, 0.5)]
        >>> summary = summarize([EpochRecord(f, e, 0.0, 0.0, score) for f, e, score in pairs])
        >>> summary.best_epoch, summary.best_mean, summary.best_std, summary.last_mean
        (1, 0.75, 0.25, 0.625)
    """
    require_flag("higher_is_better", higher_is_better)
    by_configuration: dict[int, list[EpochRecord]] = {}
    for record in listed("records", records, EpochRecord):
        if record.protocol == "xu" and record.test_score is not None:
            by_configuration.setdefault(record.configuration, []).append(record)
    if not by_configuration:
        raise ValueError(
            "records must hold some of the protocol 'xu', got none. Those of the others are summed "
            "up by summarize_choices(choices)."
        )
    summaries = []
    for configuration, own in by_configuration.items():
        scores = curve(own, "test_score")
        mean, std = scores.mean(0), scores.std(0, correction=0)
        best = int(mean.argmax() if higher_is_better else mean.argmin())
        at_best = (own[best].epoch, float(mean[best]), float(std[best]))
        summaries.append(Summary(*at_best, float(mean[-1]), float(std[-1]), configuration))
    choose = max if higher_is_better else min
    return choose(summaries, key=lambda each: each.best_mean)


def summarize_choices(choices: Sequence[FoldChoice]) -> NestedSummary:
    """The protocols that choose: every split at the epoch and configuration that it chose itself.

    Returns:
        The test scores over the splits: their ``mean`` and ``std`` (of the splits, not of their
        mean), and the ``validation_mean`` of the validation parts at the same epochs.

    Example:
        >>> summarize_choices([FoldChoice(1, 1, 7, 0.9, 0.75), FoldChoice(2, 1, 3, 0.7, 0.25)])
        NestedSummary(mean=0.5, std=0.25, validation_mean=0.8)
    """
    choices = listed("choices", choices, FoldChoice)
    test = torch.tensor([each.test_score for each in choices], dtype=torch.float64)
    validation = sum(each.validation_score for each in choices) / len(choices)
    return NestedSummary(float(test.mean()), float(test.std(correction=0)), validation)


def draw_curves(
    records: Sequence[EpochRecord],
    path: Path,
    title: str,
    choices: Sequence[FoldChoice] = (),
    task: Task | None = None,
) -> None:
    """A picture of the scores, one panel per protocol."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    task = task or Task()
    protocols = list(dict.fromkeys(each.protocol for each in records))
    figure = Figure(figsize=(6.4 * len(protocols), 4.0), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, len(protocols), squeeze=False, sharey=True)[0]
    for panel, protocol in zip(axes, protocols, strict=True):
        own = [each for each in records if each.protocol == protocol]
        if protocol == "xu":
            _draw_xu(panel, own, task)
        else:
            chosen = [each for each in choices if each.protocol == protocol]
            _draw_choices(panel, own, chosen, protocol)
    axes[0].set(ylabel=task.metric.replace("_", " "))
    figure.suptitle(title)
    write_whole(path, lambda file: figure.savefig(file, format="png", dpi=120))


def _draw_xu(axes: Any, records: Sequence[EpochRecord], task: Task) -> None:
    summary = summarize(records, higher_is_better=task.higher_is_better)
    own = [
        each
        for each in records
        if each.configuration == summary.configuration and each.test_score is not None
    ]
    test, train = curve(own, "test_score"), curve(own, "train_score")
    mean, std = test.mean(0), test.std(0, correction=0)
    epochs = [each.epoch for each in own[: test.shape[1]]]
    axes.plot(epochs, train.mean(0).numpy(), color="0.6", label="training folds")
    axes.plot(epochs, mean.numpy(), color="C0", label="test folds")
    band = ((mean - std).numpy(), (mean + std).numpy())
    axes.fill_between(epochs, *band, color="C0", alpha=0.2, linewidth=0)
    axes.axvline(summary.best_epoch, color="C3", linestyle=":", label="best epoch on average")
    axes.set(xlabel="epoch", title="xu: one epoch for all folds")
    axes.legend(frameon=False, loc="lower right" if task.higher_is_better else "upper right")


def _draw_choices(
    axes: Any, records: Sequence[EpochRecord], choices: Sequence[FoldChoice], protocol: str
) -> None:
    for choice in choices:
        run = choice.fold, protocol, choice.configuration
        own = [each for each in records if each.run == run and each.validation_score is not None]
        epochs = [each.epoch for each in own]
        axes.plot(epochs, [each.validation_score for each in own], color="C0", alpha=0.35)
    chosen = [each.epoch for each in choices]
    scores = [each.test_score for each in choices]
    axes.plot([], [], color="C0", alpha=0.35, label="validation, one line per split")
    axes.plot(chosen, scores, "o", color="C3", label="test, at the epoch chosen")
    axes.set(xlabel="epoch", title=f"{protocol}: each split chooses by its validation")
    axes.legend(frameon=False, loc="best")
