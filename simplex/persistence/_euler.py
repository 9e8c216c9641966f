"""Euler characteristic curves and transforms: cheaper than diagrams, and differentiable."""

from typing import Any

import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    on_free_threads,
    real_tensor,
    require_complex,
    require_real,
)
from simplex.persistence._checks import read_levels, require_room
from simplex.persistence._persistence import read_filtration


@on_free_threads()
def euler_curve(K: SimplicialComplex, *, levels: Any, smoothing: float | None = None) -> Tensor:
    r"""The Euler characteristic of the filtered complex at each level.

    .. math:: χ(t) = \sum_k (-1)^k\, \#\{σ : \dim σ = k,\ f(σ) ≤ t\}

    Args:
        K: a complex with a filtration, or a disjoint union.
        levels: (T,) values t.
        smoothing: ``None`` for the numbers, which are constant between levels and have no
            gradient; s > 0 for sigmoid((t - f(σ))/s) in the place of the step.

    Returns:
        (num_parts, T), in the dtype of the filtration.

    Raises:
        TypeError: ``K`` is no complex.
        ValueError: no filtration, or no levels.

    Laws:
        χ(t) = Σ_k (-1)^k β_k(t), the alternating sum of the Betti curves.

    Cost:
        O(n log T + parts · T); smooth O(n T).

    Example:
        >>> from simplex.persistence import lower_star
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2), (0, 2)])
        >>> euler_curve(lower_star(K, [0.0, 1.0, 2.0]), levels=[0, 1, 2]).tolist()
        [[1.0, 1.0, 0.0]]
    """
    require_complex("K", K)
    values = read_filtration(K)
    like = values[0] if values else torch.zeros(0, dtype=torch.float64, device=K.device)
    t = read_levels(levels, like)
    return _curve(K, [v[:, None] for v in values], t, smoothing)[:, 0]


@on_free_threads()
def euler_transform(
    K: SimplicialComplex,
    points: Any,
    directions: Any,
    *,
    levels: Any,
    smoothing: float | None = None,
) -> Tensor:
    r"""The Euler characteristic transform: curves of the heights in several directions.

    .. math:: χ_v(t) = \sum_k (-1)^k\, \#\{σ : \dim σ = k,\ f_v(σ) ≤ t\}, \qquad
              f_v(σ) = \max_{u ∈ σ} \langle x_u, v \rangle

    Over all directions it determines a complex that is embedded in space. With ``smoothing`` it is
    differentiable in points and directions, and both may be learned.

    Args:
        K: the complex, or a disjoint union.
        points: (n_0, d) coordinates x of the vertices.
        directions: (V, d) vectors v.
        levels: (T,) heights t.
        smoothing: as for :func:`euler_curve`.

    Returns:
        (num_parts, V, T).

    Raises:
        TypeError: ``K`` is no complex, or coordinates are no numbers.
        ValueError: shapes that do not fit, NaN, no levels, or curves that do not fit in memory.

    Paper:
        Turner, Mukherjee, Boyer, "Persistent homology transform for modeling shapes and surfaces",
        2014; smooth: Röell, Rieck, "Differentiable Euler Characteristic Transforms for Shape
        Classification", ICLR 2024.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> place = [[0.0, 1.0], [1.0, 0.0], [2.0, 1.0]]
        >>> euler_transform(K, place, [[0.0, 1.0], [0.0, -1.0]], levels=[-1, 0, 1]).tolist()
        [[[0.0, 1.0, 1.0], [2.0, 1.0, 1.0]]]
    """
    require_complex("K", K)
    x, v = real_tensor("points", points), real_tensor("directions", directions)
    if x.ndim != 2 or len(x) != K.num_simplices(0) or v.ndim != 2 or x.shape[1] != v.shape[1]:
        raise ValueError(
            f"points must have shape ({K.num_simplices(0)}, d) and directions (V, d), got "
            f"{tuple(x.shape)} and {tuple(v.shape)}."
        )
    x = (x if x.is_floating_point() else x.double()).to(K.device)
    height = x @ v.to(x.device, x.dtype).T  # (n_0, V)
    if bool(height.isnan().any()):
        raise ValueError("points and directions must be numbers, got NaN.")
    t = read_levels(levels, x)
    values = [height[K.simplices(k)].amax(1) for k in range(K.dim + 1)]
    return _curve(K, values, t, smoothing)


def _curve(
    K: SimplicialComplex, values: list[Tensor], t: Tensor, smoothing: float | None
) -> Tensor:
    """(num_parts, V, T) curves of V filtrations, for each k of (n_k, V) values."""
    width = values[0].shape[1] if values else 1
    shape = (K.num_parts, width, len(t))
    chi = torch.zeros(shape, dtype=t.dtype, device=t.device)
    require_room(chi.numel(), t, "the Euler characteristic curves")
    for k, value in enumerate(values):
        sign, part = (-1) ** k, K.part(k)
        if smoothing is None:
            chi += sign * _entered(value.detach(), part, t, K.num_parts)
        else:
            s = require_real("smoothing", smoothing, 0.0, open=True)
            require_room(value.numel() * len(t), t, "the smooth steps of all simplices")
            step = torch.sigmoid((t - value[:, :, None]) / s)
            chi = chi.index_add(0, part, sign * step)
    return chi


def _entered(value: Tensor, part: Tensor, t: Tensor, num_parts: int) -> Tensor:
    """(num_parts, V, T) how many of the simplices (n, V) of each part have entered."""
    levels, order = t.sort()
    first = torch.searchsorted(levels, value.contiguous())  # (n, V), the first level not below
    width = value.shape[1]
    filtration = torch.arange(width, device=t.device)
    cell = (part[:, None] * width + filtration) * (len(t) + 1) + first
    counts = torch.bincount(cell.flatten(), minlength=num_parts * width * (len(t) + 1))
    entered = counts.view(num_parts, width, len(t) + 1)[:, :, :-1].cumsum(2).to(t.dtype)
    result = torch.empty_like(entered)
    result[:, :, order] = entered
    return result
