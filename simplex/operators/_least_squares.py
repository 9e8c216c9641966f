"""Sparse least squares: the orthogonal projection onto the image of a boundary map."""

from collections.abc import Callable

import torch
from torch import Tensor

from simplex.operators._sparse import column_units, matrix_product, sorted_sparse, to_csr


_Map = Callable[[Tensor], Tensor]
_PROBE_STEPS, _MOST_STEPS = 200, 20_000


class ImageProjection:
    r"""The orthogonal projection A A⁺ onto the image of a boundary map, prepared for many calls.

    A A⁺ y is the least-squares fit of y: min_φ |y - A φ|. Conjugate gradients. They are slow on
    complexes that are wide, such as meshes; where a probe with the first channel shows it, and AᵀA
    is as sparse as on a triangulated surface, so that its factors fill in little, they are
    preconditioned by a sparse factorisation, which is kept.

    Args:
        matrix: A, sparse (n, m), row-major, float64, entries 0 and ±1.

    Reference:
        Björck, "Numerical Methods for Least Squares Problems", SIAM 1996, Algorithm 7.4.1 (CGLS).
    """

    def __init__(self, matrix: Tensor) -> None:
        column = matrix.indices()[1]
        size = torch.bincount(column, minlength=matrix.shape[1])
        unit = matrix.values() * size[column].rsqrt()
        self.matrix = sorted_sparse(matrix.indices(), unit, (matrix.shape[0], matrix.shape[1]))
        self.forward = matrix_product(self.matrix)
        self.adjoint = matrix_product(self.matrix.t().coalesce())
        self.solve: _Map | None = None

    def __call__(self, y: Tensor, tolerance: float = 1e-12) -> Tensor:
        """A A⁺ y.

        Args:
            y: (n, channels) float64; each channel is its own problem.
            tolerance: stop where |Aᵀr| ≤ tolerance · |y| in every channel, with unit columns in A.

        Raises:
            RuntimeError: not converged.
        """
        if not self.matrix.values().numel():
            return torch.zeros_like(y)
        unit = column_units(y)  # so that squares are numbers, however large y is
        y = y / unit
        goal = tolerance * y.norm(dim=0)
        first = y[:, :1]
        if self.solve is None:
            first = _descend(self.forward, self.adjoint, first, _identity, goal[:1], _PROBE_STEPS)
            if not _reached(self.adjoint, first, goal[:1]) and self._is_mesh_like():
                self.solve = _factorized_normal_matrix(self.matrix)
        start = torch.cat([first, y[:, 1:]], dim=1)
        solve = self.solve or _identity
        residual = _descend(self.forward, self.adjoint, start, solve, goal, _MOST_STEPS)
        if not _reached(self.adjoint, residual, goal):
            raise RuntimeError(
                f"the least-squares solver must reach |Aᵀr| ≤ {tolerance} |x|, and did not in "
                f"{_MOST_STEPS} steps. The complex is too ill-conditioned for float64; split it "
                "into smaller parts."
            )
        return (y - residual) * unit

    def _is_mesh_like(self) -> bool:
        """Whether AᵀA has few entries a row: 12 on a triangulated surface, with repetition."""
        per_row = torch.bincount(self.matrix.indices()[0])
        return int(per_row.square().sum()) <= 16 * self.matrix.shape[1]


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
        # A channel at its goal rests: steps along rounding errors alone would carry it away again.
        moving = gradient.norm(dim=0) > goal
        if not bool(moving.any()):
            break
        solved = precondition(gradient)
        previous, energy = energy, (gradient * solved).sum(0)
        if direction is None:
            direction = solved
        else:
            direction = solved + energy / previous.clamp(min=tiny) * direction
        image = forward(direction)
        step = energy / image.square().sum(0).clamp(min=tiny)
        residual = residual - torch.where(moving, step, 0.0) * image
    return residual


def _factorized_normal_matrix(matrix: Tensor) -> _Map:
    """Solve with AᵀA + ε by a sparse LU factorisation, on the CPU."""
    from scipy.sparse import identity
    from scipy.sparse.linalg import splu

    csr = to_csr(matrix.cpu())
    normal = (csr.T @ csr + 1e-7 * identity(csr.shape[1])).tocsc()
    symmetric = {"SymmetricMode": True}  # positive definite: no pivoting needed
    factors = splu(normal, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=symmetric)
    return lambda x: torch.from_numpy(factors.solve(x.cpu().numpy())).to(x.device)
