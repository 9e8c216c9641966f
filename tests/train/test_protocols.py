"""The two protocols: who may look at what, what is chosen, and that nothing is lost."""

from functools import partial

import pytest
import torch

from simplex.data import SimplicialDataset
from simplex.datasets import Fold, stratified_folds, tu_dataset
from simplex.nn import SIN, FVectorMLP
from simplex.train import (
    Configuration,
    EpochRecord,
    FoldChoice,
    TrainSettings,
    hold_out,
    run_protocols,
    summarize,
    summarize_choices,
    write_csv,
)
from simplex.train._protocols import _is_finished
from simplex.train._records import from_table, to_row
from tests.train.tiny import write_tiny


SETTINGS = TrainSettings(epochs=3, batch_size=5, lr=0.01, patience=1, seed=3)
POINTS = [
    Configuration(
        partial(FVectorMLP, 1, 4, 2, num_layers=2, max_dim=2), SETTINGS, "hidden_channels=4"
    ),
    Configuration(partial(SIN, 3, 4, 2, 1, 2, norm="batch", dropout=0.5), SETTINGS, "sin"),
]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    dataset = tu_dataset("TINY", write_tiny(tmp_path_factory.mktemp("tu")))
    return dataset, stratified_folds(dataset.y, 2)


@pytest.fixture(scope="module")
def whole(tiny):
    return run_protocols(*tiny, POINTS)


class KilledError(Exception):
    pass


def test_records_of_both_protocols(tiny, whole):
    outcome = whole
    runs = list(dict.fromkeys(record.run for record in outcome.records))
    protocols = [("xu", 1), ("xu", 2), ("nested", 1), ("nested", 2)]
    assert runs == [(f, *each) for f in (1, 2) for each in protocols]
    for record in outcome.records:
        nested = record.protocol == "nested"
        assert (record.test_accuracy is None) == nested
        assert (record.validation_loss is None) == (not nested)
    assert [choice.fold for choice in outcome.choices] == [1, 2]
    assert outcome.seconds > 0
    for protocol in ("xu", "nested"):
        alone = run_protocols(*tiny, POINTS, [protocol])
        assert alone.records == [each for each in outcome.records if each.protocol == protocol]
        assert alone.choices == (outcome.choices if protocol == "nested" else [])


@pytest.mark.parametrize("after", [2, 3, 8, 11, 12, -1])
def test_resumed_at_any_epoch_equals_uninterrupted(tiny, tmp_path, after, whole):
    path, seen, told = tmp_path / "checkpoint.pt", [], []

    def kill(record):
        seen.append(record)
        if len(seen) == after % (len(whole.records) + 1):
            raise KilledError

    with pytest.raises(KilledError):
        run_protocols(*tiny, POINTS, checkpoint=path, on_epoch=kill)
    resumed = run_protocols(
        *tiny, POINTS, checkpoint=path, resume=True, on_epoch=told.append, on_choice=told.append
    )
    assert resumed.records == whole.records
    assert resumed.choices == whole.choices
    assert [each for each in told if isinstance(each, EpochRecord)] == whole.records
    at = [i for i, each in enumerate(told) if isinstance(each, FoldChoice)]
    assert [told[i] for i in at] == whole.choices
    assert all(told[i - 1].protocol == "nested" for i in at)


def test_nested_choices_do_not_see_the_test_graphs(tiny):
    dataset, folds = tiny
    honest = run_protocols(dataset, folds[:1], POINTS)
    batch = dataset.to_batch()
    labels = batch.y.clone()
    labels[folds[0].test] = 1 - labels[folds[0].test]
    lying = SimplicialDataset.from_union(
        batch.complex, batch.cochains(), max_dim=2, fields={"y": labels}
    )
    # the inner split is drawn from the labels of the training part alone
    other = run_protocols(lying, folds[:1], POINTS)
    nested = [each for each in honest.records if each.protocol == "nested"]
    assert nested == [each for each in other.records if each.protocol == "nested"]
    (ours,), (theirs,) = honest.choices, other.choices
    assert (ours.epoch, ours.configuration) == (theirs.epoch, theirs.configuration)
    assert ours.validation_accuracy == theirs.validation_accuracy
    assert ours.test_accuracy == pytest.approx(1 - theirs.test_accuracy)


def test_choice_is_the_best_validation_and_its_own_model(tiny, whole):
    outcome = whole
    for choice in outcome.choices:
        own = [
            each
            for each in outcome.records
            if each.protocol == "nested" and each.fold == choice.fold
        ]
        best = max(own, key=lambda each: each.validation)
        assert (choice.configuration, choice.epoch) == (best.configuration, best.epoch)
        assert choice.validation_accuracy == best.validation_accuracy
        # a run that ends with the chosen epoch gives the same test accuracy
        short = TrainSettings(epochs=best.epoch, batch_size=5, lr=0.01, seed=3)
        f, make = choice.fold - 1, POINTS[best.configuration - 1].make_model
        train, _ = hold_out(tiny[1][f], tiny[0].y, 3)
        folds = [*tiny[1][:f], Fold(train, tiny[1][f].test)]
        again = run_protocols(tiny[0], folds, [Configuration(make, short)], ["xu"])
        assert again.records[-1].test_accuracy == choice.test_accuracy


