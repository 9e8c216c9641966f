"""Training under a protocol, for data, tasks and models of one's own; it can be resumed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from simplex.complexes import require_flag, shown
from simplex.data import SimplicialDataset
from simplex.train._checks import (
    listed,
    require_callable,
    require_device,
    require_kind,
    require_path,
)
from simplex.train._distributed import Processes
from simplex.train._examples import Material
from simplex.train._identity import SHARED, surroundings
from simplex.train._records import PROTOCOLS, EpochRecord, FoldChoice
from simplex.train._settings import TrainSettings
from simplex.train._splits import Split, listed_splits
from simplex.train._task import Task
from simplex.train._trainings import Configuration, Outcome, Trainings, only_writer


def run_protocols(
    dataset: SimplicialDataset,
    splits: Sequence[Split | tuple[Tensor, Tensor]],
    configurations: Sequence[Configuration],
    protocols: Sequence[str] = ("xu", "nested"),
    *,
    task: Task | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
    description: Mapping[str, Any] | None = None,
    on_epoch: Callable[[EpochRecord], None] | None = None,
    on_choice: Callable[[FoldChoice], None] | None = None,
    device: torch.device | str = "cpu",
    processes: Processes | None = None,
) -> Outcome:
    """Train every configuration on every split, under each protocol.

    - ``"xu"`` (Xu et al. 2019): train on the whole training part and score the test part after
      every epoch. :func:`summarize` then takes the one configuration and the one epoch that are
      best on average over the splits. The test parts have chosen both, so this is optimistic.
    - ``"held-out"``: score the validation part of the split while training. The epoch and
      configuration with the best first metric of the task there are chosen (among equals the
      lowest loss, then the first), and that model is scored on the test part: once.
    - ``"nested"``: the same, for splits without a validation part: hold out a tenth of the training
      part (stratified, where the rows have classes) and train on the rest.

    Where the data set is one complex and the task has a row for each of its simplices, or
    candidates, the ids of the splits are rows: an epoch is one step on the whole complex with the
    loss of the training rows. Else they are items.

    Every training has its own seed, made of the split and the epoch, and does not depend on those
    before it. With ``checkpoint`` the whole state is saved every few seconds, at the end of every
    training, and where ``on_epoch`` raises; a resumed run gives exactly the numbers of an
    uninterrupted one, and is refused where it could not: with other data, splits, settings,
    versions, threads or processors. The global random state of torch is left as it was.

    Args:
        dataset: lifted graphs with targets and cochains.
        splits: as from :func:`random_splits`, :func:`mask_splits` or :func:`fold_splits`; pairs
            (train, test) of ids are splits without a validation part.
        configurations: the models to try, and how to train them.
        protocols: some of ``"xu"``, ``"nested"`` and ``"held-out"``.
        task: what is predicted; ``None`` for the classes ``y`` of the items.
        checkpoint: where to save the state; ``None`` to save nothing.
        resume: continue from the checkpoint, which must be there, with the same settings and
            description.
        description: plain values that say which data and model these are.
        on_epoch: called for every record, also for those read from the checkpoint.
        on_choice: called when a protocol that chooses is done with a split.
        device: where to train.
        processes: those that train together; ``None`` for this one alone. The first one saves.

    Returns:
        ``records``, one per epoch of every training, in order; ``choices``, one per split, of the
        protocols that choose; ``seconds`` spent in training and scoring, in all sittings; and
        ``model``, the weights of the choice with the best validation (under ``"xu"`` alone, of the
        last training).

    Raises:
        ValueError: the checkpoint cannot be resumed from, or another run is writing it, a loss is
            no longer finite, a training part is too small to hold out some of it, or the targets
            of some part are not those of the task.
        OSError: the checkpoint cannot be written; the one before stays.

    Paper:
        Xu et al. 2019, Section 7; the published tables of simplicial networks follow it. With
        :func:`random_splits` and the settings of ``TrainSettings.preset("topobench")``, held-out is
        the protocol of Telyatnikov et al. 2024; departure: (1) where several epochs have the best
        validation score, the lowest loss decides, there the first one.
    """
    require_kind("dataset", dataset, SimplicialDataset, "Lift graphs with lift_dataset.")
    splits = listed_splits(splits)
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
    if task is None:
        task = Task.of(dataset)
    require_kind("task", task, Task)
    _require_protocols(protocols, splits)
    material = Material(dataset, task, device)
    material.require(splits)
    identity = _identity(splits, configurations, protocols, task, processes)
    identity |= dict(description or {})
    first = processes is None or processes.is_first
    processes = processes or Processes()
    if checkpoint is not None or processes.size > 1:
        around = surroundings(dataset, [split.parts for split in splits], device)
        processes.require_same({**identity, **{key: around[key] for key in SHARED}})
    if checkpoint is not None:
        checkpoint = Path(checkpoint)
        identity |= around
    if processes.size > 1 and material.is_one:
        raise ValueError(
            f"processes must be one for a data set of one complex, got {processes.size}: there is "
            "no batch to share out."
        )
    trainings = Trainings(
        material, splits, configurations, protocols, identity, checkpoint, on_epoch, on_choice,
        device, processes,
    )  # fmt: skip
    with only_writer(checkpoint if first else None):
        if resume:
            trainings.resume()
        trainings.run()
    return trainings.outcome


def cross_validate(
    dataset: SimplicialDataset,
    folds: Sequence[Split | tuple[Tensor, Tensor]],
    make_model: Callable[[], nn.Module],
    settings: TrainSettings,
    *,
    checkpoint: Path | None = None,
    resume: bool = False,
    description: Mapping[str, Any] | None = None,
    on_epoch: Callable[[EpochRecord], None] | None = None,
    device: torch.device | str = "cpu",
) -> list[EpochRecord]:
    """Train a fresh model per fold and score it on the test part after every epoch.

    It is the protocol ``"xu"`` of :func:`run_protocols` for one :class:`Configuration`, that of
    ``make_model`` and ``settings``. Errors as for that function.

    Args:
        dataset: lifted graphs with classes ``y`` and cochains.
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


