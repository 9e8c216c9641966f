"""Trend filtering: total variation of boundary and coboundary, by its dual."""

import math

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_int, require_real
from simplex.operators import (
    apply_boundary,
    apply_coboundary,
    column_units,
    from_rows,
    read_cochain,
    require_finite,
    require_rank,
    require_representable,
    spectral_bounds,
    to_rows,
)


def trend_filter(
    K: SimplicialComplex,
    x: Tensor,
    k: int = 1,
    *,
    down: float = 0.0,
    up: float = 0.0,
    tolerance: float = 1e-6,
    max_steps: int = 20_000,
) -> Tensor:
    r"""The cochain near a noisy one whose boundary and coboundary are sparse.

    .. math:: \arg\min_y \tfrac12 |y - x|^2 + μ_↓ |\partial_k y|_1 + μ_↑ |\partial_{k+1}^⊤ y|_1

    For a flow on edges: few vertices are sources or sinks, few triangles are circulated around, and
    these keep their strength, where :func:`denoise` spreads all of it. For numbers on vertices,
    k = 0 and μ_↑: a piecewise constant fit, the fused lasso.

    As ∂_k ∂_{k+1} = 0 the dual falls apart into one problem for the gradient and one for the curl
    part of x,

    .. math:: y = x - \partial_k^⊤ a - \partial_{k+1} b, \qquad
              \min_{|a|_∞ ≤ μ_↓} |x - \partial_k^⊤ a|^2, \quad
              \min_{|b|_∞ ≤ μ_↑} |x - \partial_{k+1} b|^2,

    each solved by accelerated projected gradients, until the gap between primal and dual value is
    at most ``tolerance`` of \|x\|²/2.

    Args:
        K: the complex; a union is treated as its parts are.
        x: (…, n_k, channels) or (n_k,) floats, finite; each channel is its own problem.
        k: 0 … dim.
        down: μ_↓ ≥ 0.
        up: μ_↑ ≥ 0.
        tolerance: of the gap, > 0.
        max_steps: most steps of each problem.

    Returns:
        Like x, without a gradient.

    Raises:
        ValueError: a negative weight, or a cochain that does not fit.
        RuntimeError: the gap was not closed in so many steps.

    Laws:
        Commutes with relabelling and reorientation; large weights leave what has no boundary and
        no coboundary, the harmonic part.

    Cost:
        One sparse product with ∂ and one with ∂ᵀ a step.

    Reference:
        Yang, Isufi, "Simplicial Trend Filtering", Asilomar 2022; Beck, Teboulle, "A fast iterative
        shrinkage-thresholding algorithm", 2009; O'Donoghue, Candès, 2015, for the restarts.

    Example:
        >>> path = SimplicialComplex.from_simplices([(0, 1), (1, 2), (2, 3)])
        >>> noisy = torch.tensor([0.0, 0.2, 2.0, 2.2], dtype=torch.float64)
        >>> trend_filter(path, noisy, 0, up=0.1, tolerance=1e-12).round(decimals=4).tolist()
        [0.1, 0.2, 2.0, 2.1]
    """
    k = require_rank(K, k, 0)
    x = read_cochain(K, x, k)
    require_finite(x)
    down, up = require_real("down", down, 0), require_real("up", up, 0)
    tolerance = require_real("tolerance", tolerance, 0, open=True)
    max_steps = require_int("max_steps", max_steps, 1)
    rows = to_rows(x.detach().double())
    unit = float(column_units(rows.reshape(-1, 1)))
    rows, down, up = rows / unit, down / unit, up / unit
    bounds = spectral_bounds(K, k)
    result = rows
    if down and bounds[0]:
        solver = _Dual(K, k, True, down, bounds[0])
        result = result - solver.removed(rows, tolerance / 2, max_steps)
    if up and bounds[1]:
        solver = _Dual(K, k, False, up, bounds[1])
        result = result - solver.removed(rows, tolerance / 2, max_steps)
    return require_representable(from_rows(result * unit, x).to(x.dtype))


class _Dual:
    """The problem of one half: min |x - Aa|² with |a| ≤ μ, where A is ∂_kᵀ or ∂_{k+1}."""

    def __init__(self, K: SimplicialComplex, k: int, lower: bool, weight: float, bound: float):
        self.K, self.k, self.lower, self.weight, self.bound = K, k, lower, weight, bound

    def _image(self, a: Tensor) -> Tensor:
        if self.lower:
            return apply_coboundary(self.K, a, self.k - 1)
        return apply_boundary(self.K, a, self.k + 1)

    def _adjoint(self, y: Tensor) -> Tensor:
        if self.lower:
            return apply_boundary(self.K, y, self.k)
        return apply_coboundary(self.K, y, self.k)

    def removed(self, x: Tensor, tolerance: float, max_steps: int) -> Tensor:
        """A a at the solution."""
        energy = x.square().sum(0) / 2
        a = torch.zeros_like(self._adjoint(x))
        ahead, momentum = a, 1.0
        gap = energy
        for step in range(max_steps):
            slope = self._adjoint(x - self._image(ahead))
            new = (ahead + slope / self.bound).clamp(-self.weight, self.weight)
            if float(((ahead - new) * (new - a)).sum()) > 0:  # against the way: begin again
                momentum = 1.0
            after = (1 + math.sqrt(1 + 4 * momentum**2)) / 2
            ahead = new + (momentum - 1) / after * (new - a)
            a, momentum = new, after
            if step % 10 == 9:
                image = self._image(a)
                variation = self._adjoint(x - image)
                # ½|Aa|² + μ|Aᵀy|₁ - (½|x|² - ½|y|²) with y = x - Aa, without the cancellation
                gap = self.weight * variation.abs().sum(0) - (a * variation).sum(0)
                if bool((gap <= tolerance * energy).all()):
                    return image
        raise RuntimeError(
            f"the gap must fall to {tolerance:g} of the energy, and was "
            f"{float((gap / energy.clamp(min=1e-300)).max()):.1e} after {max_steps} steps. Raise "
            "tolerance or max_steps."
        )
