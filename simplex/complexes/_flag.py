"""From the edges of a graph to the facet tables of its flag (clique) complex."""

import math
from fractions import Fraction
from functools import cached_property
from importlib import import_module
from types import ModuleType

import torch
from torch import Tensor

from simplex.complexes._arrays import integer_tensor
from simplex.complexes._checks import require_flag, require_int
from simplex.complexes._complex import SimplicialComplex
from simplex.complexes._machine import available_bytes
from simplex.complexes._tables import child_pointer, require_edge_keys
from simplex.complexes._threads import on_free_threads


_COMPILED_ON = ("cpu",)
_MANY = 1 << 12  # edges that are worth compiled code; simplices whose extensions are bounded first
_NOTHING = 1 << 26  # bytes not worth asking the system about


@on_free_threads()
def unique_edges(edge_index: Tensor, num_vertices: int, *, directed: bool = False) -> Tensor:
    """Edges of a graph, each once, as increasing pairs in lexicographic order.

    Self-loops are dropped, as are repetitions, undirected in either direction.

    Args:
        edge_index: (2, E) int64 vertex ids in 0 … num_vertices-1.
        num_vertices: n_0.
        directed: ``True`` for pairs (source, target), of which both directions are kept.

    Returns:
        (n_1, 2) int64.

    Raises:
        TypeError: no integers.
        ValueError: ids out of range, or the edge key v0·n + v1 would overflow 64 bits.
    """
    require_edge_keys(require_int("num_vertices", num_vertices, 0))
    require_flag("directed", directed)
    edge_index = integer_tensor("edge_index", edge_index)
    if edge_index.ndim != 2 or len(edge_index) != 2:
        raise ValueError(f"edge_index must have shape (2, E), got {tuple(edge_index.shape)}.")
    _require_ids("edge_index", edge_index, num_vertices)
    if edge_index.device.type in _COMPILED_ON and edge_index.shape[1] >= _MANY:
        distinct = import_module("simplex.complexes._edge_keys_numba").distinct_edges
        return torch.from_numpy(distinct(edge_index.numpy(), num_vertices, directed))
    low, high = edge_index
    if not directed:
        low, high = torch.minimum(low, high), torch.maximum(low, high)
    key = low * num_vertices + high
    key = key[edge_index[0] != edge_index[1]].sort().values
    fresh = torch.ones_like(key, dtype=torch.bool)
    torch.ne(key[1:], key[:-1], out=fresh[1:])
    key = key[fresh]
    tail = torch.div(key, max(num_vertices, 1), rounding_mode="floor")
    return torch.stack([tail, key - tail * num_vertices], dim=1)


def _require_ids(name: str, ids: Tensor, num_vertices: int) -> None:
    """Kernels read where ids point to: none may be outside."""
    low, high = torch.stack(ids.aminmax()).tolist() if ids.numel() else (0, -1)
    if low < 0 or high >= num_vertices:
        raise ValueError(
            f"{name} must hold vertex ids below num_vertices = {num_vertices}, got "
            f"{low if low < 0 else high}."
        )


def _require_edges(edges: Tensor, num_vertices: int, directed: bool) -> None:
    """The promise that :func:`unique_edges` keeps: increasing pairs in lexicographic order."""
    if edges.ndim != 2 or edges.shape[1] != 2:
        raise ValueError(f"edges must have shape (n_1, 2), got {tuple(edges.shape)}.")
    _require_ids("edges", edges, num_vertices)
    tail, head = edges.unbind(1)
    key = tail * num_vertices + head
    proper = (tail != head) if directed else (tail < head)
    if not bool(proper.all()) or not bool((key[1:] > key[:-1]).all()):
        pairs = "pairs" if directed else "increasing pairs"
        raise ValueError(
            f"edges must be distinct {pairs} in lexicographic order, got others. Pass "
            "unique_edges(edge_index, num_vertices), or take simplex.lifting.clique_complex."
        )


