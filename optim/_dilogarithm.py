r"""Euler's dilogarithm on the negative axis: the antiderivative of softplus."""

import math

import torch
from torch import Tensor
from torch.nn import functional


# B_2k / (2k + 1)!, k = 1, 2, …
_DEBYE = (
    1 / 36,
    -1 / 3600,
    1 / 211680,
    -1 / 10886400,
    5 / 66 / math.factorial(11),
    -691 / 2730 / math.factorial(13),
    7 / 6 / math.factorial(15),
    -3617 / 510 / math.factorial(17),
)


def dilogarithm_of_minus_exp(a: Tensor) -> Tensor:
    r"""The dilogarithm :math:`Li_2(-e^a)`, entry by entry, to rounding for every a.

    With :math:`u = -\log(1 + e^a)` it is Debye's series :math:`u - u^2/4 + Σ_k c_k u^{2k+1}`, taken
    at :math:`-|a|`, where :math:`|u| ≤ \log 2`; positive a by the inversion formula
    :math:`Li_2(-e^a) = -a^2/2 - π^2/6 - Li_2(-e^{-a})`.

    Args:
        a: Any shape.

    Returns:
        Values below 0, of the same shape.

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
