"""Work in tasks: the same results in the same order by whatever runs them."""

import threading
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
import torch

from simplex.storage import pointer_ranges, row_ranges, run_tasks
from tests.cases import over
from tests.storage.tasks import failing, failing_once, killed, killed_once, slow_square, squared


NUMBERS = [(number,) for number in range(60)]


class AtOnce(Executor):
    """An executor that says nothing of itself, and remembers how many results wait."""

    def __init__(self):
        self.submitted = 0

    def submit(self, function, /, *args, **options):
        future = Future()
        future.set_result(function(*args))
        self.submitted += 1
        return future


@pytest.fixture(scope="module")
def executors(processes):
    with ThreadPoolExecutor(3) as threads:
        yield {"none": None, "threads": threads, "processes": processes, "own": AtOnce()}


@over("name", ["none", "threads", "processes", "own"])
def test_results_come_in_order(executors, name):
    executor, ended = executors[name], []
    results = run_tasks(
        slow_square, iter(NUMBERS), executor, finished=lambda *both: ended.append(both)
    )
    assert list(results) == [number**2 for number in range(60)]
    assert sorted(ended) == [(number, number**2) for number in range(60)]
    assert list(run_tasks(slow_square, [], executor)) == []


def test_processes_are_other_ones(processes):
    import os

    assert {pid for pid, _ in run_tasks(squared, NUMBERS)} == {os.getpid()}
    assert os.getpid() not in {pid for pid, _ in run_tasks(squared, NUMBERS, processes)}


def test_few_tasks_wait_however_many_there_are():
    taken, executor = [], AtOnce()

    def tasks():
        for number in range(10**9):
            taken.append(number)
            yield (number,)

    results = run_tasks(squared, tasks(), executor)
    assert [next(results)[1] for _ in range(10)] == [number**2 for number in range(10)]
    results.close()
    assert executor.submitted == len(taken) < 1000


@over("name", ["none", "threads", "processes", "own"])
def test_an_error_of_a_task_is_raised_and_the_others_are_dropped(executors, name):
    with pytest.raises(ZeroDivisionError, match="of number 3"):
        list(run_tasks(failing, NUMBERS, executors[name]))
    assert list(run_tasks(slow_square, NUMBERS[:3], executors[name])) == [0, 1, 4]


def test_an_interrupt_cancels_what_waits():
    begun = []

    def work(number):
        begun.append(number)
        time.sleep(0.001)

    def interrupt(number, _):
        if number == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(run_tasks(work, ((number,) for number in range(10**6)), finished=interrupt))
    assert len(begun) < 1000
    assert not any(thread.name.startswith("simplex") for thread in threading.enumerate())


def test_what_is_no_executor_is_refused():
    with pytest.raises(TypeError, match=r"must be a concurrent\.futures\.Executor .*got int"):
        list(run_tasks(squared, NUMBERS, 4))

    class Client:
        get_executor = None

    with pytest.raises(TypeError, match=r"got Client\. Pass client\.get_executor\(\)"):
        list(run_tasks(squared, NUMBERS, Client()))


def test_an_executor_that_was_shut_down_is_told():
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    with pytest.raises(RuntimeError, match=r"or was shut down, while tasks of squared ran .*go on"):
        list(run_tasks(squared, [(1,)], executor))


@pytest.mark.slow  # starts three processes
def test_a_lost_process_is_told_and_the_next_call_goes_on(tmp_path):
    tasks = [(str(tmp_path), number) for number in range(8)]
    with (
        ProcessPoolExecutor(1, get_context("spawn")) as processes,
        pytest.raises(RuntimeError, match=r"lost a worker.*What finished tasks wrote is kept"),
    ):
        list(run_tasks(killed_once, tasks, processes))
    assert {path.name for path in tmp_path.iterdir()} == {"killed", "part 0", "part 1", "part 2"}
    with ProcessPoolExecutor(2, get_context("spawn")) as processes:
        results = list(run_tasks(killed_once, tasks, processes))
        assert results == [number**2 for number in range(8)]
    with pytest.raises(RuntimeError, match="cannot schedule new futures after shutdown"):
        list(run_tasks(killed_once, tasks, processes))


