"""The clique lift as a PyG transform, and of a whole data set by one kernel call."""

from collections.abc import Iterable
from typing import Literal

from torch_geometric.data import Batch, Data
from torch_geometric.data.collate import collate
from torch_geometric.transforms import BaseTransform

from simplex.data import SimplicialData, SimplicialDataset
from simplex.lifting import clique_complex
from simplex.transforms._spread import spread_features


def clique_lift(
    data: Data, max_dim: int = 2, *, reduce: Literal["sum", "mean"] = "sum"
) -> SimplicialData:
    """Lift a PyG graph to its clique complex, with features on all simplices.

    ``x`` is spread by :func:`spread_features`; without ``x`` there are no cochains. All other
    fields are kept as they are, ``edge_index`` and ``edge_attr`` among them.

    Args:
        data: the graph; set ``num_nodes`` where there is no ``x``.
        max_dim: the top dimension.
        reduce: how features are spread, ``"sum"`` or ``"mean"``.

    Raises:
        TypeError: ``data`` is no PyG ``Data``.
        ValueError: it has no ``edge_index``, ids are out of range, or it has been lifted already.

    Example:
        >>> import torch
        >>> edge_index = torch.tensor([[0, 1, 2], [1, 2, 0]])
        >>> clique_lift(Data(x=torch.ones(3, 1), edge_index=edge_index)).x_2.tolist()
        [[3.0]]
    """
    if not isinstance(data, Data):
        raise TypeError(
            f"data must be a torch_geometric Data, got {type(data).__name__}. Convert a networkx "
            "graph with torch_geometric.utils.from_networkx."
        )
    if isinstance(data, Batch):
        raise ValueError(
            f"data must be one graph, got a batch of {data.num_graphs}. Lift before batching: give "
            "the data set a transform, or use simplex.transforms.lift_dataset."
        )
    if isinstance(data, SimplicialData):
        raise ValueError("data must be a graph, got SimplicialData, which has been lifted already.")
    K = clique_complex(data, max_dim).with_parts(None)
    fields = {key: value for key, value in data if key not in ("x", "num_nodes")}
    x = [] if data.x is None else spread_features(K, data.x, max_dim, reduce=reduce)
    return SimplicialData.from_complex(K, x, max_dim=max_dim, **fields)


class CliqueLift(BaseTransform):  # type: ignore[misc]
    """:func:`clique_lift` as a transform: ``TUDataset(root, name, pre_transform=CliqueLift())``.

    Args:
        max_dim: the top dimension.
        reduce: how vertex features are spread to higher simplices, ``"sum"`` or ``"mean"``. The sum
            also tells the dimension of a simplex, the mean does not.

    Example:
        >>> import torch
        >>> lift = CliqueLift(max_dim=3)
        >>> lift(Data(x=torch.ones(2, 1), edge_index=torch.tensor([[0], [1]]))).complex
        SimplicialComplex(f_vector=(2, 1))
    """

    def __init__(self, max_dim: int = 2, *, reduce: Literal["sum", "mean"] = "sum") -> None:
        self.max_dim = max_dim
        self.reduce = reduce

    def forward(self, data: Data) -> SimplicialData:
        """The lifted graph; the input stays as it is."""
        return clique_lift(data, self.max_dim, reduce=self.reduce)

    def __repr__(self) -> str:
        return f"CliqueLift(max_dim={self.max_dim}, reduce={self.reduce!r})"


def lift_dataset(
    graphs: Iterable[Data], max_dim: int = 2, *, reduce: Literal["sum", "mean"] = "sum"
) -> SimplicialDataset:
    """Lift many PyG graphs by one kernel call; item i equals ``clique_lift(graphs[i])``.

    Args:
        graphs: a PyG data set or list; all items have the same fields.
        max_dim: the top dimension.
        reduce: how vertex features are spread to higher simplices, ``"sum"`` or ``"mean"``.

    Raises:
        ValueError: there is no graph.
    """
    graphs = list(graphs)
    if not graphs:
        raise ValueError("graphs must hold at least one graph, got none.")
    union = clique_complex(graphs, max_dim)
    stored, slices, _ = collate(Data, graphs, increment=False, add_batch=False)
    fields = {key: value for key, value in stored if key not in ("x", "num_nodes")}
    x = [] if stored.x is None else spread_features(union, stored.x, max_dim, reduce=reduce)
    return SimplicialDataset.from_union(
        union, x, max_dim=max_dim, fields=fields, slices={key: slices[key] for key in fields}
    )
