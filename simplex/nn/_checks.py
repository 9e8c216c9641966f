"""What layers and networks refuse, and in which words."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex


def require_flags(**flags: bool) -> None:
    """Raise ``TypeError`` unless the values are bools: any other word would count as yes.

    Example:
        >>> require_flags(signed=False)
    """
    for name, flag in flags.items():
        if not isinstance(flag, bool):
            raise TypeError(f"{name} must be True or False, got {flag!r}.")


def require_activations(
    activation: Callable[[Tensor], Tensor], odd_activation: Callable[[Tensor], Tensor], odd: bool
) -> None:
    """Raise unless both are functions and, where values are odd, the second one is odd.

    It is asked at a few points, so a function that is odd there alone passes.

    Args:
        activation: where values are even.
        odd_activation: where they are odd.
        odd: whether there are odd values.

    Raises:
        TypeError: one is no function.
        ValueError: f(-x) ≠ -f(x) for the second.

    Example:
        >>> require_activations(torch.relu, torch.tanh, odd=True)
    """
    for name, function in (("activation", activation), ("odd_activation", odd_activation)):
        if not callable(function):
            raise TypeError(f"{name} must be a function of a tensor, got {function!r}.")
    if odd and not _is_odd(odd_activation):
        name = getattr(odd_activation, "__name__", repr(odd_activation))
        raise ValueError(
            f"odd_activation must be odd, f(-x) = -f(x), got {name}. Take torch.tanh, or pass "
            f"signed=False if the features have no orientation."
        )


def _is_odd(function: Callable[[Tensor], Tensor]) -> bool:
    x = torch.tensor([0.0, 0.3, 1.0, 4.0], device="cpu")
    try:
        with torch.no_grad():
            return torch.allclose(function(-x), -function(x), atol=1e-6)
    except RuntimeError:
        # Parameters elsewhere, or of another type or width: such a function cannot be asked here.
        return True


def require_cochains(
    K: SimplicialComplex,
    x: Sequence[Tensor] | Tensor,
    max_dim: int,
    in_channels: int | Sequence[int] = -1,
) -> None:
    """Raise unless there is one cochain per dimension 0 … max_dim, a row of floats per simplex.

    Args:
        x: what was given as cochains.
        K: what was given as the complex.
        max_dim: the top dimension.
        in_channels: the widths; -1 for any.

    Raises:
        TypeError: no list of tensors, no complex, or values that are not floating point.
        ValueError: another number of cochains, rows or channels.
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


def require_positive(**numbers: int) -> None:
    """Raise ``ValueError`` unless the numbers are positive integers."""
    for name, number in numbers.items():
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            raise ValueError(f"{name} must be a positive integer, got {number!r}.")


def require_sizes(**sizes: int | Sequence[int]) -> None:
    """Raise ``ValueError`` unless the sizes are positive integers or sequences of them."""
    for name, size in sizes.items():
        for one in size if isinstance(size, Sequence) else (size,):
            require_positive(**{name: one})


def require_rates(**rates: float) -> None:
    """Raise ``ValueError`` unless the probabilities are in [0, 1)."""
    for name, rate in rates.items():
        if not 0 <= rate < 1:
            raise ValueError(f"{name} must be in [0, 1), got {rate!r}.")


def require_orders(**orders: int) -> None:
    """Raise ``ValueError`` unless the orders of the polynomials are non-negative integers."""
    for name, order in orders.items():
        if isinstance(order, bool) or not isinstance(order, int) or order < 0:
            raise ValueError(f"{name} must be a non-negative integer, got {order!r}.")


def require_cochain(K: SimplicialComplex, x: Tensor, k: int) -> None:
    """Raise ``ValueError`` unless x has one row per k-simplex, and channels."""
    if x.ndim < 2 or x.shape[-2] != K.num_simplices(k):
        raise ValueError(
            f"x must have shape (…, n_{k}, channels) with n_{k} = {K.num_simplices(k)}, got "
            f"{tuple(x.shape)}."
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
