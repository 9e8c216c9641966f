"""A complex lifted to disk by tasks: the bytes of the one lifted in memory, whatever happens."""

import itertools
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
import warnings
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import networkx as nx
import numpy as np
import pytest

from simplex.lifting import clique_complex, clique_complex_to_disk
from simplex.storage import edges_to_disk, open_complex, open_edges, save_complex
from tests.cases import over
from tests.lifting.executors import (
    EXECUTORS,
    Elsewhere,
    InTurn,
    dask_executor,
    killed_before,
    spawned_processes,
)


DENSE = nx.gnp_random_graph(30, 0.5, seed=1)
GRAPHS = {
    "none": nx.Graph(),
    "no edge": nx.empty_graph(3),
    "complete": nx.complete_graph(8),
    "dense": DENSE,
    "hubs": nx.barabasi_albert_graph(60, 6, seed=2),
    "named": nx.relabel_nodes(nx.gnp_random_graph(20, 0.4, seed=4), str),
    "numpy": nx.relabel_nodes(nx.complete_graph(4), {v: (np.int64(v), "v") for v in range(4)}),
    "several": [nx.complete_graph(4), nx.empty_graph(2), nx.cycle_graph(3)],
}


def contents(folder):
    """The bytes of all files of a folder."""
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def expected(graph, max_dim, folder):
    """The bytes of the folder of the complex that was lifted in memory."""
    save_complex(clique_complex(graph, max_dim), folder, overwrite=True)
    return contents(folder)


@over(
    "name, max_dim, executor",
    [
        *itertools.product(GRAPHS, [3], ["own threads"]),
        *itertools.product(["dense"], [0, 1], ["in turn"]),
        ("complete", 9, "in turn"),
        ("dense", 3, "threads"),
    ],
)
def test_the_bytes_are_those_of_the_saved_complex(name, max_dim, executor, tmp_path):
    graph, size = GRAPHS[name], None if executor == "own threads" else 150
    K = clique_complex_to_disk(
        graph, tmp_path / "K", max_dim, EXECUTORS[executor], overwrite=True, task_size=size
    )
    assert contents(tmp_path / "K") == expected(graph, max_dim, tmp_path / "saved")
    assert clique_complex(graph, max_dim) == K
    assert sorted(os.listdir(tmp_path)) == ["K", "saved"]


def test_edges_on_disk_are_lifted_as_their_graph(tmp_path):
    edges_to_disk([np.array(DENSE.edges)], tmp_path / "graph", num_vertices=30)
    clique_complex_to_disk(tmp_path / "graph", tmp_path / "K", 3)
    assert contents(tmp_path / "K") == expected(DENSE, 3, tmp_path / "saved")


def run_and_die(folder, executor):
    """Lift in a child that the executor kills; whether it was killed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads, which the child leaves be
        child = os.fork()
    if child == 0:
        try:
            clique_complex_to_disk(DENSE, folder, 3, executor, task_size=150)
        finally:
            os._exit(0)
    return os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL


def test_a_killed_run_goes_on_where_it_was(tmp_path):
    wanted = expected(DENSE, 3, tmp_path / "saved")
    counted = InTurn()
    clique_complex_to_disk(DENSE, tmp_path / "whole", 3, counted, task_size=150)
    checksums = 3  # of three tables, the last tasks
    assert counted.number > checksums + 8
    for death in (2, counted.number // 2, counted.number - checksums - 1):
        folder = tmp_path / f"dies {death}"
        assert run_and_die(folder, killed_before(death))
        assert not folder.exists()
        left = InTurn()
        clique_complex_to_disk(DENSE, folder, 3, left, task_size=150)
        assert left.number == counted.number - death
        assert contents(folder) == wanted


def test_a_run_killed_again_and_again_ends(tmp_path):
    deaths = 0
    while run_and_die(tmp_path / "K", killed_before(3)):
        deaths += 1
    assert deaths > 2
    assert contents(tmp_path / "K") == expected(DENSE, 3, tmp_path / "saved")


def test_an_unfinished_run_of_another_graph_is_not_gone_on_with(tmp_path):
    other = nx.gnp_random_graph(30, 0.5, seed=2)
    assert run_and_die(tmp_path / "K", killed_before(5))
    with pytest.raises(ValueError, match=r"unfinished work at another job .*K\.partial"):
        clique_complex_to_disk(other, tmp_path / "K", 3, task_size=150)
    clique_complex_to_disk(other, tmp_path / "K", 3, task_size=150, overwrite=True)
    assert contents(tmp_path / "K") == expected(other, 3, tmp_path / "saved")


def test_lost_tables_are_written_again(tmp_path):
    wanted = expected(DENSE, 3, tmp_path / "saved")
    for name in ("facets_1.npy", "facets_2.npy"):
        assert run_and_die(tmp_path / name, killed_before(11))
        table = tmp_path / f"{name}.partial" / name
        table.write_bytes(table.read_bytes()[:-4]) if name == "facets_2.npy" else table.unlink()
        clique_complex_to_disk(DENSE, tmp_path / name, 3, task_size=150)
        assert contents(tmp_path / name) == wanted


def test_a_full_disk_is_said_before_and_gone_on_from(tmp_path, monkeypatch):
    graph = nx.gnp_random_graph(30, 0.7, seed=1)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=60_000))
        with pytest.raises(OSError, match=r"GiB of free disk for facets_3 .* is kept"):
            clique_complex_to_disk(graph, tmp_path / "K", 3)
    left = InTurn()
    clique_complex_to_disk(graph, tmp_path / "K", 3, left)
    assert left.number == 1 + 3  # the last fill, and checksums: counts and first fill were kept
    assert contents(tmp_path / "K") == expected(graph, 3, tmp_path / "saved")


def test_a_disk_that_fills_up_is_gone_on_from(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    graph = nx.gnp_random_graph(30, 0.7, seed=1)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, hard))
    try:
        with pytest.raises(OSError, match=r"what is done is kept in .*calling again goes on"):
            clique_complex_to_disk(graph, tmp_path / "K", 3)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    clique_complex_to_disk(graph, tmp_path / "K", 3)
    assert contents(tmp_path / "K") == expected(graph, 3, tmp_path / "saved")


def test_only_one_run_at_a_time(tmp_path):
    def try_too(number):
        with pytest.raises(ValueError, match="another run"):
            clique_complex_to_disk(DENSE, tmp_path / "K", 3)

    clique_complex_to_disk(DENSE, tmp_path / "K", 3, InTurn(try_too))


def test_a_place_that_is_taken_stays(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").touch()
    with pytest.raises(ValueError, match="nothing was changed"):
        clique_complex_to_disk(DENSE, tmp_path / "mine")
    clique_complex_to_disk(DENSE, tmp_path / "K")
    with pytest.raises(ValueError, match="overwrite=True"):
        clique_complex_to_disk(DENSE, tmp_path / "K", 3)
    assert open_complex(tmp_path / "K").dim == 2


def test_workers_that_do_not_see_the_folder_are_noticed(tmp_path):
    with pytest.raises(OSError, match="every worker must see the folder"):
        clique_complex_to_disk(DENSE, tmp_path / "K", 3, Elsewhere(tmp_path))


# Processes


@pytest.mark.slow
@pytest.mark.parametrize("engine", [spawned_processes, dask_executor])
def test_processes_write_the_same_bytes(engine, tmp_path):
    graph = nx.gnp_random_graph(200, 0.3, seed=5)
    with engine() as executor:
        clique_complex_to_disk(graph, tmp_path / "K", 3, executor, task_size=1000)
    assert contents(tmp_path / "K") == expected(graph, 3, tmp_path / "saved")


_RUN = """
import multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
import networkx as nx
from simplex.lifting import clique_complex_to_disk

