"""The holes of planar meshes half known: cycles of edges that a finished mesh fills or leaves."""

from dataclasses import dataclass

import torch
from torch import Tensor

from simplex.diffusion._meshes.state import MeshState


@dataclass
class Holes:
    """The holes of P meshes in the plane; the boundary is at last the only one left.

    A triangle behind an edge of a hole has its apex on that hole, or at a new vertex: two circles
    in the plane do not cross. It splits the hole in two, of which those of no edge vanish.

    Attributes:
        label: (P, N, N) the hole of which the directed edge is part, -1 for none.
        place: (P, N, N) numbers that grow along a hole, from some start.
        made: (P,) labels given so far.
        alive: (P,) the number of holes.
    """

    label: Tensor
    place: Tensor
    made: Tensor
    alive: Tensor

    @classmethod
    def begin(cls, P: int, N: int, device: torch.device) -> "Holes":
        """Around the triangle (0, 1, 2)."""
        label = torch.full((P, N, N), -1, device=device)
        place = torch.zeros_like(label)
        for i in range(3):
            label[:, i, (i + 1) % 3] = 0
            place[:, i, (i + 1) % 3] = i
        ones = torch.ones(P, dtype=torch.int64, device=device)
        return cls(label, place, ones, ones.clone())

    def rows(self, index: Tensor) -> "Holes":
        """A copy of those of some meshes."""
        tables = (self.label, self.place, self.made, self.alive)
        return Holes(*[table[index] for table in tables])

    def put(self, index: Tensor, other: "Holes") -> None:
        """Write others in place of some."""
        for name in ("label", "place", "made", "alive"):
            getattr(self, name)[index] = getattr(other, name)

    def ranks(self, row: Tensor, edge: Tensor) -> Tensor:
        """(m, N, N) places along the hole of an edge, counted from it; -1 outside of the hole."""
        u, v = edge.unbind(1)
        label, place = self.label[row], self.place[row]
        own, start = self.label[row, u, v], self.place[row, u, v]
        around = place.flatten(1).amax(1) + 1
        ahead = place - start[:, None, None]
        ahead = torch.where(ahead < 0, ahead + around[:, None, None], ahead)
        return torch.where(label == own[:, None, None], ahead, -1)

    def permits(self, edge: Tensor, state: MeshState, boundary: int) -> tuple[Tensor, Tensor]:
        """Which vertices found may lie behind an edge of each, (P, N), and whether nothing may.

        Args:
            edge: (P, 2).
            state: the meshes.
            boundary: 0 for a sphere, 1 for a disc.
        """
        row, final = torch.arange(len(edge), device=edge.device), state.final
        u, v = edge.unbind(1)
        ranks = self.ranks(row, edge)  # (P, N, N)
        leaves = ranks.amax(2)  # (P, N) of the edge that leaves each vertex of the hole
        inside = leaves >= 0
        last = torch.where(final, ranks, -1).flatten(1).amax(1)
        most = 1 << 40
        first = torch.where(final & (ranks >= 0), ranks, most).flatten(1).amin(1)
        parted = (first[:, None] < leaves) & (leaves <= last[:, None])
        nearest = self.label[row, v] == self.label[row, u, v][:, None]  # v → w is part of the hole
        closing = self.label[row, :, u] == self.label[row, u, v][:, None]
        # An edge of the new triangle is new, or the next of the hole and open.
        permitted = inside & ~parted
        permitted &= torch.where(nearest, ~final[row, v], state.sides[row, v] == 0)
        permitted &= torch.where(closing, ~final[row, u], state.sides[row, u] == 0)
        if boundary == 0:
            return permitted, torch.zeros_like(inside[:, 0])
        permitted &= ~(nearest & closing & (self.alive == 1)[:, None])
        elsewhere = (final & (self.label >= 0) & (ranks < 0)).flatten(1).any(1)
        return permitted, ~elsewhere

    def extend(self, row: Tensor, edge: Tensor, w: Tensor) -> None:
        """A new vertex w behind the (m, 2) edges of the (m,) meshes."""
        u, v = edge.unbind(1)
        ranks = self.ranks(row, edge)
        label, place = self.label[row], torch.where(ranks >= 0, ranks + 1, self.place[row])
        each = torch.arange(len(row), device=row.device)
        label[each, u, w] = label[each, w, v] = label[each, u, v]
        place[each, u, w], place[each, w, v] = 0, 1
        label[each, u, v] = -1
        self.label[row], self.place[row] = label, place

    def split(self, row: Tensor, edge: Tensor, w: Tensor) -> None:
        """A vertex w of the hole behind the (m, 2) edges of the (m,) meshes."""
        u, v = edge.unbind(1)
        each = torch.arange(len(row), device=row.device)
        ranks = self.ranks(row, edge)
        leaves = ranks[each, w].amax(1)
        label, place = self.label[row], torch.where(ranks >= 0, ranks, self.place[row])
        own, made = self.label[row, u, v], self.made[row]
        before = (ranks >= 0) & (ranks < leaves[:, None, None])
        nearest = label[each, v, w] == own
        closing = label[each, w, u] == own
        label = torch.where(before, made[:, None, None], label)
        label[each, u, v] = -1
        label[each, w, v] = torch.where(nearest, -1, made)
        label[each, v, w] = torch.where(nearest, -1, label[each, v, w])
        label[each, u, w] = torch.where(closing, -1, own)
        label[each, w, u] = torch.where(closing, -1, label[each, w, u])
        place[each, w, v] = leaves  # behind all that lies between v and w
        place[each, u, w] = 0  # before all that lies between w and u
        self.label[row], self.place[row] = label, place
        self.made[row] += 1
        self.alive[row] += 1 - nearest.long() - closing.long()
