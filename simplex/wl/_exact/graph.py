"""A complex as a coloured graph whose automorphisms are those of the complex."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_memory
from simplex.lifting import count_cliques


Ints = NDArray[np.int64]
_SMALL = 2_000  # simplices; their nodes cost less than a count of cliques


class ColoredGraph(NamedTuple):
    """Vertices first.

    Args:
        pointer: (n+1,) where the neighbours of each node begin.
        column: (E,) the neighbours, increasing for each node, each edge in both directions.
        color: (n,) of the nodes.
    """

    pointer: Ints
    column: Ints
    color: Ints


def are_cliques(K: SimplicialComplex) -> bool:
    """Whether the simplices are known to be all cliques of the graph up to their dimension.

    Of small complexes it is not asked, as it spares nothing.
    """
    if K.dim < 2:
        return True
    if sum(K.f_vector) < _SMALL:
        return False
    edges, n = K.simplices(1).T.contiguous().cpu(), K.num_simplices(0)
    # Level by level: where one holds, the next is of its size.
    return all(
        count_cliques(edges, k, num_vertices=n) == K.f_vector[: k + 1] for k in range(2, K.dim + 1)
    )


def colored_graph(
    K: SimplicialComplex, colors: Sequence[Tensor], sizes: Sequence[int], cliques: bool
) -> ColoredGraph:
    """The graph of the vertices and edges, with further nodes for what these do not say.

    A node, joined to its vertices, stands for each simplex of a dimension with several colours;
    and for each that is in no larger one, unless the simplices are the cliques of the graph.

    Args:
        K: the complex.
        colors: for each k the (n_k,) colours.
        sizes: how many colours there are in each dimension, here or in what K is compared with.
        cliques: whether :func:`are_cliques` holds.
    """
    num_vertices = K.num_simplices(0)
    shade, offset = [colors[0]], sizes[0]
    ends = [K.simplices(1)] if K.dim > 0 else []
    count = num_vertices
    for k in range(1, K.dim + 1):
        if sizes[k] > 1:
            rows, color = K.simplices(k), colors[k]
        elif k == 1 or cliques:
            continue
        else:
            rows = K.simplices(k)[_maximal(K, k)]
            color = rows.new_zeros(len(rows))
        nodes = count + torch.arange(len(rows), device=rows.device)
        ends.append(torch.stack([nodes[:, None].expand(rows.shape), rows], 2).view(-1, 2))
        shade.append(color + offset)
        offset, count = offset + sizes[k], count + len(rows)
    edges = np.concatenate([np.empty((0, 2), np.int64), *(pairs.cpu().numpy() for pairs in ends)])
    num_bytes = 8 * (100 * count + 12 * len(edges))
    remedy = "Take complexes of lower dimension, K.skeleton(k)."
    require_memory(num_bytes, torch.device("cpu"), f"the search on {count} nodes", remedy)
    if len(edges) == 0:
        pointer, column = np.zeros(count + 1, np.int64), np.empty(0, np.int64)
    else:
        ordered = np.sort(np.concatenate([edges @ [count, 1], edges @ [1, count]]))
        source, column = np.divmod(ordered, count)
        pointer = np.zeros(count + 1, np.int64)
        np.cumsum(np.bincount(source, minlength=count), out=pointer[1:])
    return ColoredGraph(pointer, column, torch.cat(shade).cpu().numpy())


def _maximal(K: SimplicialComplex, k: int) -> Tensor:
    """Which k-simplices are in no larger one."""
    alone = torch.ones(K.num_simplices(k), dtype=torch.bool, device=K.device)
    if k < K.dim:
        alone[K.facets(k + 1).flatten()] = False
    return alone
