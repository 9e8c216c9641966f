"""The clique lift as a PyG transform, and of a whole data set by one kernel call."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Literal

from torch import Tensor
from torch_geometric.data import Data
from torch_geometric.data.collate import collate
from torch_geometric.transforms import BaseTransform

from simplex.complexes import (
    HIGHEST_DIM,
    SimplicialComplex,
    on_free_threads,
    require_flag,
    require_int,
    require_word,
)
from simplex.data import (
    SimplicialData,
    SimplicialDataset,
    require_same_fields,
    require_same_widths,
)
from simplex.lifting import clique_complex, directed_flag_complex
from simplex.transforms._checks import listed_graphs, require_graph
from simplex.transforms._spread import spread_features, with_edge_features


Reduce = Literal["sum", "mean"]


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
    return lifted(data, clique_complex, max_dim, reduce, edge_attr)


def lifted(
    data: Data,
    lift: Callable[[Data, int], SimplicialComplex],
    max_dim: int,
    reduce: Reduce,
    edge_attr: Reduce | None,
) -> SimplicialData:
    """The graph on the complex that ``lift`` makes of it, with features on all simplices."""
    require_graph(data)
    require_options(max_dim, reduce, edge_attr)
    K = lift(data, max_dim).with_parts(None)
    fields = {key: value for key, value in data if key not in ("x", "num_nodes")}
    x = features_of_lift(K, data.x, data.edge_index, data.edge_attr, max_dim, reduce, edge_attr)
    if data.x is None and x:
        return SimplicialData.from_complex(K, max_dim=max_dim, x_1=x[0], **fields)
    return SimplicialData.from_complex(K, x, max_dim=max_dim, **fields)


class FlagLift(BaseTransform):  # type: ignore[misc]
    """What the lifts of one graph as transforms share: the options of ``lift``, which they call."""

    lift: ClassVar[Callable[..., SimplicialData]]

    def __init__(
        self, max_dim: int = 2, *, reduce: Reduce = "sum", edge_attr: Reduce | None = None
    ) -> None:
        require_options(max_dim, reduce, edge_attr)
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


@on_free_threads()
def lift_dataset(
    graphs: Iterable[Data],
    max_dim: int = 2,
    *,
    reduce: Reduce = "sum",
    edge_attr: Reduce | None = None,
    directed: bool = False,
) -> SimplicialDataset:
    """Lift many PyG graphs by one kernel call; item i equals ``clique_lift(graphs[i])``.

    Args:
        graphs: a PyG data set or list; all items have the same fields.
        max_dim: the top dimension.
        reduce: how vertex features are spread to higher simplices, ``"sum"`` or ``"mean"``.
        edge_attr: what becomes of ``edge_attr``, see :func:`clique_lift`.
        directed: ``True`` to lift as :func:`directed_flag_lift` does.

    Raises:
        TypeError: one graph in place of a list, or an item that is no PyG ``Data``.
        ValueError: there is no graph, the items have different fields, or one has been lifted
            already.
    """
    require_options(max_dim, reduce, edge_attr)
    require_flag("directed", directed)
    listed = listed_graphs(graphs)
    require_same_fields([set(graph.keys()) - {"num_nodes"} for graph in listed])
    lift = directed_flag_complex if directed else clique_complex
    union = lift(listed, max_dim)
    try:
        stored, slices, _ = collate(
            Data, listed, increment=False, add_batch=False, exclude_keys=["num_nodes"]
        )
    except RuntimeError:
        require_same_widths([graph.to_dict() for graph in listed])
        raise
    fields = {key: value for key, value in stored if key not in ("x", "num_nodes")}
    bounds = {key: slices[key] for key in fields}
    shift = union.part_pointer(0)[:-1].repeat_interleave(bounds["edge_index"].diff())
    edges = stored.edge_index + shift.to(stored.edge_index.device)
    x = features_of_lift(union, stored.x, edges, stored.edge_attr, max_dim, reduce, edge_attr)
    if stored.x is None and x:
        fields["x_1"], bounds["x_1"], x = x[0], union.part_pointer(1), []
    return SimplicialDataset.from_union(union, x, max_dim=max_dim, fields=fields, slices=bounds)


def features_of_lift(
    K: SimplicialComplex,
    x: Any,
    edges: Tensor,
    edge_attr: Any,
    max_dim: int,
    reduce: Reduce,
    edge_reduce: Reduce | None,
) -> list[Tensor]:
    """All cochains; without ``x`` that of the edges alone, or none."""
    cochains = [] if x is None else spread_features(K, x, max_dim, reduce=reduce)
    if edge_reduce is None:
        return cochains
    return with_edge_features(K, cochains, edges, edge_attr, edge_reduce)


def require_options(max_dim: int, reduce: str, edge_attr: str | None) -> None:
    require_word("reduce", reduce, ("sum", "mean"))
    require_word("edge_attr", edge_attr, ("sum", "mean", None))
    require_int("max_dim", max_dim, least=0 if edge_attr is None else 1, most=HIGHEST_DIM)
