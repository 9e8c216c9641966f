"""Edge collapse: fewer edges, later values, the same persistent homology of the flag complexes."""

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import interruptible


def collapsed_edges(size: int, edges: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """The edges that are left and the values at which they enter, each a length of some edge.

    Args:
        size: number of vertices.
        edges: (E, 2).
        lengths: (E,), differentiable.

    Returns:
        Edges u < v in lexicographic order and their values, differentiable.
    """
    from gudhi.flag_filtration.edge_collapse import reduce_graph
    from scipy.sparse import coo_matrix

    given = lengths.detach().double().cpu().numpy()
    graph = coo_matrix((given, edges.cpu().numpy().T), (size, size))
    left = interruptible(reduce_graph, graph)
    ends = np.stack([np.minimum(left.row, left.col), np.maximum(left.row, left.col)])
    order = np.lexsort(ends[::-1])
    by_length = np.argsort(given, kind="stable")
    source = by_length[np.searchsorted(given[by_length], left.data[order])]
    kept = torch.from_numpy(ends[:, order].T.astype(np.int64))
    return kept.to(edges.device), lengths[torch.from_numpy(source).to(lengths.device)]
