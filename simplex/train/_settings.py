"""How a model is trained: epochs, steps, the optimiser and its schedule, and when to stop."""

from dataclasses import dataclass
from typing import Any, Self

from simplex.complexes import require_flag, require_int, require_real, require_word
from simplex.train._checks import MOST_EPOCHS, require_kind


SCHEDULES = ("step", "cosine", "plateau", "warmup-cosine", "none")
_MOST_BATCHES = 10**6  # of one step
OPTIMIZERS = ("adam", "adamw", "sgd", "locoprop")
_PRESETS: dict[str, dict[str, Any]] = {
    "topobench": {"epochs": 500, "min_epochs": 50, "check_every": 5, "patience": 10},
    "fixed": {"epochs": 500, "patience": 100},
}


@dataclass(frozen=True)
class TrainSettings:
    """How every split is trained: steps by an optimiser, with a schedule of the learning rate.

    Args:
        epochs: passes over the training part, at most.
        batch_size: items in one forward pass, those of all processes together. A data set of one
            complex is one batch.
        lr: learning rate at the start.
        weight_decay: the L2 penalty of Adam and SGD; of AdamW and LocoProp the decoupled decay.
        schedule: ``"step"``: the rate times ``decay`` every ``decay_every`` epochs; ``"cosine"``:
            along half a cosine to zero at the last epoch; ``"plateau"``: times ``decay`` when
            ``decay_every`` epochs did not lower the loss (of the validation part, where it is
            looked at, or, where there is none, of the training part); ``"warmup-cosine"``: up over
            ``warmup`` epochs, then along half a cosine to zero; ``"none"``.
        decay: factor of a decay.
        decay_every: epochs between two decays.
        patience: stop a run after that many looks at the validation part without a better score
            (an equal one with less loss is chosen, but none); ``None`` to train all epochs. The
            protocol of Xu et al. compares all folds at one epoch, so there it has no effect.
        seed: of the weights, the order of the items and the dropout.
        check_every: score after every so many epochs, and after the last one.
        min_epochs: do not stop before.
        optimizer: ``"adam"``, ``"adamw"``, ``"sgd"`` (momentum 0.9) or ``"locoprop"``
            (:class:`simplex.optim.LocoProp`; ``lr`` 0.2 is its own default).
        warmup: epochs of the rise of ``"warmup-cosine"``.
        clip: scale gradients down to this norm, over all parameters; ``None`` for no bound.
        accumulate: batches in one step. It is that of their union, whatever their sizes, but for
            batch norm, which sees one batch.
        amp: ``"bf16"`` for mixed precision, ``None`` for none.
        compile: whether to train through ``torch.compile``.
        recalibrate: whether batch norms take their statistics anew from the training part before a
            model is scored. Where the scores swing from epoch to epoch, as those of SIN on NCI1 do,
            the moving averages of training lag behind the weights. Costs a pass without gradients
            over the training part at each look, and nothing where there is no batch norm.

    Example:
        >>> TrainSettings.preset("topobench", lr=0.01).patience
        10
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
    check_every: int = 1
    min_epochs: int = 0
    optimizer: str = "adam"
    warmup: int = 0
    clip: float | None = None
    accumulate: int = 1
    amp: str | None = None
    compile: bool = False
    recalibrate: bool = False

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "decay_every", "patience", "check_every"):
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
        require_word("optimizer", self.optimizer, OPTIMIZERS)
        require_int("min_epochs", self.min_epochs, 0, MOST_EPOCHS)
        require_int("warmup", self.warmup, 0, MOST_EPOCHS)
        require_int("accumulate", self.accumulate, 1, _MOST_BATCHES)
        require_flag("compile", self.compile)
        require_flag("recalibrate", self.recalibrate)
        if self.clip is not None:
            require_real("clip", self.clip, 0, open=True)
        if self.amp is not None:
            require_word("amp", self.amp, ("bf16",))
        if self.warmup and self.schedule != "warmup-cosine":
            raise ValueError(
                f"warmup must be 0 for schedule={self.schedule!r}, got {self.warmup}. Take "
                "schedule='warmup-cosine'."
            )

    @classmethod
    def preset(cls, protocol: str, **given: Any) -> Self:
        """The settings that a protocol is published with, where others are not given.

        Args:
            protocol: ``"topobench"``: at most 500 and at least 50 epochs, the validation part is
                looked at every 5 epochs, and 10 looks without a better one are the end; Adam with
                0.001, halved every 50 epochs. ``"fixed"``: at most 500 epochs, and 100 without a
                better one are the end. Others: the defaults.
            given: settings by name.

        Paper:
            Telyatnikov et al. 2024 (TopoBench): the defaults of its trainer, its optimiser and the
            limits with which its tables were run.
        """
        require_kind("protocol", protocol, str)
        return cls(**(_PRESETS.get(protocol, {}) | given))
