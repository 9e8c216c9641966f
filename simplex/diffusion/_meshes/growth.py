"""Meshes that grow in step under a law, and the holes of these where the law asks for them."""

import torch
from torch import Tensor

from simplex.diffusion._meshes.holes import Holes
from simplex.diffusion._meshes.laws import Law, permitted
from simplex.diffusion._meshes.state import MeshState


class Growth:
    """P meshes of (P,) sizes that begin with a triangle each, or with what was found before.

    Args:
        size: (P,).
        law: what is kept.
        width: N is at least so much.

    Attributes:
        state: what was found of them.
    """

    def __init__(self, size: Tensor, law: Law, width: int = 3) -> None:
        self.law, self.state = law, MeshState.begin(size, width)
        P, N = self.state.paths.shape
        self.holes = Holes.begin(P, N, size.device) if law.planar else None
        self.first: tuple[MeshState, Holes | None] | None = None  # where they begin anew

    def begin_with(self, row: Tensor, other: "Growth") -> None:
        """What was found of (m,) of the meshes is there from the start."""
        self._put(row, other.state, other.holes)
        every = torch.arange(len(self.state.size), device=row.device)
        self.first = self.state.rows(every), self.holes and self.holes.rows(every)

    def permitted(self, edge: Tensor) -> Tensor:
        """(P, N+1) bool, the answers that the law allows at a (P, 2) edge of each."""
        return permitted(self.law, self.state, edge, self.holes)

    def answer(self, row: Tensor, edge: Tensor, answer: Tensor) -> None:
        """Put (m,) answers at (m, 2) edges of (m,) of the meshes; N for nothing."""
        state, N = self.state, self.state.paths.shape[1]
        nothing = answer == N
        state.mark(row[nothing], edge[nothing])
        row, edge, w = row[~nothing], edge[~nothing], answer[~nothing]
        new = w == state.used[row]
        if self.holes is not None:
            self.holes.extend(row[new], edge[new], w[new])
            self.holes.split(row[~new], edge[~new], w[~new])
        state.used[row[new]] += 1
        state.add(row, torch.stack([edge[:, 1], edge[:, 0], w], dim=1))

    def restart(self, row: Tensor) -> None:
        """Begin some of them anew."""
        if self.first is None:
            other = Growth(self.state.size[row], self.law, self.state.paths.shape[1])
            self._put(row, other.state, other.holes)
        else:
            state, holes = self.first
            self._put(row, state.rows(row), holes and holes.rows(row))

    def _put(self, row: Tensor, state: MeshState, holes: Holes | None) -> None:
        self.state.put(row, state)
        if self.holes is not None and holes is not None:
            self.holes.put(row, holes)
