"""The Hodge decomposition of a cochain, and a basis of the harmonic ones."""

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_memory, shown
from simplex.operators._boundary import boundary_matrix, coboundary_matrix
from simplex.operators._checks import (
    read_cochain,
    require_finite,
    require_rank,
    require_room_for_maps,
)
from simplex.operators._homology import betti_numbers
from simplex.operators._layout import from_rows, to_rows
from simplex.operators._least_squares import ImageProjection
from simplex.operators._sparse import matrix_product
from simplex.operators._spectral import self_adjoint


def hodge_decomposition(
    K: SimplicialComplex, x: Tensor, k: int = 1
) -> tuple[Tensor, Tensor, Tensor]:
    r"""Split a k-cochain into its gradient, curl and harmonic parts.

    .. math:: x = \partial_k^\top \varphi + \partial_{k+1} \psi + h, \qquad L_k h = 0

    For a flow on edges: the part driven by a potential on the vertices, the part circulating around
    triangles, and the part circulating around holes.

    Args:
        K: the complex.
        x: (…, n_k, channels) or (n_k,) floats, finite, on the complex's device; lists and arrays
            are taken.
        k: 0 … dim; the empty complex counts as of dimension 0.

    Returns:
        (gradient, curl, harmonic), each of the shape, dtype and device of ``x``; differentiable.

    Raises:
        TypeError: ``x`` is no tensor of real floats.
        ValueError: ``k`` beyond the dimension, a wrong shape or device, NaN or infinity in ``x``;
            maps that do not fit in memory, which is said beforehand.
        RuntimeError: the least-squares solver did not converge.

    Laws:
        The parts sum to ``x`` and are orthogonal; each map is an orthogonal projection.
        They commute with reorientation. The harmonic space has dimension β_k.

    Cost:
        Sparse least squares in float64, all channels at once: conjugate gradients at O(incidences ·
        channels) a step, preconditioned by a sparse factorisation on large meshes.

    Reference:
        Lim, "Hodge Laplacians on Graphs", SIAM Review 62(3), 2020.

    Example:
        >>> from simplex import SimplicialComplex
        >>> K = SimplicialComplex.from_simplices([(0, 1), (0, 2), (1, 2)])
        >>> [part.tolist() for part in hodge_decomposition(K, torch.tensor([1.0, -1.0, 1.0]))]
        [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [1.0, -1.0, 1.0]]
    """
    k = require_rank(K, k, 0)
    x = read_cochain(K, x, k)
    require_finite(x)
    remedy = "The harmonic part is the limit of heat_flow, without a matrix on opened complexes."
    require_room_for_maps(K, [k, k + 1], 110, f"the Hodge decomposition of dimension {k}", remedy)
    y = to_rows(x.double())
    onto_gradient = ImageProjection(coboundary_matrix(K, k - 1, dtype=y.dtype))
    onto_curl = ImageProjection(boundary_matrix(K, k + 1, dtype=y.dtype))
    gradient = self_adjoint(onto_gradient, y)
    curl = self_adjoint(onto_curl, y - gradient)
    gradient, curl, harmonic = (
        from_rows(part, x).to(x.dtype) for part in (gradient, curl, y - gradient - curl)
    )
    return gradient, curl, harmonic


def harmonic_basis(K: SimplicialComplex, k: int, *, dtype: torch.dtype | None = None) -> Tensor:
    r"""An orthonormal basis of the harmonic k-cochains, ker L_k: one vector per k-dimensional hole.

    β_k random cochains are projected onto the harmonic space, which they span with probability 1,
    and orthonormalised; then once more, for full precision. Since β_k is known exactly beforehand,
    no vector of the repeated eigenvalue 0 can be missed, as happens to Lanczos methods.

    Args:
        K: the complex.
        k: 0 … dim; the empty complex counts as of dimension 0.
        dtype: of the result; ``None`` for torch's default. Computed in float64.

    Returns:
        (n_k, β_k), on the device of the complex: the same for the same complex at every call, but
        within the space an arbitrary basis.

    Raises:
        ValueError: ``k`` beyond the dimension, another dtype, or a basis that would not fit in
            memory.
        RuntimeError: the vectors found fail the check ∂_k h = 0, ∂_{k+1}ᵀ h = 0, or are fewer than
            β_k (which (2³¹-1)-torsion would cause).

    Cost:
        :func:`betti_numbers` of the (k+1)-skeleton, then a :func:`hodge_decomposition` of β_k
        channels, twice, and O(n_k β_k²).

    Example:
        >>> from simplex import SimplicialComplex
        >>> K = SimplicialComplex.from_simplices([(0, 1), (0, 2), (1, 2)])
        >>> (harmonic_basis(K, 1) / harmonic_basis(K, 1)[0]).round(decimals=4).T
        tensor([[ 1., -1.,  1.]])
    """
    k = require_rank(K, k, 0)
    dtype = torch.get_default_dtype() if dtype is None else dtype
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise ValueError(f"dtype must be a float dtype of torch, got {shown(dtype)}.")
    neighbors = (K.num_simplices(k - 1) if k else 0) + K.num_simplices(k + 1)
    _require_room(K, k, max(0, K.num_simplices(k) - neighbors))  # β_k is not below that
    return harmonic_vectors(K, k).to(dtype)


def harmonic_vectors(
    K: SimplicialComplex,
    k: int,
    most: int | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Orthonormal harmonic k-cochains (n_k, min(β_k, most)) in float64: all, or a random subspace.

    Without a generator the same at every call.
    """
    count = (*betti_numbers(K.skeleton(k + 1)), 0)[k]
    count = count if most is None else min(count, most)
    _require_room(K, k, count)
    generator = torch.Generator().manual_seed(0) if generator is None else generator
    shape = (K.num_simplices(k), count)
    basis = torch.randn(shape, generator=generator, dtype=torch.float64).to(K.device)
    for _ in range(2):
        harmonic = hodge_decomposition(K, basis, k)[2]
        basis, triangle = torch.linalg.qr(harmonic)
        _require_independent(triangle, k)
    _require_harmonic(K, basis, k)
    return basis


def _require_room(K: SimplicialComplex, k: int, count: int) -> None:
    """Raise ``ValueError`` where so many cochains, ten times in the solver, would not fit."""
    what = f"{count} harmonic cochains on {K.num_simplices(k)} simplices of dimension {k}"
    remedy = "Take the harmonic parts of single cochains by hodge_decomposition."
    require_memory(K.num_simplices(k) * count * 80, K.device, what, remedy)


def _require_independent(triangle: Tensor, k: int) -> None:
    if triangle.numel() and float(triangle.diagonal().abs().min()) < 1e-6:
        raise RuntimeError(
            f"the harmonic {k}-cochains must have dimension β_{k} = {len(triangle)}, got fewer: "
            "the homology has torsion of order 2³¹-1. Compare betti_numbers with another prime."
        )


def _require_harmonic(K: SimplicialComplex, basis: Tensor, k: int) -> None:
    boundary = boundary_matrix(K, k, dtype=basis.dtype)
    coboundary = coboundary_matrix(K, k, dtype=basis.dtype)
    images = [matrix_product(matrix)(basis) for matrix in (boundary, coboundary)]
    error = max(float(image.abs().max()) if image.numel() else 0.0 for image in images)
    if error > 1e-7:
        raise RuntimeError(
            f"the basis must be harmonic to 1e-7, got an error of {error:.1e} in ∂_{k} or "
            f"∂_{k + 1}ᵀ. The complex is too ill-conditioned for float64."
        )
