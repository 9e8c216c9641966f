"""Metrics against scikit-learn, of all rows at once and of those that are known."""

from itertools import product

import numpy as np
import pytest
import torch
from sklearn import metrics as oracle

from simplex.train import Task, measure
from tests.cases import over


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@over("classes, name", product([2, 4], ["accuracy", "balanced_accuracy", "f1_macro", "f1_micro"]))
def test_answers(classes, name):
    logits = torch.randn(60, classes, generator=seeded())
    truth = torch.randint(0, classes, (60,), generator=seeded(1))
    task = Task("classes", classes, metrics=(name,))
    guess = logits.argmax(1)
    expected = {
        "accuracy": oracle.accuracy_score(truth, guess),
        "balanced_accuracy": oracle.balanced_accuracy_score(truth, guess),
        "f1_macro": oracle.f1_score(truth, guess, average="macro"),
        "f1_micro": oracle.f1_score(truth, guess, average="micro"),
    }
    assert measure(task, logits, truth)[0] == pytest.approx(expected[name], rel=1e-6)


@over("classes, absent", [(2, False), (4, False), (4, True)])
def test_ranks_of_classes(classes, absent):
    logits = torch.randn(60, classes, generator=seeded())
    truth = torch.randint(0, classes, (60,), generator=seeded(1))
    if absent:  # one against the rest, of the classes that there are
        truth[truth == 1] = 0
    odds = logits.double().softmax(1).numpy()
    present = sorted(set(truth.tolist())) if classes > 2 else [1]
    one = {"auroc": oracle.roc_auc_score, "average_precision": oracle.average_precision_score}
    for name, score in one.items():
        expected = np.mean([score(truth == c, odds[:, c]) for c in present])
        got = measure(Task("classes", classes, metrics=(name,)), logits, truth)[0]
        assert got == pytest.approx(expected, rel=1e-5)


@over("name", ["auroc", "average_precision", "balanced_accuracy", "accuracy", "f1_macro"])
def test_labels_with_missing_ones(name):
    logits = torch.randn(50, 3, generator=seeded())
    truth = (torch.rand(50, 3, generator=seeded(1)) > 0.5).float()
    truth[torch.rand(50, 3, generator=seeded(2)) < 0.3] = torch.nan
    truth[:, 2] = torch.where(truth[:, 2].isnan(), truth[:, 2], 1.0)  # only one answer
    scores = []
    for column in range(3):
        known = ~truth[:, column].isnan()
        own, wanted = logits[known, column], truth[known, column]
        if name == "f1_macro":
            scores.append(oracle.f1_score(wanted, own > 0))
        elif name == "accuracy":
            scores += (wanted == (own > 0)).tolist()
        elif len(wanted.unique()) == 2:
            score = {
                "auroc": lambda t, p: oracle.roc_auc_score(t, p),
                "average_precision": lambda t, p: oracle.average_precision_score(t, p),
                "balanced_accuracy": lambda t, p: oracle.balanced_accuracy_score(t, p > 0),
            }[name]
            scores.append(score(wanted, own))
    got = measure(Task("labels", 3, metrics=(name,)), logits, truth)[0]
    assert got == pytest.approx(np.mean(scores), rel=1e-5)


def test_numbers_with_missing_ones():
    values = torch.randn(30, 2, generator=seeded())
    truth = values + torch.randn(30, 2, generator=seeded(1))
    truth[torch.rand(30, 2, generator=seeded(2)) < 0.3] = torch.nan
    pairs = []
    for column in range(2):
        known = ~truth[:, column].isnan()
        pairs.append((truth[known, column], values[known, column]))
    expected = [
        np.mean([score(*pair) for pair in pairs])
        for score in (
            oracle.mean_absolute_error,
            lambda t, p: oracle.mean_squared_error(t, p) ** 0.5,
            oracle.r2_score,
        )
    ]
    got = measure(Task("numbers", 2, metrics=("mae", "rmse", "r2")), values, truth)
    assert got == pytest.approx(expected, rel=1e-5)
    deviations, task = (
        torch.tensor([2.0, 5.0]),
        Task("numbers", 2, metrics=("mae_deviations", "mse")),
    )
    got = measure(task, values, truth, deviations)
    each = [oracle.mean_absolute_error(*pair) for pair in pairs]
    squares = [oracle.mean_squared_error(*pair) for pair in pairs]
    assert got == pytest.approx([(each[0] / 2 + each[1] / 5) / 2, np.mean(squares)], rel=1e-5)


def test_what_is_better():
    better = {
        name: Task(kind, 2, metrics=(name,)).higher_is_better
        for kind, names in {"classes": ("accuracy", "auroc"), "numbers": ("mae", "r2")}.items()
        for name in names
    }
    assert better == {"accuracy": True, "auroc": True, "mae": False, "r2": True}
    for name in ("rmse", "mse", "mae_deviations"):
        assert Task("numbers", 2, metrics=(name,)).higher_is_better is False


def test_without_the_extra_accuracy_stays(monkeypatch):
    import importlib.util

    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *rest: None if name == "torchmetrics" else found(name, *rest),
    )
    logits, truth = torch.eye(3), torch.tensor([0, 1, 1])
    assert measure(Task("classes", 3), logits, truth) == (2 / 3,)
    monkeypatch.setattr("simplex.train._metrics._torchmetrics", _uncached())
    with pytest.raises(ImportError, match=r"pip install 'simplex-networks\[train\]'"):
        measure(Task("classes", 3, metrics=("f1_macro",)), logits, truth)


def _uncached():
    from simplex import train

    return train.measure.__globals__["_torchmetrics"].__wrapped__
