"""Graphs in the plane: which parts of a union are, and which further edges keep them so."""

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex


def planar_parts(K: SimplicialComplex) -> Tensor:
    """(num_parts,) whether the 1-skeleton of each part is planar."""
    result = torch.ones(K.num_parts, dtype=torch.bool, device=K.device)
    result[K.part(1)[~_added(K, K.simplices(1)[:0], K.simplices(1))]] = False
    return result


def planar_with(
    K: SimplicialComplex, pairs: Tensor, back: Tensor, generator: torch.Generator | None
) -> Tensor:
    """Of the (m, 2) pairs that come back, (m,) bool, those that do so in a random order.

    One that would make the graph not planar when its turn has come stays away.
    """
    turn = torch.rand(len(back), generator=generator, dtype=torch.float64, device=K.device)
    order = back.nonzero().squeeze(1)
    order = order[turn[order].argsort()]
    kept = torch.zeros_like(back)
    kept[order[_added(K, K.simplices(1), pairs[order])]] = True
    return kept


def _added(K: SimplicialComplex, edges: Tensor, proposed: Tensor) -> Tensor:
    """Which of the proposed edges leave the graph planar, one after another."""
    from simplex.diffusion._complexes.planarity_numba import planar_additions

    tables = [each.contiguous().cpu().numpy() for each in (edges, proposed)]
    return torch.from_numpy(planar_additions(*tables, K.num_simplices(0))).to(K.device)
