r"""Transfer functions, their potentials, and what a name, a function or a module of torch means.

A monotone transfer f is the gradient of a convex potential F; the matching loss of a layer is the
Bregman divergence of F, so that its gradient is a difference of post-activations.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class Transfer:
    r"""A monotone transfer function, its derivative, its potential and its steepest slope.

    Args:
        name: How messages call it.
        f: ``(…, d) -> (…, d)``, the transfer function; row by row, it may couple a row's entries.
        derivative: ``(a, v) -> f'(a) v``, both ``(…, d)``: the Jacobian at a applied to v.
        potential: ``(…, d) -> (…,)``, the potential F of each row, ``∇F = f``.
        lipschitz: ``L_f = sup ‖f'‖``, which `Majorise` needs; inf where unbounded.

    >>> tanh = transfer("tanh")
    >>> tanh.f(torch.zeros(2)).tolist(), tanh.lipschitz
    ([0.0, 0.0], 1.0)
    """

    name: str
    f: Callable[[Tensor], Tensor]
    derivative: Callable[[Tensor, Tensor], Tensor]
    potential: Callable[[Tensor], Tensor]
    lipschitz: float


def _of_entries(
    name: str,
    f: Callable[[Tensor], Tensor],
    slope: Callable[[Tensor], Tensor],
    potential: Callable[[Tensor], Tensor],
    lipschitz: float,
) -> Transfer:
    """The transfer that acts on every entry alone: slopes and potentials are those of entries."""
    return Transfer(
        name,
        f,
        lambda pre, direction: slope(pre) * direction,
        lambda pre: potential(pre).sum(-1),
        lipschitz,
    )


def _tanh_slope(pre: Tensor) -> Tensor:
    return 1 - torch.tanh(pre).square()


def _log_cosh(pre: Tensor) -> Tensor:
    return pre.abs() + functional.softplus(-2 * pre.abs()) - math.log(2)


def _sigmoid_slope(pre: Tensor) -> Tensor:
    return torch.sigmoid(pre) * torch.sigmoid(-pre)


def _step(pre: Tensor) -> Tensor:
    return (pre > 0).to(pre)


def _atan_potential(pre: Tensor) -> Tensor:
    return pre * torch.atan(pre) - torch.log1p(pre.square()) / 2


def _softplus(pre: Tensor) -> Tensor:
    return functional.softplus(pre, threshold=40.0)  # torch's 20 is a jump of 2e-9


def leaky_relu(slope: float = 0.01) -> Transfer:
    r"""Leaky ReLU: :math:`f(a) = a` above zero, ``slope · a`` below; :math:`F(a) = a f(a) / 2`.

    Raises:
        ValueError: For a negative slope, where f is not monotone.

    >>> leaky_relu(0.5).f(torch.tensor([-2.0, 2.0])).tolist()
    [-1.0, 2.0]
    """
    if slope < 0:
        raise ValueError(
            f"`slope` must be at least 0, got {slope}. Use variant='S' for this layer."
        )

    def f(pre: Tensor) -> Tensor:
        return functional.leaky_relu(pre, slope)

    return _of_entries(
        f"leaky_relu({slope:g})",
        f,
        lambda pre: (pre > 0).to(pre) * (1 - slope) + slope,
        lambda pre: pre * f(pre) / 2,
        max(1.0, slope),
    )


def elu(alpha: float = 1.0) -> Transfer:
    r"""ELU: :math:`f(a) = a` above zero, :math:`α(e^a - 1)` below, there :math:`F = α(e^a-1-a)`.

    Raises:
        ValueError: For a negative α, where f is not monotone.

    >>> elu(2.0).lipschitz
    2.0
    """
    if alpha < 0:
        raise ValueError(
            f"`alpha` must be at least 0, got {alpha}. Use variant='S' for this layer."
        )

    def potential(pre: Tensor) -> Tensor:
        low = pre.clamp(max=0)
        return torch.relu(pre).square() / 2 + alpha * (torch.expm1(low) - low)

    return _of_entries(
        "elu" if alpha == 1 else f"elu({alpha:g})",
        lambda pre: functional.elu(pre, alpha),
        lambda pre: torch.where(pre > 0, 1.0, alpha * torch.exp(pre.clamp(max=0))),
        potential,
        max(1.0, alpha),
    )


_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
_DEBYE = [b / math.factorial(2 * k + 1) for k, b in enumerate(_BERNOULLI, start=1)]


def dilogarithm_of_minus_exp(a: Tensor) -> Tensor:
    r"""The dilogarithm :math:`Li_2(-e^a)`, entry by entry, to rounding for every a.

    With :math:`u = -\log(1 + e^a)` it is Debye's series :math:`u - u^2/4 + Σ_k c_k u^{2k+1}`, taken
    at :math:`-|a|`, where :math:`|u| ≤ \log 2`; positive a by the inversion formula
    :math:`Li_2(-e^a) = -a^2/2 - π^2/6 - Li_2(-e^{-a})`.

    Laws:
        Its derivative is :math:`-\log(1 + e^a)`.

    >>> round(dilogarithm_of_minus_exp(torch.zeros(1)).item(), 4)  # -π²/12
    -0.8225
    """
    u = -functional.softplus(-a.abs(), threshold=math.inf)
    tail = torch.zeros_like(u)
    for coefficient in reversed(_DEBYE):
        tail = (tail + coefficient) * u.square()
    below = u * (1 - u / 4 + tail)
    return torch.where(a > 0, -a.square() / 2 - math.pi**2 / 6 - below, below)


def softplus(beta: float = 1.0) -> Transfer:
    r"""Softplus: :math:`f(a) = \log(1 + e^{βa}) / β`, :math:`F(a) = -Li_2(-e^{βa}) / β^2`.

    Raises:
        ValueError: For a β that is not positive, where f is not monotone or not bounded below.

    >>> round(softplus().potential(torch.zeros(1)).item(), 4)  # π²/12
    0.8225
    """
    if not beta > 0:
        raise ValueError(f"`beta` must be positive, got {beta}. Use variant='S' for this layer.")
    return _of_entries(
        "softplus" if beta == 1 else f"softplus({beta:g})",
        lambda pre: _softplus(beta * pre) / beta,
        lambda pre: torch.sigmoid(beta * pre),
        lambda pre: -dilogarithm_of_minus_exp(beta * pre) / beta**2,
        1.0,
    )


def _softmax(pre: Tensor) -> Tensor:
    return torch.softmax(pre, -1)


def _softmax_derivative(pre: Tensor, direction: Tensor) -> Tensor:
    p = _softmax(pre)
    return p * (direction - (p * direction).sum(-1, keepdim=True))


IDENTITY = _of_entries(
    "identity", lambda pre: pre, torch.ones_like, lambda pre: pre.square() / 2, 1.0
)


_TABLE = (
    IDENTITY,
    _of_entries("tanh", torch.tanh, _tanh_slope, _log_cosh, 1.0),
    _of_entries("sigmoid", torch.sigmoid, _sigmoid_slope, _softplus, 0.25),
    Transfer("softmax", _softmax, _softmax_derivative, lambda pre: torch.logsumexp(pre, -1), 0.5),
    _of_entries("relu", torch.relu, _step, lambda pre: torch.relu(pre).square() / 2, 1.0),
    leaky_relu(),
    elu(),
    softplus(),
    _of_entries("atan", torch.atan, lambda pre: 1 / (1 + pre.square()), _atan_potential, 1.0),
    _of_entries(
        "softsign",
        functional.softsign,
        lambda pre: 1 / (1 + pre.abs()).square(),
        lambda pre: pre.abs() - torch.log1p(pre.abs()),
        1.0,
    ),
    _of_entries(
        "relu2",
        lambda pre: torch.relu(pre).square(),
        lambda pre: 2 * torch.relu(pre),
        lambda pre: torch.relu(pre).pow(3) / 3,
        math.inf,
    ),
)
TRANSFERS: Mapping[str, Transfer] = MappingProxyType(
    {each.name.partition("(")[0]: each for each in _TABLE}
)


def _gates(pre: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Input and forget gate, the candidates, the output gate."""
    size = pre.shape[-1] // 4
    both, candidates, output = torch.split(pre, [2 * size, size, size], dim=-1)
    return both, candidates, output


