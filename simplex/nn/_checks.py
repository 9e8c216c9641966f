"""What layers and networks refuse, and in which words."""

import warnings
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex, require_int, require_memory, require_real
from simplex.operators import ADJACENCIES


# --- activations ----------------------------------------------------------------------------------

Activation = Callable[[Tensor], Tensor]

_F = nn.functional

_ODD = (
    torch.tanh, torch.sin, torch.sinh, torch.asin, torch.asinh, torch.atan, torch.atanh, torch.erf,
    torch.sign, torch.neg, _F.tanh, _F.softsign, _F.tanhshrink, _F.hardtanh, _F.softshrink,
    _F.hardshrink, nn.Tanh, nn.Identity, nn.Softsign, nn.Tanhshrink, nn.Softshrink, nn.Hardshrink,
)  # fmt: skip

_NOT_ODD = (
    torch.relu, torch.sigmoid, torch.abs, torch.cos, torch.exp, torch.square, torch.selu,
    torch.celu, _F.relu, _F.relu6, _F.elu, _F.selu, _F.celu, _F.leaky_relu, _F.gelu, _F.sigmoid,
    _F.silu, _F.mish, _F.softplus, _F.hardswish, _F.hardsigmoid, _F.logsigmoid, nn.ReLU, nn.ReLU6,
    nn.ELU, nn.SELU, nn.CELU, nn.LeakyReLU, nn.PReLU, nn.RReLU, nn.GELU, nn.Sigmoid, nn.SiLU,
    nn.Mish, nn.Softplus, nn.Hardswish, nn.Hardsigmoid, nn.LogSigmoid,
)  # fmt: skip


def known_odd(function: Activation | None) -> bool | None:
    """Whether f(-x) = -f(x), where it is known: of the functions and modules of torch.

    A function or module says it of itself by an attribute ``odd``; ``None`` is the identity.

    Example:
        >>> known_odd(torch.tanh), known_odd(nn.ReLU()), known_odd(lambda x: x)
        (True, False, None)
    """
    if function is None:
        return True
    declared = getattr(function, "odd", None)
    if isinstance(declared, bool):
        return declared
    for kinds, odd in ((_ODD, True), (_NOT_ODD, False)):
        if function in kinds or type(function) in kinds:
            return odd
    return None


def require_odd(name: str, function: Activation | None, remedy: str) -> None:
    """Raise unless f(-x) = -f(x); one that is not known is asked at 65 points from -8 to 8.

    Example:
        >>> require_odd("activation", torch.tanh, "Take torch.tanh.")
    """
    odd = known_odd(function)
    if odd:
        return
    word = getattr(function, "__name__", repr(function))
    if odd is None and function is not None:
        like = next(iter(function.parameters()), None) if isinstance(function, nn.Module) else None
        device, dtype = ("cpu", torch.float64) if like is None else (like.device, like.dtype)
        x = torch.linspace(-8, 8, 65, device=device, dtype=dtype)
        try:
            with torch.no_grad():
                y, turned = function(x), function(-x)
                matches = torch.allclose(turned, -y, atol=1e-6)
        except Exception as error:
            raise ValueError(
                f"{name} must be odd, f(-x) = -f(x), and {word} could not be asked: {error}. If it "
                "is odd, set its attribute odd to True."
            ) from error
        if matches:
            return
    raise ValueError(f"{name} must be odd, f(-x) = -f(x), got {word}. {remedy}")


def parity_activations(
    activation: Activation, odd_activation: Activation, odd: Sequence[bool]
) -> list[Activation]:
    """The second where values are odd, else the first; functions, and the second odd if it is used.

    Example:
        >>> parity_activations(torch.relu, torch.tanh, [False, True])[1] is torch.tanh
        True
    """
    for name, function in (("activation", activation), ("odd_activation", odd_activation)):
        if not callable(function):
            raise TypeError(f"{name} must be a function of a tensor, got {function!r}.")
    if any(odd):
        remedy = "Take torch.tanh, or pass signed=False if the features have no orientation."
        require_odd("odd_activation", odd_activation, remedy)
    return [odd_activation if each else activation for each in odd]


# --- numbers --------------------------------------------------------------------------------------


