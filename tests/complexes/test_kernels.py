"""Compiling kernels: a cache that cannot be used costs time alone."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import numba.core.caching
import pytest

from simplex.cli import main
from simplex.complexes import compiled
from simplex.lifting import clique_complex
from tests.cases import over


def doubled(number):
    return 2 * number


@pytest.fixture
def fresh(tmp_path, monkeypatch, caplog):
    """Begins anew: an empty cache folder, in a process that has not complained yet."""

    def begin():
        folder = tmp_path / str(len([*tmp_path.iterdir()]))
        folder.mkdir()
        monkeypatch.setattr(numba.core.config, "CACHE_DIR", str(folder))
        monkeypatch.setattr("simplex.complexes._kernels._said", False)
        monkeypatch.setattr("simplex.complexes._kernel_cache._told", False)
        caplog.clear()
        return folder

    return begin


def compile_it():
    kernel = compiled("int64(int64)")(doubled)
    assert kernel(21) == 42
    return kernel


def files(folder, ending):
    return [path for path in folder.rglob(f"*.{ending}") if path.is_file()]


def test_a_kernel_is_compiled_once_for_all_processes(fresh, caplog):
    cache = fresh()
    assert not compile_it().stats.cache_hits
    assert files(cache, "nbi")
    assert files(cache, "nbc")
    assert compile_it().stats.cache_hits
    assert not caplog.records


def test_that_a_kernel_is_compiled_is_told_once(fresh, caplog):
    fresh()
    with caplog.at_level(logging.INFO, logger="simplex.kernels"):
        compile_it()
        compiled("int64(int64)")(lambda number: 3 * number)
        (record,) = caplog.records
        caplog.clear()
        compile_it()
    assert "compiling" in record.getMessage()
    assert not caplog.records


@over("terminal", [True, False])
def test_a_command_tells_it_on_a_terminal_alone(terminal, fresh, monkeypatch, capsys):
    fresh()
    monkeypatch.setattr("simplex.cli._wl.run", lambda args: compile_it() and 0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    assert main(["wl", "a", "b"]) == 0
    assert capsys.readouterr().err.startswith("simplex: compiling") == terminal


WARM = """
import sys
from simplex.lifting import clique_complex
assert clique_complex([(0, 1), (0, 2), (1, 2)]).f_vector == (3, 3, 1)
print("scipy.linalg" in sys.modules)
import numba
print(numba.njit(lambda x: x + 1)(2))
"""


def test_code_that_is_kept_is_run_without_what_compiling_needs():
    clique_complex([(0, 1), (0, 2), (1, 2)])  # now it is kept
    run = subprocess.run([sys.executable, "-c", WARM], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "3"], run.stderr


DAMAGE = {
    "empty": lambda data: b"",
    "cut short": lambda data: data[: len(data) // 2],
    "zeros": lambda data: bytes(len(data)),
    "other bytes": lambda data: bytes(255 - byte for byte in data),
    "one bit of the code": lambda data: (
        data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 4]) + data[len(data) // 2 + 1 :]
    ),
}


@over("name", DAMAGE)
def test_damaged_files_are_said_once_and_not_used(name, fresh, caplog):
    cache = fresh()
    compile_it()
    for path in files(cache, "nbc") if "code" in name else files(cache, "nb[ic]"):
        path.write_bytes(DAMAGE[name](path.read_bytes()))
    with caplog.at_level(logging.WARNING, logger="simplex"):
        assert not compile_it().stats.cache_hits
        compile_it()
    (record,) = caplog.records
    assert "NUMBA_CACHE_DIR" in record.getMessage()


def _refuse(error):
    def refuse(*args, **kwargs):
        raise error

    return refuse


@over(
    "method, error",
    [
        ("CacheImpl.__init__", RuntimeError("cannot cache function: no locator available")),
        ("IndexDataCacheFile._open_for_write", OSError(28, "No space left on device")),
        ("IndexDataCacheFile._open_for_write", OSError(30, "Read-only file system")),
        ("IndexDataCacheFile._load_index", PermissionError(13, "Permission denied")),
        ("IndexDataCacheFile.load", ReferenceError("underlying object has vanished")),
    ],
)
def test_where_nothing_can_be_kept_kernels_compile_in_memory(
    method, error, fresh, caplog, monkeypatch
):
    fresh()
    with monkeypatch.context() as patch:
        patch.setattr(f"numba.core.caching.{method}", _refuse(error))
        compile_it()
    assert [str(error) in record.getMessage() for record in caplog.records] == [True]


def test_an_error_of_the_kernel_itself_is_raised(fresh):
    fresh()
    with pytest.raises(numba.core.errors.TypingError):
        compiled("int64(int64)")(lambda number: number.no_such_thing)


LONG = """
import os, signal, sys, threading, time, traceback
import torch
from simplex.complexes import SimplicialComplex, flag_complex
from simplex.datasets import random_surface
from simplex.lifting import linial_meshulam_complex
from simplex.operators import betti_numbers

side = torch.arange(4000) % 2  # a complete bipartite graph has many pairs to try and no triangle
pairs = torch.triu_indices(4000, 4000, offset=1)
bipartite = pairs[:, side[pairs[0]] != side[pairs[1]]].T.contiguous()
dense = linial_meshulam_complex(250, 0.013, 2, generator=torch.Generator().manual_seed(0))
jobs = {
    "lift": lambda: flag_complex(4000, bipartite, 2),
    "Betti numbers": lambda: betti_numbers(dense),
    "surface": lambda: random_surface("torus", 1000, num_flips=2 * 10**8),
}
main = threading.main_thread().ident

def interrupt():  # once the main thread waits for a kernel
    while sys._current_frames()[main].f_code.co_name != "interruptible":
        time.sleep(0.01)
    time.sleep(0.1)
    os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
for name, job in jobs.items():
    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        job()
        print(name, "ran to the end")
    except KeyboardInterrupt as error:
        frames = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
        thread.join()
        print(name, frames[-1], threading.active_count())
"""


def test_ctrl_c_ends_every_kernel():
    """In a process of its own: the wait is interrupted, and no thread of a kernel is left."""
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])
    run = subprocess.run(
        [sys.executable, "-c", LONG],
        capture_output=True,
        text=True,
        timeout=200,
        env={**os.environ, "PYTHONPATH": path},
    )
    ended = [f"{name} interruptible 1" for name in ("lift", "Betti numbers", "surface")]
    assert run.stdout.splitlines() == ended, run.stderr
