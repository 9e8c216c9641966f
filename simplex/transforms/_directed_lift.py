"""The directed flag lift as a PyG transform."""

from torch_geometric.data import Data

from simplex.complexes import on_free_threads
from simplex.data import Lift, SimplicialData
from simplex.transforms._clique_lift import FlagLift, Reduce, lifted


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
    return lifted(data, Lift(max_dim, reduce, edge_attr, directed=True))


class DirectedFlagLift(FlagLift):
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

    lift = staticmethod(directed_flag_lift)
