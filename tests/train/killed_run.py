"""A training that is killed: when its state is replaced, or whenever the parent likes."""

import os
import signal
import sys
from pathlib import Path
from unittest import mock

import torch

from simplex.train import Experiment, TrainSettings, run_experiment


def settings(root):
    train = TrainSettings(epochs=3, batch_size=5, lr=0.01, patience=2)
    grid = {"hidden_channels": [4, 6]}
    return Experiment("TINY", root, "f-vector", folds=2, grid=grid, train=train)


def short(root):
    train = TrainSettings(epochs=2, batch_size=8, lr=0.01)
    return Experiment("TINY", root, "f-vector", hidden_channels=4, folds=2, train=train)


def kill_at(count, moment):
    replace, calls = os.replace, []

    def replace_or_die(source, target):
        calls.append(target)
        if len(calls) == count and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        replace(source, target)
        if len(calls) == count:
            os.kill(os.getpid(), signal.SIGKILL)

    os.replace = replace_or_die


def run_or_resume(root, out):
    """What a user does again and again, until it is done."""
    torch.set_num_threads(1)
    resume = (out / "checkpoint.pt").exists()
    run_experiment(short(root), out, resume=resume, report=lambda line: None)


if __name__ == "__main__":
    root, out, count, moment = sys.argv[1:]
    with mock.patch("simplex.train._trainings._SECONDS_BETWEEN_SAVES", 0):
        kill_at(int(count), moment)
        run_experiment(settings(Path(root)), out)
