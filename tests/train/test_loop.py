"""Options of the loop: each does what its name says, and a killed run goes on bit for bit."""

import math
from functools import partial
from itertools import product

import pytest
import torch

import simplex.optim
from simplex.train import (
    Configuration,
    Split,
    Task,
    TrainSettings,
    random_splits,
    read_checkpoint,
    run_protocols,
)
from tests.cases import over
from tests.train.made import Plain, dataset, pooled, single
from tests.train.scripted import Scripted, points


SPLIT = Split(torch.arange(14), torch.arange(14, 17), torch.arange(17, 20))
OPTIONS = [
    {"optimizer": "adamw", "weight_decay": 0.1},
    {"optimizer": "sgd"},
    {"optimizer": "locoprop", "lr": 0.1},
    {"schedule": "warmup-cosine", "warmup": 2},
    {"schedule": "plateau", "decay_every": 1},
    {"clip": 0.01},
    {"accumulate": 2},
    {"amp": "bf16"},
    {"check_every": 2},
    {"recalibrate": True},
]


class KilledError(Exception):
    pass


def seeded(make, seed=0):
    def model():
        torch.manual_seed(seed)
        return make()

    return model


def steps(monkeypatch, optimizer, settings, data, task, make, split=SPLIT):
    """The gradients that each step of the optimiser sees."""
    seen, step = [], optimizer.step

    def record(self, *args):
        group = [each.grad for each in self.param_groups[0]["params"] if each.grad is not None]
        seen.append(torch.cat([each.flatten() for each in group]).clone())
        return step(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(optimizer, "step", record)
        point = Configuration(seeded(make), settings)
        run_protocols(data, [split], [point], ["held-out"], task=task)
    return seen


@over("options, kind", [*((each, "classes") for each in OPTIONS), ({}, "labels"), ({}, "numbers")])
def test_resumed_with_any_option_equals_uninterrupted(tmp_path_factory, options, kind):
    data = dataset(20, kind)
    task = Task.of(data, metrics={"numbers": ("mae", "r2")}.get(kind, ()))
    settings = TrainSettings(
        **({"epochs": 4, "batch_size": 4, "lr": 0.01, "patience": 3} | options)
    )
    point = Configuration(partial(Plain, 3, dropout=0.3), settings)
    run = partial(run_protocols, data, [SPLIT], [point], ["held-out"], task=task)
    whole = run()
    path, seen = tmp_path_factory.mktemp("run") / "state.pt", []

    def kill(record):
        seen.append(record)
        if len(seen) == 2:
            raise KilledError

    with pytest.raises(KilledError):
        run(checkpoint=path, on_epoch=kill)
    resumed = run(checkpoint=path, resume=True)
    assert repr(resumed.records) == repr(whole.records)  # bit for bit, what is no number as well
    assert repr(resumed.choices) == repr(whole.choices)
    for name, weights in whole.model.state.items():
        assert torch.equal(resumed.model.state[name], weights)


def test_one_complex_resumed_equals_uninterrupted(tmp_path):
    data = single("classes", 1)
    task = Task.of(data, level=1)
    splits = random_splits(int(data.num_simplices[0, 1]), (0, 3))
    points = [
        Configuration(partial(Plain, 3, 1, dropout=0.5), TrainSettings(4, lr=lr, check_every=2))
        for lr in (0.01, 0.1)
    ]
    run = partial(run_protocols, data, splits, points, ["held-out"], task=task)
    whole, seen = run(), []

    def kill(record):
        seen.append(record)
        if len(seen) == 11:
            raise KilledError

    with pytest.raises(KilledError):
        run(checkpoint=tmp_path / "state.pt", on_epoch=kill)
    resumed = run(checkpoint=tmp_path / "state.pt", resume=True)
    assert (resumed.records, resumed.choices) == (whole.records, whole.choices)
    assert [each.validation_score is None for each in whole.records] == [True, False] * 8


@over(
    "name, kind", [("adam", "Adam"), ("adamw", "AdamW"), ("sgd", "SGD"), ("locoprop", "LocoProp")]
)
def test_optimizers_by_name(monkeypatch, name, kind):
    made = []
    optimizer = getattr(simplex.optim if name == "locoprop" else torch.optim, kind)
    begin = optimizer.__init__

    def record(self, *args, **options):
        made.append(options)
        begin(self, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(optimizer, "__init__", record)
        settings = TrainSettings(1, optimizer=name, lr=0.02, weight_decay=0.1)
        point = Configuration(partial(Plain, 3), settings)
        run_protocols(dataset(20, "classes"), [SPLIT], [point], ["xu"])
    assert (made[0]["lr"], made[0]["weight_decay"]) == (0.02, 0.1)
    if name == "sgd":
        assert made[0]["momentum"] == 0.9


@over("kind, size, times", product(("classes", "labels", "numbers"), (3, 4), (2, 3)))
def test_accumulated_batches_are_their_union(monkeypatch, kind, size, times):
    """14 items: rest batches of other sizes, and other numbers of targets that are there."""
    data = dataset(20, kind, dtype=torch.float64)
    weights = None if kind == "numbers" else (1.0, 2.0, 5.0)
    task = Task.of(data, class_weights=weights)
    make = partial(Plain, 3, dtype=torch.float64)
    run = partial(steps, monkeypatch, torch.optim.Adam, data=data, task=task, make=make)
    parts = run(TrainSettings(2, batch_size=size, accumulate=times))
    whole = run(TrainSettings(2, batch_size=size * times))
    assert len(parts) == len(whole) == 2 * math.ceil(14 / (size * times))
    for one, other in zip(parts, whole, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12)


def test_clipped_gradients_have_the_norm(monkeypatch):
    data = dataset(20, "classes")
    run = partial(
        steps, monkeypatch, torch.optim.Adam, data=data, task=Task.of(data), make=partial(Plain, 3)
    )
    free = run(TrainSettings(1, batch_size=100))[0]
    bound = float(free.norm()) / 3
    (clipped,) = run(TrainSettings(1, batch_size=100, clip=bound))
    torch.testing.assert_close(clipped, free / 3, rtol=1e-4, atol=1e-7)
    (loose,) = run(TrainSettings(1, batch_size=100, clip=10 * bound))
    assert torch.equal(loose, free)


def test_warmup_cosine(monkeypatch):
    seen, step = [], torch.optim.Adam.step

    def record(optimizer, *args):
        seen.append(optimizer.param_groups[0]["lr"])
        return step(optimizer, *args)

    monkeypatch.setattr(torch.optim.Adam, "step", record)
    settings = TrainSettings(6, batch_size=20, lr=0.8, schedule="warmup-cosine", warmup=2)
    fold = (torch.arange(20), torch.arange(20, 22))
    run_protocols(points([0, 1] * 11), [fold], [Configuration(Scripted, settings)], ["xu"])
    cosine = [0.4 * (1 + math.cos(math.pi * e / 4)) for e in range(4)]
    assert seen == pytest.approx([0.4, 0.8, *cosine])


def test_mixed_precision_is_close_and_not_the_same():
    data = dataset(20, "classes")

    def losses(amp):
        point = Configuration(seeded(partial(Plain, 3)), TrainSettings(3, lr=0.01, amp=amp))
        outcome = run_protocols(data, [SPLIT], [point], ["xu"])
        dtypes = {each.dtype for each in outcome.model.state.values()}
        assert dtypes == {torch.float32}
        return [each.train_loss for each in outcome.records]

    full, lower = losses(None), losses("bf16")
    assert full != lower
    assert full == pytest.approx(lower, rel=0.02)


def test_compiled_models_are_trained_and_the_own_ones_scored(monkeypatch):
    compiled, compile_ = [], torch.compile

    def record(model):
        compiled.append(model)
        return compile_(model, backend="eager")

    monkeypatch.setattr(torch, "compile", record)
    data = dataset(20, "classes")

    def run(compile):
        point = Configuration(seeded(partial(Plain, 3)), TrainSettings(1, compile=compile))
        return run_protocols(data, [SPLIT], [point], ["xu"])

    plain, through = run(False), run(True)
    assert [type(each) for each in compiled] == [Plain]
    assert plain.records == through.records
    assert list(plain.model.state) == list(through.model.state)


@over(
    "options, epochs",
    [
        ({}, 12),
        ({"patience": 2}, 3),
        ({"patience": 2, "check_every": 2}, 6),
        ({"patience": 2, "min_epochs": 7}, 7),
        ({"patience": 2, "check_every": 5}, 12),
    ],
)
def test_early_stopping_counts_looks(options, epochs):
    """The validation never gets better than at the first look."""
    script = lambda: Scripted(iter([(0.5, 1.0)] * 99))  # noqa: E731
    split = Split(torch.arange(16), torch.arange(16, 18), torch.arange(18, 20))
    point = Configuration(script, TrainSettings(12, **options))
    outcome = run_protocols(points([0, 1] * 10), [split], [point], ["held-out"])
    assert len(outcome.records) == epochs
    every = options.get("check_every", 1)
    looked = [each.epoch for each in outcome.records if each.validation_score is not None]
    assert looked == [e for e in range(1, epochs + 1) if e % every == 0 or e == 12]
    assert outcome.choices[0].epoch == looked[0]


def test_presets():
    preset = TrainSettings.preset("topobench", epochs=40)
    found = (preset.epochs, preset.min_epochs, preset.check_every, preset.patience)
    assert found == (40, 50, 5, 10)
    assert (preset.lr, preset.schedule, preset.decay_every, preset.decay) == (1e-3, "step", 50, 0.5)
    assert TrainSettings.preset("nested") == TrainSettings()


def test_state_is_saved_after_seconds_and_at_the_end_of_each_training(tmp_path, monkeypatch):
    monkeypatch.setattr("simplex.train._trainings._SECONDS_BETWEEN_SAVES", 3600)
    path, saved = tmp_path / "state.pt", []

    def look(record):
        saved.append(len(read_checkpoint(path)[1]["records"]) if path.exists() else 0)

    point = Configuration(Scripted, TrainSettings(3))
    folds = [(torch.arange(4), torch.arange(4, 6))] * 2
    run = partial(run_protocols, points([0, 1] * 3), folds, [point], ["xu"], checkpoint=path)
    run(on_epoch=look)
    assert saved == [0, 0, 3, 3, 3, 6]
    path.unlink()

    def stop(record):
        if record.fold == 2 and record.epoch == 2:
            raise KilledError

    with pytest.raises(KilledError):
        run(on_epoch=stop)
    assert len(read_checkpoint(path)[1]["records"]) == 5  # what has been told is not lost


@over(
    "options, words",
    [
        ({"optimizer": "rmsprop"}, "optimizer must be one of"),
        ({"amp": "fp16"}, "amp must be"),
        ({"clip": 0.0}, "clip must be"),
        ({"accumulate": 0}, "accumulate must be"),
        ({"warmup": 3}, "warmup must be 0 for schedule='step', got 3"),
        ({"check_every": 0}, "check_every must be at least 1"),
    ],
)
def test_options_that_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        TrainSettings(**options)


class Normed(Plain):
    """With a batch norm of its input, whose statistics do not depend on the weights."""

    def __init__(self, outputs):
        super().__init__(outputs)
        self.norm = torch.nn.BatchNorm1d(3)

    def forward(self, x, complex):
        return self.map(self.hidden(self.norm(pooled(x[0], complex))).tanh())


def test_recalibrated_statistics_are_means_over_the_batches():
    """14 items in batches of 5: every batch counts once, whatever its size."""
    data = dataset(20, "classes")

    def statistics(**options):
        settings = TrainSettings(2, batch_size=5, lr=0.1, **options)
        point = Configuration(seeded(partial(Normed, 3)), settings)
        state = run_protocols(data, [SPLIT], [point], ["held-out"]).model.state
        return state["norm.running_mean"], state["norm.running_var"], state["map.weight"]

    whole = data.to_batch()
    batches = pooled(whole.x, whole.complex)[:14].split(5)
    *anew, weight = statistics(recalibrate=True)
    *moving, same_weight = statistics()
    for i, expected in enumerate([[b.mean(0) for b in batches], [b.var(0) for b in batches]]):
        torch.testing.assert_close(anew[i], torch.stack(expected).mean(0))
        assert not torch.allclose(moving[i], anew[i], rtol=0.01)
    assert torch.equal(weight, same_weight)  # training itself is as it was
