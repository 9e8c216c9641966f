"""Regular cell complexes of dimension 2, as simplicial complexes: their barycentric subdivision."""

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    integer_tensor,
    on_free_threads,
    require_room_for_vertices,
    require_vertex_count,
    shown,
)
from simplex.operators import flags_of


@on_free_threads()
def from_cells(
    cells: Any, edges: Any = None, *, num_vertices: int | None = None
) -> SimplicialComplex:
    r"""The complex of the flags of a cell complex, whose 2-cells are given by their vertices.

    A cell is a polygon: a list of its vertices, at least 3, in their order around it. Its sides are
    the edges between consecutive vertices. Polygons that share vertices and sides are glued there;
    two with the same sides are two cells, which form a sphere. The result is the order complex of
    the faces, homeomorphic to the cell complex: its vertices are the vertices, then the edges in
    lexicographic order, then the cells in the given one; its triangles are the flags of a vertex,
    an edge and a cell. Of triangles alone it is :func:`~simplex.operators.subdivide`.

    Full flags are oriented as the face at their end: edges from the smaller vertex to the larger,
    cells by the order of their vertices. For the chordless cycles of a graph
    :func:`~simplex.lifting.ring_complex` has the same homotopy type on fewer simplices.

    Args:
        cells: the vertices of each 2-cell, numbers or names, in their order around it; a list of
            lists of any lengths, or a (c, l) integer tensor or array.
        edges: further edges, pairs of vertices; sides need not be given.
        num_vertices: n_0 of the cell complex, for numbers; ``None`` for the largest id plus one.

    Returns:
        The complex. Where vertices have names, edges and cells are labelled by the tuple of those
        of their vertices.

    Raises:
        TypeError: vertices that are neither integers nor names.
        ValueError: a cell of fewer than 3 vertices or with one of them twice, an edge from a vertex
            to itself, or an id out of range.

    Cost:
        Linear in the sides of all cells.

    Laws:
        n vertices, m edges and c cells with l sides together give (n + m + c, 2m + 2l, 2l).

    Example:
        >>> from simplex.operators import betti_numbers
        >>> prism = [(0, 1, 2), (3, 4, 5), (0, 1, 4, 3), (1, 2, 5, 4), (0, 2, 5, 3)]
        >>> from_cells(prism), betti_numbers(from_cells(prism))
        (SimplicialComplex(f_vector=(20, 54, 36)), (1, 0, 1))
    """
    polygons, sides = _listed("cells", cells), _listed("edges", () if edges is None else edges)
    _require_vertices("cells", polygons)
    _require_vertices("edges", sides)
    names = _names([*polygons, *sides])
    if names is not None and num_vertices is not None:
        raise ValueError(f"num_vertices must be None for named vertices, got {num_vertices}.")
    around, size = _flat("cells", polygons, names)
    ends, two = _flat("edges", sides, names)
    _require_polygons(polygons, size)
    if bool((two != 2).any()):
        raise ValueError(
            f"edges must be pairs of vertices, got {shown(sides[int((two != 2).nonzero()[0])])}."
        )
    given = torch.cat([around, ends])
    least, largest = torch.stack(given.aminmax()).tolist() if len(given) else (0, -1)
    if least < 0:
        raise ValueError(f"vertex ids must be non-negative, got {least}.")
    n = require_vertex_count(num_vertices, largest)
    require_room_for_vertices(n, around.device, "Number the vertices 0, 1, 2, …")
    cell = torch.arange(len(size)).repeat_interleave(size)
    _require_simple(around, cell, polygons, n)
    first = size.cumsum(0) - size
    following = torch.arange(len(around)) + 1
    following[first + size - 1] = first
    return _flags(around, around[following], cell, ends.view(-1, 2), n, names)


