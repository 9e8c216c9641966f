"""Training on a TU data set from its name to its numbers: load, lift, cross-validate, report."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import torch
from torch import nn

from simplex.data import SimplicialDataset
from simplex.datasets import tu_dataset, tu_folds
from simplex.nn import SIN, FVectorMLP
from simplex.train._cross_validation import TrainSettings, cross_validate
from simplex.train._curves import EpochRecord, Summary, draw_curves, summarize, write_csv


@dataclass(frozen=True)
class TUSettings:
    """One experiment on a TU data set.

    Args:
        dataset: such as ``"MUTAG"``.
        root: the folder of data sets, as in ``simplex.datasets.tu_dataset``.
        model: ``"sin"``, or ``"f-vector"`` for the baseline that only counts simplices.
        hidden: width of the hidden layers.
        layers: number of message passing layers of SIN.
        readout: how SIN pools the simplices of a dimension, ``"sum"`` or ``"mean"``.
        dropout: of SIN, before the last map.
        max_dim: the top dimension of the lift.
        init: how vertex features are spread to higher simplices, ``"sum"`` or ``"mean"``.
        folds: number of folds; ten are those of the literature where they are stored.
        train: how every fold is trained.
    """

    dataset: str
    root: str | Path | None = None
    model: Literal["sin", "f-vector"] = "sin"
    hidden: int = 32
    layers: int = 3
    readout: Literal["sum", "mean"] = "sum"
    dropout: float = 0.5
    max_dim: int = 2
    init: Literal["sum", "mean"] = "sum"
    folds: int = 10
    train: TrainSettings = field(default_factory=TrainSettings)

    def __post_init__(self) -> None:
        if self.hidden < 1:
            raise ValueError(f"hidden must be at least 1, got {self.hidden}.")
        if not 0 <= self.dropout <= 1:
            raise ValueError(f"dropout must be in 0 … 1, got {self.dropout}.")


def train_tu(
    settings: TUSettings,
    out: str | Path,
    *,
    resume: bool = False,
    device: torch.device | str = "cpu",
    progress: bool = True,
    report: Callable[[str], None] = print,
) -> Summary:
    """Cross-validate a network on a TU data set and leave everything in a folder.

    The folder gets ``checkpoint.pt`` after every epoch, and at the end ``curves.csv`` and
    ``curves.png``.

    Args:
        settings: the experiment.
        out: the folder; made if need be. A folder that holds a run is only continued.
        resume: continue the run in ``out``; it gives the numbers of an uninterrupted one.
        device: where to train.
        progress: whether to show a bar on standard error, if that is a terminal.
        report: called for each line of text.

    Returns:
        The accuracies by the protocol of :func:`summarize`.

    Raises:
        ValueError: no such data, settings out of range, a folder that holds a run without
            ``resume``, or a checkpoint that cannot be resumed from.
    """
    from tqdm import tqdm

    folder = Path(out)
    checkpoint = folder / "checkpoint.pt"
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"out must be a folder, got the file {folder}.")
    if checkpoint.exists() and not resume:
        raise ValueError(
            f"out must be a folder without a run, got {folder}, which holds checkpoint.pt. Pass "
            "resume to continue it, or choose another folder."
        )
    started = time.perf_counter()
    dataset = tu_dataset(
        settings.dataset, settings.root, max_dim=settings.max_dim, init=settings.init
    )
    folds = tu_folds(
        settings.dataset,
        dataset.y,
        settings.root,
        num_folds=settings.folds,
        seed=settings.train.seed,
    )
    seconds = time.perf_counter() - started
    counts = ", ".join(map(str, dataset.num_simplices.sum(0).tolist()))
    report(
        f"{settings.dataset}: {len(dataset)} graphs, {dataset.num_classes} classes, f-vector "
        f"({counts}), loaded and lifted in {seconds:.1f} s"
    )
    folder.mkdir(parents=True, exist_ok=True)
    epochs = settings.train.epochs
    description = asdict(settings)
    del description["root"], description["train"]
    fold_records: list[EpochRecord] = []
    with tqdm(total=len(folds) * epochs, disable=None if progress else True, unit="epoch") as bar:

        def on_epoch(record: EpochRecord) -> None:
            fold_records.append(record)
            bar.set_postfix_str(f"fold {record.fold}/{len(folds)}, loss {record.train_loss:.3f}")
            bar.update()
            if record.epoch == epochs:
                best = max(fold_records, key=lambda each: each.test_accuracy)
                with bar.external_write_mode():
                    report(
                        f"fold {record.fold:2d}/{len(folds)}: last {record.test_accuracy:.4f}, "
                        f"own best {best.test_accuracy:.4f} (epoch {best.epoch})"
                    )
                fold_records.clear()

        records = cross_validate(
            dataset,
            folds,
            lambda: _make_model(settings, dataset),
            settings.train,
            checkpoint=checkpoint,
            resume=resume,
            description=description,
            on_epoch=on_epoch,
            device=device,
        )
    summary = summarize(records)
    write_csv(records, folder / "curves.csv")
    draw_curves(records, folder / "curves.png", f"{settings.model} on {settings.dataset}")
    report(
        f"epoch {summary.best_epoch} of {epochs}, the best on average over {len(folds)} folds: "
        f"{summary.best_mean:.4f} ± {summary.best_std:.4f} (optimistic: the test folds chose the "
        "epoch)"
    )
    report(f"last epoch: {summary.last_mean:.4f} ± {summary.last_std:.4f}")
    report(f"curves: {folder / 'curves.csv'}, {folder / 'curves.png'}")
    return summary


def _make_model(settings: TUSettings, dataset: SimplicialDataset) -> nn.Module:
    if settings.model == "f-vector":
        return FVectorMLP(settings.hidden, dataset.num_classes, settings.max_dim)
    if settings.model != "sin":
        raise ValueError(f"model must be 'sin' or 'f-vector', got {settings.model!r}.")
    return SIN(
        dataset.num_features,
        settings.hidden,
        dataset.num_classes,
        settings.layers,
        settings.max_dim,
        readout=settings.readout,
        jumping_knowledge="cat",
        dropout=settings.dropout,
        norm="batch",
    )
