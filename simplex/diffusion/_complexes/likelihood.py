"""What a network of candidates is trained by, and the bound on the nats of a complex."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid

from simplex.complexes import SimplicialComplex, require_complex, restrict
from simplex.diffusion._complexes.candidates import (
    ComplexDenoiser,
    ComplexState,
    candidates_of,
    evaluate,
    rate_of,
    require_call,
)
from simplex.diffusion._complexes.checks import require_bare_end, require_kept_vertices
from simplex.diffusion._complexes.survival import FaceSurvival
from simplex.diffusion._elbo import Elbo, stacked


def complex_loss(
    model: ComplexDenoiser,
    process: FaceSurvival,
    K: SimplicialComplex,
    t: int | Tensor,
    *,
    s: int | Tensor | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""The cross-entropy of the network on the candidates of one random step, per part.

    .. math::
        \sum_{k=1}^{D} \frac{1}{\bar m_k} \sum_{σ}
            H\big([σ ∈ x_0], \, p_θ(σ ∈ x_0 \mid x_t, x_s^{<k})\big)

    over the candidates σ of dimension k in a part, with their mean number m̄_k over the parts: the
    mean of the losses is, summed over k, the mean over all candidates.

    Args:
        model: from (state, candidates, (num_parts,) times t) to logits (m,).
        process: which must keep the vertices.
        K: x_0, or a union of these.
        t: times in 1 … T; (num_parts,) int64 for one per part.
        s: the earlier times; ``None`` for t - 1.
        generator: of the two states drawn.

    Returns:
        (num_parts,) losses.

    Raises:
        TypeError: K is no complex, or the times are no integers.
        ValueError: a process that lets vertices die, times out of range or of a wrong shape, logits
            of a wrong shape or NaN (with the dimension).

    Paper:
        The cross-entropy of Vignac et al., "DiGress", ICLR 2023, on simplices of all dimensions.
    """
    require_call(model, process, generator)
    require_complex("K", K)
    later = process.times(K, t, least=1)
    earlier = later - 1 if s is None else process.times(K, s)
    total = torch.zeros(K.num_parts, device=K.device)
    for level in _levels(model, process, K, later, earlier, generator):
        if len(level.logits):
            entropy = _cross_entropy(level.logits, level.target)
            share = K.num_parts / len(entropy)  # 1 / m̄_k
            total = total.to(entropy).index_add(0, level.part, share * entropy)
    return total


def complex_elbo(
    model: ComplexDenoiser,
    process: FaceSurvival,
    K: SimplicialComplex,
    *,
    generator: torch.Generator | None = None,
) -> Elbo:
    r"""An unbiased estimate of a bound of -log p_θ(x_0), given the number of vertices.

    .. math::
        -\log p_θ(x_0) ≤ \sum_{t=1}^{T} \sum_{k=1}^{D} E \sum_{σ}
            \mathrm{KL}\big( q(σ ∈ x_{t-1} \mid x_t, x_0) \,\|\, r_σ \, p_θ(σ ∈ x_0) \big)

    over the candidates σ of dimension k, Bernoulli variables, with r_σ the probability of being in
    x_{t-1} for a simplex of x_0. Within a dimension the model is a product, as in D3PM. The term
    t = 1 is the reconstruction: r = 1 there, and KL = -log p_θ.

    Args:
        model: from (state, candidates, (num_parts,) times t) to logits (m,).
        process: which must keep the vertices, and lose all edges by T.
        K: x_0, or a union of these.
        generator: of the states drawn; ``None`` for torch's global one.

    Returns:
        The terms, a row for every part: the steps t = T … 2, and t = 1 as reconstruction; the
        prior is 0. The components are all simplices of dimension 1 … D on the vertices of a part.

    Cost:
        D evaluations of the network for each t = 1 … T.
    """
    require_call(model, process, generator)
    require_complex("K", K)
    require_bare_end(process.survival)
    nothing = torch.zeros(K.num_parts, dtype=torch.float64, device=K.device)
    terms = []
    for t in range(1, process.num_steps + 1):
        later, nats = torch.full((K.num_parts,), t, device=K.device), nothing
        for level in _levels(model, process, K, later, later - 1, generator):
            nats = nats.index_add(0, level.part, _kl(level))
        terms.append(nats)
    reconstruction, *transitions = terms
    counts = [
        sum(math.comb(n, k + 1) for k in range(1, process.max_dim + 1))
        for n in K.part_pointer(0).diff().tolist()
    ]
    components = torch.tensor(counts, dtype=torch.float64, device=K.device)
    return Elbo(nothing, stacked(transitions[::-1], nothing), reconstruction, components)


def _cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """That of each candidate; infinite logits are certain, right or infinitely wrong."""
    certain = logits.isinf()
    finite = binary_cross_entropy_with_logits(
        logits.masked_fill(certain, 0.0), target.to(logits), reduction="none"
    )
    return torch.where(certain, torch.where((logits > 0) == target, 0.0, torch.inf), finite)


class _Level(NamedTuple):
    """What one dimension of a step asks of the network, and what it answers."""

    part: Tensor
    logits: Tensor
    target: Tensor
    rate: Tensor


def _levels(
    model: ComplexDenoiser,
    process: FaceSurvival,
    K: SimplicialComplex,
    t: Tensor,
    s: Tensor,
    generator: torch.Generator | None,
) -> Iterator[_Level]:
    """Draw x_t and x_s, and for each dimension ask for the candidates that x_s below it leaves."""
    require_kept_vertices(process.survival)
    after = process.sample(K, t, generator=generator)
    before = process.sample_posterior(K, after, t, s, generator=generator)
    for k in range(1, process.max_dim + 1):
        restricted = restrict(K, [*before[:k], *after[k:]])
        inside = zip(after, restricted.ids, strict=True)
        stayed = [mask[ids] for mask, ids in inside][: restricted.complex.dim + 1]
        state = ComplexState(restricted.complex, stayed)
        candidates = candidates_of(state, k)
        logits = evaluate(model, state, candidates, t)
        target = K.index(candidates.simplices) >= 0
        yield _Level(candidates.part, logits, target, rate_of(process, candidates, t, s))


def _kl(level: _Level) -> Tensor:
    """KL(Bernoulli(r [σ ∈ x_0]) ‖ Bernoulli(r p_θ)) of each candidate, in nats."""
    logits, rate = level.logits.double(), level.rate
    absent = torch.logaddexp((1 - rate).log(), rate.log() + logsigmoid(-logits))  # log(1 - r p)
    entropy = torch.xlogy(1 - rate, 1 - rate)
    # A product with a rate of 0 is 0, also where the logarithm is infinite.
    returns = torch.where(rate > 0, rate * logsigmoid(logits), 0.0)
    present = entropy - returns - torch.where(rate < 1, (1 - rate) * absent, 0.0)
    return torch.where(level.target, present, -absent)
