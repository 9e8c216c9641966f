"""Cross-validation of one model, for a data set and a model of one's own."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from simplex.data import SimplicialDataset
from simplex.datasets import Fold
from simplex.train._protocols import Configuration, run_protocols
from simplex.train._records import EpochRecord
from simplex.train._settings import TrainSettings


def cross_validate(
    dataset: SimplicialDataset,
    folds: Sequence[Fold],
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

    It is the protocol ``"xu"`` of :func:`run_protocols` for one configuration.

    Args:
        dataset: lifted graphs with ``y`` and cochains.
        folds: the graphs to train on and to be scored on, as from ``simplex.datasets.tu_folds``.
        make_model: returns a fresh model, called as ``model(x, complex)`` for logits per graph.
        settings: how to train.
        checkpoint: where to save the state after every epoch; ``None`` to save nothing.
        resume: continue from the checkpoint, which must be there, with the same settings and
            description; it gives exactly the numbers of an uninterrupted run.
        description: plain values that say which data and model these are.
        on_epoch: called for every record, also for those read from the checkpoint.
        device: where to train.

    Returns:
        One record per fold and epoch, in order.

    Raises:
        ValueError: the checkpoint cannot be resumed from, or a loss is no longer finite.
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
