"""Compiled kernels: numba with one signature, without the interpreter lock, kept on disk."""

from collections.abc import Callable
from typing import Any

import numba


INT64S = "int64[::1]"
TABLE = "int64[:,::1]"


def compiled(signature: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile for one signature, at once; keep the code on disk where there is a place for it."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        try:
            kernel: Callable[..., Any] = numba.njit(signature, nogil=True, cache=True)(function)
        except RuntimeError:  # no writable cache folder: compile in every process
            kernel = numba.njit(signature, nogil=True)(function)
        return kernel

    return decorate
