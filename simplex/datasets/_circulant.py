"""Circular skip links: cycles with a second circle of longer steps, equal for WL."""

from typing import Any


CSL_SKIPS = (2, 3, 4, 5, 6, 9, 11, 12, 13, 16)


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

    for name, value in (("num_vertices", num_vertices), ("skip", skip)):
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"{name} must be an integer, got {value!r}.")
    if num_vertices < 5 or not 2 <= skip < num_vertices / 2:
        raise ValueError(
            f"skip must be at least 2 and below num_vertices / 2, got {skip} of {num_vertices}."
        )
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
    return [csl_graph(41, skip) for skip in CSL_SKIPS]
