"""Mini-batches of one giant graph or complex: seeds, and the balls that a network can see."""

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from simplex.complexes import (
    HIGHEST_DIM,
    any_tensor,
    integer_tensor,
    require_flag,
    require_generator,
    require_int,
    require_word,
    shown,
)
from simplex.data import SimplicialData
from simplex.loader._draws import Draw, Draws, share
from simplex.loader._sources import Ball, Source, source_of


class BallLoader(DataLoader[SimplicialData]):
    r"""Batches of seeds with the complex around them, cut from a graph or complex of any size.

    .. math:: B = \{v : d(v, s) ≤ H \text{ for a vertex } s \text{ of a seed}\}, \qquad
              K_B = \{σ ∈ K : σ ⊆ B\}

    A batch is K_B, one complex for all of its seeds, with the rows of their features: a graph is
    lifted ball by ball, in one call of the kernel for each batch, and never as a whole. With the
    hops of a network, ``model.hops``, and no fanout the rows of the seeds are those that the whole
    complex would give, in evaluation mode; others are cut off at the border and mean nothing::

        for batch in BallLoader(data, train_mask, model.hops, batch_size=512, shuffle=True):
            out = model(batch.cochains(), batch.complex)[batch.seed]
            loss = cross_entropy(out, batch.y[batch.seed])

    **Sampling.** With ``fanout`` a vertex u that has been reached takes each neighbour with
    probability min(1, fanout / deg(u)), so that a hub takes as many as others do on average. The
    coin is that of the neighbour v: where several ask, the one with the highest probability p_v
    decides, and what has been left out once stays out. All simplices among the vertices that are
    there are kept, so σ is there with the probability of its vertices, and weighs

    .. math:: w_σ = \prod_{v ∈ σ} 1 / p_v, \qquad p_v = 1 \text{ for vertices of seeds}

    (``batch.weight``, ``batch.weight_1``, …). Sums over cofaces become unbiased by it: for τ within
    one hop of the seeds, given that it is there,

    .. math:: E \sum_{σ ⊃ τ,\; σ ∈ K_B} \frac{w_σ}{w_τ} \, f(σ) = \sum_{σ ⊃ τ,\; σ ∈ K} f(σ),

    signed or not; sums over faces are complete as they are. Two such sums, one of the other, are
    unbiased at the seeds too. This is Horvitz and Thompson's estimator of each sum by itself: what
    comes of activations between, of means, or of three and more layers is biased, and a network
    that is given no weights sees a sparser complex.

    Args:
        data: a PyG ``Data``, or any other graph that ``clique_complex`` takes; the edges of
            ``open_edges``; a :class:`~simplex.data.SimplicialData` or ``SimplicialComplex``, also
            one from ``open_complex``, which is cut as it is.
        seeds: (m,) vertices, or their (n,) mask; or (m, k+1) vertices of the k-simplices that
            there are to be rows of; ``None`` for all vertices.
        hops: H; ``model.hops`` for exact rows.
        fanout: of each hop, or one number for all; -1 in a list, or ``None``, takes all.
        max_dim: the top dimension of the lift, of graphs; a complex keeps its own.
        batch_size: seeds in a batch.
        shuffle: whether every epoch has its own order.
        fields: further fields of ``data``, ``{"x": …, "y": …}``, tensors or arrays, perhaps
            memory-mapped, with a row per vertex; of a complex ``name_k`` with one per k-simplex.
        reduce, edge_attr: how features of vertices and edges become those of simplices, see
            :func:`simplex.transforms.clique_lift`.
        neighbors: a folder for the lists of neighbours, which are otherwise held in memory, 8 bytes
            an edge; made at the first call, by one process, and mapped by later ones.
        sampler: the order of the seeds, as for torch's loader, in place of ``shuffle``.
        drop_last: leave out a last batch that is not full.
        rank, num_ranks: which share of the seeds this process takes; by default its own of
            ``torch.distributed``, where that has been initialised. With ``shuffle`` all shares are
            of one length, filled up by repetition.
        generator: of orders and samples; both are the same for any number of workers.
        options: of torch's ``DataLoader``: ``num_workers``, ``persistent_workers``,
            ``prefetch_factor``, ``pin_memory``, ``multiprocessing_context``, ….

    Returns:
        A loader of :class:`~simplex.data.SimplicialData` with the fields ``seed`` (rows of the
        seeds, in dimension k), ``input_id`` (which of ``seeds`` they are) and ``n_id`` (the numbers
        of the vertices in the whole, in increasing order: orientations stay).

    Raises:
        TypeError: data, seeds or hops of another kind.
        ValueError: seeds that are no simplices, fields of other lengths, or as clique_lift.

    Cost:
        Of a batch O(Σ_{v ∈ B} min(deg(v), |B| log deg(v))) and its lift; with ``fanout`` the
        degrees of what was reached are read too.

    Paper:
        Hamilton, Ying, Leskovec, "Inductive Representation Learning on Large Graphs", NeurIPS 2017.
        Coins of the neighbours: Balin, Çatalyürek, "Layer-Neighbor Sampling", NeurIPS 2023. Here
        simplices are kept or not, by vertices, in the place of edges.

    Example:
        >>> edges = torch.tensor([[0, 1, 2, 3, 4], [1, 2, 0, 4, 5]])
        >>> loader = BallLoader(edges, [0, 4], hops=1, batch_size=1)
        >>> [(batch.complex.f_vector, batch.n_id[batch.seed].tolist()) for batch in loader]
        [((3, 3, 1), [0]), ((3, 2), [4])]
    """

    def __init__(
        self,
        data: Any,
        seeds: Any,
        hops: int,
        fanout: int | Sequence[int] | None = None,
        max_dim: int = 2,
        batch_size: int = 1,
        shuffle: bool = False,
        *,
        fields: Mapping[str, Any] | None = None,
        reduce: Literal["sum", "mean"] = "sum",
        edge_attr: Literal["sum", "mean"] | None = None,
        neighbors: str | os.PathLike[str] | None = None,
        sampler: Iterable[int] | None = None,
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
            fanout,
            max_dim,
            fields=fields,
            reduce=reduce,
            edge_attr=edge_attr,
            neighbors=neighbors,
        )
        self.draws = draws(
            len(balls),
            batch_size,
            shuffle=shuffle,
            drop_last=drop_last,
            sampler=sampler,
            generator=generator,
            rank=rank,
            num_ranks=num_ranks,
        )
        start_loader(super().__init__, balls, self.draws, options)


