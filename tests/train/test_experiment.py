"""An experiment from its name to its folder: what it leaves, who is told, and what is read back."""

import csv
import json
import re
from dataclasses import replace

import pytest
import torch
from torch_geometric.data import Data

from simplex.datasets import tu_dataset
from simplex.train import (
    SOURCES,
    Experiment,
    Logger,
    Sourced,
    Task,
    TrainSettings,
    mask_splits,
    random_splits,
    read_run,
    run_experiment,
    splits_of,
    task_of,
)
from simplex.transforms import lift_dataset
from tests.cases import over
from tests.train.made import single
from tests.train.tiny import write_tiny


SHORT = TrainSettings.preset("topobench", epochs=3, min_epochs=0, check_every=1, lr=0.01)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return write_tiny(tmp_path_factory.mktemp("tu"))


def silent(line):
    pass


def small(root, **options):
    given = {"model": "f-vector", "hidden_channels": 4, "protocol": "topobench", "train": SHORT}
    return Experiment("TINY", root, **(given | {"seeds": (0, 3)} | options))


def table(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def test_everything_is_left_in_the_folder(root, tmp_path):
    experiment = small(root, metrics=("accuracy", "f1_macro"), grid={"lr": [0.01, 0.1]})
    lines = []
    report = run_experiment(experiment, tmp_path / "run", report=lines.append)
    summary = report.held_out
    assert (report.xu, report.nested, len(report.choices)) == (None, None, 2)
    assert any(line.startswith("  topobench  ") and "±" in line for line in lines)
    *splits, mean, std = table(tmp_path / "run" / "metrics.csv")
    assert [row["split"] for row in (*splits, mean, std)] == ["1", "2", "mean", "std"]
    for row, choice in zip(splits, report.choices, strict=True):
        assert float(row["validation_accuracy"]) == choice.validation_score
        assert float(row["test_accuracy"]) == choice.test_score
        assert float(row["test_f1_macro"]) == choice.further[0]
        assert (int(row["configuration"]), int(row["epoch"])) == (
            choice.configuration,
            choice.epoch,
        )
    assert float(mean["test_accuracy"]) == pytest.approx(summary.mean)
    assert float(std["test_accuracy"]) == pytest.approx(summary.std)
    curves = table(tmp_path / "run" / "curves.csv")
    assert {row["protocol"] for row in curves} == {"held-out"}
    assert all(row["f1_macro"] for row in curves)
    heading, _, row = (tmp_path / "run" / "row.md").read_text().splitlines()
    assert heading == "| data | model | protocol | accuracy | f1_macro | seconds |"
    assert row.startswith(f"| TINY | f-vector | topobench | {100 * summary.mean:.2f} ± ")
    latex = (tmp_path / "run" / "row.tex").read_text()
    assert re.fullmatch(
        r"TINY & f-vector & topobench & \$.* \\pm .*\$ & \$.*\$ & \d+ \\\\\n", latex
    )
    stored = json.loads((tmp_path / "run" / "settings.json").read_text())
    assert stored["experiment"]["train"]["patience"] == 10
    assert stored["task"]["metrics"] == ["accuracy", "f1_macro"]


def test_a_finished_run_predicts(root, tmp_path):
    experiment = small(root, model="sin", num_layers=1, grid={"hidden_channels": [3, 4]})
    report = run_experiment(experiment, tmp_path / "run", report=silent)
    saved = read_run(tmp_path / "run")
    best = max(report.choices, key=lambda each: each.validation_score)
    assert saved.experiment.hidden_channels == [3, 4][best.configuration - 1]
    assert (saved.trained.fold, saved.trained.epoch) == (best.fold, best.epoch)
    dataset = tu_dataset("TINY", root)
    guess = saved.predict(dataset).argmax(1)
    test = random_splits(16, (0, 3))[best.fold - 1].test
    right = (guess == dataset.y)[test].double().mean()
    assert float(right) == pytest.approx(best.test_score)
    edges = torch.tensor([[0, 1], [1, 0]])
    other = lift_dataset([Data(x=torch.ones(2, 5), edge_index=edges)])
    with pytest.raises(ValueError, match="dataset must have the features of the data of the run"):
        saved.predict(other)


def test_folders_without_a_finished_run(tmp_path):
    with pytest.raises(ValueError, match=r"without settings\.json"):
        read_run(tmp_path)
    (tmp_path / "settings.json").write_text("{}")
    (tmp_path / "model.pt").write_bytes(b"no weights")
    with pytest.raises(ValueError, match="files that cannot be read"):
        read_run(tmp_path)


def test_real_targets_of_a_tu_set_are_a_regression(tmp_path):
    root = write_tiny(tmp_path)
    numbers = "\n".join(str(100.0 + 3 * (i % 2)) for i in range(16))
    (root / "TINY" / "raw" / "TINY_graph_attributes.txt").write_text(numbers + "\n")
    train = TrainSettings(epochs=40, lr=0.05, schedule="none")
    experiment = Experiment(
        "TINY", root, "f-vector", hidden_channels=8, folds=2, protocol="xu", train=train,
        metrics=("mae", "r2"),
    )  # fmt: skip
    report = run_experiment(experiment, tmp_path / "run", report=silent)
    assert report.task.kind == "numbers"
    assert report.xu.best_mean < 0.5  # of numbers that are 3 apart
    saved = read_run(tmp_path / "run")
    values = saved.predict(tu_dataset("TINY", root))[:, 0]
    assert values.tolist() == pytest.approx([100, 103] * 8, abs=1)


class Listener:
    def __init__(self):
        self.told = []

    def start(self, settings):
        self.told.append(("start", settings["experiment"]["dataset"]))

    def log(self, record):
        self.told.append(("log", record.fold, record.epoch))

    def finish(self, summary):
        self.told.append(("finish", summary))


def test_loggers_are_told_everything(root, tmp_path):
    listener = Listener()
    assert isinstance(listener, Logger)
    report = run_experiment(small(root), tmp_path / "run", report=silent, log=listener)
    assert listener.told[0] == ("start", "TINY")
    assert listener.told[1:-1] == [("log", f, e) for f in (1, 2) for e in (1, 2, 3)]
    scores = listener.told[-1][1]
    assert scores["held-out/accuracy mean"] == pytest.approx(report.held_out.mean)
    with pytest.raises(TypeError, match="log must be 'tensorboard' or an object with the methods"):
        run_experiment(small(root), tmp_path / "other", log="wandb")


def test_tensorboard_has_the_curves(root, tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run_experiment(small(root), tmp_path / "run", report=silent, log="tensorboard")
    events = EventAccumulator(str(tmp_path / "run" / "tensorboard"))
    events.Reload()
    rows = table(tmp_path / "run" / "curves.csv")
    own = [row for row in rows if row["fold"] == "2"]
    points = events.Scalars("held-out/split 2/configuration 1/validation accuracy")
    assert [point.step for point in points] == [1, 2, 3]
    expected = [float(row["validation_score"]) for row in own]
    assert [point.value for point in points] == pytest.approx(expected)


def test_a_search_draws_points_of_the_grid(root, tmp_path):
    grid = {"hidden_channels": [2, 3, 4], "lr": [0.1, 0.2]}

    def names(search, seed=0):
        lines = []
        train = replace(SHORT, epochs=1, seed=seed)
        experiment = small(root, grid=grid, search=search, train=train)
        run_experiment(experiment, tmp_path / f"{search}-{seed}", report=lines.append)
        return [line.partition(": ")[2] for line in lines if line.startswith("configuration ")]

    every = names(None)
    drawn = names(3)
    assert len(every) == 6
    assert len(drawn) == len(set(drawn)) == 3
    assert [name for name in every if name in drawn] == drawn
    assert names(3, seed=1) != drawn
    assert names(50) == every


@over("protocol, count", [("fixed", 1), ("topobench", 2), ("nested", 3)])
def test_a_source_is_one_line(protocol, count, tmp_path_factory):
    data = single("classes", 0)
    n = int(data.num_simplices[0, 0])
    masks = torch.arange(n) % 5
    for name, marked in (("train", masks < 3), ("val", masks == 3), ("test", masks == 4)):
        data._data[f"{name}_mask"] = marked
        data.slices[f"{name}_mask"] = torch.tensor([0, n])

    def mine(experiment, name):
        assert name == "any"
        task = task_of(experiment, data)
        return Sourced(data, task, splits_of(experiment, data, task))

    train = TrainSettings(epochs=2, lr=0.01)
    experiment = Experiment(
        "mine:any", model="pooled", hidden_channels=4, num_layers=1, folds=3, seeds=(0, 1),
        protocol=protocol, train=train,
    )  # fmt: skip
    out = tmp_path_factory.mktemp("run")
    SOURCES["mine"] = mine
    try:
        report = run_experiment(experiment, out, report=silent)
    finally:
        del SOURCES["mine"]
    assert report.task == Task("classes", 3, 0)
    assert len(report.choices) == count
    if protocol == "fixed":
        assert [part.tolist() for part in mask_splits(data)[0].parts][2] == [4, 9]


@over(
    "options, words",
    [
        ({"dataset": "moon:MUTAG"}, "SOURCE:NAME with one of tu"),
        ({"protocol": "fixed"}, "data must have train_mask, got none"),
        ({"level": 7}, "level must be at most the dimension"),
        ({"search": 0}, "search must be at least 1"),
        ({"model": "gnc"}, "model must be one of bscnet"),
        ({"encodings": ("random-walk(step=3)",)}, "can take, steps, .*got 'step'"),
        ({"kind": "colors"}, "kind must be one of"),
        ({"metrics": ("mae",)}, "metrics must be among"),
    ],
)
def test_experiments_that_are_refused(root, tmp_path, options, words):
    with pytest.raises(ValueError, match=words):
        run_experiment(replace(small(root), **options), tmp_path / "run", report=silent)
    assert not (tmp_path / "run").exists()
