"""Meshes that grow in step under a law, and the holes of these where the law asks for them."""

import torch
from torch import Tensor

from simplex.diffusion._meshes.holes import Holes
from simplex.diffusion._meshes.laws import Law, permitted
from simplex.diffusion._meshes.state import MeshState


class Growth:
    """P meshes of (P,) sizes that begin with a triangle each.

    Attributes:
        state: what was found of them.
    """

    def __init__(self, size: Tensor, law: Law) -> None:
        self.law, self.state = law, MeshState.begin(size)
        P, N = self.state.paths.shape
        self.holes = Holes.begin(P, N, size.device) if law.planar else None

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
        N = self.state.paths.shape[1]
        self.state.put(row, MeshState.begin(self.state.size[row], N))
        if self.holes is not None:
            self.holes.put(row, Holes.begin(len(row), N, row.device))
