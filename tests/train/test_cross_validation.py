"""The protocol: what is reported, and that a killed run goes on as if nothing had happened."""

import csv
import os
import re

import pytest
import torch

from simplex.cli import main
from simplex.datasets import stratified_folds, tu_dataset
from simplex.nn import SIN
from simplex.train import (
    EpochRecord,
    Experiment,
    TrainSettings,
    cross_validate,
    read_checkpoint,
    run_experiment,
    summarize,
)
from tests.cases import over
from tests.train.tiny import write_tiny


SETTINGS = TrainSettings(epochs=3, batch_size=5, lr=0.01, decay_every=2, seed=3)


def make_model():
    return SIN(3, 4, 2, 1, 2, norm="batch", dropout=0.5)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    dataset = tu_dataset("TINY", write_tiny(tmp_path_factory.mktemp("tu")))
    return dataset, stratified_folds(dataset.y, 2, generator=torch.Generator().manual_seed(0))


class KilledError(Exception):
    pass


@pytest.mark.parametrize("points", [[4], pytest.param([1, 2, 3, 6], marks=pytest.mark.slow)])
def test_resumed_run_equals_an_uninterrupted_one(tiny, tmp_path, points):
    for after in points:
        assert_resumed_run_equals_an_uninterrupted_one(tiny, tmp_path, after)


def assert_resumed_run_equals_an_uninterrupted_one(tiny, tmp_path, after):
    path, told = tmp_path / "checkpoint.pt", []
    whole = cross_validate(*tiny, make_model, SETTINGS)

    def kill(record):
        if 3 * (record.fold - 1) + record.epoch == after:
            raise KilledError

    with pytest.raises(KilledError):
        cross_validate(*tiny, make_model, SETTINGS, checkpoint=path, on_epoch=kill)
    torch.rand(7)  # the state of the global generator must not matter
    resumed = cross_validate(
        *tiny, make_model, SETTINGS, checkpoint=path, resume=True, on_epoch=told.append
    )
    assert resumed == whole
    assert told == whole


def test_kill_while_writing_loses_one_epoch_at_most(tiny, tmp_path, monkeypatch):
    path, replace, count = tmp_path / "checkpoint.pt", os.replace, []

    def replace_twice(source, target):
        count.append(0)
        if len(count) == 3:
            raise KilledError
        replace(source, target)

    monkeypatch.setattr(os, "replace", replace_twice)
    with pytest.raises(KilledError):
        cross_validate(*tiny, make_model, SETTINGS, checkpoint=path)
    monkeypatch.undo()
    assert len(read_checkpoint(path)[1]["records"]) == 2
    resumed = cross_validate(*tiny, make_model, SETTINGS, checkpoint=path, resume=True)
    assert resumed == cross_validate(*tiny, make_model, SETTINGS)


def test_seed_and_order(tiny):
    first, again = (cross_validate(*tiny, make_model, SETTINGS) for _ in range(2))
    other = cross_validate(*tiny, make_model, TrainSettings(epochs=3, batch_size=5, seed=4))
    assert first == again
    assert first != other
    assert [(r.fold, r.epoch) for r in first] == [(f, e) for f in (1, 2) for e in (1, 2, 3)]
    before = torch.get_rng_state()
    cross_validate(*tiny, make_model, SETTINGS)
    assert torch.equal(torch.get_rng_state(), before)


def test_it_learns(tiny):
    settings = TrainSettings(epochs=20, batch_size=8, lr=0.01)
    records = cross_validate(*tiny, lambda: SIN(3, 8, 2, 1, 2), settings)
    assert summarize(records).last_mean == 1


@over("content", [b"", b"not a checkpoint", None])
def test_unreadable_checkpoint(tiny, tmp_path, content):
    path = tmp_path / "checkpoint.pt"
    if content is None:
        cross_validate(*tiny, make_model, SETTINGS, checkpoint=path)
        content = path.read_bytes()[:-200]
    path.write_bytes(content)
    with pytest.raises(ValueError, match="must be a checkpoint of this command, got an unreadable"):
        cross_validate(*tiny, make_model, SETTINGS, checkpoint=path, resume=True)


def test_checkpoint_of_another_run(tiny, tmp_path):
    path = tmp_path / "checkpoint.pt"
    with pytest.raises(ValueError, match="got no such file"):
        cross_validate(*tiny, make_model, SETTINGS, checkpoint=path, resume=True)
    cross_validate(*tiny, make_model, SETTINGS, checkpoint=path, description={"model": "sin"})
    with pytest.raises(ValueError, match=r"epochs=3 \(now 100\).*model='sin' \(now None\)"):
        cross_validate(*tiny, make_model, TrainSettings(), checkpoint=path, resume=True)


def test_loss_that_is_not_finite(tiny):
    settings = TrainSettings(epochs=2, batch_size=8, lr=1e30)
    with pytest.raises(ValueError, match="lr must keep the loss finite, got lr=1e"):
        cross_validate(*tiny, lambda: SIN(3, 8, 2, 3, 2), settings)


@over("field", ["epochs", "batch_size", "decay_every", "lr"])
def test_settings_out_of_range(field):
    with pytest.raises(ValueError, match=field):
        TrainSettings(**{field: 0})


