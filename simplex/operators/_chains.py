"""Powers of Laplacians applied to cochains, by half steps down and up."""

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.operators._apply import apply_boundary, apply_coboundary, apply_hodge_laplacian
from simplex.operators._incidence import incidences


def chain_down(
    K: SimplicialComplex,
    x: Tensor,
    k: int,
    length: int,
    *,
    signed: bool = True,
    normalize: bool = False,
) -> list[Tensor]:
    r"""x, ∂_k x, ∂_kᵀ ∂_k x, ∂_k ∂_kᵀ ∂_k x, …: one half step each.

    The entries at even places are (L^d_k)^t x, k-cochains; those at odd places ∂_k (L^d_k)^t x =
    (L^u_{k-1})^t ∂_k x, (k-1)-cochains. So one chain serves two dimensions.

    Args:
        x: (n_k, …) values, k ≥ 1.
        K: the complex.
        k: the degree of x.
        length: number of half steps.
        signed: ``False`` for |∂| in place of ∂.
        normalize: ∂_k divided by the root of :func:`spectral_bound`, part by part.

    Returns:
        ``length + 1`` cochains.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> [values.tolist() for values in chain_down(K, torch.tensor([1.0, 2.0]), 1, 2)]
        [[1.0, 2.0], [-1.0, -1.0, 2.0], [0.0, 3.0]]
    """
    chain = [x]
    for step in range(length):
        if step % 2 == 0:
            y, degree = apply_boundary(K, chain[-1], k, signed=signed), k - 1
        else:
            y, degree = apply_coboundary(K, chain[-1], k - 1, signed=signed), k
        chain.append(y * _like(root_scale(K, k, degree, y), y) if normalize else y)
    return chain


def chain_up(
    K: SimplicialComplex,
    x: Tensor,
    k: int,
    length: int,
    *,
    signed: bool = True,
    normalize: bool = False,
) -> list[Tensor]:
    r"""x, ∂_{k+1}ᵀ x, ∂_{k+1} ∂_{k+1}ᵀ x, …: one half step each.

    The entries at even places are (L^u_k)^t x, k-cochains; those at odd places (L^d_{k+1})^t
    ∂_{k+1}ᵀ x, (k+1)-cochains.

    Args:
        x: (n_k, …) values.
        K: the complex.
        k: the degree of x.
        length: number of half steps.
        signed: ``False`` for |∂| in place of ∂.
        normalize: ∂_{k+1} divided by the root of :func:`spectral_bound`, part by part.

    Returns:
        ``length + 1`` cochains.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> [values.tolist() for values in chain_up(K, torch.tensor([1.0, 2.0, 5.0]), 0, 2)]
        [[1.0, 2.0, 5.0], [1.0, 3.0], [-1.0, -2.0, 3.0]]
    """
    chain = [x]
    for step in range(length):
        if step % 2 == 0:
            y, degree = apply_coboundary(K, chain[-1], k, signed=signed), k + 1
        else:
            y, degree = apply_boundary(K, chain[-1], k + 1, signed=signed), k
        chain.append(y * _like(root_scale(K, k + 1, degree, y), y) if normalize else y)
    return chain


def spectral_bound(K: SimplicialComplex, k: int) -> Tensor:
    r"""For each part an upper bound of λ_max(∂_kᵀ ∂_k) = λ_max(∂_k ∂_kᵀ), signed or unsigned.

    .. math:: b_k = \max_{σ ∈ K_k} \sum_{δ ∈ B(σ)} |C(δ)|

    the largest row sum of |∂_k|ᵀ|∂_k|; for a graph the largest deg(u) + deg(v) of an edge uv
    (Anderson and Morley 1985). λ_max itself would cost an iteration. Each part has its own bound,
    so that a batch gives what its items give.

    Returns:
        (num_parts,) int64; 0 for a part without k-simplices. Kept with the complex.

    Example:
        >>> spectral_bound(SimplicialComplex.from_simplices([(0, 1), (1, 2)]), 1).tolist()
        [3]
    """

    def compute() -> Tensor:
        bound = torch.zeros(K.num_parts, dtype=torch.int64, device=K.device)
        if k == 0:
            return bound
        table = incidences(K, k)
        row_sums = table.pointer.diff()[table.facets].sum(1)
        return bound.scatter_reduce(0, K.part(k), row_sums, "amax")

    result: Tensor = K.cached("spectral bound", k, compute)
    return result


def root_scale(K: SimplicialComplex, k: int, degree: int, like: Tensor) -> Tensor:
    """For each simplex of ``degree`` the factor b_k^(-1/2) of its part, (n,); 1 where b_k = 0."""

    def compute() -> Tensor:
        bound = spectral_bound(K, k).clamp(min=1).to(like.dtype)
        return bound.rsqrt()[K.part(degree)]

    result: Tensor = K.cached(f"root scale of degree {degree} as {like.dtype}", k, compute)
    return result


def _like(column: Tensor, y: Tensor) -> Tensor:
    return column.view(-1, *[1] * (y.ndim - 1))


def harmonic_filter(
    K: SimplicialComplex, x: Tensor, k: int, order: int, epsilon: float | None = None
) -> Tensor:
    r"""Damp all but the harmonic part of a cochain: (I - ε L_k)^J x.

    A component with eigenvalue λ shrinks by 1 - ελ in each step; the kernel of L_k stays as it is.

    Args:
        x: (n_k, …).
        K: the complex.
        k: the degree of x.
        order: J; 0 leaves x as it is.
        epsilon: ε, below 2 / λ_max(L_k) lest the powers grow; ``None`` for 1 / b with a bound
            b ≥ λ_max of the part that a simplex is of (:func:`hodge_bound`).

    Returns:
        (n_k, …).

    Laws:
        Orientation equivariant; a disjoint union gives what its parts give.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> x = torch.tensor([3.0, 0.0, 0.0])  # harmonic part: the mean
        >>> harmonic_filter(K, x, 0, 1).tolist(), harmonic_filter(K, x, 0, 40).round().tolist()
        ([2.0, 1.0, 0.0], [1.0, 1.0, 1.0])
    """
    step = x.new_full((len(x),), epsilon) if epsilon is not None else 1 / hodge_bound(K, k).to(x)
    step = step.view(-1, *(1,) * (x.ndim - 1))
    for _ in range(order):
        x = x - step * apply_hodge_laplacian(K, x, k)
    return x


def hodge_bound(K: SimplicialComplex, k: int) -> Tensor:
    r"""A bound on the largest eigenvalue of L_k, for each k-simplex that of its part.

    .. math:: λ_{max}(L_k) = \max\big( λ_{max}(∂_k^⊤ ∂_k), \, λ_{max}(∂_{k+1} ∂_{k+1}^⊤) \big)

    as the two products annihilate each other; :func:`spectral_bound` bounds each.

    Args:
        K: the complex, or the disjoint union of a batch.
        k: the degree.

    Returns:
        (n_k,) int64, at least 1.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> hodge_bound(K, 0).tolist(), hodge_bound(K, 1).tolist()  # λ_max = 3
        ([3, 3, 3], [3, 3])
    """
    bound = torch.maximum(spectral_bound(K, k), spectral_bound(K, k + 1))
    return bound.clamp(min=1)[K.part(k)]
