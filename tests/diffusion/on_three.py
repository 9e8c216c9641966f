"""Laws of complexes on three vertices: the exact denoiser, and frequencies by enumeration."""

import functools
import itertools
import math

import torch

from simplex import SimplicialComplex
from tests.tables import COMPLEXES


PAIRS = [(0, 1), (0, 2), (1, 2)]
ON_THREE = [
    SimplicialComplex.from_simplices(list(edges), num_vertices=3)
    for size in range(4)
    for edges in itertools.combinations(PAIRS, size)
] + [COMPLEXES["filled triangle"]]
# A law in which simplices depend on one another: few edges, or all and most often filled.
LAW = torch.tensor([0.05, 0.02, 0.08, 0.1, 0.05, 0.1, 0.1, 0.1, 0.4], dtype=torch.float64)


def key(K):
    """A complex on three vertices by what it holds."""
    return tuple(sorted(tuple(row) for k in range(1, K.dim + 1) for row in K.simplices(k).tolist()))


KEYS = [key(K) for K in ON_THREE]


SIMPLICES = [*PAIRS, (0, 1, 2)]


def codes(K, masks):
    """(num_parts,) sums of 2^i over the marked simplices, of parts on three vertices."""
    total = torch.zeros(K.num_parts, dtype=torch.int64)
    for k in range(1, K.dim + 1):
        rows = K.simplices(k)[masks[k]]
        total.index_add_(0, K.part(0)[rows[:, 0]], 2 ** places(rows))
    return total


def places(rows):
    """Where simplices of parts on three vertices stand among SIMPLICES."""
    return (rows % 3).sum(1) - 1 if rows.shape[1] == 2 else torch.full((len(rows),), 3)


def exact(process, law):
    """The marginals of x_0 given x_t that a denoiser of a law on three vertices should say."""

    @functools.cache
    def logit(now, stayed, place, t):
        now, stayed = (
            {simplex for i, simplex in enumerate(SIMPLICES) if code >> i & 1}
            for code in (now, stayed)
        )
        total = have = 0.0
        for probability, other in zip(law.tolist(), KEYS, strict=True):
            known = place < 3 or set(other) & set(PAIRS) == now & set(PAIRS)  # edges come first
            if now <= set(other) and known:
                weight = probability * _lost(process, stayed, set(other), t)
                total += weight
                have += weight * (SIMPLICES[place] in other)
        share = have / total
        if share in (0.0, 1.0):
            return math.inf if share else -math.inf
        return math.log(share) - math.log1p(-share)

    def denoise(state, candidates, t):
        K, part = state.complex, candidates.part
        whole = codes(K, [torch.ones(n, dtype=torch.bool) for n in K.f_vector])[part]
        asked = zip(
            whole.tolist(), codes(K, state.stayed)[part].tolist(),
            places(candidates.simplices).tolist(), t[part].tolist(), strict=True,
        )  # fmt: skip
        return torch.tensor([logit(*each) for each in asked], dtype=torch.float64)

    return denoise


def _lost(process, stayed, other, t):
    """The probability that the simplices of x_0 that are not in x_t are lost by t."""
    result = 1.0
    for simplex in other - stayed:
        facets = [f for f in itertools.combinations(simplex, len(simplex) - 1) if len(f) > 1]
        if all(f in stayed for f in facets):
            result *= 1 - float(process.survival[t, len(simplex) - 1])
    return result


def frequencies(K):
    found = codes(K, [torch.ones(n, dtype=torch.bool) for n in K.f_vector])
    each = [sum(2 ** SIMPLICES.index(simplex) for simplex in other) for other in KEYS]
    return torch.stack([(found == code).double().mean() for code in each])


def near(got, expected, count, slack=0.0):
    spread = (expected * (1 - expected) / count).sqrt()
    assert ((got - expected).abs() <= 4 * spread + slack).all(), (got, expected)
