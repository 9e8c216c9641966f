"""Return probabilities of random walks as features."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.operators import matrix_diagonals, power_roots, walk_matrix
from simplex.transforms._checks import require_probes, require_times, require_words
from simplex.transforms._encoding import Encoding


WALKS = ("upper", "lower", "hodge")


class RandomWalkReturns(Encoding):
    r"""The probabilities that walks come back to the simplex where they began.

    .. math:: P^{\,p}_{σσ}, \qquad p ∈ \text{steps}

    - ``"upper"``: each step goes to one of the upper neighbours, all alike: P = D^{-1} A. On
      vertices this is the walk of a graph, PyG's ``AddRandomWalkPE``.
    - ``"lower"``: the same for lower neighbours; vertices have none.
    - ``"hodge"``: P = I - L^rw with the :func:`~simplex.operators.normalized_laplacian`: a walk of
      oriented simplices through facets and cofacets, and of its returns those with the orientation
      it began with minus those against it (Schaub et al. 2020). Long walks return on holes alone.

    A simplex without neighbours never returns by ``"upper"`` and ``"lower"``.

    Args:
        steps: the numbers of steps p ≥ 1.
        walks: which of the three.
        num_probes: random vectors for parts with more than 512 k-simplices; ``None`` for exact
            values there too.
        dims, name, generator: as for :class:`Encoding`.

    Laws:
        Permutation equivariant, invariant under reorientation; a union is treated as its parts.

    Cost:
        Exact up to 512 k-simplices a part: one eigen-decomposition of each part, those of one size
        together. Larger: max(steps)/2 sparse products with ``num_probes`` vectors, linear in the
        incidences, with a standard error of at most √(2/num_probes) of the value for even p, and
        of √(2 P^{p-1}_σσ P^{p+1}_σσ / num_probes) for odd p. ``None``: n_k vectors.

    Paper:
        Dwivedi et al., "Graph Neural Networks with Learnable Structural and Positional
        Representations", ICLR 2022, Eq. 7, for "upper" on vertices.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2)])
        >>> RandomWalkReturns([2, 4], walks=["upper"]).columns(K, 0)[0]
        tensor([0.5000, 0.3750])
    """

    def __init__(
        self,
        steps: Iterable[int] = range(1, 17),
        *,
        walks: Sequence[str] = WALKS,
        num_probes: int | None = 256,
        dims: Sequence[int] | None = None,
        name: str = "x",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(dims=dims, name=name, generator=generator)
        self.steps = require_times("steps", steps)
        self.walks = require_words("walks", walks, WALKS)
        self.num_probes = require_probes(num_probes)

    def compute(self, K: SimplicialComplex, k: int) -> Tensor:
        """(n_k, walks · steps), the steps of one walk side by side."""
        columns = [torch.zeros(K.num_simplices(k), 0, dtype=torch.float64, device=K.device)]
        columns += [self._returns(K, k, walk) for walk in self.walks]
        return torch.cat(columns, dim=1)

    def _returns(self, K: SimplicialComplex, k: int, walk: str) -> Tensor:
        lazy = walk == "hodge"
        exponents = torch.tensor(self.steps, dtype=torch.float64, device=K.device)

        def function(values: Tensor) -> Tensor:
            base = 1 - values if lazy else values
            return base[..., None] ** exponents

        return matrix_diagonals(
            K,
            k,
            walk_matrix(K, k, walk),
            function,
            power_roots(self.steps, lazy),
            len(self.steps),
            num_probes=self.num_probes,
            generator=self.generator,
        )
