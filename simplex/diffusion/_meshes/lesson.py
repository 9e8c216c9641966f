"""Meshes that are explored triangle by triangle, as one who knows them does."""

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_undirected
from simplex.diffusion._meshes.growth import Growth
from simplex.diffusion._meshes.laws import Law, require_room


_HINT = " largest_component and is_surface of simplex.operators tell more."


class Lesson:
    """Meshes that are explored, and the truth about them.

    Args:
        K: a union of meshes; vertices may be left over.
        law: of the growth.
        generator: of the triangles that it begins with.
        width: N is at least so much.

    Attributes:
        growth: what was found.
        name: (P, N) the vertices, by the order in which they were found; -1 beyond.
        length: (P,) how many questions there are.
        edge: (P, 2) those of the question.
    """

    def __init__(
        self,
        K: SimplicialComplex,
        law: Law,
        generator: torch.Generator | None,
        width: int = 3,
    ) -> None:
        pointer, device = K.part_pointer(0), K.device
        size, part = pointer.diff(), K.part(2)
        require_room(Law(), size, "the vertices of K")
        self.growth = Growth(size, law, width)
        P, N = self.growth.state.paths.shape
        local = K.simplices(2) - pointer[part][:, None]
        # The third vertices of the triangles at each edge, added up; nothing counts as -1.
        self.behind = torch.zeros(P, N, N, dtype=torch.int64, device=device)
        for i in range(3):
            a, b, c = (local[:, (i + j) % 3] for j in range(3))
            self.behind.index_put_((part, a, b), c, accumulate=True)
            self.behind.index_put_((part, b, a), c, accumulate=True)
        single = K.cofacets(1)[0].diff() == 1
        owner = K.part(1)[single]
        low, high = (K.simplices(1)[single] - pointer[owner][:, None]).unbind(1)
        self.behind[owner, low, high] -= 1
        self.behind[owner, high, low] -= 1
        count = K.part_pointer(2).diff()
        self.length = count - 1 + torch.bincount(owner, minlength=P)
        drawn = torch.rand(P, generator=generator, dtype=torch.float64, device=device)
        order = torch.rand(P, 3, generator=generator, device=device).argsort(1)
        first = (K.part_pointer(2)[:-1] + (drawn * count).long()).clamp(max=len(local) - 1)
        start = local[first].gather(1, order)
        # Vertices by the order in which they are found, and the other way round; N if not found.
        self.name = torch.full((P, N), -1, device=device)
        self.name[:, :3] = start
        self.found = torch.full((P, N), N, device=device)
        self.found.scatter_(1, start, torch.arange(3, device=device).expand(P, 3))
        self.edge = start

    def question(self, among: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Which meshes have an open edge left; which edge of each, and what lies behind it.

        Args:
            among: (P, N, N) the edges that may be asked about; ``None`` for all.
        """
        state, N = self.growth.state, self.name.shape[1]
        self.edge, left = state.asked(among)
        row = left.nonzero().squeeze(1)
        edge = self.edge[row]
        third = self._third(row, edge)
        found = self.found[row, third]
        answer = torch.where(found == N, state.used[row], found)
        return row, edge, torch.where(third < 0, N, answer)

    def within(self) -> Tensor:
        """(P, N, N) the edges behind which there is a triangle, if they are open."""
        state, name = self.growth.state, self.name
        row = torch.arange(len(name), device=name.device)[:, None, None]
        both = self.behind[row, name[:, :, None], name[:, None]]
        return both - name[row, state.apex] >= 0

    def go_on(self, row: Tensor, edge: Tensor, answer: Tensor) -> None:
        """Find what the answers say."""
        new = (answer == self.growth.state.used[row]) & (answer < self.name.shape[1])
        owner, vertex = row[new], answer[new]
        third = self._third(owner, edge[new])
        self.name[owner, vertex] = third
        self.found[owner, third] = vertex
        self.growth.answer(row, edge, answer)

    def _third(self, row: Tensor, edge: Tensor) -> Tensor:
        """The vertex behind an edge, by its number in the part; -1 for none."""
        u, v = edge.unbind(1)
        apex = self.growth.state.apex[row, u, v]
        return self.behind[row, self.name[row, u], self.name[row, v]] - self.name[row, apex]


def meshes(K: SimplicialComplex) -> SimplicialComplex:
    """K, if it can be explored from one triangle of each part, across edges of two."""
    require_undirected("K", K)
    if K.dim > 2 or bool((K.cofacets(0)[0].diff() == 0).any()):
        raise ValueError(
            f"K must be a mesh, every simplex in a triangle, got f-vector {K.f_vector}.{_HINT}"
        )
    require_patches("K", K)
    return K


def require_patches(name: str, K: SimplicialComplex) -> None:
    """Refuse parts that are not triangles which hang together across edges of two."""
    sides = K.cofacets(1)[0].diff()
    if K.dim > 2 or bool((sides == 0).any()):
        raise ValueError(
            f"{name} must be a mesh, every simplex in a triangle, got f-vector {K.f_vector}.{_HINT}"
        )
    if len(sides) and int(sides.max()) > 2:
        raise ValueError(
            f"{name} must have at most two triangles at an edge, got {int(sides.max())}.{_HINT}"
        )
    pieces = _pieces(K)
    if K.dim == 2 and pieces != K.num_parts:
        raise ValueError(
            f"every part of {name} must be connected by triangles that share edges, got "
            f"{K.num_parts} parts and {pieces} pieces.{_HINT}"
        )


def _pieces(K: SimplicialComplex) -> int:
    """How many sets of triangles are connected across edges."""
    pointer, above = K.cofacets(1)
    two = (pointer.diff() == 2).nonzero().squeeze(1)
    a, b = above[pointer[two]], above[pointer[two] + 1]
    label = torch.arange(K.num_simplices(2), device=K.device)
    while True:
        least = torch.minimum(label[a], label[b])
        lower = label.scatter_reduce(0, a, least, "amin").scatter_reduce(0, b, least, "amin")
        lower = lower[lower]
        if bool((lower == label).all()):
            return int(torch.bincount(label).count_nonzero())
        label = lower
