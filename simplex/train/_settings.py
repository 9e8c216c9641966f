"""What a training run is told: how a fold is trained, and what an experiment on TU data is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal


SCHEDULES = ("step", "cosine", "plateau", "none")
PROTOCOLS = ("xu", "nested")


@dataclass(frozen=True)
class TrainSettings:
    """How every fold is trained: by Adam, with a schedule of the learning rate.

    Args:
        epochs: passes over the training graphs, at most.
        batch_size: graphs in one step, those of all processes together.
        lr: learning rate at the start.
        weight_decay: the L2 penalty of Adam.
        schedule: ``"step"``: the rate times ``decay`` every ``decay_every`` epochs; ``"cosine"``:
            along half a cosine to zero at the last epoch; ``"plateau"``: times ``decay`` when
            ``decay_every`` epochs did not lower the loss (of the inner validation part, or, where
            there is none, of the training part); ``"none"``.
        decay: factor of a decay.
        decay_every: epochs between two decays.
        patience: stop a run after that many epochs without a better inner validation; ``None`` to
            train all epochs. The protocol of Xu et al. compares all folds at one epoch, so there
            it has no effect.
        seed: of the weights, the order of the graphs and the dropout.
    """

    epochs: int = 100
    batch_size: int = 32
    lr: float = 1e-3
    weight_decay: float = 0.0
    schedule: str = "step"
    decay: float = 0.5
    decay_every: int = 50
    patience: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "decay_every", "patience"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}.")
        if not self.lr > 0:
            raise ValueError(f"lr must be positive, got {self.lr}.")
        if not 0 < self.decay <= 1:
            raise ValueError(f"decay must be in 0 … 1 and not 0, got {self.decay}.")
        if not self.weight_decay >= 0:
            raise ValueError(f"weight_decay must be at least 0, got {self.weight_decay}.")
        if self.seed < 0:
            raise ValueError(f"seed must be at least 0, got {self.seed}.")
        if self.schedule not in SCHEDULES:
            raise ValueError(f"schedule must be one of {SCHEDULES}, got {self.schedule!r}.")


@dataclass(frozen=True)
class TUSettings:
    """One experiment on a TU data set.

    Args:
        dataset: such as ``"MUTAG"``.
        root: the folder of data sets, as in ``simplex.datasets.tu_dataset``.
        model: a name in ``simplex.train.MODELS``; ``"f-vector"`` is the baseline that only counts.
        hidden_channels: width of the hidden layers.
        num_layers: number of message passing layers.
        readout: how the simplices of a dimension are pooled.
        dropout: probability, where the model has dropout.
        norm: normalisation of the layers, such as ``"batch"``; ``None`` for none; ``"auto"`` for
            ``"rms"`` where the model is equivariant under reorientation, else ``"batch"``.
        jumping_knowledge: ``"cat"`` to read all layers, ``None`` to read the last one.
        options: further keyword arguments of the model, such as ``{"readout_dims": (0, 2)}``; an
            ``activation`` by its name, such as ``"relu"``.
        max_dim: the top dimension of the lift.
        init: how vertex features are spread to higher simplices, ``"sum"`` or ``"mean"``.
        folds: number of folds; ten are those of the literature where they are stored.
        protocol: ``"xu"``, ``"nested"`` or ``"both"``, see
            :func:`~simplex.train.run_protocols`.
        grid: values to try by name of a setting of the model or of ``train``, such as
            ``{"hidden_channels": [16, 32], "lr": [0.001, 0.01]}``; every combination is one
            configuration.
        train: how every fold is trained.
    """

    dataset: str
    root: str | Path | None = None
    model: str = "sin"
    hidden_channels: int = 32
    num_layers: int = 3
    readout: str = "sum"
    dropout: float = 0.5
    norm: str | None = "auto"
    jumping_knowledge: str | None = "cat"
    options: Mapping[str, Any] = field(default_factory=dict)
    max_dim: int = 2
    init: Literal["sum", "mean"] = "sum"
    folds: int = 10
    protocol: str = "both"
    grid: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    train: TrainSettings = field(default_factory=TrainSettings)

    def __post_init__(self) -> None:
        for name in ("hidden_channels", "num_layers"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}.")
        if not 0 <= self.dropout <= 1:
            raise ValueError(f"dropout must be in 0 … 1, got {self.dropout}.")
        if self.max_dim < 0:
            raise ValueError(f"max_dim must be at least 0, got {self.max_dim}.")
        if self.protocol not in (*PROTOCOLS, "both"):
            raise ValueError(
                f"protocol must be one of {(*PROTOCOLS, 'both')}, got {self.protocol!r}."
            )

    @property
    def protocols(self) -> tuple[str, ...]:
        """The protocols to run."""
        return PROTOCOLS if self.protocol == "both" else (self.protocol,)
