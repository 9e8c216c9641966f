"""The face-survival process: a complex dies simplex by simplex and stays a complex throughout."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_complex, require_int, require_undirected
from simplex.diffusion._checks import (
    require_generator,
    require_integers,
    require_numbers,
    require_times_within,
)
from simplex.diffusion._complexes.checks import require_state


class FaceSurvival:
    r"""Absorbing noise on simplicial complexes: every simplex has a clock, and dies with its faces.

    The clock of a simplex τ survives to time t with probability a_t(dim τ), independently. A
    simplex σ is present at t where the clocks of σ and of all its faces survive, so every state is
    a simplicial complex, and

    .. math:: P(σ ∈ x_t \mid x_0) = \prod_{∅ ≠ τ ⊆ σ} a_t(\dim τ) .

    The chain is Markov. Its posterior q(x_s | x_t, x_0), s < t, is a product of Bernoulli
    variables dimension by dimension: for σ ∈ x_0 whose facets are in x_s,

    .. math::
        P(σ ∈ x_s) = \begin{cases} 1 & σ ∈ x_t \\
            (a_s - a_t) / (1 - a_t) & σ ∉ x_t, \text{ all its facets in } x_t \\
            a_s & \text{some facet of σ not in } x_t, \end{cases}
        \qquad a = a(\dim σ).

    States are masks over the simplices of x_0: one bool tensor (n_k,) per dimension, which
    :func:`simplex.complexes.restrict` turns into complexes.

    Args:
        survival: (T+1, D+1) floats, a_t(k) for t = 0 … T and k = 0 … D: 1 at t = 0, never rising
            with t, in [0, 1].

    Raises:
        ValueError: a table that is not such.

    Laws:
        Commutes with relabelling; does not see orientations; treats a union as its parts.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2)])
        >>> process = FaceSurvival(torch.tensor([[1.0, 1.0, 1.0], [0.7, 0.5, 0.35]]))
        >>> round(process.marginal(2, 1), 8)
        0.01500625
        >>> [mask.tolist() for mask in process.sample(K, 0)]
        [[True, True, True], [True, True, True], [True]]
    """

    def __init__(self, survival: Tensor) -> None:
        table = require_numbers("survival", survival, torch.float64).detach().cpu()
        if table.dim() != 2 or len(table) < 2 or not table.shape[1]:
            raise ValueError(
                "survival must have shape (T+1, D+1), a row per time and a column per dimension, "
                f"with T ≥ 1, got {tuple(table.shape)}."
            )
        if not bool(((table >= 0) & (table <= 1)).all()):
            raise ValueError(
                "survival must hold probabilities, got values from "
                f"{float(table.min()):.4g} to {float(table.max()):.4g}."
            )
        if not bool((table[0] == 1).all()):
            raise ValueError(f"survival must be 1 at t = 0, got {table[0].tolist()}.")
        if not bool((table.diff(dim=0) <= 0).all()):
            t, k = (table.diff(dim=0) > 0).nonzero()[0].tolist()
            raise ValueError(
                f"survival must not rise with t, got {table[t, k]:.4g} at t = {t} and "
                f"{table[t + 1, k]:.4g} at t = {t + 1} in dimension {k}."
            )
        self.survival = table

    @classmethod
    def linear(cls, num_steps: int, max_dim: int) -> "FaceSurvival":
        """Vertices stay, the clocks of all dimensions 1 … D survive with a_t = 1 - t/T.

        Example:
            >>> FaceSurvival.linear(2, 2).survival.tolist()
            [[1.0, 1.0, 1.0], [1.0, 0.5, 0.5], [1.0, 0.0, 0.0]]
        """
        _require_sizes(num_steps, max_dim)
        table = 1 - torch.linspace(0, 1, num_steps + 1, dtype=torch.float64)
        columns = [torch.ones_like(table), *[table] * max_dim]
        return cls(torch.stack(columns, dim=1))

    @classmethod
    def of_edges(cls, num_steps: int, max_dim: int) -> "FaceSurvival":
        """Only edges have clocks: on flag complexes, edge-absorbing noise on graphs and their lift.

        Example:
            >>> FaceSurvival.of_edges(2, 2).survival.tolist()
            [[1.0, 1.0, 1.0], [1.0, 0.5, 1.0], [1.0, 0.0, 1.0]]
        """
        _require_sizes(num_steps, max_dim)
        table = torch.ones(num_steps + 1, max_dim + 1, dtype=torch.float64)
        table[:, 1] -= torch.linspace(0, 1, num_steps + 1, dtype=torch.float64)
        return cls(table)

    @property
    def num_steps(self) -> int:
        """T."""
        return len(self.survival) - 1

    @property
    def max_dim(self) -> int:
        """D, the top dimension of the complexes it acts on."""
        return self.survival.shape[1] - 1

    def marginal(self, k: int, t: int) -> float:
        """The probability that a k-simplex of x_0 is present at time t."""
        require_int("k", k, 0, self.max_dim)
        require_int("t", t, 0, self.num_steps)
        row = self.survival[t, : k + 1]
        faces = torch.tensor([math.comb(k + 1, j + 1) for j in range(k + 1)])
        return float((row**faces).prod())

    def sample(
        self,
        K: SimplicialComplex,
        t: int | Tensor,
        *,
        s: int | Tensor = 0,
        present: Sequence[Tensor] | None = None,
        generator: torch.Generator | None = None,
    ) -> list[Tensor]:
        """Draw the state at time t, from that at time s.

        Args:
            K: x_0, of dimension at most D.
            t: the time; (num_parts,) int64 for one per part.
            s: the time to start from, at most t.
            present: the state at time s; ``None`` for x_0 whole, at s = 0.
            generator: source of randomness, on the complex's device.

        Returns:
            For each k in 0 … dim the (n_k,) bools of what is present.

        Raises:
            TypeError: times that are no integers.
            ValueError: a complex of higher dimension.
        """
        later, earlier = self._both_times(K, t, s)
        require_generator(generator)
        if present is not None:
            require_state(K, present)
        state: list[Tensor] = []
        for k in range(K.dim + 1):
            after, before = self._of(K, later, k), self._of(K, earlier, k)
            alive = _bernoulli(after / before.clamp(min=torch.finfo(torch.float64).tiny), generator)
            if present is not None:
                alive &= present[k]
            state.append(alive & _facets_in(K, state, k))
        return state

    def posterior(
        self,
        K: SimplicialComplex,
        present: Sequence[Tensor],
        k: int,
        t: int | Tensor,
        s: int | Tensor,
    ) -> Tensor:
        """For each k-simplex, the probability of being in x_s once its facets are.

        Arguments as for :meth:`sample`, with x_t as what is present.

        Returns:
            (n_k,) float64.
        """
        later, earlier = self._both_times(K, t, s)
        require_int("k", k, 0, max(K.dim, 0))
        require_state(K, present)
        a_s, a_t = self._of(K, earlier, k), self._of(K, later, k)
        rate = return_rate(a_s, a_t, _facets_in(K, present, k))
        return torch.where(present[k], 1.0, rate)

    def sample_posterior(
        self,
        K: SimplicialComplex,
        present: Sequence[Tensor],
        t: int | Tensor,
        s: int | Tensor,
        *,
        generator: torch.Generator | None = None,
    ) -> list[Tensor]:
        """Draw x_s given x_t and x_0, dimension by dimension, as :meth:`sample` does x_t."""
        require_complex("K", K)
        require_generator(generator)
        state: list[Tensor] = []
        for k in range(K.dim + 1):
            returns = _bernoulli(self.posterior(K, present, k, t, s), generator)
            state.append(returns & _facets_in(K, state, k))
        return state

    def at(self, t: Tensor, k: int) -> Tensor:
        """a_t(k) for a tensor of times, on its device."""
        return self.survival[:, k].to(t.device)[t]

    def __repr__(self) -> str:
        return f"FaceSurvival(num_steps={self.num_steps}, max_dim={self.max_dim})"

    def _of(self, K: SimplicialComplex, times: Tensor, k: int) -> Tensor:
        return self.at(times, k)[K.part(k)]  # (num_parts,) to (n_k,)

    def times(self, K: SimplicialComplex, t: int | Tensor, least: int = 0) -> Tensor:
        """(num_parts,) int64 times, checked to be in least … T; the complex too."""
        require_undirected("K", K)
        if K.dim > self.max_dim:
            raise ValueError(
                f"the complex must be of dimension at most {self.max_dim}, got {K.dim}. Take its "
                f"skeleton, or a survival table of {K.dim + 1} columns."
            )
        times = require_numbers("times", t).to(K.device)
        require_integers("times", times, " Give an int, or t.long().")
        if times.shape not in ((), (1,), (K.num_parts,)):
            raise ValueError(
                f"times must be one number or of shape ({K.num_parts},), one per part of the "
                f"complex, got shape {tuple(times.shape)}."
            )
        require_times_within(times, least, self.num_steps)
        return times.long().expand(K.num_parts)

    def _both_times(
        self, K: SimplicialComplex, t: int | Tensor, s: int | Tensor
    ) -> tuple[Tensor, Tensor]:
        later, earlier = self.times(K, t), self.times(K, s)
        if not bool((earlier <= later).all()):
            raise ValueError(
                f"s must not be after t, got s = {earlier.tolist()} and t = {later.tolist()}."
            )
        return later, earlier


def return_rate(a_s: Tensor, a_t: Tensor, facets_stayed: Tensor) -> Tensor:
    """P(σ ∈ x_s) of a simplex of x_0 that is not in x_t, while its facets are in x_s.

    If its facets are in x_t then its own clock, of survival a_s and a_t, has run out by t.
    """
    lost = 1 - a_t
    inside = lost > 0  # where a clock cannot run out, no such simplex is missing
    run_out = torch.where(inside, (a_s - a_t) / torch.where(inside, lost, 1.0), 0.0)
    return torch.where(facets_stayed, run_out, a_s)


def _facets_in(K: SimplicialComplex, state: Sequence[Tensor], k: int) -> Tensor:
    """Whether all facets of each k-simplex are in the state."""
    if k == 0:
        return torch.ones(K.num_simplices(0), dtype=torch.bool, device=K.device)
    return state[k - 1][K.facets(k)].all(1)  # (n_k, k+1) to (n_k,)


def _bernoulli(probability: Tensor, generator: torch.Generator | None) -> Tensor:
    uniform = torch.rand(
        probability.shape, generator=generator, dtype=torch.float64, device=probability.device
    )
    return uniform < probability


def _require_sizes(num_steps: object, max_dim: object) -> None:
    require_int("max_dim", max_dim, 0, 64)
    require_int("num_steps", num_steps, 1, 10**7)
