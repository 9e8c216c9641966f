r"""LocoProp's local losses, as the paper poses them and as the solvers read them.

One layer sees inputs Z (R, n), weights W (n, d), pre-activations A = Z W (R, d) and, from one
ordinary backward, g = ∂L/∂A. With f the layer's transfer function and F its potential, the paper
moves the post-activation by the gradient and fits the layer to it under a matching loss,

.. math:: Y^* = f(A_0) - γ g, \qquad \min_W \sum_r [F(a_r) - y^*_r · a_r].

In the displacement D = W − W₀ the same problem needs the weight gradient G = Zᵀg alone,

.. math:: J(D) = s \sum_r D_F(a_{0r} + z_r D, a_{0r}) + γ ⟨G, D⟩ + \tfrac λ2 ‖D‖^2,

which differs from the paper's by a constant and the proximal term. Two unit systems, never mixed:

======================  ====================  ===================
quantity                per row (default)     summed (the paper)
======================  ====================  ===================
scale s                 1/R                   1
step of the target      γ = gb (Y* moves      γ = gb R
                        by gb R g)
proximal weight         λ                     R λ
inner step size         η                     η / R
======================  ====================  ===================

Throughout, pre-activations (``pre``, ``center``), targets and g are (…, R, d), and ``transfer`` is
the layer's f.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import Literal, Protocol

import torch
from torch import Tensor

from optim._processes import ALONE, Processes
from optim.curvature import factorize, gram, inverse_action, mean_square, preconditioner
from optim.transfers import IDENTITY, Transfer


class Slope(Protocol):
    """The gradient of a local objective: γ G where D is zero, its ``constant``, and at any D."""

    constant: Tensor

    def __call__(self, displacement: Tensor) -> Tensor:
        """∇J(D), (…, n, d)."""
        ...


class Sloped(Protocol):
    """A local problem as first-order iterations see it."""

    @property
    def gradient(self) -> Tensor:
        """G, (…, n, d)."""
        ...

    def slope(self, *, calls: int = 1) -> Slope:
        """∇J, to be called so many times."""
        ...


def local_targets(pre: Tensor, grad_output: Tensor, gamma: float, transfer: Transfer) -> Tensor:
    r"""Targets of the post-activations, :math:`Y^* = f(A_0) - γ g`.

    The gradient with respect to the PRE-activation moves the POST-activation: a mirror-descent
    step. With f = identity it is plain gradient descent and the target of LocoProp-S.

    ``grad_output`` is g, with the loss's own reduction; γ is in units of a loss summed over rows,
    gb · R in per-row units. For a sigmoid or softmax head under the mean cross-entropy, γ = R makes
    the targets the labels.

    Returns:
        Targets, (…, R, d).

    >>> from optim.transfers import TRANSFERS
    >>> local_targets(torch.zeros(1, 1), torch.ones(1, 1), 0.25, TRANSFERS["sigmoid"]).item()
    0.25
    """
    return transfer.f(pre) - gamma * grad_output


def matching_loss(pre: Tensor, target: Tensor, transfer: Transfer) -> Tensor:
    r"""The matching loss of each row up to its constant, :math:`F(a_r) - y^*_r · a_r`.

    Where :math:`y^* = f(a^*)` it is :math:`D_F(a, a^*)` plus a term without a. Its gradient is
    :math:`f(a) - y^*`, never times f′. It is unbounded below when y* leaves the range of f.

    Returns:
        One value per row, (…, R).

    Laws:
        Convex in ``pre``; for softmax it is the cross-entropy against soft labels.

    >>> from optim.transfers import IDENTITY
    >>> matching_loss(torch.tensor([[3.0]]), torch.tensor([[1.0]]), IDENTITY).item()
    1.5
    """
    return transfer.potential(pre) - (target * pre).sum(-1)


def bregman(pre: Tensor, center: Tensor, transfer: Transfer) -> Tensor:
    r"""The Bregman divergence of each row, :math:`D_F(a, a_0) = F(a) - F(a_0) - f(a_0)·(a-a_0)`.

    Returns:
        One value per row, (…, R).

    Laws:
        At least 0, and 0 at a = a₀; at most ``L_f ‖a − a₀‖² / 2``.

    >>> from optim.transfers import IDENTITY
    >>> bregman(torch.tensor([[3.0]]), torch.tensor([[1.0]]), IDENTITY).item()
    2.0
    """
    rise = transfer.potential(pre) - transfer.potential(center)
    return rise - (transfer.f(center) * (pre - center)).sum(-1)


@dataclass(frozen=True, eq=False)
class LocalProblem:
    r"""One layer's problem: :math:`J(D) = s Σ_r D_F(A_0 + Z D, A_0) + γ⟨G, D⟩ + \tfrac λ2 ‖D‖²`.

    The rows may be spread over processes, R of them in all: then Z and A₀ are those of this one, G
    is of all, and sums over rows are taken over the processes, which must call alike.

    Args:
        design: Z, (…, R, n); leading dimensions are problems of their own.
        pre: A₀ = Z W₀, (…, R, d), or what makes it: it is formed at its first use.
        gradient: G = Zᵀg, (…, n, d): the weight gradient of the global loss.
        transfer: The layer's f; identity is LocoProp-S.
        gamma: γ in the units of ``reduction``.
        prox: λ in the units of ``reduction``; a number, or one per problem (…,).
        reduction: "mean" over rows, s = 1/R, or the paper's "sum", s = 1.
        factor: Cholesky factor (``optim.curvature.factorize``) of a curvature that stands for
            the design's own, of a running Gram matrix say; for the solvers that factorize.
        processes: Who has the rows.
        total_rows: R where there are several processes; None for the rows of ``design``.

    Laws:
        J(0) = 0; convex; its gradient at 0 is γ G for every f.

    >>> one = torch.ones(1, 1)
    >>> LocalProblem(one, one, one).objective(-one).item()
    -0.5
    """

    design: Tensor
    pre: Tensor | Callable[[], Tensor] = field(repr=False)
    gradient: Tensor
    transfer: Transfer = IDENTITY
    gamma: float = 1.0
    prox: float | Tensor = 0.0
    reduction: Literal["mean", "sum"] = "mean"
    factor: Tensor | None = None
    processes: Processes = ALONE
    total_rows: int | None = None

    @cached_property
    def start(self) -> Tensor:
        """A₀, (…, R, d); the exact step does without."""
        return self.pre if isinstance(self.pre, Tensor) else self.pre()

    @property
    def rows(self) -> int:
        """R, of all processes."""
        return self.design.shape[-2] if self.total_rows is None else self.total_rows

    @property
    def scale(self) -> float:
        """s, the weight of a row."""
        return 1.0 if self.reduction == "sum" else 1 / max(self.rows, 1)

    def gram(self) -> Tensor:
        """C/R, (…, n, n), of the rows of all processes."""
        return self._mean_over_rows(gram(self.design))

    def mean_square(self) -> Tensor:
        """The mean diagonal entry of C/R, (…,), of the rows of all processes."""
        return self._mean_over_rows(mean_square(self.design))

    def preconditioner(self, columns: int) -> Callable[[Tensor], Tensor]:
        """The map B ↦ (ℓ C/R + λ I)⁻¹ B, for so many columns of B in all.

        Of the factor that stands for the curvature, or of the design's own.
        """
        factor = self.factor
        if factor is None and self.processes is not ALONE:  # no process has all rows, as ZZᵀ needs
            factor = factorize(self.gram(), prox=self.prox, lipschitz=self.lipschitz)
        if factor is not None:
            return inverse_action(factor, columns)
        return preconditioner(
            self.design, prox=self.prox, lipschitz=self.lipschitz, columns=columns
        )

    def _mean_over_rows(self, own: Tensor) -> Tensor:
        """A mean over the rows of this process as one over those of all."""
        if self.processes is ALONE:
            return own
        return self.processes.total(own * (self.design.shape[-2] / max(self.rows, 1)))

    @property
    def lipschitz(self) -> float:
        """The bound ℓ of the curvature in the problem's units, :math:`∇²J ≤ ℓ C/R + λ I`."""
        rows = self.rows if self.reduction == "sum" else 1
        return rows * self.transfer.lipschitz

    def objective(self, displacement: Tensor) -> Tensor:
        """J(D) of D, (…, n, d): one value per problem, (…,)."""
        moved = self.start + self.design @ displacement
        divergence = self._divergence(moved)
        linear = (self.gradient * displacement).sum((-2, -1))
        square = displacement.square().sum((-2, -1))
        return self.scale * divergence + self.gamma * linear + self.prox / 2 * square

    def _divergence(self, moved: Tensor) -> Tensor:
        """Σ_r D_F(a_r, a_0r) over the rows of all processes, (…,)."""
        return self.processes.total(bregman(moved, self.start, self.transfer).sum(-1))

    def local_gradient(self, displacement: Tensor) -> Tensor:
        """∇J(D) of D, (…, n, d); for many evaluations see :class:`LocalGradient`."""
        return LocalGradient(self)(displacement)

    def slope(self, *, calls: int = 1) -> "LocalGradient":
        """∇J, to be called so many times; see :class:`LocalGradient`."""
        return LocalGradient(self, calls=calls)

    def backtrack(self, displacement: Tensor, *, halvings: int = 10) -> Tensor:
        """The displacement, halved until the local objective is not above its start J(0) = 0.

        J is convex, so halving ends for a direction of descent; a problem that still rises after
        the last halving, or is not finite, does not move. Z D is formed once.

        Returns:
            t D with t per problem in {1, 1/2, …, 0}, (…, n, d).

        >>> one = torch.ones(1, 1)
        >>> LocalProblem(one, one, one).backtrack(-6 * one).item()
        -1.5
        """
        moved = self.design @ displacement
        linear = self.gamma * (self.gradient * displacement).sum((-2, -1))
        square = self.prox / 2 * displacement.square().sum((-2, -1))
        length = torch.ones_like(linear)
        for halving in range(halvings + 1):
            there = self.start + length[..., None, None] * moved
            rise = self.scale * self._divergence(there) + length * linear
            accepted = rise + length.square() * square <= 0
            if bool(accepted.all()):
                break
            shorter = length / 2 if halving < halvings else torch.zeros_like(length)
            length = torch.where(accepted, length, shorter)
        t = length[..., None, None]
        return torch.where(t > 0, displacement * t, 0.0)


