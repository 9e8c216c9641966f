"""The heat flow of cochains: it forgets everything but the holes, by local steps."""

from collections.abc import Sequence

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.operators._boundary import require_rank
from simplex.operators._spectral import LinearMap, half_bounds, laplacian_halves, self_adjoint


def heat_flow(K: SimplicialComplex, x: Tensor, k: int = 1, num_steps: int = 64) -> Tensor:
    r"""Diffuse a k-cochain by explicit steps of the heat equation.

    .. math:: x^{(t)} = (I - L_k / λ)^t \, x,

    with λ, for each part of a disjoint union, a bound of the largest eigenvalue of L_k: the largest
    sum, over the facets of a k- or (k+1)-simplex, of their numbers of cofacets (Gershgorin's bound
    of ∂ᵀ∂). A part of x with eigenvalue μ shrinks to (1 - μ/λ)^t ≤ exp(-tμ/λ) of itself; the
    harmonic part, which the holes carry, stays. The limit is that part of
    :func:`hodge_decomposition`, but t steps see no farther than t simplices.

    Args:
        K: the complex.
        x: (n_k, channels) floats on the complex's device.
        k: 0 … dim; the empty complex counts as of dimension 0.
        num_steps: t.

    Returns:
        Like x; differentiable.

    Raises:
        ValueError: ``k`` beyond the dimension, a wrong shape, a negative number of steps.

    Laws:
        Linear and symmetric; commutes with reorientation and relabelling; a disjoint union is
        treated as its parts. The norm falls from step to step, but not below the harmonic one.

    Cost:
        O(incidences · channels) a step.

    Example:
        >>> from simplex import SimplicialComplex
        >>> circle = SimplicialComplex.from_simplices([(0, 1), (0, 2), (1, 2)])
        >>> heat_flow(circle, torch.tensor([[3.0], [0.0], [0.0]])).round(decimals=4).T
        tensor([[ 1., -1.,  1.]])
    """
    require_rank(K, k, 0)
    if x.ndim != 2 or len(x) != K.num_simplices(k):
        raise ValueError(
            f"x must be of shape ({K.num_simplices(k)}, channels), one row per {k}-simplex, got "
            f"{tuple(x.shape)}."
        )
    if num_steps < 0:
        raise ValueError(f"num_steps must be non-negative, got {num_steps}.")
    step = _explicit_step(K, k, x.dtype)

    def flow(x: Tensor) -> Tensor:
        for _ in range(num_steps):
            x = step(x)
        return x

    return self_adjoint(flow, x.contiguous().clone())


def heat_energy(
    K: SimplicialComplex, x: Tensor, k: int = 1, num_steps: Sequence[int] = (64,)
) -> Tensor:
    r"""How much of a k-cochain is left on each simplex after some times of :func:`heat_flow`.

    .. math:: e_{σ,t} = \frac{1}{\text{channels}} \sum_c \big( x^{(t)}_{σ,c} \big)^2

    For channels of independent standard normal numbers the expectation is the diagonal of
    (I - L_k/λ)^{2t}, whose sum over the complex, its trace, falls with t from n_k to β_k.
    Estimated from c channels, the limit is off by a factor of 1 ± √(2 / (c β_k)).

    Args:
        K: the complex.
        x: (n_k, channels) floats.
        k: 0 … dim.
        num_steps: the times t, increasing.

    Returns:
        (n_k, number of times).

    Raises:
        ValueError: as for :func:`heat_flow`; times that do not increase.

    Laws:
        Invariant under reorientation.

    Example:
        >>> from simplex import SimplicialComplex
        >>> circle = SimplicialComplex.from_simplices([(0, 1), (0, 2), (1, 2)])
        >>> heat_energy(circle, torch.eye(3), num_steps=(0, 64)).sum(0) * 3  # the trace
        tensor([3.0000, 1.0000])
    """
    energies, done = [], 0
    for time in num_steps:
        if time < done:
            raise ValueError(f"num_steps must increase, got {tuple(num_steps)}.")
        x, done = heat_flow(K, x, k, time - done), time
        energies.append(x.square().mean(1))
    return torch.stack(energies, dim=1) if energies else x.new_zeros(len(x), 0)


def _explicit_step(K: SimplicialComplex, k: int, dtype: torch.dtype) -> LinearMap:
    """The map x ↦ x - L_k x / λ."""
    down, up = laplacian_halves(K, k, dtype)
    bound = torch.maximum(*half_bounds(K, k)).clamp(min=1)
    rate = bound.reciprocal().to(dtype)[K.part(k)][:, None]
    return lambda x: x - rate * (down(x) + up(x))
