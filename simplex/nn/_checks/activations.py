"""Which activations are odd, and what refuses those that are not."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn


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


def require_oriented(
    activation: Activation | None, norm: str | None, jumping_knowledge: str | None
) -> None:
    """Refuse what is not odd.

    Example:
        >>> require_oriented(torch.tanh, "rms", "cat")
    """
    kind = "in a network that is equivariant under reorientation"
    if jumping_knowledge == "max":
        raise ValueError(
            f"jumping_knowledge must be 'cat' or None {kind}, got 'max': the largest value changes "
            "with the sign."
        )
    if norm not in ("rms", None):
        raise ValueError(
            f"norm must be 'rms' or None {kind}, got {norm!r}: it would shift the values."
        )
    require_odd(
        "activation",
        activation,
        f"It is needed {kind}: take torch.tanh; or oriented=False, for a network whose answer "
        "depends on the orientation.",
    )


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
