"""Connected components, Betti numbers and the Euler characteristic."""

from functools import cache
from math import isqrt
from typing import cast

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    available_bytes,
    interruptible,
    on_free_threads,
    require_complex,
    require_int,
    shown,
)
from simplex.operators._boundary import boundary_index
from simplex.operators._checks import require_room_for_maps


LARGEST_PRIME = 2**31 - 1
_ENTRY_BYTES = 24  # of a reduced column: its row and value, half again while the room is doubled
_QUICK = 1 << 18  # entries of a map whose reduction is over before anybody would interrupt it


@on_free_threads()
def betti_numbers(
    K: SimplicialComplex, *degree: object, prime: int = LARGEST_PRIME
) -> tuple[int, ...]:
    r"""The Betti numbers, exact over the field of ``prime`` elements.

    .. math:: \beta_k = n_k - \operatorname{rank} \partial_k - \operatorname{rank} \partial_{k+1}

    β_0 counts components, β_1 independent cycles that bound nothing, β_2 voids. Over a prime p they
    are at least the rational ones, and equal unless the homology has p-torsion: the default, the
    prime 2³¹-1, gives the rational numbers for every complex whose torsion is not of that order.
    The projective plane, with 2-torsion, has (1, 0, 0), but (1, 1, 1) over ``prime=2``.

    Args:
        K: the complex. A disjoint union has the sums over its parts; for the numbers of each part
            take those of ``K.split()``.
        degree: nothing; a degree is refused, as the numbers of all are computed together.
        prime: a prime below 2³¹.

    Returns:
        (β_0, …, β_dim); ``()`` for the empty complex.

    Raises:
        TypeError: ``K`` is no complex, or a second argument.
        ValueError: ``prime`` is no prime or too large; a boundary map does not fit in memory, which
            is said beforehand; or the reduction, which fills up on dense random complexes, does not
            fit in half of the free memory.

    Laws:
        Σ (-1)^k β_k = Σ (-1)^k n_k, the Euler characteristic; β_k = dim ker L_k.

    Cost:
        Column reduction of the coboundary maps, upwards, with clearing: near-linear on clique
        complexes and triangulations, cubic at worst (dense random complexes).

    Reference:
        Chen, Kerber, "Persistent homology computation with a twist", EuroCG 2011; de Silva,
        Morozov, Vejdemo-Johansson, "Dualities in persistent (co)homology", Inverse Problems 2011.

    Example:
        >>> from simplex import SimplicialComplex
        >>> betti_numbers(SimplicialComplex.from_simplices([(0, 1), (1, 2), (0, 2), (3,)]))
        (2, 1)
    """
    require_complex("K", K)
    if degree:
        raise TypeError(
            f"betti_numbers takes the complex alone, got also {shown(degree[0])}. Write "
            "betti_numbers(K)[k] for β_k, prime= for the field."
        )
    require_prime(prime)
    for k in range(K.dim + 1):
        remedy = f"The numbers below β_{k} are those of K.skeleton({k})."
        require_room_for_maps(K, [k], 40, f"the reduction of ∂_{k} for the Betti numbers", remedy)
    ranks = [0, *coboundary_ranks(K, prime=prime)]
    return tuple(n - ranks[k] - ranks[k + 1] for k, n in enumerate(K.f_vector))


def euler_characteristic(K: SimplicialComplex) -> int:
    r"""The Euler characteristic χ = Σ (-1)^k n_k.

    Example:
        >>> from simplex import SimplicialComplex
        >>> euler_characteristic(SimplicialComplex.from_simplices([(0, 1, 2)]))
        1
    """
    require_complex("K", K)
    return sum(n if k % 2 == 0 else -n for k, n in enumerate(K.f_vector))


