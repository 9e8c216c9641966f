"""The low end of the nonzero spectrum of BᵀB for a large sparse B, without its kernel."""

from collections.abc import Callable

import torch
from torch import Tensor

from simplex.operators._sparse import column_units, matrix_product, to_csr


_Map = Callable[[Tensor], Tensor]
_FACTORIZED = 4000  # rows up to which BBᵀ is factorised, however much its factors fill in
_DEPTH, _ROUNDS, _SPARE = 4, 100, 4
_SHIFT = 1e-9  # of the largest eigenvalue
_MOST_STEPS = 5000
_NEW = 1e-9  # of a column, to be new


def lowest_pairs(
    B: Tensor, rank: int, count: int, bound: float, tolerance: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    r"""The smallest nonzero eigenvalues of BᵀB and orthonormal eigenvectors, in the image of Bᵀ.

    Block Krylov spaces of the inverse on the image,

    .. math:: B^⊤ (B B^⊤)^{+2} B,

    which is 1/λ on an eigenvector of BᵀB and 0 on its kernel, however large that is. The blocks are
    wider than ``count``, so that eigenvalues are found with their multiplicities. The inverse is a
    sparse factorisation where it fills in little, conjugate gradients elsewhere.

    Args:
        B: sparse (m, n), row-major, float64, on the CPU.
        rank: that of B.
        count: how many, at most the rank.
        bound: an upper bound of the eigenvalues.
        tolerance: stop where |BᵀB v - λ v| ≤ tolerance · bound for all of them.
        generator: of the start.

    Returns:
        values (count,), vectors (n, count).

    Raises:
        RuntimeError: not converged.
    """
    turned = B.t().coalesce()
    adjoint = matrix_product(turned)
    if B.shape[0] > B.shape[1]:  # the other side is smaller
        values, vectors = _search(turned, rank, count, bound, tolerance, generator, True)
        return values, adjoint(vectors) * values.rsqrt()
    return _search(B, rank, count, bound, tolerance, generator, False)


def _search(
    B: Tensor,
    rank: int,
    count: int,
    bound: float,
    tolerance: float,
    generator: torch.Generator,
    carried: bool,
) -> tuple[Tensor, Tensor]:
    """The same on the columns of B; more exact where it will be ``carried`` to the rows."""
    forward, adjoint = matrix_product(B), matrix_product(B.t().coalesce())
    solve = _inverse(B, bound)

    def inverse(x: Tensor) -> Tensor:
        return adjoint(solve(solve(forward(x))))

    def project(x: Tensor) -> Tensor:
        return adjoint(solve(forward(x)))

    width = count + max(_SPARE, count // 4)
    whole = rank <= (_DEPTH + 1) * width  # so small that a random basis of all of the image will do
    size = (B.shape[0], rank if whole else width)
    block, _ = torch.linalg.qr(adjoint(torch.randn(size, generator=generator, dtype=B.dtype)))
    for _ in range(_ROUNDS):
        basis = last = block
        for _ in range(0 if whole else _DEPTH):
            last = _fresh(inverse(last), basis, project)
            basis = torch.cat([basis, last], dim=1)
        image = forward(basis)
        values, turn = torch.linalg.eigh(image.T @ image)
        block, image = basis @ turn[:, :width], image @ turn[:, :width]
        residual = adjoint(image[:, :count]) - block[:, :count] * values[:count]
        goal = torch.full_like(values[:count], tolerance * bound)
        if carried:  # by √(bound / λ) at most
            goal = goal * (values[:count] / bound).clamp(min=1e-9).sqrt()
        if bool((residual.norm(dim=0) <= goal).all()):
            return values[:count], block[:, :count]
    raise RuntimeError(
        f"the eigenpairs must have residuals of at most {tolerance} · {bound:.3g}, got "
        f"{float(residual.norm(dim=0).max()):.1e} after {_ROUNDS} rounds. Raise tolerance."
    )


def _fresh(block: Tensor, basis: Tensor, project: _Map) -> Tensor:
    """Orthonormal columns that span what the block adds to the basis, within the image.

    What is left of a column that adds nothing is rounding errors, of which a part is outside, in
    the kernel; there the search would find its lowest values.
    """
    block = block / block.norm(dim=0)
    block, size, _ = torch.linalg.svd(block - basis @ (basis.T @ block), full_matrices=False)
    block = project(block[:, size > _NEW])
    block = block[:, block.norm(dim=0) > 0.5]
    block, _ = torch.linalg.qr(block - basis @ (basis.T @ block))
    return block


def _inverse(B: Tensor, bound: float) -> _Map:
    """Y ↦ (BBᵀ)⁺ y on the image of B."""
    per_column = torch.bincount(B.indices()[1])
    if B.shape[0] <= _FACTORIZED or int(per_column.square().sum()) <= 16 * B.shape[0]:
        from scipy.sparse import identity
        from scipy.sparse.linalg import splu

        csr = to_csr(B)
        normal = (csr @ csr.T + _SHIFT * bound * identity(csr.shape[0])).tocsc()
        symmetric = {"SymmetricMode": True}  # positive definite: no pivoting needed
        factors = splu(normal, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=symmetric)
        return lambda y: torch.from_numpy(factors.solve(y.numpy()))
    forward, adjoint = matrix_product(B), matrix_product(B.t().coalesce())
    return lambda y: conjugate_gradients(lambda x: forward(adjoint(x)), y)


def conjugate_gradients(apply: _Map, y: Tensor, tolerance: float = 1e-11) -> Tensor:
    """The solution in the image of a positive semidefinite matrix; y lies in it, or its part does.

    A column is solved in a unit of its own, so that energies are numbers however large it is.

    Raises:
        ValueError: the solution is beyond the numbers of the dtype.
        RuntimeError: not converged.
    """
    unit = column_units(y)
    x = _solved(apply, y / unit, tolerance) * unit
    if bool(y.isfinite().all()) and not bool(x.isfinite().all()):
        raise ValueError(
            f"the solution must be numbers of {x.dtype}, got some beyond them. Scale the input "
            "down: the solution is linear in it."
        )
    return x


def _solved(apply: _Map, y: Tensor, tolerance: float) -> Tensor:
    tiny = torch.finfo(y.dtype).tiny
    x, residual = torch.zeros_like(y), y
    direction, energy = residual, residual.square().sum(0)
    goal = tolerance**2 * energy
    for _ in range(_MOST_STEPS):
        moving = energy > goal
        if not bool(moving.any()):
            return x
        image = apply(direction)
        step = torch.where(moving, energy / (direction * image).sum(0).clamp(min=tiny), 0.0)
        x, residual = x + step * direction, residual - step * image
        before, energy = energy, residual.square().sum(0)
        direction = residual + energy / before.clamp(min=tiny) * direction
    raise RuntimeError(
        f"conjugate gradients must reach a residual of {tolerance}, and did not in {_MOST_STEPS} "
        "steps. The complex is too ill-conditioned for float64; split it into smaller parts."
    )
