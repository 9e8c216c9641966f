"""What is predicted, of what: the kind of the targets, their rows, and how they are measured."""

from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from torch import Tensor, nn

from simplex.complexes import require_flag, require_int, require_word, shown
from simplex.data import SimplicialData, SimplicialDataset
from simplex.train._checks import require_kind
from simplex.train._targets import inferred, read_targets, require_targets


Kind = Literal["classes", "labels", "numbers"]

KINDS = ("classes", "labels", "numbers")
LOSSES = {
    "classes": ("cross_entropy",),
    "labels": ("binary_cross_entropy",),
    "numbers": ("mse", "mae", "huber"),
}
METRICS = {  # of each kind; the first one is the default
    "classes": (
        "accuracy", "balanced_accuracy", "auroc", "average_precision", "f1_macro", "f1_micro",
    ),
    "labels": (
        "auroc", "average_precision", "accuracy", "balanced_accuracy", "f1_macro", "f1_micro",
    ),
    "numbers": ("mae", "rmse", "r2", "mse", "mae_deviations"),
}  # fmt: skip
_LOWER_IS_BETTER = {"mae", "rmse", "mse", "mae_deviations"}


@dataclass(frozen=True)
class Task:
    """What is predicted, of what, and how it is measured.

    Args:
        kind: ``"classes"``: one of ``num_outputs`` classes, targets 0 … C-1, int64 (rows,);
            ``"labels"``: ``num_outputs`` yes-or-no labels, (rows, L), NaN or -1 where one is
            missing; ``"numbers"``: ``num_outputs`` real numbers, (rows, T), NaN where one is
            missing. Numbers are standardised by the training rows and reported in their units.
        num_outputs: classes, labels or numbers: the columns of what the network returns.
        level: ``None``: one row per complex; k: one row per k-simplex.
        target: the field of the data that holds the targets.
        metrics: the first one chooses, all are reported; none stand for ``accuracy``, ``auroc`` or
            ``mae``, by kind. Of classes and labels ``"accuracy"``, ``"balanced_accuracy"``,
            ``"auroc"``, ``"average_precision"``, ``"f1_macro"``, ``"f1_micro"``; of numbers
            ``"mae"``, ``"rmse"``, ``"r2"``, ``"mse"`` and ``"mae_deviations"``, the mean absolute
            error in standard deviations of the training targets.
        loss: ``None`` for cross-entropy (of classes), binary cross-entropy (of labels) or
            ``"mse"``; for numbers also ``"mae"`` and ``"huber"``.
        class_weights: of the loss, one for each class, or for the positive rows of each label;
            ``"balanced"`` for the weights that make them count the same in the training part.
        candidates: whether the rows are candidate simplices; the model is then called as
            ``model(x, complex, candidates)``.
        signed: whether the numbers turn with their simplices, as those of a flow do: then they are
            scaled by their root mean square and not shifted, and the network needs
            ``signed_output=True``.

    Raises:
        ValueError: a metric, a loss or weights that do not fit the kind.

    Example:
        >>> Task("classes", 3).metric, Task("numbers", 1).metric
        ('accuracy', 'mae')
        >>> Task("numbers", 1).higher_is_better
        False
    """

    kind: Kind = "classes"
    num_outputs: int = 2
    level: int | None = None
    target: str = "y"
    metrics: tuple[str, ...] = ()
    loss: str | None = None
    class_weights: str | tuple[float, ...] | None = None
    candidates: bool = False
    signed: bool = False

    def __post_init__(self) -> None:
        require_word("kind", self.kind, KINDS)
        least = 2 if self.kind == "classes" else 1
        require_int("num_outputs", self.num_outputs, least=least)
        if self.level is not None:
            require_int("level", self.level, least=0)
        require_kind("target", self.target, str)
        require_flag("candidates", self.candidates)
        require_flag("signed", self.signed)
        if self.signed and (self.kind != "numbers" or not self.level or self.candidates):
            raise ValueError(
                "signed must be False but for numbers of k-simplices, k ≥ 1, got True for "
                f"{self.kind} with level={self.level}. Vertices, complexes, classes and labels "
                "have no sign that turns."
            )
        given: Any = self.metrics
        given = (given,) if isinstance(given, str) else given
        if not isinstance(given, (list, tuple)):
            raise TypeError(f"metrics must be a tuple of names, got {shown(given)}.")
        for name in given:
            _require_fit("metrics", name, self.kind, METRICS)
        if len(set(given)) < len(given):
            raise ValueError(f"metrics must each be named once, got {tuple(given)}.")
        object.__setattr__(self, "metrics", tuple(given) or METRICS[self.kind][:1])
        loss = LOSSES[self.kind][0] if self.loss is None else self.loss
        object.__setattr__(self, "loss", loss)
        _require_fit("loss", self.loss, self.kind, LOSSES)
        self._require_weights()

    def _require_weights(self) -> None:
        weights = self.class_weights
        if weights is None:
            return
        if self.kind == "numbers":
            raise ValueError(
                f"class_weights must be None for numbers, got {shown(weights)}. Numbers have none."
            )
        if isinstance(weights, str):
            require_word("class_weights", weights, ("balanced",))
            return
        numbers = list(weights) if isinstance(weights, (list, tuple)) else []
        if len(numbers) != self.num_outputs or not all(
            isinstance(each, (int, float)) and 0 < each < float("inf") for each in numbers
        ):
            raise ValueError(
                f"class_weights must be 'balanced' or {self.num_outputs} positive numbers, got "
                f"{shown(weights)}."
            )
        object.__setattr__(self, "class_weights", tuple(float(each) for each in numbers))

    @classmethod
    def of(
        cls,
        dataset: SimplicialDataset,
        *,
        level: int | None = None,
        target: str | None = None,
        kind: Kind | None = None,
        metrics: tuple[str, ...] = (),
        loss: str | None = None,
        class_weights: str | tuple[float, ...] | None = None,
        candidates: bool = False,
        signed: bool = False,
    ) -> "Task":
        """The task that the targets of a data set pose.

        Integers (rows,) are classes; integers or floats (rows, L) of 0, 1 and what marks a missing
        one are labels; other floats are numbers.

        Args:
            dataset: with the targets.
            level: as for the class; ``None`` is one row per complex, or, where a data set of one
                complex has one target per vertex, one row per vertex.
            target: ``None`` for ``"y"``, for k-simplices, k ≥ 1, ``"y_k"``, and for candidates
                ``"y_candidates"``.
            kind: ``None`` to infer it.
            metrics: as for the class.
            loss: as for the class.
            class_weights: as for the class.
            candidates: as for the class.
            signed: as for the class.

        Raises:
            ValueError: there are no targets, or not one for each row, or they are not of the kind.

        Example:
            >>> import torch
            >>> from simplex import SimplicialComplex
            >>> K = SimplicialComplex.from_simplices([(0, 1)]).with_parts(torch.tensor([0, 2]))
            >>> Task.of(SimplicialDataset.from_union(K, fields={"y": torch.tensor([0.5])})).kind
            'numbers'
        """
        require_kind("dataset", dataset, SimplicialDataset, "Lift graphs with lift_dataset.")
        if level is not None:
            require_int("level", level, least=0)
        if kind is not None:
            require_word("kind", kind, KINDS)
        require_flag("candidates", candidates)
        name = target
        if name is None:
            name = "y_candidates" if candidates else f"y_{level}" if level else "y"
        require_kind("target", name, str)
        levels = [key for key in map(str, dataset._data.keys()) if key.startswith("y")]
        batch = dataset.only(name, "candidates", *levels).to_batch()
        level, kind, count = inferred(batch, len(dataset), name, level, kind, candidates)
        task = cls(kind, count, level, name, metrics, loss, class_weights, candidates, signed)
        require_targets(task, task.rows(batch))
        return task

    def rows(self, batch: SimplicialData | SimplicialDataset) -> Tensor:
        """The targets of a batch, or of a data set, whose other fields are not read then.

        Args:
            batch: one or several items.

        Returns:
            Classes, (rows,) int64; labels (rows, L) and numbers (rows, T), float with NaN where
            one is missing.

        Raises:
            ValueError: there are none, or not one for each row.
        """
        if isinstance(batch, SimplicialDataset):
            batch = batch.only(self.target, "candidates").to_batch()
        return read_targets(
            batch, self.target, self.kind, self.num_outputs, self.level, self.candidates
        )

    def outputs(self, model: nn.Module, batch: SimplicialData) -> Tensor:
        """What a model answers to a batch, (rows, num_outputs).

        Args:
            model: called as ``model(x, complex)``, or with the candidates.
            batch: one or several items.

        Raises:
            ValueError: the answer is of another shape.
        """
        return self.checked(model(*self.inputs(batch)))

    def inputs(self, batch: SimplicialData) -> tuple[Any, ...]:
        """What a model is called with: cochains, complex, and candidates where they are the rows.

        Args:
            batch: one or several items.
        """
        inputs = batch.cochains(), batch.complex
        return (*inputs, batch.candidates) if self.candidates else inputs

    def checked(self, outputs: Tensor) -> Tensor:
        """The answer of a model, if it has the columns of the task.

        Args:
            outputs: of :meth:`inputs`.

        Raises:
            ValueError: another shape than (rows, num_outputs).
        """
        shape = tuple(outputs.shape) if isinstance(outputs, Tensor) else type(outputs)
        if not isinstance(shape, tuple) or len(shape) != 2 or shape[1] != self.num_outputs:
            level = "" if self.level is None else f", level={self.level}"
            raise ValueError(
                f"make_model must return a model whose outputs are (rows, {self.num_outputs}), got "
                f"{shape}. Give it out_channels={self.num_outputs}{level}."
            )
        return outputs

    @property
    def metric(self) -> str:
        """The one that chooses."""
        return self.metrics[0]

    @property
    def higher_is_better(self) -> bool:
        """Whether a larger value of the metric that chooses is better."""
        return self.metric not in _LOWER_IS_BETTER

    def with_options(self, **options: Any) -> "Task":
        """The task with other metrics, loss or weights; ``None`` leaves what is.

        Args:
            options: by the names of the class.
        """
        known = {each.name for each in fields(self)}
        for name in options:
            require_word("options", name, tuple(sorted(known)))
        return replace(self, **{key: each for key, each in options.items() if each is not None})


def _require_fit(what: str, name: Any, kind: str, known: dict[str, tuple[str, ...]]) -> None:
    """A metric or a loss that is one of the kind."""
    word = name if isinstance(name, str) else ""
    if word in known[kind]:
        return
    others = [other for other, names in known.items() if word in names]
    remedy = f" It is one of {' and '.join(others)}." if others else ""
    raise ValueError(
        f"{what} must be among {', '.join(known[kind])} for {kind}, got {shown(name)}.{remedy}"
    )
