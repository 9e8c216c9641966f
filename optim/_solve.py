r"""Solvers with one factorisation: the exact step of LocoProp-S and majorise-minimise for M.

The curvature of the local objective is that of its design matrix alone. With C = ZᵀZ and per-row
units, LocoProp-S has the solution

.. math:: D = -γ (C/R + λ I)^{-1} G,

and LocoProp-M lies under the quadratic of curvature :math:`L_f C/R + λ I`, whose minimum is taken
again and again. Both need one Cholesky factor, which may be kept while C changes little. All
functions return the displacement D = W − W₀; leading dimensions are independent problems.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from optim._gradient import LocalGradient
from optim._transfer import Transfer


_GRAM_BLOCK = 256


def gram(design: Tensor) -> Tensor:
    r"""The Gram matrix of the inputs per row, :math:`C/R = Z^⊤Z / R`.

    Means over rows: micro-batches average by their numbers of rows.

    Args:
        design: Z, (…, R, n).

    Returns:
        (…, n, n), symmetric positive semidefinite.

    >>> gram(torch.tensor([[1.0], [3.0]])).item()
    5.0
    """
    *problems, rows, columns = design.shape
    product = design.new_empty(*problems, columns, columns)
    for left in range(0, columns, _GRAM_BLOCK):  # by symmetry little more than half the products
        right = min(left + _GRAM_BLOCK, columns)
        block = slice(left, right)
        product[..., left:, block] = design[..., left:].mT @ design[..., block]
        product[..., block, right:] = product[..., right:, block].mT
    return product.div_(max(rows, 1))


def mean_square(design: Tensor) -> Tensor:
    """The mean diagonal entry of :func:`gram`, the unit of scale-free damping, without forming it.

    Args:
        design: Z, (…, R, n).

    Returns:
        One value per problem, (…,).

    >>> mean_square(torch.tensor([[1.0, 3.0], [1.0, 1.0]])).item()
    3.0
    """
    rows, columns = design.shape[-2:]
    norm: Tensor = torch.linalg.vector_norm(design, dim=(-2, -1))
    return norm.square() / max(rows * columns, 1)


def factorise(gram: Tensor, *, prox: float | Tensor, lipschitz: float = 1.0) -> Tensor:
    r"""The lower Cholesky factor of :math:`L_f C/R + λ I`.

    A matrix that rounding has made indefinite gets a little more damping: ten times the machine
    epsilon of its mean diagonal, and ten times more at each further try.

    Args:
        gram: C/R, (…, n, n).
        prox: λ; a number, or one per problem (…,).
        lipschitz: L_f; 1 for the exact step.

    Returns:
        (…, n, n), lower triangular.

    Raises:
        ValueError: If the matrix is not positive definite after five tries, or not finite.

    >>> factorise(torch.tensor([[3.0]]), prox=1.0).item()
    2.0
    """
    matrix = gram * lipschitz
    diagonal = matrix.diagonal(dim1=-2, dim2=-1)
    diagonal.add_(_per_problem(prox, gram)[..., 0])
    factor: Tensor
    factor, info = torch.linalg.cholesky_ex(matrix)
    jitter = 10 * torch.finfo(gram.dtype).eps * diagonal.abs().mean(-1, keepdim=True)
    tries = 0
    while bool((failed := info > 0).any()):
        if tries == 5:
            cause = "its smallest eigenvalue is not above zero"
            if not bool(torch.isfinite(matrix).all()):
                cause = "it has entries that are not finite"
            raise ValueError(
                f"gram plus prox must be positive definite, got a matrix of side {gram.shape[-1]} "
                f"with prox={_shown(prox)}: {cause}. Raise prox, or look at the layer's inputs."
            )
        diagonal.add_(jitter * failed[..., None])
        factor, info = torch.linalg.cholesky_ex(matrix)
        jitter, tries = 10 * jitter, tries + 1
    return factor


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

    >>> round(solve_exact(torch.ones(2, 1), torch.ones(1, 1), step=1.0, prox=1.0).item(), 4)
    -0.5
    """
    precondition = _preconditioner(design, prox, 1.0, gram, factor, gradient.shape[-1])
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

    >>> from optim._transfer import TRANSFERS
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
    precondition = _preconditioner(design, prox, transfer.lipschitz, gram, factor, columns)
    displacement = precondition(gradient).mul_(-step)
    if num_steps > 1:
        slope = LocalGradient(design, pre, gradient, transfer, step=step, prox=prox)
        for _ in range(num_steps - 1):
            displacement.sub_(precondition(slope(displacement)))
    return displacement


_gram = gram  # the solvers have an argument of this name


def _per_problem(prox: float | Tensor, like: Tensor) -> Tensor:
    """λ as (…, 1, 1), to stand before matrices (…, n, d)."""
    return torch.as_tensor(prox, dtype=like.dtype, device=like.device)[..., None, None]


def _preconditioner(
    design: Tensor,
    prox: float | Tensor,
    lipschitz: float,
    gram: Tensor | None,
    factor: Tensor | None,
    columns: int,
) -> Callable[[Tensor], Tensor]:
    """The map B -> (L_f C/R + λ I)⁻¹ B, to be applied to so many columns in all."""
    if factor is None and gram is None and _rows_are_cheaper(design, prox, columns):
        (R, n), damping = design.shape[-2:], _per_problem(prox, design)
        of_rows = _gram(design.mT).mul_(n / R)  # Z Zᵀ / R
        solve = _inverse_action(factorise(of_rows, prox=prox, lipschitz=lipschitz), columns)
        share = lipschitz / R
        return lambda right: (right - (design.mT @ solve(design @ right)).mul_(share)).div_(damping)
    if factor is None:
        gram = _gram(design) if gram is None else gram
        factor = factorise(gram, prox=prox, lipschitz=lipschitz)
    return _inverse_action(factor, columns)


def _rows_are_cheaper(design: Tensor, prox: float | Tensor, columns: int) -> bool:
    """Operations of Woodbury's way against the direct one; λ = 0 has no such form."""
    R, n = design.shape[-2:]
    if not 0 < R < n or not bool((torch.as_tensor(prox) > 0).all()):
        return False
    by_rows = R * R * n + R**3 + (4 * R * n + 2 * R * R) * columns
    return by_rows < R * n * n + n**3 + 2 * n * n * columns


def _inverse_action(factor: Tensor, columns: int) -> Callable[[Tensor], Tensor]:
    """The map B -> (L Lᵀ)⁻¹ B, to be applied to so many columns in all.

    From about n columns on the explicit inverse pays: matrix products run at twice the speed of
    triangular solves. The damped matrix is conditioned well enough for either.
    """
    if columns < factor.shape[-1] / 2:
        return lambda right: torch.cholesky_solve(right, factor)
    inverse = torch.cholesky_inverse(factor)
    return lambda right: inverse @ right


def _shown(prox: float | Tensor) -> str:
    return str(prox.tolist()) if isinstance(prox, Tensor) else str(prox)