@pytest.mark.slow  # starts a cluster of two processes
@pytest.mark.filterwarnings("ignore")  # a killed worker is no news to Dask
def test_dask_runs_the_tasks_of_a_killed_worker_again(tmp_path):
    distributed = pytest.importorskip("distributed")
    tasks = [(str(tmp_path), number) for number in range(20)]
    with (
        distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        executor = client.get_executor()
        assert list(run_tasks(slow_square, NUMBERS, executor)) == [n**2 for n in range(60)]
        with pytest.raises(ZeroDivisionError, match="of number 3"):
            list(run_tasks(failing, NUMBERS, executor))
        assert list(run_tasks(killed_once, tasks, executor)) == [n**2 for n in range(20)]
        assert (tmp_path / "killed").exists()
        task, again = [(str(tmp_path),)], tmp_path / "written"
        with pytest.raises(OSError, match="no room") as kept:  # and with it the future
            list(run_tasks(failing_once, task, executor))
        for _ in range(2):  # neither the error nor the result of then
            kept.again = [*run_tasks(failing_once, task, executor)]
            again.unlink()
        with pytest.raises(RuntimeError, match=r"KilledWorker.*call again to go on"):
            list(run_tasks(killed, NUMBERS[:1], executor))
        with pytest.raises(TypeError, match=r"got Client\. Pass client\.get_executor"):
            list(run_tasks(slow_square, NUMBERS, client))


# --- ranges ---------------------------------------------------------------------------------------

WORK = {
    "nothing": np.zeros(0, np.int64),
    "zeros": np.zeros(7, np.int64),
    "one": np.array([5]),
    "equal": np.ones(100, np.int64),
    "a hub": np.array([0, 1, 1, 1000, 0, 0, 1, 2, 0]),
    "a hub first": np.array([1000, 1, 1, 1]),
    "random": np.random.default_rng(0).integers(0, 50, 1000),
    "large": np.array([2**61, 2**61, 2**61]),
}


@over("name", WORK)
def test_ranges_cover_all_rows_in_order(name):
    work = WORK[name]
    pointer = np.concatenate([[3], 3 + np.cumsum(work)])
    for pieces in (1, 2, 7, 5000):
        ranges = row_ranges(work, pieces=pieces)
        assert ranges == pointer_ranges(pointer, pieces=pieces)
        assert ranges == row_ranges(torch.from_numpy(work), pieces=pieces)
        assert [row for start, stop in ranges for row in range(start, stop)] == [*range(len(work))]
        assert all(start < stop for start, stop in ranges)
        assert len(ranges) <= pieces
        if len(work):  # a range has its share, and no more than a row more
            most = max(int(work[start:stop].sum()) for start, stop in ranges)
            assert most <= int(work.sum()) / pieces + int(work.max())
    for most_work in (1, 10, 10**6):
        ranges = row_ranges(work, most_work=most_work)
        assert [row for start, stop in ranges for row in range(start, stop)] == [*range(len(work))]
        assert all(
            work[start:stop].sum() <= most_work or stop == start + 1 for start, stop in ranges
        )
        assert all(  # no two neighbours would fit into one
            work[start : stop + 1].sum() > most_work for start, stop in ranges[:-1]
        )


def test_rows_of_equal_work():
    assert row_ranges(10, pieces=3) == [(0, 4), (4, 8), (8, 10)]
    assert row_ranges(0, pieces=3) == row_ranges(0, most_work=3) == []
    for options in ({}, {"pieces": 2, "most_work": 3}):
        with pytest.raises(ValueError, match="one of pieces and most_work"):
            row_ranges([1, 2], **options)
    with pytest.raises(ValueError, match="pieces must be at least 1"):
        row_ranges([1, 2], pieces=0)
