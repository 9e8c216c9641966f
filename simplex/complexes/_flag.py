"""From the edges of a graph to the facet tables of its flag (clique) complex."""

from importlib import import_module
from types import ModuleType

import numpy as np
import torch
from torch import Tensor

from simplex.complexes._complex import SimplicialComplex
from simplex.complexes._machine import available_bytes
from simplex.complexes._tables import child_pointer, require_edge_keys


_COMPILED_ON = ("cpu",)


def unique_edges(edge_index: Tensor, num_vertices: int) -> Tensor:
    """Undirected edges of a graph, each once, as increasing pairs in lexicographic order.

    Self-loops are dropped, as are repetitions in either direction.

    Args:
        edge_index: (2, E) int64 vertex ids in 0 … num_vertices-1.
        num_vertices: n_0.

    Returns:
        (n_1, 2) int64.

    Raises:
        ValueError: the edge key v0·n + v1 would overflow 64 bits.
    """
    require_edge_keys(num_vertices)
    key = torch.minimum(edge_index[0], edge_index[1])
    key = key * num_vertices + torch.maximum(edge_index[0], edge_index[1])
    key = key[edge_index[0] != edge_index[1]]
    if key.device.type == "cpu":
        key.numpy().sort()  # numpy's vectorised sort: 3.5 times as fast as torch's on one core
    else:
        key = key.sort().values
    fresh = torch.ones_like(key, dtype=torch.bool)
    torch.ne(key[1:], key[:-1], out=fresh[1:])
    key = key[fresh]
    tail = torch.div(key, max(num_vertices, 1), rounding_mode="floor")
    return torch.stack([tail, key - tail * num_vertices], dim=1)


def flag_complex(
    num_vertices: int, edges: Tensor, max_dim: int, max_simplices: int | None = None
) -> SimplicialComplex:
    """The complex of all cliques of a graph with at most ``max_dim + 1`` vertices.

    Dimension by dimension, the vertices that extend a simplex σ are the intersection of the child
    lists of its facets, children(σ) = ⋂_{τ ≺ σ} children(τ), beyond the last vertex of σ. One pass
    counts, the next fills, so the size is known before the table is allocated.

    Args:
        num_vertices: n_0.
        edges: (n_1, 2) distinct increasing pairs in lexicographic order (see :func:`unique_edges`).
        max_dim: top dimension kept.
        max_simplices: most simplices, of all dimensions, that may be built; ``None`` stands for
            what fits in half of the free memory.

    Returns:
        The complex, on the device of ``edges``.

    Raises:
        ValueError: the complex is larger than allowed; the message names the counts.

    Cost:
        O(Σ_σ min_i |children(σ_i)| · log): a list much longer than its partner is searched by
        galloping, so a hub costs the shorter list.
    """
    join = _join_on(edges.device)
    sizes, tables = [num_vertices], []
    if max_dim >= 1 and len(edges):
        _require_room([*sizes, len(edges)], 1, max_dim, max_simplices, edges.device)
        tables.append(edges.flip(1).contiguous())
        sizes.append(len(edges))
        pointer, last = child_pointer(edges[:, 0], num_vertices), edges[:, 1].contiguous()
    for k in range(1, max_dim):
        if len(tables) < k:
            break
        counts = join.count_children(tables[-1], pointer, last, num_vertices)
        children = torch.zeros(len(counts) + 1, dtype=torch.int64, device=edges.device)
        torch.cumsum(counts, 0, out=children[1:])
        total = int(children[-1])
        if total == 0:
            break
        _require_room([*sizes, total], k + 1, max_dim, max_simplices, edges.device)
        tables.append(join.fill_children(tables[-1], pointer, last, children, num_vertices))
        sizes.append(total)
        if k + 1 < max_dim:
            pointer, last = children, last[tables[-1][:, -2]]
    return SimplicialComplex(num_vertices, tables, device=edges.device)


def _join_on(device: torch.device) -> ModuleType:
    """The join as written for the device; loaded with the first lift, not with the package."""
    kind = "numba" if device.type in _COMPILED_ON else "torch"
    return import_module(f"simplex.complexes._flag_{kind}")


def _require_room(
    sizes: list[int], k: int, max_dim: int, max_simplices: int | None, device: torch.device
) -> None:
    """Stop before a dimension is allocated that would not fit, naming what was counted."""
    # A k-simplex costs k+1 facet ids, and while it is extended its last vertex and a pointer.
    need = 8 * int(np.dot(sizes, np.arange(len(sizes)) + 3))
    counted = ", ".join(f"{size} of dimension {i}" for i, size in enumerate(sizes))
    beyond = f", before counting dimension {k + 1}" if k < max_dim else ""
    if max_simplices is not None:
        if sum(sizes) > max_simplices:
            raise ValueError(
                f"max_simplices must be at least the size of the lift, got {max_simplices} for "
                f"{counted}{beyond}. Raise max_simplices or lower max_dim."
            )
    elif need >= 2**26 and need > (limit := available_bytes(device) // 2):
        raise ValueError(
            f"the lift must fit in half of the free memory ({limit / 2**30:.1f} GiB), got "
            f"{need / 2**30:.1f} GiB for {counted}{beyond}. Lower max_dim, or pass max_simplices= "
            "to allow it."
        )
