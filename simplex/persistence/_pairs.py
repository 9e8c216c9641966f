"""Which cell of a filtered chain complex gives birth to a class, and which one ends it."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import interruptible, require_memory
from simplex.operators import pivot_owners


_BYTES = 32  # of an incidence: the table read, the sorted cofacet and its sign


def filtered_pairs(
    facets: Sequence[Tensor],
    signs: Sequence[Tensor],
    order: Sequence[Tensor],
    max_dim: int,
    prime: int,
) -> list[tuple[Tensor, Tensor]]:
    """Births and deaths of the classes of each degree, in the order of birth.

    Args:
        facets: for k ≥ 1 the (n_k, k+1) ids of the facets of the k-cells, -1 for none.
        signs: int8, of the same shapes.
        order: for k ≥ 0 the ids of the k-cells as they enter.
        max_dim: the top degree of the classes.
        prime: of the field.

    Returns:
        For k = 0 … max_dim the ids of k-cells and of (k+1)-cells, -1 for a class that stays.
    """
    pairs = []
    ends_a_class = np.zeros(len(order[0]), np.bool_)  # by place, in the degree at hand
    for k in range(max_dim + 1):
        top = k == len(order) - 1
        owners = (
            np.empty(0, np.int64) if top else _owners(facets, signs, order, k, ends_a_class, prime)
        )
        death = np.full(len(order[k]), -1, np.int64)
        deaths = (owners >= 0).nonzero()[0]
        death[owners[deaths]] = deaths
        born = (~ends_a_class).nonzero()[0]
        ended = torch.from_numpy(death[born])
        ids = ended if top else torch.where(ended < 0, ended, order[k + 1][ended])
        pairs.append((order[k][torch.from_numpy(born)], ids))
        ends_a_class = owners >= 0
    return pairs


def _owners(
    facets: Sequence[Tensor],
    signs: Sequence[Tensor],
    order: Sequence[Tensor],
    k: int,
    cleared: np.ndarray,
    prime: int,
) -> np.ndarray:
    """The place of the k-cell that each (k+1)-cell, by place, is paired with, or -1."""
    from simplex.persistence._pairs_numba import merged_components, sorted_cofacets

    place = torch.empty_like(order[k])
    place[order[k]] = torch.arange(len(place))
    table = facets[k].contiguous().numpy()
    cells = order[k + 1].numpy()
    if k == 0:  # linear, where columns of vertices would fill up; the field does not matter
        owners: np.ndarray = interruptible(merged_components, table, cells, place.numpy())
        return owners
    what = f"the coboundary map from dimension {k} to {k + 1}"
    require_memory(_BYTES * table.size, torch.device("cpu"), what, f"Pass max_dim={k - 1}.")
    arrays = (table, signs[k].contiguous().numpy(), cells, place.numpy())
    pointer, cofacets, entries = interruptible(sorted_cofacets, *arrays)
    return pivot_owners(k, pointer, cofacets, entries, cleared, len(cells), prime)