class Balls(Dataset[SimplicialData]):
    """The batches by their draws; what :class:`BallLoader` and its like give torch's loader.

    Args:
        data, seeds, hops, fanout, max_dim: see :class:`BallLoader`.
        fields, reduce, edge_attr, neighbors: likewise.
    """

    def __init__(
        self,
        data: Any,
        seeds: Any,
        hops: int,
        fanout: int | Sequence[int] | None,
        max_dim: int,
        *,
        fields: Mapping[str, Any] | None,
        reduce: Literal["sum", "mean"],
        edge_attr: Literal["sum", "mean"] | None,
        neighbors: str | os.PathLike[str] | None,
    ) -> None:
        require_word("reduce", reduce, ("sum", "mean"))
        require_word("edge_attr", edge_attr, ("sum", "mean", None))
        require_int("max_dim", max_dim, 0 if edge_attr is None else 1, HIGHEST_DIM)
        self.fanouts = _fanouts(_hops(hops), fanout)
        self.source: Source = source_of(data, fields, max_dim, reduce, edge_attr, neighbors)
        self.seeds = _seeds(seeds, self.source)
        self.sampled = bool(np.isfinite(self.fanouts).any())

    def __len__(self) -> int:
        return len(self.seeds)

    def __getitem__(self, index: int) -> SimplicialData:
        return self.batch(torch.tensor([index]), key=index)

    def __getitems__(self, draw: Draw) -> SimplicialData:
        return self.batch(*draw)

    def batch(self, ids: Tensor, key: int) -> SimplicialData:
        """The ball of these seeds, with what is drawn by the key."""
        from simplex.loader._ball_numba import grow

        tuples = self.seeds[ids]
        start = torch.unique(tuples)
        found = grow(*self.source.neighbors.arrays(), start.numpy(), self.fanouts, key)
        vertices, order = torch.from_numpy(found[0]).sort()
        inverse = torch.from_numpy(found[1])[order] if self.sampled else None
        fields = {"n_id": vertices, "input_id": ids}
        data = self.source.cut(Ball(vertices, inverse), **fields)
        K = data.complex
        local = torch.searchsorted(vertices, tuples)
        data.seed = local[:, 0] if local.shape[1] == 1 else K.index(local)
        if inverse is not None:
            weights = inverse.to(torch.get_default_dtype())
            data.weight = weights
            for k in range(1, self.source.max_dim + 1):
                data[f"weight_{k}"] = weights[K.simplices(k)].prod(1)
        return data


