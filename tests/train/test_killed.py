"""A real kill -9: at most one epoch is lost, the log is readable, the numbers are the same."""

import csv
import subprocess
import sys

import pytest

from simplex.train import train_tu
from simplex.train._checkpoint import read_checkpoint
from tests.train.killed_run import settings
from tests.train.tiny import write_tiny


@pytest.mark.parametrize(
    ("count", "moment"),
    [(17, "before"), pytest.param(5, "after", marks=pytest.mark.slow)],
)
def test_kill_9_and_resume(tmp_path, count, moment):
    root = write_tiny(tmp_path)
    whole = train_tu(settings(root), tmp_path / "whole", report=lambda line: None)
    arguments = [str(root), str(tmp_path / "killed"), str(count), moment]
    command = [sys.executable, "-m", "tests.train.killed_run", *arguments]
    assert subprocess.run(command, capture_output=True, check=False).returncode == -9

    _, saved = read_checkpoint(tmp_path / "killed" / "checkpoint.pt")
    assert len(saved["records"]) == count - (moment == "before")
    with (tmp_path / "killed" / "curves.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == count - 1
    assert None not in [value for row in rows for value in row.values()]

    resumed = train_tu(settings(root), tmp_path / "killed", resume=True, report=lambda line: None)
    assert resumed == whole
    logs = [(tmp_path / each / "curves.csv").read_text() for each in ("whole", "killed")]
    assert logs[0] == logs[1]
