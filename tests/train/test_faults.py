"""What goes wrong around a run: kills, full disks, other runs, other data, Ctrl-C."""

import multiprocessing
import os
import random
import resource
import signal
import time
import warnings
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from simplex.cli import main
from simplex.train import TrainSettings, cross_validate, read_checkpoint, run_experiment
from tests.cases import over
from tests.train.killed_run import run_or_resume, short
from tests.train.scripted import Scripted, points
from tests.train.tiny import write_tiny


FOLDS = [(torch.arange(4), torch.arange(4, 6))]
SHORT = TrainSettings(epochs=2)


def silent(line):
    pass


def contents(folder):
    """The results of a run, byte by byte; the checkpoint holds seconds too."""
    assert sorted(each.name for each in folder.iterdir()) == [
        "checkpoint.pt",
        "curves.csv",
        "curves.png",
        "metrics.csv",
        "model.pt",
        "row.md",
        "row.tex",
        "settings.json",
    ]
    same = ("curves.csv", "curves.png", "metrics.csv", "settings.json")
    return [(folder / name).read_bytes() for name in same]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A root, and what an uninterrupted run leaves."""
    root = write_tiny(tmp_path_factory.mktemp("whole"))
    run_experiment(short(root), root / "run", report=silent)
    return root, contents(root / "run")


# --- kills ----------------------------------------------------------------------------------------


def start(kind, root, out):
    context = multiprocessing.get_context(kind)
    process = context.Process(target=run_or_resume, args=(root, out))
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # of fork
        process.start()
    return process


def finish(process):
    process.join(300)
    assert process.exitcode == 0


@pytest.mark.parametrize("kills", [4, pytest.param(30, marks=pytest.mark.slow)])
def test_killed_at_random_moments_the_results_are_the_same(whole, tmp_path, kills):
    (root, expected), rng, killed, done = whole, random.Random(0), 0, 0
    finish(start("fork", root, tmp_path / "first"))
    started = time.perf_counter()
    finish(start("fork", root, tmp_path / "again"))
    seconds = time.perf_counter() - started
    while killed < kills:
        out = tmp_path / f"run{done}"
        process = start("fork", root, out)
        process.join(seconds * rng.random())
        if process.exitcode is None:
            process.kill()
            killed += 1
        process.join()
        if process.exitcode == 0:
            assert contents(out) == expected
            done += 1
    finish(start("fork", root, tmp_path / f"run{done}"))
    for name in ("first", "again", f"run{done}"):
        assert contents(tmp_path / name) == expected


@pytest.mark.slow
def test_a_run_in_a_process_that_is_spawned(whole, tmp_path):
    finish(start("spawn", whole[0], tmp_path / "run"))
    assert contents(tmp_path / "run") == whole[1]


@pytest.fixture
def ctrl_c():
    """Ctrl-C interrupts, also where a shell has started the tests in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_leaves_a_run_that_goes_on(tmp_path, monkeypatch, capsys):
    root, replace, calls = write_tiny(tmp_path), os.replace, []

    def interrupted(source, target):
        if Path(target).is_relative_to(tmp_path):  # others keep kernels that were just compiled
            calls.append(target)
            if len(calls) == 3:
                signal.raise_signal(signal.SIGINT)
        replace(source, target)

    command = ["train", "--dataset", "TINY", "--root", str(root), "--folds", "2", "--epochs", "2"]
    command += ["--hidden", "4", "--layers", "1", "--out"]
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", interrupted)
        assert main([*command, str(root / "run")]) == 130
    assert capsys.readouterr().err.endswith("simplex train: interrupted\n")
    assert sorted(each.name for each in (root / "run").iterdir()) == ["checkpoint.pt", "curves.csv"]
    assert len(read_checkpoint(root / "run" / "checkpoint.pt")[1]["records"]) == 2
    assert main([*command, str(root / "run"), "--resume"]) == 0
    assert main([*command, str(root / "whole")]) == 0
    assert contents(root / "run") == contents(root / "whole")


# --- places that cannot be written ----------------------------------------------------------------


@contextmanager
def largest_file(size):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@over("size, name, saved", [(2000, "checkpoint.pt", 0), (300, "curves.csv", 2), (0, "", 0)])
def test_where_the_disk_is_full_the_last_state_stays(
    whole, tmp_path, monkeypatch, size, name, saved
):
    root, expected = whole
    out = tmp_path / str(size)
    words = f"{name}.* could not be written" if name else "out must be a place that can be written"
    if name == "curves.csv":  # the state is larger than the log: let it pass
        monkeypatch.setattr("simplex.train._checkpoint.write_whole", lenient)
    with (
        largest_file(size),
        pytest.raises((OSError, ValueError), match=words),
    ):
        run_experiment(short(root), out, report=silent, progress=False)
    monkeypatch.undo()
    left = sorted(each.name for each in out.iterdir()) if out.exists() else []
    assert left == ([] if not saved else ["checkpoint.pt", "curves.csv"])
    if saved:
        records = len(read_checkpoint(out / "checkpoint.pt")[1]["records"])
        lines = (out / "curves.csv").read_text().splitlines()
        assert len(lines) == records  # a heading, and all but the last
        assert {line.count(",") for line in lines} == {8}
    run_experiment(short(root), out, resume=bool(saved), report=silent)
    assert contents(out) == expected


def lenient(path, write):
    with path.open("wb") as file, largest_file(resource.RLIM_INFINITY):
        write(file)


