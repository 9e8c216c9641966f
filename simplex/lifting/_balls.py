"""Smallest enclosing balls of the simplices of a complex on points."""

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_memory
from simplex.lifting._spheres import circumscribed


def enclosing_radii(K: SimplicialComplex, points: Tensor) -> list[Tensor]:
    """The radius of the smallest ball around each simplex, (n_k,) for each k; differentiable.

    Dimension by dimension: where the ball of a facet holds the vertex that it lacks, it is the ball
    of the simplex; otherwise all vertices are on the sphere, which is then the circumscribed one
    (Welzl's lemma). Values are never below those of a facet.

    Args:
        K: a complex whose vertices are the points.
        points: (n_0, d), of about unit size, so that squares neither over- nor underflow.
    """
    center, square = points, points.new_zeros(len(points))
    squares = [square]
    for k in range(1, K.dim + 1):
        facets, corners = K.facets(k), K.simplices(k)
        count, d = facets.numel(), points.shape[1]
        what = f"the balls around {len(facets)} simplices of dimension {k}"
        require_memory(
            4 * count * d * points.element_size(), K.device, what, "Lower max_dim or the radius."
        )
        center, square = _balls(points, corners, center[facets], square[facets])
        squares.append(square)
    return [_root(value) for value in squares[: K.dim + 1]]


def _balls(
    points: Tensor, corners: Tensor, center: Tensor, square: Tensor
) -> tuple[Tensor, Tensor]:
    """Centers (n, d) and squared radii (n,) of simplices, from those of their facets.

    Args:
        points: (n_0, d).
        corners: (n, k+1) vertices.
        center: (n, k+1, d) of the facet without each vertex.
        square: (n, k+1) of the same.
    """
    with torch.no_grad():
        apart = (points[corners] - center).square().sum(-1)
        slack = 16 * torch.finfo(points.dtype).eps * apart
        inside = apart <= square + slack
        best = torch.where(inside, square, -1).argmax(1)  # of several the same, up to rounding
        held = inside.any(1)
    rows = torch.arange(len(corners), device=corners.device)
    new_center, new_square = center[rows, best], square[rows, best]
    free = (~held).nonzero().squeeze(1)
    if not len(free):
        return new_center, new_square
    round_center, round_square, solved = circumscribed(points[corners[free]])
    largest = square[free].amax(1)
    taken, bad = free[solved], free[~solved]
    # Flat beyond rounding: no sphere through all vertices is to be told from a facet's.
    new_square = new_square.index_put((bad,), largest[~solved])
    new_center = new_center.index_put((taken,), round_center[solved])
    values = torch.maximum(round_square[solved], largest[solved])
    return new_center, new_square.index_put((taken,), values)


def _root(square: Tensor) -> Tensor:
    """The square root, with the gradient 0 at 0."""
    zero = square.detach() <= 0
    return torch.where(zero, 0, square.masked_fill(zero, 1).sqrt())
