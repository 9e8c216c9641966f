"""What a file holds, before it is made a complex."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.interop import GraphEdges


Values = dict[str, Sequence[Any]]  # by name, one for each of something; None where there is none
FILTRATION = "filtration"  # what the values of a filtration are called where a file has names


@dataclass
class Content:
    """What a file holds: a graph, perhaps with lengths of its edges; or a complex.

    Attributes:
        graph: edges that are to be lifted.
        lengths: (E,) float64, of the edges of the graph.
        facets: a complex that is whole, or cut where the user said so.
        lifted: a complex that was cut at ``max_dim``, or at ``DEFAULT_MAX_DIM``.
        values: for each dimension what the file says of its simplices beside their names. Those of
            the edges of a graph have one value for each column of its ``edge_index``.
        metadata: what it says of the whole.
        lost: what of it a complex cannot hold, said to the user.
        exact: whether the names are what the file was written with, and not its words for them.
    """

    graph: GraphEdges | None = None
    lengths: Tensor | None = None
    facets: SimplicialComplex | None = None
    lifted: SimplicialComplex | None = None
    values: dict[int, Values] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    exact: bool = False


class Contents(NamedTuple):
    """A complex and all else that a file says: see :func:`read_data`.

    Attributes:
        complex: the complex.
        attributes: for each dimension k by name a tuple of n_k values, ``None`` where there is
            none.
        metadata: what the file says of the whole.
        notes: how it was read, and what was left out.
    """

    complex: SimplicialComplex
    attributes: tuple[Mapping[str, tuple[Any, ...]], ...]
    metadata: Mapping[str, Any]
    notes: tuple[str, ...]


def compact_labels(labels: Sequence[Any]) -> tuple[Any, ...] | None:
    """The names of vertices; ``None`` where they are the numbers that these have."""
    plain = all(type(name) is int for name in labels)
    return None if plain and list(labels) == list(range(len(labels))) else tuple(labels)


def graph_of(
    names: Sequence[Any],
    edges: Sequence[tuple[int, int]] | Tensor,
    vertex_values: Values | None = None,
    edge_values: Values | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Content:
    """A graph by the names of its vertices and the numbers of the ends of its edges, (E, 2)."""
    index = torch.as_tensor(edges, dtype=torch.int64).view(-1, 2).T.contiguous()
    values = {0: vertex_values or {}, 1: edge_values or {}}
    graph = GraphEdges(len(names), index, compact_labels(names))
    return Content(graph, values=values, metadata=metadata or {})


def columns_of(records: Sequence[Mapping[str, Any]]) -> Values:
    """Records with some of the same fields, as columns."""
    names = dict.fromkeys(name for record in records for name in record)
    return {name: [record.get(name) for record in records] for name in names}
