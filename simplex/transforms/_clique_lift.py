"""The clique lift as a PyG transform, and of a whole data set by one kernel call."""

from collections.abc import Callable
from typing import ClassVar

from torch_geometric.data import Data
from torch_geometric.transforms import BaseTransform

from simplex.complexes import on_free_threads
from simplex.data import (
    Lift,
    Reduce as Reduce,
    SimplicialData,
    require_graph,
    require_lift_options,
)


@on_free_threads()
def clique_lift(
    data: Data, max_dim: int = 2, *, reduce: Reduce = "sum", edge_attr: Reduce | None = None
) -> SimplicialData:
    """Lift a PyG graph to its clique complex, with features on all simplices.

    ``x`` is spread by :func:`spread_features`; without ``x`` there are no cochains, and who asks
    for them is told so. All other fields are kept as they are, ``edge_index`` and ``edge_attr``
    among them.

    Args:
        data: the graph; set ``num_nodes`` where there is no ``x``.
        max_dim: the top dimension.
        reduce: how features are spread, ``"sum"`` or ``"mean"``.
        edge_attr: what becomes of ``edge_attr`` (E, D): its ``"sum"`` or ``"mean"`` over all
            columns of ``edge_index`` that give an edge, both directions and repetitions alike, is
            appended to ``x_1``, which then has D more channels than the other cochains; ``None``
            leaves ``x_1`` as it is. Self-loops are no edges of the complex.

    Raises:
        TypeError: ``data`` is no PyG ``Data``, or the mean is asked of integers.
        ValueError: it has no ``edge_index``, ids are out of range, it has been lifted already, or
            ``edge_attr`` is asked for and missing.

    Example:
        >>> import torch
        >>> edge_index = torch.tensor([[0, 1, 2], [1, 2, 0]])
        >>> clique_lift(Data(x=torch.ones(3, 1), edge_index=edge_index)).x_2.tolist()
        [[3.0]]
    """
    return lifted(data, Lift(max_dim, reduce, edge_attr))


def lifted(data: Data, lift: Lift) -> SimplicialData:
    """The graph on the complex that is made of it, with features on all simplices."""
    require_graph(data)
    lift.require()
    K = lift.complex_of(data).with_parts(None)
    fields = {key: value for key, value in data if key not in ("x", "num_nodes")}
    x = lift.features(K, data.x, data.edge_index, data.edge_attr)
    if data.x is None and x:
        return SimplicialData.from_complex(K, max_dim=lift.max_dim, x_1=x[0], **fields)
    return SimplicialData.from_complex(K, x, max_dim=lift.max_dim, **fields)


class FlagLift(BaseTransform):  # type: ignore[misc]
    """What the lifts of one graph as transforms share: the options of ``lift``, which they call."""

    lift: ClassVar[Callable[..., SimplicialData]]

    def __init__(
        self, max_dim: int = 2, *, reduce: Reduce = "sum", edge_attr: Reduce | None = None
    ) -> None:
        require_lift_options(max_dim, reduce, edge_attr)
        self.max_dim = max_dim
        self.reduce = reduce
        self.edge_attr = edge_attr

    def forward(self, data: Data) -> SimplicialData:
        """The lifted graph; the input stays as it is."""
        return type(self).lift(data, self.max_dim, reduce=self.reduce, edge_attr=self.edge_attr)

    def __repr__(self) -> str:
        more = "" if self.edge_attr is None else f", edge_attr={self.edge_attr!r}"
        return f"{type(self).__name__}(max_dim={self.max_dim}, reduce={self.reduce!r}{more})"


class CliqueLift(FlagLift):
    """:func:`clique_lift` as a transform: ``TUDataset(root, name, pre_transform=CliqueLift())``.

    Transforms that change vertices or edges (``RandomLinkSplit``, ``TwoHop``, ``GDC``, …) come
    before it: the complex belongs to the edges it was made of.

    Args:
        max_dim: the top dimension.
        reduce: how vertex features are spread to higher simplices, ``"sum"`` or ``"mean"``. The sum
            also tells the dimension of a simplex, the mean does not.
        edge_attr: ``"sum"`` or ``"mean"`` appends ``edge_attr``, so reduced over the columns of
            each edge, to ``x_1``; ``None`` does not.

    Example:
        >>> import torch
        >>> lift = CliqueLift(max_dim=3)
        >>> lift(Data(x=torch.ones(2, 1), edge_index=torch.tensor([[0], [1]]))).complex
        SimplicialComplex(f_vector=(2, 1))
    """

    lift = staticmethod(clique_lift)
