r"""Solvers with one factorisation: the exact step of LocoProp-S and majorise-minimise for M.

The curvature of the local objective is that of its design matrix alone. With C = ZᵀZ and per-row
units, LocoProp-S has the solution

.. math:: D = -γ (C/R + λ I)^{-1} G,

and LocoProp-M lies under the quadratic of curvature :math:`L_f C/R + λ I`, whose minimum is taken
again and again. Both need one Cholesky factor, which may be kept while C changes little. All
functions return the displacement D = W − W₀; leading dimensions are independent problems.
"""

from torch import Tensor

from optim._curvature import factorise, gram, mean_square, preconditioner
from optim._gradient import LocalGradient
from optim._transfer import Transfer


__all__ = ["factorise", "gram", "mean_square", "solve_exact", "solve_mm"]


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
