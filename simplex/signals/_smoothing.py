"""Denoising and interpolation by the energies of boundary and coboundary."""

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_real
from simplex.operators import (
    conjugate_gradients,
    from_rows,
    prepared_halves,
    read_cochain,
    require_finite,
    require_rank,
    require_representable,
    to_rows,
)
from simplex.signals._filters import hodge_filter
from simplex.signals._responses import RationalResponse


def denoise(
    K: SimplicialComplex, x: Tensor, k: int = 1, *, down: float = 1.0, up: float = 1.0
) -> Tensor:
    r"""The cochain near a noisy one with small boundary and coboundary: ridge regression by parts.

    .. math:: \arg\min_y |y - x|^2 + μ_↓ |\partial_k y|^2 + μ_↑ |\partial_{k+1}^⊤ y|^2
              = (1 + μ_↓ L_d + μ_↑ L_u)^{-1} x

    For a flow on edges μ_↓ punishes sources and sinks, and μ_↑ circulation around triangles. For
    numbers on vertices (k = 0) only μ_↑ counts: they vary little along edges.

    Args:
        K: the complex; a union is treated as its parts are.
        x: (…, n_k, channels) or (n_k,) floats, finite.
        k: 0 … dim.
        down: μ_↓ ≥ 0.
        up: μ_↑ ≥ 0.

    Returns:
        Like x; differentiable in it. The harmonic part stays as it is.

    Raises:
        ValueError: a negative weight, or a cochain that does not fit.
        RuntimeError: conjugate gradients did not converge.

    Laws:
        Linear and symmetric; commutes with relabelling and reorientation.

    Reference:
        Schaub, Segarra, "Flow smoothing and denoising: graph signal processing in the edge-space",
        GlobalSIP 2018.

    Example:
        >>> path = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> denoise(path, torch.tensor([0.0, 3.0, 0.0]), 0).tolist()
        [0.75, 1.5, 0.75]
    """
    down, up = require_real("down", down, 0), require_real("up", up, 0)
    responses = [RationalResponse((1.0,), (1.0, weight)) for weight in (down, up)]
    return hodge_filter(K, x, k, gradient=responses[0], curl=responses[1])


def interpolate(
    K: SimplicialComplex,
    x: Tensor,
    observed: Tensor,
    k: int = 1,
    *,
    down: float = 1.0,
    up: float = 1.0,
    noise: float = 0.0,
) -> Tensor:
    r"""Fill in a cochain that is known on some simplices, with the least energy.

    .. math:: \arg\min_y μ_↓ |\partial_k y|^2 + μ_↑ |\partial_{k+1}^⊤ y|^2
              \quad \text{with } y_σ = x_σ \text{ for observed } σ

    or, with ``noise`` = ν > 0, plus |y - x|²/ν on the observed ones in place of the equation. Where
    several cochains have the least energy, the one of least norm is returned.

    Args:
        K: the complex.
        x: (…, n_k, channels) or (n_k,) floats; what is not observed may be anything, NaN too.
        observed: (n_k,) bool.
        k: 0 … dim.
        down: μ_↓ ≥ 0, of sources and sinks.
        up: μ_↑ ≥ 0, of circulation.
        noise: ν ≥ 0; larger trusts the observations less.

    Returns:
        Like x, without a gradient.

    Raises:
        TypeError: ``observed`` is no mask.
        ValueError: a wrong shape, a negative weight, or NaN among the observed values.
        RuntimeError: conjugate gradients did not converge.

    Laws:
        Linear in x; commutes with relabelling and reorientation. A divergence-free flow on a graph
        without holes in what is unknown comes back as it was.

    Cost:
        Conjugate gradients, two sparse products of each half a step.

    Reference:
        Jia, Schaub, Segarra, Benson, "Graph-based Semi-Supervised & Active Learning for Edge
        Flows", KDD 2019, equation 7.

    Example:
        >>> path = SimplicialComplex.from_simplices([(0, 1), (1, 2), (2, 3)])
        >>> seen = torch.tensor([True, False, False, True])
        >>> interpolate(path, torch.tensor([0.0, 9.0, 9.0, 3.0]), seen, 0).tolist()
        [0.0, 1.0, 2.0, 3.0]
    """
    k = require_rank(K, k, 0)
    x = read_cochain(K, x, k)
    down, up = require_real("down", down, 0), require_real("up", up, 0)
    noise = require_real("noise", noise, 0)
    mask = read_mask("observed", observed, K.num_simplices(k))
    rows = to_rows(x.detach().double())
    known = torch.where(mask[:, None], rows, 0.0)
    require_finite(known)
    halves = prepared_halves(K, k, torch.float64)

    def energy(y: Tensor) -> Tensor:
        return down * halves[0](y) + up * halves[1](y)

    if noise > 0:

        def system(y: Tensor) -> Tensor:
            return torch.where(mask[:, None], y, 0.0) + noise * energy(y)

        filled = conjugate_gradients(system, known)
    else:

        def hidden(y: Tensor) -> Tensor:
            return torch.where(mask[:, None], 0.0, energy(y))

        filled = known + conjugate_gradients(hidden, -hidden(known))
    return require_representable(from_rows(filled, x).to(x.dtype))


def read_mask(name: str, mask: Tensor, count: int) -> Tensor:
    """A bool mask of so many simplices."""
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
        got = mask.dtype if isinstance(mask, Tensor) else type(mask).__name__
        raise TypeError(f"{name} must be a mask, a bool tensor ({count},), got {got}.")
    if mask.shape != (count,):
        raise ValueError(f"{name} must be of shape ({count},), got {tuple(mask.shape)}.")
    return mask