def test_summary_takes_one_epoch_for_all_folds():
    accuracy = [[0.5, 1.0, 0.75], [1.0, 0.75, 0.5]]
    records = [
        EpochRecord(f + 1, e + 1, 0.0, 0.0, accuracy[f][e]) for f in range(2) for e in range(3)
    ]
    summary = summarize(records)
    assert (summary.best_epoch, summary.best_mean, summary.best_std) == (2, 0.875, 0.125)
    assert (summary.last_mean, summary.last_std) == (0.625, 0.125)


def command(root, out, *options):
    given = ["train", "--dataset", "TINY", "--root", str(root), "--out", str(out), "--folds", "2"]
    return main([*given, "--epochs", "2", "--hidden-channels", "4", *options])


def refusal(capsys, *arguments):
    """The one line on stderr of a command that fails."""
    assert command(*arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("simplex train: error: ")
    assert error.count("\n") == 1
    return error


@pytest.mark.parametrize("model", ["sin", "f-vector"])
def test_command_leaves_everything_in_a_folder(tmp_path, capsys, model):
    root, out = write_tiny(tmp_path), tmp_path / "run"
    assert command(root, out, "--model", model) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("TINY: 16 graphs, 2 classes, f-vector (64, 56, 8)")
    starts = [f"fold  {f}/2 {protocol}:" for f in (1, 2) for protocol in ("xu", "nested")]
    assert [line[: len(start)] for line, start in zip(lines[1:], starts, strict=False)] == starts
    xu, nested = lines[6:8]
    assert xu.startswith("  xu ")
    assert "±" in xu
    assert "optimistic" in xu
    assert nested.startswith("  nested ")
    assert "±" in nested
    with (out / "curves.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["protocol"] for row in rows] == ["xu", "xu", "nested", "nested"] * 2
    assert all((row["test_score"] == "") == (row["protocol"] == "nested") for row in rows)
    assert (out / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert "out must be a folder without a run" in refusal(capsys, root, out, "--model", model)
    assert command(root, out, "--model", model, "--resume") == 0
    assert capsys.readouterr().out.splitlines()[1:] == lines[1:]


@over("protocol, other", [("xu", "nested"), ("nested", "xu")])
def test_command_lists_both_protocols_even_if_one_is_run(tmp_path, capsys, protocol, other):
    root, out = write_tiny(tmp_path / protocol), tmp_path / protocol / "run"
    assert command(root, out, "--model", "f-vector", "--protocol", protocol) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    rows = {line[0]: line[1:] for line in lines if line[0] in ("xu", "nested")}
    assert list(rows) == ["xu", "nested"]
    assert rows[other] == ["not", "run:", "--protocol", "both"]
    assert rows[protocol][1] == "±"
    with (out / "curves.csv").open() as file:
        assert {row["protocol"] for row in csv.DictReader(file)} == {protocol}


def test_command_with_a_grid_options_and_patience(tmp_path, capsys):
    root, out = write_tiny(tmp_path), tmp_path / "run"
    grid = ["--grid", "hidden_channels=2,4", "--grid", "lr=0.01"]
    options = ["--option", "readout_dims=(0, 2)", "--option", "activation=relu"]
    others = ["--num-layers", "1", "--patience", "1", "--schedule", "cosine", "--norm", "none"]
    arguments = [root, out, *grid, *options, *others]
    assert command(*arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "configuration 1/2: hidden_channels=2 lr=0.01"
    assert lines[2] == "configuration 2/2: hidden_channels=4 lr=0.01"
    assert "configuration" in next(line for line in lines if line.startswith("  xu"))
    with (out / "curves.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["configuration"] for row in rows} == {"1", "2"}
    assert command(*arguments, "--resume") == 0
    assert capsys.readouterr().out.splitlines()[1:] == lines[1:]
    assert "grid=" in refusal(capsys, root, out, *grid[:2], *options, *others, "--resume")


def test_command_names_the_models_it_has(tmp_path, capsys):
    error = refusal(capsys, write_tiny(tmp_path), tmp_path / "run", "--model", "gnn")
    assert re.search(r"model must be one of .*sin.*, got 'gnn'", error)
    assert not (tmp_path / "run").exists()


def test_command_resumes_what_was_stopped(tmp_path):
    root = write_tiny(tmp_path)
    train = TrainSettings(epochs=2)
    settings = Experiment("TINY", root, hidden_channels=4, num_layers=1, folds=2, train=train)
    whole = run_experiment(settings, tmp_path / "whole", report=lambda line: None)

    def stop(line):
        if line.startswith("fold  1"):
            raise KilledError

    with pytest.raises(KilledError):
        run_experiment(settings, tmp_path / "stopped", report=stop)
    resumed = run_experiment(settings, tmp_path / "stopped", resume=True, report=lambda line: None)
    assert resumed == whole
    curves = [(tmp_path / each / "curves.csv").read_text() for each in ("whole", "stopped")]
    assert curves[0] == curves[1]


def test_wrong_settings_of_the_command(tmp_path, capsys):
    root, out = write_tiny(tmp_path), tmp_path / "run"
    for model in ("sin", "f-vector"):
        error = refusal(capsys, root, out, "--model", model, "--hidden-channels", "0")
        assert "hidden_channels must be at least 1, got 0" in error
    error = refusal(capsys, root, out, "--dropout", "2")
    assert "dropout must be a finite number in [0, 1], got 2" in error
    assert "threads must be at least 1, got 0" in refusal(capsys, root, out, "--threads", "0")
    out.write_text("mine")
    assert "out must be a folder, got the file" in refusal(capsys, root, out)
