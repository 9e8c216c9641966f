"""The heat flow of cochains: it forgets everything but the holes, by local steps."""

from collections.abc import Sequence

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, outside_transforms, require_int, shown
from simplex.operators._bounds import hodge_bound
from simplex.operators._checks import read_cochain, require_rank
from simplex.operators._layout import from_rows, to_rows
from simplex.operators._spectral import laplacian_halves, self_adjoint


_MOST_STEPS = 10**6


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
        x: (…, n_k, channels) or (n_k,) floats on the complex's device; lists and arrays are taken.
        k: 0 … dim; the empty complex counts as of dimension 0.
        num_steps: t.

    Returns:
        Like x; differentiable.

    Raises:
        TypeError: ``x`` is no tensor of real floats, or ``num_steps`` no integer.
        ValueError: ``k`` beyond the dimension, a wrong shape or device, ``num_steps`` below 0 or
            above a million.

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
    k = require_rank(K, k, 0)
    x = read_cochain(K, x, k)
    num_steps = require_int("num_steps", num_steps, 0)
    if num_steps > _MOST_STEPS:
        raise ValueError(
            f"num_steps must be at most {_MOST_STEPS}, got {num_steps}. What is left in the end is "
            "the harmonic part of hodge_decomposition."
        )
    dtype = x.dtype if x.dtype == torch.float64 else torch.float32
    down, up = laplacian_halves(K, k, dtype)
    rate = outside_transforms(lambda: hodge_bound(K, k).double().reciprocal().to(dtype)[:, None])

    def flow(y: Tensor) -> Tensor:
        for _ in range(num_steps):
            y = y - rate * (down(y) + up(y))
        return y

    rows = to_rows(x).contiguous().to(dtype, copy=True)
    return from_rows(self_adjoint(flow, rows).to(x.dtype), x)


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
    k = require_rank(K, k, 0)
    x = read_cochain(K, x, k)
    if x.ndim != 2:
        raise ValueError(f"x must be of shape (n_{k}, channels), got {tuple(x.shape)}.")
    times: object = num_steps
    if not isinstance(times, Sequence) or isinstance(times, str):
        raise TypeError(f"num_steps must be a sequence of integers, got {shown(num_steps)}.")
    energies, done = [], 0
    for time in num_steps:
        require_int("num_steps", time, 0)
        if time < done:
            raise ValueError(f"num_steps must increase, got {tuple(num_steps)}.")
        x, done = heat_flow(K, x, k, time - done), time
        energies.append(x.square().mean(1))
    return torch.stack(energies, dim=1) if energies else x.new_zeros(len(x), 0)
