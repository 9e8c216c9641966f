"""The functions of exponential integrators: exact at 0, finite at large arguments, smooth."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.diffusion._cochains.calculus import apply_to_cochains, prepared_halves, require_cochain
from simplex.diffusion._walk import evaluate, require_same_shape, rows_of_times
from simplex.operators import chebyshev_apply, chebyshev_coefficients, part_bound, require_rank


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


# From decay rates a (N, 1) and times t (U,) to the weights of a mode, (N, U) for each argument.
Weights = Callable[[Tensor, Tensor], tuple[Tensor, ...]]


def bridge_weights(a: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
    r"""Weights of the ends in the bridge of a mode that decays at rate a.

    .. math::
        m_t = \frac{\sinh(a(1-t))}{\sinh a} y_0 + \frac{\sinh(at)}{\sinh a} y_1
            = (1-t) e^{-at} \frac{φ_1(2a(1-t))}{φ_1(2a)} y_0
              + t e^{-a(1-t)} \frac{φ_1(2at)}{φ_1(2a)} y_1

    The last form neither overflows nor divides by 0; at a = 0 it is (1-t) y_0 + t y_1.

    Args:
        a: rates a ≥ 0.
        t: times in [0, 1], broadcastable with a.

    Example:
        >>> [w.item() for w in bridge_weights(torch.tensor(0.0), torch.tensor(0.25))]
        [0.75, 0.25]
    """
    scale = phi_1(2 * a)
    start = (1 - t) * torch.exp(-a * t) * phi_1(2 * a * (1 - t)) / scale
    return start, t * torch.exp(-a * (1 - t)) * phi_1(2 * a * t) / scale


def control_weights(a: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
    r"""Weights of the ends in the control that keeps a mode with drift -a m on its bridge.

    .. math:: u_t = m_t' + a m_t = \frac{a e^{at}}{\sinh a} (y_1 - e^{-a} y_0)
                  = \frac{e^{-a(1-t)}}{φ_1(2a)} (y_1 - e^{-a} y_0)

    The last form neither overflows nor divides by 0; at a = 0 it is y_1 - y_0.

    Args:
        a: rates a ≥ 0.
        t: times in [0, 1], broadcastable with a.

    Example:
        >>> [w.item() for w in control_weights(torch.tensor(0.0), torch.tensor(0.25))]
        [-1.0, 1.0]
    """
    end = torch.exp(-a * (1 - t)) / phi_1(2 * a)
    return -torch.exp(-a) * end, end


class HeatFlow:
    r"""Flow matching of k-cochains around the heat drift, from noise at t = 0 to data at t = 1.

    .. math:: x' = -A x + u_θ(x, t), \qquad A = κ_d L_d + κ_u L_u

    The network learns the control u only: for a pair (x_0, x_1) the one that takes the system from
    x_0 to x_1 with the least energy ∫|u|², mode by mode :func:`control_weights`. Harmonic modes,
    a = 0, go straight, as in flow matching without drift, which is κ_d = κ_u = 0.

    Args:
        K: the complex, or a union.
        k: degree of the cochains, 0 … dim.
        down: κ_d ≥ 0, the rate of heat through facets.
        up: κ_u ≥ 0, the rate of heat through cofacets.
        axis: which axis of the tensors runs over the simplices.

    Raises:
        ValueError: ``k`` beyond the dimension, or a negative rate.

    Laws:
        The path starts in x_0, ends in x_1, and solves the equation with the control. Everything
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
        >>> flow, x0, x1 = HeatFlow(K), torch.zeros(3, 1), torch.tensor([[3.0], [0.0], [0.0]])
        >>> flow.path(x0, x1, 0.5).T  # the harmonic part is half way, the gradient part behind
        tensor([[ 0.9251, -0.2875,  0.2875]])
    """

    def __init__(
        self,
        K: SimplicialComplex,
        k: int = 1,
        *,
        down: float = 1.0,
        up: float = 1.0,
        axis: int = 0,
    ) -> None:
        require_rank(K, k, 0)
        for name, rate in (("down", down), ("up", up)):
            if not 0 <= rate < float("inf"):
                raise ValueError(f"{name} must be a finite rate ≥ 0, got {rate}.")
        self.complex, self.k, self.axis = K, k, axis
        self.rates = (down, up)
        self.bounds = [float(part_bound(K, j).max()) if K.num_parts else 0.0 for j in (k, k + 1)]

    def path(self, x0: Tensor, x1: Tensor, t: Tensor | float) -> Tensor:
        """Where the pair is at time t.

        Args:
            x0: draws of the noise, float32 or float64.
            x1: data, of the same shape.
            t: times in [0, 1]: one number, or of the leading dimensions of x, constant on each
                part of the complex.

        Returns:
            Like x1; differentiable.

        Raises:
            TypeError: not float32 or float64.
            ValueError: shapes that differ, a time outside [0, 1] or one that varies in a part.
        """
        return self._between(bridge_weights, x0, x1, t)

    def control(self, x0: Tensor, x1: Tensor, t: Tensor | float) -> Tensor:
        """What the network is to predict at ``path(x0, x1, t)``. Arguments as for :meth:`path`."""
        return self._between(control_weights, x0, x1, t)

    def heat(self, x: Tensor, time: float) -> Tensor:
        """The heat flow e^{-A time} x, exactly (not by steps, as simplex.operators.heat_flow)."""
        return self._combine(lambda a, t: (torch.exp(-a * t),), time, x)

    def drift(self, x: Tensor) -> Tensor:
        """-A x; differentiable."""

        def change(y: Tensor) -> Tensor:
            down, up = prepared_halves(self.complex, self.k, y.dtype)
            return -(self.rates[0] * down(y) + self.rates[1] * up(y))

        return apply_to_cochains(change, x, self.complex.num_simplices(self.k), self.axis)

    def velocity(self, model: Callable[..., Tensor]) -> Callable[..., Tensor]:
        """The whole right-hand side -A x + model(x, t, …), for any solver of flows."""

        def right_hand_side(x: Tensor, *others: Any, **named: Any) -> Tensor:
            return self.drift(x) + model(x, *others, **named)

        return right_hand_side

    def loss(
        self, model: Callable[[Tensor, Tensor], Tensor], x0: Tensor, x1: Tensor, t: Tensor | float
    ) -> Tensor:
        """The mean squared error of the control that the network predicts on the path.

        Args:
            model: from (x, t) to the control; t has one time per row of x.
            x0: draws of the noise.
            x1: data; paired with x0 as they come (couple them beforehand).
            t: as for :meth:`path`.

        Returns:
            A scalar.
        """
        x, target = self.path(x0, x1, t), self.control(x0, x1, t)
        predicted = model(x, rows_of_times(torch.as_tensor(t).to(x), x))
        require_same_shape("the prediction of the network", predicted, x)
        return (predicted - target).square().mean()

    @torch.no_grad()
    def sample(
        self,
        model: Callable[[Tensor, Tensor], Tensor],
        x: Tensor,
        times: Sequence[float] | Tensor,
    ) -> Tensor:
        r"""Solve the equation from noise to data by a second-order exponential integrator.

        .. math::
            \hat x = e^{-hA} x + h φ_1(hA) u_θ(x, t), \qquad
            x_{t+h} = \hat x + h φ_2(hA) \big( u_θ(\hat x, t+h) - u_θ(x, t) \big)

        The drift, stiff where κ λ_max is large, is integrated exactly; steps need to resolve the
        network only. Two evaluations a step.

        Args:
            model: from (x, t) to the control; t has one time per row of x.
            x: a draw of the noise, at the first of the times.
            times: increasing, in [0, 1].

        Returns:
            Like x, at the last of the times.

        Raises:
            ValueError: times that do not increase in [0, 1]; NaN from the network (with the step).

        Reference:
            Cox, Matthews, "Exponential time differencing for stiff systems", 2002, eq. 20-22.
        """
        grid = torch.as_tensor(times, dtype=torch.float64).cpu()
        _require_times(grid)
        if grid.dim() != 1 or len(grid) < 2 or not bool((grid.diff() > 0).all()):
            raise ValueError(f"times must be at least 2 and increase, got {grid.tolist()}.")

        def predict(x: Tensor, t: Tensor, step: int) -> Tensor:
            return evaluate(model, x, rows_of_times(t.to(x), x), step)

        for step in range(len(grid) - 1):
            h = float(grid[step + 1] - grid[step])
            before = predict(x, grid[step], step)
            guess = self._combine(_driven, h, x, before)
            after = predict(guess, grid[step + 1], step)
            x = guess + self._combine(_ramped, h, after - before)
        return x

    def __repr__(self) -> str:
        down, up = self.rates
        return f"HeatFlow({self.complex}, k={self.k}, down={down}, up={up})"

    # --- functions of A ---------------------------------------------------------------------------

    def _between(self, weights: Weights, x0: Tensor, x1: Tensor, t: Tensor | float) -> Tensor:
        require_same_shape("the noise", x0, x1)
        _require_times(torch.as_tensor(t))
        return self._combine(weights, t, x0, x1)

    def _combine(self, weights: Weights, t: Tensor | float, *arguments: Tensor) -> Tensor:
        """Σ_i f_i(A, t) x_i with f(A) = f(κ_d L_d) + f(κ_u L_u) - f(0), a time for every row."""
        first, count = arguments[0], self.complex.num_simplices(self.k)
        if first.dtype not in (torch.float32, torch.float64):
            raise TypeError(
                f"x must be float32 or float64, got {first.dtype}. Convert with .float()."
            )
        require_cochain(first, count, self.axis)
        times, which = self._times_by_entry(t, first)
        which = torch.stack([which + i * len(times) for i in range(len(arguments))], dim=-1)

        def apply(y: Tensor) -> Tensor:
            halves = prepared_halves(self.complex, self.k, y.dtype)
            place = which.expand(-1, y.shape[1] // len(arguments), -1).flatten(1)
            at_zero = torch.cat(weights(torch.zeros(1, 1, dtype=torch.float64), times), dim=1)
            total = at_zero[0].to(y)[place] * y
            for half, rate, bound in zip(halves, self.rates, self.bounds, strict=True):
                if rate * bound:
                    change = _change(weights, rate, times, at_zero)
                    table = chebyshev_coefficients(change, bound, y.dtype).to(y)
                    by_entry = (coefficients[place] for coefficients in table)
                    total += chebyshev_apply(half, by_entry, bound, y)
            return total

        axis = self.axis % first.dim()
        return apply_to_cochains(apply, torch.stack(arguments, dim=-1), count, axis).sum(-1)

    def _times_by_entry(self, t: Tensor | float, x: Tensor) -> tuple[Tensor, Tensor]:
        """The distinct times (U,), and which one each entry of (n_k | 1, channels | 1) has."""
        t = torch.as_tensor(t, dtype=torch.float64)
        shape = tuple(t.shape) + (1,) * (x.dim() - t.dim())
        if len(shape) > x.dim() or any(
            a not in (1, b) for a, b in zip(shape, x.shape, strict=True)
        ):
            raise ValueError(
                "t must be one number or match the leading dimensions of x, "
                f"{tuple(x.shape)}, got shape {tuple(t.shape)}."
            )
        times, which = torch.unique(t.reshape(shape), return_inverse=True)
        which = which.to(x.device).movedim(self.axis, 0)
        if t.dim():
            rest = x.movedim(self.axis, 0).shape[1:]
            which = which.expand(-1, *rest)
        which = which.reshape(len(which), -1)
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


def _require_times(t: Tensor) -> None:
    if not bool(((t >= 0) & (t <= 1)).all()):
        raise ValueError(f"times must be in [0, 1], got {float(t.min())} to {float(t.max())}.")
