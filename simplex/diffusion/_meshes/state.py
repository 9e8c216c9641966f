"""Meshes half known: triangles found so far, and the edges behind which nothing is known yet."""

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex


@dataclass
class MeshState:
    r"""P meshes that are being explored, triangle by triangle, in dense tables over N vertices.

    Vertices are numbered in the order in which they were found. An edge of one triangle is *open*
    until it has been asked what lies behind it: a further triangle, or nothing, which makes it an
    edge of the boundary for good. The link of a vertex is a union of paths until it closes.

    Attributes:
        size: (P,) n_0 of the finished mesh.
        used: (P,) how many vertices were found.
        count: (P,) how many triangles were found.
        triangles: (P, most, 3) these, in order, rows beyond ``count`` void.
        sides: (P, N, N) the number of triangles at an edge; symmetric.
        toward: (P, N, N) of them, those whose cyclic order runs from the first to the second.
        apex: (P, N, N) the third vertex of the triangle found last at an edge; symmetric.
        final: (P, N, N) bool, the edges behind which there is nothing; symmetric.
        ends: (P, N, N) ``ends[p, x, y]`` is the other end of the path of the link of x that ends
            in y; y itself where y is not in the link.
        paths: (P, N) the number of paths of the link, 0 once it is a cycle.
    """

    size: Tensor
    used: Tensor
    count: Tensor
    triangles: Tensor
    sides: Tensor
    toward: Tensor
    apex: Tensor
    final: Tensor
    ends: Tensor
    paths: Tensor

    @classmethod
    def begin(cls, size: Tensor, width: int = 3) -> "MeshState":
        """One triangle (0, 1, 2) each, of (P,) meshes of at least 3 vertices; N at least width."""
        P, device = len(size), size.device
        N = max(int(size.max()), width) if P else width
        pairs = torch.zeros(P, N, N, dtype=torch.int64, device=device)
        state = cls(
            size=size,
            used=torch.full_like(size, 3),
            count=torch.zeros_like(size),
            triangles=torch.zeros(P, N * (N - 1) // 2 + 1, 3, dtype=torch.int64, device=device),
            sides=pairs,
            toward=pairs.clone(),
            apex=pairs.clone(),
            final=pairs.bool(),
            ends=torch.arange(N, device=device).expand(P, N, N).clone(),
            paths=pairs[:, 0].clone(),
        )
        first = torch.arange(3, device=device).expand(P, 3)
        state.add(torch.arange(P, device=device), first)
        return state

    def rows(self, index: Tensor) -> "MeshState":
        """A copy of some of the meshes."""
        return MeshState(*[getattr(self, each.name)[index] for each in fields(self)])

    @classmethod
    def cat(cls, states: "list[MeshState]") -> "MeshState":
        """Meshes of equal N side by side."""
        tables = zip(*[[getattr(s, each.name) for each in fields(s)] for s in states], strict=True)
        return cls(*[torch.cat(table) for table in tables])

    def put(self, index: Tensor, other: "MeshState") -> None:
        """Write other meshes in place of some."""
        for each in fields(self):
            getattr(self, each.name)[index] = getattr(other, each.name)

    @property
    def open(self) -> Tensor:
        """The edges that were not asked yet, (P, N, N) bool and symmetric."""
        return (self.sides == 1) & ~self.final

    def asked(self, among: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The next open edge of each mesh, (P, 2), as its triangle runs; and (P,) whether any is.

        It is one at the oldest vertex that has open edges, one that leaves it if there is such: so
        the triangles around a vertex are found one after the other. Of ``among``, (P, N, N) edges,
        if given.
        """
        N = self.paths.shape[1]
        vertex = torch.arange(N, device=self.size.device)
        oldest = torch.minimum(vertex[:, None], vertex)  # (N, N)
        key = (2 * oldest + (vertex[:, None] > vertex)) * N + torch.maximum(vertex[:, None], vertex)
        able = self.open & (self.toward == 1)
        able = able if among is None else able & among
        key = torch.where(able, key, 2 * N * N).flatten(1)
        least, place = key.min(1)
        return torch.stack([place // N, place % N], dim=1), least < 2 * N * N

    def mark(self, row: Tensor, edge: Tensor) -> None:
        """Nothing lies behind the (m, 2) edges of the (m,) meshes."""
        u, v = edge.unbind(1)
        self.final[row, u, v] = True
        self.final[row, v, u] = True

    def add(self, row: Tensor, triangle: Tensor) -> None:
        """Add (m, 3) triangles to (m,) different meshes, in their cyclic orders."""
        self.triangles[row, self.count[row]] = triangle
        self.count[row] += 1
        for i in range(3):
            a, b, c = (triangle[:, (i + j) % 3] for j in range(3))
            self.toward[row, a, b] += 1
            for x, y in ((a, b), (b, a)):
                self.sides[row, x, y] += 1
                self.apex[row, x, y] = c
            # The edge {a, b} joins two paths of the link of c, or closes one to a cycle.
            one, two = self.ends[row, c, a], self.ends[row, c, b]
            self.ends[row, c, one] = two
            self.ends[row, c, two] = one
        for i in range(3):
            a, b, c = (triangle[:, (i + j) % 3] for j in range(3))
            known = (self.sides[row, c, a] > 1).long() + (self.sides[row, c, b] > 1).long()
            self.paths[row, c] += 1 - known

    def complex(self) -> SimplicialComplex:
        """What was found so far: a union of P complexes of ``size`` vertices each."""
        N, device = self.paths.shape[1], self.size.device
        pointer = torch.cat([self.size.new_zeros(1), self.size.cumsum(0)])
        part, low, high = (self.sides.triu() > 0).nonzero(as_tuple=True)
        edge = torch.zeros_like(self.sides)
        edge[part, low, high] = torch.arange(len(part), device=device)
        most = torch.arange(self.triangles.shape[1], device=device)
        owner, place = (most < self.count[:, None]).nonzero(as_tuple=True)
        a, b, c = self.triangles[owner, place].sort(1).values.unbind(1)
        order = (((owner * N + a) * N + b) * N + c).argsort()
        owner, a, b, c = owner[order], a[order], b[order], c[order]
        tables = [
            torch.stack([high, low], dim=1) + pointer[part][:, None],
            torch.stack([edge[owner, b, c], edge[owner, a, c], edge[owner, a, b]], dim=1),
        ]
        count = int(pointer[-1])
        return SimplicialComplex(count, tables, part_pointer=pointer, device=device)
