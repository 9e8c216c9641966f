"""numba's cache on disk with a check sum: damaged machine code would run, and compute something."""

import hashlib
import pickle
from typing import Any

from numba.core.caching import CompileResultCacheImpl, FunctionCache
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