def require_flags(**flags: bool) -> None:
    """Raise ``TypeError`` unless the values are bools: any other word would count as yes.

    Example:
        >>> require_flags(signed=False)
    """
    for name, flag in flags.items():
        if not isinstance(flag, bool):
            raise TypeError(f"{name} must be True or False, got {flag!r}.")


MOST_CHANNELS = 2**31 - 1  # more have no tensor


def require_positive(**numbers: int) -> None:
    """Raise unless the numbers are integers from 1, and of a size that tensors have."""
    for name, number in numbers.items():
        if require_int(name, number, 1) > MOST_CHANNELS:
            raise ValueError(f"{name} must be at most {MOST_CHANNELS}, got {number}.")


def require_orders(**orders: int) -> None:
    """Raise unless the orders of the polynomials are integers from 0."""
    for name, order in orders.items():
        if order := require_int(name, order, 0):
            require_positive(**{name: order})


def require_sizes(**sizes: int | Sequence[int]) -> None:
    """Raise unless the sizes are positive integers or sequences of them."""
    for name, size in sizes.items():
        for one in size if isinstance(size, list | tuple) else (size,):
            require_positive(**{name: one})


def require_functions(**functions: object) -> None:
    """Raise ``TypeError`` unless the values are functions or modules; ``None`` may stand for none.

    Example:
        >>> require_functions(activation=torch.relu)
    """
    for name, function in functions.items():
        if function is not None and not callable(function):
            raise TypeError(f"{name} must be a function of a tensor, got {brief(function)}.")


def require_dims(name: str, dims: object, most: int | None = None) -> None:
    """Raise unless this is a list of dimensions, at least one, each from 0 to ``most``."""
    if not isinstance(dims, Sequence | set | frozenset) or isinstance(dims, str | bytes):
        raise TypeError(f"{name} must be a list of dimensions, got {brief(dims)}.")
    if not dims:
        raise ValueError(f"{name} must hold at least one dimension, got {dims}.")
    for k in dims:
        require_int(name, k, 0, most)


def require_adjacencies(adjacencies: object) -> None:
    """Raise unless this is a list of names of adjacencies, at least one."""
    allowed = ", ".join(map(repr, ADJACENCIES))
    if not isinstance(adjacencies, Sequence | set | frozenset) or isinstance(adjacencies, str):
        raise TypeError(f"adjacencies must be a list of {allowed}, got {brief(adjacencies)}.")
    if not adjacencies or any(name not in ADJACENCIES for name in adjacencies):
        raise ValueError(f"adjacencies must be among {allowed}, got {brief(adjacencies)}.")


def require_modules(name: str, modules: object) -> None:
    """Raise ``TypeError`` unless this is a list of modules."""
    if not isinstance(modules, Sequence | nn.ModuleList) or not all(
        isinstance(module, nn.Module) for module in modules
    ):
        raise TypeError(f"{name} must be a list of modules, got {brief(modules)}.")


def require_rates(**rates: float) -> None:
    """Raise unless the probabilities are in [0, 1)."""
    for name, rate in rates.items():
        if require_real(name, rate, 0, 1) == 1:
            raise ValueError(f"{name} must be below 1, got {rate!r}.")


def require_room(in_channels: int, out_channels: int) -> None:
    """Raise where a map of this size has no room; 1 GiB is not asked about."""
    num_bytes = in_channels * out_channels * torch.get_default_dtype().itemsize
    if num_bytes > 1 << 30:
        require_memory(
            num_bytes,
            torch.device("cpu"),
            f"a map of {in_channels} to {out_channels} channels",
            remedy="Take fewer channels.",
        )


# --- cochains and conditions ----------------------------------------------------------------------


