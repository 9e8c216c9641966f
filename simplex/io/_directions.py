"""What becomes of the order of two ends, which a complex does not keep."""

from collections.abc import Mapping, Sequence
from typing import Any

from simplex.interop import GraphEdges
from simplex.io._families.listed import numbers_of


_ROWS = ("edges", "tntp", "graphml", "gml", "pajek", "json", "node-link")  # from one end to another


def said_of_directions(
    graph: GraphEdges | None, values: Mapping[str, Sequence[Any]], format: str
) -> list[str]:
    """How many edges with numbers stand in the file from their larger vertex to the smaller one."""
    if graph is None or format not in _ROWS:
        return []
    turned = int((graph.edge_index[0] > graph.edge_index[1]).sum())
    numeric = [name for name, column in values.items() if _has_numbers(column)]
    if not turned or not numeric:
        return []
    rows, there = ("1 row", "it") if turned == 1 else (f"{turned} rows", "them")
    shown = ", ".join(map(repr, numeric[:3])) + (", …" if len(numeric) > 3 else "")
    return [
        f"the direction of {rows} is forgotten, the numbers {shown} keep their signs; a flow has "
        f"the other sign on {there}: 'simplex hodge' and read_flow read it from this file"
    ]


def _has_numbers(column: Sequence[Any]) -> bool:
    found = numbers_of([x for x in column if x is not None])
    return found is not None and len(found) > 0
