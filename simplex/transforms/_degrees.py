"""Numbers of neighbours as features."""

from collections.abc import Sequence

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_int, require_word
from simplex.operators import ADJACENCIES, neighbor_counts
from simplex.transforms._checks import require_words
from simplex.transforms._encoding import Encoding


class Degrees(Encoding):
    r"""How many neighbours of each kind a simplex has.

    .. math:: |B(σ)|, \; |C(σ)|, \; |N_↓(σ)|, \; |N_↑(σ)|

    Args:
        adjacencies: which, in this order; the boundary has k+1 members, or none at k = 0.
        form: ``"number"`` d, ``"log"`` log(1 + d), or ``"one_hot"``: max_degree + 1 columns for
            each adjacency, of which the last is for all degrees from max_degree on.
        max_degree: the last column of ``"one_hot"``.
        dims, name: as for :class:`Encoding`.

    Laws:
        Permutation equivariant, invariant under reorientation; linear in the incidences.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> Degrees(["coboundary", "upper"]).columns(K, 0).T
        tensor([[2., 2., 3., 1.],
                [2., 2., 3., 1.]])
    """

    def __init__(
        self,
        adjacencies: Sequence[str] = ("coboundary", "lower", "upper"),
        *,
        form: str = "number",
        max_degree: int = 16,
        dims: Sequence[int] | None = None,
        name: str = "x",
    ) -> None:
        super().__init__(dims=dims, name=name)
        self.adjacencies = require_words("adjacencies", adjacencies, ADJACENCIES)
        require_word("form", form, ("number", "log", "one_hot"))
        self.form = form
        self.max_degree = require_int("max_degree", max_degree, least=1)

    def compute(self, K: SimplicialComplex, k: int) -> Tensor:
        """(n_k, adjacencies), or that many times max_degree + 1."""
        counts = [neighbor_counts(K, k, each) for each in self.adjacencies]
        none = torch.zeros(K.num_simplices(k), 0, dtype=torch.int64, device=K.device)
        degree = torch.cat([none, *(each[:, None] for each in counts)], dim=1)
        if self.form == "one_hot":
            capped = degree.clamp(max=self.max_degree)
            return torch.nn.functional.one_hot(capped, self.max_degree + 1).flatten(1)
        return degree.double().log1p() if self.form == "log" else degree
