"""Stellar subdivision: new vertices inside some simplices, their stars coned anew."""

from typing import Any

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, on_free_threads, require_undirected
from simplex.operators._constructions.arguments import marked
from simplex.operators._constructions.rows import complex_of_rows


@on_free_threads()
def stellar_subdivision(K: SimplicialComplex, simplices: Any) -> SimplicialComplex:
    r"""Put a vertex into each of some simplices, and cone their closed stars from it.

    .. math:: (K \setminus \operatorname{St} σ) \; ∪ \; v_σ * ∂σ * \operatorname{Lk} σ

    The space stays as it is. Several simplices are subdivided at once, which needs that no simplex
    contains two of them; for others subdivide one after the other, in the order that you mean.

    Args:
        K: the complex; parts stay apart.
        simplices: of dimension 1 or more, as for :func:`star`.

    Returns:
        The complex. The new vertices come after the old ones of their part, by dimension and then
        by id of their simplices; where there are labels, one has the tuple of its simplex's labels.
        Orientation and filtration are left behind.

    Raises:
        TypeError: ``K`` is no complex, or simplices that are none.
        ValueError: a directed complex; a simplex that is not there, or a vertex; or two that are
            faces of one simplex.

    Laws:
        Betti numbers, the Euler characteristic and being a manifold do not change.

    Reference:
        Alexander, "The combinatorial theory of complexes", Annals of Mathematics 1930.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (1, 2, 3)])
        >>> stellar_subdivision(K, (1, 2)).f_vector
        (5, 8, 4)
    """
    masks = marked(require_undirected("K", K), simplices)
    if masks and bool(masks[0].any()):
        raise ValueError(
            "simplices must have two vertices or more, got the vertex "
            f"{int(masks[0].nonzero()[0])}."
        )
    count = int(sum(int(mask.sum()) for mask in masks))
    owner = _owners(K, masks)
    old = K.num_simplices(0)
    rows = [K.simplices(k)[owner[k] < 0] for k in range(K.dim + 1)]
    first = old
    for j, mask in enumerate(masks):
        starred = K.simplices(j)[mask]  # (m, j+1)
        for k in range(j, K.dim + 1):
            mine = (owner[k] >= first) & (owner[k] < first + len(starred))
            above, new = K.simplices(k)[mine], owner[k][mine]
            inside = starred[new - first]
            rows += [
                torch.where(above == inside[:, i, None], new[:, None], above) for i in range(j + 1)
            ]
        first += len(starred)
    place, pointer = _places(K, masks, count)
    result = complex_of_rows([place[table] for table in rows], K, old + count)
    if K.num_parts != 1:
        result = result.with_parts(pointer)
    if K.vertex_labels is None:
        return result
    named = list(K.vertex_labels)
    for j, mask in enumerate(masks):
        for simplex in K.simplices(j)[mask].tolist():
            named.append(tuple(K.vertex_labels[v] for v in simplex))
    return result.with_vertex_labels([named[v] for v in place.argsort().tolist()])


def _owners(K: SimplicialComplex, masks: list[Tensor]) -> list[Tensor]:
    """For each simplex the new vertex of the given one that it contains, or -1."""
    first, owners = K.num_simplices(0), list[Tensor]()
    for k, mask in enumerate(masks):
        owner = torch.full((K.num_simplices(k),), -1, device=K.device)
        most = owner
        if k:
            below = owners[k - 1][K.facets(k)]
            owner, least = below.amax(1), torch.where(below < 0, first, below).amin(1)
            most = torch.where(mask, owner, -1)
            if bool(((owner >= 0) & (least < owner)).any()) or bool((most >= 0).any()):
                bad = ((owner >= 0) & (least < owner)) | (most >= 0)
                simplex = tuple(K.simplices(k)[int(bad.nonzero()[0])].tolist())
                raise ValueError(
                    f"simplices must not be faces of one another or of a common simplex, got two "
                    f"in {simplex}. Subdivide one after the other."
                )
        owner = owner.clone()
        owner[mask] = first + torch.arange(int(mask.sum()), device=K.device)
        first += int(mask.sum())
        owners.append(owner)
    return owners


def _places(K: SimplicialComplex, masks: list[Tensor], count: int) -> tuple[Tensor, Tensor]:
    """The numbers of old and new vertices, those of a part together, and where parts start."""
    new = [K.part(j)[mask] for j, mask in enumerate(masks)]
    part = torch.cat([K.part(0), *new])
    order = part.argsort(stable=True)
    place = torch.empty_like(order)
    place[order] = torch.arange(len(order), device=K.device)
    sizes = part.bincount(minlength=K.num_parts)
    return place, torch.cat([sizes.new_zeros(1), sizes.cumsum(0)])
