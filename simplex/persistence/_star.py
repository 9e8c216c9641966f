"""Filtrations of a complex by a signal on its vertices, its edges or simplices of any dimension."""

import math
from typing import Any

from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    on_free_threads,
    real_tensor,
    require_complex,
    require_int,
    shown,
)


@on_free_threads()
def lower_star(K: SimplicialComplex, values: Any, k: int = 0) -> SimplicialComplex:
    r"""The complex filtered by the sublevel sets of a signal on its k-simplices.

    .. math:: f(σ) = \max_{τ ⊆ σ,\ \dim τ = k} x_τ \quad (\dim σ ≥ k), \qquad
              f(σ) = \min_{τ ⊇ σ,\ \dim τ = k} x_τ \quad (\dim σ < k)

    A simplex enters with its last k-face; below dimension k, with its first k-coface. Of a signal
    on vertices this is the lower-star filtration; of weights on the edges of a clique complex, the
    weighted-clique filtration. The values are differentiable in the signal.

    Args:
        K: the complex, or a disjoint union.
        values: x, (n_k,) real numbers, or (n_k, 1).
        k: the dimension of the simplices that carry the signal.

    Returns:
        The complex with this filtration. What is below dimension k and in no k-simplex, such as an
        isolated vertex for weights of edges, is infinite: it never enters.

    Raises:
        TypeError: ``K`` is no complex, or values are no real numbers.
        ValueError: another number of values, NaN, or k above the dimension of K.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2)])
        >>> [f.tolist() for f in lower_star(K, [0.0, 1.0, 2.0]).filtration]
        [[0.0, 1.0, 2.0], [1.0, 2.0, 2.0], [2.0]]
        >>> [f.tolist() for f in lower_star(K, [0.0, 1.0, 2.0], 1).filtration]
        [[0.0, 0.0, 1.0], [0.0, 1.0, 2.0], [2.0]]
    """
    require_complex("K", K)
    x = read_signal(K, values, k)
    if K.dim < 0:
        return K.with_filtration([])
    filtration = [x]
    for j in reversed(range(k)):
        first = filtration[0].new_full((K.num_simplices(j),), math.inf)
        facets = K.facets(j + 1)
        copies = filtration[0].repeat_interleave(facets.shape[1])
        filtration.insert(0, first.scatter_reduce(0, facets.flatten(), copies, "amin"))
    for j in range(k + 1, K.dim + 1):
        filtration.append(filtration[-1][K.facets(j)].amax(1))
    return K.with_filtration(filtration)


def upper_star(K: SimplicialComplex, values: Any, k: int = 0) -> SimplicialComplex:
    r"""The complex filtered by the superlevel sets of a signal: the lower stars of its negative.

    .. math:: f(σ) = -\min_{τ ⊆ σ,\ \dim τ = k} x_τ \quad (\dim σ ≥ k)

    Large values enter first. Births and deaths are levels with the other sign.

    Args:
        K: the complex, or a disjoint union.
        values: x, (n_k,) real numbers, or (n_k, 1).
        k: the dimension of the simplices that carry the signal.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1)])
        >>> [f.tolist() for f in upper_star(K, [1.0, 2.0]).filtration]
        [[-1.0, -2.0], [-1.0]]
    """
    require_complex("K", K)
    return lower_star(K, -read_signal(K, values, k), k)


def read_signal(K: SimplicialComplex, values: Any, k: int) -> Tensor:
    """(n_k,) floats on the device of the complex; integers become float64."""
    require_int("k", k, least=0, most=max(K.dim, 0))
    if values is None or isinstance(values, (int, float)):
        raise TypeError(f"values must be a list of numbers, one per simplex, got {shown(values)}.")
    x = real_tensor("values", values)
    if x.is_meta:
        raise ValueError("values must hold numbers, got a tensor on the meta device.")
    x = x[:, 0] if x.ndim == 2 and x.shape[1] == 1 else x
    if x.shape != (K.num_simplices(k),):
        raise ValueError(
            f"values must have one number for each of the {K.num_simplices(k)} simplices of "
            f"dimension {k}, got shape {tuple(x.shape)}. Filter by one channel at a time."
        )
    if bool(x.isnan().any()):
        raise ValueError("values must be numbers, got NaN. Give infinity to what never enters.")
    return (x if x.is_floating_point() else x.double()).to(K.device)
