"""The circumscribed spheres of simplices."""

import torch
from torch import Tensor


def circumscribed(corners: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The spheres through all vertices, with centers in the planes of the simplices.

    With edges A from the first vertex, G = A Aᵀ and G λ = diag(G) / 2, the center is Aᵀλ from it.

    Args:
        corners: (n, k+1, d).

    Returns:
        Centers (n, d), squared radii (n,), and whether there is such a sphere, (n,).
    """
    edges = corners[:, 1:] - corners[:, :1]  # (n, k, d)
    gram = edges @ edges.mT
    half = gram.diagonal(dim1=1, dim2=2) / 2
    solution, info = torch.linalg.solve_ex(gram, half[..., None])
    offset = (solution * edges).sum(1)  # (n, d)
    solved = (info == 0) & offset.detach().isfinite().all(1)
    return corners[:, 0] + offset, offset.square().sum(1), solved
