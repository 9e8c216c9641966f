r"""Solvers with one factorisation: the exact step of LocoProp-S and majorise-minimise for M.

The curvature of the local objective is that of its design matrix alone. With C = ZᵀZ and per-row
units, LocoProp-S has the solution

.. math:: D = -γ (C/R + λ I)^{-1} G,

and LocoProp-M lies under the quadratic of curvature :math:`L_f C/R + λ I`, whose minimum is taken
again and again. Both need one Cholesky factor, which may be kept while C changes little. All
functions return the displacement D = W − W₀; leading dimensions are independent problems.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from optim._curvature import factorise, gram, mean_square, preconditioner
from optim._inner import InnerRule
from optim._options import Options
from optim._problem import LocalGradient, LocalProblem, Units, backtrack
from optim._transfer import Transfer


def solve_exact(
    design: Tensor,
    gradient: Tensor,
    *,
    step: float,
    prox: float | Tensor,
    gram: Tensor | None = None,
    factor: Tensor | None = None,
) -> Tensor:
    r"""The exact LocoProp-S step, :math:`D = -γ (C/R + λ I)^{-1} G`.

    Where no Gram matrix or factor is given and few rows make it cheaper, the same step comes from
    Woodbury's identity, :math:`-\tfrac γλ (G - Z^⊤ (ZZ^⊤/R + λ I)^{-1} Z G / R)`.

    Args:
        design: Z, (…, R, n).
        gradient: G = Zᵀg, (…, n, d).
        step: γ, the activation step in per-row units.
        prox: λ in per-row units; a number, or one per problem (…,).
        gram: C/R to use in place of the design's own, say a running average.
        factor: :func:`factorise` of it, to use again.

    Returns:
        D, (…, n, d).

    Raises:
        ValueError: See :func:`factorise`.

    Laws:
        The stationary point of the local objective with f = identity; an implicit gradient step;
        gradient descent preconditioned by the damped input Gram (forward-only K-FAC).

    >>> import torch
    >>> round(solve_exact(torch.ones(2, 1), torch.ones(1, 1), step=1.0, prox=1.0).item(), 4)
    -0.5
    """
    precondition = preconditioner(design, prox, 1.0, gram, factor, gradient.shape[-1])
    return precondition(gradient).mul_(-step)


def solve_mm(
    design: Tensor,
    pre: Tensor,
    gradient: Tensor,
    transfer: Transfer,
    *,
    step: float,
    prox: float | Tensor,
    num_steps: int = 5,
    gram: Tensor | None = None,
    factor: Tensor | None = None,
) -> Tensor:
    r"""LocoProp-M by majorise-minimise: :math:`D ← D - (L_f C/R + λ I)^{-1} ∇J(D)` from D = 0.

    f′ ≤ L_f puts the local objective under a quadratic that touches it at D and whose minimum is
    this step; one factorisation serves all steps (Böhning's bound, for any transfer). Few rows take
    Woodbury's identity, as in :func:`solve_exact`.

    Args:
        design: Z, (…, R, n).
        pre: A₀ = Z W₀, (…, R, d).
        gradient: G = Zᵀg, (…, n, d).
        transfer: The layer's f.
        step: γ, the activation step in per-row units.
        prox: λ in per-row units; a number, or one per problem (…,).
        num_steps: T, at least 1.
        gram: C/R to use in the majoriser in place of the design's own.
        factor: :func:`factorise` of it with ``lipschitz=transfer.lipschitz``, to use again.

    Returns:
        D, (…, n, d).

    Raises:
        ValueError: For a transfer whose slope is unbounded; see also :func:`factorise`.

    Laws:
        J never rises (with the design's own Gram matrix). With f = identity one step is
        :func:`solve_exact`, and further steps stay there.

    >>> import torch; from optim import TRANSFERS
    >>> z, zero, one = torch.ones(2, 1), torch.zeros(2, 1), torch.ones(1, 1)
    >>> round(solve_mm(z, zero, one, TRANSFERS["tanh"], step=0.5, prox=0.5, num_steps=20).item(), 4)
    -0.3418
    """
    if not transfer.lipschitz < float("inf"):
        raise ValueError(
            f"transfer must have a bounded slope for solver 'mm', got {transfer.name!r}. "
            "Use solver='iter', or variant='S'."
        )
    columns = num_steps * gradient.shape[-1]
    precondition = preconditioner(design, prox, transfer.lipschitz, gram, factor, columns)
    displacement = precondition(gradient).mul_(-step)
    if num_steps > 1:
        slope = LocalGradient(design, pre, gradient, transfer, step=step, prox=prox)
        for _ in range(num_steps - 1):
            displacement.sub_(precondition(slope(displacement)))
    return displacement


def decayed(lr: float, num_steps: int, floor: float = 0.25) -> list[float]:
    r"""The authors' inner step sizes, :math:`η_j = η \max(1 - j/T, \text{floor})`.

    Args:
        lr: η, the first step size.
        num_steps: T.
        floor: Least fraction of η; 1 keeps the step size constant.

    Returns:
        T step sizes.

    >>> decayed(1.0, 4, floor=0.5)
    [1.0, 0.75, 0.5, 0.5]
    """
    return [lr * max(1 - j / num_steps, floor) for j in range(num_steps)]


def solve_iter(
    design: Tensor,
    pre: Tensor,
    gradient: Tensor,
    transfer: Transfer,
    *,
    step: float,
    lrs: Sequence[float],
    rule: InnerRule,
    slots: dict[str, Tensor] | None = None,
    prox: float | Tensor = 0.0,
    scale: float | None = None,
) -> Tensor:
    r"""T first-order steps on the local objective from D = 0, T = ``len(lrs)``.

    The first gradient is γ G for every f and costs nothing; each further one two matrix products.

    Args:
        design: Z, (…, R, n).
        pre: A₀ = Z W₀, (…, R, d).
        gradient: G = Zᵀg, (…, n, d).
        transfer: The layer's f; identity is LocoProp-S.
        step: γ in the units of ``scale``.
        lrs: The step sizes η_j, in the units of ``scale`` (:func:`decayed`).
        rule: The inner rule.
        slots: The rule's buffers, changed in place; from ``rule.slots`` if None.
        prox: λ in the units of ``scale``; a number, or one per problem (…,).
        scale: s; 1/R by default, 1 for the paper's sums.

    Returns:
        D, (…, n, d), contiguous.

    Laws:
        With plain descent and T = 1 it is back-propagation, :math:`D = -η γ G`, for every f; with
        f = identity it is :func:`spectral_filter`.

    Paper: the inner loop of Algorithm 1; departure: the proximal term may be given a weight of its
    own beside the step size.

    >>> from optim._inner import SGD
    >>> from optim._transfer import TRANSFERS
    >>> z, zero, one = torch.ones(2, 1), torch.zeros(2, 1), torch.ones(1, 1)
    >>> solve_iter(z, zero, one, TRANSFERS["tanh"], step=0.5, lrs=[0.5], rule=SGD()).item()
    -0.25
    """
    displacement = torch.zeros(gradient.shape, dtype=gradient.dtype, device=gradient.device)
    slots = rule.slots(displacement) if slots is None else slots
    slope = LocalGradient(
        design, pre, gradient, transfer, step=step, prox=prox, scale=scale, calls=len(lrs) - 1
    )
    for j, lr in enumerate(lrs):
        now = slope(displacement) if j else slope.constant.view(gradient.shape)
        rule.step_(displacement, now, slots, lr)
    return displacement


def safe_step(
    gram: Tensor, *, lipschitz: float = 1.0, prox: float | Tensor = 0.0, num_steps: int = 30
) -> Tensor:
    r"""A step size at which plain descent does not rise, :math:`η = 1 / (L_f σ_{max}(C/R) + λ)`.

    Power iteration from a fixed generic vector; it may leave σ_max a few per cent low, where
    descent is still sure (every step below twice this one descends).

    Args:
        gram: C/R, (…, n, n).
        lipschitz: L_f.
        prox: λ; a number, or one per problem (…,).
        num_steps: Iterations.

    Returns:
        One step size per problem, (…,).

    >>> safe_step(torch.diag(torch.tensor([3.0, 1.0])), prox=1.0).item()
    0.25
    """
    n = gram.shape[-1]
    start = torch.arange(1, n + 1, dtype=gram.dtype, device=gram.device).square().cos()
    vector = start[:, None].expand(*gram.shape[:-1], 1)
    tiny = torch.finfo(gram.dtype).tiny
    for _ in range(num_steps):
        vector = vector / torch.linalg.vector_norm(vector, dim=-2, keepdim=True).clamp_min(tiny)
        vector = gram @ vector
    largest: Tensor = torch.linalg.vector_norm(vector, dim=(-2, -1))
    return (lipschitz * largest + prox).clamp_min(tiny).reciprocal()


def spectral_filter(
    gram: Tensor, gradient: Tensor, *, step: float, lrs: Sequence[float], prox: float | Tensor = 0.0
) -> Tensor:
    r"""T plain descent steps of LocoProp-S at once, as a filter of the Gram matrix's spectrum.

    .. math:: D = -γ V φ(s) V^⊤ G, \quad φ(s) = \frac{1 - \prod_j (1 - η_j (s+λ))}{s+λ},
        \quad C/R = V \mathrm{diag}(s) V^⊤.

    φ comes from its recursion :math:`φ ← (1 - η_j (s+λ)) φ + η_j`, which does not divide.

    Args:
        gram: C/R, (…, n, n).
        gradient: G, (…, n, d).
        step: γ in per-row units.
        lrs: The step sizes η_j in per-row units.
        prox: λ; a number, or one per problem (…,).

    Returns:
        D, (…, n, d).

    >>> spectral_filter(torch.ones(1, 1), torch.ones(1, 1), step=1.0, lrs=[0.5, 0.5]).item()
    -0.75
    """
    values: Tensor
    vectors: Tensor
    values, vectors = torch.linalg.eigh(gram)
    shift = prox[..., None] if isinstance(prox, Tensor) else prox
    response = torch.zeros_like(values)
    for lr in lrs:
        response = (1 - lr * (values + shift)) * response + lr
    return vectors @ ((-step * response)[..., None] * (vectors.mT @ gradient))


State = dict[str, Any]


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