if __name__ == "__main__":
    with ProcessPoolExecutor(2, multiprocessing.get_context(sys.argv[2])) as executor:
        clique_complex_to_disk(
            nx.gnp_random_graph(200, 0.3, seed=5), sys.argv[1], 3, executor, task_size=200
        )
"""


@pytest.mark.slow
@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_a_killed_run_of_processes_goes_on(method, tmp_path):
    script = tmp_path / "run.py"
    script.write_text(_RUN)
    command = [sys.executable, script, tmp_path / "K", method]
    run = subprocess.Popen(command, start_new_session=True)
    marks = tmp_path / "K.partial" / "facets_3.done"
    wait_for(lambda: marks.is_dir() and len(os.listdir(marks)) > 20)
    os.kill(run.pid, signal.SIGKILL)  # its workers may wait for tasks for ever
    run.wait()
    assert not (tmp_path / "K").exists()
    graph = nx.gnp_random_graph(200, 0.3, seed=5)
    clique_complex_to_disk(graph, tmp_path / "K", 3, task_size=200)
    with suppress(ProcessLookupError):
        os.killpg(run.pid, signal.SIGKILL)
    assert contents(tmp_path / "K") == expected(graph, 3, tmp_path / "saved")


@pytest.mark.slow
def test_a_pool_that_loses_a_process_keeps_what_is_done(tmp_path):
    graph = nx.gnp_random_graph(200, 0.3, seed=5)
    with spawned_processes() as executor:
        killer = threading.Thread(target=kill_one, args=(executor, tmp_path / "K.partial"))
        killer.start()
        with pytest.raises(RuntimeError, match="call again to go on"):
            clique_complex_to_disk(graph, tmp_path / "K", 3, executor, task_size=200)
        killer.join()
    clique_complex_to_disk(graph, tmp_path / "K", 3, task_size=200)
    assert contents(tmp_path / "K") == expected(graph, 3, tmp_path / "saved")


@pytest.mark.slow
def test_dask_runs_the_tasks_of_a_killed_worker_again(tmp_path):
    graph = nx.gnp_random_graph(200, 0.3, seed=5)
    with dask_executor() as executor:
        pids = list(executor._client.run(os.getpid).values())
        marks = tmp_path / "K.partial" / "facets_2.done"

        def kill() -> None:
            wait_for(lambda: marks.is_dir() and len(os.listdir(marks)) > 5)
            os.kill(pids[0], signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        clique_complex_to_disk(graph, tmp_path / "K", 3, executor, task_size=200)
        killer.join()
    assert contents(tmp_path / "K") == expected(graph, 3, tmp_path / "saved")


def kill_one(executor, partial):
    marks = partial / "facets_3.done"
    wait_for(lambda: marks.is_dir() and len(os.listdir(marks)) > 5)
    os.kill(next(iter(executor._processes)), signal.SIGKILL)


def wait_for(condition):
    until = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.01)


def test_a_graph_is_not_replaced_by_its_complex(tmp_path):
    edges_to_disk(np.array([(0, 1), (0, 2), (1, 2)]), tmp_path / "G")
    with pytest.raises(ValueError, match="folder must be another one"):
        clique_complex_to_disk(tmp_path / "G", f"{tmp_path}/other/../G", overwrite=True)
    assert len(open_edges(tmp_path / "G").edges) == 3