def _of_gates(
    sigmoid: Callable[[Tensor], Tensor], tanh: Callable[[Tensor], Tensor]
) -> Callable[[Tensor], Tensor]:
    """A function of the entries of an LSTM's gates from those of its two transfers."""

    def gated(pre: Tensor) -> Tensor:
        both, candidates, output = _gates(pre)
        return torch.cat([sigmoid(both), tanh(candidates), sigmoid(output)], dim=-1)

    return gated


LSTM_GATES = _of_entries(
    "lstm_gates",
    _of_gates(torch.sigmoid, torch.tanh),
    _of_gates(_sigmoid_slope, _tanh_slope),
    _of_gates(_softplus, _log_cosh),
    1.0,
)
"""Of an LSTM's 4 H pre-activations, in torch's order: sigmoid, and tanh of the third quarter."""
NOT_MONOTONE = frozenset({"gelu", "silu", "swish", "mish", "sin", "cos", "hardswish"})

_NAMES = """tanh sigmoid relu leaky_relu elu softplus atan softsign gelu silu mish hardswish sin
cos""".split()  # noqa: SIM905
_OF_FUNCTION: Mapping[object, str] = {
    getattr(place, name): name
    for place in (torch, functional)
    for name in _NAMES
    if hasattr(place, name)
}
_PLAIN_MODULES = frozenset(  # named as their functions
    {nn.Identity, nn.Tanh, nn.Sigmoid, nn.ReLU, nn.Softmax, nn.Softsign}
    | {nn.GELU, nn.SiLU, nn.Mish, nn.Hardswish}  # not monotone
)
_OF_MODULE: Mapping[type, Callable[[Any], Transfer]] = {
    nn.LeakyReLU: lambda module: leaky_relu(float(module.negative_slope)),
    nn.ELU: lambda module: elu(float(module.alpha)),
    nn.Softplus: lambda module: softplus(float(module.beta)),
}


