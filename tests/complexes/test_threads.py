"""Calls that Ctrl-C can end, and the number of threads by what the machine says about itself."""

import os
import signal
import threading
import time

import numpy as np
import pytest

from simplex.complexes import interruptible


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