@on_free_threads()
def connected_components(K: SimplicialComplex) -> Tensor:
    """Which component each vertex lies in, numbered by their smallest vertices.

    Trees of vertices hook onto neighbouring trees of smaller root and are then flattened.

    Args:
        K: the complex.

    Returns:
        (n_0,) int64, with values 0 … β_0 - 1.

    Cost:
        O(n_0 + n_1) a round, O(log n_0) rounds in practice.

    Example:
        >>> from simplex import SimplicialComplex
        >>> connected_components(SimplicialComplex.from_simplices([(0, 2), (1,)])).tolist()
        [0, 1, 0]
    """
    require_complex("K", K)
    head, tail = K.facets(1).unbind(1)
    return components_of(K.num_simplices(0), head, tail)


def components_of(count: int, head: Tensor, tail: Tensor) -> Tensor:
    """The component of each of ``count`` nodes of a graph, numbered by their smallest nodes."""
    root = torch.arange(count, device=head.device)
    while not torch.equal(root[head], root[tail]):
        ends = torch.cat([root[head], root[tail]])
        lower = torch.minimum(root[head], root[tail]).repeat(2)
        root = root.scatter_reduce(0, ends, lower, "amin")
        while not torch.equal(root[root], root):
            root = root[root]
    is_root = root == torch.arange(count, device=head.device)
    return (is_root.cumsum(0) - 1)[root]


def coboundary_ranks(K: SimplicialComplex, *, prime: int) -> list[int]:
    """Ranks of δ_0, …, δ_dim over the field; the last is 0."""
    K = K.to("cpu")
    pivots = np.zeros(K.num_simplices(0), np.bool_)
    ranks = []
    for k in range(K.dim + 1):
        pivots = _pivots(K, k, pivots, prime)
        ranks.append(int(pivots.sum()))
    return ranks


def _pivots(K: SimplicialComplex, k: int, cleared: np.ndarray, prime: int) -> np.ndarray:
    """Which (k+1)-simplices are pivots of the reduced map δ_k."""
    (simplex, cofacet), order = boundary_index(K, k + 1)
    bounds = torch.arange(K.num_simplices(k) + 1)
    pointer = torch.searchsorted(simplex.contiguous(), bounds).numpy()
    signs = K.facet_signs(k + 1).flatten()[order].long().numpy()
    index = cofacet.contiguous().numpy()
    return pivot_owners(k, pointer, index, signs, cleared, K.num_simplices(k + 1), prime) >= 0


def pivot_owners(
    k: int,
    pointer: np.ndarray,
    cofacets: np.ndarray,
    signs: np.ndarray,
    cleared: np.ndarray,
    num_cofacets: int,
    prime: int,
) -> np.ndarray:
    """The k-simplex whose column of the reduced map δ_k has its pivot in each cofacet, or -1.

    The arguments are those of the kernel; the simplices are numbered in the order of reduction.
    """
    from simplex.operators._homology_numba import reduce_coboundary

    most = dense = len(cleared) * num_cofacets  # entries of reduced columns
    if dense * _ENTRY_BYTES >= 2**26:
        most = min(dense, available_bytes(torch.device("cpu")) // 2 // _ENTRY_BYTES)
    ended = np.zeros(1, np.bool_)
    arrays = (pointer, cofacets, signs, cleared, num_cofacets)
    if dense < _QUICK:
        owners, fits = reduce_coboundary(*arrays, prime, most, ended)
    else:
        owners, fits = interruptible(reduce_coboundary, *arrays, prime, most, ended, stop=ended)
    if not fits:
        raise ValueError(
            f"the reduced coboundary map from dimension {k} to {k + 1} must fit in half of the "
            f"free memory, got more than {most * _ENTRY_BYTES / 2**30:.1f} GiB. Take a smaller or "
            "a sparser complex."
        )
    return cast(np.ndarray, owners)


def require_prime(prime: int) -> None:
    """A prime number below 2³¹."""
    if not 2 <= require_int("prime", prime) <= LARGEST_PRIME or not _is_prime(prime):
        raise ValueError(f"prime must be a prime number below 2³¹, got {prime}.")


@cache
def _is_prime(number: int) -> bool:
    return all(number % divisor for divisor in range(2, isqrt(number) + 1))
