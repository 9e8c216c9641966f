"""Topological flow matching: the heat drift, bridges of its modes, an exponential integrator."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_real
from simplex.diffusion._calls import Arguments, answer_of, calling, like_data
from simplex.diffusion._checks import (
    require_callable,
    require_floats,
    require_numbers,
    require_same_shape,
    require_times_within,
)
from simplex.diffusion._cochains.checks import (
    require_cochain,
    require_degree,
    require_single_or_double,
)
from simplex.diffusion._cochains.symmetric import apply_to_cochains
from simplex.diffusion._grids import unit_times
from simplex.diffusion._kinds import CONTROL, VELOCITY, record_kind, require_kind, saying
from simplex.diffusion._rows import Model, aligned, inputs_at, row_mean, rows_of_times
from simplex.diffusion._trajectory import Callback, require_callback, told
from simplex.diffusion._walk import Grid, checked
from simplex.operators import (
    chebyshev_apply,
    chebyshev_coefficients,
    from_rows,
    prepared_halves,
    self_adjoint,
    spectral_bounds,
    to_rows,
)


_SERIES_BELOW, _SERIES_TERMS = 0.5, 14


def phi_1(x: Tensor) -> Tensor:
    """∫₀¹ e^{-xs} ds = (1 - e^{-x}) / x for x ≥ 0: the mean of a decay over a unit of time."""
    return _series_or(1, lambda y: -torch.expm1(-y) / y, x)


def phi_2(x: Tensor) -> Tensor:
    """∫₀¹ s e^{-x(1-s)} ds = (e^{-x} - 1 + x) / x² for x ≥ 0: the same, weighted by s."""
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


# From decay rates a (N, 1) and times t (U,) to the weights of a mode, (N, U) for each argument.
Weights = Callable[[Tensor, Tensor], tuple[Tensor, ...]]


def bridge_weights(a: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
    r"""Weights of the ends z and x_0 in the bridge of a mode that decays at rate a ≥ 0.

    .. math::
        m_t = \frac{\sinh(a(1-t))}{\sinh a} z + \frac{\sinh(at)}{\sinh a} x_0
            = (1-t) e^{-at} \frac{φ_1(2a(1-t))}{φ_1(2a)} z
              + t e^{-a(1-t)} \frac{φ_1(2at)}{φ_1(2a)} x_0

    The last form neither overflows nor divides by 0; at a = 0 it is (1-t) z + t x_0.
    """
    scale = phi_1(2 * a)
    start = (1 - t) * torch.exp(-a * t) * phi_1(2 * a * (1 - t)) / scale
    return start, t * torch.exp(-a * (1 - t)) * phi_1(2 * a * t) / scale


def control_weights(a: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
    r"""Weights of the ends in the control that keeps a mode with drift -a m on its bridge.

    .. math:: u_t = m_t' + a m_t = \frac{a e^{at}}{\sinh a} (x_0 - e^{-a} z)
                  = \frac{e^{-a(1-t)}}{φ_1(2a)} (x_0 - e^{-a} z)

    The last form neither overflows nor divides by 0; at a = 0 it is x_0 - z.
    """
    end = torch.exp(-a * (1 - t)) / phi_1(2 * a)
    return -torch.exp(-a) * end, end


class HeatFlow:
    r"""Flow matching of k-cochains around the heat drift, from noise at t = 0 to data at t = 1.

    .. math:: x' = -A x + u_θ(x, t), \qquad A = κ_d L_d + κ_u L_u

    The network learns the control u only: for noise z and data x_0 the one that takes the system
    from z to x_0 with the least energy ∫|u|², for a mode that decays at rate a

    .. math:: u_t = \frac{a e^{at}}{\sinh a} (x_0 - e^{-a} z)

    Harmonic modes, a = 0, go straight, as in flow matching without drift, which is κ_d = κ_u = 0.

    Args:
        K: the complex, or a union.
        k: degree of the cochains, from 0; above the dimension there are none.
        down: κ_d ≥ 0, the rate of heat through facets.
        up: κ_u ≥ 0, the rate of heat through cofacets.

    Raises:
        ValueError: a negative ``k``, or a negative rate.

    Laws:
        The path starts in z, ends in x_0, and solves the equation with the control. Everything
        commutes with relabelling and reorientation, and treats a union as its parts.

    Cost:
        Chebyshev polynomials of L_d and L_u, O(incidences · channels) a step, no eigenvectors. The
        degree grows like the root of κ λ_max, times the digits of the dtype.

    Paper:
        Wyrwal, Ceylan, Tong, "Topological flow matching", ICLR 2026.

        1. No noise on the path (σ = 0).
        2. Separate rates for the two halves, and no eigenbasis.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (0, 2), (1, 2)])
        >>> flow, z, x0 = HeatFlow(K), torch.zeros(3), torch.tensor([3.0, 0.0, 0.0])
        >>> flow.path(x0, z, 0.5)  # the harmonic part is half way, the gradient part behind
        tensor([ 0.9251, -0.2875,  0.2875])
    """

    def __init__(
        self, K: SimplicialComplex, k: int = 1, *, down: float = 1.0, up: float = 1.0
    ) -> None:
        require_degree(K, k)
        require_real("down", down, 0)
        require_real("up", up, 0)
        self.complex, self.k = K, k
        self.rates = (down, up)
        self.bounds = spectral_bounds(K, k)

    def path(self, x0: Tensor, z: Tensor, t: Tensor | float) -> Tensor:
        """Where the pair is at time t.

        Args:
            x0: data, (…, n_k, C) or (n_k,), float32 or float64.
            z: draws of the noise, of the same shape.
            t: times in [0, 1]: one number, or of the leading dimensions of x, constant on each
                part of the complex.

        Returns:
            Like x0; differentiable.

        Raises:
            TypeError: not float32 or float64.
            ValueError: a time that varies within a part.
        """
        return self._between(bridge_weights, x0, z, t)

    def control(self, x0: Tensor, z: Tensor, t: Tensor | float) -> Tensor:
        """What the network is to predict at ``path(x0, z, t)``. Arguments as for :meth:`path`."""
        return self._between(control_weights, x0, z, t)

    def heat(self, x: Tensor, time: float) -> Tensor:
        """The heat flow e^{-A time} x, exactly (not by steps, as simplex.operators.heat_flow)."""
        require_real("time", time)
        return self._combine(lambda a, t: (torch.exp(-a * t),), time, x)

    def drift(self, x: Tensor) -> Tensor:
        """-A x; differentiable."""

        def change(y: Tensor) -> Tensor:
            down, up = prepared_halves(self.complex, self.k, y.dtype)
            return -(self.rates[0] * down(y) + self.rates[1] * up(y))

        return apply_to_cochains(change, x, self.complex.num_simplices(self.k))

    def velocity(self, model: Callable[..., Tensor]) -> Callable[..., Tensor]:
        """The whole right-hand side -A x + model(x, t, …), for any solver of flows."""
        require_callable("model", model)
        require_kind(model, CONTROL)

        def whole(x: Tensor, *others: Any, **named: Any) -> Tensor:
            control: Tensor = answer_of(model(x, *others, **named))
            return self.drift(x) + control

        return saying(whole, VELOCITY)

    def loss(self, model: Model, x0: Tensor, z: Tensor, t: Tensor | float) -> Tensor:
        """The squared error of the control that the network predicts on the path, per row.

        The model maps (x, t) to the control. Data and draws of the noise are paired as they come:
        couple them beforehand. Other arguments as for :meth:`path`.

        Returns:
            (rows,) means over the components of each row.
        """
        require_callable("model", model)
        x, target = self.path(x0, z, t), self.control(x0, z, t)
        times = require_numbers("t", t, torch.float64).to(x)
        predicted = like_data("the prediction of the network", model(x, rows_of_times(times, x)), x)
        record_kind(model, predicted, CONTROL)
        return row_mean((predicted - target).square())

    @torch.no_grad()
    def sample(
        self,
        model: Model,
        x: Tensor,
        times: Grid,
        *,
        model_kwargs: Arguments | None = None,
        callback: Callback | None = None,
    ) -> Tensor:
        r"""Solve the equation from noise to data by a second-order exponential integrator.

        .. math::
            \hat x = e^{-hA} x + h φ_1(hA) u_θ(x, t), \qquad
            x_{t+h} = \hat x + h φ_2(hA) \big( u_θ(\hat x, t+h) - u_θ(x, t) \big)

        The drift, stiff where κ λ_max is large, is integrated exactly; steps need to resolve the
        network only. Two evaluations a step.

        Args:
            model: as for :meth:`loss`.
            x: a draw of the noise, at the first of the times.
            times: a number of steps from 0 to 1, or times, increasing, in [0, 1].
            model_kwargs: further keyword arguments of the model.
            callback: as in :func:`ddpm`.

        Returns:
            Like x, at the last of the times.

        Reference:
            Cox, Matthews, "Exponential time differencing for stiff systems", 2002, eq. 20-22.
        """
        model = calling("model", model, model_kwargs)
        require_kind(model, CONTROL)
        require_floats("x", x)
        require_callback(callback)
        grid = require_numbers("times", unit_times(times), torch.float64).cpu()
        require_times_within(grid, 0.0, 1.0)
        if grid.dim() != 1 or len(grid) < 2 or not bool((grid.diff() > 0).all()):
            raise ValueError(f"times must be at least 2 and increase, got {grid.tolist()}.")

        def predict(x: Tensor, t: Tensor, step: int) -> Tensor:
            time = rows_of_times(t.to(x), x)
            return checked(model(x, time), x, time, step)

        inputs = inputs_at(grid, x)
        x = told(callback, 0, inputs[0], x)
        for step in range(len(grid) - 1):
            h = float(grid[step + 1] - grid[step])
            before = predict(x, grid[step], step)
            guess = self._combine(_driven, h, x, before)
            after = predict(guess, grid[step + 1], step)
            ahead = guess + self._combine(_ramped, h, after - before)
            x = told(callback, step + 1, inputs[step + 1], ahead)
        return x

    def __repr__(self) -> str:
        down, up = self.rates
        return f"HeatFlow({self.complex}, k={self.k}, down={down}, up={up})"

    # --- functions of A ---------------------------------------------------------------------------

    def _between(self, weights: Weights, x0: Tensor, z: Tensor, t: Tensor | float) -> Tensor:
        require_floats("x0", x0)
        require_same_shape("the noise", z, x0)
        require_times_within(require_numbers("t", t, torch.float64), 0.0, 1.0)
        return self._combine(weights, t, z, x0)

    def _combine(self, weights: Weights, t: Tensor | float, *arguments: Tensor) -> Tensor:
        """Σ_i f_i(A, t) x_i with f(A) = f(κ_d L_d) + f(κ_u L_u) - f(0), a time for every row."""
        first, count = arguments[0], self.complex.num_simplices(self.k)
        require_single_or_double(first)
        require_cochain(first, count)
        if not count:
            return first.clone()
        rows = [to_rows(x) for x in arguments]  # (n_k, …·C) each
        times, which = self._times_by_entry(t, first)
        which = which.expand(-1, rows[0].shape[1])
        place = torch.cat([which + i * len(times) for i in range(len(rows))], dim=1)

        def apply(y: Tensor) -> Tensor:
            halves = prepared_halves(self.complex, self.k, y.dtype)
            at_zero = torch.cat(weights(torch.zeros(1, 1, dtype=torch.float64), times), dim=1)
            total = at_zero[0].to(y)[place] * y
            for half, rate, bound in zip(halves, self.rates, self.bounds, strict=True):
                if rate * bound:
                    change = _change(weights, rate, times, at_zero)
                    table = chebyshev_coefficients(change, bound, y.dtype).to(y)
                    by_entry = (coefficients[place] for coefficients in table)
                    total += chebyshev_apply(half, by_entry, bound, y)
            return total

        images = self_adjoint(apply, torch.cat(rows, dim=1))  # (n_k, arguments · …·C)
        return from_rows(torch.stack(images.chunk(len(rows), dim=1)).sum(0), first)

    def _times_by_entry(self, t: Tensor | float, x: Tensor) -> tuple[Tensor, Tensor]:
        """The distinct times (U,), and which one each entry of (n_k | 1, channels | 1) has."""
        at = aligned(require_numbers("t", t, torch.float64), x, torch.float64)
        times, which = torch.unique(at, return_inverse=True)
        if not at.dim():
            return times.cpu(), which.view(1, 1)
        axis = max(x.dim() - 2, 0)  # of the simplices
        which = which.movedim(axis, 0)  # (n_k | 1, … | 1, C | 1)
        which = which.expand(-1, *x.movedim(axis, 0).shape[1:]).reshape(len(which), -1)
        if len(which) > 1:
            first = self.complex.part_pointer(self.k)[self.complex.part(self.k)]
            if not torch.equal(which, which[first]):
                raise ValueError(
                    "t must be constant on each part of the complex, got times that vary within "
                    "one: the heat would not flow by one clock. Take t[K.part(k)]."
                )
        return times.cpu(), which


def _change(
    weights: Weights, rate: float, times: Tensor, at_zero: Tensor
) -> Callable[[Tensor], Tensor]:
    """λ ↦ f(κλ, t) - f(0, t), a column per argument and time."""
    return lambda at: torch.cat(weights(rate * at[:, None], times), dim=1) - at_zero


def _driven(a: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
    """A step of length h from a state, and from rest under a constant control."""
    return torch.exp(-a * h), h * phi_1(a * h)


def _ramped(a: Tensor, h: Tensor) -> tuple[Tensor]:
    """A step from rest under a control that rises from 0 to 1."""
    return (h * phi_2(a * h),)
