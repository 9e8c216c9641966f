"""A killed run: at most one epoch is lost, the log is readable, the numbers are the same."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from simplex.train import read_checkpoint, run_experiment
from tests.cases import over
from tests.train.killed_run import settings
from tests.train.tiny import write_tiny


class KilledError(Exception):
    pass


def silent(line):
    pass


def assert_resumes(root, killed, count, moment):
    """What is left of a run killed at its ``count``-th save, and what becomes of it."""
    _, saved = read_checkpoint(killed / "checkpoint.pt")
    assert len(saved["records"]) == count - (moment == "before")
    with (killed / "curves.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == count - 1
    assert None not in [value for row in rows for value in row.values()]

    whole = run_experiment(settings(root), root / "whole", report=silent)
    assert run_experiment(settings(root), killed, resume=True, report=silent) == whole
    assert (killed / "curves.csv").read_text() == (root / "whole" / "curves.csv").read_text()


@over("count, moment", [(17, "before"), (5, "after")])
def test_stopped_where_the_state_is_replaced(tmp_path, monkeypatch, count, moment):
    root, replace, calls = write_tiny(tmp_path / moment), os.replace, []

    def replace_or_stop(source, target):
        own = Path(target).is_relative_to(tmp_path)  # others keep kernels that were just compiled
        calls.extend([target] * own)
        if own and len(calls) == count and moment == "before":
            raise KilledError
        replace(source, target)
        if own and len(calls) == count:
            raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", replace_or_stop)
        with pytest.raises(KilledError):
            run_experiment(settings(root), root / "killed", report=silent)
    assert_resumes(root, root / "killed", count, moment)


@pytest.mark.slow
@over("count, moment", [(17, "before"), (5, "after")])
def test_kill_9_and_resume(tmp_path, count, moment):
    root = write_tiny(tmp_path / moment)
    arguments = [str(root), str(root / "killed"), str(count), moment]
    command = [sys.executable, "-m", "tests.train.killed_run", *arguments]
    assert subprocess.run(command, capture_output=True, check=False).returncode == -9
    assert_resumes(root, root / "killed", count, moment)
