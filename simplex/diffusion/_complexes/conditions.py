"""What is asked of generated complexes: simplices to be there or not, and chains that are steered.

A chain of the face-survival process in which some simplices of x_0 never die has the same exact
denoiser as the whole one: what keeps them tells nothing else about x_0. So with given simplices in
every state a chain samples from p(x_0 | these are in x_0).
"""

from collections.abc import Callable, Iterable
from itertools import combinations
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_undirected, take_parts
from simplex.diffusion._checks import kind_of, require_callable, require_floats


# From a union and (num_parts,) int64 times to (num_parts,) log-probabilities of what is wanted.
ComplexGuide = Callable[[SimplicialComplex, Tensor], Tensor]


def start_of(counts: Tensor, given: object, max_dim: int) -> SimplicialComplex:
    """The state at T: vertices, and the simplices that are given.

    Args:
        counts: (num_parts,) int64 numbers of vertices.
        given: a complex on these vertices, or None.
        max_dim: that of the process.
    """
    pointer = torch.cat([counts.new_zeros(1), counts.cumsum(0)])
    n, device = int(pointer[-1]), counts.device
    if given is None:
        return SimplicialComplex(n, part_pointer=pointer, device=device)
    require_undirected("given", given)
    assert isinstance(given, SimplicialComplex)
    K = given.to(device)
    if not torch.equal(K.part_pointer(0), pointer):
        raise ValueError(
            "given must have the parts and vertices of what is generated, num_vertices "
            f"{counts.tolist()[:8]}, got {K.part_pointer(0).diff().tolist()[:8]}. For a part with "
            "further vertices: from_simplices(…, num_vertices=n); for several: disjoint_union."
        )
    if K.dim > max_dim:
        raise ValueError(
            f"given must be of dimension at most {max_dim}, that of the process, got {K.dim}."
        )
    tables = [K.facets(k) for k in range(1, K.dim + 1)]
    return SimplicialComplex(n, tables, part_pointer=pointer, device=device)


class Forbidden:
    """Simplices that may not be there, and so none that has one of them as a face.

    Args:
        simplices: tuples of vertices, of any dimensions from 1; ids in the union.
        K: the start, which must not hold any of them.
    """

    def __init__(self, simplices: object, K: SimplicialComplex) -> None:
        listed = simplices.tolist() if isinstance(simplices, Tensor) else simplices
        if isinstance(listed, (str, bytes, SimplicialComplex)) or not isinstance(listed, Iterable):
            raise TypeError(
                "forbidden must be a list of tuples of vertices, got "
                f"{kind_of(simplices)}. Of the k-simplices of a complex it is K.simplices(k)."
            )
        rows: dict[int, list[list[int]]] = {}
        n = K.num_simplices(0)
        for simplex in listed:
            row = sorted(set(_vertices_of(simplex, n)))
            if len(row) < 2:
                raise ValueError(
                    f"forbidden must be simplices of at least two vertices, got {simplex!r}. For "
                    "fewer vertices lower num_vertices."
                )
            rows.setdefault(len(row) - 1, []).append(row)
        self.rows = {k: torch.tensor(each, device=K.device) for k, each in rows.items()}
        for each in self.rows.values():
            parts = K.part(0)[each]
            across = (parts != parts[:, :1]).any(1)
            if bool(across.any()):
                raise ValueError(
                    "forbidden must be simplices of one complex each, got "
                    f"{tuple(each[across][0].tolist())} across two. Vertices are ids in the union: "
                    "those of a complex begin where the ones before it end."
                )
            held = K.index(each) >= 0
            if bool(held.any()):
                raise ValueError(
                    f"forbidden must not be given as well, got {each[held][0].tolist()} in both."
                )

    def copied(self, K: SimplicialComplex, copies: SimplicialComplex, num: int) -> "Forbidden":
        """The same in a union with each part of K so many times in a row."""
        result = Forbidden((), copies)
        old, new = K.part_pointer(0), copies.part_pointer(0)
        for k, rows in self.rows.items():
            part = K.part(0)[rows[:, 0]]
            which = part[:, None] * num + torch.arange(num, device=K.device)  # (m, num)
            moved = (rows - old[part][:, None])[:, None] + new[which][:, :, None]
            result.rows[k] = moved.reshape(-1, k + 1)
        return result

    @property
    def has_cliques(self) -> bool:
        """Whether there are any of more than two vertices."""
        return any(k > 1 for k in self.rows)

    def bounded(self, K: SimplicialComplex) -> Tensor:
        """(num_parts,) whether all edges of one of them are there."""
        result = torch.zeros(K.num_parts, dtype=torch.bool, device=K.device)
        for rows, missing in self._missing_edges(K):
            result[K.part(0)[rows[~missing.any(1), 0]]] = True
        return result

    def unbounded(self, K: SimplicialComplex, candidates: Any) -> Tensor:
        """Which (m,) candidates of dimension 1 do not bring the last edge of one of them."""
        last = [
            torch.stack([rows[alone][:, pair] for pair in _pairs(rows)], 1)[missing[alone]]
            for rows, missing in self._missing_edges(K)
            if bool((alone := missing.sum(1) == 1).any())
        ]
        if not last:
            return torch.ones_like(candidates.facets_stayed)
        return ~_among(torch.cat(last), candidates.simplices)

    def _missing_edges(self, K: SimplicialComplex) -> list[tuple[Tensor, Tensor]]:
        """For each dimension k ≥ 2 those of it, and which of their edges, by pairs, are missing."""
        return [
            (rows, torch.stack([K.index(rows[:, pair]) < 0 for pair in _pairs(rows)], 1))
            for k, rows in self.rows.items()
            if k > 1
        ]

    def among(self, simplices: Tensor) -> Tensor:
        """Which (m,) of some simplices (m, k+1) are forbidden themselves."""
        own = self.rows.get(simplices.shape[1] - 1)
        if own is None:
            return torch.zeros(len(simplices), dtype=torch.bool, device=simplices.device)
        return _among(own, simplices)


