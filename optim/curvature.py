r"""The curvature of a local problem: its Gram matrix, damped, factorized and inverted.

The local objective curves at most by :math:`L_f C/R + λ I` with C = ZᵀZ, the same for every output
unit, whatever the transfer function.

Throughout, ``design`` is Z (…, R, n), ``gram`` is C/R (…, n, n), ``lipschitz`` is L_f, and ``prox``
is λ, a number or one per problem (…,). Leading dimensions are independent problems.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor


_GRAM_BLOCK = 160  # columns at a time, or so


def gram(design: Tensor) -> Tensor:
    r"""The Gram matrix of the inputs per row, :math:`C/R = Z^⊤Z / R`.

    Means over rows: micro-batches average by their numbers of rows.

    Returns:
        (…, n, n), symmetric positive semidefinite.

    >>> gram(torch.tensor([[1.0], [3.0]])).item()
    5.0
    """
    *problems, rows, columns = design.shape
    product = design.new_empty(*problems, columns, columns)
    width = -(-columns // max(1, round(columns / _GRAM_BLOCK))) or 1
    for left in range(0, columns, width):  # by symmetry little more than half the products
        right = min(left + width, columns)
        block = slice(left, right)
        torch.matmul(design[..., left:].mT, design[..., block], out=product[..., left:, block])
        if right < columns:
            product[..., block, right:] = product[..., right:, block].mT
    return product.div_(max(rows, 1))


def mean_square(design: Tensor) -> Tensor:
    """The mean diagonal entry of :func:`gram`, the unit of scale-free damping, without forming it.

    Returns:
        One value per problem, (…,).

    >>> mean_square(torch.tensor([[1.0, 3.0], [1.0, 1.0]])).item()
    3.0
    """
    rows, columns = design.shape[-2:]
    norm: Tensor = torch.linalg.vector_norm(design, dim=(-2, -1))
    return norm.square() / max(rows * columns, 1)


def factorize(gram: Tensor, *, prox: float | Tensor, lipschitz: float = 1.0) -> Tensor:
    r"""The lower Cholesky factor of :math:`L_f C/R + λ I`.

    A matrix that rounding has made indefinite gets a little more damping: ten times the machine
    epsilon of its mean diagonal, and ten times more at each further try. L_f is 1 for the exact
    step.

    Returns:
        (…, n, n), lower triangular.

    Raises:
        ValueError: If the matrix is not positive definite after five tries, or not finite.

    >>> factorize(torch.tensor([[3.0]]), prox=1.0).item()
    2.0
    """
    matrix = gram * lipschitz
    diagonal = matrix.diagonal(dim1=-2, dim2=-1)
    diagonal.add_(_per_problem(prox, gram)[..., 0])
    factor: Tensor
    factor, info = torch.linalg.cholesky_ex(matrix)
    tries = 0
    while bool((failed := info > 0).any()):
        if tries == 0:
            jitter = 10 * torch.finfo(gram.dtype).eps * diagonal.abs().mean(-1, keepdim=True)
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


def safe_step(
    gram: Tensor, *, lipschitz: float = 1.0, prox: float | Tensor = 0.0, num_steps: int = 30
) -> Tensor:
    r"""A step size at which plain descent does not rise, :math:`η = 1 / (L_f σ_{max}(C/R) + λ)`.

    Power iteration from a fixed generic vector; it may leave σ_max a few per cent low, where
    descent is still sure (every step below twice this one descends).

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
    gram: Tensor,
    gradient: Tensor,
    *,
    gamma: float,
    lrs: Sequence[float],
    prox: float | Tensor = 0.0,
) -> Tensor:
    r"""T plain descent steps of LocoProp-S at once, as a filter of the Gram matrix's spectrum.

    .. math:: D = -γ V φ(s) V^⊤ G, \quad φ(s) = \frac{1 - \prod_j (1 - η_j (s+λ))}{s+λ},
        \quad C/R = V \mathrm{diag}(s) V^⊤.

    φ comes from its recursion :math:`φ ← (1 - η_j (s+λ)) φ + η_j`, which does not divide.
    ``gradient`` is G (…, n, d), ``lrs`` are the step sizes η_j; they and γ are in per-row units.

    Returns:
        D, (…, n, d).

    >>> spectral_filter(torch.ones(1, 1), torch.ones(1, 1), gamma=1.0, lrs=[0.5, 0.5]).item()
    -0.75
    """
    values: Tensor
    vectors: Tensor
    values, vectors = torch.linalg.eigh(gram)
    shift = prox[..., None] if isinstance(prox, Tensor) else prox
    response = torch.zeros_like(values)
    for lr in lrs:
        response = (1 - lr * (values + shift)) * response + lr
    return vectors @ ((-gamma * response)[..., None] * (vectors.mT @ gradient))


