"""Simplices that may come back at a step, and what a network says of each."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, fillable_simplices, ragged
from simplex.diffusion._checks import (
    require_callable,
    require_finite,
    require_floats,
    require_generator,
)
from simplex.diffusion._complexes.survival import FaceSurvival, return_rate


class ComplexState(NamedTuple):
    """A complex half way between x_t and x_s: of x_s below the dimension at hand, of x_t above.

    Attributes:
        complex: the complex.
        stayed: for each k in 0 … dim the (n_k,) bools of what is in x_t; the others came back.
    """

    complex: SimplicialComplex
    stayed: list[Tensor]


class Candidates(NamedTuple):
    """Simplices of one dimension that are not there although all their facets are.

    Attributes:
        simplices: (m, k+1) vertex ids, increasing, in lexicographic order.
        facets: (m, k+1) facet ids; column i omits vertex i.
        part: (m,) the part of the complex that each lies in.
        facets_stayed: (m,) whether all facets are in x_t: the simplex itself then died by t.
    """

    simplices: Tensor
    facets: Tensor
    part: Tensor
    facets_stayed: Tensor

    @property
    def k(self) -> int:
        """Their dimension."""
        return self.simplices.shape[1] - 1


# From the state, the candidates and (num_parts,) int64 times to the (m,) logits of being in x_0.
ComplexDenoiser = Callable[[ComplexState, Candidates, Tensor], Tensor]


def candidates_of(state: ComplexState, k: int) -> Candidates:
    """All candidates of dimension k ≥ 1 of a state; beyond dim + 1 there is none.

    For k = 1 these are the pairs of vertices of a part that are no edge. For k ≥ 2 only simplices
    whose facets are there are ever formed, by the join that builds flag complexes.
    """
    K = state.complex
    facets = _missing_pairs(K) if k == 1 else fillable_simplices(K, k)
    below = K.simplices(k - 1)
    simplices = torch.cat([below[facets[:, -1]], below[facets[:, 0], -1:]], dim=1)  # (m, k+1)
    facets_stayed = (
        state.stayed[k - 1][facets].all(1)
        if k - 1 < len(state.stayed)
        else torch.zeros(len(facets), dtype=torch.bool, device=K.device)
    )
    return Candidates(simplices, facets, K.part(0)[simplices[:, 0]], facets_stayed)


def require_call(model: object, process: object, generator: object) -> None:
    require_callable("model", model)
    if not isinstance(process, FaceSurvival):
        raise TypeError(
            f"process must be a FaceSurvival, got {process!r}. FaceSurvival.linear(T, D) is one."
        )
    require_generator(generator)


def evaluate(
    model: ComplexDenoiser,
    state: ComplexState,
    candidates: Candidates,
    t: Tensor,
    step: int | None = None,
) -> Tensor:
    logits = model(state, candidates, t)
    count = len(candidates.simplices)
    require_floats("the logits of the network", logits)
    if logits.shape != (count,):
        raise ValueError(
            f"the network must give one logit per candidate, shape ({count},), got "
            f"{tuple(logits.shape)}."
        )
    at = "" if step is None else f"at step {step}, "
    require_finite(
        "the logits of the network",
        logits.masked_fill(logits.isinf(), 0.0),  # certain, and sound
        lambda: f"{at}in dimension {candidates.k}, times {t.tolist()}",
    )
    return logits


def rate_of(process: FaceSurvival, candidates: Candidates, t: Tensor, s: Tensor) -> Tensor:
    k, part = candidates.k, candidates.part
    return return_rate(process.at(s, k)[part], process.at(t, k)[part], candidates.facets_stayed)


def _missing_pairs(K: SimplicialComplex) -> Tensor:
    """(m, 2) pairs [v1, v0], v0 < v1, of vertices of one part that are not joined by an edge."""
    vertex = torch.arange(K.num_simplices(0), device=K.device)
    behind = K.part_pointer(0)[K.part(0) + 1] - vertex - 1
    tail, nth = ragged(behind)  # (pairs,) each
    head = tail + 1 + nth
    missing = torch.ones(len(tail), dtype=torch.bool, device=K.device)
    edges = K.simplices(1)
    start = (behind.cumsum(0) - behind)[edges[:, 0]]
    missing[start + edges[:, 1] - edges[:, 0] - 1] = False
    return torch.stack([head, tail], dim=1)[missing]  # (m, 2)
