"""What layers and networks refuse, and in which words."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex, require_int, require_real


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
        except Exception as error:
            raise ValueError(
                f"{name} must be odd, f(-x) = -f(x), and {word} could not be asked: {error}. If it "
                "is odd, set its attribute odd to True."
            ) from error
        if torch.allclose(turned, -y, atol=1e-6):
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


def require_positive(**numbers: int) -> None:
    """Raise unless the numbers are integers from 1."""
    for name, number in numbers.items():
        require_int(name, number, 1)


def require_orders(**orders: int) -> None:
    """Raise unless the orders of the polynomials are integers from 0."""
    for name, order in orders.items():
        require_int(name, order, 0)


def require_sizes(**sizes: int | Sequence[int]) -> None:
    """Raise unless the sizes are positive integers or sequences of them."""
    for name, size in sizes.items():
        for one in size if isinstance(size, Sequence) else (size,):
            require_int(name, one, 1)


def require_rates(**rates: float) -> None:
    """Raise unless the probabilities are in [0, 1)."""
    for name, rate in rates.items():
        if require_real(name, rate, 0, 1) == 1:
            raise ValueError(f"{name} must be below 1, got {rate!r}.")


# --- cochains and conditions ----------------------------------------------------------------------


def require_cochains(
    K: SimplicialComplex,
    x: Sequence[Tensor] | Tensor,
    max_dim: int,
    in_channels: int | Sequence[int] = -1,
) -> None:
    """Raise unless there is one cochain per dimension 0 … max_dim, a row of floats per simplex.

    The widths are ``in_channels``, -1 for any. What is no list of floating-point tensors, or no
    complex, is a ``TypeError``.
    """
    given: object = K
    if not isinstance(given, SimplicialComplex):
        raise TypeError(
            f"complex must be a SimplicialComplex, got {type(given).__name__}. Pass the .complex "
            "of lifted data, or lift a graph with simplex.lifting.clique_complex."
        )
    container: object = x
    if isinstance(container, Mapping):
        raise TypeError(
            f"x must be a list of cochains, one for each dimension, got {type(x).__name__}. Pass "
            "its values in the order of the dimensions."
        )
    if isinstance(x, Tensor):
        raise TypeError(
            f"x must be a list of cochains, one for each dimension 0 … {max_dim}, got one tensor "
            f"of shape {tuple(x.shape)}. Spread vertex features with simplex.transforms."
        )
    if len(x) != max_dim + 1:
        raise ValueError(
            f"x must hold one cochain for each dimension 0 … {max_dim}, got {len(x)}. Dimensions "
            "without simplices need an empty one, of shape (0, channels)."
        )
    widths = [in_channels] * len(x) if isinstance(in_channels, int) else in_channels
    cochains: Sequence[object] = x
    for k, cochain in enumerate(cochains):
        if not isinstance(cochain, Tensor):
            raise TypeError(
                f"x[{k}] must be a tensor, got {cochain!r}. Dimensions without simplices need an "
                "empty one, of shape (0, channels)."
            )
    for k, (values, width) in enumerate(zip(x, widths, strict=True)):
        if values.ndim != 2 or values.shape[0] != K.num_simplices(k):
            raise ValueError(
                f"x[{k}] must have shape (n_{k}, channels) with n_{k} = "
                f"{K.num_simplices(k)}, got {tuple(values.shape)}."
            )
        if not values.is_floating_point():
            raise TypeError(
                f"x[{k}] must be floating point, got {values.dtype}. Convert it with .float()."
            )
        if width != -1 and values.shape[1] != width:
            raise ValueError(f"x[{k}] must have {width} channels, got {values.shape[1]}.")


def require_cochain(K: SimplicialComplex, x: Tensor, k: int, channels: int = -1) -> None:
    """Raise ``ValueError`` unless x has one row per k-simplex and channels, of this number."""
    wide = channels != -1 and x.shape[-1] != channels
    if x.ndim < 2 or x.shape[-2] != K.num_simplices(k) or wide:
        raise ValueError(
            f"x must have shape (…, n_{k}, {'channels' if channels == -1 else channels}) with "
            f"n_{k} = {K.num_simplices(k)}, got {tuple(x.shape)}. A single channel is x[..., None]."
        )


def require_condition(cond: Tensor | None, rows: int, channels: int | None) -> None:
    """Raise ``ValueError`` unless the condition is (rows, channels), or None where none is taken.

    The rows are samples, or parts of a complex; ``channels`` is ``cond_channels`` of the network.
    """
    given = None if cond is None else tuple(cond.shape)
    expected = None if channels is None else (rows, channels)
    if given != expected:
        raise ValueError(
            f"cond must {'be None' if expected is None else f'have shape {expected}'}, got "
            f"{given}. Its width is the cond_channels of the network, None for no condition."
        )


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


def require_dtype_of(parameter: Tensor, x: Tensor) -> None:
    """Refuse data of another dtype than the parameters, unless autocast converts them."""
    if x.dtype == parameter.dtype or torch.is_autocast_enabled(x.device.type):
        return
    wanted, got = (_METHODS.get(dtype, f"to({dtype})") for dtype in (parameter.dtype, x.dtype))
    other = f" or network.{got}" if x.is_floating_point() else ""
    raise ValueError(
        f"x must be {str(parameter.dtype).removeprefix('torch.')} as the parameters are, got "
        f"{str(x.dtype).removeprefix('torch.')}: x.{wanted}{other}."
    )
