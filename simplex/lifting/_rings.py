"""The ring complex: the clique complex of a graph, with a cone over every chordless cycle."""

from collections.abc import Hashable
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    flag_complex,
    on_free_threads,
    require_complex,
    require_int,
    unique_edges,
)
from simplex.interop import GraphEdges, read_graph
from simplex.lifting._chordless import Cycles, cycles_of_edges


@on_free_threads()
def ring_complex(
    graph: Any,
    max_length: int = 8,
    max_dim: int = 2,
    *,
    num_vertices: int | None = None,
    max_simplices: int | None = None,
) -> SimplicialComplex:
    r"""Lift a graph to its clique complex, and fill its rings by cones.

    A chordless cycle :math:`c = (c_1, …, c_ℓ)` of 4 … ``max_length`` vertices gets an apex
    :math:`a_c`, joined to the vertices of the cycle:

    .. math:: K = \operatorname{Cl}(G) ∪ \bigcup_c
              \{\{a_c\} ∪ σ : σ ∈ \{∅, \{c_i\}, \{c_i, c_{i+1}\}\}\}

    A cone is a disk with the cycle as its boundary: up to homotopy a 2-cell has been attached, and
    the homology is that of the cell complex of the rings. Triangles are filled as cliques. The
    cycles have no chords, so the complex is again that of all cliques of a graph: the given one
    with the apexes.

    The vertices of the graph keep their numbers, and the apexes follow, those of short cycles
    first, those of a length in lexicographic order of their cycles; in the union of a list this is
    so in each part. The filtration of the complex marks the rings: it is the length of the ring
    for a simplex with an apex, else 0. It stays with the complex, through unions, parts and
    batches; :func:`ring_lengths` reads it.

    Args:
        graph: as for :func:`~simplex.lifting.clique_complex`; a list is lifted by one call, to the
            disjoint union of the lifts.
        max_length: most vertices of a ring, at least 3; 3 for the clique complex.
        max_dim: top dimension kept; rings are filled from 2 on, below the cones are cut.
        num_vertices: n_0 of an ``edge_index``; ``None`` for the largest id plus one.
        max_simplices: most simplices that may be built; ``None`` for what fits in memory.

    Returns:
        The complex, on the device of the edges. The label of an apex, where the vertices of the
        graph have labels, is the tuple of those of its ring.

    Raises:
        TypeError: an object that is no graph, or numbers that are no integers.
        ValueError: a directed graph, an id out of range, more rings than fit in memory, or a lift
            larger than allowed.

    Cost:
        That of :func:`chordless_cycles`, and of the clique complex of the graph with the apexes.

    Paper:
        Bodnar et al., "Weisfeiler and Lehman Go Cellular", NeurIPS 2021, attach 2-cells to the
        chordless cycles, triangles among them. Here the cell of a longer ring is a cone.

    Example:
        >>> import networkx as nx
        >>> K = ring_complex(nx.cycle_graph(6))
        >>> K, ring_lengths(K).tolist()
        (SimplicialComplex(f_vector=(7, 12, 6)), [0, 0, 0, 0, 0, 0, 6])
    """
    return lift_rings(read_graph(graph, num_vertices), max_length, max_dim, max_simplices)


def lift_rings(
    read: GraphEdges, max_length: int, max_dim: int, max_simplices: int | None = None
) -> SimplicialComplex:
    """The ring complex of a graph that has been read; labels and parts ride along."""
    require_int("max_dim", max_dim, least=0)
    count, parts = read.num_vertices, read.part_pointer
    edges = unique_edges(read.edge_index, count)
    cycles = cycles_of_edges(edges, count, max_length, parts)
    length, vertex = cycles.pointer.diff(), cycles.vertices
    apex_of = torch.arange(len(length), device=edges.device).repeat_interleave(length)
    place, apex = torch.arange(count, device=edges.device), count + apex_of
    if parts is not None:
        first_apex = torch.searchsorted(vertex[cycles.pointer[:-1]], parts)  # (num_parts+1,)
        part = torch.searchsorted(parts, place, right=True) - 1
        place = place + first_apex[part]
        apex = parts[part[vertex] + 1] + apex_of
        parts = parts + first_apex
    ends = torch.cat([place[edges.T], torch.stack([place[vertex], apex])], dim=1)
    total = count + len(length)
    K = flag_complex(total, unique_edges(ends, total), max_dim, max_simplices)
    marks = torch.zeros(total, device=edges.device)
    marks[apex] = length[apex_of].float()
    labels = None if read.labels is None else _labels(read.labels, cycles, place, apex)
    return _marked(K.with_parts(parts), marks).with_vertex_labels(labels)


def _marked(K: SimplicialComplex, marks: Tensor) -> SimplicialComplex:
    """With the largest mark of its vertices as the filtration value of a simplex."""
    values = [marks]
    for k in range(1, K.dim + 1):
        values.append(values[-1][K.facets(k)].amax(1))
    return K.with_filtration(values[: K.dim + 1])


def _labels(
    labels: tuple[Hashable, ...], cycles: Cycles, place: Tensor, apex: Tensor
) -> list[Hashable]:
    """The labels of the graph, and of an apex those of its ring."""
    pointer, vertices = cycles.pointer.tolist(), cycles.vertices.tolist()
    named: list[Hashable] = [None] * (len(labels) + len(pointer) - 1)
    for i, label in zip(place.tolist(), labels, strict=True):
        named[i] = label
    first = apex[cycles.pointer[:-1]].tolist()
    for c, i in enumerate(first):
        named[i] = tuple(labels[v] for v in vertices[pointer[c] : pointer[c + 1]])
    return named


def ring_lengths(K: SimplicialComplex, k: int = 0) -> Tensor:
    """How long the ring is that a simplex of a ring complex lies in; 0 for those of the graph.

    It tells the apexes from the vertices of the graph, and at every dimension the simplices of
    cones from cliques. As colors it makes a refinement start with them:
    ``simplicial_wl(K, colors=[ring_lengths(K, k) for k in range(K.dim + 1)])``.

    Args:
        K: a complex by :func:`ring_complex`, a union or a part of such.
        k: the degree.

    Returns:
        (n_k,) int64.

    Raises:
        ValueError: the complex has another filtration, or none.

    Example:
        >>> ring_lengths(ring_complex([(0, 1), (1, 2), (2, 3), (0, 3), (3, 4)]), 1).tolist()
        [0, 0, 4, 0, 4, 0, 4, 0, 4]
    """
    require_complex("K", K)
    k = require_int("k", k, 0)
    values = K.filtration
    if values is None and K.dim >= 0:
        raise _unmarked("none")
    if values is None or k > K.dim:
        return torch.zeros(K.num_simplices(k), dtype=torch.int64, device=K.device)
    lengths = values[0].long()
    proper = (lengths == 0) | (lengths > 3)
    if K.dim > 0:  # an apex is joined to the vertices of its ring and to no other
        proper &= (lengths == 0) | (
            lengths == K.facets(1).flatten().bincount(minlength=len(lengths))
        )
    if not bool((proper & (lengths == values[0])).all()):
        raise _unmarked("another")
    return values[k].long()


def _unmarked(got: str) -> ValueError:
    return ValueError(
        "K must be a complex by simplex.lifting.ring_complex, whose filtration is the lengths of "
        f"its rings, got {got}. Lift the graph again, or keep the filtration of the lift."
    )
