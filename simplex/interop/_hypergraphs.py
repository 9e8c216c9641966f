"""Hypergraphs and simplicial complexes of TopoNetX, XGI and HyperNetX, and frames of pandas."""

from collections.abc import Hashable
from typing import Any

import torch

from simplex.complexes import SimplicialComplex, require_undirected, shown
from simplex.interop._named_sets import complex_of_sets, library, maximal_sets, names_of


def from_toponetx(complex: Any) -> SimplicialComplex:
    """A ``toponetx.SimplicialComplex``; its nodes become vertices, in their order there.

    Values called ``filtration`` of all simplices become the filtration.

    Args:
        complex: the complex of TopoNetX.

    Raises:
        TypeError: an object of another kind, such as a cell complex.
    """
    if not (hasattr(complex, "simplices") and hasattr(complex, "get_simplex_attributes")):
        raise TypeError(
            f"complex must be a toponetx.SimplicialComplex, got {type(complex).__name__}."
        )
    sets = [tuple(simplex) for simplex in complex.simplices]
    names = [next(iter(node)) for node in complex.nodes]
    K = complex_of_sets(names, sets)
    given = complex.get_simplex_attributes("filtration")
    if len(given) < sum(K.f_vector):
        return K
    number = {name: v for v, name in enumerate(names)}
    rows = [sorted(number[name] for name in simplex) for simplex in given]
    values = []
    for k in range(K.dim + 1):
        mine = [i for i, row in enumerate(rows) if len(row) == k + 1]
        listed = [float(value) for value in given.values()]
        value = torch.empty(K.num_simplices(k), dtype=torch.float64)
        value[K.index([rows[i] for i in mine])] = torch.tensor([listed[i] for i in mine]).double()
        values.append(value)
    return K.with_filtration(values, monotone=False)


def to_toponetx(K: SimplicialComplex) -> Any:
    """A ``toponetx.SimplicialComplex`` on the vertex labels (or numbers), with the filtration.

    Raises:
        ImportError: TopoNetX is not installed.
        TypeError: ``K`` is no complex.
        ValueError: a directed complex, or labels that repeat.
    """
    require_undirected("K", K)
    names = names_of(K)
    found = library("toponetx", "hypergraphs").SimplicialComplex(
        [[name] for name in names] + [members for members in maximal_sets(K) if len(members) > 1]
    )
    if K.filtration is not None:
        values = {}
        for k, column in enumerate(K.filtration):
            for row, value in zip(K.simplices(k).tolist(), column.tolist(), strict=True):
                members = [names[v] for v in row]
                values[frozenset(members)] = value
        found.set_simplex_attributes(values, name="filtration")
    return found


def from_xgi(hypergraph: Any, *, max_dim: int | None = None) -> SimplicialComplex:
    """An ``xgi.Hypergraph`` or ``xgi.SimplicialComplex``: the closure of its edges.

    Args:
        hypergraph: that of XGI; attributes are left out, which :func:`simplex.io.read_data` keeps
            in files.
        max_dim: where it is cut; a larger edge stands for its faces.

    Raises:
        TypeError: an object of another kind.
        ValueError: a directed hypergraph.
    """
    edges = getattr(hypergraph, "edges", None)
    if edges is None or not (hasattr(hypergraph, "nodes") and hasattr(edges, "members")):
        raise TypeError(f"hypergraph must be one of XGI, got {type(hypergraph).__name__}.")
    if hasattr(edges, "head"):
        raise ValueError(
            "hypergraph must be undirected, got a directed one. Pass xgi.Hypergraph of its members."
        )
    return complex_of_sets(list(hypergraph.nodes), edges.members(), max_dim)


def to_xgi(K: SimplicialComplex) -> Any:
    """An ``xgi.SimplicialComplex`` on the vertex labels (or numbers).

    Raises:
        ImportError: XGI is not installed.
        TypeError: ``K`` is no complex.
        ValueError: a directed complex, or labels that repeat.
    """
    require_undirected("K", K)
    found = library("xgi", "hypergraphs").SimplicialComplex()
    found.add_nodes_from(names_of(K))
    found.add_simplices_from([members for members in maximal_sets(K) if len(members) > 1])
    return found


