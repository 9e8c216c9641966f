"""How a command computes beside other processes."""

import contextlib
import os
import sys
from collections.abc import Iterator


def wait_without_spinning() -> None:
    """Let threads that wait for others sleep: OpenMP reads this once, when torch is loaded.

    By default they spin, which on a busy machine keeps from the core those they wait for. In a
    program that has loaded torch by itself nothing is changed.
    """
    if "torch" not in sys.modules:
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")


@contextlib.contextmanager
def free_threads() -> Iterator[None]:
    """Let torch compute on the threads that are free now, unless the command chooses otherwise."""
    from simplex.complexes import torch_threads, usable_threads

    with torch_threads(usable_threads()):
        yield
