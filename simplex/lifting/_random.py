"""Random complexes: the clique complex of G(n, p), and the model of Linial and Meshulam."""

import math

import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    flag_complex,
    on_free_threads,
    require_generator,
    require_int,
    require_memory,
    require_real,
    unique_edges,
)


@on_free_threads()
def random_clique_complex(
    num_vertices: int,
    probability: float,
    max_dim: int = 2,
    *,
    generator: torch.Generator | None = None,
    max_simplices: int | None = None,
) -> SimplicialComplex:
    """The clique complex of a random graph G(n, p): each edge is present independently.

    Args:
        num_vertices: n.
        probability: p in [0, 1].
        max_dim: top dimension kept.
        generator: source of randomness; ``None`` for torch's global one.
        max_simplices: most simplices that may be built.

    Returns:
        The complex, on the generator's device.

    Raises:
        ValueError: p outside [0, 1], or a complex larger than allowed.

    Cost:
        Edges are drawn by their gaps (Batagelj and Brandes 2005): O(n_1), not O(n²). Then the
        cliques, C(n, k+1) p^C(k+1, 2) of dimension k in expectation, as :func:`clique_complex`.

    Example:
        >>> random_clique_complex(5, 1.0, max_dim=4).f_vector
        (5, 10, 10, 5, 1)
    """
    require_int("max_dim", max_dim, least=0)
    require_generator(generator)
    _require_vertices(num_vertices, generator)
    edges = _random_subsets(num_vertices, 2, probability, generator)
    return flag_complex(num_vertices, unique_edges(edges.T, num_vertices), max_dim, max_simplices)


@on_free_threads()
def linial_meshulam_complex(
    num_vertices: int,
    probability: float,
    max_dim: int = 2,
    *,
    generator: torch.Generator | None = None,
) -> SimplicialComplex:
    """All simplices below dimension ``max_dim``, and each of that dimension with probability p.

    ``max_dim`` = 1 is G(n, p), 2 the model of Linial and Meshulam, and more that of Meshulam and
    Wallach. Result as for :func:`random_clique_complex`.

    Args:
        num_vertices: n.
        probability: p in [0, 1].
        max_dim: dimension of the random simplices, at least 1.
        generator: source of randomness; ``None`` for torch's global one.

    Raises:
        ValueError: p outside [0, 1], or ``max_dim`` below 1.

    Cost:
        All C(n, max_dim) simplices of the skeleton, whatever p, and those that are drawn, by their
        gaps: not the C(n, max_dim + 1) candidates. 8 (k + 1) bytes for a k-simplex and three times
        that while they are sorted; 400 vertices and 100,000 triangles take 0.04 s.

    Paper:
        N. Linial, R. Meshulam, "Homological connectivity of random 2-complexes", 2006.

    Example:
        >>> linial_meshulam_complex(5, 0.0, max_dim=2).f_vector
        (5, 10)
    """
    require_int("max_dim", max_dim, least=1)
    require_generator(generator)
    _require_vertices(num_vertices, generator)
    size = min(max_dim, num_vertices)
    _require_room(math.comb(num_vertices, size), max(size, 1), _device(generator))
    top = _random_subsets(num_vertices, min(max_dim, num_vertices) + 1, probability, generator)
    ranks = torch.arange(math.comb(num_vertices, size) if size else 0, device=top.device)
    skeleton = _subsets_of_rank(ranks, num_vertices, max(size, 1))
    return SimplicialComplex.from_simplices([skeleton, top], num_vertices=num_vertices)


def _random_subsets(
    n: int, size: int, probability: float, generator: torch.Generator | None
) -> Tensor:
    """Each subset of ``size`` of n elements with the given probability: (count, size) int64."""
    require_real("probability", probability, 0, 1)
    device = _device(generator)
    total = math.comb(n, size)
    if total >= 2**53:
        raise ValueError(f"num_vertices must give fewer than 2⁵³ candidates, got {total}.")
    _require_room(int(total * probability), size, device)
    if probability in (0, 1):
        ranks = torch.arange(total if probability else 0, device=device)
        return _subsets_of_rank(ranks, n, size)
    # The gap to the next present subset is geometric; sums of gaps are the ranks that are present.
    scale, position, found = math.log1p(-probability), -1, []
    while position < total - 1:
        expected = (total - 1 - position) * probability
        block = int(expected + 4 * math.sqrt(expected)) + 16
        uniform = torch.rand(block, generator=generator, device=device, dtype=torch.float64)
        gaps = ((-uniform).log1p() / scale).floor().clamp_(max=total).to(torch.int64) + 1
        ranks = position + gaps.cumsum(0)
        found.append(ranks[ranks < total])
        position = int(ranks[-1])
    ranks = torch.cat(found) if found else torch.empty(0, dtype=torch.int64, device=device)
    return _subsets_of_rank(ranks, n, size)


def _subsets_of_rank(ranks: Tensor, n: int, size: int) -> Tensor:
    """Unrank in the combinatorial number system: rank = Σ_j C(v_j, j+1), v_0 < v_1 < …."""
    columns = []
    for j in range(size, 0, -1):
        vertex, smaller = _last_vertex(ranks, n, j)
        ranks = ranks - smaller
        columns.append(vertex)
    return torch.stack(columns[::-1], dim=1)


def _last_vertex(ranks: Tensor, n: int, j: int) -> tuple[Tensor, Tensor]:
    """For each rank the largest v below n with C(v, j) ≤ rank, and that C(v, j)."""
    if j == 1:
        return ranks, ranks
    if j == 2:  # n may be 10⁸: no table
        vertex = ((1 + (1 + 8 * ranks.double()).sqrt()) / 2).long()
        vertex -= (vertex * (vertex - 1) // 2 > ranks).long()  # the root is rounded
        vertex += (vertex * (vertex + 1) // 2 <= ranks).long()
        return vertex, vertex * (vertex - 1) // 2
    most = 2**62  # beyond all ranks
    listed = [min(math.comb(v, j), most) for v in range(n + 1)]
    table = torch.tensor(listed, dtype=torch.int64, device=ranks.device)
    vertex = torch.searchsorted(table, ranks, right=True) - 1
    return vertex, table[vertex]


def _device(generator: torch.Generator | None) -> torch.device:
    return torch.device("cpu") if generator is None else generator.device


def _require_vertices(num_vertices: int, generator: torch.Generator | None) -> None:
    require_int("num_vertices", num_vertices, least=0)
    what, remedy = f"the tables of {num_vertices} vertices", "Lower num_vertices."
    require_memory(num_vertices * 48, _device(generator), what, remedy)


def _require_room(num_subsets: int, size: int, device: torch.device) -> None:
    """Ask before subsets are drawn: their ranks, their vertices, and sorted once more."""
    what = f"the {num_subsets:.4g} simplices with {size} vertices"
    remedy = "Lower probability, num_vertices or max_dim."
    require_memory(num_subsets * (size + 2) * 8 * 3, device, what, remedy)
