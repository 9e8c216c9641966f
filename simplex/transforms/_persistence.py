"""Persistence diagrams as features: what a filtration sees of a whole complex."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import (
    HIGHEST_DIM,
    SimplicialComplex,
    interruptible,
    require_int,
    require_real,
    shown,
)
from simplex.operators import neighbor_counts, small_neighbors
from simplex.persistence import Diagram, lower_star, persistence, persistence_statistics
from simplex.transforms._checks import require_complex, require_words
from simplex.transforms._encoding import Encoding
from simplex.transforms._spectral import HeatKernelDiagonals


FILTRATIONS = ("degree", "closeness", "heat", "given")
_NOISE = 1e-9  # lifetimes below are rounding: vertices that a symmetry exchanges
_SOURCES = 256  # of shortest paths at a time, in large parts


class PersistenceFeatures(Encoding):
    r"""What the persistence diagrams of a complex look like, on each of its simplices.

    For every filtration the diagrams of all items are computed by one call, turned into vectors,
    and each simplex is given those of the part that it belongs to.

    Args:
        filtrations: functions on the vertices, of which the lower stars are taken: ``"degree"``;
            ``"closeness"``, of Wasserman and Faust; ``"heat"``, the diagonal of e^{-tL}; or
            ``"given"``, the filtration that the complex has.
        max_dim: the top degree h of the classes.
        vectorize: from a diagram and a degree to (num_parts, …); ``None`` for the seven numbers of
            :func:`~simplex.persistence.persistence_statistics`.
        time: t, of the heat.
        dims, name, generator: as for :class:`Encoding`; the generator is for heat in parts with
            more than 512 vertices.

    Laws:
        Invariant under permutation and reorientation; a union is treated as its parts.

    Cost:
        Of the diagrams: near-linear. Closeness: n_0 (n_0 + n_1) a part.

    Paper:
        Hofer et al., "Deep Learning with Topological Signatures", NeurIPS 2017; Carrière et al.,
        "PersLay", AISTATS 2020 (heat kernels as filtrations of graphs).

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2), (2, 3), (0, 3), (3, 4)])
        >>> features = PersistenceFeatures(["degree"], max_dim=1).columns(K, 0)
        >>> features.shape, features[0, 7].item()  # of degree 1, one class stays
        (torch.Size([5, 14]), 1.0)
    """

    def __init__(
        self,
        filtrations: Sequence[str] = ("degree",),
        max_dim: int = 1,
        *,
        vectorize: Callable[[Diagram, int], Tensor] | None = None,
        time: float = 1.0,
        dims: Sequence[int] | None = None,
        name: str = "x",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(dims=dims, name=name, generator=generator)
        self.filtrations = require_words("filtrations", filtrations, FILTRATIONS)
        self.max_dim = require_int("max_dim", max_dim, least=0, most=HIGHEST_DIM)
        if vectorize is not None and not callable(vectorize):
            raise TypeError(
                f"vectorize must be a function of a diagram and a degree, got {shown(vectorize)}."
            )
        self.vectorize = vectorize
        self.time = require_real("time", time, 0.0, open=True)

    def compute(self, K: SimplicialComplex, k: int) -> Tensor:
        """(n_k, filtrations · degrees · width), the degrees of one filtration side by side."""
        key = f"persistence {self.filtrations} {self.max_dim} {self.time} {id(self.vectorize)}"
        vectors: Tensor = K.cached(key, 0, lambda: self.vectors(K))
        return vectors[K.part(k)]

    def vectors(self, K: SimplicialComplex) -> Tensor:
        """The vectors of the complex, or of each part of a union.

        Args:
            K: the complex.

        Returns:
            (num_parts, filtrations · degrees · width).
        """
        require_complex(K)
        vectorize = persistence_statistics if self.vectorize is None else self.vectorize
        columns = []
        for name in self.filtrations:
            D = persistence(self._filtered(K, name), self.max_dim, min_persistence=_NOISE)
            for h in range(self.max_dim + 1):
                vector: Any = vectorize(D, h)
                if not isinstance(vector, Tensor) or vector.shape[:1] != (K.num_parts,):
                    got = tuple(vector.shape) if isinstance(vector, Tensor) else shown(vector)
                    raise ValueError(
                        f"vectorize must give a tensor (num_parts, …) with num_parts = "
                        f"{K.num_parts}, got {got}."
                    )
                columns.append(vector.flatten(1) if vector.ndim > 1 else vector[:, None])
        return torch.cat([torch.zeros(K.num_parts, 0, device=K.device), *columns], dim=1)

    def _filtered(self, K: SimplicialComplex, name: str) -> SimplicialComplex:
        if name == "given":
            return K if K.dim >= 0 else K.with_filtration([])
        if name == "degree":
            values = neighbor_counts(K, 0, "upper").double()
        elif name == "closeness":
            values = closeness(K)
        else:
            heat = HeatKernelDiagonals([self.time], generator=self.generator)
            values = heat.compute(K, 0)[:, 0].double()
        return lower_star(K, values)


def closeness(K: SimplicialComplex) -> Tensor:
    r"""How near each vertex is to those that it reaches.

    .. math:: c_v = \frac{r - 1}{n - 1} \frac{r - 1}{\sum_u d(u, v)}

    with the r vertices in its component, itself included, of the n of its part; 0 for a lone one.

    Args:
        K: the complex, or a disjoint union.

    Returns:
        (n_0,) float64.
    """
    others = torch.zeros(K.num_simplices(0), dtype=torch.float64, device=K.device)
    total = torch.zeros_like(others)
    small, blocks = small_neighbors(K, 0, "upper")
    for rows, block in blocks:
        step = (block != 0).float()
        reached = torch.eye(rows.shape[1], dtype=step.dtype, device=K.device).expand_as(step)
        for hop in range(1, rows.shape[1]):
            further = ((reached + reached @ step) > 0).float()
            new = (further - reached).sum(2).double()
            if not bool(new.any()):
                break
            others[rows], total[rows] = others[rows] + new, total[rows] + hop * new
            reached = further
    for p in (~small).nonzero()[:, 0].tolist():
        start, stop = K.part_pointer(0)[p : p + 2].tolist()
        first, last = K.part_pointer(1)[p : p + 2].tolist()
        edges = (K.simplices(1)[first:last] - start).cpu().numpy()
        for at, found in _distances(edges, stop - start):
            rows = start + torch.arange(at, at + len(found[0]))
            others[rows] = torch.from_numpy(found[0]).to(K.device)
            total[rows] = torch.from_numpy(found[1]).to(K.device)
    most = (K.part_pointer(0).diff()[K.part(0)] - 1).clamp(min=1)
    return others / most * others / total.clamp(min=1)


def _distances(edges: np.ndarray, size: int) -> Any:
    """Blocks of vertices: how many others each reaches, and the sum of their distances."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import dijkstra

    graph = coo_matrix((np.ones(len(edges)), edges.T), (size, size)).tocsr()
    for at in range(0, size, _SOURCES):
        sources = np.arange(at, min(at + _SOURCES, size))
        far = interruptible(
            lambda s: dijkstra(graph, directed=False, indices=s, unweighted=True), sources
        )
        near = np.isfinite(far)
        yield at, (near.sum(1) - 1.0, np.where(near, far, 0.0).sum(1))
