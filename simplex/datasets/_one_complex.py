"""One graph with targets on its vertices as a data set of one complex."""

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from simplex.complexes import (
    HIGHEST_DIM,
    SimplicialComplex,
    require_int,
    require_memory,
    require_word,
)
from simplex.lifting import clique_complex


if TYPE_CHECKING:
    from torch_geometric.data import Data

    from simplex.data import SimplicialDataset

Reduce = Literal["mean", "sum"] | None


def require_lift(max_dim: object, reduce: object) -> None:
    """The options that the loaders share, before a file is opened."""
    require_int("max_dim", max_dim, least=0, most=HIGHEST_DIM)
    require_word("reduce", reduce, ("mean", "sum", None))


def one_complex(
    graph: "Data", max_dim: int, reduce: Reduce, labels: Sequence[Hashable] | None = None
) -> "SimplicialDataset":
    """The clique complex of a graph all fields of which but ``edge_index`` are of its vertices.

    Args:
        graph: with ``x`` and ``edge_index``.
        max_dim: the top dimension.
        reduce: how ``x`` is spread to higher simplices; ``None`` gives them the constant 1.
        labels: names of the vertices.
    """
    from simplex.data import SimplicialDataset

    K = clique_complex([graph], max_dim)
    if labels is not None:
        K = K.with_vertex_labels(list(labels))
    fields = {key: value for key, value in graph if key not in ("x", "num_nodes")}
    slices = {key: torch.tensor([0, K.num_simplices(0)]) for key in fields}
    slices["edge_index"] = torch.tensor([0, graph.edge_index.shape[1]])
    return SimplicialDataset.from_union(
        K, cochains_of(K, graph.x, max_dim, reduce), max_dim=max_dim, fields=fields, slices=slices
    )


def cochains_of(K: SimplicialComplex, x: Tensor, max_dim: int, reduce: Reduce) -> list[Tensor]:
    """The features of vertices and what higher simplices get of them."""
    from simplex.transforms import spread_features

    above = [K.num_simplices(k) for k in range(1, max_dim + 1)]
    if reduce is None:
        return [x, *(x.new_ones(count, 1) for count in above)]
    require_memory(
        sum((k + 2) * count for k, count in enumerate(above, start=1)) * x.shape[1] * 4,
        K.device,
        f"the features of {sum(above)} simplices with {x.shape[1]} channels",
        "Take reduce=None, with which vertices alone carry them, or a lower max_dim.",
    )
    return spread_features(K, x, max_dim, reduce=reduce)
