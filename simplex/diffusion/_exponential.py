"""The functions of exponential integrators: exact at 0, finite at large arguments, smooth."""

import math
from collections.abc import Callable

import torch
from torch import Tensor


_SERIES_BELOW, _SERIES_TERMS = 0.5, 14


def phi_1(x: Tensor) -> Tensor:
    r"""The mean of the decay e^{-x} over a unit of time.

    .. math:: φ_1(x) = \int_0^1 e^{-x s} \, ds = \frac{1 - e^{-x}}{x}, \qquad φ_1(0) = 1

    Args:
        x: non-negative floats, 0 and large ones included; gradients are finite there too.

    Example:
        >>> phi_1(torch.tensor([0.0, 1e4], dtype=torch.float64)).tolist()
        [1.0, 0.0001]
    """
    return _series_or(1, lambda y: -torch.expm1(-y) / y, x)


def phi_2(x: Tensor) -> Tensor:
    r"""The mean of the decay e^{-x (1-s)} over a unit of time, weighted by s.

    .. math:: φ_2(x) = \int_0^1 s \, e^{-x (1-s)} \, ds = \frac{e^{-x} - 1 + x}{x^2}, \qquad
              φ_2(0) = \tfrac12

    Args:
        x: non-negative floats, as for :func:`phi_1`.

    Example:
        >>> phi_2(torch.tensor([0.0, 1e4], dtype=torch.float64)).tolist()
        [0.5, 9.999e-05]
    """
    return _series_or(2, lambda y: (1 + torch.expm1(-y) / y) / y, x)


def _series_or(order: int, closed: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """The closed form, and Σ_n (-x)^n / (n + order)! near 0, where it divides by 0.

    The closed form never sees 0: a NaN in the branch not taken would still reach the gradient.
    """
    small = x < _SERIES_BELOW
    near, far = torch.where(small, x, 0.0), torch.where(small, 1.0, x)
    series = torch.zeros_like(x)
    for n in reversed(range(_SERIES_TERMS)):
        series = 1 / math.factorial(n + order) - near * series
    return torch.where(small, series, closed(far))
