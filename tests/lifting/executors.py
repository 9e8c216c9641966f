"""Executors that run tasks here, elsewhere, and those that end in the middle."""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager


class InTurn(Executor):
    """One task after the other, in this thread; ``before`` is called with the number of each."""

    _max_workers = 1

    def __init__(self, before=lambda number: None):
        self.before, self.number = before, 0

    def submit(self, function, /, *args):
        future = Future()
        try:
            self.before(self.number)
            self.number += 1
            future.set_result(function(*args))
        except Exception as error:
            future.set_exception(error)
        return future


class Elsewhere(InTurn):
    """A worker on whose machine every folder is another place."""

    def __init__(self, folder):
        super().__init__()
        self.folder = folder

    def submit(self, function, /, *args):
        moved = [a._replace(path=str(self.folder)) if hasattr(a, "token") else a for a in args]
        return super().submit(function, *moved)


def killed_before(number):
    """An executor that kills its process instead of running a task."""

    def before(task):
        if task == number:
            os.kill(os.getpid(), signal.SIGKILL)

    return InTurn(before)


EXECUTORS = {"own threads": None, "threads": ThreadPoolExecutor(2), "in turn": InTurn()}


@contextmanager
def spawned_processes() -> Iterator[Executor]:
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as processes:
        yield processes


@contextmanager
def dask_executor() -> Iterator[Executor]:
    distributed = __import__("pytest").importorskip("distributed")
    with (
        distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client.get_executor()
