"""Schedules, grids, options, random numbers and the models known by name."""

import itertools
import math
from dataclasses import astuple, replace

import pytest
import torch

from simplex.datasets import stratified_folds, tu_dataset
from simplex.nn import SIN
from simplex.train import (
    MODELS,
    Configuration,
    Experiment,
    TrainSettings,
    cross_validate,
    make_model,
    parse_grid,
    parse_options,
    run_experiment,
    run_protocols,
)
from tests.cases import over
from tests.train.scripted import Scripted, points
from tests.train.tiny import write_tiny


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return tu_dataset("TINY", write_tiny(tmp_path_factory.mktemp("tu")))


def rates(monkeypatch, settings, protocol="xu", margins=(0.0,)):
    """The learning rate of each step, one an epoch; margins that grow make the loss fall."""
    seen, step = [], torch.optim.Adam.step

    def record(optimizer, *args):
        seen.append(optimizer.param_groups[0]["lr"])
        return step(optimizer, *args)

    def model():
        shown = ((1.0, margin) for margin in margins)
        return Scripted(itertools.chain(shown, itertools.repeat((1.0, margins[-1]))))

    fold = (torch.arange(20), torch.arange(20, 22))
    with monkeypatch.context() as patch:
        patch.setattr(torch.optim.Adam, "step", record)
        run_protocols(points([0, 1] * 11), [fold], [Configuration(model, settings)], [protocol])
    return seen


def test_schedules(monkeypatch):
    base = TrainSettings(epochs=6, batch_size=20, lr=0.8, decay=0.5, decay_every=2)
    assert rates(monkeypatch, base) == [0.8, 0.8, 0.4, 0.4, 0.2, 0.2]
    assert rates(monkeypatch, replace(base, schedule="none")) == [0.8] * 6
    cosine = [0.4 * (1 + math.cos(math.pi * e / 6)) for e in range(6)]
    assert rates(monkeypatch, replace(base, schedule="cosine")) == pytest.approx(cosine)
    plateau = replace(base, schedule="plateau")
    for protocol in ("xu", "nested"):  # of the training loss, of the validation loss
        assert rates(monkeypatch, plateau, protocol) == [0.8, 0.8, 0.8, 0.4, 0.4, 0.2]
    assert rates(monkeypatch, plateau, "nested", range(1, 7)) == [0.8] * 6


@over(
    "field, value",
    [("patience", 0), ("decay", 0.0), ("decay", 2.0), ("weight_decay", -1.0), ("seed", -1)],
)
def test_training_settings_out_of_range(field, value):
    with pytest.raises(ValueError, match=f"{field} must be .*, got {value}"):
        TrainSettings(**{field: value})


def test_unknown_schedule_and_protocol():
    with pytest.raises(ValueError, match=r"schedule must be one of .*, got 'linear'"):
        TrainSettings(schedule="linear")
    with pytest.raises(ValueError, match=r"protocol must be one of .*, got 'honest'"):
        Experiment("TINY", protocol="honest")
    for name in ("hidden_channels", "num_layers"):
        with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
            Experiment("TINY", **{name: 0})
    with pytest.raises(ValueError, match="max_dim must be non-negative, got -1"):
        Experiment("TINY", max_dim=-1)


def test_grid_is_read_by_the_type_of_the_setting():
    texts = [
        "hidden_channels=16, 32",
        "lr=0.1",
        "norm=batch,none",
        "batch-size=8",
        "patience=none,3",
    ]
    grid = parse_grid([*texts, "schedule=cosine"])
    assert grid == {
        "hidden_channels": [16, 32],
        "lr": [0.1],
        "norm": ["batch", None],
        "batch_size": [8],
        "patience": [None, 3],
        "schedule": ["cosine"],
    }


def test_every_combination_of_a_grid_is_trained(tmp_path):
    lines, train = [], TrainSettings(epochs=1, lr=1e30)
    grid = {"hidden_channels": [4, 6], "norm": ["batch", None], "lr": [0.1, 0.2]}
    settings = Experiment(
        "TINY", write_tiny(tmp_path), num_layers=1, folds=2, protocol="xu", grid=grid, train=train
    )
    run_experiment(settings, tmp_path / "run", report=lines.append)
    names = [line.partition(": ")[2] for line in lines if line.startswith("configuration ")]
    assert names == [
        f"hidden_channels={hidden} norm={norm} lr={lr}"
        for hidden in (4, 6)
        for norm in ("batch", None)
        for lr in (0.1, 0.2)
    ]
    assert len((tmp_path / "run" / "curves.csv").read_text().splitlines()) == 1 + 8 * 2
    alone = replace(settings, hidden_channels=6, norm=None, grid={}, train=replace(train, lr=0.2))
    run_experiment(alone, tmp_path / "alone", report=lines.append)
    assert not any(line.startswith("configuration ") for line in lines[-6:])
    rows = [(tmp_path / each / "curves.csv").read_text().splitlines() for each in ("run", "alone")]
    last = [row.removesuffix(",8") for row in rows[0] if row.endswith(",xu,8")]
    assert last == [row.removesuffix(",1") for row in rows[1][1:]]


