"""Self-avoiding walks towards a checkpoint and then an end, many at once."""

from typing import NamedTuple

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, ragged


_STRAY = 0.1  # probability of a random step
_MAX_DRAWS = 100  # times a path that got stuck is drawn anew


class Walks(NamedTuple):
    """The steps of all walks, in no particular order: ``sample`` went ``source`` → ``target``."""

    sample: Tensor
    source: Tensor
    target: Tensor


def walk_by_checkpoint(
    K: SimplicialComplex,
    positions: Tensor,  # (n_0, 2)
    start: Tensor,  # (n_0,) mask of the vertices to start in
    end: Tensor,  # (n_0,) mask
    checkpoints: list[Tensor],  # (n_0,) mask of those to pass, for each class
    labels: Tensor,  # (m,) the class of each walk
    generator: torch.Generator | None,
) -> Walks:
    """One walk per label from a start vertex to an end vertex, past a checkpoint of its class.

    Every step goes to the unvisited neighbour nearest to the target (the checkpoint, once passed
    the end), with probability 0.1 to a random unvisited one. A walk without an unvisited neighbour
    is drawn anew, ends included.
    """
    for region in (start, end, *checkpoints):
        if not bool(region.any()):
            raise ValueError(
                "num_points must be large enough for every corner of the square to hold a vertex, "
                f"got a mesh of {len(positions)} vertices with an empty corner. "
                "Raise num_points or draw another mesh."
            )
    neighbors = _neighbor_table(K)
    pending, steps = torch.arange(len(labels)), [torch.empty(3, 0, dtype=torch.int64)]
    for _ in range(_MAX_DRAWS):
        if len(pending) == 0:
            break
        goals = torch.empty(len(pending), 2, dtype=torch.int64)
        for label, region in enumerate(checkpoints):
            of_class = labels[pending] == label
            goals[of_class, 0] = _choose(region, int(of_class.sum()), generator)
        goals[:, 1] = _choose(end, len(pending), generator)
        first = _choose(start, len(pending), generator)
        (sample, source, target), arrived = _attempt(neighbors, positions, first, goals, generator)
        steps.append(torch.stack([pending[sample], source, target])[:, arrived[sample]])
        pending = pending[~arrived]
    else:
        raise ValueError(
            f"num_points must make a mesh that paths can cross, got one of {len(positions)} "
            f"vertices on which a path got stuck {_MAX_DRAWS} times. Raise num_points."
        )
    return Walks(*torch.cat(steps, dim=1))


def _choose(region: Tensor, count: int, generator: torch.Generator | None) -> Tensor:
    """Uniform vertices of the region, with repetition."""
    vertices = region.nonzero()[:, 0]
    return vertices[torch.randint(len(vertices), (count,), generator=generator)]


def _neighbor_table(K: SimplicialComplex) -> Tensor:
    """(n_0, max degree) neighbours of each vertex, ascending, filled up with -1."""
    edges = K.simplices(1)
    both = torch.cat([edges, edges.flip(1)])
    both = both[(both[:, 0] * K.num_simplices(0) + both[:, 1]).argsort()]
    degree = both[:, 0].bincount(minlength=K.num_simplices(0))
    table = torch.full((len(degree), int(degree.max())), -1)
    table[ragged(degree)] = both[:, 1]
    return table


def _attempt(
    neighbors: Tensor,
    positions: Tensor,
    first: Tensor,
    goals: Tensor,
    generator: torch.Generator | None,
) -> tuple[Tensor, Tensor]:
    """Walk all samples in step: (3, num_steps) sample, source, target; and which ones arrived."""
    here, count = first.clone(), len(first)
    passed = torch.zeros(count, dtype=torch.int64)  # 0 before the checkpoint, 1 after it
    visited = torch.zeros(count, len(positions), dtype=torch.bool)
    arrived = here == goals[:, 1]
    walking = (~arrived).nonzero()[:, 0]
    steps = [torch.empty(3, 0, dtype=torch.int64)]
    while len(walking):
        at = here[walking]
        visited[walking, at] = True
        passed[walking] |= (at == goals[walking, 0]).long()
        around = neighbors[at]  # (walking, degree)
        free = (around >= 0) & ~visited[walking[:, None], around]
        aim = positions[goals[walking, passed[walking]]]
        distance = (positions[around] - aim[:, None]).square().sum(-1)  # (walking, degree)
        stray = torch.rand(len(walking), 1, generator=generator) < _STRAY
        lottery = torch.rand(around.shape, dtype=distance.dtype, generator=generator)
        cost = torch.where(stray, lottery, distance).masked_fill(~free, torch.inf)
        onward = around.gather(1, cost.argmin(1, keepdim=True))[:, 0]
        moved = free.any(1)
        walking, at, onward = walking[moved], at[moved], onward[moved]
        steps.append(torch.stack([walking, at, onward]))
        here[walking] = onward
        done = onward == goals[walking, 1]
        arrived[walking[done]] = True
        walking = walking[~done]
    return torch.cat(steps, dim=1), arrived
