"""The classical pairs of graphs on which tests of isomorphism are measured."""

from typing import Any, NamedTuple

from simplex.datasets._circulant import csl_graph
from simplex.datasets._strongly_regular import rook_graph, shrikhande_graph


class GraphPair(NamedTuple):
    """Two networkx graphs and what they are called together."""

    name: str
    first: Any
    second: Any


def classical_pairs() -> list[GraphPair]:
    """Pairs of graphs that separate the tests from each other, and one of isomorphic graphs.

    Returns:
        The pairs, as networkx graphs:

        - C6 and two C3; C8 and two C4: regular graphs, equal for WL. Only the first pair differs
          in triangles.
        - A hexagon with a long diagonal and two triangles joined by an edge: equal for WL.
        - Circular skip links CSL(41, 3) and CSL(41, 5): equal for WL, and without triangles.
        - The 4 × 4 rook's graph and the Shrikhande graph, strongly regular with the parameters
          (16, 6, 2, 2): equal for 3-WL and on the 2-skeleton; only the first one has tetrahedra.
        - The Petersen graph and a relabelled copy: the control, which no test may tell apart.

    Paper:
        Bodnar et al., "Weisfeiler and Lehman Go Topological", ICML 2021; CSL from Murphy et al.,
        "Relational Pooling", ICML 2019.

    Example:
        >>> [pair.name for pair in classical_pairs()][0]
        'C6 / 2 C3'
    """
    import networkx as nx

    def two(graph: Any) -> Any:
        return nx.disjoint_union(graph, graph)

    hexagon, joined = nx.cycle_graph(6), two(nx.cycle_graph(3))
    hexagon.add_edge(0, 3)
    joined.add_edge(0, 3)
    petersen = nx.petersen_graph()
    renamed = nx.relabel_nodes(petersen, {v: (3 * v + 4) % 10 for v in petersen})
    return [
        GraphPair("C6 / 2 C3", nx.cycle_graph(6), two(nx.cycle_graph(3))),
        GraphPair("hexagon + diagonal / 2 triangles + edge", hexagon, joined),
        GraphPair("C8 / 2 C4", nx.cycle_graph(8), two(nx.cycle_graph(4))),
        GraphPair("CSL(41, 3) / CSL(41, 5)", csl_graph(41, 3), csl_graph(41, 5)),
        GraphPair("Rook 4x4 / Shrikhande", rook_graph(4), shrikhande_graph()),
        GraphPair("Petersen / relabelled copy", petersen, renamed),
    ]
