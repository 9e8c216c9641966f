"""The alpha complex of points with weights: balls of different sizes."""

import math
from typing import Any

import torch

from simplex.complexes import (
    SimplicialComplex,
    interruptible,
    on_free_threads,
    require_int,
    require_real,
)
from simplex.interop import from_gudhi
from simplex.lifting._circumradii import with_gradients
from simplex.lifting._delaunay import as_array, require_room_for_cells
from simplex.lifting._points import read_numbers, read_points, require_distinct


@on_free_threads()
def weighted_alpha_complex(
    points: Any, weights: Any, max_power: float = math.inf, max_dim: int | None = None
) -> SimplicialComplex:
    r"""The alpha complex of balls whose squared radii are α + w_v: atoms of different elements.

    .. math:: f(σ) = \min_x \max_{v ∈ σ} \left( ‖x - v‖^2 - w_v \right)
              \text{ over } x \text{ that no other point is nearer to, } \qquad
              K = \{σ : f(σ) ≤ \text{max\_power}\}

    With all weights 0 it is :func:`alpha_complex` with the *squared* radii as filtration: here
    values may be negative, -w_v on vertices, and have no root. A point whose ball is covered by
    others in all sizes is no vertex. Where points or weights require gradients, the values are
    differentiable in them.

    Args:
        points: (n, d) distinct coordinates.
        weights: (n,) numbers, squared radii at α = 0.
        max_power: largest α, the bound itself included.
        max_dim: top dimension kept; ``None`` for all.

    Returns:
        The complex of the points that are vertices, in their order; ``vertex_labels`` has their
        rows where some are left out before others. On the device of the points, computed on the
        CPU by GUDHI with exact predicates; filtration in the dtype of the points.

    Raises:
        TypeError: input that is no numbers.
        ValueError: NaN or infinite input, coinciding points, another number of weights, or more
            cells than fit in memory.

    Cost:
        All cells are computed, whatever ``max_power``: as :func:`alpha_complex`, and a tree of
        GUDHI, some hundred bytes for each simplex, before tables are made of it.

    Example:
        >>> K = weighted_alpha_complex([[0.0, 0.0], [3.0, 0.0]], [1.0, 4.0], max_power=0.0)
        >>> [values.tolist() for values in K.filtration]
        [[-1.0, -4.0], [0.0]]
    """
    place = read_points(points)
    require_distinct(place)
    weight = read_numbers("weights", weights)
    if weight.shape != (len(place),):
        raise ValueError(
            f"weights must be of shape ({len(place)},), one per point, got {tuple(weight.shape)}."
        )
    if not bool(weight.isfinite().all()):
        raise ValueError("weights must be finite, got NaN or infinity.")
    bound = float(max_power) if _is_infinite(max_power) else require_real("max_power", max_power)
    if max_dim is not None:
        require_int("max_dim", max_dim, least=0)
    if not len(place):
        return SimplicialComplex(0, device=place.device).with_filtration([])
    import gudhi

    array = as_array(place)
    require_room_for_cells(array)
    sizes = weight.detach().double().cpu().numpy()
    cloud = interruptible(lambda: gudhi.AlphaComplex(points=array, weights=sizes))
    tree = interruptible(lambda: cloud.create_simplex_tree())
    tree.prune_above_filtration(bound)
    K = from_gudhi(tree)
    if place.requires_grad or weight.requires_grad:
        rows = torch.tensor(K.vertex_labels or range(K.num_simplices(0)), device=place.device)
        K = with_gradients(K, place[rows], weight.to(place.device)[rows])
    if max_dim is not None:
        K = K.skeleton(max_dim)
    values = [value.to(place.dtype) for value in K.filtration or ()]
    return K.with_filtration(values, monotone=False).to(place.device)


def _is_infinite(value: object) -> bool:
    return isinstance(value, float) and value in (math.inf, -math.inf)
