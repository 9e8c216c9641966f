"""Calls that Ctrl-C can end, and the number of threads by what the machine says about itself."""

import os
import signal
import threading
import time

import numpy as np
import pytest
import torch

from simplex.complexes import (
    available_bytes,
    interruptible,
    on_free_threads,
    torch_threads,
    usable_threads,
)
from tests.cases import over


def test_an_interruptible_call_returns_and_raises_like_a_call():
    assert interruptible(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        interruptible(divmod, 7, 0)
    threads = []
    interruptible(lambda: threads.append(threading.current_thread()))
    assert threads[0] is not threading.main_thread()


def test_numpys_error_state_goes_along():
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        interruptible(np.divide, 1.0, 0.0)


def test_outside_the_main_thread_it_is_a_plain_call():
    threads = []

    def work():
        interruptible(lambda: threads.append(threading.current_thread()))

    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    assert threads == [worker]


@pytest.fixture
def ctrl_c():
    """Sends this process the signal of Ctrl-C, and has it handled as in a program."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield lambda: os.kill(os.getpid(), signal.SIGINT)
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_ends_the_wait_for_a_call_that_does_not_end(ctrl_c):
    ended = threading.Event()
    try:
        with pytest.raises(KeyboardInterrupt):
            interruptible(lambda: (ctrl_c(), ended.wait(60)))
    finally:
        ended.set()


def test_ctrl_c_sets_the_flag_and_waits_for_who_polls_it(ctrl_c):
    stop, left = np.zeros(1, np.bool_), []

    def work():
        ctrl_c()
        while not stop[0]:
            time.sleep(0.001)
        left.append(True)

    with pytest.raises(KeyboardInterrupt):
        interruptible(work, stop=stop)
    assert left == [True]


class FakeMachine:
    """A folder that takes the place of the system's root, its cores and its clock."""

    def __init__(self, root, monkeypatch, cores=4):
        self.root, self.monkeypatch, self.cores = root, monkeypatch, cores
        self.busy, self.time = [100.0] * cores, 1000.0
        where = "simplex.complexes._threads."
        monkeypatch.setattr("simplex.complexes._system._ROOT", root)
        monkeypatch.setattr(f"{where}_last_load", None)
        monkeypatch.setattr(f"{where}_last_answer", None)
        monkeypatch.setattr(f"{where}_own_cores", lambda: set(range(cores)))
        monkeypatch.setattr("os.cpu_count", lambda: cores)
        monkeypatch.setattr("time.monotonic", lambda: self.time)
        monkeypatch.setattr("torch.get_num_threads", lambda: cores)

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def look(self, *busy, running=1, later=2.0):
        """Time passes, in which each core is busy for that part of it; how many threads then?"""
        self.time += later
        for core, part in enumerate(busy):
            self.busy[core] += part * later
        hertz = os.sysconf("SC_CLK_TCK")
        lines = [
            f"cpu{core} {int(spent * hertz)} 0 0 {int(self.time * hertz)} 7 0 0 0 9 9"
            for core, spent in enumerate(self.busy)
        ]
        rest = ["intr 5 0 0", "ctxt 99", f"procs_running {running}", "procs_blocked 0"]
        self.write("proc/stat", "\n".join(["cpu 1 2 3 4 5 6 7 8 0 0", *lines, *rest]))
        return usable_threads()


@pytest.fixture
def machine(tmp_path, monkeypatch):
    return FakeMachine(tmp_path, monkeypatch)


def test_cores_that_others_keep_busy_are_not_counted(machine):
    assert machine.look(running=1) == 4  # at first the moment decides
    assert machine.look(0, 0, 0, 0.2) == 4
    assert machine.look(0, 0, 1, 0) == 3
    assert machine.look(1, 0.5, 1, 1) == 1
    assert machine.look(1, 1, 1, 1) == 1
    assert machine.look(0, 0, 0, 0) == 4


def test_an_answer_holds_for_a_second_and_long_averages_count_for_nothing(machine):
    assert machine.look(running=3) == 2
    assert machine.look(0, 0, 0, 0, running=1, later=0.5) == 2
    assert machine.look(0, 0, 0, 0, running=1, later=0.6) == 4
    assert machine.look(0, 0, 0, 0, running=4, later=600) == 1


def test_own_work_does_not_count_as_that_of_others(machine, monkeypatch):
    begin = os.times()
    assert machine.look(running=1) == 4
    monkeypatch.setattr("os.times", lambda: type(begin)((begin.user + 4.0, *begin[1:])))
    assert machine.look(1, 1, 0, 0) == 4


def test_threads_of_this_process_that_spin_do_not_count_at_the_moment_either(machine):
    for thread, state in enumerate("RRRS"):
        machine.write(f"proc/self/task/{thread}/stat", f"{thread} (a) b) {state} 1 1")
    assert machine.look(running=3) == 4
    assert machine.look(running=5, later=600) == 2


QUOTAS = {
    "none": ({}, 4),
    "version 2": ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "250000 100000\n"}, 2),
    "version 2, no limit": (
        {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"},
        4,
    ),
    "version 2, of a group above": (
        {
            "proc/self/cgroup": "0::/service/job\n",
            "sys/fs/cgroup/service/cpu.max": "300000 100000",
            "sys/fs/cgroup/service/job/cpu.max": "max 100000",
        },
        3,
    ),
    "version 1": (
        {
            "proc/self/cgroup": "5:memory:/a\n4:cpu,cpuacct:/a\n0::/\n",
            "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us": "150000",
            "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us": "100000",
        },
        1,
    ),
    "version 1, no limit": (
        {
            "proc/self/cgroup": "4:cpu:/\n",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
        },
        4,
    ),
    "less than one core": (
        {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "20000 100000\n"},
        1,
    ),
}


