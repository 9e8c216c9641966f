"""A network on all of a giant complex: layer by layer, block by block."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_complex, require_int, shown
from simplex.loader._cut import cut
from simplex.loader._fields import rows_of
from simplex.loader._neighbors import Neighbors, neighbors_of
from simplex.loader._sources import edges_of


class Stage(Protocol):
    """A step of a network, as ``model.stages()`` gives it."""

    run: Any
    reach: Any
    reads: tuple[int, ...]


@torch.no_grad()
def infer(
    model: Any,
    x: Sequence[Any],
    K: SimplicialComplex,
    *,
    block: int = 1 << 18,
    folder: str | os.PathLike[str] | None = None,
    neighbors: str | os.PathLike[str] | None = None,
) -> Tensor:
    r"""``model(x, K)`` for a network with a level, in bounded memory: one layer after the other.

    Every layer is computed for all simplices before the next one is, so that no simplex is
    computed more often than the blocks overlap, however many layers there are. A block is the
    simplices whose first vertex lies in a range, rows that follow each other in every dimension;
    with it the layer sees as many hops around as its ``reach`` says.

    Networks with ``stages()`` are served if all of these are local, which those with ``hops`` are:
    :class:`~simplex.nn.SimplicialNetwork` with its descendants, :class:`~simplex.nn.PooledMLP` and
    :class:`~simplex.nn.FVectorMLP`. Others are refused: without a level, with a norm or a bound
    taken over a whole part, with attention over all simplices, or called with more than cochains
    and complex (:class:`~simplex.nn.EMPSN`, networks of flows: take
    :class:`~simplex.loader.BallLoader`).

    Args:
        model: the network, in evaluation mode, on any device; blocks are moved there.
        x: one cochain per dimension, tensors or arrays on the CPU, perhaps memory-mapped.
        K: the complex, on the CPU; perhaps that of :func:`simplex.storage.open_complex`.
        block: simplices of all dimensions held at a time, those around a block counted. One vertex
            with what is around it is taken even if it is more.
        folder: where the cochains between the layers are kept as files, and the result, instead of
            in memory; it must not exist.
        neighbors: a folder for the lists of neighbours, see :class:`BallLoader`.

    Returns:
        (n_level, out_channels), on the CPU; with a folder a memory map of its ``rows.npy``.

    Raises:
        TypeError, ValueError: a network that is not served, or in training mode; or as it refuses
            the cochains itself.
        FileExistsError: the folder exists.

    Cost:
        That of ``model(x, K)`` times how much larger the blocks are with what is around them:
        little where near vertices have near numbers, as after a clustering, and much in a random
        order. Memory: two layers of cochains, or none with a folder; 8 bytes an edge, or none with
        ``neighbors``; and a block.

    Paper:
        Layers of all vertices one after another: Hamilton et al. 2017, as in PyG's and DGL's
        inference loops; here for all dimensions.

    Example:
        >>> from simplex.nn import MPSN
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = MPSN(1, 8, 2, num_layers=2, max_dim=2, level=1).eval()
        >>> x = [torch.ones(n, 1) for n in K.f_vector]
        >>> torch.allclose(infer(model, x, K, block=4), model(x, K), atol=1e-6)
        True
    """
    level, stages = _level(model), _stages(model)
    require_complex("K", K)
    require_int("block", block, 1)
    if K.device.type != "cpu":
        raise ValueError(f"K must be on the CPU, got {K.device}. Blocks are moved to the model.")
    counts = _counts(x, K)
    place = None if folder is None else Path(folder)
    if place is not None:
        place.mkdir(parents=True)
    blocks = _Blocks(K, neighbors_of(edges_of(K), K.num_simplices(0), neighbors), block, len(x) - 1)
    results: dict[int, list[Any]] = {0: list(x)}
    for number, stage in enumerate(stages, 1):
        last = number == len(stages)
        table = _Tables(place, "rows" if last else f"layer_{number}", counts)
        for start, stop, ids, small in blocks.all_of(stage.reach.hops(_TOUCHED)):
            rows = _run(stage, [results[i] for i in stage.reads], ids, small, model)
            for k, values in [(level, rows)] if last else enumerate(rows):
                first, end = blocks.rows(k, start), blocks.rows(k, stop)
                low, high = torch.searchsorted(ids[k], torch.tensor([first, end])).tolist()
                table.write(k, first, values[low:high])
        results[number] = table.all()
        for old in set(results) - {i for later in stages[number:] for i in later.reads} - {number}:
            del results[old]
    (rows_of_level,) = results[len(stages)]
    return torch.from_numpy(rows_of_level)


def _run(
    stage: Stage, read: list[list[Any]], ids: list[Tensor], small: SimplicialComplex, model: Any
) -> Any:
    """One stage on the cochains of a block, with what is around it."""
    parameter = next(model.parameters(), None)
    device = torch.device("cpu") if parameter is None else parameter.device
    given = [[rows_of(v, ids[k]).to(device) for k, v in enumerate(x)] for x in read]
    result = stage.run(*given, small.to(device))
    return result.cpu() if isinstance(result, Tensor) else [values.cpu() for values in result]


class _Blocks:
    """Ranges of vertices, each with the complex around it, as large as memory is to hold."""

    def __init__(self, K: SimplicialComplex, neighbors: Neighbors, most: int, top: int) -> None:
        self.complex, self.neighbors, self.most, self.top = K, neighbors, most, top
        self.tables = [K.facets(k).numpy() for k in range(1, K.dim + 1)]

    def all_of(self, hops: int) -> Any:
        """(start, stop, ids, complex) of blocks that make up the whole."""
        start, count = 0, self.neighbors.num_vertices
        size = max(1, min(count, self.most // 4))
        while start < count or not (start or count):  # once for the empty complex, too
            stop = min(start + size, count)
            ids, small = self._around(start, stop, hops)
            total = sum(small.f_vector)
            if total > self.most and stop - start > 1:
                size = max(1, min((stop - start) // 2, size * self.most // total))
                continue
            yield start, stop, ids, small
            if not count:
                return
            start = stop
            if 2 * total < self.most:
                size *= 2

    def rows(self, k: int, vertex: int) -> int:
        """The first k-simplex whose first vertex is at least this one."""
        from simplex.loader._ball_numba import first_child

        place = vertex
        for table in self.tables[:k]:
            place = first_child(table, 0, place)
        return place if k <= len(self.tables) else 0

    def _around(self, start: int, stop: int, hops: int) -> tuple[list[Tensor], SimplicialComplex]:
        from simplex.loader._ball_numba import grow

        all_ = np.full(hops, np.inf)
        found, _ = grow(*self.neighbors.arrays(), np.arange(start, stop), all_, 0)
        small, ids = cut(self.complex, torch.from_numpy(np.sort(found)), self.top)
        return ids, small


class _Tables:
    """The cochains of one stage, written row by row; their width is that of the first rows."""

    def __init__(self, folder: Path | None, name: str, counts: list[int]) -> None:
        self.folder, self.name, self.counts = folder, name, counts
        self.tables: dict[int, Any] = {}

    def write(self, k: int, first: int, values: Tensor) -> None:
        rows = values.numpy()
        if k not in self.tables:
            self.tables[k] = self._new(k, rows)
        self.tables[k][first : first + len(rows)] = rows

    def all(self) -> list[Any]:
        return [self.tables[k] for k in sorted(self.tables)]

    def _new(self, k: int, like: np.ndarray) -> Any:
        shape = (self.counts[k], *like.shape[1:])
        if self.folder is None:
            return np.empty(shape, like.dtype)
        name = self.name if self.name == "rows" else f"{self.name}_{k}"
        path = self.folder / f"{name}.npy"
        return np.lib.format.open_memmap(path, mode="w+", dtype=like.dtype, shape=shape)


_TOUCHED = 2  # the number, as a reach counts, of simplices that have a vertex in the range
_SERVED = (
    "Served are the networks of simplex.nn that say their hops, made of layers and a readout with "
    "a level; of others take the rows of simplex.loader.BallLoader."
)


def _stages(model: Any) -> list[Stage]:
    if getattr(model, "training", False):
        raise ValueError("model must be in evaluation mode, got training mode. Call model.eval().")
    stages: list[Stage] = model.stages()
    blind = [number for number, stage in enumerate(stages, 1) if stage.reach is None]
    if blind:
        raise ValueError(
            f"model must see a bounded number of hops in each layer, got {type(model).__name__}, "
            f"whose stage {blind[0]} of {len(stages)} sees the whole complex, or does not say. "
            f"{_SERVED}"
        )
    return stages


def _level(model: Any) -> int:
    if not callable(getattr(model, "stages", None)):
        raise TypeError(f"model must have stages(), got {shown(model)}. {_SERVED}")
    if model.level is None:
        raise ValueError(f"model must have a level, got {type(model).__name__} without. {_SERVED}")
    return int(model.level)


def _counts(x: object, K: SimplicialComplex) -> list[int]:
    """How many rows the cochains have, one per simplex of each dimension."""
    if not isinstance(x, Sequence) or not len(x):
        raise TypeError(f"x must be a list with one cochain per dimension, got {shown(x)}.")
    counts = [K.num_simplices(k) for k in range(len(x))]
    for k, (values, count) in enumerate(zip(x, counts, strict=True)):
        if not isinstance(values, Tensor | np.ndarray) or len(values) != count:
            got = tuple(values.shape) if hasattr(values, "shape") else type(values).__name__
            raise ValueError(f"x[{k}] must have one row per {k}-simplex ({count}), got {got}.")
    return counts
