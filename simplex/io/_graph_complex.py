"""From the columns of an edge index to a complex: one edge for all that join two vertices."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.interop import GraphEdges
from simplex.io._content import FILTRATION, Content, Values
from simplex.io._families.listed import numbers_of
from simplex.io._options import Reading
from simplex.lifting import lift_edges


def graph_complex(
    content: Content, reading: Reading, lost: list[str]
) -> tuple[SimplicialComplex, dict[int, Values]]:
    """A graph as a complex of dimension 1, and the values of its vertices and edges."""
    graph = content.graph
    assert graph is not None
    K = lift_edges(graph, 1, reading.max_simplices)
    loops = graph.edge_index[0] == graph.edge_index[1]
    if bool(loops.any()):
        count = int(loops.sum())
        lost.append(f"{count} self-loop{'s are' if count > 1 else ' is'} left out")
    vertex_values, of_edges = dict(content.values.get(0, {})), content.values.get(1, {})
    edge_values: Values = {}
    if of_edges and K.num_simplices(1):
        first, differing = _first_columns(K, graph), []
        for name, column in of_edges.items():
            edge_values[name] = [column[i] for i in first]
            if name != reading.weight and _differ(K, graph, column, first, loops):
                differing.append(repr(name))
        if differing:
            lost.append(f"values {', '.join(differing)} of edges that come again are left out")
    lengths = lengths_of(content, reading)
    if lengths is None and reading.weight is None and FILTRATION in of_edges:
        lengths = numbers_of(of_edges[FILTRATION])
        if lengths is not None and FILTRATION not in vertex_values and bool((lengths < 0).any()):
            lengths = None  # below the 0 of the vertices: what is there stays an attribute
    if not K.num_simplices(1) and K.dim == 0 and (own := _of_vertices(vertex_values)) is not None:
        K = K.with_filtration([own])
    if lengths is not None:
        edge_values.pop(reading.weight or FILTRATION, None)
        K = with_lengths(K, graph.edge_index, lengths, _of_vertices(vertex_values))
    return K, {0: vertex_values, 1: edge_values}


def _of_vertices(values: Values) -> Tensor | None:
    """The filtration of vertices, where all have one; it is taken out of their values."""
    column = values.get(FILTRATION)
    found = None if column is None else numbers_of(column)
    if found is not None:
        del values[FILTRATION]
    return found


def lengths_of(content: Content, reading: Reading) -> Tensor | None:
    """The lengths of edges that the user named, (E,) float64; ``None`` where none are named.

    Raises:
        ValueError: the edges have no such attribute, or one that is no number for each.
    """
    if content.lengths is not None or reading.weight is None:
        return content.lengths
    known = content.values.get(1, {})
    lengths = numbers_of(known[reading.weight]) if reading.weight in known else None
    if lengths is None:
        shown = ", ".join(map(repr, known)) or "none"
        raise ValueError(
            f"--weight must be an attribute of edges with a number for each ({shown} are there), "
            f"got {reading.weight!r}."
        )
    return lengths


def _keys(K: SimplicialComplex, edges: Tensor) -> Tensor:
    n = K.num_simplices(0)
    return edges.amin(0) * n + edges.amax(0)


def _ids(K: SimplicialComplex, graph: GraphEdges) -> Tensor:
    """For each column of the edge index the id of its edge; any for a self-loop."""
    known = _keys(K, K.simplices(1).T)
    places: Tensor = torch.searchsorted(known, _keys(K, graph.edge_index))
    return places.clamp(max=len(known) - 1)


def _first_columns(K: SimplicialComplex, graph: GraphEdges) -> list[int]:
    """The first column of the edge index that is each edge."""
    index = graph.edge_index
    real = (index[0] != index[1]).nonzero()[:, 0]
    first = torch.full((K.num_simplices(1),), index.shape[1], dtype=torch.int64)
    first.scatter_reduce_(0, _ids(K, graph)[real], real, "amin")
    columns: list[int] = first.tolist()
    return columns


def oriented_as_given(K: SimplicialComplex, graph: GraphEdges) -> tuple[SimplicialComplex, bool]:
    """Every edge from the first end to the second of its first row; whether all rows agree."""
    if K.dim < 1:
        return K, True
    index = graph.edge_index
    falls = index[0] > index[1]
    turned = falls[_first_columns(K, graph)]
    agree = (falls == turned[_ids(K, graph)]) | (index[0] == index[1])
    oriented = K.reorient({1: 1 - 2 * turned.to(torch.int8)}) if bool(turned.any()) else K
    return oriented, bool(agree.all())


def _differ(
    K: SimplicialComplex, graph: GraphEdges, column: Any, first: list[int], loops: Tensor
) -> bool:
    """Whether an edge that comes again has another value."""
    if len(first) == graph.edge_index.shape[1] - int(loops.sum()):
        return False
    ids = _ids(K, graph).tolist()
    return any(
        column[i] is not None and not is_loop and column[i] != column[first[ids[i]]]
        for i, is_loop in enumerate(loops.tolist())
    )


def with_lengths(
    K: SimplicialComplex, edges: Tensor, lengths: Tensor, of_vertices: Tensor | None = None
) -> SimplicialComplex:
    """The lengths of edges as filtration: 0 on vertices, the longest edge of a larger simplex."""
    n = K.num_simplices(0)
    below = torch.zeros(n, dtype=torch.float64)
    if of_vertices is None and bool((lengths < 0).any()):
        raise ValueError(f"lengths of edges must be numbers ≥ 0, got {float(lengths.min()):g}.")
    values = [below if of_vertices is None else of_vertices]
    if K.dim > 0:
        keys = _keys(K, edges)
        order = torch.argsort(keys, stable=True)
        keys, lengths = keys[order], lengths[order]
        again = keys[1:] == keys[:-1]
        if bool((again & (lengths[1:] != lengths[:-1])).any()):
            raise ValueError(
                "--weight must give an edge one length, got several for the same edge."
            )
        values.append(lengths[torch.searchsorted(keys, _keys(K, K.simplices(1).T))])
    return with_edge_filtration(K, values)


def with_edge_filtration(K: SimplicialComplex, values: Sequence[Tensor]) -> SimplicialComplex:
    """Values of vertices and edges as filtration: on a larger simplex that of its latest edge."""
    values = list(values[: K.dim + 1])
    for k in range(2, K.dim + 1):
        values.append(values[-1][K.facets(k)].amax(1))
    return K.with_filtration(values)
