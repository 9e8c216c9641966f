"""A list of what flows from where to where, as a cochain."""

from typing import NamedTuple

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, real_tensor
from simplex.lifting._clique import clique_complex


class Flow(NamedTuple):
    """A flow on a clique complex.

    Attributes:
        complex: the edges, with cliques filled in.
        x: (n_1,) float64: positive from the smaller vertex to the larger one.
    """

    complex: SimplicialComplex
    x: Tensor


def flow_of(
    edge_index: Tensor, values: Tensor, num_vertices: int | None = None, *, max_dim: int = 2
) -> Flow:
    r"""The net flow on each edge, from directed edges with values.

    .. math:: x_{uv} = \sum_{e: u → v} f_e - \sum_{e: v → u} f_e, \qquad u < v

    Args:
        edge_index: (2, E) int64, tails and heads.
        values: (E,) f; what flows from the head to the tail is negative. Those of one edge are
            added up, those in its other direction subtracted.
        num_vertices: at least that many; ``None`` for those of the edges.
        max_dim: up to which dimension cliques are filled in.

    Returns:
        :class:`Flow`, without a gradient.

    Raises:
        ValueError: a wrong shape, a self-loop, or a value that is not finite.

    Example:
        >>> flow = flow_of(torch.tensor([[0, 2, 1], [1, 1, 0]]), torch.tensor([3.0, 1.0, 1.0]))
        >>> flow.complex.simplices(1).tolist(), flow.x.tolist()
        ([[0, 1], [1, 2]], [2.0, -1.0])
    """
    f = real_tensor("values", values).detach().double()
    K = clique_complex(edge_index, max_dim, num_vertices=num_vertices)
    ends = torch.as_tensor(edge_index)
    if f.shape != ends.shape[1:]:
        raise ValueError(
            f"values must be of shape ({ends.shape[1]},), one for each column of edge_index, got "
            f"{tuple(f.shape)}."
        )
    if not bool(f.isfinite().all()):
        raise ValueError("values must be finite, got NaN or infinity. Leave those edges out.")
    loops = ends[0] == ends[1]
    if bool(loops.any()):
        raise ValueError(
            f"edge_index must have no self-loops, got one at vertex {int(ends[0][loops][0])}: what "
            "flows from a vertex to itself flows nowhere. Leave them out."
        )
    ids, forward = K.index(ends.T), ends[0] < ends[1]
    x = torch.zeros(K.num_simplices(1), dtype=torch.float64, device=f.device)
    return Flow(K, x.index_add_(0, ids, torch.where(forward, f, -f)))