@on_free_threads()
def flag_complex(
    num_vertices: int,
    edges: Tensor,
    max_dim: int,
    max_simplices: int | None = None,
    *,
    directed: bool = False,
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
        directed: the edges are pairs (source, target), and a simplex is a tuple (v_0, …, v_k) with
            an edge from v_i to v_j for all i < j; "beyond the last vertex" does not apply.

    Returns:
        The complex, on the device of ``edges``.

    Raises:
        TypeError: no integers.
        ValueError: edges that are not as told, or the complex is larger than allowed; the message
            names the counts.

    Cost:
        O(Σ_σ min_i |children(σ_i)| · log): a list much longer than its partner is searched by
        galloping, so a hub costs the shorter list.
    """
    require_edge_keys(require_int("num_vertices", num_vertices, 0))
    require_flag("directed", directed)
    max_dim = require_int("max_dim", max_dim, 0)
    if max_simplices is not None:
        max_simplices = require_int("max_simplices", max_simplices, 0)
    edges = integer_tensor("edges", edges)
    _require_edges(edges, num_vertices, directed)
    room = _Room(max_simplices, max_dim, edges.device)
    room.require([num_vertices])
    if max_dim < 1 or len(edges) == 0:
        return SimplicialComplex(num_vertices, [], directed=directed, device=edges.device)
    room.require([num_vertices, len(edges)])
    tables = _facet_tables(num_vertices, edges, room, directed)
    return SimplicialComplex(num_vertices, tables, directed=directed, device=edges.device)


def _facet_tables(num_vertices: int, edges: Tensor, room: "_Room", directed: bool) -> list[Tensor]:
    """The facet tables of dimensions 1 and up, as far as there are cliques."""
    join = _join_on(edges.device)
    sizes, tables = [num_vertices, len(edges)], [edges.flip(1).contiguous()]
    pointer, last = (
        child_pointer(edges[:, 0], num_vertices),
        edges[:, 1].to(join.VERTEX).contiguous(),
    )
    ends = 0
    for k in range(1, room.max_dim):
        most = None
        if sizes[-1] >= _MANY:
            if not directed:  # the bound is one of cliques
                ends = ends or _num_ends(edges, num_vertices)
                room.require_growth(sizes, ends)
            most = room.left(sizes)
        level = tables[-1], pointer, last
        counts, total = join.count_children(*level, num_vertices, most, directed)
        if total == 0:
            break
        sizes.append(total)
        room.require(sizes, partly=most is not None and total > most)
        children = torch.zeros(len(counts) + 1, dtype=torch.int64, device=edges.device)
        torch.cumsum(counts, 0, out=children[1:])
        tables.append(join.fill_children(*level, children, num_vertices, directed))
        if k + 1 < room.max_dim:
            pointer, last = children, last[tables[-1][:, -2]]
    return tables


def _num_ends(edges: Tensor, num_vertices: int) -> int:
    """How many vertices have an edge."""
    has_edge = torch.zeros(num_vertices, dtype=torch.bool, device=edges.device)
    has_edge[edges.flatten()] = True
    return int(has_edge.sum())


def _join_on(device: torch.device) -> ModuleType:
    """The join as written for the device; loaded with the first lift, not with the package."""
    kind = "numba" if device.type in _COMPILED_ON else "torch"
    return import_module(f"simplex.complexes._flag_{kind}")


class _Room:
    """How large a lift may become: by its caller's word, or by what fits in memory."""

    def __init__(self, max_simplices: int | None, max_dim: int, device: torch.device) -> None:
        self.max_simplices, self.max_dim, self.device = max_simplices, max_dim, device

    @cached_property
    def limit(self) -> int:
        """Bytes the tables may take: half of the free ones, all of them on the caller's word."""
        free = available_bytes(self.device)
        return free // 2 if self.max_simplices is None else free

    def left(self, sizes: list[int]) -> int:
        """How many simplices of the next dimension there may be."""
        bytes_left = max(self.limit, _NOTHING) - _table_bytes(sizes)
        most = bytes_left // _table_bytes([*[0] * len(sizes), 1])
        if self.max_simplices is not None:
            most = min(most, self.max_simplices - sum(sizes))
        return max(most, 0)

    def require(self, sizes: list[int], *, known: int | None = None, partly: bool = False) -> None:
        """Stop before a dimension is allocated that would not fit, naming what was counted.

        Args:
            sizes: how many simplices there are in each dimension.
            known: in so many dimensions exactly, in the others at least.
            partly: whether the count of the last was given up.
        """
        bytes_needed = _table_bytes(sizes)
        if self.max_simplices is not None and sum(sizes) > self.max_simplices:
            raise ValueError(
                f"max_simplices must be at least the size of the lift, got {self.max_simplices} "
                f"for {self._counted(sizes, known, partly)}. Raise max_simplices or lower max_dim."
            )
        if bytes_needed >= _NOTHING and bytes_needed > self.limit:
            allow = ", or pass max_simplices= to allow it" if self.max_simplices is None else ""
            raise ValueError(
                f"the lift must fit in {'half of ' if allow else ''}the free memory "
                f"({self.limit / 2**30:.1f} GiB), got {bytes_needed / 2**30:.1f} GiB for "
                f"{self._counted(sizes, known, partly)}. Lower max_dim{allow}."
            )

    def require_growth(self, sizes: list[int], ends: int) -> None:
        """Stop where the cliques counted so far force too many larger ones.

        A graph on n vertices with k_s cliques of s vertices has (Moon and Moser 1962)

            k_{s+1} / k_s ≥ (s² · k_s / k_{s-1} - n) / (s² - 1),

        with equality for the complete graph. Vertices without an edge do not count.
        """
        least, known = list(sizes), len(sizes)
        count = Fraction(sizes[-1])
        ratio = count / (ends if known == 2 else sizes[-2])
        for s in range(known, self.max_dim + 1):
            ratio = (s * s * ratio - ends) / (s * s - 1)
            if ratio <= 0:
                return
            count *= ratio
            least.append(math.ceil(count))
            self.require(least, known=known)

    def _counted(self, sizes: list[int], known: int | None, partly: bool) -> str:
        exact = (len(sizes) if known is None else known) - partly
        counts = ", ".join(
            f"{size}{'' if i < exact else ' or more'} of dimension {i}"
            for i, size in enumerate(sizes)
        )
        k = len(sizes) - 1
        return counts + (f", before counting dimension {k + 1}" if k < self.max_dim else "")


def _table_bytes(sizes: list[int]) -> int:
    """A k-simplex costs k+1 facet ids, and while it is extended its last vertex and a pointer."""
    return 8 * sum(size * (k + 3) for k, size in enumerate(sizes))