@over("text", ["num_layers", "num_layers=", "depth=3", "seed=1,2", "max_dim=1,2"])
def test_wrong_grid(text):
    with pytest.raises(ValueError, match="grid must be given as NAME=VALUE"):
        parse_grid([text])
    with pytest.raises(ValueError, match="grid must be given as NAME=VALUE"):
        parse_grid(["lr=1", "lr=2"])


def test_grid_values_of_another_type_or_out_of_range(tmp_path):
    with pytest.raises(ValueError, match="grid must have values that hidden_channels can take"):
        parse_grid(["hidden_channels=wide"])
    with pytest.raises(ValueError, match="hidden_channels must be at least 1, got 0"):
        run_experiment(Experiment("TINY", grid={"hidden_channels": [4, 0]}), tmp_path)
    for grid in ({"depth": [1]}, {"hidden_channels": []}):
        with pytest.raises(ValueError, match="grid must have at least one value"):
            run_experiment(Experiment("TINY", grid=grid), tmp_path)


def test_options():
    assert parse_options(["a=1", "b=(0, 2)", "c=word", "d-e=None", "f=1,2"]) == {
        "a": 1,
        "b": (0, 2),
        "c": "word",
        "d_e": None,
        "f": (1, 2),
    }
    for texts in (["a"], ["=1"], ["a=1", "a=2"], ["a b=1"]):
        with pytest.raises(ValueError, match="option must be NAME=VALUE"):
            parse_options(texts)


@over("name", sorted(set(MODELS) - {"empsn"}))  # which needs positions
def test_every_model_by_name(tiny, name):
    model = make_model(Experiment("TINY", model=name, hidden_channels=4, num_layers=2), tiny)
    batch = tiny.to_batch()
    logits = model(batch.cochains(), batch.complex)
    assert logits.shape == (16, 2)
    logits.sum().backward()
    assert any(each.grad is not None and each.grad.any() for each in model.parameters())


def test_options_reach_the_model(tiny):
    model = make_model(Experiment("TINY", options={"readout_dims": (0, 2)}), tiny)
    full = make_model(Experiment("TINY"), tiny)
    assert sum(p.numel() for p in model.parameters()) < sum(p.numel() for p in full.parameters())
    rectified = make_model(Experiment("TINY", options={"activation": "relu"}), tiny)
    assert rectified.convs[0].activation is torch.nn.functional.relu
    assert full.convs[0].activation is torch.nn.functional.elu
    with pytest.raises(TypeError, match="nonsense"):
        make_model(Experiment("TINY", options={"nonsense": 1}), tiny)
    with pytest.raises(ValueError, match=r"model must be one of .*f-vector.*, got 'gnn'"):
        make_model(Experiment("TINY", model="gnn"), tiny)


def test_scores_are_those_of_the_model_and_do_not_depend_on_the_batches(tiny, monkeypatch):
    folds = stratified_folds(tiny.y, 2, generator=torch.Generator().manual_seed(0))
    settings = TrainSettings(epochs=2, batch_size=5, lr=0.01)

    def run():
        made, calls = [], []

        def model():
            made.append(SIN(3, 4, 2, 1, 2, norm="batch"))
            made[-1].register_forward_hook(lambda module, *_: calls.append(module.training))
            return made[-1]

        return cross_validate(tiny, folds, model, settings), made, calls.count(False)

    whole, made, scorings = run()
    assert scorings == 4
    monkeypatch.setattr("simplex.train._evaluation._SIMPLICES_PER_BATCH", 9)
    parts, _, scorings = run()
    assert scorings > 12
    for one, other in zip(whole, parts, strict=True):
        assert astuple(one)[:-1] == pytest.approx(astuple(other)[:-1])
    for f, (_, test) in enumerate(folds):
        batch = tiny[test].to_batch()
        right = made[f](batch.cochains(), batch.complex).argmax(1) == batch.y
        assert whole[2 * f + 1].test_score == pytest.approx(float(right.double().mean()))


def test_every_fold_and_epoch_has_random_numbers_of_its_own():
    """Weights, order and dropout: no two of them from one seed, whatever the seed of the run."""
    folds = [(torch.arange(20), torch.arange(20, 22))] * 3
    seeds, orders = [], []

    def watch(model, numbers):
        if model.training:
            seeds.append(torch.initial_seed())
            orders.append(tuple(numbers))

    def model():
        seeds.append(torch.initial_seed())
        return Scripted(watch=watch)

    for seed in range(3):
        settings = TrainSettings(epochs=3, batch_size=20, seed=seed)
        cross_validate(points([0, 1] * 11), folds, model, settings)
    assert len(seeds) == len(set(seeds)) == 3 * 3 * (1 + 3)
    drawn = [
        tuple(torch.randperm(20, generator=torch.Generator().manual_seed(seed)).tolist())
        for seed in seeds
    ]
    assert len({*orders, *drawn}) == len(orders) + len(drawn)