@over("name", QUOTAS)
def test_a_control_group_pays_for_so_many(name, tmp_path, monkeypatch):
    files, threads = QUOTAS[name]
    with monkeypatch.context() as patch:
        machine = FakeMachine(tmp_path / name, patch)
        for path, text in files.items():
            machine.write(path, text)
        assert machine.look() == threads


GIB = 2**30
V2, V1 = "sys/fs/cgroup", "sys/fs/cgroup/memory"
MEMORIES = {
    "no group": ({}, 16),
    "no limit": (
        {
            "proc/self/cgroup": "0::/\n",
            f"{V2}/memory.max": "max\n",
            f"{V2}/memory.current": str(9 * GIB),
        },
        16,
    ),
    "version 2": (
        {
            "proc/self/cgroup": "0::/\n",
            f"{V2}/memory.max": str(8 * GIB),
            f"{V2}/memory.current": str(7 * GIB),
            f"{V2}/memory.stat": f"anon {2 * GIB}\ninactive_file {5 * GIB}\nactive_file 4096\n",
        },
        6,
    ),
    "the group of the process, not the root": (
        {
            "proc/self/cgroup": "0::/service/job\n",
            f"{V2}/service/memory.max": str(12 * GIB),
            f"{V2}/service/memory.current": str(2 * GIB),
            f"{V2}/service/job/memory.max": str(4 * GIB),
            f"{V2}/service/job/memory.current": str(1 * GIB),
        },
        3,
    ),
    "a group above is tighter": (
        {
            "proc/self/cgroup": "0::/service/job\n",
            f"{V2}/service/memory.max": str(12 * GIB),
            f"{V2}/service/memory.current": str(11 * GIB),
            f"{V2}/service/job/memory.max": str(4 * GIB),
            f"{V2}/service/job/memory.current": str(1 * GIB),
        },
        1,
    ),
    "version 1": (
        {
            "proc/self/cgroup": "4:memory:/a\n1:cpu:/\n0::/\n",
            f"{V1}/memory.limit_in_bytes": "9223372036854771712",
            f"{V1}/memory.usage_in_bytes": str(9 * GIB),
            f"{V1}/a/memory.limit_in_bytes": str(6 * GIB),
            f"{V1}/a/memory.usage_in_bytes": str(4 * GIB),
            f"{V1}/a/memory.stat": f"inactive_file 0\ntotal_inactive_file {GIB}\n",
        },
        3,
    ),
    "more used than allowed": (
        {
            "proc/self/cgroup": "0::/\n",
            f"{V2}/memory.max": str(2 * GIB),
            f"{V2}/memory.current": str(3 * GIB),
        },
        0,
    ),
}


@over("name", MEMORIES)
def test_free_memory_is_what_the_tightest_control_group_leaves(name, tmp_path, monkeypatch):
    files, gib = MEMORIES[name]
    with monkeypatch.context() as patch:
        machine = FakeMachine(tmp_path / name, patch)
        machine.write("proc/meminfo", f"MemTotal: 1 kB\nMemAvailable: {16 * 2**20} kB\n")
        for path, text in files.items():
            machine.write(path, text)
        assert available_bytes(torch.device("cpu")) == gib * GIB


@over("text", ["", "cpu 0 0 0 0\ncpu0 0 0 0 0 0 0 0 0 0 0\nprocs_running 0\n", "nonsense\n\n:\n"])
def test_a_system_that_says_nothing_of_its_load_is_taken_as_free(text, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        machine = FakeMachine(tmp_path, patch)
        machine.write("proc/stat", text)
        machine.write("proc/self/cgroup", text)
        assert usable_threads() == 4


def test_limits_of_several_threads_leave_no_trace():
    before, entered, left, seen = torch.get_num_threads(), threading.Event(), threading.Event(), []

    def first():
        with torch_threads(before + 2):
            entered.set()
            left.wait(60)
        seen.append(torch.get_num_threads())

    def second():
        with torch_threads(before + 3):
            with torch_threads(before + 4):
                pass
            seen.append(torch.get_num_threads() - 3)
            left.set()
            one.join()
        seen.append(torch.get_num_threads())

    one = threading.Thread(target=first)
    one.start()
    entered.wait(60)
    for work in (second, lambda: seen.append(torch.get_num_threads())):
        other = threading.Thread(target=work)
        other.start()
        other.join()
    assert [*seen, torch.get_num_threads()] == [before] * 5


def test_torch_gets_the_free_threads_and_its_own_number_back(monkeypatch):
    monkeypatch.setattr("simplex.complexes._threads.usable_threads", lambda: 3)
    before = torch.get_num_threads()
    with on_free_threads():
        assert torch.get_num_threads() == 3
    assert torch.get_num_threads() == before
    with pytest.raises(ZeroDivisionError), on_free_threads():
        divmod(1, 0)
    assert torch.get_num_threads() == before
    assert on_free_threads()(torch.get_num_threads)() == 3
