"""A place belongs to one run, and to nobody when that run is gone, whatever it has left behind."""

import os
import signal
import warnings

import pytest

from simplex.complexes import only_run


def test_a_child_of_a_killed_run_does_not_hold_its_lock(tmp_path):
    lock = tmp_path / "lock"
    alive, end = os.pipe()  # the grandchild reads until this process closes its end
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads, which they leave be
        child = os.fork()
        if child == 0:
            with only_run("place", tmp_path, lock):
                if os.fork() == 0:
                    os.close(end)
                    os.read(alive, 1)
                    os._exit(0)
                os.kill(os.getpid(), signal.SIGKILL)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    with only_run("place", tmp_path, lock):
        assert lock.read_text() == str(os.getpid())
        with pytest.raises(ValueError, match="another run"), only_run("place", tmp_path, lock):
            pass
    os.close(end)
    os.close(alive)
    assert not lock.exists()