_IN_PLACE: Mapping[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]] = {
    torch.tanh: torch.tanh_,  # no fresh memory in each inner iteration
    torch.sigmoid: torch.sigmoid_,
    torch.relu: torch.relu_,
}


class LocalGradient:
    r"""The gradient :math:`∇J(D) = s Z^⊤(f(A_0 + Z D) - f(A_0)) + γ G + λ D`, in kept buffers.

    For f = identity the data term is s C D, from the Gram matrix where that costs less.

    Args:
        problem: Z, A₀, G, f and the numbers γ, λ, s.
        calls: How many evaluations are expected.

    >>> from optim.transfers import TRANSFERS
    >>> one = torch.ones(1, 1)
    >>> problem = LocalProblem(one, one, one, TRANSFERS["tanh"], gamma=0.5)
    >>> LocalGradient(problem)(torch.zeros(1, 1)).item()
    0.5
    """

    def __init__(self, problem: LocalProblem, *, calls: int = 1) -> None:
        R, n, d = problem.rows, problem.design.shape[-1], problem.gradient.shape[-1]
        self.processes = problem.processes
        self.shape, self.scale = problem.gradient.shape, problem.scale
        self.design = _stacked(problem.design)
        self.constant = _stacked(problem.gradient).mul(problem.gamma).contiguous()
        damped = bool((torch.as_tensor(problem.prox) != 0).any())
        self.prox = problem.prox if damped else 0.0
        self.gram = None
        if problem.transfer is IDENTITY and R * n * n + calls * n * n * d < 2 * calls * R * n * d:
            self.gram = self.processes.total(torch.bmm(self.design.mT, self.design))
        else:
            self.pre = _stacked(problem.start)
            self.post = problem.transfer.f(self.pre)
            self.moved = torch.empty_like(self.post, memory_format=torch.contiguous_format)
            self.move = _IN_PLACE.get(problem.transfer.f, problem.transfer.f)
        self.slope = torch.empty_like(self.constant)

    def __call__(self, displacement: Tensor) -> Tensor:
        """The gradient at D, (…, n, d), in a buffer that the next call overwrites."""
        at = _stacked(displacement)
        if self.gram is not None:
            torch.baddbmm(self.constant, self.gram, at, alpha=self.scale, out=self.slope)
        else:
            torch.baddbmm(self.pre, self.design, at, out=self.moved)
            rise = self.move(self.moved).sub_(self.post)
            if self.processes is ALONE:
                torch.baddbmm(self.constant, self.design.mT, rise, alpha=self.scale, out=self.slope)
            else:
                torch.bmm(self.design.mT, rise, out=self.slope)
                self.processes.total(self.slope).mul_(self.scale).add_(self.constant)
        if isinstance(self.prox, Tensor):
            self.slope.addcmul_(at, self.prox.reshape(-1, 1, 1).to(at))
        elif self.prox:
            self.slope.add_(at, alpha=self.prox)
        return self.slope.view(self.shape)


def _stacked(matrices: Tensor) -> Tensor:
    """Any leading dimensions as one."""
    *problems, rows, columns = matrices.shape
    return matrices.reshape(prod(problems), rows, columns)