def require_cochains(
    K: SimplicialComplex,
    x: Sequence[Tensor] | Tensor,
    max_dim: int,
    in_channels: int | Sequence[int] = -1,
    parameter: Tensor | None = None,
) -> None:
    """Raise unless there is one cochain per dimension 0 … max_dim, a row of floats per simplex.

    The widths are ``in_channels``, -1 for any; dtype and device those of the parameter, if there
    is one. What is no list of floating-point tensors, or no complex, is a ``TypeError``.
    """
    require_complex(K)
    container: object = x
    if isinstance(container, Tensor):
        raise TypeError(
            f"x must be a list of cochains, one for each dimension 0 … {max_dim}, got one tensor "
            f"of shape {tuple(container.shape)}. Spread vertex features with simplex.transforms."
        )
    if not isinstance(container, Sequence) or isinstance(container, str | bytes):
        raise TypeError(
            f"x must be a list of cochains, one for each dimension 0 … {max_dim}, got "
            f"{type(x).__name__}. Of lifted data, pass .cochains(); of a dictionary, its values in "
            "the order of the dimensions."
        )
    if len(x) != max_dim + 1:
        raise ValueError(
            f"x must hold one cochain for each dimension 0 … {max_dim}, got {len(x)}. Dimensions "
            "without simplices need an empty one, of shape (0, channels)."
        )
    widths = [in_channels] * len(x) if isinstance(in_channels, int) else in_channels
    for k, cochain in enumerate(container):
        if not isinstance(cochain, Tensor):
            raise TypeError(
                f"x[{k}] must be a tensor, got {brief(cochain)}. Dimensions without simplices need "
                "an empty one, of shape (0, channels)."
            )
    for k, (values, width) in enumerate(zip(x, widths, strict=True)):
        if values.ndim != 2 or values.shape[0] != K.num_simplices(k):
            raise ValueError(
                f"x[{k}] must have shape (n_{k}, channels) with n_{k} = "
                f"{K.num_simplices(k)}, got {tuple(values.shape)}."
            )
        _require_values(f"x[{k}]", values, K, width, parameter)


def require_read(
    K: SimplicialComplex, x: Sequence[Tensor], dims: Sequence[int], weight: Tensor
) -> None:
    """Raise unless the dimensions that are read have cochains that this map takes."""
    top = max(dims)
    require_complex(K)
    given: object = x
    if not isinstance(given, Sequence) or isinstance(given, str | bytes) or len(x) <= top:
        raise TypeError(
            f"x must be a list of cochains, one for each dimension up to {top}, got {brief(x)}."
        )
    for k in dims:
        require_tensor_of(f"x[{k}]", x[k], f"a tensor of shape (n_{k}, {weight.shape[1]})")
        if x[k].ndim != 2 or x[k].shape[0] != K.num_simplices(k):
            raise ValueError(
                f"x[{k}] must have shape (n_{k}, {weight.shape[1]}) with n_{k} = "
                f"{K.num_simplices(k)}, got {tuple(x[k].shape)}."
            )
        _require_values(f"x[{k}]", x[k], K, weight.shape[1], weight)


def require_cochain(
    K: SimplicialComplex, x: Tensor, k: int, channels: int = -1, parameter: Tensor | None = None
) -> None:
    """Raise unless x has one row of floats per k-simplex and channels, of this number.

    What is no tensor of floats, or no complex, is a ``TypeError``.
    """
    require_complex(K)
    wanted = f"of shape (…, n_{k}, {'channels' if channels == -1 else channels})"
    require_tensor_of("x", x, f"a tensor {wanted}: one cochain, of degree {k}")
    if x.ndim < 2 or x.shape[-2] != K.num_simplices(k):
        raise ValueError(
            f"x must be {wanted} with n_{k} = {K.num_simplices(k)}, got {tuple(x.shape)}. A single "
            "channel is x[..., None]."
        )
    _require_values("x", x, K, channels, parameter)


def require_complex(K: object) -> None:
    """Raise ``TypeError`` unless this is a complex."""
    if not isinstance(K, SimplicialComplex):
        raise TypeError(
            f"complex must be a SimplicialComplex, got {type(K).__name__}. Pass the .complex of "
            "lifted data, or lift a graph with simplex.lifting.clique_complex; the cochains come "
            "first."
        )


def _require_values(
    name: str, x: Tensor, K: SimplicialComplex, channels: int, parameter: Tensor | None
) -> None:
    """Refuse a cochain whose entries are not what the maps take."""
    if x.layout != torch.strided:
        raise TypeError(f"{name} must be dense, got {x.layout}. Convert it with .to_dense().")
    if not x.is_floating_point():
        raise TypeError(f"{name} must be floating point, got {x.dtype}. Convert it with .float().")
    wrong = channels != -1 and x.shape[-1] != channels
    if wrong:
        raise ValueError(
            f"{name} must have {channels} channels, as in_channels says, got {x.shape[-1]}. Make "
            "the module with the width of the features, or with -1 to take it from the first input."
        )
    if x.device != K.device:
        raise ValueError(
            f"{name} must be on the device of the complex, {K.device}, got {x.device}. Move both "
            "with .to(device)."
        )
    if parameter is not None:
        require_dtype_of(parameter, x, name)


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


