r"""First-order solvers of the local problem: T steps of an inner rule, and what they amount to."""

from collections.abc import Sequence

import torch
from torch import Tensor

from optim._gradient import LocalGradient
from optim._inner import InnerRule
from optim._transfer import Transfer


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
