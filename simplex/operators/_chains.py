"""Powers of Laplacians applied to cochains, by half steps down and up."""

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.operators._apply import apply_boundary, apply_coboundary, apply_hodge_laplacian
from simplex.operators._bounds import hodge_bound, part_bound
from simplex.operators._layout import from_rows, on_rows, to_rows


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
        K: the complex.
        x: (…, n_k, C) values, or (n_k,); k ≥ 1.
        k: the degree of x.
        length: number of half steps.
        signed: ``False`` for |∂| in place of ∂.
        normalize: ∂_k divided by the root of :func:`part_bound`, part by part.

    Returns:
        ``length + 1`` cochains.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> [values.tolist() for values in chain_down(K, torch.tensor([1.0, 2.0]), 1, 2)]
        [[1.0, 2.0], [-1.0, -1.0, 2.0], [0.0, 3.0]]
    """
    return _chain(K, x, k, length, down_first=True, signed=signed, normalize=normalize)


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
        K: the complex.
        x: (…, n_k, C) values, or (n_k,).
        k: the degree of x.
        length: number of half steps.
        signed: ``False`` for |∂| in place of ∂.
        normalize: ∂_{k+1} divided by the root of :func:`part_bound`, part by part.

    Returns:
        ``length + 1`` cochains.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> [values.tolist() for values in chain_up(K, torch.tensor([1.0, 2.0, 5.0]), 0, 2)]
        [[1.0, 2.0, 5.0], [1.0, 3.0], [-1.0, -2.0, 3.0]]
    """
    return _chain(K, x, k + 1, length, down_first=False, signed=signed, normalize=normalize)


def _chain(
    K: SimplicialComplex,
    x: Tensor,
    k: int,
    length: int,
    *,
    down_first: bool,
    signed: bool,
    normalize: bool,
) -> list[Tensor]:
    """Half steps by ∂_k and ∂_kᵀ in turns."""
    chain = [to_rows(x)]
    for step in range(length):
        if (step % 2 == 0) == down_first:
            y, degree = apply_boundary(K, chain[-1], k, signed=signed), k - 1
        else:
            y, degree = apply_coboundary(K, chain[-1], k - 1, signed=signed), k
        chain.append(y * _root_scale(K, k, degree, y.dtype)[:, None] if normalize else y)
    return [from_rows(y, x) for y in chain]


def _root_scale(K: SimplicialComplex, k: int, degree: int, dtype: torch.dtype) -> Tensor:
    """For each simplex of ``degree`` the factor b_k^(-1/2) of its part, (n,); 1 where b_k = 0."""

    def compute() -> Tensor:
        return part_bound(K, k).clamp(min=1).to(dtype).rsqrt()[K.part(degree)]

    result: Tensor = K.cached(f"root scale of degree {degree} as {dtype}", k, compute)
    return result


@on_rows
def harmonic_filter(
    K: SimplicialComplex, x: Tensor, k: int, order: int, epsilon: float | None = None
) -> Tensor:
    r"""Damp all but the harmonic part of a cochain: (I - ε L_k)^J x.

    A component with eigenvalue λ shrinks by 1 - ελ in each step; the kernel of L_k stays as it is.

    Args:
        K: the complex.
        x: (…, n_k, C) values, or (n_k,).
        k: the degree of x.
        order: J; 0 leaves x as it is.
        epsilon: ε, below 2 / λ_max(L_k) lest the powers grow; ``None`` for 1 / b with a bound
            b ≥ λ_max of the part that a simplex is of (:func:`hodge_bound`).

    Returns:
        Like x.

    Laws:
        Orientation equivariant; a disjoint union gives what its parts give.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> x = torch.tensor([3.0, 0.0, 0.0])  # harmonic part: the mean
        >>> harmonic_filter(K, x, 0, 1).tolist(), harmonic_filter(K, x, 0, 40).round().tolist()
        ([2.0, 1.0, 0.0], [1.0, 1.0, 1.0])
    """
    step = x.new_full((len(x),), epsilon) if epsilon is not None else 1 / hodge_bound(K, k).to(x)
    for _ in range(order):
        x = x - step[:, None] * apply_hodge_laplacian(K, x, k)
    return x