def _among(own: Tensor, simplices: Tensor) -> Tensor:
    """Which (m,) rows of the second table are in the first."""
    _, key = torch.unique(torch.cat([own, simplices]), dim=0, return_inverse=True)
    return torch.isin(key[len(own) :], key[: len(own)])


def _pairs(rows: Tensor) -> list[list[int]]:
    """The pairs of columns."""
    return [list(pair) for pair in combinations(range(rows.shape[1]), 2)]


def _vertices_of(simplex: Any, n: int) -> list[int]:
    listed = list(simplex) if isinstance(simplex, Iterable) else [simplex]
    vertices: list[Any] = [v.item() if isinstance(v, Tensor) and not v.dim() else v for v in listed]
    whole = all(isinstance(v, int) and not isinstance(v, bool) for v in vertices)
    if not whole or not all(0 <= v < n for v in vertices):
        raise (ValueError if whole else TypeError)(
            f"forbidden must be tuples of vertices in 0…{n - 1}, got {simplex!r}."
        )
    return vertices


class Steering:
    r"""Several chains for each complex, drawn anew by how likely what is wanted has become.

    .. math::
        \log w \mathrel{+}= s \, \big( \log p(y \mid x_s) - \log p(y \mid x_t) \big)

    where the weights of the chains of a complex are so uneven that they count for less than half,
    chains are drawn with these and all weights are one again: a particle filter.

    Args:
        guide: log p(y | x_t), from a union and times to a number per part.
        scale: s.
        num_particles: chains for each complex, in a row.
    """

    def __init__(self, guide: ComplexGuide, scale: float, num_particles: int) -> None:
        require_callable("guide", guide)
        self.guide, self.scale, self.num = guide, scale, num_particles
        # Logarithms, (complexes, particles): of the weights, and of what the guide said last.
        self.weights = self.before = self.last = torch.zeros(0, num_particles)

    def started(
        self, K: SimplicialComplex, forbidden: Forbidden
    ) -> tuple[SimplicialComplex, Forbidden]:
        """The start of all chains, and what is forbidden in each of them."""
        each = torch.arange(K.num_parts, device=K.device).repeat_interleave(self.num)
        copies = take_parts(K, each)
        shape = (K.num_parts, self.num)
        self.weights = torch.zeros(shape, dtype=torch.float64, device=K.device)
        self.before = self.last = self.weights
        return copies.complex, forbidden.copied(K, copies.complex, self.num)

    def after(
        self, K: SimplicialComplex, t: int, generator: torch.Generator | None
    ) -> SimplicialComplex:
        """The chains at time t, some of them in the place of others."""
        now = self._asked(K, t)
        weights = self.weights + now - self.before
        weights = weights.masked_fill(weights.isnan(), -torch.inf)
        shares = _shares(weights)
        enough = (1 / shares.square().sum(1) >= self.num / 2)[:, None]  # (complexes, 1)
        same = torch.arange(self.num, device=K.device).expand_as(weights)
        drawn = torch.multinomial(shares, self.num, replacement=True, generator=generator)
        chosen = torch.where(enough, same, drawn)
        self.last = now.gather(1, chosen)
        # Where all chains are impossible, it is as if nothing had been asked so far.
        lost = (weights == -torch.inf).all(1, keepdim=True)
        self.weights = torch.where(enough & ~lost, weights, 0.0)
        self.before = self.last.masked_fill(lost, 0.0)
        return K if bool(enough.all()) else _taken(K, chosen)

    def chosen(self, K: SimplicialComplex, generator: torch.Generator | None) -> SimplicialComplex:
        """One chain of each complex, by its weight at the end."""
        possible = self.last > -torch.inf
        lost = ~possible.any(1)
        if bool(lost.any()):
            raise ValueError(
                f"guide must leave some chain possible at time 0, got -∞ for all {self.num} of "
                f"{int(lost.sum())} of {len(lost)} complexes, the first of them "
                f"{int(lost.nonzero()[0])}. Raise num_particles, or let the guide say earlier how "
                "far a state is from what is wanted."
            )
        weights = self.weights.masked_fill(~possible, -torch.inf)
        return _taken(K, torch.multinomial(_shares(weights), 1, generator=generator))

    def _asked(self, K: SimplicialComplex, t: int) -> Tensor:
        """(complexes, particles) s log p(y | x_t)."""
        answer = self.guide(K, torch.full((K.num_parts,), t, device=K.device))
        require_floats("what the guide returns", answer)
        if answer.shape != (K.num_parts,) or bool((answer.isnan() | (answer == torch.inf)).any()):
            raise ValueError(
                "the guide must return a log-probability for each part, a number or -∞, of shape "
                f"({K.num_parts},), got shape {tuple(answer.shape)}, "
                f"{answer.flatten()[:4].tolist()} at time {t}."
            )
        return self.scale * answer.double().reshape(-1, self.num)


def _shares(weights: Tensor) -> Tensor:
    """Probabilities along rows of log-weights; equal ones where all are impossible."""
    lost = (weights == -torch.inf).all(1, keepdim=True)
    return weights.masked_fill(lost, 0.0).softmax(1)


def _taken(K: SimplicialComplex, chosen: Tensor) -> SimplicialComplex:
    """The union of chains of each complex, (complexes, any number) of their places in its row."""
    num = K.num_parts // len(chosen)
    first = torch.arange(0, K.num_parts, num, device=K.device)
    return take_parts(K, (first[:, None] + chosen).flatten()).complex
