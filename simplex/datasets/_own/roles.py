"""Which table is which: nodes, edges, graphs, and their columns of ids."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from simplex.datasets._own.table import EDGE_LISTS, read_text_table
from simplex.io import VERTEX_IDS, HeadedTable


TABLES = (".csv", ".tsv", ".txt", *EDGE_LISTS)
_ENDS = (
    ("source", "target"), ("src", "dst"), ("from", "to"), ("u", "v"), ("start", "end"),
    ("node1", "node2"), ("node_1", "node_2"), ("id1", "id2"), ("id_1", "id_2"),
    ("source_id", "target_id"), ("from_id", "to_id"), ("head", "tail"), ("i", "j"),
)  # fmt: skip
_GRAPHS = ("graph", "graph_id", "graphid", "graph_indicator", "graph_number")
_SPLIT = "split"


class Tables(NamedTuple):
    """The tables by what they are of; ``None`` where there is none.

    Attributes:
        nodes: with a column of ids.
        edges: with two columns of ends.
        graphs: with a column of ids of graphs.
        graph: the headings of the ids of graphs in nodes, edges and graphs.
        node: the heading of the ids of nodes.
        ends: the headings of the ends of edges.
    """

    nodes: HeadedTable | None
    edges: HeadedTable
    graphs: HeadedTable | None
    graph: tuple[str | None, str | None, str | None]
    node: str | None
    ends: tuple[str, str]


def is_table(path: Path) -> bool:
    """Whether the ending is that of a table, compressed or not."""
    name = path.name.lower().removesuffix(".gz")
    return name.endswith(TABLES)


def tables_in(folder: Path) -> list[Path]:
    """The tables of a folder."""
    return sorted(path for path in folder.iterdir() if path.is_file() and is_table(path))


def read_tables(paths: Sequence[Path], targets: Sequence[str]) -> Tables:
    """Read tables and say which is of what, by their headings.

    Args:
        paths: one to three files.
        targets: headings of targets, which are no ids.

    Raises:
        ValueError: no table or several ones with two columns of ends, or tables that cannot be
            told apart.
    """
    tables = [read_text_table(path) for path in paths]
    edges = [table for table in tables if _ends(table, targets)]
    if len(edges) != 1:
        pairs = ", ".join("/".join(pair) for pair in _ENDS[:4])
        got = "none" if not edges else " and ".join(table.path.name for table in edges)
        raise ValueError(
            f"one table must be of edges, with headings such as {pairs}, got {got}. Name the "
            "columns of the two ends so."
        )
    others = [table for table in tables if table is not edges[0]]
    graphs = [table for table in others if _is_of_graphs(table)]
    nodes = [table for table in others if not any(table is each for each in graphs)]
    if len(nodes) > 1 or len(graphs) > 1:
        which, kind = (nodes, "nodes") if len(nodes) > 1 else (graphs, "graphs")
        raise ValueError(
            f"at most one table must be of {kind}, got {' and '.join(t.path.name for t in which)}. "
            "Join them by their ids; a table of graphs begins with the heading graph."
        )
    return _settled(edges[0], nodes, graphs, targets)


def _settled(
    edges: HeadedTable,
    nodes: Sequence[HeadedTable],
    graphs: Sequence[HeadedTable],
    targets: Sequence[str],
) -> Tables:
    node_table = nodes[0] if nodes else None
    graph_table = graphs[0] if graphs else None
    heading = node = None
    if node_table is not None:
        heading = node_table.heading(*_GRAPHS)
        known = [each for each in VERTEX_IDS if each not in targets]
        node = node_table.heading(*known) or next(
            (each for each in node_table.columns if each not in (heading, *targets)), None
        )
        if node is None:
            raise ValueError(
                f"{node_table.path.name} must have a column of ids, such as id, got only "
                f"{', '.join(node_table.columns)}."
            )
    of_graphs = None
    if graph_table is not None:
        of_graphs = graph_table.heading(*_GRAPHS, "id") or next(iter(graph_table.columns))
    of_edges = edges.heading(*_GRAPHS)
    if graph_table is not None and heading is None and of_edges is None:
        raise ValueError(
            f"the nodes or the edges must have a column 'graph' to belong to the graphs of "
            f"{graph_table.path.name}, got none."
        )
    ends = _ends(edges, targets)
    assert ends is not None
    return Tables(node_table, edges, graph_table, (heading, of_edges, of_graphs), node, ends)


def _ends(table: HeadedTable, targets: Sequence[str]) -> tuple[str, str] | None:
    for pair in _ENDS:
        first, second = table.heading(pair[0]), table.heading(pair[1])
        if first is not None and second is not None and first not in targets:
            return first, second
    return None


def _is_of_graphs(table: HeadedTable) -> bool:
    """Named so, or with ids of graphs and none of nodes."""
    if table.path.name.lower().startswith("graph"):
        return True
    headings = {name.lower() for name in table.columns}
    return next(iter(table.columns)).lower() in _GRAPHS and not headings & set(VERTEX_IDS)


def split_heading(table: HeadedTable | None) -> str | None:
    """The column that says to which part a row belongs: train, val or test."""
    heading = None if table is None else table.heading(_SPLIT)
    if table is None or heading is None:
        return None
    return heading if {v.lower() for v in table.columns[heading]} <= PARTS.keys() else None


PARTS = {
    "train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val",
    "dev": "val", "test": "test", "": "", "none": "",
}  # fmt: skip
