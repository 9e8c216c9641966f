"""What is refused of tensors that are no cochains: images, tokens, signs, times, conditions."""

import warnings
from collections.abc import Sequence

import torch
from torch import Tensor


def require_tensor_of(name: str, value: object, wanted: str) -> None:
    """Raise ``TypeError`` unless the value is a tensor."""
    if not isinstance(value, Tensor):
        raise TypeError(f"{name} must be {wanted}, got {brief(value)}.")


def brief(value: object) -> str:
    """A value in a message: cut where it is long."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:50]}… ({type(value).__name__})"


def require_tensor(name: str, value: object) -> None:
    """Refuse what is no tensor, or a single number."""
    if not isinstance(value, Tensor) or not value.ndim:
        kind = "a single number" if isinstance(value, Tensor) else type(value).__name__
        raise TypeError(f"{name} must be a tensor with rows, got {kind}.")


_METHODS = {torch.float32: "float()", torch.float64: "double()", torch.float16: "half()"}


def require_dtype_of(parameter: Tensor, x: Tensor, name: str = "x") -> None:
    """Refuse data of another dtype than the parameters, unless autocast converts them."""
    if x.dtype == parameter.dtype or torch.is_autocast_enabled(x.device.type):
        return
    wanted, got = (_METHODS.get(dtype, f"to({dtype})") for dtype in (parameter.dtype, x.dtype))
    other = f" or network.{got}" if x.is_floating_point() else ""
    raise ValueError(
        f"{name} must be {str(parameter.dtype).removeprefix('torch.')} as the parameters are, got "
        f"{str(x.dtype).removeprefix('torch.')}: {name}.{wanted}{other}."
    )


def require_condition(cond: Tensor | None, rows: int, channels: int | None) -> None:
    """Raise ``ValueError`` unless the condition is (rows, channels), or None where none is taken.

    The rows are samples, or parts of a complex; ``channels`` is ``cond_channels`` of the network.
    """
    if cond is not None:
        require_tensor_of("cond", cond, "a tensor of shape (rows, cond_channels)")
    given = None if cond is None else _sizes(cond.shape)
    expected = None if channels is None else _sizes((rows, channels))
    if given != expected:
        raise ValueError(
            f"cond must {'be None' if expected is None else f'have shape {expected}'}, got "
            f"{given}. Its width is the cond_channels of the network, None for no condition."
        )


def require_image(x: Tensor, shape: Sequence[int]) -> None:
    """Raise unless x is a batch of images of this shape, channels first."""
    require_tensor_of("x", x, f"a tensor of shape (batch, {', '.join(map(str, shape))})")
    if _sizes(x.shape)[1:] != tuple(shape):
        raise ValueError(
            f"x must have shape (batch, {', '.join(map(str, shape))}), got {_sizes(x.shape)}."
        )


def require_tokens(x: Tensor, num_tokens: int, channels: int) -> None:
    """Raise unless x has this number of tokens and of channels."""
    require_tensor_of("x", x, f"a tensor of shape (batch, {num_tokens}, {channels})")
    if _sizes(x.shape)[1:] != (num_tokens, channels):
        raise ValueError(
            f"x must have shape (batch, {num_tokens}, {channels}): tokens, channels; got "
            f"{_sizes(x.shape)}. Token mixing has weights for {num_tokens} tokens; for a larger "
            "image see expand_resolution."
        )


def _sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    """Sizes as they are; in ``torch.jit.trace``, where they are tensors, their values, unwarned."""
    if not torch.jit.is_tracing():  # type: ignore[attr-defined, no-untyped-call]
        return tuple(sizes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return tuple(map(int, sizes))


def require_times(time: object, count: int) -> None:
    """Refuse a time that is no tensor, or neither one number nor one for each of the rows."""
    if not isinstance(time, Tensor):
        raise TypeError(
            f"time must be a tensor of shape ({count},) or (), got {time!r}. Wrap a number with "
            "torch.tensor."
        )
    if time.shape not in ((), (count,)):
        raise ValueError(f"time must have shape ({count},) or (), got {tuple(time.shape)}.")


def require_real_times(time: object) -> None:
    """Refuse times that are no tensor of real numbers."""
    if not isinstance(time, Tensor):
        raise TypeError(f"time must be a tensor, got {time!r}. Wrap a number with torch.tensor.")
    if time.is_complex() or time.dtype == torch.bool or time.layout != torch.strided:
        raise TypeError(f"time must be dense real numbers, got {time.dtype}, {time.layout}.")