def from_hypernetx(hypergraph: Any, *, max_dim: int | None = None) -> SimplicialComplex:
    """A ``hypernetx.Hypergraph``: the closure of its edges.

    Args:
        hypergraph: that of HyperNetX; properties are left out.
        max_dim: where it is cut; a larger edge stands for its faces.

    Raises:
        TypeError: an object of another kind.
    """
    if not (hasattr(hypergraph, "incidence_dict") and hasattr(hypergraph, "nodes")):
        raise TypeError(f"hypergraph must be one of HyperNetX, got {type(hypergraph).__name__}.")
    return complex_of_sets(list(hypergraph.nodes), hypergraph.incidence_dict.values(), max_dim)


def to_hypernetx(K: SimplicialComplex) -> Any:
    """A ``hypernetx.Hypergraph`` whose edges 0, 1, … are the simplices that are in no other.

    Raises:
        ImportError: HyperNetX is not installed.
        TypeError: ``K`` is no complex.
        ValueError: a directed complex, or labels that repeat.
    """
    require_undirected("K", K)
    return library("hypernetx", "hypergraphs").Hypergraph(dict(enumerate(maximal_sets(K))))


def from_pandas(
    frame: Any, *, edge: str | None = None, node: str | None = None, max_dim: int | None = None
) -> SimplicialComplex:
    """An incidence frame of pandas: sets of vertices, and their closure.

    Args:
        frame: a matrix of 0 and 1 whose index names the vertices and whose columns are sets; or,
            with ``edge`` and ``node``, a table in which each row says that a vertex is in a set.
        edge: the column of the sets.
        node: the column of the vertices.
        max_dim: where it is cut; a larger set stands for its faces.

    Raises:
        TypeError: no frame.
        ValueError: a column that is not there, values other than 0 and 1, a missing name, or one of
            ``edge`` and ``node`` without the other.

    Example:
        >>> import pandas as pd
        >>> talks = pd.DataFrame({"talk": [1, 1, 2, 2], "who": ["ann", "bob", "bob", "cid"]})
        >>> from_pandas(talks, edge="talk", node="who").vertex_labels
        ('ann', 'bob', 'cid')
    """
    if not (hasattr(frame, "columns") and hasattr(frame, "to_numpy")):
        raise TypeError(f"frame must be a DataFrame of pandas, got {type(frame).__name__}.")
    if (edge is None) != (node is None):
        raise ValueError(f"edge and node must be given together, got {edge!r} and {node!r}.")
    if edge is not None:
        for name in (edge, node):
            if not isinstance(name, Hashable) or name not in frame.columns:
                known = ", ".join(map(repr, list(frame.columns)[:8]))
                raise ValueError(f"edge and node must be columns ({known}), got {shown(name)}.")
        table = frame[[edge, node]]
        if bool(table.isna().to_numpy().any()):
            raise ValueError("the columns of sets and vertices must have no missing values.")
        sets: dict[Any, list[Any]] = {}
        for set_name, vertex in table.itertuples(index=False):
            sets.setdefault(set_name, []).append(vertex)
        return complex_of_sets(dict.fromkeys(table[node].tolist()), sets.values(), max_dim)
    values = frame.to_numpy()
    if values.dtype.kind not in "biuf" or not ((values == 0) | (values == 1)).all():
        raise ValueError(
            "frame must be a matrix of 0 and 1, got other values. Name the columns of a table with "
            "edge= and node=."
        )
    names = frame.index.tolist()
    if len(set(names)) < len(names):
        raise ValueError("the index of the frame must name every vertex once, got repeated names.")
    members = [[names[i] for i in column.nonzero()[0].tolist()] for column in values.T]
    return complex_of_sets(names, members, max_dim)


def to_pandas(K: SimplicialComplex) -> Any:
    """A table with columns ``edge`` and ``node``: who is in the simplices that are in no other.

    Raises:
        ImportError: pandas is not installed.
        TypeError: ``K`` is no complex.
        ValueError: a directed complex, or labels that repeat.
    """
    require_undirected("K", K)
    rows = [(e, name) for e, members in enumerate(maximal_sets(K)) for name in members]
    return library("pandas", "hypergraphs").DataFrame(rows, columns=["edge", "node"])
