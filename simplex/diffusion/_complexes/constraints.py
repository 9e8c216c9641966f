"""Laws that every state of a chain keeps: of the simplices that come back, those that may stay."""

from collections.abc import Callable

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, with_simplices
from simplex.diffusion._checks import kind_of
from simplex.diffusion._complexes.candidates import Candidates


# From a complex and candidates of it to the (m,) bools of those that may be added, one at a time.
ComplexConstraint = Callable[[SimplicialComplex, Candidates], Tensor]


def keeps_pseudomanifold(K: SimplicialComplex, candidates: Candidates) -> Tensor:
    """Whether each candidate of dimension k ≥ 2 keeps all (k-1)-simplices in at most two others.

    A ``constraint`` of :func:`sample_complexes`: no edge gets a third triangle, no triangle a third
    tetrahedron.

    Args:
        K: the complex.
        candidates: of one dimension; edges are free.

    Returns:
        (m,) bool.
    """
    if candidates.k < 2:
        return torch.ones_like(candidates.facets_stayed)
    sides = K.cofacets(candidates.k - 1)[0].diff()
    return (sides[candidates.facets] < 2).all(1)


def lawful(
    constraint: ComplexConstraint,
    K: SimplicialComplex,
    candidates: Candidates,
    back: Tensor,
    generator: torch.Generator | None,
) -> Tensor:
    """Of the candidates that come back, (m,) bool, those that do so in a random order, one by one.

    One that breaks the law when its turn has come stays away in this step.
    """
    part, kept = candidates.part, torch.zeros_like(back)
    turn = torch.rand(len(back), generator=generator, dtype=torch.float64, device=K.device)
    waiting, current = back.clone(), K
    while bool(waiting.any()):
        index = waiting.nonzero().squeeze(1)
        some = type(candidates)(*[each[index] for each in candidates])
        allowed = constraint(current, some)
        _require_answer(allowed, len(index))
        waiting[index[~allowed]] = False
        first = torch.full((K.num_parts,), 2.0, dtype=turn.dtype, device=K.device)
        first = first.scatter_reduce(0, part[waiting], turn[waiting], "amin")
        chosen = waiting & (turn == first[part])
        kept |= chosen
        waiting &= ~chosen
        if bool(waiting.any()):
            current = with_simplices(K, candidates.k, candidates.facets[kept])[0]
    return kept


def _require_answer(allowed: object, count: int) -> None:
    wrong = not isinstance(allowed, Tensor) or allowed.dtype != torch.bool
    if wrong or allowed.shape != (count,):  # type: ignore[attr-defined]
        raise (TypeError if wrong else ValueError)(
            f"the constraint must give one bool per candidate, a tensor of shape ({count},), got "
            f"{kind_of(allowed)}."
        )
