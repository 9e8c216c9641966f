"""The directed flag lift as a PyG transform."""

from torch_geometric.data import Data
from torch_geometric.transforms import BaseTransform

from simplex.complexes import on_free_threads
from simplex.data import SimplicialData
from simplex.lifting import directed_flag_complex
from simplex.transforms._clique_lift import Reduce, lifted, require_options


@on_free_threads()
def directed_flag_lift(
    data: Data, max_dim: int = 2, *, reduce: Reduce = "sum", edge_attr: Reduce | None = None
) -> SimplicialData:
    """Lift a PyG digraph to its directed flag complex, with features on all simplices.

    Edges go from ``edge_index[0]`` to ``edge_index[1]``. Of an undirected graph, which PyG stores
    with both directions, every clique becomes all its ordered simplices: take :func:`clique_lift`.

    Args:
        data: the graph; set ``num_nodes`` where there is no ``x``.
        max_dim: the top dimension.
        reduce: how features of vertices are spread, ``"sum"`` or ``"mean"``.
        edge_attr: what becomes of ``edge_attr``, as in :func:`clique_lift`; each direction is an
            edge of its own.

    Raises:
        TypeError, ValueError: as for :func:`clique_lift`.

    Example:
        >>> import torch
        >>> data = Data(x=torch.ones(2, 1), edge_index=torch.tensor([[0, 1], [1, 0]]))
        >>> directed_flag_lift(data).x_1.tolist()
        [[2.0], [2.0]]
    """
    return lifted(data, directed_flag_complex, max_dim, reduce, edge_attr)


class DirectedFlagLift(BaseTransform):  # type: ignore[misc]
    """:func:`directed_flag_lift` as a transform, for a data set of digraphs.

    Transforms that change vertices or edges come before it, ``ToUndirected`` among them.

    Args:
        max_dim: the top dimension.
        reduce: how vertex features are spread to higher simplices, ``"sum"`` or ``"mean"``.
        edge_attr: ``"sum"`` or ``"mean"`` appends ``edge_attr`` to ``x_1``; ``None`` does not.

    Example:
        >>> import torch
        >>> lift = DirectedFlagLift(max_dim=3)
        >>> lift(Data(x=torch.ones(2, 1), edge_index=torch.tensor([[1], [0]]))).complex
        SimplicialComplex(f_vector=(2, 1), directed=True)
    """

    def __init__(
        self, max_dim: int = 2, *, reduce: Reduce = "sum", edge_attr: Reduce | None = None
    ) -> None:
        require_options(max_dim, reduce, edge_attr)
        self.max_dim = max_dim
        self.reduce = reduce
        self.edge_attr = edge_attr

    def forward(self, data: Data) -> SimplicialData:
        """The lifted digraph; the input stays as it is."""
        return directed_flag_lift(data, self.max_dim, reduce=self.reduce, edge_attr=self.edge_attr)

    def __repr__(self) -> str:
        more = "" if self.edge_attr is None else f", edge_attr={self.edge_attr!r}"
        return f"DirectedFlagLift(max_dim={self.max_dim}, reduce={self.reduce!r}{more})"
