"""A network that says what lies behind an open edge of a mesh."""

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot, silu

from simplex.complexes import require_int
from simplex.diffusion._checks import require_instance
from simplex.diffusion._meshes.state import MeshState


FARTHEST = 8  # steps along the boundary that are told apart
_WHOLE, _VERTEX, _LINKS, _KINDS = 6, 8, 9, 5
_AWAY = 2 * (FARTHEST + 1)


class MeshScorer(nn.Module):
    r"""Logits of what lies behind an edge uv: messages along edges, and what a triangle would do.

    .. math::
        h_w &← h_w + \text{MLP}\Big( h_w, \sum_{x \sim w} σ(W h_x + V κ_{xw}) \Big), \qquad
        c = W_u h_u + W_v h_v + W_m \bar h + W_g g \\
        \text{logit}_w &= \text{MLP}\big( c + A h_w + B π_w \big), \qquad
        (\text{logit}_\text{new}, \text{logit}_\text{nothing}) = \text{MLP}(c)

    κ says whether an edge is inside, open or final, and on which side its triangle lies; g how many
    vertices, edges and triangles are found and missing. π_w is what a triangle uvw would do to the
    mesh: how many triangles lie at uw and vw already (0, 1, more), whether it closes the links of
    u, v and w to cycles, and how far w is from u and from v along edges of one triangle, which is
    how long a hole it cuts off.

    Call it as a model of :func:`mesh_loss` and :func:`sample_meshes`.

    Args:
        hidden_channels: width.
        num_layers: of messages.

    Raises:
        ValueError: sizes below 1.

    Laws:
        Invariant under relabelling; a batch is treated as its rows.

    Example:
        >>> from simplex import SimplicialComplex
        >>> from simplex.diffusion import mesh_loss, mesh_questions
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (1, 2, 3)])
        >>> mesh_loss(MeshScorer(8, 1), mesh_questions(K, 5)).shape
        torch.Size([5])
    """

    def __init__(self, hidden_channels: int = 48, num_layers: int = 3) -> None:
        super().__init__()
        H = require_int("hidden_channels", hidden_channels, 1)
        require_int("num_layers", num_layers, 1)
        self.embed = nn.Linear(_VERTEX + _AWAY + _WHOLE, H)
        self.layers = nn.ModuleList(_EdgeMessages(H) for _ in range(num_layers))
        self.context = nn.Linear(3 * H + _WHOLE, H)
        self.vertex = nn.Linear(H, H, bias=False)
        self.pair = nn.Linear(_AWAY + _LINKS, H, bias=False)
        self.known = nn.Sequential(nn.SiLU(), nn.Linear(H, H), nn.SiLU(), nn.Linear(H, 1))
        self.others = nn.Sequential(nn.SiLU(), nn.Linear(H, H), nn.SiLU(), nn.Linear(H, 2))

    def forward(self, state: MeshState, edge: Tensor) -> Tensor:
        """Logits (P, N+1): of each vertex, found or the next to be, and of nothing.

        Args:
            state: P meshes half known.
            edge: (P, 2) an open edge of each.
        """
        require_instance("state", state, MeshState)
        require_instance("edge", edge, Tensor)
        P, N = state.paths.shape
        row = torch.arange(P, device=edge.device)
        at = torch.arange(N, device=edge.device)
        part, place = (at < state.used[:, None]).nonzero(as_tuple=True)  # (n,) vertices found
        number = torch.zeros(P, N, dtype=torch.int64, device=edge.device)
        number[part, place] = torch.arange(len(part), device=edge.device)
        u, v = edge.unbind(1)
        away = torch.cat([_away(state, u, v), _away(state, v, u)], dim=2)[part, place]
        whole = self._to(_whole(state))
        own = _vertices(state, edge)[part, place]
        h = self.embed(self._to(torch.cat([own, away, _whole(state)[part]], dim=1)))  # (n, H)
        mesh, tail, head = (state.sides > 0).nonzero(as_tuple=True)
        kinds = self._to(_kinds(state, mesh, tail, head))
        tail, head = number[mesh, tail], number[mesh, head]
        for layer in self.layers:
            h = layer(h, tail, head, kinds)
        mean = h.new_zeros(P, h.shape[1]).index_add(0, part, h) / state.used[:, None]
        ends = [h[number[row, u]], h[number[row, v]]]
        context = self.context(torch.cat([*ends, mean, whole], dim=1))  # (P, H)
        pair = self._to(torch.cat([away, _links(state, edge)[part, place]], dim=1))
        known = self.known(context[part] + self.vertex(h) + self.pair(pair)).squeeze(1)
        new, nothing = self.others(context).unbind(1)
        logits = known.new_zeros(P, N).index_put((part, place), known)
        logits = torch.where(at == state.used[:, None], new[:, None], logits)
        return torch.cat([logits, nothing[:, None]], dim=1)

    def _to(self, x: Tensor) -> Tensor:
        return x.to(self.embed.weight.dtype)


