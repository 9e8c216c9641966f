"""What balls are cut from: a graph that is lifted ball by ball, or a complex."""

import json
import os
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Batch, Data
from torch_geometric.data.data import BaseData

from simplex.complexes import SimplicialComplex, flag_complex, unique_edges
from simplex.data import SimplicialData, field_rank, is_own_field
from simplex.interop import read_graph
from simplex.loader._cut import cut
from simplex.loader._fields import (
    EdgeColumns,
    packed,
    require_no_ids,
    require_rows,
    rows_of,
    unpacked,
)
from simplex.loader._neighbors import Neighbors, neighbors_of
from simplex.storage import COMPLEX, Edges, open_complex, open_edges
from simplex.transforms import features_of_lift, require_graph


class Ball(NamedTuple):
    """The vertices of a ball, in increasing order, and one over the probability of each."""

    vertices: Tensor
    inverse: Tensor | None


class Source(Protocol):
    """A graph or complex that balls are cut from."""

    neighbors: Neighbors
    max_dim: int

    def cut(self, ball: Ball, **fields: Any) -> SimplicialData:
        """The induced complex, with the rows of all fields, and more fields."""

    def holds(self, simplices: Tensor) -> Tensor:
        """(m,) whether vertex tuples (m, k+1), increasing, are simplices."""


class GraphSource:
    """A graph with fields of its vertices and edges, lifted ball by ball.

    Args:
        data: a PyG ``Data``, or any graph that ``clique_complex`` takes.
        fields: of the vertices, beside those of ``data``.
        max_dim: the top dimension of the lift.
        reduce, edge_attr: as for :func:`simplex.transforms.clique_lift`.
        neighbors: a folder for the lists of neighbours.
    """

    def __init__(
        self,
        data: Any,
        fields: Mapping[str, Any],
        max_dim: int,
        reduce: Literal["sum", "mean"],
        edge_attr: Literal["sum", "mean"] | None,
        neighbors: str | os.PathLike[str] | None = None,
    ) -> None:
        self.max_dim, self.reduce, self.edge_attr = max_dim, reduce, edge_attr
        self.of_vertices: dict[str, Any] = dict(fields)
        self.whole: dict[str, Any] = {}
        self.labels: tuple[Hashable, ...] | None = None
        if isinstance(data, Edges):  # unique and sorted
            self.neighbors = neighbors_of(data.edges, data.num_vertices, neighbors)
        else:
            graph = read_graph(data)
            _require_cpu(graph.edge_index)
            edges = unique_edges(graph.edge_index, graph.num_vertices)
            self.neighbors = neighbors_of(edges.numpy(), graph.num_vertices, neighbors)
            self.labels = graph.labels
        self.columns = self._read_fields(data) if isinstance(data, BaseData) else None
        if edge_attr and (self.columns is None or "edge_attr" not in self.columns.fields):
            raise ValueError(
                "edge_attr must be None where data has no edge_attr with a row for each column of "
                f"edge_index, got {edge_attr!r}."
            )
        require_rows(self.of_vertices, self.neighbors.num_vertices)

    def _read_fields(self, data: Data) -> EdgeColumns | None:
        require_graph(data)
        of_edges: dict[str, Any] = {}
        for key, value in data:
            if key in ("edge_index", "num_nodes"):
                continue
            require_no_ids(key)
            if data.is_node_attr(key):
                self.of_vertices.setdefault(key, value)
            elif data.is_edge_attr(key):
                of_edges[key] = value
            else:
                self.whole[key] = value
        if not of_edges:
            return None
        return EdgeColumns(data.edge_index, of_edges, self.neighbors.num_vertices)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"of_vertices": packed(self.of_vertices)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ = state
        self.of_vertices = unpacked(self.of_vertices)

    def cut(self, ball: Ball, **fields: Any) -> SimplicialData:
        """The lift of the induced subgraph."""
        from simplex.loader._ball_numba import edges_within

        ids = ball.vertices.numpy()
        edges = torch.from_numpy(edges_within(*self.neighbors.arrays(), ids))
        K = flag_complex(len(ids), edges, self.max_dim)
        if self.labels is not None:
            K = K.with_vertex_labels([self.labels[v] for v in ids.tolist()])
        given = {key: rows_of(value, ball.vertices) for key, value in self.of_vertices.items()}
        if self.columns is not None:
            given |= self.columns.cut(ids)
        x = features_of_lift(
            K,
            given.pop("x", None),
            given.get("edge_index", edges.T),
            given.get("edge_attr"),
            self.max_dim,
            self.reduce,
            self.edge_attr,
        )
        given |= self.whole | fields
        if "x" not in self.of_vertices and x:  # of edges alone
            given["x_1"], x = x[0], []
        return SimplicialData.from_complex(K, x, max_dim=self.max_dim, **given)

    def holds(self, simplices: Tensor) -> Tensor:
        """Whether all pairs are edges."""
        places = range(simplices.shape[1])
        there = torch.ones(len(simplices), dtype=torch.bool)
        for i, j in ((i, j) for i in places for j in places if i < j):
            there &= self.neighbors.adjacent(simplices[:, [i, j]])
        return there & (simplices.shape[1] <= self.max_dim + 1)


