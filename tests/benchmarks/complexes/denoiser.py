"""The denoiser of complexes: a ``CandidateScorer`` that is told degrees and random walks.

At early times of the chain back a complex is a few edges among vertices that all look alike. What
decides where the next one goes is how its ends hang together already, which sums over the
neighbours of one end cannot say: walks from one end to the other can.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from simplex import SimplicialComplex
from simplex.diffusion import (
    Candidates,
    CandidateScorer,
    ComplexState,
    FaceSurvival,
    random_walks,
    walks_between,
)
from simplex.nn import SIN


WALKS = 8


class Walks(NamedTuple):
    """Random walks on the 1-skeleton, parts padded to equal sizes.

    Attributes:
        powers: (steps, parts, n, n) powers 1 … of D^{-1/2} A D^{-1/2}.
        opened: (2, parts, n, n) walks of 2 and 3 steps on edges that lack triangles: each edge
            counts 1, 1/2 or 0 with no, one or more cofacets.
        across: (parts, n, n) how many edges have the two vertices as tips of triangles.
        degree: (parts, n).
        closed: (parts, n) whether there are as many triangles as edges at the vertex.
        place: (n_0,) of each vertex in its part.
    """

    powers: Tensor
    opened: Tensor
    across: Tensor
    degree: Tensor
    closed: Tensor
    place: Tensor


def walks(K: SimplicialComplex, dtype: torch.dtype, steps: int = WALKS) -> Walks:
    """The walks of a union; kept with the complex."""

    def compute() -> Walks:
        pointer, part, edges = K.part_pointer(0), K.part(0), K.simplices(1)
        place = torch.arange(K.num_simplices(0), device=K.device) - pointer[part]
        size = int(pointer.diff().max())
        A = torch.zeros(K.num_parts, size, size, dtype=dtype, device=K.device)
        A[part[edges[:, 0]], place[edges[:, 0]], place[edges[:, 1]]] = 1
        A = A + A.mT
        degree = A.sum(2)
        above = K.cofacets(1)[0].diff() if K.dim >= 1 else edges.new_zeros(0)
        gaps = torch.zeros_like(A)
        gaps[part[edges[:, 0]], place[edges[:, 0]], place[edges[:, 1]]] = (
            1 - above.clamp(max=2).to(dtype) / 2
        )
        gaps = gaps + gaps.mT
        opened = torch.stack([gaps @ gaps, gaps @ gaps @ gaps])
        corners = torch.zeros_like(degree).flatten()
        triangles = part[K.simplices(2)] * size + place[K.simplices(2)]
        corners = corners.index_add(
            0, triangles.flatten(), torch.ones_like(triangles.flatten()).to(dtype)
        ).view_as(degree)
        closed = ((degree > 0) & (degree == corners)).to(dtype)
        return Walks(
            random_walks(K, steps, dtype), opened, _across(K, place, A), degree, closed, place
        )

    result: Walks = K.cached("walks of the denoiser", 0, compute)
    return result


def _across(K: SimplicialComplex, place: Tensor, like: Tensor) -> Tensor:
    """For each pair of vertices how many edges have both as tips of their triangles."""
    across = torch.zeros_like(like)
    if K.dim < 2:
        return across
    pointer, above = K.cofacets(1)
    two = (pointer.diff() == 2).nonzero().squeeze(1)  # where there are more, no disc is near
    ends = place[K.simplices(1)[two]].sum(1)
    tips = [place[K.simplices(2)[above[pointer[two] + i]]].sum(1) - ends for i in range(2)]
    part, one = K.part(1)[two], like.new_ones(len(two))
    for u, v in (tips, tips[::-1]):
        across.index_put_((part, u, v), one, accumulate=True)
    return across


class StructuralEncoder(nn.Module):
    """``SIN`` on the inputs of the scorer and counts: degrees, cofacets, returns of walks, sizes.

    Args:
        hidden_channels: width.
        num_layers: of ``SINConv``, all of which are shown (jumping knowledge).
    """

    def __init__(self, hidden_channels: int, num_layers: int) -> None:
        super().__init__()
        self.channels = hidden_channels * num_layers
        self.said: list[Tensor] = []  # the last answer, for who asks more than the scorer does
        own = CandidateScorer.in_channels
        self.network = SIN(
            [own + 6 + WALKS - 1, own + 3, own],
            hidden_channels,
            1,
            num_layers,
            2,
            norm="layer",
            embed=True,
            skip=True,
            jumping_knowledge="cat",
            activation=nn.functional.silu,
        )

    def forward(self, x: Sequence[Tensor], K: SimplicialComplex) -> list[Tensor]:
        """Cochains of all layers."""
        powers, _, _, degree, _, place = walks(K, x[0].dtype)
        part = K.part(0)
        returns = powers[1:, part, place, place].T
        degree = degree[part, place]
        above = K.cofacets(1)[0].diff().to(x[0]) if K.dim >= 1 else x[0].new_zeros(0)
        triangles = torch.zeros_like(degree)
        for corner in K.simplices(2).unbind(1):
            triangles = triangles.index_add(0, corner, torch.ones_like(corner).to(degree))
        sizes = [K.part_pointer(k).diff().to(degree) for k in range(3)]
        counts = [degree.log1p(), triangles.log1p(), (degree - triangles).clamp(-4, 4) / 4]
        whole = torch.stack([sizes[0] / 32, sizes[1] / sizes[0] / 3, sizes[2] / sizes[0] / 3], 1)
        vertices = torch.cat([x[0], torch.stack(counts, 1), whole[part], returns], dim=1)
        edges = torch.cat([x[1], above[:, None], (above == 0)[:, None], (above > 1)[:, None]], 1)
        self.said = self.network.encode([vertices, edges, x[2]], K)
        return self.said


class WalkScorer(nn.Module):
    r"""Logits of a ``CandidateScorer``, of what lies between the ends of a pair, and of the clock.

    Between the ends u, v of a pair lie the walks from one to the other, and their common neighbours
    w, told by the edges to them: Σ_w φ(h_uw + h_vw, h_uw ⊙ h_vw).

    A simplex that is missing although its facets stayed has lost its own clock, so that

    .. math:: \text{logit } p(σ ∈ x_0 \mid x_t) = \log(1 - a_t) + \text{what the rest says}.

    Args:
        process: whose clocks the logits begin with.
        hidden_channels: width.
        num_layers: of the encoder.
        structure: whether the encoder is told more than the scorer tells it.
        pairs: whether the walks between the ends of a pair are told.
        links: whether the edges to common neighbours are told; with ``structure`` and ``pairs``.
        clock: whether the logits begin with log(1 - a_t).
    """

    def __init__(
        self,
        process: FaceSurvival,
        hidden_channels: int = 32,
        num_layers: int = 3,
        *,
        structure: bool = True,
        pairs: bool = True,
        links: bool = True,
        clock: bool = True,
    ) -> None:
        super().__init__()
        links = links and structure and pairs
        self.process, self.pairs, self.linked, self.clock = process, pairs, links, clock
        if structure:
            encoder: nn.Module = StructuralEncoder(hidden_channels, num_layers)
            channels = encoder.channels
        else:
            encoder = PlainEncoder(hidden_channels, num_layers)
            channels = hidden_channels
        self.scorer = CandidateScorer(
            encoder,
            channels,
            max_dim=process.max_dim,
            num_steps=process.num_steps,
            hidden_channels=2 * hidden_channels,
        )
        self.links = nn.Sequential(
            nn.Linear(2 * channels, 2 * hidden_channels),
            nn.SiLU(),
            nn.Linear(2 * hidden_channels, hidden_channels),
            nn.SiLU(),
        )
        self.head = nn.Sequential(
            nn.Linear(2 * (WALKS - 1) + 11 + hidden_channels * links, 2 * hidden_channels),
            nn.SiLU(),
            nn.Linear(2 * hidden_channels, 2 * hidden_channels),
            nn.SiLU(),
            nn.Linear(2 * hidden_channels, 1),
        )

    def forward(self, state: ComplexState, candidates: Candidates, t: Tensor) -> Tensor:
        """Logits (m,)."""
        logits: Tensor = self.scorer(state, candidates, t)
        if self.pairs and candidates.k == 1:
            between = self._between(state.complex, candidates, t)
            if self.linked:
                edges = self.scorer.encoder.said[1]
                between = torch.cat([between, self._linked(state.complex, candidates, edges)], 1)
            logits = logits + self.head(between).squeeze(1)
        if self.clock:
            gone = 1 - self.process.at(t, candidates.k)[candidates.part]
            lost = candidates.facets_stayed & (gone > 0)
            logits = logits + torch.where(lost, gone, 1.0).log().to(logits)
        return logits

    def _linked(self, K: SimplicialComplex, candidates: Candidates, edges: Tensor) -> Tensor:
        """Σ_w φ(h_uw + h_vw, h_uw ⊙ h_vw) over the common neighbours w of a pair."""
        place = walks(K, edges.dtype).place
        ends, part = place[K.simplices(1)], K.part(1)
        size = int(K.part_pointer(0).diff().max())
        table = torch.full((K.num_parts, size, size), -1, device=K.device)
        number = torch.arange(len(part), device=K.device)
        table[part, ends[:, 0], ends[:, 1]] = number
        table[part, ends[:, 1], ends[:, 0]] = number
        u, v = (table[candidates.part, each] for each in place[candidates.simplices].T)
        owner, w = ((u >= 0) & (v >= 0)).nonzero(as_tuple=True)
        one, two = edges[u[owner, w]], edges[v[owner, w]]
        message = self.links(torch.cat([one + two, one * two], 1))
        return message.new_zeros(len(u), message.shape[1]).index_add(0, owner, message)

    def _between(self, K: SimplicialComplex, candidates: Candidates, t: Tensor) -> Tensor:
        """Walks of 2 … 8 steps beside their limit, the distance, degrees, sizes and the time."""
        dtype = self.head[0].weight.dtype
        _, opened, across, degree, closed, place = walks(K, dtype)
        part, (u, v) = candidates.part, place[candidates.simplices].T
        there = walks_between(K, candidates, WALKS, dtype)
        ends = torch.stack([degree[part, u], degree[part, v]], 1)
        edges = K.part_pointer(1).diff().to(there)[part, None]
        size = K.part_pointer(0).diff().to(there)[part, None]
        others = [
            ends.sum(1, keepdim=True) / 8,
            (ends[:, :1] - ends[:, 1:]).abs() / 4,
            ends.log1p().prod(1, keepdim=True),
            size / 32,
            edges / size / 3,
            (t.to(there) / self.process.num_steps)[part, None],
            (ends == 0).to(there).sum(1, keepdim=True),
            opened[:, part, u, v].T.log1p(),
            across[part, u, v][:, None],
            (closed[part, u] + closed[part, v])[:, None],
        ]
        return torch.cat([there, *others], dim=1)


class PlainEncoder(nn.Module):
    """``SIN`` on nothing but the inputs of the scorer."""

    def __init__(self, hidden_channels: int, num_layers: int) -> None:
        super().__init__()
        self.network = SIN(
            CandidateScorer.in_channels,
            hidden_channels,
            1,
            num_layers,
            2,
            norm="layer",
            embed=True,
            skip=True,
            activation=nn.functional.silu,
        )

    def forward(self, x: Sequence[Tensor], K: SimplicialComplex) -> list[Tensor]:
        """Cochains of the last layer."""
        return self.network.encode(x, K)
