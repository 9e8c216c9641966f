"""Induced complexes: the simplices all of whose vertices are among some."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex


class Cut(NamedTuple):
    """A part of a complex.

    Attributes:
        complex: the induced complex; vertices and simplices keep their order.
        ids: (n_k,) for each dimension, which simplices of the whole these are, increasing.
    """

    complex: SimplicialComplex
    ids: list[Tensor]


def cut(K: SimplicialComplex, vertices: Tensor, max_dim: int) -> Cut:
    """The complex that vertices induce, in O(simplices at the vertices): the whole is not read.

    Args:
        K: of one part; its tables may be memory-mapped.
        vertices: increasing ids.
        max_dim: how many dimensions the ids have at least.
    """
    from simplex.loader._ball_numba import simplices_within

    ids, tables = [vertices], []
    for k in range(1, K.dim + 1):
        found, rows = simplices_within(K.facets(k).numpy(), ids[-1].numpy())
        ids.append(torch.from_numpy(found))
        tables.append(torch.from_numpy(rows))
    ids += [vertices[:0]] * (max_dim + 1 - len(ids))
    labels = K.vertex_labels
    small = SimplicialComplex(
        len(vertices),
        tables,
        orientation=_kept(K.state()["orientation"], ids),
        filtration=_kept(K.filtration, ids),
        vertex_labels=None if labels is None else [labels[v] for v in vertices.tolist()],
        directed=K.directed,
    )
    return Cut(small, ids)


def _kept(values: Any, ids: list[Tensor]) -> list[Tensor] | None:
    if values is None:
        return None
    return [each[rows] for each, rows in zip(values, ids, strict=False)]