class ComplexSource:
    """A complex with cochains and fields, any part of which may be memory-mapped.

    Args:
        data: the complex with its fields, of one part.
        fields: of the simplices, beside those of ``data``: ``name_k`` of the k-simplices, other
            names of the vertices.
        neighbors: a folder for the lists of neighbours.
        folder: where it was opened; other processes then open it too, and get no copy.
    """

    def __init__(
        self,
        data: SimplicialData,
        fields: Mapping[str, Any],
        neighbors: str | os.PathLike[str] | None = None,
        folder: Path | None = None,
    ) -> None:
        K = data.complex
        _require_cpu(K.facets(1))
        self.complex, self.max_dim, self.folder = K, data.max_dim, folder
        self.neighbors = neighbors_of(edges_of(K), K.num_simplices(0), neighbors)
        self.of_simplices: dict[int, dict[str, Any]] = {k: {} for k in range(self.max_dim + 1)}
        self.whole: dict[str, Any] = {}
        of_edges: dict[str, Any] = {}
        for key, value in data:
            rank = field_rank(key)
            if is_own_field(key) or key == "edge_index":
                continue
            require_no_ids(key)
            if rank is not None and data._store.is_simplex_attr(key):
                self.of_simplices[rank][key] = value
            elif data.is_node_attr(key):
                self.of_simplices[0][key] = value
            elif data.is_edge_attr(key):
                of_edges[key] = value
            else:
                self.whole[key] = value
        self.columns = None
        if of_edges:
            self.columns = EdgeColumns(data.edge_index, of_edges, K.num_simplices(0))
        for key, value in fields.items():
            k = field_rank(key) or 0
            if k > self.max_dim:
                raise ValueError(
                    f"fields must be of simplices up to dimension {self.max_dim}, got {key!r}."
                )
            require_rows({key: value}, K.num_simplices(k))
            self.of_simplices[k][key] = value

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__ | {
            "of_simplices": {k: packed(fields) for k, fields in self.of_simplices.items()}
        }
        return state if self.folder is None else state | {"complex": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ = state
        self.of_simplices = {k: unpacked(fields) for k, fields in self.of_simplices.items()}
        if self.folder is not None:
            self.complex = open_complex(self.folder).with_parts(None)

    def cut(self, ball: Ball, **fields: Any) -> SimplicialData:
        """The simplices all of whose vertices are in the ball."""
        small, ids = cut(self.complex, ball.vertices, self.max_dim)
        given = {
            key: rows_of(value, ids[k])
            for k, of_rank in self.of_simplices.items()
            for key, value in of_rank.items()
        }
        if self.columns is not None:
            given |= self.columns.cut(ids[0].numpy())
        given |= self.whole | fields
        x = given.pop("x", None)
        return SimplicialData.from_complex(small, x, max_dim=self.max_dim, **given)

    def holds(self, simplices: Tensor) -> Tensor:
        """Whether the complex has them."""
        if simplices.shape[1] > self.max_dim + 1:
            return torch.zeros(len(simplices), dtype=torch.bool)
        return self.complex.index(simplices) >= 0


def source_of(
    data: Any,
    fields: Mapping[str, Any] | None,
    max_dim: int,
    reduce: Literal["sum", "mean"],
    edge_attr: Literal["sum", "mean"] | None,
    neighbors: str | os.PathLike[str] | None,
) -> Source:
    """A complex as it is; anything else is a graph."""
    fields = {} if fields is None else fields
    folder = None
    if isinstance(data, str | os.PathLike):
        folder, data = Path(data).absolute(), _opened(data)
    if isinstance(data, SimplicialComplex):
        data = SimplicialData.from_complex(data.with_parts(None))
    if isinstance(data, SimplicialData):
        if isinstance(data, Batch) or len(data.num_simplices) != 1:
            raise ValueError(
                "data must be one complex, got a batch. Its items are small enough for PyG's "
                "DataLoader; of one of them take data[i]."
            )
        if (reduce, edge_attr) != ("sum", None):
            raise ValueError(
                "reduce and edge_attr must be left out for a complex, which has features of all "
                f"simplices already, got {reduce!r} and {edge_attr!r}."
            )
        source: Source = ComplexSource(data, fields, neighbors, folder)
    else:
        source = GraphSource(data, fields, max_dim, reduce, edge_attr, neighbors)
    return source


def _opened(folder: str | os.PathLike[str]) -> Edges | SimplicialComplex:
    """What is in a folder, a complex or edges, as memory maps."""
    try:
        kind = json.loads((Path(folder) / "manifest.json").read_bytes())["format"]
    except (OSError, ValueError, KeyError, TypeError):
        kind = None  # then the error is that of open_edges
    return open_complex(folder) if kind == COMPLEX.name else open_edges(folder)


def edges_of(K: SimplicialComplex) -> np.ndarray:
    """(n_1, 2) increasing pairs; of an ordered complex each once, whatever its directions."""
    edges: np.ndarray = K.facets(1).numpy()[:, ::-1]
    if not K.directed:
        return edges
    index = torch.from_numpy(np.ascontiguousarray(edges.T))
    return unique_edges(index, K.num_simplices(0)).numpy()


def _require_cpu(tensor: Tensor) -> None:
    if tensor.device.type != "cpu":
        raise ValueError(
            f"data must be on the CPU, got {tensor.device}. Keep it there and move the batches: "
            "batch.to(device)."
        )
