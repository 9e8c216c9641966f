"""Many graphs of one plain kind, read at once: a loop over them would cost more than their lift."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from simplex.interop._graph_edges import GraphEdges


_OF_PYG = "torch_geometric.data.data.Data"
_ALSO_PER_VERTEX = {"feat", "pos", "batch", "node_type", "n_id", "tf"}  # of which PyG counts rows
_MOST_VERTICES = 1 << 31  # of one graph


def read_plain_graphs(graphs: Sequence[Any]) -> GraphEdges | None:
    """The disjoint union of edge indices, all tensors or all arrays, or of PyG's ``Data``.

    ``None`` where one is special or wrong, on a device or without a number of vertices of its own:
    then they are to be read one by one.
    """
    kinds = set(map(type, graphs))
    kind = kinds.pop() if len(kinds) == 1 else None
    counts: list[Any] | None = None
    if kind is not None and f"{kind.__module__}.{kind.__qualname__}" == _OF_PYG:
        fields = [graph.to_dict() for graph in graphs]
        if any("ptr" in each for each in fields):
            return None
        counts = [_num_nodes(each) for each in fields]
        graphs = [each.get("edge_index") for each in fields]
        kind = Tensor if set(map(type, graphs)) == {Tensor} else None
    if kind is Tensor:
        try:
            graphs = [edge_index.numpy() for edge_index in graphs]
        except (TypeError, RuntimeError):  # on a device; sparse
            return None
    elif kind is not np.ndarray:
        return None
    if {(each.ndim, each.shape[:1], each.dtype.kind) for each in graphs} != {(2, (2,), "i")}:
        return None
    return _united(graphs, counts)


def _num_nodes(fields: dict[str, Any]) -> Any:
    """What PyG says ``num_nodes`` is, where it is told or the number of rows of ``x``."""
    if "num_nodes" in fields:
        return fields["num_nodes"]
    x = fields.get("x")
    return (
        x.shape[0] if type(x) is Tensor and x.ndim and _ALSO_PER_VERTEX.isdisjoint(fields) else None
    )


def _united(arrays: Sequence[NDArray[Any]], counts: list[Any] | None) -> GraphEdges | None:
    """The disjoint union of edge indices (2, E), on so many vertices or just enough."""
    edges = np.concatenate(arrays, axis=1).astype(np.int64, copy=False)
    sizes = np.fromiter((each.shape[1] for each in arrays), np.int64, len(arrays))
    least = np.zeros(len(arrays), np.int64)  # so many vertices that all ids are below
    if edges.size:
        if edges.min() < 0 or edges.max() >= _MOST_VERTICES:
            return None
        filled = sizes > 0
        starts = (sizes.cumsum() - sizes)[filled]
        least[filled] = np.maximum.reduceat(edges.max(0), starts) + 1
    if counts is not None:
        if set(map(type, counts)) != {int} or max(counts) > _MOST_VERTICES:
            return None
        given = np.array(counts, np.int64)
        if (given < least).any():
            return None
        least = given
    pointer = np.concatenate([[0], least.cumsum()])
    edges += pointer[:-1].repeat(sizes)
    return GraphEdges(int(pointer[-1]), torch.from_numpy(edges), None, torch.from_numpy(pointer))
