"""Kernels: functions compiled by numba once and cached on disk, without the interpreter lock."""

import logging
from collections.abc import Callable
from typing import Any


INT64S = "int64[::1]"
TABLE = "int64[:,::1]"
VERTICES = "uint32[::1]"
"""Vertices, of which there are less than 2³²: half the memory, and no test for a sign."""

FLAG = "boolean[::1]"
"""An array of one truth value that a kernel polls; it ends where another thread sets it."""


def compiled(signature: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile for one signature, at once; keep the code on disk where there is a place for it.

    A cache that cannot be written (no folder, a full disk) or read (files cut short by a power
    failure) costs time, not the result: the kernel is then compiled in memory, in every process.
    """
    import numba  # here, as importing the package costs torch alone

    from simplex.complexes._kernel_cache import CheckedCache

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        kernel = numba.njit(nogil=True)(function)
        try:
            kernel._cache = CheckedCache(function)
            kernel.compile(signature)
        # Damaged pickles raise almost anything. What is wrong with the function itself is raised
        # again below, where no cache is in play.
        except Exception as error:
            _say_once(error)
            if not kernel.signatures:  # else the code is there and could only not be kept
                kernel = numba.njit(nogil=True)(function)
                kernel.compile(signature)
        kernel.disable_compile()
        typed: Callable[..., Any] = kernel
        return typed

    return decorate


_said = False


def _say_once(error: Exception) -> None:
    """Say in one line, the first time, that the cache is not used."""
    global _said
    if not _said:
        logging.getLogger("simplex").warning(
            "the cache of compiled kernels cannot be used (%s: %s): they are compiled anew in this "
            "process, which takes some seconds. Delete the cache, or set NUMBA_CACHE_DIR to a "
            "folder that can be written.",
            type(error).__name__,
            error,
        )
    _said = True