class _EdgeMessages(nn.Module):
    """Messages along the directed edges, told the kinds of these."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.message = nn.Linear(channels, channels)
        self.kind = nn.Linear(_KINDS, channels, bias=False)
        self.update = nn.Sequential(
            nn.Linear(2 * channels, channels), nn.SiLU(), nn.Linear(channels, channels)
        )

    def forward(self, h: Tensor, tail: Tensor, head: Tensor, kinds: Tensor) -> Tensor:
        x = self.norm(h)
        message = silu(self.message(x)[tail] + self.kind(kinds))
        total = torch.zeros_like(x).index_add(0, head, message)
        result: Tensor = h + self.update(torch.cat([x, total], dim=1))
        return result


def _vertices(state: MeshState, edge: Tensor) -> Tensor:
    """(P, N, 8) of each vertex: is it asked about, its triangles, its link, its boundary edges."""
    at = torch.arange(state.paths.shape[1], device=edge.device)
    around, finals = state.sides.sum(2) / 2, state.final.sum(2)
    own = [
        torch.ones_like(around),
        at == edge[:, :1],
        at == edge[:, 1:],
        around.log1p(),
        state.paths == 0,
        state.paths > 1,
        finals == 1,
        finals > 1,
    ]
    return torch.stack(own, dim=2).float()


def _whole(state: MeshState) -> Tensor:
    """(P, 6) what is found and what is missing of each mesh."""
    unseen = state.size - state.used
    opened, finals = (each.flatten(1).sum(1) / 2 for each in (state.open, state.final))
    whole = [
        state.size / 32,
        unseen / 16,
        unseen == 0,
        opened / 16,
        finals / 8,
        (state.count - 2 * state.used) / 16,
    ]
    return torch.stack(whole, dim=1).float()


def _kinds(state: MeshState, mesh: Tensor, tail: Tensor, head: Tensor) -> Tensor:
    """(m, 5) of directed edges: inside, final or open, and on which side the triangle lies."""
    single, last, runs = (
        table[mesh, tail, head] for table in (state.sides == 1, state.final, state.toward > 0)
    )
    final, opened = single & last, single & ~last
    kinds = [~single, final & runs, final & ~runs, opened & runs, opened & ~runs]
    return torch.stack(kinds, dim=1)


def _away(state: MeshState, u: Tensor, v: Tensor) -> Tensor:
    """(P, N, 9) one-hot steps from u along edges of one triangle, not through v; 8 for farther."""
    P, N = state.paths.shape
    row = torch.arange(P, device=u.device)
    beside = (state.sides == 1).float()
    beside[row, v], beside[row, :, v] = 0, 0
    reached = torch.zeros(P, N, 1, device=u.device)
    reached[row, u] = 1
    steps = torch.full((P, N), FARTHEST, device=u.device)
    steps[row, u] = 0
    for step in range(1, FARTHEST):
        reached = (beside @ reached + reached).clamp(max=1)
        first = (reached[:, :, 0] > 0) & (steps == FARTHEST)
        steps = torch.where(first, step, steps)
    return one_hot(steps, FARTHEST + 1).float()


def _links(state: MeshState, edge: Tensor) -> Tensor:
    """(P, N, 9) the triangles at uw and vw, 0, 1 or more; whether links of u, v, w would close."""
    P, N = state.paths.shape
    row, w = torch.arange(P, device=edge.device), torch.arange(N, device=edge.device)
    u, v = edge.unbind(1)
    sides = [one_hot(state.sides[row, x].clamp(max=2), 3) for x in (u, v)]
    us, vs, ws = u[:, None].expand(P, N), v[:, None].expand(P, N), w.expand(P, N)
    corners = ((us, vs, ws), (vs, us, ws), (ws, us, vs))
    closes = [state.ends[row[:, None], x, y] == z for x, y, z in corners]
    return torch.cat([*sides, torch.stack(closes, dim=2)], dim=2).float()
