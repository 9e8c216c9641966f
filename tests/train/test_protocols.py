"""The two protocols: who may look at what, what is chosen, and that nothing is lost."""

import csv
import itertools
from functools import partial

import pytest
import torch

from simplex.data import SimplicialDataset
from simplex.datasets import stratified_folds, tu_dataset, tu_folds
from simplex.nn import SIN, FVectorMLP
from simplex.train import (
    Configuration,
    EpochRecord,
    Experiment,
    FoldChoice,
    TrainSettings,
    make_model,
    run_experiment,
    run_protocols,
    summarize,
    summarize_choices,
)
from tests.cases import over
from tests.train.scripted import Scripted, points
from tests.train.tiny import write_tiny


SETTINGS = TrainSettings(epochs=3, batch_size=5, lr=0.01, patience=1, seed=3)
POINTS = [
    Configuration(
        partial(FVectorMLP, 1, 4, 2, num_layers=2, max_dim=2), SETTINGS, "hidden_channels=4"
    ),
    Configuration(partial(SIN, 3, 4, 2, 1, 2, norm="batch", dropout=0.5), SETTINGS, "sin"),
]


def seeded(seed):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    dataset = tu_dataset("TINY", write_tiny(tmp_path_factory.mktemp("tu")))
    return dataset, stratified_folds(dataset.y, 2, generator=seeded(0))


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
        assert (record.test_score is None) == nested
        assert (record.validation_loss is None) == (not nested)
    assert [choice.fold for choice in outcome.choices] == [1, 2]
    assert outcome.seconds > 0
    for protocol in ("xu", "nested"):
        alone = run_protocols(*tiny, POINTS, [protocol])
        assert alone.records == [each for each in outcome.records if each.protocol == protocol]
        assert alone.choices == (outcome.choices if protocol == "nested" else [])


@pytest.mark.parametrize(
    "epochs", [[3, 8, -1], pytest.param([2, 11, 12], marks=pytest.mark.slow)], ids=str
)
def test_resumed_at_any_epoch_equals_uninterrupted(tiny, tmp_path, epochs, whole):
    for after in epochs:
        assert_resumed_equals_uninterrupted(tiny, tmp_path, after, whole)


def assert_resumed_equals_uninterrupted(tiny, tmp_path, after, whole):
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
    assert ours.validation_score == theirs.validation_score
    assert ours.test_score == pytest.approx(1 - theirs.test_score)


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
        assert choice.validation_score == best.validation_score
        # a run that ends with the chosen epoch gives the same test accuracy
        short = TrainSettings(epochs=best.epoch, batch_size=5, lr=0.01, seed=3)
        f, make = choice.fold - 1, POINTS[best.configuration - 1].make_model
        outer, test = tiny[1][f]
        inner, _ = stratified_folds(tiny[0].y[outer], len(outer), generator=seeded(3))[0]
        folds = [*tiny[1][:f], (outer[inner], test)]
        again = run_protocols(tiny[0], folds, [Configuration(make, short)], ["xu"])
        assert again.records[-1].test_score == choice.test_score


@over("seed", [0, 1])
def test_a_stratified_tenth_is_held_out_and_the_test_graphs_are_looked_at_once(seed):
    labels = torch.tensor([0] * 50 + [1] * 30 + [0] * 20)
    fold = torch.arange(10, 90), torch.cat([torch.arange(10), torch.arange(90, 100)])
    trained, scored = [], []

    def watch(model, numbers):
        (trained if model.training else scored).append(sorted(numbers))

    settings = TrainSettings(epochs=2, batch_size=100, seed=seed)
    point = Configuration(partial(Scripted, watch=watch), settings)
    run_protocols(points(labels), [fold], [point], ["nested"])
    assert trained[0] == trained[1]
    validation = scored[0]
    assert sorted(trained[0] + validation) == fold[0].tolist()
    assert labels[validation].bincount().tolist() == [5, 3]
    assert scored == [validation, validation, fold[1].tolist()]


