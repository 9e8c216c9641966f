"""Other libraries, both ways: networkx, GUDHI, scipy, PyG, TopoNetX, XGI, HyperNetX and others."""

from simplex.interop._gudhi import from_gudhi, to_gudhi
from simplex.interop._hetero import from_hetero, to_hetero
from simplex.interop._hypergraphs import (
    from_hypernetx,
    from_pandas,
    from_toponetx,
    from_xgi,
    to_hypernetx,
    to_pandas,
    to_toponetx,
    to_xgi,
)
from simplex.interop._networkx import (
    from_edge_index,
    from_networkx,
    from_scipy,
    to_edge_index,
    to_networkx,
    to_scipy,
)
from simplex.interop._shapes import from_rdkit, from_trimesh, to_trimesh


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
    "from_hetero",
    "from_hypernetx",
    "from_networkx",
    "from_pandas",
    "from_rdkit",
    "from_scipy",
    "from_toponetx",
    "from_trimesh",
    "from_xgi",
    "to_edge_index",
    "to_gudhi",
    "to_hetero",
    "to_hypernetx",
    "to_networkx",
    "to_pandas",
    "to_scipy",
    "to_toponetx",
    "to_trimesh",
    "to_xgi",
]