def _require_protocols(protocols: Any, splits: Sequence[Split]) -> None:
    """Names that are known, and splits with the parts that they need."""
    given = protocols if isinstance(protocols, (list, tuple)) else []
    if not given or not all(isinstance(each, str) and each in PROTOCOLS for each in given):
        raise ValueError(
            f"protocols must be some of {PROTOCOLS}, got {shown(protocols)}. Splits with a "
            "validation part, of TopoBench or of masks, are for 'held-out'."
        )
    for place, split in enumerate(splits):
        if "held-out" in given and not len(split.validation):
            raise ValueError(
                f"splits[{place}].validation must hold ids for 'held-out', got none. Take "
                "'nested', which holds out some of train itself, or draw random_splits."
            )
        if "nested" in given and len(split.validation):
            raise ValueError(
                f"splits[{place}].validation must be empty for 'nested', which holds out some of "
                f"train, got {len(split.validation)} ids. Take 'held-out'."
            )
        if "nested" in given and len(split.train) < 2:
            raise ValueError(
                "the training part of a fold must have at least 2 rows, one of them for the "
                f"inner validation, got {len(split.train)}."
            )


def _identity(
    splits: Sequence[Split],
    configurations: Sequence[Configuration],
    protocols: Sequence[str],
    task: Task,
    processes: Processes | None,
) -> dict[str, Any]:
    """What a checkpoint must have been made with, to be continued."""
    if len({each.settings.seed for each in configurations}) != 1:
        raise ValueError(
            "configurations must be at least one, all with one seed, got "
            f"{[each.settings.seed for each in configurations]}."
        )
    further = [[each.name, asdict(each.settings)] for each in configurations[1:]]
    return asdict(configurations[0].settings) | {
        "num_folds": len(splits),
        "protocols": list(protocols),
        "task": asdict(task),
        "processes": processes.size if processes else 1,
        "further_configurations": further,
    }
