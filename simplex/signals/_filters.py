"""Filters of the three parts of a signal, by polynomials of the Laplacian's halves."""

from typing import NamedTuple

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_int, require_real
from simplex.operators import (
    LinearMap,
    chebyshev_apply,
    chebyshev_coefficients,
    column_units,
    conjugate_gradients,
    from_rows,
    hodge_decomposition,
    prepared_halves,
    prepared_projections,
    read_cochain,
    require_finite,
    require_rank,
    require_representable,
    self_adjoint,
    spectral_bounds,
    to_rows,
)
from simplex.signals._responses import (
    PolynomialResponse,
    RationalResponse,
    Response,
    values_at,
)


def frequency_bounds(K: SimplicialComplex, k: int = 1) -> tuple[float, float]:
    r"""Bounds of the gradient and of the curl frequencies of k-cochains.

    .. math:: λ_{max}(\partial_k^⊤ \partial_k), \; λ_{max}(\partial_{k+1} \partial_{k+1}^⊤)

    or a little more (Gershgorin), without an eigenvalue being computed.

    Args:
        K: the complex; of a union, those of all parts.
        k: 0 … dim.

    Returns:
        (gradient, curl); 0 where there is no such part.

    Example:
        >>> frequency_bounds(SimplicialComplex.from_simplices([(0, 1, 2)]))
        (4.0, 3.0)
    """
    return spectral_bounds(K, require_rank(K, k, 0))


def hodge_filter(
    K: SimplicialComplex,
    x: Tensor,
    k: int = 1,
    *,
    gradient: Response | float = 1.0,
    curl: Response | float = 1.0,
    harmonic: float = 1.0,
) -> Tensor:
    r"""Multiply the frequencies of each part of a cochain by a response of its own.

    .. math:: y = r_G(L_d)\, x_G + r_C(L_u)\, x_C + r_H \, x_H, \qquad
              L_d = \partial_k^⊤ \partial_k, \; L_u = \partial_{k+1} \partial_{k+1}^⊤

    with the parts of :func:`~simplex.operators.hodge_decomposition`. For a flow on edges: r_G acts
    on what has sources, r_C on what runs around triangles, r_H on what runs around holes.

    Args:
        K: the complex; a union is filtered as its parts are.
        x: (…, n_k, channels) or (n_k,) floats, finite.
        k: 0 … dim.
        gradient: r_G: a number; a smooth function of float64 frequencies, which is followed to
            the last digits; a :class:`PolynomialResponse` or a :class:`RationalResponse`.
        curl: r_C, likewise.
        harmonic: r_H.

    Returns:
        Like x; differentiable in it.

    Raises:
        ValueError: a response that is not finite or not smooth, a polynomial whose bound is too
            small, or a cochain that does not fit.
        RuntimeError: conjugate gradients did not converge.

    Laws:
        Linear and symmetric; commutes with relabelling and reorientation; filters of one complex
        commute, and the response of two is the product of theirs.

    Cost:
        Two sparse products a degree. No eigenvectors. The decomposition is computed where a
        response differs, at 0, from ``harmonic``, and nowhere else.

    Reference:
        Yang, Isufi, Schaub, Leus, "Simplicial Convolutional Filters", IEEE Trans. Signal
        Processing 2022, equation 12, for polynomials.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> x = torch.tensor([1.0, -1.0, 1.0, 2.0])  # around the triangle, and along the edge
        >>> hodge_filter(K, x, gradient=1.0, curl=0.0, harmonic=0.0).round(decimals=4).tolist()
        [0.0, 0.0, 0.0, 2.0]
    """
    k = require_rank(K, k, 0)
    x = read_cochain(K, x, k)
    require_finite(x)
    h = require_real("harmonic", harmonic)
    bounds = spectral_bounds(K, k)
    parts = [
        _prepare(name, response, bound, place)
        for place, (name, response, bound) in enumerate(
            zip(("gradient", "curl"), (gradient, curl), bounds, strict=True)
        )
        if bound
    ]
    halves = prepared_halves(K, k, torch.float64)

    def apply(y: Tensor) -> Tensor:
        result = (h - sum(part.at_zero for part in parts)) * y
        for part in parts:
            result = result + _apply(part, halves[part.place], y)
            if part.at_zero != h:
                image = prepared_projections(K, k)[part.place](y)
                result = result + (part.at_zero - h) * image
        return result

    rows = to_rows(x.double()).contiguous()
    return require_representable(from_rows(self_adjoint(apply, rows), x).to(x.dtype))


class _Part(NamedTuple):
    """A response made ready for a half of the Laplacian."""

    place: int
    bound: float
    at_zero: float
    kind: float | list[float] | RationalResponse


