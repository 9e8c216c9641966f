"""Complexes generated edge by edge: the face-survival process in continuous time.

Within one step of the chain the edges come back independently. Where two candidates exclude each
other, as the two diagonals of a hole do, both come back with a probability that falls with the
number of steps only. In continuous time no two come at once.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from simplex import SimplicialComplex
from simplex.complexes import with_simplices
from simplex.diffusion import ComplexState, candidates_of
from tests.benchmarks.complexes.denoiser import WalkScorer


@torch.no_grad()
def sample_by_events(
    model: WalkScorer, num_vertices: Sequence[int], generator: torch.Generator
) -> SimplicialComplex:
    """Generate from bare vertices, for clocks 1 - u of the edges and none of the triangles."""
    counts = torch.tensor([0, *num_vertices]).cumsum(0)
    K = SimplicialComplex(int(counts[-1]), part_pointer=counts)
    return complete(model, K, torch.ones(len(num_vertices), dtype=torch.float64), generator)


@torch.no_grad()
def complete(
    model: WalkScorer, K: SimplicialComplex, u: Tensor, generator: torch.Generator
) -> SimplicialComplex:
    r"""What the state K of the chain came from, where each edge is missing with probability u.

    A candidate has the odds u e^f of being in x_0, with f what the network says beside the clock.
    It is still missing at u' < u with probability

    .. math:: \frac{1 + u' e^f}{1 + u e^f},

    as long as nothing else returns. So the next to return in each part is the one whose u' is the
    largest; then its triangles are asked for, and all others drawn anew.

    Args:
        model: the network.
        K: a union.
        u: (num_parts,) float64 in (0, 1].
        generator: source of randomness.

    Cost:
        Two evaluations of the network for each edge of the largest complex.
    """
    T = model.process.num_steps
    while True:
        t = (u * T).ceil().long().clamp(1, T)
        candidates = candidates_of(_all_stayed(K), 1)
        part = candidates.part
        logits = model(_all_stayed(K), candidates, t).double()
        odds = (logits - (t.double() / T).log()[part]).clamp(-60, 60).exp()
        uniform = torch.rand(len(part), generator=generator, dtype=torch.float64)
        due = (uniform * (1 + u[part] * odds) - 1) / odds
        following = torch.zeros_like(u).scatter_reduce(0, part, due, "amax")
        chosen = (due == following[part]) & (due > 0)
        u = following  # a part with none to come is at 0, where all that is due lies below
        if not bool(chosen.any()):
            return K
        K, old, _ = with_simplices(K, 1, candidates.facets[chosen])
        state = _all_stayed(K)
        state.stayed[1][:] = False
        state.stayed[1][old] = True
        hollow = candidates_of(state, 2)
        new = ~hollow.facets_stayed
        accepted = model(state, hollow, t).double().sigmoid()
        fill = torch.rand(len(new), generator=generator, dtype=torch.float64) < accepted
        if bool((fill & new).any()):
            K = with_simplices(K, 2, hollow.facets[fill & new])[0]


def _all_stayed(K: SimplicialComplex) -> ComplexState:
    return ComplexState(K, [torch.ones_like(K.part(k), dtype=torch.bool) for k in range(K.dim + 1)])
