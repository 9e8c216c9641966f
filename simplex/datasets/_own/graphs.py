"""Tables of nodes, edges and graphs as one union of graphs: numbers for names."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from simplex.datasets._own.roles import Tables
from simplex.io import HeadedTable


@dataclass(frozen=True)
class Graphs:
    """The vertices of all graphs, one graph after the other, and their edges.

    Attributes:
        pointer: (graphs + 1,) where the vertices of each graph start.
        vertex_names: of all vertices.
        graph_names: ``None`` for one graph without a name.
        rows: (n,) the row of the table of nodes for each vertex; ``None`` without such a table.
        graph_rows: (graphs,) the row of the table of graphs; ``None`` without such a table.
        edges: (2, m) vertices, one column for each row of the table of edges.
    """

    pointer: Tensor
    vertex_names: list[str]
    graph_names: list[str] | None
    rows: Tensor | None
    graph_rows: Tensor | None
    edges: Tensor


def graphs_of(tables: Tables) -> Graphs:
    """Numbers for all ids.

    Raises:
        ValueError: an id that is missing or comes twice, an edge to nobody, between two graphs or
            of a graph that is not listed, or a graph without nodes.
    """
    nodes, edges, graphs = tables.nodes, tables.edges, tables.graphs
    of_nodes, of_edges, of_graphs = tables.graph
    listed: list[str] | None = None
    if graphs is not None and of_graphs is not None:
        listed = graphs.columns[of_graphs]
        _require_once(graphs, listed, "graph")
    if nodes is None or tables.node is None:
        names, owner_names = _vertices_of_edges(tables)
    else:
        names = nodes.columns[tables.node]
        owner_names = None if of_nodes is None else nodes.columns[of_nodes]
        _require_once(nodes, names, "node", owner_names)
        if owner_names is None and (of_edges is not None or listed is not None):
            owner_names = _owners_by_edges(tables, names)
    if owner_names is None:
        pointer = torch.tensor([0, len(names)])
        order = torch.arange(len(names))
        known: list[str] | None = None
    else:
        known = list(dict.fromkeys(owner_names)) if listed is None else listed
        owner = _numbers(owner_names, known, nodes or edges, "graph", graphs)
        order = owner.argsort(stable=True)
        counts = owner.bincount(minlength=len(known))
        if not bool(counts.all()):
            raise ValueError(
                f"every graph must have a node, got none for {known[int(counts.argmin())]!r}. Add "
                "its nodes, or remove its row."
            )
        pointer = torch.nn.functional.pad(counts.cumsum(0), (1, 0))
    place = {
        (None if owner_names is None else owner_names[row], names[row]): vertex
        for vertex, row in enumerate(order.tolist())
    }
    ends = _edges(tables, place, owner_names, names)
    return Graphs(
        pointer,
        [names[row] for row in order.tolist()],
        known,
        None if nodes is None else order,
        None if listed is None else torch.arange(len(listed)),
        ends,
    )


Key = tuple[str | None, str]


def _edges(
    tables: Tables,
    place: dict[Key, int],
    owner_names: Sequence[str] | None,
    names: Sequence[str],
) -> Tensor:
    """The vertices of every row of the table of edges, (2, m)."""
    edges, of_edges = tables.edges, tables.graph[1]
    first, second = (edges.columns[heading] for heading in tables.ends)
    if owner_names is None:
        owners: list[list[str | None]] = [[None] * len(edges)] * 2
    elif of_edges is not None:
        owners = [list(edges.columns[of_edges])] * 2
    else:
        whose = _unique_owners(tables, owner_names, names)
        owners = [[whose.get(name) for name in column] for column in (first, second)]
    where = "the edges" if tables.nodes is None else tables.nodes.path.name
    ids = []
    for heading, column, own in zip(tables.ends, (first, second), owners, strict=True):
        found = [place.get(key, -1) for key in zip(own, column, strict=True)]
        if -1 in found:
            row = found.index(-1)
            of = "" if own[row] is None else f" of graph {own[row]!r}"
            raise ValueError(
                f"{edges.at(row)}: {heading} must be a node{of} of {where}, got {column[row]!r}. "
                "Add a row for it, or remove the edge."
            )
        ids.append(found)
    crossing = [row for row, pair in enumerate(zip(*owners, strict=True)) if pair[0] != pair[1]]
    if crossing:
        row = crossing[0]
        raise ValueError(
            f"{edges.at(row)}: an edge must be within a graph, got {first[row]!r} of "
            f"{owners[0][row]!r} and {second[row]!r} of {owners[1][row]!r}. Remove it."
        )
    return torch.tensor(ids, dtype=torch.int64).view(2, -1)


def _unique_owners(
    tables: Tables, owner_names: Sequence[str], names: Sequence[str]
) -> dict[str, str]:
    """The graph of each node, where the ids of nodes are unique over all graphs."""
    if len(set(names)) < len(names):
        raise ValueError(
            f"{tables.edges.path.name} must have a column 'graph', as the same ids of nodes are in "
            "several graphs, got none."
        )
    return dict(zip(names, owner_names, strict=True))


def _vertices_of_edges(tables: Tables) -> tuple[list[str], list[str] | None]:
    """Without a table of nodes: all ends, in the order in which they come."""
    edges, of_edges = tables.edges, tables.graph[1]
    both = zip(*(edges.columns[heading] for heading in tables.ends), strict=True)
    if of_edges is None:
        distinct = list(dict.fromkeys(name for pair in both for name in pair))
        _require_all(edges, distinct)
        return distinct, None
    owners = edges.columns[of_edges]
    keys = dict.fromkeys((g, name) for g, pair in zip(owners, both, strict=True) for name in pair)
    _require_all(edges, [name for _, name in keys])
    return [name for _, name in keys], [g for g, _ in keys]


def _owners_by_edges(tables: Tables, names: Sequence[str]) -> list[str]:
    """The graph of each node by the edges that say theirs."""
    nodes, edges, of_edges = tables.nodes, tables.edges, tables.graph[1]
    assert nodes is not None
    whose: dict[str, str] = {}
    if of_edges is not None:
        for heading in tables.ends:
            whose |= dict(zip(edges.columns[heading], edges.columns[of_edges], strict=True))
    alone = next((row for row, name in enumerate(names) if name not in whose), None)
    if alone is not None:
        raise ValueError(
            f"{nodes.path.name} must have a column 'graph', as {names[alone]!r} has no edge that "
            "says its graph, got none."
        )
    return [whose[name] for name in names]


def _require_all(edges: HeadedTable, names: Sequence[str]) -> None:
    if "" in names:
        raise ValueError(f"{edges.path.name} must have two ends for each edge, got an empty field.")


def _require_once(
    table: HeadedTable, names: Sequence[str], what: str, owners: Sequence[str] | None = None
) -> None:
    """An id in every row, none twice."""
    seen: dict[tuple[str, str], int] = {}
    for row, name in enumerate(names):
        owner = "" if owners is None else owners[row]
        if name == "" or (owners is not None and owner == ""):
            raise ValueError(f"{table.at(row)}: a {what} must have an id, got an empty field.")
        if (owner, name) in seen:
            of = "" if owners is None else f" in graph {owner!r}"
            raise ValueError(
                f"{table.at(row)}: a {what} must have one row, got {name!r}{of} a second time, "
                f"after line {table.lines[seen[owner, name]]}. Remove one of them."
            )
        seen[owner, name] = row


def _numbers(
    names: Sequence[str],
    known: Sequence[str],
    table: HeadedTable,
    what: str,
    listing: HeadedTable | None,
) -> Tensor:
    ids = {name: i for i, name in enumerate(known)}
    found = [ids.get(name, -1) for name in names]
    if -1 in found:
        row = found.index(-1)
        where = "" if listing is None else f" of {listing.path.name}"
        raise ValueError(
            f"{table.path.name}: {what} must be one{where}, got {names[row]!r}. Add a row for it."
        )
    return torch.tensor(found)
