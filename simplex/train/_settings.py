"""What a training run is told: how a fold is trained, and what an experiment on TU data is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch

from simplex.complexes import (
    HIGHEST_DIM,
    require_flag,
    require_int,
    require_memory,
    require_real,
    require_word,
)
from simplex.train._checks import MOST_EPOCHS, require_kind


_MOST_LAYERS = 10_000
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
            if getattr(self, name) is not None:
                require_int(name, getattr(self, name), least=1)
                require_int(name, getattr(self, name), most=MOST_EPOCHS)
        require_real("lr", self.lr, 0, open=True)
        require_real("weight_decay", self.weight_decay, 0)
        if not require_real("decay", self.decay, 0, 1) > 0:
            raise ValueError("decay must be above 0, got 0.0.")
        require_int("seed", self.seed, least=0)
        require_int("seed", self.seed, most=2**63 - 1)
        require_word("schedule", self.schedule, SCHEDULES)


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
        reduce: how vertex features are spread to higher simplices, ``"sum"`` or ``"mean"``.
        use_node_attr: whether real node attributes are features, beside the labels.
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
    reduce: Literal["sum", "mean"] = "sum"
    use_node_attr: bool = True
    folds: int = 10
    protocol: str = "both"
    grid: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    train: TrainSettings = field(default_factory=TrainSettings)

    def __post_init__(self) -> None:
        require_int("hidden_channels", self.hidden_channels, least=1)
        require_memory(
            4 * self.hidden_channels**2,  # of one layer
            torch.device("cpu"),
            f"the weights of {self.hidden_channels} channels",
            "Lower hidden_channels.",
        )
        require_int("num_layers", self.num_layers, least=1)
        require_int("num_layers", self.num_layers, most=_MOST_LAYERS)
        require_real("dropout", self.dropout, 0, 1)
        require_int("max_dim", self.max_dim, 0, HIGHEST_DIM)
        for name in ("options", "grid"):
            require_kind(name, getattr(self, name), Mapping)
            if not all(isinstance(key, str) for key in getattr(self, name)):
                raise TypeError(f"{name} must have strings as names, got {getattr(self, name)}.")
        for name in ("norm", "jumping_knowledge"):
            if getattr(self, name) is not None:
                require_kind(name, getattr(self, name), str)
        require_kind("train", self.train, TrainSettings)
        require_flag("use_node_attr", self.use_node_attr)
        require_word("reduce", self.reduce, ("sum", "mean"))
        require_int("folds", self.folds, least=2)
        require_word("protocol", self.protocol, (*PROTOCOLS, "both"))

    @property
    def protocols(self) -> tuple[str, ...]:
        """The protocols to run."""
        return PROTOCOLS if self.protocol == "both" else (self.protocol,)
