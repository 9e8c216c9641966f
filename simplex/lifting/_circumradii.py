"""The gradients of alpha values: each is the circumradius of its simplex, or of a coface."""

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex


def with_gradients(
    K: SimplicialComplex, points: Tensor, weights: Tensor | None = None
) -> SimplicialComplex:
    """The alpha complex with the same values, differentiable in the points they were made of.

    The circumscribed sphere of a simplex is empty, and its radius the value; or it is not, and the
    value is that of a cofacet, copied. With weights, it is the sphere orthogonal to those around
    the corners, whose squared radii they are, and its squared radius; vertices have one too.

    Args:
        K: the whole complex, as a cofacet that was left out cannot be read.
        points: (n, d) of any device; the values stay on that of K.
        weights: (n,).
    """
    place = points.to(K.device, torch.float64)
    weight = None if weights is None else weights.to(K.device, torch.float64)
    given = [value.double() for value in K.filtration or ()]
    values = list(given)
    for k in reversed(range(1 if weight is None else 0, K.dim + 1)):
        source = torch.full((K.num_simplices(k),), -1)
        if k < K.dim:
            equal = given[k][K.facets(k + 1)] == given[k + 1][:, None]
            simplex, column = equal.nonzero(as_tuple=True)
            source[K.facets(k + 1)[simplex, column]] = simplex
        own = (source < 0).nonzero()[:, 0]
        copied = (source >= 0).nonzero()[:, 0]
        corners = K.simplices(k)[own]
        radius = (
            _circumradii(place[corners]) if weight is None
            else _powers(place[corners], weight[corners])
        )  # fmt: skip
        exact = given[k][own] + (radius - radius.detach())
        values[k] = torch.zeros_like(given[k]).index_put((own,), exact)
        if k < K.dim:
            values[k] = values[k].index_put((copied,), values[k + 1][source[copied]])
    dtypes = [value.dtype for value in K.filtration or ()]
    return K.with_filtration([v.to(dtype) for v, dtype in zip(values, dtypes, strict=True)])


def _circumradii(corners: Tensor) -> Tensor:
    """(m,) radii of the spheres through the (m, k+1, d) corners, with centres in their planes.

    With edges A from the first corner, G = A Aᵀ and b = diag(G) / 2, it is √(bᵀ G⁻¹ b).
    """
    edges = corners[:, 1:] - corners[:, :1]
    gram = edges @ edges.mT
    half = gram.diagonal(dim1=1, dim2=2) / 2
    radii: Tensor = (half * torch.linalg.solve(gram, half)).sum(1).sqrt()
    return radii


def _powers(corners: Tensor, weights: Tensor) -> Tensor:
    """(m,) squared radii of the spheres orthogonal to those around the (m, k+1, d) corners.

    With edges A from the first corner, G = A Aᵀ and b = (diag(G) + w_0 - w) / 2, it is
    bᵀ G⁻¹ b - w_0.
    """
    edges, first = corners[:, 1:] - corners[:, :1], weights[:, :1]
    gram = edges @ edges.mT
    half = (gram.diagonal(dim1=1, dim2=2) + first - weights[:, 1:]) / 2
    powers: Tensor = (half * torch.linalg.solve(gram, half)).sum(1) - first[:, 0]
    return powers
