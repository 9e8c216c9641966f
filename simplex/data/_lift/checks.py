"""What a lift refuses: objects that are no graphs, features of another shape."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Batch, Data, HeteroData
from torch_geometric.data.data import BaseData

from simplex.complexes import (
    HIGHEST_DIM,
    any_tensor,
    require_int,
    require_word,
)
from simplex.data._simplicial_data import SimplicialData


def require_graph(data: Any, what: str = "data") -> None:
    """One PyG ``Data`` that has not been lifted."""
    if isinstance(data, HeteroData):
        raise TypeError(
            f"{what} must be a torch_geometric Data, got HeteroData. Forget the types with "
            "data.to_homogeneous(), or lift one edge type as a Data of its own."
        )
    if not isinstance(data, Data):
        raise TypeError(
            f"{what} must be a torch_geometric Data, got {type(data).__name__}. Convert a networkx "
            "graph with torch_geometric.utils.from_networkx."
        )
    if isinstance(data, Batch):
        raise ValueError(
            f"{what} must be one graph, got a batch of {data.num_graphs}. Lift before batching: "
            "give the data set a transform, or use simplex.transforms.lift_dataset."
        )
    if isinstance(data, SimplicialData):
        raise ValueError(
            f"{what} must be a graph, got SimplicialData, which has been lifted already."
        )
    if not isinstance(data.edge_index, Tensor):
        raise ValueError(
            f"{what} must have an edge_index to be lifted, got {type(data.edge_index).__name__}. "
            "A graph without edges has one of shape (2, 0)."
        )


def require_many(graphs: Any) -> None:
    """A list, a data set or an iterator, and not one graph."""
    if isinstance(graphs, BaseData):
        many = isinstance(graphs, Batch)
        remedy = "its to_data_list()" if many else "[data], or lift it with CliqueLift"
        raise TypeError(
            f"graphs must be a list or a data set of graphs, got one {type(graphs).__name__}. "
            f"Pass {remedy}."
        )
    if not isinstance(graphs, Iterable):
        raise TypeError(
            f"graphs must be a list or a data set of graphs, got {type(graphs).__name__}."
        )


def listed_graphs(graphs: Any) -> list[Data]:
    """The graphs of a list, a data set or an iterator; at least one, and each to be lifted."""
    require_many(graphs)
    listed = list(graphs)
    if not listed:
        raise ValueError("graphs must hold at least one graph, got none.")
    for place, graph in enumerate(listed):
        require_graph(graph, f"graphs[{place}]")
    return listed


def vertex_features(x: Any, count: int, device: torch.device) -> Tensor:
    """(n_0, F) numbers on the device of the complex; an array becomes a tensor."""
    if isinstance(x, np.ndarray):
        x = any_tensor("x", x)
    if not isinstance(x, Tensor):
        raise TypeError(f"x must be a tensor of vertex features, got {type(x).__name__}.")
    if x.layout != torch.strided:
        raise TypeError(f"x must be a dense tensor, got {x.layout}. Convert it with .to_dense().")
    if x.ndim != 2 or len(x) != count:
        raise ValueError(
            f"x must have shape (n_0, F) with n_0 = {count}, got {tuple(x.shape)}."
            + (" One number per vertex is x[:, None]." if x.shape == (count,) else "")
        )
    if x.device != device:
        raise ValueError(
            f"x must be on the complex's device {device}, got {x.device}. "
            "Move one of them with .to(device)."
        )
    return x


def edge_features(edge_attr: Any, num_columns: int, reduce: str) -> Tensor:
    """(E, D) numbers, one row per column of ``edge_index``, from (E, D) or (E,)."""
    if not isinstance(edge_attr, Tensor):
        raise ValueError(
            f"data must have an edge_attr tensor for edge_attr={reduce!r}, got "
            f"{type(edge_attr).__name__}. Set it, or leave edge_attr=None."
        )
    if edge_attr.ndim not in (1, 2) or len(edge_attr) != num_columns:
        raise ValueError(
            f"edge_attr must have shape (E, D) with the E = {num_columns} columns of edge_index, "
            f"got {tuple(edge_attr.shape)}."
        )
    require_mean("edge_attr", edge_attr, reduce)
    return edge_attr[:, None] if edge_attr.ndim == 1 else edge_attr


def require_mean(name: str, values: Tensor, reduce: str) -> None:
    """Floats, where a mean is taken."""
    if reduce == "mean" and not (values.is_floating_point() or values.is_complex()):
        raise TypeError(
            f"{name} must be floating point for the mean, got {values.dtype}. "
            "Convert it with .float()."
        )


def require_lift_options(max_dim: int, reduce: str, edge_attr: str | None) -> None:
    require_word("reduce", reduce, ("sum", "mean"))
    require_word("edge_attr", edge_attr, ("sum", "mean", None))
    require_int("max_dim", max_dim, least=0 if edge_attr is None else 1, most=HIGHEST_DIM)
