"""An experiment from its name: which data, which task, which model, how it is judged."""

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
    shown,
)
from simplex.train._checks import require_kind
from simplex.train._settings import TrainSettings
from simplex.train._task import KINDS


_MOST_LAYERS = 10_000
_RUN: dict[str, tuple[str, ...]] = {  # what run_protocols is told, by the name of an experiment's
    "xu": ("xu",),
    "nested": ("nested",),
    "both": ("xu", "nested"),
    "topobench": ("held-out",),
    "fixed": ("held-out",),
}


_GATHER = "gather(hops=2, channels=16)"  # of SaNN: once, not at every step


@dataclass(frozen=True)
class Experiment:
    """One experiment: data, task, model, protocol.

    Args:
        dataset: a name of ``simplex.datasets.DATASETS`` or of the TU collection, such as
            ``"MUTAG"``; with its source before a colon, as ``"tu:MUTAG"``; or your files, see
            :func:`simplex.datasets.read_dataset`: a path, or several with commas between them.
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
        protocol: ``"xu"``, ``"nested"`` or ``"both"`` over folds, see
            :func:`~simplex.train.run_protocols`; ``"topobench"``: its random splits, one for each
            of ``seeds``; ``"fixed"``: the splits of the data's own masks. The last two stop by the
            validation part and test at its best epoch.
        grid: values to try by name of a setting of the model or of ``train``, such as
            ``{"hidden_channels": [16, 32], "lr": [0.001, 0.01]}``; every combination is one
            configuration.
        train: how every split is trained; ``None`` for the preset of the protocol.
        search: ``None`` to try every combination of ``grid``; N to draw N of them, by the seed of
            ``train``: the same budget for every model.
        seeds: of the splits of ``"topobench"``.
        level: what is predicted of, see :class:`~simplex.train.Task`: ``None`` for the complexes
            (or, of one complex, its vertices), k for the simplices of dimension k.
        target: the field of the targets, of tables and hypergraphs the column or attribute;
            ``None`` for the task's own.
        kind: ``"classes"``, ``"labels"`` or ``"numbers"``; ``None`` to see it from the targets.
        metrics: their names, the first one chooses; none for the default of the kind.
        loss: its name; ``None`` for the default of the kind.
        class_weights: ``"balanced"``, numbers, or ``None``.
        encodings: what is appended to the features, once for the whole data set: names of the
            transforms of ``simplex.transforms`` with their options, such as ``"degrees"``,
            ``"random-walk(steps=range(1, 9))"``. The model ``"sann"`` has ``"gather(hops=2,
            channels=16)"`` after them, unless one of them gathers or ``options`` name its ``hops``.
        features: which columns of your tables are features; ``None`` for all but ids and targets.
        categories: which of them are categories although they hold numbers.
        task: ``None`` to predict targets; ``"links"`` or ``"triangles"`` to hold edges or triangles
            of one complex out and find them again, see
            :func:`~simplex.transforms.split_simplices`, one split for each of ``seeds``;
            ``"closure"`` for :func:`~simplex.datasets.closure_data` of the timed simplices in the
            folder ``dataset``. Training runs with the loss of labels.
        rings: of graphs with targets, such as molecules: N to fill the rings of at most N vertices,
            see :func:`~simplex.lifting.ring_complex`; ``None`` not to.
        apex: what the apex of a ring carries, see :func:`~simplex.transforms.ring_lift`; ``None``
            for ``"sum"``.
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
    train: TrainSettings = None  # type: ignore[assignment]  # the preset, from __post_init__ on
    search: int | None = None
    seeds: Sequence[int] = (0, 3, 5, 7, 9)
    level: int | None = None
    target: str | None = None
    kind: str | None = None
    metrics: Sequence[str] = ()
    loss: str | None = None
    class_weights: str | Sequence[float] | None = None
    encodings: Sequence[str] = ()
    features: Sequence[str] | None = None
    categories: Sequence[str] = ()
    task: str | None = None
    rings: int | None = None
    apex: Literal["sum", "mean", "token"] | None = None

    def __post_init__(self) -> None:
        require_kind("dataset", self.dataset, str)
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
        require_flag("use_node_attr", self.use_node_attr)
        require_word("reduce", self.reduce, ("sum", "mean"))
        self._require_rings()
        require_int("folds", self.folds, least=2)
        require_word("protocol", self.protocol, tuple(_RUN))
        if self.train is None:
            preset = TrainSettings.preset(self.protocol)  # type: ignore[unreachable]
            object.__setattr__(self, "train", preset)
        require_kind("train", self.train, TrainSettings)
        if self.search is not None:
            require_int("search", self.search, least=1)
        if self.level is not None:
            require_int("level", self.level, 0, HIGHEST_DIM)
        if self.task is not None:
            require_word("task", self.task, ("links", "triangles", "closure"))
        if self.kind is not None:
            require_word("kind", self.kind, KINDS)
        for name in ("seeds", "metrics", "encodings", "features", "categories"):
            given = getattr(self, name)
            if given is None and name == "features":
                continue
            given = (given,) if isinstance(given, str) else given
            if not isinstance(given, (list, tuple)):
                raise TypeError(f"{name} must be a list, got {shown(given)}.")
            object.__setattr__(self, name, tuple(given))
        if self.model == "sann" and "hops" not in self.options and not self.gathers:
            object.__setattr__(self, "encodings", (*self.encodings, _GATHER))
        if isinstance(self.class_weights, list):
            object.__setattr__(self, "class_weights", tuple(self.class_weights))

    def _require_rings(self) -> None:
        require_word("apex", self.apex, ("sum", "mean", "token", None))
        if self.rings is not None:
            require_int("rings", self.rings, least=3)
            require_int("max_dim", self.max_dim, least=1)
        elif self.apex is not None:
            raise ValueError(f"apex must be left out without rings, got {self.apex!r}.")
        if self.rings is not None and self.task is not None:
            raise ValueError(
                f"rings must be left out with task {self.task!r}, got {self.rings}: what is held "
                "out of a graph must not be seen in its rings."
            )

    @property
    def lift(self) -> dict[str, Any]:
        """How the data are lifted, as their loaders are told; rings where they are wanted."""
        lift: dict[str, Any] = {"max_dim": self.max_dim, "reduce": self.reduce}
        if self.rings is not None:
            lift |= {"rings": self.rings, "apex": self.apex or "sum"}
        return lift

    @property
    def gathers(self) -> bool:
        """Whether one of the encodings gathers the hops that SaNN reads."""
        return any(str(each).strip().lower().startswith("gather") for each in self.encodings)

    @property
    def protocols(self) -> tuple[str, ...]:
        """What :func:`run_protocols` is told."""
        return _RUN[self.protocol]