def _prepare(name: str, response: Response | float, bound: float, place: int) -> _Part:
    if isinstance(response, PolynomialResponse):
        if response.bound < bound:
            raise ValueError(
                f"{name} must be a polynomial whose bound is at least {bound:g}, that of the "
                f"frequencies, got {response.bound:g}. See frequency_bounds(K, k)."
            )
        bound = response.bound
        zero = float(response(torch.zeros(1, dtype=torch.float64)))
        return _Part(place, bound, zero, list(response.coefficients))
    if isinstance(response, RationalResponse):
        return _Part(place, bound, response.numerator[0] / response.denominator[0], response)
    if not callable(response):
        value = require_real(name, response)
        return _Part(place, bound, value, value)
    function = response

    def checked(frequencies: Tensor) -> Tensor:
        return values_at(function, frequencies)

    zero = float(checked(torch.zeros(1, dtype=torch.float64)))
    try:
        coefficients = chebyshev_coefficients(checked, bound, torch.float64)
    except ValueError as error:
        if "smooth" not in str(error):
            raise
        raise ValueError(
            f"{name} must be a smooth function on [0, {bound:g}], got one that no polynomial of "
            "degree 8191 follows. Give chebyshev_response(function, bound, degree)."
        ) from error
    return _Part(place, bound, zero, coefficients.tolist())


def _apply(part: _Part, half: LinearMap, y: Tensor) -> Tensor:
    """r(L) y."""
    if isinstance(part.kind, float):
        return part.kind * y
    if isinstance(part.kind, RationalResponse):
        numerator, denominator = part.kind.numerator, part.kind.denominator
        right = _powers(numerator, half, y)
        return conjugate_gradients(lambda z: _powers(denominator, half, z), right, 1e-13)
    return chebyshev_apply(half, part.kind, part.bound, y)


def _powers(coefficients: tuple[float, ...], half: LinearMap, y: Tensor) -> Tensor:
    value = coefficients[-1] * y
    for c in reversed(coefficients[:-1]):
        value = half(value) + c * y
    return value


class FittedFilter(NamedTuple):
    """The responses of a filter, as :func:`hodge_filter` takes them: ``**fitted._asdict()``."""

    gradient: PolynomialResponse | float
    curl: PolynomialResponse | float
    harmonic: float


def fit_hodge_filter(
    K: SimplicialComplex, x: Tensor, y: Tensor, k: int = 1, *, degree: int = 4
) -> FittedFilter:
    r"""The filter of a given degree that takes signals nearest to others.

    .. math:: \min_{r_G, r_C, r_H} \big| r_G(L_d)\, x_G + r_C(L_u)\, x_C + r_H\, x_H - y \big|^2

    of least norm where several are. The parts are orthogonal, so each is a problem of its own.

    Args:
        K: the complex.
        x: (…, n_k, channels) or (n_k,) signals.
        y: what they should become, of the same shape.
        k: 0 … dim.
        degree: of both polynomials, ≥ 0.

    Returns:
        :class:`FittedFilter`; 1 for a part that the complex, or x, has nothing of.

    Raises:
        ValueError: shapes that differ, or do not fit the complex.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> x = torch.tensor([1.0, 0.0, 2.0, -1.0])
        >>> fitted = fit_hodge_filter(K, x, 3 * x, degree=1)
        >>> hodge_filter(K, x, **fitted._asdict()).round(decimals=4).tolist()
        [3.0, 0.0, 6.0, -3.0]
    """
    k = require_rank(K, k, 0)
    degree = require_int("degree", degree, 0, 100)
    x, y = read_cochain(K, x, k), read_cochain(K, y, k)
    if x.shape != y.shape:
        raise ValueError(f"y must be of the shape of x, {tuple(x.shape)}, got {tuple(y.shape)}.")
    require_finite(y)
    given, wished = to_rows(x.detach().double()), to_rows(y.detach().double())
    units = [float(column_units(each.reshape(-1, 1))) for each in (given, wished)]
    given, ratio = given / units[0], units[1] / units[0]
    theirs = hodge_decomposition(K, given, k)
    goals = hodge_decomposition(K, wished / units[1], k)
    halves, bounds = prepared_halves(K, k, torch.float64), spectral_bounds(K, k)
    scale = float(given.norm())
    responses: list[PolynomialResponse | float] = []
    for part, goal, half, bound in zip(theirs, goals, halves, bounds, strict=False):
        if not bound or float(part.norm()) <= 1e-10 * scale:
            responses.append(1.0)
            continue
        basis = [part, half(part) * (2 / bound) - part]
        for _ in range(degree - 1):
            basis.append(half(basis[-1]) * (4 / bound) - 2 * basis[-1] - basis[-2])
        columns = torch.stack([image.flatten() for image in basis[: degree + 1]], dim=1)
        c = torch.linalg.lstsq(columns, goal.reshape(-1, 1), driver="gelsd").solution[:, 0]
        responses.append(PolynomialResponse(tuple((ratio * c).tolist()), bound))
    still, wanted = theirs[2].flatten(), goals[2].flatten()
    present = float(still.norm()) > 1e-10 * scale
    harmonic = ratio * float(still @ wanted / (still @ still)) if present else 1.0
    return FittedFilter(responses[0], responses[1], harmonic)
