"""Which edges a complex was made of: a fingerprint, stored with it and compared on reading."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch_geometric.utils import is_sparse, to_edge_index

from simplex.complexes import SimplicialComplex
from simplex.data._checks import require_edge_table, require_ids


FINGERPRINT = "lift_fingerprint"  # no name that PyG reads a meaning into

_FACTORS = (-7046029254386353131, -4417276706812531889, -4658895280553007687, -7723592293110705685)


def edge_fingerprint(
    edges: Tensor, part: Tensor | None = None, num_parts: int = 1, *, directed: bool = False
) -> Tensor:
    """For each part the number of its edges and a 64-bit sum of their hashes.

    Order, repetition and self-loops do not count, nor, where the complex is undirected, directions:
    the lift ignores them too.

    Args:
        edges: (2, E) vertex ids, those of later parts shifted.
        part: (n_0,) which part each vertex is in, increasing; ``None`` for one part.
        num_parts: how many there are.
        directed: whether directions count.

    Returns:
        (num_parts, 2) int64.
    """
    low, high = edges if directed else edges.aminmax(dim=0)
    base = int(edges.max()) + 1 if edges.numel() else 1
    keys = torch.unique(low.long() * base + high.long())
    low, high = keys // base, keys % base
    owner = torch.zeros_like(low)
    if part is not None:
        sizes = torch.bincount(part, minlength=num_parts)
        owner = part[low]
        first = (sizes.cumsum(0) - sizes)[owner]
        low, high = low - first, high - first
    sums = torch.stack([torch.ones_like(low), _mixed(low, high)], dim=1) * (low != high)[:, None]
    return owner.new_zeros(num_parts, 2).index_add_(0, owner, sums)


def _mixed(low: Tensor, high: Tensor) -> Tensor:
    """A hash of each pair; products wrap around."""
    value = low * _FACTORS[0] + high * _FACTORS[1]
    value = (value ^ (value >> 29)) * _FACTORS[2]
    value = (value ^ (value >> 32)) * _FACTORS[3]
    return value ^ (value >> 29)


def stored_edges(store: Any) -> Tensor | None:
    """The (2, E) edges of a PyG storage: its ``edge_index``, else a sparse ``adj_t`` or ``adj``."""
    edges = store.get("edge_index")
    if isinstance(edges, Tensor):
        return edges.as_subclass(Tensor)
    for key in ("adj_t", "adj"):
        matrix = store.get(key)
        if is_sparse(matrix):
            return to_edge_index(matrix)[0]  # type: ignore[no-any-return]
    return None


def with_fingerprint(
    K: SimplicialComplex, fields: Mapping[str, Any], slices: Mapping[str, Tensor] | None = None
) -> dict[str, Any]:
    """The fields, and the fingerprint of their ``edge_index`` if they have one.

    Args:
        K: the complex that was made of the edges.
        fields: of one item; or with ``slices`` those of one item per part, concatenated, where ids
            count from each item.
        slices: where the items start in the fields; one column per item where left out.

    Raises:
        TypeError: ids that are no integers.
        ValueError: an ``edge_index`` of another shape, or an id out of range.
    """
    given = dict(fields)
    if given.get("edge_index") is None or given.get(FINGERPRINT) is not None:
        return given
    edges = require_edge_table(given["edge_index"])
    if slices is None:
        require_ids(edges, torch.tensor(K.num_simplices(0)))
        return given | {FINGERPRINT: edge_fingerprint(edges, directed=K.directed)}
    start, device = K.part_pointer(0), edges.device
    bounds = slices.get("edge_index", torch.arange(K.num_parts + 1)).to(start.device)
    owner = torch.arange(K.num_parts, device=start.device).repeat_interleave(bounds.diff())
    if len(owner) != edges.shape[1]:
        return given  # the caller says that the columns do not fit
    require_ids(edges, start.diff()[owner].to(device))
    shifted = edges + start[owner].to(device)
    part = K.part(0).to(device)
    made_of = edge_fingerprint(shifted, part, K.num_parts, directed=K.directed)
    return given | {FINGERPRINT: made_of}
