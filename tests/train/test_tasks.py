"""Every kind of target at every level: the loop against the same loop by hand, and what is seen."""

from functools import partial
from itertools import product

import pytest
import torch
from torch.nn import functional

from simplex.data import SimplicialDataset
from simplex.nn import SCCNN
from simplex.train import (
    Configuration,
    Split,
    Task,
    TrainSettings,
    random_splits,
    run_protocols,
)
from tests.cases import over
from tests.train.made import OfCandidates, Plain, dataset, single


KINDS = ("classes", "labels", "numbers")


def by_hand(data, task, split, rows, settings, make):
    """Full batches: one step an epoch; losses, and the metric of the validation at each epoch."""
    batch = data.to_batch()
    x, K = batch.cochains(), batch.complex
    y = task.rows(batch)
    train, validation = rows(split.train), rows(split.validation)
    mean = deviation = None
    if task.kind == "numbers":
        known = [y[train, c][~y[train, c].isnan()] for c in range(y.shape[1])]
        mean = torch.stack([each.mean() for each in known])
        deviation = torch.stack([each.std(correction=0) for each in known])

    def loss_of(outputs, wanted):
        if task.kind == "classes":
            return functional.cross_entropy(outputs, wanted)
        known = ~wanted.isnan()
        if task.kind == "labels":
            return functional.binary_cross_entropy_with_logits(outputs[known], wanted[known])
        return (outputs - (wanted - mean) / deviation)[known].square().mean()

    model = make()
    optimizer = torch.optim.Adam(model.parameters(), settings.lr)
    seen = []
    for _ in range(settings.epochs):
        model.train()
        loss = loss_of(model(x, K)[train], y[train])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        model.eval()
        with torch.no_grad():
            outputs = model(x, K)
        outputs = outputs if mean is None else outputs * deviation + mean
        seen.append((float(loss.detach()), outputs))
    return seen, y, validation


def close(one, other):
    assert one == pytest.approx(other, rel=1e-5, abs=1e-7)


@over("kind, level", product(KINDS, (0, 1, 2)))
def test_one_complex_is_trained_as_by_hand(kind, level):
    data = single(kind, level, dtype=torch.float64)
    task = Task.of(data, level=level)
    assert (task.kind, task.num_outputs, task.level) == (kind, 3, level)
    split = random_splits(int(data.num_simplices[0, level]), (0,))[0]
    check(data, task, split, lambda ids: ids, partial(Plain, 3, level, dtype=torch.float64))


@over("kind, level", product(KINDS, (None, 0, 1)))
def test_many_complexes_are_trained_as_by_hand(kind, level):
    data = dataset(24, kind, level, dtype=torch.float64)
    task = Task.of(data, level=level)
    assert (task.kind, task.num_outputs, task.level) == (kind, 3, level)
    sizes = data.num_simplices[:, level or 0]
    item = torch.arange(24) if level is None else torch.arange(24).repeat_interleave(sizes)
    split = random_splits(24, (3,))[0]

    def rows(ids):
        return torch.isin(item, ids).nonzero()[:, 0]

    check(data, task, split, rows, partial(Plain, 3, level, dtype=torch.float64))


def check(data, task, split, rows, make):
    settings = TrainSettings(epochs=3, batch_size=100, lr=0.05, schedule="none")

    def seeded():
        torch.manual_seed(0)
        return make()

    outcome = run_protocols(
        data, [split], [Configuration(seeded, settings)], ["held-out"], task=task
    )
    seen, y, validation = by_hand(data, task, split, rows, settings, seeded)
    scores = [measured(task, outputs[validation], y[validation]) for _, outputs in seen]
    for record, (loss, _), score in zip(outcome.records, seen, scores, strict=True):
        close(record.train_loss, loss)
        close(record.validation_score, score)
        assert record.test_score is None
    (choice,) = outcome.choices
    sign = 1 if task.higher_is_better else -1
    assert sign * scores[choice.epoch - 1] == pytest.approx(max(sign * each for each in scores))
    test = rows(split.test)
    close(choice.test_score, measured(task, seen[choice.epoch - 1][1][test], y[test]))
    close(choice.validation_score, scores[choice.epoch - 1])


