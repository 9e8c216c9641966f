"""numba's cache on disk with a check sum: damaged machine code would run, and compute something."""

import hashlib
import logging
import pickle
import sys
from pathlib import Path
from typing import Any

from numba.core.caching import CompileResultCacheImpl, FunctionCache
from numba.core.runtime import rtsys
from numba.core.serialize import dumps


class _CheckedResult(CompileResultCacheImpl):  # type: ignore[misc]  # numba is untyped
    """What is written of a compiled function: its check sum and itself."""

    def reduce(self, result: Any) -> tuple[bytes, bytes]:
        code = dumps(super().reduce(result))
        return hashlib.sha256(code).digest(), code

    def rebuild(self, target_context: Any, payload: tuple[bytes, bytes]) -> Any:
        check_sum, code = payload
        if hashlib.sha256(code).digest() != check_sum:
            raise ValueError("a file of the cache is damaged")
        return super().rebuild(target_context, pickle.loads(code))


class CheckedCache(FunctionCache):  # type: ignore[misc]  # numba is untyped
    """The cache of one function."""

    _impl_class = _CheckedResult

    def __init__(self, function: Any) -> None:
        super().__init__(function)
        # numba looks at the file of the function alone. What it calls is inside, too, and of
        # another version would read another layout of the same arrays.
        files = _files_called(function)
        if files:
            stamps = [(path.name, path.stat().st_mtime, path.stat().st_size) for path in files]
            self._cache_file._source_stamp = (self._cache_file._source_stamp, stamps)

    def load_overload(self, signature: Any, target_context: Any) -> Any:
        """The compiled function, or ``None``, without what compiling alone needs.

        numba would import all that it can compile, scipy.linalg for one: 0.4 s, most of what the
        first call in a process took. Finished code over numbers and arrays calls numba's memory
        management, and nothing of that.
        """
        kept = None
        rtsys.initialize(target_context)
        with self._guard_against_spurious_io_errors():
            kept = self._load_overload(signature, target_context)
        if kept is None:
            _tell_once()
        return kept


_told = False


def _tell_once() -> None:
    """Tell whoever listens why the first call of a kind takes so long."""
    global _told
    if not _told:
        logging.getLogger("simplex.kernels").info(
            "compiling what this needs, once on this machine: about 1 to 20 seconds"
        )
    _told = True


def _files_called(function: Any) -> list[Path]:
    """The files of kernels in the folders from which a function's file takes other kernels."""
    names = {getattr(value, "__module__", None) or "" for value in function.__globals__.values()}
    names -= {function.__module__}
    called = [name for name in names if name.startswith("simplex.") and name.endswith("_numba")]
    folders = {Path(str(sys.modules[name].__file__)).parent for name in called}
    return sorted(path for folder in folders for path in folder.glob("*_numba.py"))
