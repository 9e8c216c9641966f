"""Laws that every state of a chain keeps: of the simplices that come back, those that may stay."""

from collections.abc import Callable

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, with_simplices
from simplex.diffusion._checks import kind_of
from simplex.diffusion._complexes.candidates import Candidates
from simplex.diffusion._complexes.conditions import Forbidden
from simplex.diffusion._complexes.planarity import planar_parts, planar_with


# From a complex and candidates of it to the (m,) bools of those that may be added, one at a time.
ComplexConstraint = str | Callable[[SimplicialComplex, Candidates], Tensor]

NAMES = ("pseudomanifold", "flag", "planar")


def keeps_pseudomanifold(K: SimplicialComplex, candidates: Candidates) -> Tensor:
    """Whether each candidate of dimension k ≥ 2 keeps all (k-1)-simplices in at most two others.

    A ``constraint`` of :func:`sample_complexes`, ``"pseudomanifold"`` there: no edge gets a third
    triangle, no triangle a third tetrahedron.

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


def two_sided_parts(K: SimplicialComplex) -> Tensor:
    """(num_parts,) whether every simplex but a vertex is the facet of at most two."""
    result = torch.ones(K.num_parts, dtype=torch.bool, device=K.device)
    for k in range(1, K.dim):
        result[K.part(k)[K.cofacets(k)[0].diff() > 2]] = False
    return result


STARTS = {"pseudomanifold": two_sided_parts, "planar": planar_parts}


class Constraint:
    """A law of every state, by name or as a function, and what is forbidden besides.

    Args:
        constraint: as for :func:`sample_complexes`.
        K: the start, which must keep it.
        forbidden: what no state holds.

    Attributes:
        fills: whether every clique is filled: a candidate of dimension k ≥ 2 is in x_0 for sure.
    """

    def __init__(
        self, constraint: ComplexConstraint | None, K: SimplicialComplex, forbidden: Forbidden
    ) -> None:
        named = isinstance(constraint, str)
        if (
            constraint not in NAMES
            if named
            else constraint is not None and not callable(constraint)
        ):
            raise (ValueError if named else TypeError)(
                f"constraint must be one of {', '.join(map(repr, NAMES))}, or a function of a "
                f"complex and candidates, got {repr(constraint) if named else kind_of(constraint)}."
            )
        self.law, self.forbidden = constraint, forbidden
        self.fills = constraint == "flag"
        if constraint in STARTS and bool((bad := ~STARTS[constraint](K)).any()):
            raise ValueError(
                f"given must keep the constraint {constraint!r}, got part "
                f"{int(bad.nonzero()[0])} that does not. Leave some of its simplices out."
            )
        if self.fills and bool((bad := forbidden.bounded(K)).any()):
            raise ValueError(
                "forbidden must not be a clique of given that is to be filled, got one in part "
                f"{int(bad.nonzero()[0])}. Leave one of its edges out."
            )

    def kept(
        self,
        K: SimplicialComplex,
        candidates: Candidates,
        back: Tensor,
        generator: torch.Generator | None,
    ) -> Tensor:
        """Of the candidates that come back, (m,) bool, those that may."""
        back = back & ~self.forbidden.among(candidates.simplices)
        k = candidates.k
        if self.law is None or (self.fills and (k > 1 or not self.forbidden.has_cliques)):
            return back
        if self.law == "pseudomanifold":
            return (
                back if k < 2 else _one_by_one(keeps_pseudomanifold, K, candidates, back, generator)
            )
        if self.law == "planar":
            return planar_with(K, candidates.simplices, back, generator) if k == 1 else back
        law = self.forbidden.unbounded if self.fills else self.law
        assert callable(law)
        return _one_by_one(law, K, candidates, back, generator)


def _one_by_one(
    law: Callable[[SimplicialComplex, Candidates], Tensor],
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
        allowed = law(current, some)
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
