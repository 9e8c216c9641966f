"""How good predictions are, by the metrics of torchmetrics; plain accuracy needs no extra."""

import importlib.util
from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor


if TYPE_CHECKING:
    from simplex.train._task import Task


def measure(
    task: "Task", outputs: Tensor, targets: Tensor, deviation: Tensor | None = None
) -> tuple[float, ...]:
    """Every metric of the task; not a number where it is not defined, as of no rows.

    Args:
        task: its kind says how they are read.
        outputs: (rows, num_outputs), logits, or numbers in their units.
        targets: as from ``Task.rows``, of the same rows.
        deviation: of each number over the training rows, for ``"mae_deviations"``.
    """
    outputs = outputs.detach()
    if not len(outputs):
        return (torch.nan,) * len(task.metrics)
    of_kinds: dict[str, Callable[[str, Tensor, Tensor], float]] = {
        "classes": _classes,
        "labels": _labels,
        "numbers": partial(_numbers, deviation=deviation),
    }
    of_kind = of_kinds[task.kind]
    with torch.autocast(outputs.device.type, enabled=False):
        return tuple(of_kind(name, outputs, targets) for name in task.metrics)


def _classes(name: str, logits: Tensor, classes: Tensor) -> float:
    guess, count = logits.argmax(1), logits.shape[1]
    if name in ("accuracy", "f1_micro"):  # of one answer a row they are the same
        return int((guess == classes).sum()) / len(classes)
    of = _torchmetrics()
    present = torch.unique(classes)
    if name == "balanced_accuracy":
        recall = of.multiclass_recall(guess, classes, count, average="none")
        return float(recall[present].double().mean())
    if name == "f1_macro":
        return float(of.multiclass_f1_score(guess, classes, count, average="macro"))
    if len(present) < 2:
        return torch.nan
    odds = logits.double().softmax(1)
    if count == 2:
        by_two = {"auroc": of.binary_auroc, "average_precision": of.binary_average_precision}
        return float(by_two[name](odds[:, 1], classes))
    by_class = {
        "auroc": of.multiclass_auroc,
        "average_precision": of.multiclass_average_precision,
    }
    among = torch.searchsorted(present, classes)  # one against the rest, of those that there are
    return float(by_class[name](odds[:, present], among, len(present), average="macro"))


def _labels(name: str, logits: Tensor, labels: Tensor) -> float:
    known = ~labels.isnan()
    guess = logits > 0
    if name == "accuracy":
        return int((guess == (labels > 0))[known].sum()) / max(int(known.sum()), 1)
    of, odds = _torchmetrics(), logits.double().sigmoid()
    truth = labels.nan_to_num(0).to(torch.int64)
    if name.startswith("f1"):
        average = name.removeprefix("f1_")
        marked = truth.masked_fill(~known, -1)
        if labels.shape[1] == 1:
            return float(of.binary_f1_score(odds[:, 0], marked[:, 0], ignore_index=-1))
        count = labels.shape[1]
        return float(of.multilabel_f1_score(odds, marked, count, average=average, ignore_index=-1))
    scores = []
    for column in range(labels.shape[1]):  # over labels that have both answers
        rows = known[:, column]
        own, wanted = odds[rows, column], truth[rows, column]
        if len(torch.unique(wanted)) < 2:
            continue
        if name == "balanced_accuracy":
            recall = of.multiclass_recall((own > 0.5).long(), wanted, 2, average="none")
            scores.append(float(recall.double().mean()))
        else:
            by_label = {"auroc": of.binary_auroc, "average_precision": of.binary_average_precision}
            scores.append(float(by_label[name](own, wanted)))
    return sum(scores) / len(scores) if scores else torch.nan


def _numbers(name: str, values: Tensor, numbers: Tensor, deviation: Tensor | None = None) -> float:
    of = _torchmetrics()
    if name == "mae_deviations":
        if deviation is None:
            raise ValueError("deviation must be given for mae_deviations, got None.")
        values, numbers = values / deviation, numbers / deviation
    by_column: dict[str, Callable[[Tensor, Tensor], Any]] = {
        "mae": of.mean_absolute_error,
        "mae_deviations": of.mean_absolute_error,
        "mse": of.mean_squared_error,
        "rmse": lambda own, wanted: of.mean_squared_error(own, wanted, squared=False),
        "r2": of.r2_score,
    }
    least = 2 if name == "r2" else 1
    scores = []
    for column in range(numbers.shape[1]):
        rows = ~numbers[:, column].isnan()
        if int(rows.sum()) >= least:
            own, wanted = values[rows, column].double(), numbers[rows, column].double()
            scores.append(float(by_column[name](own, wanted)))
    return sum(scores) / len(scores) if scores else torch.nan


@cache
def _torchmetrics() -> Any:
    """The functions, in one place."""
    if importlib.util.find_spec("torchmetrics") is None:
        raise ImportError(
            "torchmetrics must be installed for metrics other than the accuracy of classes, got "
            "no such package. Install it: pip install 'simplex-networks[train]'."
        )
    _load_torchvision()
    from types import SimpleNamespace

    from torchmetrics.functional import classification, regression

    return SimpleNamespace(
        **vars(classification),
        **{
            name: getattr(regression, name)
            for name in ("mean_absolute_error", "mean_squared_error", "r2_score")
        },
    )


def _load_torchvision() -> None:
    """Let torchmetrics load where there is a torchvision that was built for another torch.

    It imports torchvision where it finds one, and that raises for want of two operators, which no
    metric of ours needs: their names suffice.
    """
    if importlib.util.find_spec("torchvision") is None:
        return
    try:
        importlib.import_module("torchvision")
    except RuntimeError:
        library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
        for name in ("nms", "qnms"):
            library.define(  # type: ignore[no-untyped-call]
                f"{name}(Tensor dets, Tensor scores, float threshold) -> Tensor"
            )
        _KEPT.append(library)


_KEPT: list[torch.library.Library] = []  # names live as long as their library