@pytest.mark.parametrize("seed", [0, 1])
def test_hold_out_is_a_stratified_tenth(seed):
    labels = torch.tensor([0] * 50 + [1] * 30 + [0] * 20)
    fold = Fold(torch.arange(10, 90), torch.cat([torch.arange(10), torch.arange(90, 100)]))
    train, validation = hold_out(fold, labels, seed)
    assert sorted([*train.tolist(), *validation.tolist()]) == list(range(10, 90))
    assert len(validation) == 8
    assert labels[validation].bincount().tolist() == [5, 3]


def test_hold_out_of_little():
    fold = Fold(torch.tensor([3]), torch.tensor([0]))
    with pytest.raises(ValueError, match="must have at least 2 graphs"):
        hold_out(fold, torch.zeros(4, dtype=torch.int64))


def nested_records(accuracies, losses=None):
    losses = losses or [1.0] * len(accuracies)
    return [
        EpochRecord(1, e + 1, 0.0, 0.0, None, loss, accuracy, "nested")
        for e, (accuracy, loss) in enumerate(zip(accuracies, losses, strict=True))
    ]


@pytest.mark.parametrize(
    ("accuracies", "losses", "expected"),
    [
        ([0.5], None, False),
        ([0.5, 0.5], None, False),
        ([0.5, 0.5, 0.5], None, True),
        ([0.5, 0.4, 0.6], None, False),
        ([0.5, 0.5, 0.5], [1.0, 1.0, 0.9], False),
        ([0.5, 0.4, 0.4], [1.0, 0.5, 0.4], True),
    ],
)
def test_patience(accuracies, losses, expected):
    settings = TrainSettings(epochs=9, patience=2)
    records = nested_records(accuracies, losses)
    assert _is_finished(records, settings) == expected
    assert not _is_finished(records, TrainSettings(epochs=9))
    xu = [EpochRecord(1, e, 0.0, 0.0, 0.5) for e in range(1, 9)]
    assert not _is_finished(xu, settings)
    assert _is_finished([*xu, xu[0]], settings)


def test_summary_takes_the_best_configuration():
    accuracy = {1: [[0.5, 0.75], [0.5, 0.25]], 2: [[0.25, 1.0], [0.25, 0.5]]}
    records = [
        EpochRecord(f + 1, e + 1, 0.0, 0.0, accuracy[c][f][e], configuration=c)
        for f in range(2)
        for c in (1, 2)
        for e in range(2)
    ]
    summary = summarize([*records, *nested_records([0.9])])
    assert (summary.configuration, summary.best_epoch, summary.best_mean) == (2, 2, 0.75)
    assert (summary.best_std, summary.last_mean) == (0.25, 0.75)


def test_summary_of_choices():
    summary = summarize_choices([FoldChoice(1, 2, 3, 1.0, 0.5), FoldChoice(2, 1, 1, 0.5, 1.0)])
    assert (summary.mean, summary.std, summary.validation_mean) == (0.75, 0.25, 0.75)


def test_records_survive_the_table_and_the_log(whole, tmp_path):
    records = whole.records
    assert from_table(torch.cat([to_row(each) for each in records])) == records
    write_csv(records, tmp_path / "log.csv")
    header, *lines = (tmp_path / "log.csv").read_text().splitlines()
    assert header.startswith("fold,epoch,train_loss")
    assert [float(line.split(",")[2]) for line in lines] == [each.train_loss for each in records]


def test_wrong_protocols_and_configurations(tiny):
    with pytest.raises(ValueError, match="protocols must be some of"):
        run_protocols(*tiny, POINTS, ["honest"])
    with pytest.raises(ValueError, match="configurations must be at least one"):
        run_protocols(*tiny, [])
    other = Configuration(POINTS[0].make_model, TrainSettings(seed=4))
    with pytest.raises(ValueError, match=r"all with one seed, got \[3, 4\]"):
        run_protocols(*tiny, [POINTS[0], other])


def test_checkpoint_of_another_grid(tiny, tmp_path):
    path = tmp_path / "checkpoint.pt"
    run_protocols(*tiny, POINTS, ["xu"], checkpoint=path)
    with pytest.raises(ValueError, match="further_configurations"):
        run_protocols(*tiny, POINTS[:1], ["xu"], checkpoint=path, resume=True)
    with pytest.raises(ValueError, match="protocols="):
        run_protocols(*tiny, POINTS, checkpoint=path, resume=True)