def draws(
    groups: int | list[Tensor],
    batch_size: int,
    *,
    shuffle: bool,
    drop_last: bool,
    sampler: Iterable[int] | None,
    generator: torch.Generator | None,
    rank: int | None,
    num_ranks: int | None,
) -> Draws:
    """The batches of an epoch, once the options are checked."""
    require_generator(generator)
    if sampler is not None and (shuffle or not hasattr(sampler, "__len__")):
        raise ValueError(
            "sampler must have a length and be the only one to say the order, got one "
            f"{'with shuffle=True' if shuffle else 'without a length'}."
        )
    own, all_ = share(rank, num_ranks)
    order = {"shuffle": shuffle, "drop_last": drop_last, "sampler": sampler}
    return Draws(groups, batch_size, generator=generator, rank=own, num_ranks=all_, **order)  # type: ignore[arg-type]


def start_loader(start: Any, balls: Balls, batches: Draws, options: dict[str, Any]) -> None:
    """Call the constructor of torch's loader, which knows nothing of balls."""
    ours = {"dataset", "batch_sampler", "collate_fn"} & set(options)
    if ours:
        raise TypeError(f"{', '.join(sorted(ours))} must be left out: the loader has its own.")
    start(balls, batch_sampler=batches, collate_fn=_same, **options)


def _same(batch: SimplicialData) -> SimplicialData:
    return batch


def _hops(hops: object) -> int:
    if hops is None or hasattr(hops, "hops"):
        remedy = "Pass model.hops." if hops is not None else (
            "A network whose hops are None sees the whole complex: give it a level, a norm other "
            "than 'graph', attention along adjacencies, filters without normalize=True or a bound "
            "of the whole complex. Its rows are cut short by any number of hops."
        )  # fmt: skip
        raise TypeError(f"hops must be an int, got {shown(hops)}. {remedy}")
    return require_int("hops", hops, 0)


def _fanouts(hops: int, fanout: object) -> np.ndarray:
    """(hops,) floats, infinite where all are taken."""
    if fanout is None or (isinstance(fanout, int) and not isinstance(fanout, bool)):
        listed: list[Any] = [-1 if fanout is None else fanout] * hops
    elif isinstance(fanout, Sequence) and not isinstance(fanout, str | bytes):
        listed = list(fanout)
    else:
        raise TypeError(f"fanout must be an int, one per hop, or None, got {shown(fanout)}.")
    sizes = [require_int("fanout", size, -1) for size in listed]
    if len(sizes) != hops or 0 in sizes:
        raise ValueError(
            f"fanout must be positive, or -1 for all, for each of {hops} hops, got {listed}."
        )
    return np.array([math.inf if size < 0 else float(size) for size in sizes], np.float64)


def _seeds(seeds: Any, source: Source) -> Tensor:
    """(m, k+1) increasing vertex tuples, all of them simplices."""
    count = source.neighbors.num_vertices
    if seeds is None:
        return torch.arange(count)[:, None]
    given = any_tensor("seeds", seeds)
    if given.dtype == torch.bool:
        if given.shape != (count,):
            raise ValueError(
                f"seeds must be a mask of shape ({count},), ids (m,) or tuples (m, k+1), got a "
                f"mask of shape {tuple(given.shape)}."
            )
        given = given.nonzero().squeeze(1)
    ids = integer_tensor("seeds", given if given.numel() else given.long()).cpu()
    if ids.ndim not in (1, 2) or (ids.ndim == 2 and ids.shape[1] == 0):
        raise ValueError(f"seeds must be of shape (m,) or (m, k+1), got {tuple(ids.shape)}.")
    tuples = ids[:, None] if ids.ndim == 1 else ids
    if not getattr(getattr(source, "complex", None), "directed", False):
        tuples = tuples.sort(1).values
    if tuples.numel() and not 0 <= int(tuples.min()) <= int(tuples.max()) < count:
        raise ValueError(f"seeds must hold vertices in 0 … {count - 1}, got others.")
    if tuples.shape[1] > 1:
        there = source.holds(tuples)
        if not bool(there.all()):
            first = tuples[~there][0].tolist()
            raise ValueError(
                f"seeds must be simplices, got {int((~there).sum())} that are none, the first "
                f"{tuple(first)}."
            )
    return tuples
