"""Threads of the command line: those that are free, and waiting ones that sleep."""

import importlib
import os
import subprocess
import sys

import torch

from simplex.cli import main
from tests.cases import over


@over("given, found", [(None, "passive"), ("active", "active")])
def test_in_a_process_of_the_command_line_waiting_threads_sleep(given, found):
    code = """
import os, sys
sys.argv = ["simplex", "--help"]
import simplex.cli
print(os.environ["OMP_WAIT_POLICY"], "torch" in sys.modules)
"""
    env = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    env |= {} if given is None else {"OMP_WAIT_POLICY": given}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env
    )
    assert run.stdout.split() == [found, "False"]


def test_a_program_that_has_loaded_torch_keeps_its_environment(monkeypatch):
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    importlib.reload(sys.modules["simplex.cli"])
    assert "OMP_WAIT_POLICY" not in os.environ


def test_a_command_computes_on_the_free_threads(tmp_path, monkeypatch, capsys):
    before, seen = torch.get_num_threads(), []
    monkeypatch.setattr("simplex.complexes.usable_threads", lambda: before + 1)
    monkeypatch.setattr(
        "simplex.cli._info.run", lambda args: seen.append(torch.get_num_threads()) or 0
    )
    assert main(["info", str(tmp_path / "graph.edges")]) == 0
    assert seen == [before + 1]
    assert torch.get_num_threads() == before
