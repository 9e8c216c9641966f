"""Mini-batches by clusters of vertices: seeds that are near each other share their balls."""

import os
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Literal

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from simplex.complexes import integer_tensor, require_flag, require_int
from simplex.data import SimplicialData
from simplex.loader._ball_loader import Balls, draws, start_loader
from simplex.loader._neighbors import Neighbors


class ClusterLoader(DataLoader[SimplicialData]):
    r"""Batches of whole clusters, with what lies within some hops around them.

    The seeds of a batch are those of the clusters that are drawn for it; around them lies a halo of
    ``hops`` hops. Clusters with few edges between them make halos small, so that all seeds together
    cost little more than the whole complex does; with ``model.hops`` the rows of the seeds are
    exact, with 0 the simplices between the clusters of different batches are left out.

    Args:
        data: as for :class:`BallLoader`.
        labels: (n,) the number of the cluster of each vertex, in any partition; or how many
            clusters METIS is to make, for which pymetis must be installed.
        hops: of the halo.
        seeds: vertices, a mask, or tuples (m, k+1), which are in the cluster of their first vertex;
            ``None`` for all vertices.
        max_dim: the top dimension of the lift, of graphs; a complex keeps its own.
        batch_size: clusters in a batch.
        shuffle: whether every epoch puts other clusters together, in another order.
        fields, reduce, edge_attr, neighbors, drop_last, rank, num_ranks, generator, options: as for
            :class:`BallLoader`; ranks share the clusters.

    Raises:
        TypeError, ValueError: labels of another shape; otherwise as :class:`BallLoader`.
        ImportError: METIS is asked for and pymetis is not installed.

    Paper:
        Chiang et al., "Cluster-GCN", KDD 2019, which has no halo.

    Example:
        >>> edges = torch.tensor([[0, 1, 2, 3, 4], [1, 2, 0, 4, 5]])
        >>> loader = ClusterLoader(edges, [0, 0, 0, 1, 1, 1], hops=1)
        >>> [(batch.complex.f_vector, batch.n_id[batch.seed].tolist()) for batch in loader]
        [((3, 3, 1), [0, 1, 2]), ((3, 2), [3, 4, 5])]
    """

    def __init__(
        self,
        data: Any,
        labels: Any,
        hops: int,
        seeds: Any = None,
        max_dim: int = 2,
        batch_size: int = 1,
        shuffle: bool = False,
        *,
        fields: Mapping[str, Any] | None = None,
        reduce: Literal["sum", "mean"] = "sum",
        edge_attr: Literal["sum", "mean"] | None = None,
        neighbors: str | os.PathLike[str] | None = None,
        drop_last: bool = False,
        rank: int | None = None,
        num_ranks: int | None = None,
        generator: torch.Generator | None = None,
        **options: Any,
    ) -> None:
        require_flag("shuffle", shuffle)
        require_flag("drop_last", drop_last)
        require_int("batch_size", batch_size, 1)
        balls = Balls(
            data,
            seeds,
            hops,
            None,
            max_dim,
            fields=fields,
            reduce=reduce,
            edge_attr=edge_attr,
            neighbors=neighbors,
        )
        of_vertices = _labels(labels, balls.source.neighbors)
        self.draws = draws(
            _groups(of_vertices[balls.seeds[:, 0]]),
            batch_size,
            shuffle=shuffle,
            drop_last=drop_last,
            sampler=None,
            generator=generator,
            rank=rank,
            num_ranks=num_ranks,
        )
        start_loader(super().__init__, balls, self.draws, options)


def _labels(labels: Any, neighbors: Neighbors) -> Tensor:
    count = neighbors.num_vertices
    if isinstance(labels, int) and not isinstance(labels, bool):
        return _metis(neighbors, require_int("labels", labels, 1, max(count, 1)))
    given = integer_tensor("labels", labels)
    if given.shape != (count,):
        raise ValueError(
            f"labels must be of shape ({count},), one per vertex, got {tuple(given.shape)}."
        )
    return given


def _groups(labels: Tensor) -> list[Tensor]:
    """The places of equal labels together, those of the lowest first."""
    order = labels.argsort(stable=True)
    sizes = torch.unique_consecutive(labels[order], return_counts=True)[1]
    return list(torch.split(order, sizes.tolist()))


def _metis(neighbors: Neighbors, number: int) -> Tensor:
    try:
        pymetis = import_module("pymetis")
    except ImportError as error:
        raise ImportError(
            "labels must be a tensor with the cluster of each vertex where METIS is not installed, "
            f"got {number}. Install it: pip install pymetis."
        ) from error
    pointer, neighbor = neighbors.arrays()
    _, parts = pymetis.part_graph(number, xadj=pointer, adjncy=neighbor)
    return torch.tensor(parts, dtype=torch.int64)
