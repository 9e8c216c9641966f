"""Cross-validated graph classification: folds, epochs, and nothing lost when the process dies."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from simplex.data import SimplicialData, SimplicialDataset
from simplex.datasets import Fold
from simplex.train._checkpoint import load_checkpoint, save_checkpoint
from simplex.train._curves import EpochRecord


@dataclass(frozen=True)
class TrainSettings:
    """How every fold is trained: Adam, with the rate times ``decay`` every ``decay_every`` epochs.

    Args:
        epochs: passes over the training graphs.
        batch_size: graphs in one step.
        lr: learning rate at the start.
        decay: factor of a decay.
        decay_every: epochs between two decays.
        seed: of the weights, the order of the graphs and the dropout.
    """

    epochs: int = 100
    batch_size: int = 32
    lr: float = 1e-3
    decay: float = 0.5
    decay_every: int = 50
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "decay_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}.")
        if not self.lr > 0:
            raise ValueError(f"lr must be positive, got {self.lr}.")


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

    Each fold has its own seed, so it does not depend on the folds before it. With ``checkpoint``
    the whole state, random numbers included, is saved after every epoch; a resumed run gives
    exactly the numbers of an uninterrupted one. The global random state of torch is left as it was.

    Args:
        dataset: lifted graphs with ``y`` and cochains.
        folds: the graphs to train on and to be scored on, as from ``simplex.datasets.tu_folds``.
        make_model: returns a fresh model, called as ``model(x, complex)`` for logits per graph.
        settings: how to train.
        checkpoint: where to save the state; ``None`` to save nothing.
        resume: continue from the checkpoint, which must be there, with the same settings and
            description.
        description: plain values that say which data and model these are.
        on_epoch: called for every record, also for those read from the checkpoint.
        device: where to train.

    Returns:
        One record per fold and epoch, in order.

    Raises:
        ValueError: the checkpoint cannot be resumed from, or a loss is no longer finite.
    """
    identity = asdict(settings) | {"num_folds": len(folds)} | dict(description or {})
    saved: dict[str, Any] | None = None
    records: list[EpochRecord] = []
    if resume:
        if checkpoint is None:
            raise ValueError("checkpoint must be a path for resume=True, got None.")
        saved = load_checkpoint(checkpoint, identity)
        records = [EpochRecord(*values) for values in saved["records"]]
        for record in records:
            _tell(on_epoch, record)
    first_fold, first_epoch = divmod(len(records), settings.epochs)
    cuda = [torch.device(device)] if torch.device(device).type == "cuda" else []
    for f, fold in enumerate(folds[first_fold:], start=first_fold):
        with torch.random.fork_rng(devices=cuda):
            torch.manual_seed(1000 * settings.seed + f)
            run = _FoldRun(dataset, fold, make_model().to(device), settings, device)
            start = first_epoch if f == first_fold else 0
            if start and saved is not None:
                run.restore(saved)
            for epoch in range(start, settings.epochs):
                loss, train_accuracy = run.train_epoch()
                record = EpochRecord(f + 1, epoch + 1, loss, train_accuracy, run.test_accuracy())
                records.append(record)
                if checkpoint is not None:
                    state = run.state() | {"records": [astuple(each) for each in records]}
                    save_checkpoint(checkpoint, identity, state)
                _tell(on_epoch, record)
    return records


def _tell(on_epoch: Callable[[EpochRecord], None] | None, record: EpochRecord) -> None:
    if on_epoch is not None:
        on_epoch(record)


class _FoldRun:
    """The training of one fold: everything that changes from epoch to epoch."""

    def __init__(
        self,
        dataset: SimplicialDataset,
        fold: Fold,
        model: nn.Module,
        settings: TrainSettings,
        device: torch.device | str,
    ) -> None:
        self.dataset = dataset
        self.train_ids = fold.train
        self.model = model
        self.settings = settings
        self.device = torch.device(device)
        self.optimizer = torch.optim.Adam(model.parameters(), lr=settings.lr, fused=True)
        self.schedule = torch.optim.lr_scheduler.StepLR(
            self.optimizer, settings.decay_every, settings.decay
        )
        self.test_batches = [
            self._batch(ids) for ids in torch.split(fold.test, settings.batch_size)
        ]

    def _batch(self, ids: Tensor) -> SimplicialData:
        return self.dataset[ids].to_batch().to(self.device)  # type: ignore[no-any-return]

    def train_epoch(self) -> tuple[float, float]:
        """One pass over the training graphs in random order: mean loss and accuracy as met."""
        self.model.train()
        total_loss, num_right = 0.0, 0
        order = self.train_ids[torch.randperm(len(self.train_ids))]
        for ids in torch.split(order, self.settings.batch_size):
            batch = self._batch(ids)
            logits = self.model(batch.cochains(), batch.complex)
            loss = nn.functional.cross_entropy(logits, batch.y)
            self.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            total_loss += float(loss.detach()) * len(ids)
            num_right += int((logits.argmax(1) == batch.y).sum())
        if not total_loss < float("inf"):
            raise ValueError(
                f"lr must keep the loss finite, got lr={self.settings.lr} and loss {total_loss}."
            )
        self.schedule.step()
        return total_loss / len(order), num_right / len(order)

    @torch.no_grad()
    def test_accuracy(self) -> float:
        """The share of the test graphs that are classified correctly."""
        self.model.eval()
        right = [
            self.model(batch.cochains(), batch.complex).argmax(1) == batch.y
            for batch in self.test_batches
        ]
        return float(torch.cat(right).double().mean())

    def state(self) -> dict[str, Any]:
        """What :meth:`restore` needs after this epoch."""
        cuda = self.device.type == "cuda"
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "random": torch.get_rng_state(),
            "random_cuda": torch.cuda.get_rng_state(self.device) if cuda else None,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue after the epoch whose :meth:`state` is given."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        torch.set_rng_state(state["random"])
        if state["random_cuda"] is not None and self.device.type == "cuda":
            torch.cuda.set_rng_state(state["random_cuda"], self.device)