def test_of_a_single_graph_nothing_can_be_held_out():
    fold, point = (torch.tensor([3]), torch.tensor([0])), Configuration(Scripted, TrainSettings())
    with pytest.raises(ValueError, match="must have at least 2 rows"):
        run_protocols(points([0, 1, 0, 1]), [fold], [point], ["nested"])


@over(
    "shares, margins, epochs, best",
    [
        ([0.5], [1.0], 3, 1),  # nothing better for two epochs
        ([0.5, 0.5, 1.0], [1.0], 5, 3),
        ([0.5, 0.0, 1.0], [1.0], 5, 3),
        ([0.5], [1.0, 1.0, 0.9], 3, 3),  # equal accuracy, less loss: chosen, but no better score
        ([0.5, 0.0], [1.0, 0.5, 0.4], 3, 1),  # less accuracy, less loss
        ([0.0, 0.5, 0.5, 1.0, 0.5], [1.0], 6, 4),
    ],
)
def test_patience(shares, margins, epochs, best):
    """The last values go on; a tenth of 20 graphs are two, so accuracies are 0, ½ and 1."""

    def script():
        longest = max(len(shares), len(margins))
        of_share = shares + shares[-1:] * (longest - len(shares))
        of_margin = margins + margins[-1:] * (longest - len(margins))
        pairs = list(zip(of_share, of_margin, strict=True))
        return itertools.chain(pairs, itertools.repeat(pairs[-1]))

    def run(patience, protocol):
        settings = TrainSettings(epochs=9, patience=patience)
        point = Configuration(lambda: Scripted(script()), settings)
        return run_protocols(points([0, 1] * 12), [fold], [point], [protocol])

    fold = (torch.arange(20), torch.arange(20, 24))
    outcome = run(2, "nested")
    wanted = [each for each, _ in itertools.islice(script(), epochs)]
    assert [each.validation_score for each in outcome.records] == wanted
    assert outcome.choices[0].epoch == best
    assert len(run(None, "nested").records) == len(run(2, "xu").records) == 9


def test_summary_takes_the_best_configuration():
    accuracy = {1: [[0.5, 0.75], [0.5, 0.25]], 2: [[0.25, 1.0], [0.25, 0.5]]}
    records = [
        EpochRecord(f + 1, e + 1, 0.0, 0.0, accuracy[c][f][e], configuration=c)
        for f in range(2)
        for c in (1, 2)
        for e in range(2)
    ]
    nested = EpochRecord(1, 1, 0.0, 0.0, None, 1.0, 0.9, "nested")
    summary = summarize([*records, nested])
    assert (summary.configuration, summary.best_epoch, summary.best_mean) == (2, 2, 0.75)
    assert (summary.best_std, summary.last_mean) == (0.25, 0.75)


def test_summary_of_choices():
    summary = summarize_choices([FoldChoice(1, 2, 3, 1.0, 0.5), FoldChoice(2, 1, 1, 0.5, 1.0)])
    assert (summary.mean, summary.std, summary.validation_mean) == (0.75, 0.25, 0.75)


def test_the_log_has_every_record_to_the_last_digit(tmp_path):
    train = TrainSettings(epochs=2, lr=0.01, seed=2)
    settings = Experiment(
        "TINY", write_tiny(tmp_path), hidden_channels=4, num_layers=1, folds=2, train=train
    )
    report = run_experiment(settings, tmp_path / "run", report=lambda line: None)
    dataset = tu_dataset("TINY", tmp_path)
    folds = tu_folds("TINY", dataset.y, tmp_path, num_folds=2, generator=seeded(2))
    point = Configuration(partial(make_model, settings, dataset), train)
    outcome = run_protocols(dataset, folds, [point])
    assert report.choices == tuple(outcome.choices)
    with (tmp_path / "run" / "curves.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(outcome.records) == 8
    for row, record in zip(rows, outcome.records, strict=True):
        expected = {
            name: "" if value is None else str(value)
            for name, value in vars(record).items()
            if name != "further"
        }
        assert row == expected


def test_wrong_protocols_and_configurations(tiny):
    with pytest.raises(ValueError, match="protocols must be some of"):
        run_protocols(*tiny, POINTS, ["honest"])
    with pytest.raises(ValueError, match="configurations must be a list of at least one"):
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
