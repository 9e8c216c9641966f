r"""The exact step within a trust region of function space: a default that needs no tuning.

A step size in units of the loss fits one loss and one data set. Here the size of the loss cancels:
the step says how far the pre-activations of a map may go, relative to its inputs, and the gain of
earlier steps says whether that was too far.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from optim._checks import require_number, require_squared
from optim._kept import State, kept_buffer
from optim.problem import LocalProblem
from optim.tables import TableProblem


_RATE, _ENOUGH, _LEAST = 0.3, 0.3, 0.01  # κ, the gain that is enough, and the smallest radius
_MEMORY = 0.7  # of slopes, which are those of single batches
_QUIET = 1e-4  # squared size of a unit's gradient, relative to the map's, that counts as rounding


@dataclass(frozen=True)
class Trust:
    r"""The direction of `Exact`, as far as the outputs of the map may move.

    With :math:`U = (C/R + λ I)^{-1} G`, the pre-activations :math:`Z U_j` of unit j have a mean
    square over the rows of at most :math:`w_j = ⟨G_j, U_j⟩`. So the displacement

    .. math:: D_j = -γ\, ρ\, \mathrm{rms}(Z)\, U_j / \sqrt{\hat w_j}

    moves no unit by more than :math:`γ ρ\, \mathrm{rms}(Z)` in root mean square;
    :math:`\hat w_j` is the larger of :math:`w_j` and its bias-corrected running mean. The weights
    go by the running mean of D over the steps, which begins at zero: a warm-up.

    C is always that of the batch. A running or an old one bounds what the inputs used to be; what
    is new in them would leap.

    The radius ρ of a map, in [0.01, 1], follows the *gain* of its steps, the achieved over the
    predicted decrease of the loss, which needs the slopes along the last step V alone, before and
    after it (trapezium rule; each slope is a running mean over batches):

    .. math:: ρ ← ρ\, e^{0.3\, (\mathrm{gain} - 0.3)}, \qquad
        \mathrm{gain} = \tfrac12 (1 + ⟨G_{t+1}, V_t⟩ / ⟨G_t, V_t⟩) \text{ within } 0.3 ± 1.

    At 1/2 the step ends where the loss is least on its line. That is Levenberg's and Marquardt's
    rule, with γρ as the inverse of the damping.

    Args:
        momentum: Decay μ of the running means of D and w.

    Raises:
        ValueError: A number is out of its range.

    Laws:
        Without momentum :math:`\mathrm{rms}(Z D_j) ≤ γ ρ\, \mathrm{rms}(Z)` for every unit. A
        multiple of the loss takes the same steps; a multiple of the inputs moves the outputs in
        proportion. For λ → ∞ each unit goes down its gradient.

    >>> one = torch.ones(2, 1)
    >>> problem = LocalProblem(3 * one, one, 5 * torch.ones(1, 1), gamma=0.1)
    >>> round(Trust(momentum=0.0).solve(problem).item(), 4)
    -0.1
    """

    momentum: float = 0.9

    def __post_init__(self) -> None:
        require_number("momentum", self.momentum)

    def pose(self, problem: LocalProblem, prox: float, state: State) -> LocalProblem:
        r"""The problem damped by :math:`λ = \text{prox} · \mathrm{mean}(\mathrm{diag}(C/R))`."""
        tiny = torch.finfo(problem.design.dtype).tiny if prox else 0.0  # dead inputs
        return replace(problem, prox=(prox * problem.mean_square()).clamp_min(tiny))

    def solve(self, problem: LocalProblem, state: State | None = None) -> Tensor:
        """The running mean of D, (…, n, d); means, slopes and the radius are kept in ``state``.

        Raises:
            ValueError: For a transfer that is not the identity; see also
                ``optim.curvature.factorize``.
        """
        require_squared(problem.transfer, "Trust()")
        state = {} if state is None else state
        direction = problem.preconditioner(problem.gradient.shape[-1])(problem.gradient)  # U
        square = (problem.gradient * direction).sum(-2)  # w
        reach = problem.gamma * problem.mean_square().sqrt()
        return self._kept_within(reach, problem.gradient, direction, square, state)

    def solve_table(self, problem: TableProblem, table: Tensor, state: State) -> Tensor:
        """The same of a table W whose rows are looked up; all its rows are one unit.

        Its outputs are its rows, so the step is relative to rms(W), not to the inputs.
        """
        gamma, problem = problem.gamma, replace(problem, gamma=-1.0)
        direction = problem.solution()
        square = (problem.gradient * direction).sum()[None] / len(direction)
        reach = gamma * torch.linalg.vector_norm(table.to(direction)) / table.numel() ** 0.5
        return self._kept_within(reach, problem.gradient, direction, square, state)

    def _kept_within(
        self, reach: Tensor, gradient: Tensor, direction: Tensor, square: Tensor, state: State
    ) -> Tensor:
        """The running mean of the directions, as long as ρ times the reach."""
        if "mean" in state and state["mean"].shape != gradient.shape:
            for name in ("count", "mean", "square", "radius", "slope", "slope_after"):
                state.pop(name, None)  # weights were frozen or freed
        reach = reach * _radius(gradient, state)
        size = self._size(square, state)
        share = torch.where(size > 0, reach[..., None] / size, 0.0)
        displacement = direction.mul_(-share[..., None, :])
        mean = kept_buffer(state, "mean", displacement).lerp_(displacement, 1 - self.momentum)
        state["slope"].lerp_(_slope(gradient, mean), 1 - _MEMORY)
        return displacement.copy_(mean)

    def _size(self, square: Tensor, state: State) -> Tensor:
        """√ŵ of w, (…, d); a unit whose gradient is rounding beside the others' stays quiet."""
        square = square.clamp_min(0)
        running = kept_buffer(state, "square", square).lerp_(square, 1 - self.momentum)
        state["count"] = state.get("count", 0) + 1
        size = torch.maximum(running / (1 - self.momentum ** state["count"]), square)
        return torch.maximum(size, _QUIET * size.mean(-1, keepdim=True)).sqrt()


def _radius(gradient: Tensor, state: State) -> Tensor:
    """ρ, (…,), after a look at how far the slope along the last step has fallen."""
    zero = torch.zeros_like(gradient[..., 0, 0])
    if "mean" not in state:
        state.update(radius=zero + 1, slope=zero, slope_after=zero.clone())
        return zero + 1
    radius, slope, after = (
        kept_buffer(state, name, zero) for name in ("radius", "slope", "slope_after")
    )
    after.lerp_(_slope(gradient, state["mean"].to(gradient)), 1 - _MEMORY)
    gain = torch.where(slope < 0, (1 + after / slope) / 2, 0.5)
    return radius.mul_(torch.exp(_RATE * (gain - _ENOUGH).clamp(-1, 1))).clamp_(_LEAST, 1.0)


def _slope(gradient: Tensor, step: Tensor) -> Tensor:
    """The inner product of matrices (…, n, d), without one of their size in between."""
    of_rows = gradient.mT.flatten(-2)[..., None, :] @ step.mT.flatten(-2)[..., None]
    return of_rows[..., 0, 0]