def measured(task, outputs, wanted):
    """The first metric, by scikit-learn."""
    from sklearn import metrics

    if task.kind == "classes":
        return metrics.accuracy_score(wanted, outputs.argmax(1))
    scores = []
    for column in range(outputs.shape[1]):
        known = ~wanted[:, column].isnan()
        own, true = outputs[known, column], wanted[known, column]
        if task.kind == "numbers":
            scores.append(metrics.mean_absolute_error(true, own))
        elif len(true.unique()) == 2:
            scores.append(metrics.roc_auc_score(true, own))
    return sum(scores) / len(scores)


@over("dtype", [torch.float32, torch.float64])
def test_numbers_are_in_their_units(dtype):
    """Other units of the targets: the same training, the error in them."""
    data = dataset(20, "numbers", dtype=dtype)
    batch = data.to_batch()
    other = SimplicialDataset.from_union(
        batch.complex, batch.cochains(), max_dim=2, fields={"y": 1000 * batch.y - 5}
    )
    settings = TrainSettings(epochs=3, batch_size=4, lr=0.05)
    point = Configuration(partial(Plain, 3, dtype=dtype), settings)
    ours, theirs = (
        run_protocols(each, random_splits(20, (0,)), [point], ["held-out"], task=Task.of(each))
        for each in (data, other)
    )
    for one, two in zip(ours.records, theirs.records, strict=True):
        assert two.train_loss == pytest.approx(one.train_loss, rel=1e-3)
        assert two.validation_score == pytest.approx(1000 * one.validation_score, rel=1e-3)
    assert ours.model.mean.tolist() == pytest.approx(
        batch.y[random_splits(20, (0,))[0].train].nanmean(0).tolist(), rel=1e-5
    )


def test_standardisation_sees_the_training_rows_alone():
    data = dataset(20, "numbers")
    batch, split = data.to_batch(), random_splits(20, (0,))[0]
    lying = batch.y.clone()
    lying[torch.cat([split.validation, split.test])] *= 100
    other = SimplicialDataset.from_union(
        batch.complex, batch.cochains(), max_dim=2, fields={"y": lying}
    )
    point = Configuration(partial(Plain, 3), TrainSettings(epochs=2, lr=0.05))
    ours, theirs = (
        run_protocols(each, [split], [point], ["held-out"], task=Task.of(each))
        for each in (data, other)
    )
    pairs = zip(ours.records, theirs.records, strict=True)
    assert all(one.train_loss == two.train_loss for one, two in pairs)
    assert torch.equal(ours.model.mean, theirs.model.mean)
    assert torch.equal(ours.model.deviation, theirs.model.deviation)


def test_signed_numbers_turn_with_their_simplices():
    """Edges turned, with features and targets: the same training, and predictions turned."""
    data = dataset(12, "numbers", 1, width=1, dtype=torch.float64)
    K, x, y = data.to_batch().complex, data.to_batch().cochains(), data.y_1
    generator = torch.Generator().manual_seed(0)
    signs = 1 - 2 * torch.randint(0, 2, (len(y),), generator=generator)
    make = partial(SCCNN, 3, 4, 1, num_layers=1, max_dim=2, level=1, signed_output=True)
    point = Configuration(lambda: make().double(), TrainSettings(epochs=3, lr=0.05))
    outcomes = []
    for turn in (torch.ones_like(signs), signs):
        turned = SimplicialDataset.from_union(
            K.reorient({1: turn}),
            [x[0], turn[:, None] * x[1], x[2]],
            fields={"y_1": turn[:, None] * y},
            slices={"y_1": K.part_pointer(1)},
        )
        task = Task.of(turned, level=1, signed=True)
        split = random_splits(12, (0,))
        outcomes.append(run_protocols(turned, split, [point], ["held-out"], task=task))
    assert outcomes[0].model.mean.tolist() == [0]
    for one, two in zip(*(each.records for each in outcomes), strict=True):
        assert two.train_loss == pytest.approx(one.train_loss, rel=1e-9)
        assert two.validation_score == pytest.approx(one.validation_score, rel=1e-9)


