"""Sparse least squares: the orthogonal projection onto the image of a boundary map."""

from collections.abc import Callable

import torch
from torch import Tensor

from simplex.operators._sparse import matrix_product, sorted_sparse, to_csr


_Map = Callable[[Tensor], Tensor]
_PLAIN_STEPS, _FACTORISED_STEPS = 200, 50


def project_onto_image(matrix: Tensor, y: Tensor, tolerance: float = 1e-12) -> Tensor:
    r"""A A⁺ y, the least-squares fit of y: min_φ |y - A φ|.

    Plain conjugate gradients where they converge fast, as on expanders and small complexes; the
    first channel is the probe. Where they are slow the complex is wide with small separators, like
    a mesh, so AᵀA factorises with little fill-in: the factors precondition, and a few steps do.

    Args:
        matrix: A, sparse (n, m), row-major, float64, entries 0 and ±1.
        y: (n, channels) float64; each channel is its own problem.
        tolerance: stop where |Aᵀr| ≤ tolerance · |y| in every channel, with unit columns in A.

    Raises:
        RuntimeError: not converged.

    Reference:
        Björck, "Numerical Methods for Least Squares Problems", SIAM 1996, Algorithm 7.4.1 (CGLS).
    """
    column = matrix.indices()[1]
    size = torch.bincount(column, minlength=matrix.shape[1])
    unit = matrix.values() * size[column].rsqrt()
    matrix = sorted_sparse(matrix.indices(), unit, (matrix.shape[0], matrix.shape[1]))
    forward, adjoint = matrix_product(matrix), matrix_product(matrix.t().coalesce())
    goal = tolerance * y.norm(dim=0)
    residual = y
    probe = _descend(forward, adjoint, y[:, :1], _identity, goal[:1], _PLAIN_STEPS)
    if _reached(adjoint, probe, goal[:1]):
        residual = _descend(forward, adjoint, y, _identity, goal, 2 * _PLAIN_STEPS)
    if not _reached(adjoint, residual, goal):
        solve = _factorised_normal_matrix(matrix)
        residual = _descend(forward, adjoint, residual, solve, goal, _FACTORISED_STEPS)
        if not _reached(adjoint, residual, goal):
            raise RuntimeError(
                f"the least-squares solver must reach |Aᵀr| ≤ {tolerance} |x|, and did not in "
                f"{_FACTORISED_STEPS} factorised steps. The complex is too ill-conditioned for "
                "float64; split it into smaller parts."
            )
    return y - residual


def _identity(x: Tensor) -> Tensor:
    return x


def _reached(adjoint: _Map, residual: Tensor, goal: Tensor) -> bool:
    return bool((adjoint(residual).norm(dim=0) <= goal).all())


def _descend(
    forward: _Map, adjoint: _Map, residual: Tensor, precondition: _Map, goal: Tensor, steps: int
) -> Tensor:
    """The residual after at most that many preconditioned steps of CGLS."""
    tiny = torch.finfo(residual.dtype).tiny
    direction, energy = None, goal
    for _ in range(steps):
        gradient = adjoint(residual)
        if bool((gradient.norm(dim=0) <= goal).all()):
            break
        solved = precondition(gradient)
        previous, energy = energy, (gradient * solved).sum(0)
        if direction is None:
            direction = solved
        else:
            direction = solved + energy / previous.clamp(min=tiny) * direction
        image = forward(direction)
        residual = residual - energy / image.square().sum(0).clamp(min=tiny) * image
    return residual


def _factorised_normal_matrix(matrix: Tensor) -> _Map:
    """Solve with AᵀA + ε by a sparse LU factorisation, on the CPU."""
    from scipy.sparse import identity
    from scipy.sparse.linalg import splu

    csr = to_csr(matrix.cpu())
    normal = (csr.T @ csr + 1e-10 * identity(csr.shape[1])).tocsc()
    symmetric = {"SymmetricMode": True}  # positive definite: no pivoting needed
    factors = splu(normal, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=symmetric)
    return lambda x: torch.from_numpy(factors.solve(x.cpu().numpy())).to(x.device)
