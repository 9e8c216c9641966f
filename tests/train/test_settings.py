"""Schedules, grids, options and the models known by name."""

import math
from dataclasses import replace

import pytest
import torch

from simplex.datasets import tu_dataset
from simplex.train import (
    MODELS,
    Processes,
    TrainSettings,
    TUSettings,
    configurations,
    make_model,
    parse_grid,
    parse_options,
)
from simplex.train._fold_run import Evaluation, FoldRun, mixed_seed
from tests.train.tiny import write_tiny


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return tu_dataset("TINY", write_tiny(tmp_path_factory.mktemp("tu")))


def rates(settings, losses):
    """The learning rate in each epoch, given the losses after it."""
    model = torch.nn.Linear(1, 1)
    device = torch.device("cpu")
    ids = torch.arange(1)
    run = FoldRun(None, ids, model, settings, seed=(0,), processes=Processes(), device=device)
    result = []
    for loss in losses:
        result.append(run.optimizer.param_groups[0]["lr"])
        run.optimizer.step()
        run.end_epoch(loss)
    return result


def test_schedules():
    base = TrainSettings(epochs=6, lr=0.8, decay=0.5, decay_every=2)
    falling = [1.0 / (e + 1) for e in range(6)]
    flat = [1.0] * 6
    assert rates(base, flat) == [0.8, 0.8, 0.4, 0.4, 0.2, 0.2]
    assert rates(replace(base, schedule="none"), flat) == [0.8] * 6
    cosine = [0.4 * (1 + math.cos(math.pi * e / 6)) for e in range(6)]
    assert rates(replace(base, schedule="cosine"), flat) == pytest.approx(cosine)
    plateau = replace(base, schedule="plateau")
    assert rates(plateau, falling) == [0.8] * 6
    assert rates(plateau, flat) == [0.8, 0.8, 0.8, 0.4, 0.4, 0.2]


@pytest.mark.parametrize(
    ("field", "value"),
    [("patience", 0), ("decay", 0.0), ("decay", 2.0), ("weight_decay", -1.0), ("seed", -1)],
)
def test_training_settings_out_of_range(field, value):
    with pytest.raises(ValueError, match=f"{field} must be .*, got {value}"):
        TrainSettings(**{field: value})


def test_unknown_schedule_and_protocol():
    with pytest.raises(ValueError, match=r"schedule must be one of .*, got 'linear'"):
        TrainSettings(schedule="linear")
    with pytest.raises(ValueError, match=r"protocol must be one of .*, got 'honest'"):
        TUSettings("TINY", protocol="honest")
    for name in ("hidden_channels", "num_layers"):
        with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
            TUSettings("TINY", **{name: 0})
    with pytest.raises(ValueError, match="max_dim must be at least 0, got -1"):
        TUSettings("TINY", max_dim=-1)


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
    points = configurations(TUSettings("TINY", grid=grid))
    assert len(points) == 8
    name, last = points[-1]
    assert name == "hidden_channels=32 lr=0.1 norm=None batch_size=8 patience=3 schedule=cosine"
    assert (last.hidden_channels, last.norm, last.train.lr, last.train.patience) == (
        32,
        None,
        0.1,
        3,
    )
    assert len({name for name, _ in points}) == 8
    assert configurations(TUSettings("TINY"))[0][0] == ""


@pytest.mark.parametrize(
    "text", ["hidden_channels", "hidden_channels=", "depth=3", "seed=1,2", "max_dim=1,2"]
)
def test_wrong_grid(text):
    with pytest.raises(ValueError, match="grid must be given as NAME=VALUE"):
        parse_grid([text])
    with pytest.raises(ValueError, match="grid must be given as NAME=VALUE"):
        parse_grid(["lr=1", "lr=2"])


def test_grid_values_of_another_type_or_out_of_range():
    with pytest.raises(ValueError, match="grid must have values that hidden_channels can take"):
        parse_grid(["hidden_channels=wide"])
    with pytest.raises(ValueError, match="hidden_channels must be at least 1, got 0"):
        configurations(TUSettings("TINY", grid={"hidden_channels": [4, 0]}))
    for grid in ({"depth": [1]}, {"hidden_channels": []}):
        with pytest.raises(ValueError, match="grid must have at least one value"):
            configurations(TUSettings("TINY", grid=grid))


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


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_model_by_name(tiny, name):
    model = make_model(TUSettings("TINY", model=name, hidden_channels=4, num_layers=2), tiny)
    batch = tiny.to_batch()
    logits = model(batch.cochains(), batch.complex)
    assert logits.shape == (16, 2)
    logits.sum().backward()
    assert any(each.grad is not None and each.grad.any() for each in model.parameters())


def test_options_reach_the_model(tiny):
    model = make_model(TUSettings("TINY", options={"readout_dims": (0, 2)}), tiny)
    full = make_model(TUSettings("TINY"), tiny)
    assert sum(p.numel() for p in model.parameters()) < sum(p.numel() for p in full.parameters())
    rectified = make_model(TUSettings("TINY", options={"activation": "relu"}), tiny)
    assert rectified.convs[0].activation is torch.nn.functional.relu
    assert full.convs[0].activation is torch.nn.functional.elu
    with pytest.raises(TypeError, match="nonsense"):
        make_model(TUSettings("TINY", options={"nonsense": 1}), tiny)
    with pytest.raises(ValueError, match=r"model must be one of .*f-vector.*, got 'gnn'"):
        make_model(TUSettings("TINY", model="gnn"), tiny)


def test_evaluation_does_not_depend_on_its_batches(tiny, monkeypatch):
    model = make_model(TUSettings("TINY", hidden_channels=4), tiny)
    ids = torch.tensor([1, 5, 2, 8, 9])
    whole = Evaluation(tiny, ids, Processes(), torch.device("cpu"))
    monkeypatch.setattr("simplex.train._fold_run._SIMPLICES_PER_BATCH", 9)
    parts = Evaluation(tiny, ids, Processes(), torch.device("cpu"))
    assert len(whole.batches) == 1
    assert len(parts.batches) > 3
    assert parts.score(model) == pytest.approx(whole.score(model))
    batch = tiny[ids].to_batch()
    right = (model(batch.cochains(), batch.complex).argmax(1) == batch.y).double().mean()
    assert whole.score(model)[1] == pytest.approx(float(right))


def test_mixed_seeds_differ():
    parts = [(s, f, *e) for s in range(3) for f in range(3) for e in [(), (0,), (1,), (0, 1)]]
    assert len({mixed_seed(*each) for each in parts}) == len(parts)
