"""Graphs that tests of isomorphism are measured on: skip links, classical pairs, whole families."""

import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from simplex.complexes import require_int
from simplex.datasets._checks import require_file, require_graph_room, require_path
from simplex.datasets._root import data_root
from simplex.datasets._strongly_regular import rook_graph, shrikhande_graph
from simplex.interop import read_graph6


_SKIPS = (2, 3, 4, 5, 6, 9, 11, 12, 13, 16)  # one of each class of CSL(41, r)


def csl_graph(num_vertices: int, skip: int) -> Any:
    """The circular skip link graph CSL(n, r): vertex v adjacent to v ± 1 and v ± r modulo n.

    For prime n, CSL(n, r) and CSL(n, s) are isomorphic exactly if s ≡ ±r or s·r ≡ ±1 (mod n).

    Args:
        num_vertices: n, at least 5.
        skip: r, with 2 ≤ r < n/2: both circles then differ and every vertex has degree 4.

    Returns:
        A networkx graph on 0 … n-1.

    Raises:
        TypeError: an argument is no integer.
        ValueError: it is out of range.

    Example:
        >>> sorted(csl_graph(41, 5)[0])
        [1, 5, 36, 40]
    """
    import networkx as nx

    require_int("num_vertices", num_vertices)
    require_int("skip", skip)
    if num_vertices < 5 or not 2 <= skip < num_vertices / 2:
        raise ValueError(
            f"skip must be at least 2 and below num_vertices / 2, got {skip} of {num_vertices}."
        )
    require_graph_room(num_vertices, 2 * num_vertices)
    return nx.circulant_graph(num_vertices, [1, skip])


def csl_graphs() -> list[Any]:
    """The ten classes of the CSL data set: CSL(41, r) for r = 2, 3, 4, 5, 6, 9, 11, 12, 13, 16.

    They are 4-regular and pairwise non-isomorphic, and one and the same for WL. Copies for a
    training set are drawn by relabelling the vertices.

    Paper:
        Murphy et al., "Relational Pooling for Graph Representations", ICML 2019.

    Example:
        >>> len(csl_graphs()), {graph.number_of_edges() for graph in csl_graphs()}
        (10, {82})
    """
    return [csl_graph(41, skip) for skip in _SKIPS]


class GraphPair(NamedTuple):
    """Two networkx graphs and what they are called together."""

    name: str
    first: Any
    second: Any


def classical_pairs() -> list[GraphPair]:
    """Pairs of graphs that separate the tests from each other, and one of isomorphic graphs.

    Returns:
        Triples ``(name, first, second)``, also as attributes, the graphs as networkx has them:

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


def strongly_regular_family(name: str | Path, root: str | Path | None = None) -> list[Any]:
    """All graphs of a family of strongly regular graphs, one per line of a graph6 file.

    Args:
        name: ``"SR(25,12,5,6)"`` for the file ``root/sr251256.g6``, the parameters (n, d, λ, μ)
            written one after the other; or a path that ends in ``.g6``.
        root: the folder of the named files; ``None`` for ``sr/`` in the folder that the environment
            variable ``SIMPLEX_DATA`` names, else ``~/.cache/simplex/sr``.

    Returns:
        networkx graphs on 0 … n-1, in the order of the file.

    Raises:
        ValueError: the name is none of these, there is no file, a line is no graph in graph6, or a
            graph of a named family does not have its parameters.

    Example:
        >>> import networkx as nx
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     nx.write_graph6(nx.cycle_graph(5), Path(folder, "sr5201.g6"))
        ...     strongly_regular_family("SR(5,2,0,1)", folder)[0].number_of_edges()
        5
    """
    require_path("name", name)
    parameters = None
    if Path(name).suffix == ".g6":
        place = Path(name)
    else:
        digits = re.fullmatch(r"SR\((\d+), *(\d+), *(\d+), *(\d+)\)", str(name))
        if digits is None:
            raise ValueError(
                f"name must be parameters such as 'SR(16,6,2,2)' or the path of a .g6 file, got "
                f"{str(name)!r}."
            )
        parameters = tuple(int(each) for each in digits.groups())
        place = data_root("sr", root) / f"sr{''.join(digits.groups())}.g6"
    require_file(place, f"the graphs of {name}")
    try:
        graphs = read_graph6(place.read_bytes().decode("latin-1").splitlines())
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from error
    if not graphs:
        raise ValueError(f"{place} must hold at least one graph in graph6, got none.")
    for number, graph in enumerate(graphs, start=1):
        if parameters is not None and not _is_strongly_regular(graph, *parameters):
            raise ValueError(
                f"the graphs in {place} must be strongly regular with the parameters {parameters}, "
                f"got another one in place {number}."
            )
    return graphs


def _is_strongly_regular(graph: Any, n: int, d: int, common: int, apart: int) -> bool:
    r"""Whether :math:`A^2 = d I + λ A + μ (J - I - A)` with λ = ``common`` and μ = ``apart``."""
    import networkx as nx

    adjacent = nx.to_numpy_array(graph, dtype=np.int64)
    identity, others = np.eye(len(adjacent), dtype=np.int64), 1 - adjacent
    wanted = d * identity + common * adjacent + apart * (others - identity)
    return len(adjacent) == n and np.array_equal(adjacent @ adjacent, wanted)