def preconditioner(
    design: Tensor, *, prox: float | Tensor, lipschitz: float, columns: int
) -> Callable[[Tensor], Tensor]:
    r"""The map :math:`B ↦ (L_f C/R + λ I)^{-1} B` of a design matrix.

    From the cheaper of the Gram matrices of columns and of rows, the latter by Woodbury's identity
    :math:`\tfrac 1λ (B - \tfrac{L_f}R Z^⊤ (L_f ZZ^⊤/R + λ I)^{-1} Z B)`.
    ``columns`` is how many B will have in all, over all calls.

    Raises:
        ValueError: See :func:`factorize`.

    >>> halve = preconditioner(torch.ones(2, 1), prox=1.0, lipschitz=1.0, columns=1)
    >>> round(halve(torch.ones(1, 1)).item(), 4)
    0.5
    """
    if not _rows_are_cheaper(design, prox, columns):
        factor = factorize(gram(design), prox=prox, lipschitz=lipschitz)
        return inverse_action(factor, columns)
    (R, n), damping = design.shape[-2:], _per_problem(prox, design)
    of_rows = gram(design.mT).mul_(n / R)  # Z Zᵀ / R
    solve = inverse_action(factorize(of_rows, prox=prox, lipschitz=lipschitz), columns)
    share = lipschitz / R

    def woodbury(right: Tensor) -> Tensor:  # its transpose
        seen = solve((right.mT @ design.mT).mT)
        return (right.mT - (seen.mT @ design).mul_(share)).div_(damping).mT

    return woodbury


def _rows_are_cheaper(design: Tensor, prox: float | Tensor, columns: int) -> bool:
    """Operations of Woodbury's way against the direct one; λ = 0 has no such form."""
    R, n = design.shape[-2:]
    if not 0 < R < n or not bool((torch.as_tensor(prox) > 0).all()):
        return False
    by_rows = R * R * n + R**3 + (4 * R * n + 2 * R * R) * columns
    return by_rows < R * n * n + n**3 + 2 * n * n * columns


_CORNER = 128  # side of the triangles on the diagonal that are inverted


def inverse_action(factor: Tensor, columns: int) -> Callable[[Tensor], Tensor]:
    r"""The map :math:`B ↦ (L L^⊤)^{-1} B`, to be applied to so many columns in all.

    Matrix products run at twice the speed of triangular solves: many columns pay for the explicit
    inverse, fewer take substitution in blocks whose diagonal triangles alone are inverted. The
    damped matrix is conditioned well enough for either. All is transposed, Bᵀ ↦ Bᵀ(LLᵀ)⁻¹, since
    weights are d × n in torch: what comes out lies in memory as they do.

    Args:
        factor: L, (…, n, n), lower triangular.
        columns: How many columns B will have in all, over all calls.

    >>> inverse_action(torch.tensor([[2.0]]), 1)(torch.ones(1, 1)).item()
    0.25
    """
    side = factor.shape[-1]
    if columns > (1.2 if side <= 3 * _CORNER else 3.0) * side:  # as measured
        inverse = torch.cholesky_inverse(factor)
        return lambda right: (right.mT @ inverse).mT
    blocks = [slice(start, start + _CORNER) for start in range(0, side, _CORNER)]
    corners = [_inverse_of_triangle(factor[..., block, block]) for block in blocks]

    def solve(right: Tensor) -> Tensor:
        solution = right.mT.clone(memory_format=torch.contiguous_format)
        for block, corner in zip(blocks, corners, strict=True):  # L Y = B, downwards
            known = solution[..., : block.start]
            here = solution[..., block] - known @ factor[..., block, : block.start].mT
            torch.matmul(here, corner.mT, out=solution[..., block])
        for block, corner in zip(reversed(blocks), reversed(corners), strict=True):  # Lᵀ X = Y
            known = solution[..., block.stop :]
            here = solution[..., block] - known @ factor[..., block.stop :, block]
            torch.matmul(here, corner, out=solution[..., block])
        return solution.mT

    return solve


def _inverse_of_triangle(lower: Tensor) -> Tensor:
    one = torch.eye(lower.shape[-1], dtype=lower.dtype, device=lower.device)
    inverse: Tensor = torch.linalg.solve_triangular(lower, one.expand_as(lower), upper=False)
    return inverse


def _per_problem(prox: float | Tensor, like: Tensor) -> Tensor:
    """λ as (…, 1, 1), to stand before matrices (…, n, d)."""
    return torch.as_tensor(prox, dtype=like.dtype, device=like.device)[..., None, None]


def _shown(prox: float | Tensor) -> str:
    return str(prox.tolist()) if isinstance(prox, Tensor) else str(prox)
