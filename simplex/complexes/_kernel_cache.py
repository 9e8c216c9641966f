"""numba's cache on disk with a check sum: damaged machine code would run, and compute something."""

import hashlib
import pickle
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

    def load_overload(self, signature: Any, target_context: Any) -> Any:
        """The compiled function, or ``None``, without what compiling alone needs.

        numba would import all that it can compile, scipy.linalg for one: 0.4 s, most of what the
        first call in a process took. Finished code over numbers and arrays calls numba's memory
        management, and nothing of that.
        """
        rtsys.initialize(target_context)
        with self._guard_against_spurious_io_errors():
            return self._load_overload(signature, target_context)
