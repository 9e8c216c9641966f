"""Numbers on simplices that say how they lie: walks, curvature, resistance."""

import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    require_generator,
    require_int,
    require_real,
)
from simplex.operators import (
    conjugate_gradients,
    from_rows,
    neighbor_counts,
    normalized_laplacian,
    normalizing_weights,
    prepared_projections,
    read_cochain,
    require_finite,
    require_rank,
    require_representable,
    to_rows,
)


_BLOCK = 64


def hodge_pagerank(K: SimplicialComplex, x: Tensor, k: int = 1, *, restart: float = 0.1) -> Tensor:
    r"""The personalised PageRank of simplices, with signs: where a walk from x spends its time.

    .. math:: y = β \, (β I + L^{rw})^{-1} x

    with the random-walk Laplacian of :func:`~simplex.operators.normalized_laplacian`. The gradient
    and curl parts of x are damped, the less the lower their frequency; what runs around holes
    stays. |y| of the indicator of an edge is its influence on the others.

    Args:
        K: the complex; a union is treated as its parts are.
        x: (…, n_k, channels) or (n_k,) floats, finite; ``torch.eye(n_k)`` for all simplices at
            once.
        k: 0 … dim.
        restart: β > 0; small for long walks.

    Returns:
        Like x, without a gradient.

    Raises:
        ValueError: ``restart`` that is not positive, or a cochain that does not fit.
        RuntimeError: conjugate gradients did not converge.

    Laws:
        Linear; commutes with relabelling and reorientation; at k = 0 the sum over the vertices of
        each component stays, as each walk is somewhere.

    Reference:
        Schaub, Benson, Horn, Lippner, Jadbabaie, "Random Walks on Simplicial Complexes and the
        Normalized Hodge 1-Laplacian", SIAM Review 2020, section 6; departure: times β, so that a
        harmonic x stays as it is.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (0, 2), (1, 2)])  # a hole
        >>> hodge_pagerank(K, torch.tensor([1.0, -1.0, 1.0])).round(decimals=4).tolist()
        [1.0, -1.0, 1.0]
    """
    k = require_rank(K, k, 0)
    x = read_cochain(K, x, k)
    require_finite(x)
    beta = require_real("restart", restart, 0, open=True)
    root = normalizing_weights(K, k, torch.float64)[k].sqrt()[:, None]
    matrix = normalized_laplacian(K, k, dtype=torch.float64)
    rows = to_rows(x.detach().double()) / root
    found = conjugate_gradients(lambda y: y + torch.sparse.mm(matrix, y) / beta, rows)
    return require_representable(from_rows(root * found, x).to(x.dtype))


def forman_curvature(K: SimplicialComplex, k: int = 1) -> Tensor:
    r"""Forman's curvature: negative where a simplex holds far apart things together.

    .. math:: F(σ) = |C(σ)| + |B(σ)| - \big|\{τ : τ \text{ shares a facet or a cofacet with } σ,
              \text{ not both}\}\big|

    Of an edge uv in a complex of dimension 2 that is 4 - deg(u) - deg(v) + 3 · triangles.

    Args:
        K: the complex.
        k: 1 … dim.

    Returns:
        (n_k,) int64.

    Raises:
        ValueError: ``k`` beyond the dimension, or 0: vertices have no facets.

    Laws:
        Invariant under relabelling and reorientation; k + 2 for each facet of a (k+1)-simplex that
        is all there is.

    Reference:
        Forman, "Bochner's method for cell complexes and combinatorial Ricci curvature", 2003,
        with all weights 1.

    Example:
        >>> forman_curvature(SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])).tolist()
        [3, 2, 2, 0]
    """
    k = require_rank(K, k, 1)
    cofacets = neighbor_counts(K, k, "coboundary")
    # Two facets of one simplex share a facet too, and two simplices share one cofacet at most.
    parallel = neighbor_counts(K, k, "lower") - neighbor_counts(K, k, "upper")
    return cofacets + k + 1 - parallel


def effective_resistance(
    K: SimplicialComplex,
    k: int = 1,
    *,
    num_probes: int | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""How irreplaceable each k-simplex is for the gradients: 1 for a bridge, near 0 in the thick.

    .. math:: r_σ = \big( \partial_k^⊤ (\partial_k \partial_k^⊤)^+ \partial_k \big)_{σσ}

    For an edge it is the voltage between its ends when a unit current enters at one and leaves at
    the other, all edges being resistors of one ohm; and the probability that a random spanning
    forest has it.

    Args:
        K: the complex.
        k: 1 … dim.
        num_probes: random signs to estimate the diagonal with; ``None`` for exact values, at the
            cost of n_k solutions.
        generator: of the probes.

    Returns:
        (n_k,) float64 in [0, 1]; estimates may be outside.

    Raises:
        ValueError: ``k`` beyond the dimension, or 0.
        RuntimeError: least squares did not converge.

    Laws:
        Foster: the sum is the rank of ∂_k; for a connected graph n_0 - 1. Invariant under
        relabelling and reorientation.

    Cost:
        A least-squares problem for each simplex or probe, 64 at a time.

    Reference:
        Spielman, Srivastava, "Graph sparsification by effective resistances", 2011; for simplices
        Black, Maxwell, "Effective Resistance and Capacitance in Simplicial Complexes", 2021.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (0, 2), (1, 2), (2, 3)])
        >>> effective_resistance(K).round(decimals=4).tolist()
        [0.6667, 0.6667, 0.6667, 1.0]
    """
    k = require_rank(K, k, 1)
    require_generator(generator)
    if num_probes is not None:
        num_probes = require_int("num_probes", num_probes, 1)
    n = K.num_simplices(k)
    projection = prepared_projections(K, k)[0]
    result = torch.zeros(n, dtype=torch.float64, device=K.device)
    for start in range(0, n if num_probes is None else num_probes, _BLOCK):
        width = min(_BLOCK, (n if num_probes is None else num_probes) - start)
        if num_probes is None:
            probes = torch.zeros(n, width, dtype=torch.float64, device=K.device)
            probes[range(start, start + width), range(width)] = 1
        else:
            signs = torch.randint(0, 2, (n, width), generator=generator, device=K.device)
            probes = 2.0 * signs.double() - 1
        result += (probes * projection(probes)).sum(1)
    return result if num_probes is None else result / num_probes
