"""A hint to the processor, for use in kernels: read what will be needed soon."""

from typing import Any

from numba.core import types
from numba.core.cgutils import get_or_insert_function, int32_t, ir, voidptr_t
from numba.extending import intrinsic


_READ, _KEEP, _DATA = int32_t(0), int32_t(3), int32_t(1)  # what, for how long, into which cache


@intrinsic  # type: ignore[untyped-decorator]  # numba is untyped
def prefetch(_: Any, array: Any, place: Any) -> Any:
    """Have ``array[place]`` of a contiguous array brought into the cache; nothing waits for it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        address = builder.bitcast(builder.gep(data, [arguments[1]]), voidptr_t)
        kind = ir.FunctionType(ir.VoidType(), [voidptr_t, int32_t, int32_t, int32_t])
        hint = get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(hint, [address, _READ, _KEEP, _DATA])
        return context.get_dummy_value()

    return types.void(array, place), generate
