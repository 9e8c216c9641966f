"""The circumscribed spheres of simplices, and those orthogonal to spheres around their corners."""

import torch
from torch import Tensor


def circumscribed(corners: Tensor, weights: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """The spheres through all vertices, with centers in the planes of the simplices.

    With edges A from the first vertex, G = A Aᵀ and b = (diag(G) + w_0 - w) / 2, G λ = b: the
    center is Aᵀλ from that vertex, and the squared radius |Aᵀλ|² - w_0.

    Args:
        corners: (n, k+1, d).
        weights: (n, k+1) squared radii of spheres around the vertices, to which the sphere is
            orthogonal; ``None`` for 0.

    Returns:
        Centers (n, d), squared radii (n,), and whether there is such a sphere, (n,).
    """
    edges = corners[:, 1:] - corners[:, :1]  # (n, k, d)
    gram = edges @ edges.mT
    half = gram.diagonal(dim1=1, dim2=2) / 2
    if weights is not None:
        half = half + (weights[:, :1] - weights[:, 1:]) / 2
    solution, info = torch.linalg.solve_ex(gram, half[..., None])
    offset = (solution * edges).sum(1)  # (n, d)
    square = offset.square().sum(1)
    if weights is not None:
        square = square - weights[:, 0]
    solved = (info == 0) & offset.detach().isfinite().all(1)
    return corners[:, 0] + offset, square, solved