def _from_callable(f: Callable[[Tensor], Tensor]) -> Transfer:
    """A user's f, taken at its word as monotone: its potential and slope bound are unknown."""
    name = getattr(f, "__name__", type(f).__name__)

    def potential(pre: Tensor) -> Tensor:
        raise ValueError(
            f"`transfer` must carry a potential where the loss is evaluated, got the bare callable "
            f"{name!r}. Give a Transfer(name, f, derivative, potential, lipschitz)."
        )

    def derivative(pre: Tensor, direction: Tensor) -> Tensor:
        tangent: Tensor = torch.func.jvp(f, (pre,), (direction,))[1]
        return tangent

    return Transfer(name, f, derivative, potential, math.inf)


def transfer(value: str | Transfer | Callable[[Tensor], Tensor]) -> Transfer:
    """The transfer function meant by a name, a torch function, a torch module or a callable.

    Args:
        value: A key of ``TRANSFERS``; a function or module of torch with an entry there; any
            other callable, taken as monotone, without potential and with unbounded slope (for
            `Iterate` only); or a :class:`Transfer`, returned as it is.

    Raises:
        ValueError: For an unknown name, and for functions known not to be monotone.

    >>> transfer(torch.nn.LeakyReLU(0.2)).name, transfer(torch.sigmoid).lipschitz
    ('leaky_relu(0.2)', 0.25)
    """
    if isinstance(value, Transfer):
        return value
    kind = type(value)
    if kind in _OF_MODULE:
        return _OF_MODULE[kind](value)
    if isinstance(value, str):
        name = value
    elif kind in _PLAIN_MODULES:
        name = kind.__name__.lower()
    elif value in _OF_FUNCTION:
        name = _OF_FUNCTION[value]
    else:
        return _from_callable(value)
    if name in NOT_MONOTONE:
        raise ValueError(
            f"`transfer` must be monotone, got {name!r}: its matching loss is not convex. "
            "Use variant='S' for this layer."
        )
    if name not in TRANSFERS:
        raise ValueError(
            f"`transfer` must be one of {', '.join(TRANSFERS)}, a callable or a Transfer, "
            f"got {name!r}. Give the function itself if it is monotone."
        )
    return TRANSFERS[name]