@over("one", [True, False])
def test_candidates_are_rows(one):
    """Of one complex the ids are candidates, of many they are items."""
    data = dataset(1 if one else 12, "numbers")
    batch = data.to_batch()
    K, m = batch.complex, len(data)
    per_item = 40 // m
    generator = torch.Generator().manual_seed(0)
    pairs = torch.randint(0, 6, (m * per_item, 2), generator=generator)
    shift = 6 * torch.arange(m).repeat_interleave(per_item)
    truth = (batch.x[pairs + shift[:, None]].sum((1, 2)) > 0).long()
    bounds = per_item * torch.arange(m + 1)
    made = SimplicialDataset.from_union(
        K,
        batch.cochains(),
        max_dim=2,
        fields={"candidates": pairs, "y_candidates": truth},
        slices={"candidates": bounds, "y_candidates": bounds},
    )
    task = Task.of(made, candidates=True, metrics=("auroc", "accuracy"))
    assert (task.target, task.num_outputs, task.kind) == ("y_candidates", 2, "classes")
    split = random_splits(m * per_item if one else m, (0,))[0]
    settings = TrainSettings(epochs=40, batch_size=3, lr=0.1, schedule="none")
    point = Configuration(partial(OfCandidates, 2), settings)
    (choice,) = run_protocols(made, [split], [point], ["held-out"], task=task).choices
    assert choice.test_score > 0.9


def test_balanced_weights_make_classes_count_the_same():
    data = dataset(30, "classes", width=2)
    y = data.y
    task = Task.of(data, class_weights="balanced")
    train = torch.arange(30)
    split = Split(train[:24], train[24:27], train[27:])
    settings = TrainSettings(epochs=1, batch_size=100, lr=1e-9)

    def constant():
        model = Plain(2)
        torch.nn.init.zeros_(model.map.weight)
        model.map.bias.data = torch.tensor([1.0, -1.0])
        return model

    (record,) = run_protocols(
        data, [split], [Configuration(constant, settings)], ["xu"], task=task
    ).records
    losses = -torch.tensor([1.0, -1.0]).log_softmax(0)
    assert y[:24].bincount().tolist() != [12, 12]
    assert record.train_loss == pytest.approx(float(losses.mean()), rel=1e-6)


@over(
    "values, expected",
    [
        (torch.tensor([0, 2, 1]), (None, "classes", 3)),
        (torch.tensor([[0], [1], [1]]), (None, "classes", 2)),
        (torch.tensor([[0, 1], [1, -1], [0, 0]]), (None, "labels", 2)),
        (torch.tensor([[0.0, 1.0], [1.0, torch.nan], [0, 0]]), (None, "labels", 2)),
        (torch.tensor([0.5, 1.0, torch.nan]), (None, "numbers", 1)),
        (torch.arange(6.0).view(3, 2), (None, "numbers", 2)),
    ],
)
def test_the_task_that_targets_pose(values, expected):
    K = dataset(3, "classes").to_batch().complex
    task = Task.of(SimplicialDataset.from_union(K, fields={"y": values}))
    assert (task.level, task.kind, task.num_outputs) == expected


def test_one_complex_with_a_target_per_vertex_is_of_its_vertices():
    data = single("classes", 0)
    assert Task.of(data).level == 0
    assert Task.of(data, metrics=("f1_macro",)).metrics == ("f1_macro",)
