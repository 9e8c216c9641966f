r"""Solvers of a local problem: closed form, majorise-minimise, first-order iterations.

The curvature of the local objective is that of its design matrix alone. With C = ZᵀZ and per-row
units, LocoProp-S has the solution

.. math:: D = -γ (C/R + λ I)^{-1} G,

and LocoProp-M lies under the quadratic of curvature :math:`L_f C/R + λ I`, whose minimum is taken
again and again. Both need one Cholesky factor, which may be kept while C changes little.

A solver is a value: it holds numbers, and what it must remember it keeps in a dict of the caller.
``pose`` puts a problem into its units and damps it relative to the curvature, ``solve`` returns the
displacement D = W − W₀. Leading dimensions are independent problems.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import torch
from torch import Tensor

from optim._checks import require_number, require_rule, require_squared, require_word
from optim._kept import State, kept_buffer
from optim.curvature import factorize
from optim.inner import InnerRule, Nesterov, as_scalar
from optim.problem import LocalGradient, LocalProblem, Sloped
from optim.trust import Trust


class _Factorizing:
    """What the solvers with a factorization share: the running, seldom refreshed Gram matrix."""

    gram_ema: float
    gram_every: int

    def __post_init__(self) -> None:
        _require_numbers(self)

    def pose(self, problem: LocalProblem, prox: float, state: State) -> LocalProblem:
        r"""The problem damped by :math:`λ = \text{prox} · L_f · \mathrm{mean}(\mathrm{diag}(C/R))`.

        So damping is relative to the curvature, whatever the scale of the inputs. The running mean
        of C/R is bias-corrected, as in Adam. Without a mean and a period the problem gets no
        factor, and ``solve`` chooses between the Gram matrix and Woodbury's identity. The running
        matrix and the kept factor live in ``state``.
        """
        tiny = torch.finfo(problem.design.dtype).tiny if prox else 0.0  # dead inputs

        def weight(mean_diagonal: Tensor) -> Tensor:
            return (prox * problem.lipschitz * mean_diagonal).clamp_min(tiny)

        if not self.gram_ema and self.gram_every == 1:
            return replace(problem, prox=weight(problem.mean_square()))
        kept = [state[name] for name in ("gram", "factor") if name in state]
        columns, dtype = problem.design.shape[-1], problem.design.dtype
        if any(each.shape[-1] != columns or each.dtype != dtype for each in kept):
            for name in ("gram", "gram_count", "factor", "factor_age", "factor_prox"):
                state.pop(name, None)  # weights were frozen or freed, or the model changed its type
        if "factor" in state and state["factor_age"] < self.gram_every:
            state["factor_age"] += 1
            return replace(problem, prox=state["factor_prox"], factor=state["factor"])
        current = problem.gram()
        if self.gram_ema:
            running = kept_buffer(state, "gram", current).lerp_(current, 1 - self.gram_ema)
            state["gram_count"] = state.get("gram_count", 0) + 1
            current = running / (1 - self.gram_ema ** state["gram_count"])
        prox_weight = weight(current.diagonal(dim1=-2, dim2=-1).mean(-1))
        factor = factorize(current, prox=prox_weight, lipschitz=problem.lipschitz)
        if self.gram_every > 1:
            state.update(factor=factor, factor_age=1, factor_prox=prox_weight)
        return replace(problem, prox=prox_weight, factor=factor)


@dataclass(frozen=True)
class Exact(_Factorizing):
    r"""The exact LocoProp-S step, :math:`D = -γ (C/R + λ I)^{-1} G`.

    Where few rows make it cheaper, the same step comes from Woodbury's identity,
    :math:`-\tfrac γλ (G - Z^⊤ (ZZ^⊤/R + λ I)^{-1} Z G / R)`.

    Args:
        gram_ema: Decay β of a running mean of C/R (bias-corrected) in place of the batch's own.
        gram_every: Steps between two factorizations.

    Raises:
        ValueError: A number is out of its range.

    Laws:
        The stationary point of the local objective with f = identity; an implicit gradient step;
        gradient descent preconditioned by the damped input Gram (forward-only K-FAC).

    >>> problem = LocalProblem(torch.ones(2, 1), torch.zeros(2, 1), torch.ones(1, 1), prox=1.0)
    >>> round(Exact().solve(problem).item(), 4)
    -0.5
    """

    gram_ema: float = 0.0
    gram_every: int = 1

    def solve(self, problem: LocalProblem, state: State | None = None) -> Tensor:
        """D, (…, n, d); nothing is kept.

        Raises:
            ValueError: For a transfer that is not the identity; see also
                ``optim.curvature.factorize``.
        """
        require_squared(problem.transfer, "Exact()")
        precondition = problem.preconditioner(problem.gradient.shape[-1])
        return precondition(problem.gradient).mul_(-problem.gamma)


@dataclass(frozen=True)
class Majorise(_Factorizing):
    r"""LocoProp-M by majorise-minimise: :math:`D ← D - (L_f C/R + λ I)^{-1} ∇J(D)` from D = 0.

    f′ ≤ L_f puts the local objective under a quadratic that touches it at D and whose minimum is
    this step; one factorization serves all steps (Böhning's bound, for any transfer). Few rows take
    Woodbury's identity, as in :class:`Exact`.

    Args:
        steps: T.
        gram_ema: Decay β of a running mean of C/R (bias-corrected) in the majoriser.
        gram_every: Steps of the optimiser between two factorizations.

    Raises:
        ValueError: A number is out of its range.

    Laws:
        J never rises (with the design's own Gram matrix). With f = identity one step is
        :class:`Exact`, and further steps stay there.

    >>> from optim.transfers import transfer
    >>> z, zero, one = torch.ones(2, 1), torch.zeros(2, 1), torch.ones(1, 1)
    >>> problem = LocalProblem(z, zero, one, transfer("tanh"), gamma=0.5, prox=0.5)
    >>> round(Majorise(steps=20).solve(problem).item(), 4)
    -0.3418
    """

    steps: int = 3
    gram_ema: float = 0.0
    gram_every: int = 1

    def solve(self, problem: LocalProblem, state: State | None = None) -> Tensor:
        """D, (…, n, d); nothing is kept.

        Raises:
            ValueError: For a transfer whose slope is unbounded; see also
                ``optim.curvature.factorize``.
        """
        if not problem.transfer.lipschitz < float("inf"):
            raise ValueError(
                f"`transfer` must have a bounded slope for Majorise(), got "
                f"{problem.transfer.name!r}. Use Iterate(), or variant='S'."
            )
        precondition = problem.preconditioner(self.steps * problem.gradient.shape[-1])
        displacement = precondition(problem.gradient).mul_(-problem.gamma)
        if self.steps > 1:
            slope = LocalGradient(problem)
            for _ in range(self.steps - 1):
                displacement.sub_(precondition(slope(displacement)))
        return displacement


@dataclass(frozen=True)
class Iterate:
    r"""T first-order steps on the local objective from D = 0, the authors' solver.

    The first gradient is γ G for every f and costs nothing; each further one two matrix products.
    γ is in the units of ``reduction``; as η is small already, the optimiser's ``lr`` may be 1.

    Args:
        rule: The inner rule, an object of ``optim.inner`` or one of your own.
        lr: η, the first step size, in the units of ``reduction``.
        steps: T.
        floor: Step j of T has size :math:`η \max(1 - j/T, \text{floor})`; see ``decayed``.
        reduction: Whether the local objective is the "mean" over rows, or the "sum" (the paper's;
            γ is then R times as large).
        reset: Start the rule's buffers afresh in every step of the optimiser.

    Raises:
        ValueError: A number is out of its range, or an unknown ``reduction``.
        TypeError: ``rule`` is no inner rule.

    Laws:
        With plain descent and T = 1 it is back-propagation, :math:`D = -η γ G`, for every f; with
        f = identity it is ``optim.curvature.spectral_filter``.

    Paper:
        The inner loop of Algorithm 1; departure: the proximal term may be given a weight of its own
        beside the step size.

    >>> from optim.inner import SGD
    >>> problem = LocalProblem(torch.ones(2, 1), torch.zeros(2, 1), torch.ones(1, 1), gamma=0.5)
    >>> Iterate(SGD(), lr=0.5, steps=1).solve(problem).item()
    -0.25
    """

    rule: InnerRule = Nesterov()  # noqa: RUF009  # a frozen dataclass itself
    lr: float = 0.01
    steps: int = 3
    floor: float = 0.25
    reduction: Literal["mean", "sum"] = "mean"
    reset: bool = False

    def __post_init__(self) -> None:
        require_rule(self.rule)
        require_word("reduction", self.reduction)
        _require_numbers(self)

    def pose(self, problem: LocalProblem, prox: float, state: State) -> LocalProblem:
        r"""The problem in the units of ``reduction``, :math:`λ = \text{prox} · \overline{C_{ii}}`.

        γ is taken to be in these units; no state is kept.
        """
        weight: float | Tensor = 0.0
        if prox:
            rows = problem.rows if self.reduction == "sum" else 1
            weight = prox * rows * problem.mean_square()
        return replace(problem, reduction=self.reduction, prox=weight)

    def solve(self, problem: Sloped, state: State | None = None) -> Tensor:
        """D, (…, n, d), contiguous; the rule's buffers are kept in ``state["inner"]``."""
        gradient = problem.gradient
        displacement = torch.zeros(gradient.shape, dtype=gradient.dtype, device=gradient.device)
        slots = self._slots(gradient, {} if state is None else state)
        slope = problem.slope(calls=self.steps - 1)
        for j, lr in enumerate(decayed(self.lr, self.steps, self.floor)):
            now = slope(displacement) if j else slope.constant.view(gradient.shape)
            self.rule.step_(displacement, now, slots, as_scalar(lr, gradient))
        return displacement

    def _slots(self, gradient: Tensor, state: State) -> Mapping[str, Tensor]:
        """The rule's buffers: those that are kept, in the problem's type, or fresh ones."""
        if self.reset:
            return self.rule.slots(gradient)
        slots: dict[str, Tensor] | None = state.get("inner")
        if slots is None or any(s.dim() and s.shape != gradient.shape for s in slots.values()):
            slots = self.rule.slots(gradient)  # also where weights were frozen or freed since
        slots = {name: slot.to(gradient) if slot.dim() else slot for name, slot in slots.items()}
        state["inner"] = slots
        return slots


Solver = Exact | Majorise | Iterate | Trust
SOLVERS: tuple[type[Solver], ...] = (Exact, Majorise, Iterate, Trust)


def decayed(lr: float, num_steps: int, floor: float = 0.25) -> list[float]:
    r"""The authors' T inner step sizes, :math:`η_j = η \max(1 - j/T, \text{floor})`, j = 0, 1, ….

    >>> decayed(1.0, 4, floor=0.5)
    [1.0, 0.75, 0.5, 0.5]
    """
    return [lr * max(1 - j / num_steps, floor) for j in range(num_steps)]


def packed(solver: Solver) -> dict[str, Any]:
    """The solver as plain data, for a state dict; of an inner rule the name of its class.

    >>> packed(Majorise())
    {'name': 'Majorise', 'steps': 3, 'gram_ema': 0.0, 'gram_every': 1}
    """
    values = {each.name: getattr(solver, each.name) for each in fields(solver)}
    if isinstance(solver, Iterate):
        values["rule"] = type(solver.rule).__name__
    return {"name": type(solver).__name__, **values}


def unpacked(saved: Mapping[str, Any], own: Solver) -> Solver:
    """The solver that :func:`packed` has saved; an inner rule is that of one's own solver."""
    kinds: Mapping[str, type[Solver]] = {each.__name__: each for each in SOLVERS}
    if not isinstance(saved, Mapping) or saved.get("name") not in kinds:
        raise ValueError(
            f"`solver` of a saved group must name one of {', '.join(kinds)}, got {saved!r}. "
            "Load what `state_dict()` of a LocoProp returned."
        )
    values = {name: value for name, value in saved.items() if name != "name"}
    if "rule" in values:
        rule = own.rule if isinstance(own, Iterate) else Iterate().rule
        if values["rule"] != type(rule).__name__:
            raise ValueError(
                f"`rule` must be the saved inner rule {values['rule']}, got {type(rule).__name__}. "
                "The buffers of one rule mean nothing to another."
            )
        values["rule"] = rule
    return kinds[saved["name"]](**values)


def _require_numbers(solver: Any) -> None:
    for each in fields(solver):
        if each.name not in {"rule", "reduction", "reset"}:
            require_number(each.name, getattr(solver, each.name))
