"""Tasks for other processes, which import this file alone."""

import errno
import os
import signal
import time
from pathlib import Path

from simplex.storage import Place


def look(path, token):
    return str(Place(path, token).found())


def squared(number):
    return os.getpid(), number**2


def slow_square(number):
    """The later tasks end first."""
    time.sleep(0.02 * (number % 3 == 0))
    return number**2


def failing(number):
    if number == 3:
        raise ZeroDivisionError("of number 3")
    return number


def killed(number):
    os.kill(os.getpid(), signal.SIGKILL)


def killed_once(folder, number):
    """The worker of task 3 dies the first time."""
    if number == 3:
        try:
            (Path(folder) / "killed").touch(exist_ok=False)
        except FileExistsError:
            pass
        else:
            os.kill(os.getpid(), signal.SIGKILL)
    (Path(folder) / f"part {number}").write_text(str(number**2))
    return number**2


def failing_once(folder):
    """A full disk, the first time."""
    try:
        (Path(folder) / "failed").touch(exist_ok=False)
    except FileExistsError:
        (Path(folder) / "written").write_text("")
    else:
        raise OSError(errno.ENOSPC, "no room")
