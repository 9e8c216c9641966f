"""PageRank and k-hop counts as features: both linear in the incidences."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_int
from simplex.operators import incidences, neighbor_counts, neighbor_matrix, small_neighbors
from simplex.transforms._checks import require_reals, require_words
from simplex.transforms._encoding import Encoding


WALKS = ("upper", "lower")
_MOST_STEPS = 100_000
_EXACT = 1e-12  # what is left of a sum of one


class PageRanks(Encoding):
    r"""Where a walker is who now and then starts again at a random simplex of the part.

    .. math:: p = α P^⊤ p + \frac{1 - α}{n}, \qquad P = D^{-1} A

    A walker on a simplex without neighbours starts again at once. The ranks of a part sum to 1.

    Args:
        alphas: the probabilities α to go on, each in (0, 1).
        walks: ``"upper"``, ``"lower"`` or both: to which neighbours.
        dims, name: as for :class:`Encoding`.

    Laws:
        Permutation equivariant, invariant under reorientation; a union is treated as its parts.
        On vertices, ``"upper"`` is the PageRank of the graph.

    Cost:
        log(1e-12)/log(α) sums over the incidences, 170 at 0.85; no neighbours are listed.

    Paper:
        Page, Brin, Motwani, Winograd, "The PageRank Citation Ranking", 1999.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> PageRanks(walks=["upper"]).columns(K, 0).round(decimals=4).T
        tensor([[0.2568, 0.4865, 0.2568]])
    """

    def __init__(
        self,
        alphas: Iterable[float] = (0.85,),
        *,
        walks: Sequence[str] = WALKS,
        dims: Sequence[int] | None = None,
        name: str = "x",
    ) -> None:
        super().__init__(dims=dims, name=name)
        self.alphas = require_reals("alphas", alphas, 1.0)
        self.walks = require_words("walks", walks, WALKS)

    def compute(self, K: SimplicialComplex, k: int) -> Tensor:
        """(n_k, walks · alphas), the alphas of one walk side by side."""
        columns = [torch.zeros(K.num_simplices(k), 0, dtype=torch.float64, device=K.device)]
        return torch.cat([*columns, *(self._ranks(K, k, walk) for walk in self.walks)], dim=1)

    def _ranks(self, K: SimplicialComplex, k: int, walk: str) -> Tensor:
        part, sizes = K.part(k), K.part_pointer(k).diff()
        degree = neighbor_counts(K, k, walk).double()[:, None]
        alpha = torch.tensor(self.alphas, dtype=torch.float64, device=K.device)
        uniform = (1 / sizes.double())[part][:, None]
        stuck = (degree == 0).double()
        p = uniform.expand(-1, len(alpha))
        left = torch.ones_like(alpha)  # of the difference from the fixed point
        neighbors = neighbor_matrix(K, k, walk).map()
        for _ in range(_MOST_STEPS):
            if not bool((left > _EXACT).any()):
                break
            again = alpha.new_zeros(K.num_parts, len(alpha)).index_add(0, part, p * stuck)
            moved = neighbors(p / degree.clamp(min=1)) + again[part] * uniform
            p, left = alpha * moved + (1 - alpha) * uniform, left * alpha
        return p


class HopCounts(Encoding):
    r"""How many simplices are exactly h steps away, for h = 1 … num_hops.

    A step goes to an upper, or a lower neighbour.

    Args:
        num_hops: how far.
        adjacencies: ``"upper"``, ``"lower"`` or both.
        num_probes: random numbers per simplex for parts with more than 512 k-simplices.
        dims, name, generator: as for :class:`Encoding`.

    Laws:
        Permutation equivariant, invariant under reorientation; a union is treated as its parts.

    Cost:
        Exact up to 512 k-simplices a part, by products of dense matrices. Larger: the number
        within h steps is estimated from the least of exponential random numbers there, with a
        relative standard error of 1/√(num_probes - 2); linear in the incidences, num_hops times.
        A column is the difference of two such numbers.

    Paper:
        Cohen, "Size-Estimation Framework with Applications to Transitive Closure and
        Reachability", JCSS 1997, section 4, the estimator with (num_probes - 1) / Σ.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2), (2, 3)])
        >>> HopCounts(3, adjacencies=["upper"]).columns(K, 0)[:2]
        tensor([[1., 1., 1.],
                [2., 1., 0.]])
    """

    def __init__(
        self,
        num_hops: int = 3,
        *,
        adjacencies: Sequence[str] = WALKS,
        num_probes: int = 256,
        dims: Sequence[int] | None = None,
        name: str = "x",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(dims=dims, name=name, generator=generator)
        self.num_hops = require_int("num_hops", num_hops, least=1, most=1000)
        self.adjacencies = require_words("adjacencies", adjacencies, WALKS)
        self.num_probes = require_int("num_probes", num_probes, least=3)

    def compute(self, K: SimplicialComplex, k: int) -> Tensor:
        """(n_k, adjacencies · num_hops), the hops of one adjacency side by side."""
        columns = [torch.zeros(K.num_simplices(k), 0, dtype=torch.float64, device=K.device)]
        return torch.cat([*columns, *(self._counts(K, k, each) for each in self.adjacencies)], 1)

    def _counts(self, K: SimplicialComplex, k: int, adjacency: str) -> Tensor:
        result = torch.zeros(K.num_simplices(k), self.num_hops, dtype=torch.float64).to(K.device)
        small, blocks = small_neighbors(K, k, adjacency)
        if not bool(small.all()):
            result = self._estimated(K, k, adjacency)
        for rows, block in blocks:
            step = (block != 0).float()
            reached = torch.eye(rows.shape[1], dtype=step.dtype, device=K.device).expand_as(step)
            for hop in range(self.num_hops):
                further = ((reached + reached @ step) > 0).float()
                result[rows, hop] = (further - reached).sum(2).double()
                reached = further
        return result

    def _estimated(self, K: SimplicialComplex, k: int, adjacency: str) -> Tensor:
        shape = (K.num_simplices(k), self.num_probes)
        least = -torch.rand(shape, generator=self.generator, dtype=torch.float64).log()
        least = least.to(K.device)
        within = [torch.ones(shape[0], dtype=torch.float64, device=K.device)]
        for _ in range(self.num_hops):
            least = torch.minimum(least, _neighbor_minimum(K, least, k, adjacency))
            within.append((self.num_probes - 1) / least.sum(1))
        return torch.stack(within, dim=1).diff(dim=1).clamp(min=0)


def _neighbor_minimum(K: SimplicialComplex, x: Tensor, k: int, adjacency: str) -> Tensor:
    """The least of the neighbours and of the simplex itself; infinite without neighbours."""
    none = torch.full_like(x, torch.inf)
    if adjacency == "lower" and k == 0:
        return none
    facets = incidences(K, k + 1 if adjacency == "upper" else k).column  # (m, w)
    if adjacency == "upper":
        shared = x[facets].amin(1) if len(facets) else x[:0]
        place = facets.flatten()[:, None].expand(-1, x.shape[1])
        return none.scatter_reduce(0, place, shared.repeat_interleave(facets.shape[1], 0), "amin")
    below = x.new_full((K.num_simplices(k - 1), x.shape[1]), torch.inf)
    place = facets.flatten()[:, None].expand(-1, x.shape[1])
    below = below.scatter_reduce(0, place, x.repeat_interleave(facets.shape[1], 0), "amin")
    return below[facets].amin(1)
