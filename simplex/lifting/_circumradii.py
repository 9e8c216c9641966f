"""The gradients of alpha values: each is the circumradius of its simplex, or of a coface."""

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.lifting._spheres import circumscribed


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
        around = None if weight is None else weight[corners]
        _, square, solved = circumscribed(place[corners], around)
        if not solved.all():
            raise ValueError(
                f"points must be in general position for gradients, got {k + 1} of them in one "
                f"{k - 1}-plane. Move them apart by noise, or take the values without gradients."
            )
        radius = square.sqrt() if weight is None else square
        exact = given[k][own] + (radius - radius.detach())
        values[k] = torch.zeros_like(given[k]).index_put((own,), exact)
        if k < K.dim:
            values[k] = values[k].index_put((copied,), values[k + 1][source[copied]])
    dtypes = [value.dtype for value in K.filtration or ()]
    return K.with_filtration([v.to(dtype) for v, dtype in zip(values, dtypes, strict=True)])