def test_a_folder_that_cannot_be_written(whole, tmp_path):
    root, _ = whole
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    if os.access(closed, os.W_OK):  # by root
        closed = "/proc"
    with pytest.raises(ValueError, match=r"that can be written to, got .*run"):
        run_experiment(short(root), f"{closed}/run", report=pytest.fail)
    with pytest.raises(ValueError, match="must be a place that can be written to, got /proc/state"):
        cross_validate(points([0, 1] * 3), FOLDS, Scripted, SHORT, checkpoint="/proc/state.pt")


# --- two runs -------------------------------------------------------------------------------------


def test_a_second_run_in_a_folder_is_refused(whole, tmp_path):
    root, expected = whole
    out, refused = tmp_path / "run", []

    def second(line):
        for resume in (False, True):
            with pytest.raises(ValueError) as error:  # noqa: PT011
                run_experiment(short(root), out, resume=resume, report=pytest.fail)
            refused.append(str(error.value))

    run_experiment(short(root), out, report=second)
    assert f"another run (process {os.getpid()}) is writing into {out}. Wait" in refused[0]
    assert any("holds checkpoint.pt" in each for each in refused)
    assert f"another run (process {os.getpid()}) is writing into {out}. Wait" in refused[-1]
    assert contents(out) == expected


def test_a_lock_that_nobody_holds_does_not_block(whole, tmp_path):
    root, expected = whole
    out = tmp_path / "run"
    out.mkdir()
    (out / "run.lock").write_text("1")
    (out / "checkpoint.pt.lock").write_text("1")
    (out / "checkpoint.pt.7-7.new").write_text("half of it")
    (out / "curves.png.7-7.new").write_text("half of it")
    run_experiment(short(root), out, report=silent)
    assert contents(out) == expected


def test_a_second_run_at_a_checkpoint_is_refused(tmp_path):
    path, told = tmp_path / "state.pt", []

    def second(record):
        told.append(record)
        with pytest.raises(ValueError, match=r"another run .* is writing into .*state\.pt"):
            cross_validate(points([0, 1] * 3), FOLDS, Scripted, SHORT, checkpoint=path)

    cross_validate(points([0, 1] * 3), FOLDS, Scripted, SHORT, checkpoint=path, on_epoch=second)
    assert len(told) == 2
    assert list(tmp_path.iterdir()) == [path]


# --- other numbers --------------------------------------------------------------------------------


def test_what_would_change_the_numbers_is_refused(tmp_path, monkeypatch):
    path, data = tmp_path / "state.pt", points([0, 1] * 3)

    def resume(dataset=data, folds=FOLDS, model=Scripted):
        cross_validate(dataset, folds, model, SHORT, checkpoint=path, resume=True)

    cross_validate(data, FOLDS, Scripted, SHORT, checkpoint=path)
    resume()
    with pytest.raises(ValueError, match=r"data_hash=.*have changed: restore the data\. Or start"):
        resume(points([0, 1] * 2 + [1, 1]))
    with pytest.raises(ValueError, match=r"folds_hash=.*folds have changed: restore them"):
        resume(folds=[(torch.tensor([0, 1, 2, 4]), torch.tensor([3, 5]))])
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(threads + 1)
        with pytest.raises(ValueError, match=f"num_threads={threads} .*--threads {threads}"):
            resume()
    finally:
        torch.set_num_threads(threads)
    for name in ("torch", "simplex"):
        with monkeypatch.context() as patch:
            patch.setattr(f"{name}.__version__", "0.1")
            with pytest.raises(ValueError, match=f"{name}_version=.*now '0.1'.*Install {name}"):
                resume()


def test_a_random_transform_does_not_make_the_data_other_ones(tmp_path):
    data, path = points([0, 1] * 3), tmp_path / "state.pt"
    data.transform = shaken
    cross_validate(data, FOLDS, Scripted, SHORT, checkpoint=path)
    assert len(cross_validate(data, FOLDS, Scripted, SHORT, checkpoint=path, resume=True)) == 2


def shaken(item):
    item.note = torch.rand(1)
    return item


def test_a_model_of_another_shape_is_refused(tmp_path):
    path = tmp_path / "state.pt"
    data = points([0, 1] * 3)

    def stop(record):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cross_validate(data, FOLDS, Scripted, SHORT, checkpoint=path, on_epoch=stop)

    class Wider(Scripted):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.rand(2))

    with pytest.raises(ValueError, match=r"make_model must return the model of the run in .*state"):
        cross_validate(data, FOLDS, Wider, SHORT, checkpoint=path, resume=True)


@pytest.fixture
def same_threads():
    threads = torch.get_num_threads()
    yield threads
    torch.set_num_threads(threads)


def test_raw_files_that_changed_and_the_number_of_threads(tmp_path, capsys, same_threads):
    root = write_tiny(tmp_path)
    command = ["train", "--dataset", "TINY", "--root", str(root), "--folds", "2", "--epochs", "1"]
    command += ["--model", "f-vector", "--out", str(root / "run")]
    threads = same_threads + 1
    assert main([*command, "--threads", str(threads)]) == 0
    torch.set_num_threads(same_threads)
    assert main([*command, "--resume"]) == 0  # with the threads that it was begun with
    capsys.readouterr()
    assert main([*command, "--resume", "--threads", str(same_threads)]) == 2
    assert f"Pass --threads {threads}" in capsys.readouterr().err
    labels = root / "TINY" / "raw" / "TINY_node_labels.txt"
    labels.write_text(labels.read_text().replace("2", "1", 1))
    assert main([*command, "--resume"]) == 2
    assert "have changed: restore the data" in capsys.readouterr().err
