"""How many threads the machine has free, and calls that Ctrl-C can end."""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import copy_context
from typing import Any, NamedTuple, TypeVar

import numpy as np
import torch

from simplex.complexes._system import group_folders, system_text, system_texts


Result = TypeVar("Result")

_LOOK_UP = 0.05  # seconds between two looks of the waiting thread at pending signals
_PATIENCE = 5.0  # seconds given to a kernel to notice that it should stop
_TRUSTED = 1.0  # seconds for which an answer holds
_SHORTEST, _LONGEST = 0.1, 5.0  # seconds over which the load is averaged
_SPARED = 0.3  # part of a core that others may use without it being counted as taken


def interruptible(
    function: Callable[..., Result], *args: Any, stop: np.ndarray | None = None
) -> Result:
    """Call a function that releases the interpreter lock, so that Ctrl-C is answered at once.

    Signals are handled by the main thread between two instructions of Python, which a long call
    into compiled code keeps from it. The call therefore runs on a thread of its own while the main
    thread waits; outside the main thread it is a plain call. A thread costs about 0.1 ms: call
    small things directly. The function must leave torch alone, whose modes belong to a thread.

    Args:
        function: what to call.
        *args: its arguments.
        stop: a flag array that the function polls. It is set when the wait is interrupted, and the
            function is then waited for; without it the function is left to end by itself.

    Returns:
        What the function returns.

    Raises:
        BaseException: what the function raises, or what a signal handler raises meanwhile.
    """
    if threading.current_thread() is not threading.main_thread():
        return function(*args)
    results: list[Result] = []
    errors: list[BaseException] = []
    done = threading.Lock()
    done.acquire()

    def work() -> None:
        try:
            results.append(function(*args))
        except BaseException as error:
            errors.append(error)
        finally:
            done.release()

    # numpy's error state and the like travel in the context.
    worker = threading.Thread(target=copy_context().run, args=(work,), daemon=True)
    try:
        worker.start()
        # In short waits: a signal that the system hands to the other thread wakes nobody here.
        while not done.acquire(timeout=_LOOK_UP):
            pass
    except BaseException:
        if stop is not None:
            stop[...] = True
            done.acquire(timeout=_PATIENCE)
        raise
    if errors:
        raise errors.pop()
    return results.pop()


def usable_threads() -> int:
    """How many threads are worth starting now: at least 1, at most ``torch.get_num_threads()``.

    Cores on which this process may run and that its control group pays for, less those that other
    processes keep busy. A thread without a core of its own is worse than none: whoever waits for
    it waits for the scheduler. An answer holds for a second.
    """
    return max(1, min(torch.get_num_threads(), _free_cores()))


@contextlib.contextmanager
def on_free_threads() -> Iterator[None]:
    """Let torch compute on no more threads than are usable; also a decorator, for heavy functions.

    Its parallel loops end in a barrier, at which all threads wait, spinning, for one that has lost
    its core to another process. Costs about a microsecond.
    """
    with torch_threads(usable_threads()):
        yield


@contextlib.contextmanager
def torch_threads(num_threads: int) -> Iterator[None]:
    """Let torch compute on so many threads, and afterwards on as many as before."""
    before = _limits.enter(torch.get_num_threads())
    torch.set_num_threads(num_threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
        _limits.leave()


class _Limits(threading.local):
    """Which Python threads have limited torch, to give every one its number back.

    Torch keeps a number for each thread, and a thread that it meets for the first time takes the
    number that was set last, by whom ever: a limit of another one, which ends without its knowing.
    """

    depth = 0  # of this thread
    lock = threading.Lock()  # of all threads, like what follows
    inside = 0
    usual = 1

    def enter(self, before: int) -> int:
        """Which number to set on leaving."""
        self.depth += 1
        if self.depth > 1:
            return before
        with _Limits.lock:
            if _Limits.inside == 0:
                _Limits.usual = before
            _Limits.inside += 1
            return _Limits.usual

    def leave(self) -> None:
        self.depth -= 1
        if self.depth == 0:
            with _Limits.lock:
                _Limits.inside -= 1


_limits = _Limits()


class _Load(NamedTuple):
    """A look at the machine: when, and what was used until then, in seconds of cores."""

    time: float
    busy: float  # by all processes, on the cores of this one
    own: float  # by this process
    running: int  # threads that had or wanted a core at that moment, on the whole machine


def _free_cores() -> int:
    """Cores for this process alone, by the load since the last look, if that is not long ago."""
    global _last_load, _last_answer
    now = time.monotonic()
    if _last_answer is not None and now - _last_answer[0] < _TRUSTED:
        return _last_answer[1]
    cores = _own_cores()
    free = len(cores)
    if (quota := _quota()) is not None:
        free = min(free, int(quota))
    load = _read_load(cores)
    if load is not None:
        before = _last_load
        elapsed = load.time - before.time if before is not None else 0.0
        if before is not None and _SHORTEST <= elapsed <= _LONGEST and before.own <= load.own:
            taken = (load.busy - before.busy - (load.own - before.own)) / elapsed
            free = min(free, int(len(cores) - max(taken - _SPARED, 0.0)))
        else:  # nothing to compare with (a forked child), or over too long: the moment decides
            others = max(load.running - _own_running(), 0)
            free = min(free, (os.cpu_count() or 1) - others)
        _last_load = load
    _last_answer = (now, free)
    return free


def _own_cores() -> set[int]:
    """Numbers of the cores on which this process may run."""
    if hasattr(os, "sched_getaffinity"):
        return set(os.sched_getaffinity(0))
    return set(range(os.cpu_count() or 1))  # macOS, Windows


def _quota() -> float | None:
    """Cores that the control groups of this process pay for, by version 2 or 1; None without."""
    limits = [_quota_in(folder) for folder in group_folders("cpu")]
    return min((limit for limit in limits if limit is not None), default=None)


def _quota_in(folder: str) -> float | None:
    text = system_text(f"{folder}/cpu.max")
    if text is None:
        quota = system_text(f"{folder}/cpu.cfs_quota_us")
        period = system_text(f"{folder}/cpu.cfs_period_us")
        text = f"{quota} {period}" if quota and period else ""
    try:
        quota_us, period_us = (int(number) for number in text.split())
    except ValueError:  # no such file, or "max"
        return None
    return quota_us / period_us if quota_us > 0 and period_us > 0 else None


def _read_load(cores: set[int]) -> _Load | None:
    """The load by /proc/stat; None where there is none, or one that says nothing."""
    text = system_text("proc/stat")
    if text is None:
        return None
    busy, running = 0, 0
    for line in filter(str.strip, text.splitlines()):
        name, *numbers = line.split()
        if name == "procs_running":
            running = int(numbers[0])
        elif name.startswith("cpu") and name[3:].isdigit() and int(name[3:]) in cores:
            spent = [int(number) for number in numbers[:8]]  # user … steal, as guests count twice
            busy += sum(spent) - sum(spent[3:5])  # less idle and waiting for a disk
    own = os.times()
    if running == 0 or busy == 0:  # a sandbox that imitates the file: this very process runs
        return None
    ticks = os.sysconf("SC_CLK_TCK")
    return _Load(time.monotonic(), busy / ticks, own.user + own.system, running)


def _own_running() -> int:
    """Threads of this process that have or want a core: this one, and any that spin."""
    states = system_texts("proc/self/task/*/stat")
    return max(1, sum(state.rpartition(")")[2].split()[:1] == ["R"] for state in states))


_last_load = _read_load(_own_cores())  # what the first question compares with
_last_answer: tuple[float, int] | None = None
