r"""One local problem and its step: what happens to one map in one call of ``LocoProp.step``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from optim._inner import InnerRule
from optim._iterate import decayed, solve_iter
from optim._local_loss import backtrack
from optim._options import Options
from optim._solve import factorise, gram, mean_square, solve_exact, solve_mm
from optim._transfer import Transfer


State = dict[str, Any]


@dataclass(frozen=True)
class LocalProblem:
    r"""One map's problem: :math:`\min_D s Σ_r D_F(a_r + z_r D, a_r) + γ ⟨G, D⟩ + \tfrac λ2 ‖D‖²`.

    Attributes:
        design: Z of the weights that move, (…, R, n).
        gradient: G = Zᵀg, (…, n, d), read from ``p.grad``.
        transfer: f; identity for variant S.
        form_pre: Makes A₀ = Z W₀, (…, R, d), with the weights that do not move.
    """

    design: Tensor
    gradient: Tensor
    transfer: Transfer
    form_pre: Callable[[], Tensor]

    @cached_property
    def pre(self) -> Tensor:
        """A₀, formed at its first use: the exact step does without."""
        return self.form_pre()


@dataclass(frozen=True)
class Units:
    """γ, λ and s of the local objective, in the units of the solver."""

    step: float
    prox: Tensor
    scale: float


def displacement(problem: LocalProblem, options: Options, state: State, rule: InnerRule) -> Tensor:
    """The step D of one local problem, (…, n, d): solve, safeguard, momentum.

    Args:
        problem: Z, G, f and A₀.
        options: The parameter group.
        state: Buffers of the group, changed in place: inner slots, running Gram, velocity.
        rule: First-order rule of solver "iter".
    """
    step, units = _SOLVERS[options["solver"]](problem, options, state, rule)
    if options["safeguard"] == "backtrack":
        step = backtrack(
            step,
            problem.design,
            problem.pre,
            problem.gradient,
            problem.transfer,
            step=units.step,
            prox=units.prox,
            scale=units.scale,
        )
    if options["momentum"]:  # V ← μ V + D, the heavy ball on displacements
        velocity = _kept(state, "velocity", step)
        step = velocity.mul_(options["momentum"]).add_(step)
    return step


def _exact(
    problem: LocalProblem, options: Options, state: State, rule: InnerRule
) -> tuple[Tensor, Units]:
    factor, units = _curvature(problem, options, state, lipschitz=1.0)
    step = solve_exact(
        problem.design, problem.gradient, step=units.step, prox=units.prox, factor=factor
    )
    return step, units


def _majorise(
    problem: LocalProblem, options: Options, state: State, rule: InnerRule
) -> tuple[Tensor, Units]:
    factor, units = _curvature(problem, options, state, lipschitz=problem.transfer.lipschitz)
    step = solve_mm(
        problem.design,
        problem.pre,
        problem.gradient,
        problem.transfer,
        step=units.step,
        prox=units.prox,
        num_steps=options["local_steps"],
        factor=factor,
    )
    return step, units


def _iterate(
    problem: LocalProblem, options: Options, state: State, rule: InnerRule
) -> tuple[Tensor, Units]:
    rows = problem.design.shape[-2]
    summed = options["local_reduction"] == "sum"
    scale = 1.0 if summed else 1.0 / rows
    prox = problem.gradient.new_zeros(problem.gradient.shape[:-2])
    if options["prox"]:
        prox = options["prox"] * (rows if summed else 1) * mean_square(problem.design)
    units = Units(options["gamma"], prox, scale)
    slots = state.get("inner")
    if slots is not None:  # the model may have changed its type since
        slots = {
            name: slot.to(problem.gradient) if slot.dim() else slot for name, slot in slots.items()
        }
    if slots is None or options["reset_inner"] or not _fit(slots, problem.gradient):
        slots = rule.slots(problem.gradient)
    if not options["reset_inner"]:
        state["inner"] = slots
    step = solve_iter(
        problem.design,
        problem.pre,
        problem.gradient,
        problem.transfer,
        step=units.step,
        lrs=decayed(float(options["lr"]), options["local_steps"], options["lr_floor"]),
        rule=rule,
        slots=slots,
        prox=units.prox,
        scale=units.scale,
    )
    return step, units


_SOLVERS: Mapping[
    str, Callable[[LocalProblem, Options, State, InnerRule], tuple[Tensor, Units]]
] = MappingProxyType({"exact": _exact, "mm": _majorise, "iter": _iterate})


def _curvature(
    problem: LocalProblem, options: Options, state: State, *, lipschitz: float
) -> tuple[Tensor | None, Units]:
    r"""The factor of L_f C/R + λ I from the running, seldom refreshed Gram matrix, and λ.

    λ = prox · L_f · mean(diag(C/R)): damping relative to the curvature, whatever the scale of the
    inputs. The running mean is bias-corrected, as in Adam. None as factor: there is neither a mean
    nor a period, and the solver chooses between the Gram matrix and Woodbury's identity.
    """
    mean, period = options["gram_ema"], options["gram_every"]
    rows, columns = problem.design.shape[-2:]
    tiny = torch.finfo(problem.design.dtype).tiny if options["prox"] else 0.0  # dead inputs

    def units(mean_diagonal: Tensor) -> Units:
        prox = (options["prox"] * lipschitz * mean_diagonal).clamp_min(tiny)
        return Units(float(options["lr"]), prox, 1 / rows)

    if not mean and period == 1:
        return None, units(mean_square(problem.design))
    kept = [state[name] for name in ("gram", "factor") if name in state]
    if any(k.shape[-1] != columns or k.dtype != problem.design.dtype for k in kept):
        for name in ("gram", "gram_count", "factor", "factor_age", "factor_prox"):
            state.pop(name, None)  # weights were frozen or freed, or the model changed its type
    if "factor" in state and state["factor_age"] < period:
        state["factor_age"] += 1
        return state["factor"], Units(float(options["lr"]), state["factor_prox"], 1 / rows)
    current = gram(problem.design)
    if mean:
        running = _kept(state, "gram", current).lerp_(current, 1 - mean)
        state["gram_count"] = state.get("gram_count", 0) + 1
        current = running / (1 - mean ** state["gram_count"])
    here = units(current.diagonal(dim1=-2, dim2=-1).mean(-1))
    factor = factorise(current, prox=here.prox, lipschitz=lipschitz)
    if period > 1:
        state.update(factor=factor, factor_age=1, factor_prox=here.prox)
    return factor, here


def _fit(slots: Mapping[str, Tensor], like: Tensor) -> bool:
    """Whether the buffers are of the shape of the weights that move; counters fit always."""
    return all(slot.dim() == 0 or slot.shape == like.shape for slot in slots.values())


def _kept(state: State, name: str, like: Tensor) -> Tensor:
    """The buffer of that name, in that type; at zero where it is missing or of another shape."""
    buffer = state.get(name)
    if buffer is None or buffer.shape != like.shape:
        buffer = torch.zeros_like(like)
    assert isinstance(buffer, Tensor)
    buffer = state[name] = buffer.to(like)
    return buffer
