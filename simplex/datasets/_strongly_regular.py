"""Strongly regular graphs by construction: equal for 3-WL whenever their parameters are."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from simplex.datasets._checks import require_graph_room, require_integer


def rook_graph(n: int) -> Any:
    """The n × n rook's graph: cells of a board, adjacent in one row or one column.

    Returns:
        A networkx graph on 0 … n²-1, vertex n·i + j for the cell (i, j); for n ≥ 2 strongly regular
        with parameters (n², 2(n-1), n-2, 2).

    Raises:
        TypeError: ``n`` is no integer.
        ValueError: it is below 1.

    Example:
        >>> import networkx as nx
        >>> nx.is_strongly_regular(rook_graph(4))
        True
    """
    require_integer("n", n, 1)
    _require_net(int(n), 2)
    return _net(np.indices((n, n)).reshape(2, n * n))


def latin_square_graph(*squares: Sequence[Sequence[int]]) -> Any:
    """Cells of a Latin square, adjacent in one row, one column, or with one symbol.

    With m mutually orthogonal squares, adjacent also by one symbol of any of them. The Cayley table
    of every group is a Latin square; inequivalent ones give graphs of equal parameters.

    Args:
        squares: each n × n, of symbols 0 … n-1; every symbol once in each row and column.

    Returns:
        A networkx graph on 0 … n²-1, vertex n·i + j for the cell (i, j); with k = m + 2 ≤ n
        strongly regular with parameters (n², k(n-1), n-2 + (k-1)(k-2), k(k-1)).

    Raises:
        ValueError: there is no square, it is not Latin, or two squares are not orthogonal.

    Example:
        >>> import networkx as nx
        >>> cyclic = [[(i + j) % 4 for j in range(4)] for i in range(4)]
        >>> nx.is_isomorphic(nx.complement(latin_square_graph(cyclic)), shrikhande_graph())
        True
    """
    if not squares:
        raise ValueError("squares must hold at least one Latin square. Without: rook_graph(n).")
    tables = [np.asarray(square) for square in squares]
    n = len(tables[0]) if tables[0].ndim else 0
    _require_net(n, len(tables) + 2)
    classes = list(np.indices((n, n)).reshape(2, n * n))
    for table in tables:
        if n == 0 or table.shape != (n, n) or table.dtype.kind not in "iu":
            raise ValueError(
                f"squares must be square tables of integers, all of one size, got shape "
                f"{table.shape} of {table.dtype}."
            )
        if table.min() < 0 or table.max() >= n:
            raise ValueError(f"a Latin square of size {n} must hold the symbols 0 … {n - 1}.")
        for other in classes:
            if len(np.unique(n * other + table.ravel())) < n * n:
                raise ValueError(
                    "squares must be Latin, every symbol once in each row and column, and pairwise "
                    "orthogonal, got a pair of values that occurs twice."
                )
        classes.append(table.ravel())
    return _net(np.stack(classes))


def shrikhande_graph() -> Any:
    """The Shrikhande graph: ℤ₄ × ℤ₄, adjacent where the difference is ±(1, 0), ±(0, 1), ±(1, 1).

    Strongly regular with the parameters (16, 6, 2, 2) of the 4 × 4 rook's graph, but without
    tetrahedra. Vertex 4·i + j is (i, j).

    Paper:
        S. S. Shrikhande, "The uniqueness of the L₂ association scheme", Annals of Mathematical
        Statistics 30 (1959).

    Example:
        >>> import networkx as nx
        >>> nx.is_isomorphic(shrikhande_graph(), rook_graph(4))
        False
    """
    i, j = np.indices((4, 4)).reshape(2, 16)
    difference = 4 * ((i[:, None] - i) % 4) + (j[:, None] - j) % 4  # (16, 16)
    return _graph(np.isin(difference, [4, 12, 1, 3, 5, 15]))


def paley_graph(q: int) -> Any:
    """The Paley graph: the field of q elements, adjacent where the difference is a square.

    Args:
        q: a prime power with q ≡ 1 (mod 4), so that -1 is a square.

    Returns:
        A networkx graph on 0 … q-1, whose base-p digits are the coordinates over the prime field;
        strongly regular with parameters (q, (q-1)/2, (q-5)/4, (q-1)/4), and isomorphic to its
        complement.

    Raises:
        TypeError: ``q`` is no integer.
        ValueError: it is no such prime power.

    Example:
        >>> paley_graph(25).degree(0), sorted(paley_graph(13)[0])
        (12, [1, 3, 4, 9, 10, 12])
    """
    require_integer("q", q, 5)
    q = int(q)
    require_graph_room(q, q * (q - 1) // 4, 40 * q**2)
    p = next((d for d in range(2, int(q**0.5) + 1) if q % d == 0), q)
    degree = round(np.log(q) / np.log(p))
    if p**degree != q or q % 4 != 1:
        raise ValueError(f"q must be a prime power with q ≡ 1 (mod 4), such as 9 or 13, got {q}.")
    place = p ** np.arange(degree)
    digits = np.arange(q)[:, None] // place % p  # (q, degree)
    difference = (digits[:, None] - digits) % p @ place  # (q, q, degree) -> (q, q)
    return _graph(np.isin(difference, _powers(p, degree)[::2] @ place))


def triangular_graph(n: int) -> Any:
    """The triangular graph T(n): pairs of n points, adjacent where they share a point.

    Returns:
        A networkx graph on 0 … n(n-1)/2 - 1, pairs in lexicographic order: the line graph of the
        complete graph. For n ≥ 4 strongly regular with parameters (n(n-1)/2, 2(n-2), n-2, 4).

    Raises:
        TypeError: ``n`` is no integer.
        ValueError: it is below 2.

    Example:
        >>> import networkx as nx
        >>> nx.is_isomorphic(triangular_graph(5), nx.complement(nx.petersen_graph()))
        True
    """
    require_integer("n", n, 2)
    n = int(n)
    size = n * (n - 1) // 2
    require_graph_room(size, size * (n - 2), 6 * size**2)
    return _graph(_triangular(n)[1])


def chang_graphs() -> list[Any]:
    """The three Chang graphs, strongly regular like T(8) but not isomorphic to it.

    T(8) is switched with respect to the pairs that form a perfect matching, an octagon, or a
    triangle and a pentagon on the eight points: adjacency between these pairs and the others is
    inverted (Seidel switching). All four have parameters (28, 12, 6, 4), and there is no fifth.

    Paper:
        L. C. Chang, "The uniqueness and nonuniqueness of the triangular association schemes",
        Science Record 3 (1959); by switching, J. J. Seidel (1967).

    Example:
        >>> [graph.number_of_edges() for graph in chang_graphs()]
        [168, 168, 168]
    """
    pairs, adjacent = _triangular(8)
    key = 8 * pairs[:, 0] + pairs[:, 1]
    point = np.arange(8)
    matching = point.reshape(4, 2)
    octagon = np.stack([point, (point + 1) % 8], axis=1)
    two_cycles = np.stack([point, [1, 2, 0, 4, 5, 6, 7, 3]], axis=1)
    graphs = []
    for edges in (matching, octagon, two_cycles):
        inside = np.isin(key, edges.min(1) * 8 + edges.max(1))
        graphs.append(_graph(adjacent ^ (inside[:, None] != inside)))
    return graphs


def _require_net(n: int, classes: int) -> None:
    require_graph_room(n**2, n**2 * classes * (n - 1) // 2, (classes + 2) * n**4)


def _net(classes: np.ndarray) -> Any:
    """Points 0 … v-1, adjacent where one of the rows of ``classes`` (k, v) gives them one value."""
    return _graph((classes[:, :, None] == classes[:, None, :]).any(0))  # (k, v, v) -> (v, v)


def _triangular(n: int) -> tuple[np.ndarray, np.ndarray]:
    """The pairs of n points, (n(n-1)/2, 2) lexicographic, and which two of them share one point."""
    pairs = np.stack(np.triu_indices(n, 1), axis=1)
    shared = (pairs[:, None, :, None] == pairs[None, :, None, :]).sum((2, 3))  # over 2 × 2 ends
    return pairs, shared == 1


def _powers(p: int, degree: int) -> np.ndarray:
    """The powers 1, x, x², … of a generator x of the units of the field of p^degree elements.

    The field is F_p[x] modulo x^degree - Σ cᵢ xⁱ, for the first c such that x has p^degree - 1
    powers: then every non-zero residue is a power of x, hence a unit.
    """
    order, place = p**degree - 1, p ** np.arange(degree)
    one = np.eye(1, degree, dtype=np.int64)[0]
    for code in range(1, order + 1):
        relation = code // place % p
        powers = [one]
        while len(powers) <= order:
            last = powers[-1]
            shifted = np.concatenate([[0], last[:-1]])
            following = (shifted + last[-1] * relation) % p
            if not following.any() or np.array_equal(following, one):
                break
            powers.append(following)
        if len(powers) == order:
            return np.stack(powers)  # (p^degree - 1, degree) coefficients, the constant one first
    raise AssertionError(f"every finite field has a primitive element, {p}^{degree} too")


def _graph(adjacent: np.ndarray) -> Any:
    """The networkx graph of a symmetric matrix, on 0 … v-1; the diagonal is ignored."""
    import networkx as nx

    graph = nx.empty_graph(len(adjacent))
    graph.add_edges_from(np.argwhere(np.triu(adjacent, 1)).tolist())
    return graph