def require_orientation(x: Tensor, orientation: Tensor) -> None:
    """Raise unless the signs are ±1, one for each simplex, or for each simplex of each signal."""
    require_tensor_of("orientation", orientation, "a tensor of ±1, one for each simplex")
    if orientation.shape not in (x.shape[-2:-1], x.shape[:-1]):
        raise ValueError(
            f"orientation must have shape {tuple(x.shape[-2:-1])} or {tuple(x.shape[:-1])}, got "
            f"{tuple(orientation.shape)}."
        )
    require_signs(orientation)


def require_signs(orientation: Tensor) -> None:
    """Raise unless all entries are ±1; inside a transform or a graph they are not looked at."""
    if orientation.is_complex() or orientation.dtype == torch.bool:
        raise TypeError(f"orientation must hold ±1, got {orientation.dtype}.")
    if torch.compiler.is_compiling():
        return
    if torch._C._functorch.is_functorch_wrapped_tensor(orientation):
        return
    if bool((orientation.abs() != 1).any()):
        raise ValueError("orientation must hold ±1, got other numbers.")


def require_flows(K: SimplicialComplex, flows: Tensor, orientation: Tensor, k: int) -> None:
    """Raise unless there are m rows of integer values on the k-simplices, and as many of signs."""
    require_complex(K)
    wanted = f"a tensor of shape (m, {K.num_simplices(k)})"
    for name, value in (("flows", flows), ("orientation", orientation)):
        require_tensor_of(name, value, wanted)
        if value.shape != (len(flows), K.num_simplices(k)):
            raise ValueError(f"{name} must be {wanted}, got {tuple(value.shape)}.")
    require_signs(orientation)
    if flows.is_complex() or bool((flows != flows.long()).any()):
        raise ValueError("flows must hold integers, got other numbers. Call the network itself.")


def _sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    """Sizes as they are; in ``torch.jit.trace``, where they are tensors, their values, unwarned."""
    if not torch.jit.is_tracing():  # type: ignore[attr-defined, no-untyped-call]
        return tuple(sizes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return tuple(map(int, sizes))


def require_tensor_of(name: str, value: object, wanted: str) -> None:
    """Raise ``TypeError`` unless the value is a tensor."""
    if not isinstance(value, Tensor):
        raise TypeError(f"{name} must be {wanted}, got {brief(value)}.")


def brief(value: object) -> str:
    """A value in a message: cut where it is long."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:50]}… ({type(value).__name__})"


_METHODS = {torch.float32: "float()", torch.float64: "double()", torch.float16: "half()"}


def require_times(time: object, count: int) -> None:
    """Refuse a time that is no tensor, or neither one number nor one for each of the rows."""
    if not isinstance(time, Tensor):
        raise TypeError(
            f"time must be a tensor of shape ({count},) or (), got {time!r}. Wrap a number with "
            "torch.tensor."
        )
    if time.shape not in ((), (count,)):
        raise ValueError(f"time must have shape ({count},) or (), got {tuple(time.shape)}.")


def require_tensor(name: str, value: object) -> None:
    """Refuse what is no tensor, or a single number."""
    if not isinstance(value, Tensor) or not value.ndim:
        kind = "a single number" if isinstance(value, Tensor) else type(value).__name__
        raise TypeError(f"{name} must be a tensor with rows, got {kind}.")


def require_real_times(time: object) -> None:
    """Refuse times that are no tensor of real numbers."""
    if not isinstance(time, Tensor):
        raise TypeError(f"time must be a tensor, got {time!r}. Wrap a number with torch.tensor.")
    if time.is_complex() or time.dtype == torch.bool or time.layout != torch.strided:
        raise TypeError(f"time must be dense real numbers, got {time.dtype}, {time.layout}.")


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
