"""Foreign formats, both ways: networkx, GUDHI, scipy and edge lists."""

from simplex.interop._gudhi import from_gudhi, to_gudhi
from simplex.interop._networkx import (
    from_edge_index,
    from_networkx,
    from_scipy,
    to_edge_index,
    to_networkx,
    to_scipy,
)


# isort: split
# Shared with the other packages of this library; not part of the public surface.
from simplex.interop._graph6 import (
    read_graph6 as read_graph6,
    read_plain_graph6 as read_plain_graph6,
)
from simplex.interop._graph_edges import GraphEdges as GraphEdges
from simplex.interop._graphs import (
    read_graph as read_graph,
    unite as unite,
)


__all__ = [
    "from_edge_index",
    "from_gudhi",
    "from_networkx",
    "from_scipy",
    "to_edge_index",
    "to_gudhi",
    "to_networkx",
    "to_scipy",
]