def _flags(
    around: Tensor,
    following: Tensor,
    cell: Tensor,
    edges: Tensor,
    n: int,
    names: list[Hashable] | None,
) -> SimplicialComplex:
    """The order complex of vertices, edges and cells, by the sides of the cells."""
    if bool((edges[:, 0] == edges[:, 1]).any()):
        loop = int(edges[edges[:, 0] == edges[:, 1]][0, 0])
        loop_name = loop if names is None else names[loop]
        raise ValueError(f"edges must join two vertices, got ({loop_name!r}, {loop_name!r}).")
    ends = torch.cat([torch.stack([around, following], 1), edges]).sort(1).values
    key, side = torch.unique(ends[:, 0] * n + ends[:, 1], return_inverse=True)
    low = torch.div(key, max(n, 1), rounding_mode="floor")
    high, side, m = key - low * n, side[: len(around)], len(key)
    edge, of_cell = n + torch.arange(m), n + m + cell
    number = int(cell[-1]) + 1 if len(cell) else 0
    rank = torch.tensor([0, 1, 2]).repeat_interleave(torch.tensor([n, m, number]))
    plus = torch.ones(m, dtype=torch.int8)
    turned = torch.where(around < following, 1, -1).to(torch.int8)
    flags = flags_of(
        rank,
        torch.cat([low, high, n + side, around]),
        torch.cat([edge, edge, of_cell, of_cell]),
        torch.cat([-plus, plus, turned, turned]),
        max_dim=2,
    )
    if names is None:
        return flags
    labels: list[Hashable] = [*names]
    labels += [(names[u], names[v]) for u, v in zip(low.tolist(), high.tolist(), strict=True)]
    polygons = torch.split(around, cell.bincount(minlength=number).tolist())
    labels += [tuple(names[v] for v in polygon.tolist()) for polygon in polygons[:number]]
    return flags.with_vertex_labels(labels)


# --- reading --------------------------------------------------------------------------------------


def _listed(name: str, given: Any) -> list[Any]:
    """The rows of a list, a tensor or an array."""
    if isinstance(given, (Tensor, np.ndarray)):
        table = integer_tensor(name, given)
        if table.ndim != 2:
            raise ValueError(f"{name} must have shape (m, l), got {tuple(table.shape)}.")
        listed: list[Any] = table.tolist()
        return listed
    if not isinstance(given, Iterable) or isinstance(given, (str, bytes, dict)):
        raise TypeError(f"{name} must be a list of lists of vertices, got {shown(given)}.")
    rows = [row.tolist() if isinstance(row, (Tensor, np.ndarray)) else row for row in given]
    for row in rows:
        if not isinstance(row, Sequence) or isinstance(row, (str, bytes)):
            raise TypeError(f"{name} must be a list of lists of vertices, got {shown(row)} in it.")
    return rows


def _names(rows: list[Sequence[Any]]) -> list[Hashable] | None:
    """The names in the order in which they appear; ``None`` for numbers."""
    vertices = [vertex for row in rows for vertex in row]
    if not any(isinstance(vertex, (str, tuple)) for vertex in vertices):
        return None
    other = next((vertex for vertex in vertices if not isinstance(vertex, (str, tuple))), None)
    if other is not None:
        raise TypeError(f"vertices must be all numbers or all names, got both, such as {other!r}.")
    return list(dict.fromkeys(vertices))


def _require_vertices(name: str, rows: list[Any]) -> None:
    for row in rows:
        for vertex in row:
            if vertex is None:
                raise TypeError(
                    f"{name} must be of vertices that are numbers or names, got None in "
                    f"{shown(row)}."
                )


def _flat(name: str, rows: list[Any], names: list[Hashable] | None) -> tuple[Tensor, Tensor]:
    """All vertices one after the other, and how many each row has."""
    sizes = torch.tensor([len(row) for row in rows], dtype=torch.int64)
    vertices = [vertex for row in rows for vertex in row]
    if names is not None:
        number = {label: i for i, label in enumerate(names)}
        return torch.tensor([number[vertex] for vertex in vertices], dtype=torch.int64), sizes
    read = integer_tensor(name, vertices)
    if read.ndim != 1:
        raise TypeError(
            f"{name} must be of vertices that are numbers or names, got {shown(rows[0])}."
        )
    return read.to(torch.int64), sizes


def _require_polygons(polygons: list[Any], size: Tensor) -> None:
    small = (size < 3).nonzero()[:, 0]
    if len(small):
        raise ValueError(
            f"cells must have at least 3 vertices, got {shown(polygons[int(small[0])])}. Give "
            "edges by edges=, and single vertices by num_vertices=."
        )


def _require_simple(around: Tensor, cell: Tensor, polygons: list[Any], n: int) -> None:
    """No vertex comes twice in a cell."""
    key = (cell * n + around).sort().values
    again = (key[1:] == key[:-1]).nonzero()[:, 0]
    if len(again):
        worst = int(key[int(again[0])]) // n
        raise ValueError(
            f"cells must have distinct vertices, got {shown(polygons[worst])}. Subdivide an edge "
            "or a cell that meets itself by further vertices."
        )
