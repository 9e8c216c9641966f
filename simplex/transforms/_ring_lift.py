"""The ring lift as a PyG transform: cliques are filled, and the rings of a molecule."""

from torch_geometric.data import Data
from torch_geometric.transforms import BaseTransform

from simplex.complexes import on_free_threads, require_int
from simplex.data import Apex, Lift, SimplicialData
from simplex.transforms._clique_lift import Reduce, lifted


@on_free_threads()
def ring_lift(
    data: Data,
    max_length: int = 8,
    max_dim: int = 2,
    *,
    reduce: Reduce = "sum",
    edge_attr: Reduce | None = None,
    apex: Apex = "sum",
    marker: bool = True,
) -> SimplicialData:
    """Lift a PyG graph to its ring complex, with features on all simplices.

    The vertices of the graph come first, then an apex for each chordless cycle of 4 …
    ``max_length`` vertices, see :func:`~simplex.lifting.ring_complex`. The features of an apex are
    made of those of its ring, and then all are spread as by :func:`clique_lift`. Without ``x``
    there are no cochains. Other fields are kept as they are: one with a row for each vertex of the
    graph has none for an apex.

    Args:
        data: the graph; set ``num_nodes`` where there is no ``x``.
        max_length: most vertices of a ring, at least 3.
        max_dim: the top dimension, at least 1; rings are filled from 2 on.
        reduce: how features are spread, ``"sum"`` or ``"mean"``.
        edge_attr: as for :func:`clique_lift`; on the edges of an apex it is 0.
        apex: what an apex carries: the ``"sum"`` or the ``"mean"`` of the features of its ring; or
            ``"token"``: zeros, so that the marker alone tells it, and what a network makes of the
            marker is a vector that it learns.
        marker: whether a last channel is appended to the spread features, 1 for simplices with an
            apex and 0 for others.

    Raises:
        TypeError: ``data`` is no PyG ``Data``, or a mean is asked of integers.
        ValueError: as for :func:`clique_lift`; ``"token"`` without a marker; or more rings than fit
            in memory.

    Example:
        >>> import torch
        >>> square = torch.tensor([[0, 1, 2, 3], [1, 2, 3, 0]])
        >>> ring_lift(Data(x=torch.ones(4, 1), edge_index=square)).x.tolist()
        [[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [4.0, 1.0]]
    """
    return lifted(data, _options(max_length, max_dim, reduce, edge_attr, apex, marker))


def _options(
    max_length: int,
    max_dim: int,
    reduce: Reduce,
    edge_attr: Reduce | None,
    apex: Apex,
    marker: bool,
) -> Lift:
    """The options, allowed, as every lift has them."""
    rings = require_int("max_length", max_length, least=3)
    lift = Lift(max_dim, reduce, edge_attr, rings=rings, apex=apex, marker=marker)
    lift.require()
    return lift


class RingLift(BaseTransform):  # type: ignore[misc]
    """:func:`ring_lift` as a transform: ``TUDataset(root, name, pre_transform=RingLift())``.

    A data set is lifted at once by ``lift_dataset(graphs, rings=8)``. Transforms that change
    vertices or edges come before it.

    Args:
        max_length: most vertices of a ring.
        max_dim: the top dimension.
        reduce: how vertex features are spread to higher simplices, ``"sum"`` or ``"mean"``.
        edge_attr: ``"sum"`` or ``"mean"`` appends ``edge_attr`` to ``x_1``; ``None`` does not.
        apex: what an apex carries, ``"sum"``, ``"mean"`` or ``"token"``.
        marker: whether a channel tells simplices with an apex from others.

    Example:
        >>> import torch
        >>> square = torch.tensor([[0, 1, 2, 3], [1, 2, 3, 0]])
        >>> RingLift()(Data(x=torch.ones(4, 1), edge_index=square)).complex
        SimplicialComplex(f_vector=(5, 8, 4))
    """

    def __init__(
        self,
        max_length: int = 8,
        max_dim: int = 2,
        *,
        reduce: Reduce = "sum",
        edge_attr: Reduce | None = None,
        apex: Apex = "sum",
        marker: bool = True,
    ) -> None:
        _options(max_length, max_dim, reduce, edge_attr, apex, marker)
        self.max_length = max_length
        self.max_dim = max_dim
        self.reduce = reduce
        self.edge_attr = edge_attr
        self.apex = apex
        self.marker = marker

    def forward(self, data: Data) -> SimplicialData:
        """The lifted graph; the input stays as it is."""
        return ring_lift(
            data,
            self.max_length,
            self.max_dim,
            reduce=self.reduce,
            edge_attr=self.edge_attr,
            apex=self.apex,
            marker=self.marker,
        )

    def __repr__(self) -> str:
        more = "" if self.edge_attr is None else f", edge_attr={self.edge_attr!r}"
        return (
            f"RingLift(max_length={self.max_length}, max_dim={self.max_dim}, "
            f"reduce={self.reduce!r}{more}, apex={self.apex!r}, marker={self.marker})"
        )
