"""Frequency responses: what a filter multiplies each eigenvalue of a Laplacian with."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from simplex.complexes import real_tensor, require_int, require_real, require_word


Response = Callable[[Tensor], Tensor]
"""From (N,) float64 frequencies, eigenvalues of a half of the Laplacian, to (N,) factors."""

_DAMPINGS = ("none", "jackson")


@dataclass(frozen=True)
class PolynomialResponse:
    r"""A polynomial in the frequency, by its coefficients in Chebyshev's basis.

    .. math:: r(λ) = \sum_j c_j \, T_j(2λ / b - 1), \qquad 0 ≤ λ ≤ b

    Args:
        coefficients: c_0, c_1, …, at least one.
        bound: b > 0, at least the largest frequency of the complexes that it will filter:
            :func:`frequency_bounds`.

    Raises:
        ValueError: no coefficient, one that is not finite, or a bound that is not positive.

    Example:
        >>> PolynomialResponse((0.5, -0.5), 4.0)(torch.tensor([0.0, 4.0])).tolist()
        [1.0, 0.0]
    """

    coefficients: tuple[float, ...]
    bound: float

    def __post_init__(self) -> None:
        values = real_tensor("coefficients", list(self.coefficients))
        if values.ndim != 1 or not len(values) or not bool(values.isfinite().all()):
            raise ValueError(
                f"coefficients must be finite numbers, at least one, got {self.coefficients}."
            )
        object.__setattr__(self, "coefficients", tuple(values.tolist()))
        require_real("bound", self.bound, 0, open=True)

    def __call__(self, frequencies: Tensor) -> Tensor:
        """R of each frequency."""
        at = frequencies * (2 / self.bound) - 1
        later = last = torch.zeros_like(at)
        for c in reversed(self.coefficients[1:]):  # Clenshaw
            later, last = 2 * at * later - last + c, later
        return at * later - last + self.coefficients[0]


@dataclass(frozen=True)
class RationalResponse:
    r"""A quotient of polynomials in the frequency, applied by conjugate gradients.

    .. math:: r(λ) = \frac{n_0 + n_1 λ + n_2 λ^2 + …}{d_0 + d_1 λ + d_2 λ^2 + …},
              \qquad d_0 > 0, \; d_j ≥ 0

    Args:
        numerator: n_0, n_1, …
        denominator: d_0, d_1, …; their signs keep it positive at every frequency.

    Raises:
        ValueError: a polynomial without coefficients or one that is not finite, or a denominator
            that could vanish.

    Example:
        >>> RationalResponse((1.0,), (1.0, 2.0))(torch.tensor([0.0, 0.5])).tolist()
        [1.0, 0.5]
    """

    numerator: tuple[float, ...]
    denominator: tuple[float, ...]

    def __post_init__(self) -> None:
        for name in ("numerator", "denominator"):
            values = real_tensor(name, list(getattr(self, name)))
            if values.ndim != 1 or not len(values) or not bool(values.isfinite().all()):
                raise ValueError(
                    f"{name} must be finite numbers, at least one, got {getattr(self, name)}."
                )
            object.__setattr__(self, name, tuple(values.tolist()))
        if self.denominator[0] <= 0 or min(self.denominator) < 0:
            raise ValueError(
                "denominator must begin with a positive number and have no negative one, so that "
                f"it vanishes nowhere, got {self.denominator}."
            )

    def __call__(self, frequencies: Tensor) -> Tensor:
        """R of each frequency."""
        return _horner(self.numerator, frequencies) / _horner(self.denominator, frequencies)


def _horner(coefficients: tuple[float, ...], at: Tensor) -> Tensor:
    value = torch.zeros_like(at)
    for c in reversed(coefficients):
        value = value * at + c
    return value


def chebyshev_response(
    function: Response, bound: float, degree: int, *, damping: str = "jackson"
) -> PolynomialResponse:
    r"""The Chebyshev polynomial of a given degree for any function, also one with steps.

    .. math:: c_j = g_j \, \frac{2 - [j = 0]}{π} \int_0^π f\big( \tfrac b2 (1 + \cos θ) \big)
              \cos jθ \, dθ

    with g_j = 1, or Jackson's factors, which keep the polynomial of a step within the step.

    Args:
        function: f, from (N,) float64 frequencies to (N,) values.
        bound: b > 0.
        degree: ≥ 0; a filter of this degree reaches so many simplices far.
        damping: ``"jackson"`` or ``"none"``.

    Returns:
        The :class:`PolynomialResponse`.

    Raises:
        ValueError: a function that is not finite on [0, b], or another damping.

    Reference:
        Weiße, Wellein, Alvermann, Fehske, "The kernel polynomial method", 2006, equation 71.

    Example:
        >>> low = chebyshev_response(lambda at: (at < 2).double(), 8.0, 40)
        >>> low(torch.tensor([0.5, 6.0], dtype=torch.float64)).round(decimals=2).abs().tolist()
        [1.0, 0.0]
    """
    bound = require_real("bound", bound, 0, open=True)
    degree = require_int("degree", degree, 0, 10_000)
    require_word("damping", damping, _DAMPINGS)
    count = 16 * (degree + 1)
    angle = torch.pi * (torch.arange(count, dtype=torch.float64) + 0.5) / count
    values = values_at(function, bound * (1 + angle.cos()) / 2)
    j = torch.arange(degree + 1, dtype=torch.float64)
    coefficients = 2 / count * (j[:, None] * angle).cos() @ values
    coefficients[0] /= 2
    if damping == "jackson":
        step = torch.pi / (degree + 2)
        turn = torch.tan(torch.tensor(step, dtype=torch.float64))
        inner = (degree + 2 - j) * (step * j).cos() + (step * j).sin() / turn
        coefficients = coefficients * inner / (degree + 2)
    return PolynomialResponse(tuple(coefficients.tolist()), bound)


def least_squares_response(
    frequencies: Tensor, values: Tensor, bound: float, degree: int
) -> PolynomialResponse:
    r"""The polynomial of a given degree that is nearest to values at given frequencies.

    .. math:: \min_c \sum_i \big( \sum_j c_j T_j(2λ_i / b - 1) - f_i \big)^2

    of least norm where several are. At the eigenvalues of one complex it is the best filter of its
    degree for that complex; on a grid it serves all complexes with the bound.

    Args:
        frequencies: (m,) λ_i in [0, b].
        values: (m,) f_i.
        bound: b > 0.
        degree: ≥ 0.

    Returns:
        The :class:`PolynomialResponse`.

    Raises:
        ValueError: frequencies outside [0, b], values that are not finite, or other shapes.

    Example:
        >>> at = torch.linspace(0, 4, 9)
        >>> least_squares_response(at, 1 - at / 4, 4.0, 3)(torch.tensor([1.0])).round(decimals=4)
        tensor([0.7500])
    """
    bound = require_real("bound", bound, 0, open=True)
    degree = require_int("degree", degree, 0, 10_000)
    at, f = real_tensor("frequencies", frequencies), real_tensor("values", values)
    if at.ndim != 1 or at.shape != f.shape or not len(at):
        raise ValueError(
            "frequencies and values must be of one shape (m,), m at least 1, got "
            f"{tuple(at.shape)} and {tuple(f.shape)}."
        )
    if not bool(((at >= 0) & (at <= bound)).all()) or not bool(f.isfinite().all()):
        raise ValueError(
            f"frequencies must be in [0, bound = {bound:g}] and values finite, got frequencies "
            f"from {float(at.min()):g} to {float(at.max()):g}."
        )
    basis = chebyshev_basis(at.double() * (2 / bound) - 1, degree)
    solution = torch.linalg.lstsq(basis, f.double()[:, None], driver="gelsd").solution
    return PolynomialResponse(tuple(solution[:, 0].tolist()), bound)


def chebyshev_basis(at: Tensor, degree: int) -> Tensor:
    """T_0, …, T_degree at (m,) points of [-1, 1], (m, degree + 1)."""
    columns = [torch.ones_like(at), at]
    for _ in range(degree - 1):
        columns.append(2 * at * columns[-1] - columns[-2])
    return torch.stack(columns[: degree + 1], dim=1)


def values_at(function: Response, frequencies: Tensor) -> Tensor:
    """The finite (N,) values of a response, or what is wrong with them."""
    values = function(frequencies)
    if not isinstance(values, Tensor) or values.shape != frequencies.shape:
        got = tuple(values.shape) if isinstance(values, Tensor) else type(values).__name__
        raise ValueError(
            f"a response must return one value per frequency, {tuple(frequencies.shape)}, got "
            f"{got}."
        )
    if not bool(values.isfinite().all()):
        raise ValueError("a response must be finite at every frequency, got NaN or infinity.")
    return values.to(frequencies.dtype)
